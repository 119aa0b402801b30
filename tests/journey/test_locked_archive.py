"""What is filed is locked: with every right of the account, nobody changes it before its day (F3).

On the emulator, which knows the lock; real S3 does not let a locked bucket's versioning stop
either, which the emulator does, so that one is left out here and forbidden to every role instead
(tests/infra).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.machine import Machine

KEY = "locked-for-a-test/bag.zip"
FILED = b"what was filed"
UNTIL = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)


@pytest.fixture(scope="module")
def filed(machine: Machine) -> dict[str, str]:
    """File an object as the archive does; return its bucket, key and version."""
    place = {"Bucket": machine.outputs["ArchiveBucket"], "Key": KEY}
    answer = machine.client("s3").put_object(
        **place,
        Body=FILED,
        IfNoneMatch="*",
        ObjectLockMode="COMPLIANCE",
        ObjectLockRetainUntilDate=UNTIL,
    )
    return {**place, "VersionId": answer["VersionId"]}


def retain(mode: str, until: datetime) -> dict[str, Any]:
    """Return a retention as S3 takes it."""
    return {"Mode": mode, "RetainUntilDate": until}


ATTEMPTS: dict[str, Callable[[Any, dict[str, str]], object]] = {
    "delete the version": lambda s3, one: s3.delete_object(**one),
    "delete it, governance bypassed": lambda s3, one: s3.delete_object(
        **one, BypassGovernanceRetention=True
    ),
    "delete it among others": lambda s3, one: refused_among(
        s3.delete_objects(
            Bucket=one["Bucket"],
            Delete={"Objects": [{"Key": one["Key"], "VersionId": one["VersionId"]}]},
        )
    ),
    "file something else there": lambda s3, one: s3.put_object(
        Bucket=one["Bucket"], Key=one["Key"], Body=b"something else", IfNoneMatch="*"
    ),
    "shorten the lock": lambda s3, one: s3.put_object_retention(
        **one, Retention=retain("COMPLIANCE", UNTIL - timedelta(days=1))
    ),
    "shorten it, governance bypassed": lambda s3, one: s3.put_object_retention(
        **one,
        Retention=retain("COMPLIANCE", UNTIL - timedelta(days=399)),
        BypassGovernanceRetention=True,
    ),
    "make it a lock that can be lifted": lambda s3, one: s3.put_object_retention(
        **one, Retention=retain("GOVERNANCE", UNTIL), BypassGovernanceRetention=True
    ),
    "lift it": lambda s3, one: s3.put_object_retention(
        **one, Retention={}, BypassGovernanceRetention=True
    ),
}


def refused_among(answer: dict[str, Any]) -> None:
    """Raise what S3 says of one object when many are deleted at once."""
    for error in answer.get("Errors", ()):
        raise ClientError({"Error": {"Code": error["Code"]}}, "DeleteObjects")


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_what_is_filed_can_be_changed_by_nobody(
    machine: Machine, filed: dict[str, str], attempt: str
) -> None:
    """Each attempt is refused, and bytes, mode and date are what they were."""
    s3 = machine.client("s3")
    with pytest.raises(ClientError) as refused:
        ATTEMPTS[attempt](s3, filed)
    assert refused.value.response["Error"]["Code"] in {
        "AccessDenied",
        "InvalidRequest",
        "MalformedXML",
        "PreconditionFailed",
    }
    assert s3.get_object(**filed)["Body"].read() == FILED
    assert s3.get_object_retention(**filed)["Retention"] == retain("COMPLIANCE", UNTIL)


def test_a_marker_hides_nothing(machine: Machine, filed: dict[str, str]) -> None:
    """A delete without a version only lays a marker on top: the version stays, and is found."""
    s3 = machine.client("s3")
    s3.delete_object(Bucket=filed["Bucket"], Key=filed["Key"])
    assert s3.get_object(**filed)["Body"].read() == FILED
    versions = s3.list_object_versions(Bucket=filed["Bucket"], Prefix=filed["Key"])["Versions"]
    assert [one["VersionId"] for one in versions] == [filed["VersionId"]]


def test_a_lock_can_grow(machine: Machine, filed: dict[str, str]) -> None:
    """A reopened complaint is kept longer."""
    s3, longer = machine.client("s3"), UNTIL + timedelta(days=365)
    s3.put_object_retention(**filed, Retention=retain("COMPLIANCE", longer))
    assert s3.get_object_retention(**filed)["Retention"] == retain("COMPLIANCE", longer)


def test_what_names_no_time_is_locked_by_the_bucket(machine: Machine) -> None:
    """The bucket's own rule stands behind every object that is put without a lock of its own."""
    s3, place = (
        machine.client("s3"),
        {"Bucket": machine.outputs["ArchiveBucket"], "Key": "locked-for-a-test/x"},
    )
    version = s3.put_object(**place, Body=b"x")["VersionId"]
    kept = s3.get_object_retention(**place, VersionId=version)["Retention"]
    assert kept["Mode"] == "COMPLIANCE"
    with pytest.raises(ClientError):
        s3.delete_object(**place, VersionId=version)
