"""The organisation whose complaints these are: its policy and the time zone of its days."""

from zoneinfo import ZoneInfo

import msgspec

from complaints.policy import Policy


class Office(msgspec.Struct, frozen=True, kw_only=True):
    """What a stage must know of the organisation."""

    policy: Policy
    zone: ZoneInfo
