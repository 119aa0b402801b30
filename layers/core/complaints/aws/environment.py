"""The variables that the deployment gives a function."""

import os


class SettingsError(Exception):
    """A variable of the deployment is missing; names it."""


def resource(name: str) -> str:
    """Return the name of a deployed resource, such as `COMPLAINTS_TABLE`.

    Raises SettingsError if this function was deployed without it.
    """
    try:
        return os.environ[name]
    except KeyError:
        raise SettingsError(f"{name} is not set for this function in template.yaml") from None
