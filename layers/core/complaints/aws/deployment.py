"""Reaching a deployed system from a command line: its stack says what its functions are told."""

import os
from collections.abc import Mapping

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from complaints.aws.environment import SettingsError

OUTPUTS = {
    "COMPLAINTS_TABLE": "ComplaintsTable",
    "KEYS_TABLE": "KeysTable",
    "DATA_KEY": "DataKey",
    "ARCHIVE_BUCKET": "ArchiveBucket",
    "USER_POOL_ID": "UserPoolId",
    "USER_POOL_CLIENT_ID": "UserPoolClientId",
    "POLICY_BUCKET": "PolicyBucket",
    "SITE_URL": "SiteUrl",
}
PARAMETERS = {
    "ORGANISATION": "OrganisationName",
    "POLICY": "Policy",
    "OFFICE_ZONE": "TimeZone",
    "LANGUAGES": "Languages",
}
MACHINE = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}
"""How the AWS APIs of `make run` are reached; they listen on this machine only."""


def reach(stack: str, *, local: bool) -> None:
    """Let this program act on a deployment, as one of its functions would.

    `local` means the system that `make run` runs on this machine. Nothing is asked where the
    environment names a deployment already. Raises SettingsError where none is found.
    """
    if local:
        port = os.environ.get("HUIYIN_EMULATOR_PORT", "4566")
        os.environ.update({**MACHINE, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"})
    elif "COMPLAINTS_TABLE" in os.environ:
        return
    try:
        found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        raise SettingsError(f"{stack}: {error}") from error
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())}
    given = {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", ())}
    os.environ.update(_taken(OUTPUTS, outputs, stack) | _taken(PARAMETERS, given, stack))
    os.environ["MAIL_ADDRESS"] = f"complaints@{given.get('MailDomain', '')}"


def _taken(wanted: Mapping[str, str], found: Mapping[str, str], stack: str) -> dict[str, str]:
    """Return variables with their values; raises SettingsError for what the stack lacks."""
    for name in wanted.values():
        if name not in found:
            raise SettingsError(f"{stack}: {name} is missing")
    return {variable: found[name] for variable, name in wanted.items()}
