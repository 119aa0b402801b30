"""No role may undo what is locked, held or kept; a wildcard counts as all it allows (F3, F6)."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.infra.templates import TEMPLATES, listed, of_type, statements

NEVER = (
    "s3:BypassGovernanceRetention",
    "s3:PutBucketVersioning",
    "s3:PutBucketObjectLockConfiguration",
    "s3:DeleteObject",
    "s3:DeleteBucket",
    "s3:PutLifecycleConfiguration",
    "kms:ScheduleKeyDeletion",
    "kms:DisableKey",
    "kms:PutKeyPolicy",
    "dynamodb:DeleteTable",
)
"""What nobody in any template may, on anything."""
ERASES = "template.yaml:EraseFunction"
FORGETS = {
    "${Storage.Outputs.EvidenceBucketArn}/evidence/*",
    "${Mail.Outputs.MailBucketArn}/inbox/*",
}
"""Where versions may be deleted: never in the archive."""
HOLDS = {"CheckSlaFunction", "ConsoleFunction", "ArchiveFunction"}
EXTENDS = {"ArchiveFunction", "SealFunction"}
KINDS = (
    "AWS::Serverless::Function", "AWS::Serverless::StateMachine", "AWS::IAM::Role",
    "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy",
)  # fmt: skip


def allowances() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield who and what each statement of every role and policy allows."""
    for kind in KINDS:
        for path, name, resource in of_type(kind):
            document = resource["Properties"].get("PolicyDocument", {"Statement": []})
            for statement in (*statements(resource), *document["Statement"]):
                if statement["Effect"] == "Allow":
                    yield f"{path}:{name}", statement


ALLOWANCES = list(allowances())


def may(statement: dict[str, Any], action: str) -> bool:
    """Return whether a statement allows an action, by name or by wildcard."""
    wanted = action.lower()
    if "NotAction" in statement:
        return not any(fnmatchcase(wanted, one.lower()) for one in listed(statement["NotAction"]))
    return any(fnmatchcase(wanted, one.lower()) for one in listed(statement["Action"]))


def who_may(action: str) -> dict[str, list[dict[str, Any]]]:
    """Return who may do something, and by which statements."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, statement in ALLOWANCES:
        if may(statement, action):
            found.setdefault(name, []).append(statement)
    return found


def test_wildcards_are_seen() -> None:
    """The tests below are worth something only if they would find one."""
    for pattern in ("*", "s3:*", "S3:Delete*", "s3:DeleteObject?ersion"):
        assert may({"Action": pattern}, "s3:DeleteObjectVersion")
    assert may({"NotAction": "s3:Get*"}, "s3:DeleteObjectVersion")
    assert not may({"Action": ["s3:GetObject"]}, "s3:DeleteObjectVersion")
    assert len(ALLOWANCES) > len(TEMPLATES)


@pytest.mark.parametrize("action", NEVER)
def test_nobody_may(action: str) -> None:
    """Neither bypass a lock, nor end it, nor destroy what everything hangs on."""
    assert who_may(action) == {}


def test_only_erasing_deletes_versions_and_never_in_the_archive() -> None:
    """Evidence and raw mails, where two have granted it."""
    found = who_may("s3:DeleteObjectVersion")
    assert set(found) == {ERASES}
    places = {one["Fn::Sub"] for rule in found[ERASES] for one in listed(rule["Resource"])}
    assert places == FORGETS


def test_only_erasing_updates_a_key() -> None:
    """UpdateItem on the table of keys is what destroys one; DeleteItem nobody may.

    It destroys the key of a complaint, and not the one that all of a month hang on.
    """
    keys = {
        name: rule
        for action in ("dynamodb:UpdateItem", "dynamodb:DeleteItem")
        for name, rules in who_may(action).items()
        for rule in rules
        if "KeysTable" in str(rule["Resource"])
    }
    assert set(keys) == {ERASES}
    assert "dynamodb:DeleteItem" not in listed(keys[ERASES]["Action"])
    branches = {"ForAllValues:StringNotLike": {"dynamodb:LeadingKeys": ["branch#*"]}}
    assert keys[ERASES]["Condition"] == branches


def test_a_lock_is_only_extended() -> None:
    """By who files, and only upon a condition on the days that remain."""
    for name, rules in who_may("s3:PutObjectRetention").items():
        assert name.partition(":")[2] in EXTENDS, name
        for rule in rules:
            conditions = rule.get("Condition", {})
            [(operator, limits)] = conditions.items()
            assert operator.startswith("NumericGreaterThan"), name
            assert set(limits) == {"s3:object-lock-remaining-retention-days"}, name


def test_who_holds_is_who_sets_holds_or_files() -> None:
    """And on bags alone."""
    for name, rules in who_may("s3:PutObjectLegalHold").items():
        assert name.partition(":")[2] in HOLDS, name
        for rule in rules:
            for place in listed(rule["Resource"]):
                assert place["Fn::Sub"].endswith("ArchiveBucketArn}/archive/*"), name
