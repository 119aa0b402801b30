"""What the deployment tells a function, and the policy that is in force there."""

import os
from functools import cache
from zoneinfo import ZoneInfo

import msgspec

from complaints.aws.environment import SettingsError, resource
from complaints.aws.metrics import count
from complaints.aws.policies import policies
from complaints.aws.runtime import logger
from complaints.lifecycle import ComplaintError
from complaints.office import Office
from complaints.policy import UnknownPolicyError

__all__ = ["SettingsError", "resource"]
"""What other modules take from here although it is defined below it."""


class PolicyMissingError(ComplaintError):
    """The policy that a complaint was received under can't be had; nothing was changed."""

    text_id = "error.policy_missing"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The organisation as deployed; table and bucket names are asked for one by one."""

    organisation: str
    mail_address: str
    phone: str
    """The number that complaints are taken at; empty where there is none."""
    site_url: str
    languages: tuple[str, ...]
    zone: ZoneInfo
    mail_stamped_by: tuple[str, ...] = ()
    """Whose verdicts about incoming mail are believed; nobody's where it is empty."""

    @property
    def office(self) -> Office:
        """The organisation under the policy that is in force now."""
        return Office(policy=policies().in_force(), zone=self.zone)


@cache
def load_settings() -> Settings:
    """Return the settings of the organisation."""
    return Settings(
        organisation=resource("ORGANISATION"),
        mail_address=resource("MAIL_ADDRESS"),
        phone=os.environ.get("OFFICE_PHONE", ""),
        site_url=resource("SITE_URL").rstrip("/"),
        languages=tuple(resource("LANGUAGES").split(",")),
        zone=ZoneInfo(resource("OFFICE_ZONE")),
        mail_stamped_by=tuple(os.environ.get("MAIL_STAMPED_BY", "").split()),
    )


def office_for(reference: str) -> Office:
    """Return the organisation under the policy that a complaint was received under.

    `reference` is name and version, such as `service-provider@3f2a...`: exactly this version,
    whatever is in force now. Raises PolicyMissingError, and lets an alarm ring, where it can't be
    had: what a complaint may become is never decided under a policy that it was not received under.
    """
    try:
        policy = policies().of_complaint(reference)
    except UnknownPolicyError as error:
        logger.error("policy not kept", policy=reference)
        count("PolicyMissing")
        raise PolicyMissingError(f"{reference} is not kept") from error
    return Office(policy=policy, zone=load_settings().zone)


def office_shown(reference: str) -> Office:
    """Return the organisation that a page shows a complaint under, and decides nothing by.

    Where the policy of the complaint can't be had, the one in force stands in: a page must open.
    """
    try:
        return office_for(reference)
    except PolicyMissingError:
        return load_settings().office


def scans_uploads() -> bool:
    """Return whether evidence needs a clean scan verdict before anybody may open it."""
    return os.environ.get("SCAN_UPLOADS") == "on"
