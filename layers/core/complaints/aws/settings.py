"""What the deployment tells a function, read from the environment at first use."""

import os
from functools import cache
from zoneinfo import ZoneInfo

import msgspec

from complaints.office import Office
from complaints.policy import load


class SettingsError(Exception):
    """A variable of the deployment is missing; names it."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The organisation as deployed; table and bucket names are asked for one by one."""

    organisation: str
    mail_address: str
    phone: str
    """The number that complaints are taken at; empty where there is none."""
    site_url: str
    languages: tuple[str, ...]
    office: Office


def resource(name: str) -> str:
    """Return the name of a deployed resource, such as `COMPLAINTS_TABLE`.

    Raises SettingsError if this function was deployed without it.
    """
    try:
        return os.environ[name]
    except KeyError:
        raise SettingsError(f"{name} is not set for this function in template.yaml") from None


@cache
def load_settings() -> Settings:
    """Return the settings of the organisation."""
    return Settings(
        organisation=resource("ORGANISATION"),
        mail_address=resource("MAIL_ADDRESS"),
        phone=os.environ.get("OFFICE_PHONE", ""),
        site_url=resource("SITE_URL").rstrip("/"),
        languages=tuple(resource("LANGUAGES").split(",")),
        office=Office(policy=load(resource("POLICY")), zone=ZoneInfo(resource("OFFICE_ZONE"))),
    )


def office_for(reference: str) -> Office:
    """Return the organisation under the policy that a complaint was received under.

    `reference` is name and version, such as `service-provider@3f2a...`.
    """
    office = load_settings().office
    return Office(policy=load(reference), zone=office.zone)


def scans_uploads() -> bool:
    """Return whether evidence needs a clean scan verdict before anybody may open it."""
    return os.environ.get("SCAN_UPLOADS") == "on"
