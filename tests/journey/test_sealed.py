"""The daily seal on the running product: by its own role, under lock, checked with the public key.

A machine of its own, whose clock passes midnight.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from complaints.commands.archive_verify import Folder
from complaints.seal import is_included, public_key, read_leaf, read_proof, read_seal
from complaints.verify import Verifier
from infra.local.machine import Machine
from tests.doors import (
    FINDING,
    Visitor,
    complain,
    invoke,
    pass_time,
    staff,
    wait_for_status,
)

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def machine(machine_of: Callable[..., Machine]) -> Machine:
    """Run a machine whose clock can be moved."""
    return machine_of("service-provider")


def test_each_day_is_sealed_by_its_own_role_and_holds(machine: Machine, tmp_path: Path) -> None:
    """F4: two nights, the first after a complaint was closed; whoever has the key can check."""
    complainant = Visitor(site=machine.site_url)
    place = complain(complainant, email="sealed@example.com", name="封存人")
    staff(machine, "handler.li").report(place.number, **FINDING)
    staff(machine, "head.wang").do(place.number, "decide", decision="approve")
    complainant.send(complainant.open(place.path), "/answer", {"outcome": "accepted"})
    survey = {"satisfied": "yes", "satisfaction": "5"}
    complainant.send(complainant.open(place.path), "/survey", survey)
    wait_for_status(complainant, place, "closed")
    pass_time(machine, 24.5)
    [first] = invoke(machine, "SealFunction")["sealed"]
    pass_time(machine, 24)
    [second] = invoke(machine, "SealFunction")["sealed"]
    assert invoke(machine, "SealFunction")["sealed"] == []

    files = objects(machine)
    kms = machine.client("kms")
    signer = kms.get_public_key(KeyId=machine.outputs["SealKey"])["PublicKey"]
    assert public_key(files["seals/public-key.pem"]) == signer
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    verifier = Verifier(Folder(tmp_path), signer, whole=True)
    assert [problem for one in verifier.findings() for problem in one.problems] == []
    assert (verifier.sealed_up_to, verifier.counts["bags"]) == (second, 1)

    lines = files[f"leaves/day={first}/{first}.jsonl"]
    assert "封存人" not in lines.decode()
    assert {read_leaf(line).complaint_id for line in lines.splitlines()} >= {place.number}
    [proven] = [key for key in files if place.number in key and key.endswith(".proof.json")]
    proof = read_proof(files[proven])
    assert is_included(proof)
    assert read_leaf(proof.leaf.encode()).complaint_id == place.number
    assert proof.seal == read_seal(files[f"seals/{first}.json"])


def test_everything_that_was_sealed_is_locked(machine: Machine) -> None:
    """COMPLIANCE, and in one version."""
    s3, bucket = machine.client("s3"), machine.outputs["ArchiveBucket"]
    for prefix in ("leaves/", "nodes/", "seals/"):
        versions = s3.list_object_versions(Bucket=bucket, Prefix=prefix)["Versions"]
        assert versions
        assert len(versions) == len({one["Key"] for one in versions})
        for one in versions:
            head = s3.head_object(Bucket=bucket, Key=one["Key"])
            assert head["ObjectLockMode"] == "COMPLIANCE"


def objects(machine: Machine) -> dict[str, bytes]:
    """Return everything that lies in the archive, by key."""
    s3, bucket = machine.client("s3"), machine.outputs["ArchiveBucket"]
    found = s3.list_objects_v2(Bucket=bucket)["Contents"]
    return {
        one["Key"]: s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in found
    }
