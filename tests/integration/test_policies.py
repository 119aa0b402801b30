"""Policies change without deployment: kept by version, adopted, refused, and never lost (H5)."""

import time

import boto3
import msgspec
import pytest

from complaints import policy as compiled_policies
from complaints.aws import policies, runtime, settings
from complaints.aws.desk import intake
from complaints.aws.policies import (
    BY_DEPLOYMENT,
    BY_FILE,
    InForce,
    Policies,
    PolicyChangedError,
    UnusablePolicyError,
)
from complaints.aws.policy_bucket import LONGEST_FILE, OVERRIDE
from complaints.lifecycle import InvalidInputError
from complaints.models import Complainant, Complaint, Contact
from complaints.policy import Policy, UnknownPolicyError, compiled_file, source_file
from functions.check_sla import handler as check_sla
from tests.builders import contact
from tests.conftest import ENVIRONMENT

pytestmark = pytest.mark.usefixtures("tables")

BUCKET = ENVIRONMENT["POLICY_BUCKET"]
WRITTEN = source_file("service-provider").read_text(encoding="utf-8")
DEPLOYED = compiled_policies.load("service-provider")


def written(years: int) -> bytes:
    """Return the deployed policy file with another retention."""
    changed = WRITTEN.replace("retention_years: 5", f"retention_years: {years}")
    assert changed != WRITTEN
    return changed.encode()


def adopt(years: int, *, known: Policies | None = None, expected: str = "") -> Policy:
    """Hand in a policy with another retention and put it into force."""
    known = known or policies.policies()
    policy = known.hand_in(written(years))
    known.adopt(
        policy.reference,
        by="qiu",
        reason="新的保存年限",
        expected=expected or known.in_force().reference,
        at=runtime.now(),
    )
    return policy


def other_function() -> Policies:
    """Return what another function, cold, knows of the policies."""
    return Policies(DEPLOYED, ENVIRONMENT["COMPLAINTS_TABLE"])


def received(text: str) -> Complaint:
    """Register a complaint as it comes in now."""
    said: Contact = contact(text, at=runtime.now())
    return intake.register(Complainant(name="李娜", email="li@example.com"), said, claimed=text)[0]


def keys() -> set[str]:
    """Return what lies in the policy bucket."""
    listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET)
    return {kept["Key"] for kept in listed.get("Contents", ())}


def put(key: str, content: bytes) -> None:
    """Put something into the policy bucket, as somebody with the command line does."""
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)


# ---- what a complaint was received under -----------------------------------------------------


def test_an_old_complaint_keeps_its_policy_while_a_new_one_gets_the_new() -> None:
    """What was received is handled to its end as it was received, whatever is adopted later."""
    old = received("第一件")
    adopted = adopt(9)
    new = received("第二件")

    assert old.policy == DEPLOYED.reference
    assert new.policy == adopted.reference
    assert settings.office_for(old.policy).policy.retention_years == 5
    assert settings.office_for(new.policy).policy.retention_years == 9
    assert settings.load_settings().office.policy == adopted


def test_the_deployed_policy_is_kept_before_the_first_complaint_has_it() -> None:
    """Two deployments within five minutes lose nothing: registering itself keeps the policy."""
    assert keys() == set()
    received("第一件")
    kept = f"policies/service-provider/{DEPLOYED.version}"
    assert keys() == {f"{kept}.json", f"{kept}.yaml"}


def test_a_redeployed_function_finds_the_policy_of_an_open_complaint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The package holds the new policy alone; the one of the complaint comes from the bucket."""
    old = received("第一件")
    newer = redeploy(monkeypatch, 7)
    assert settings.load_settings().office.policy == newer
    assert settings.office_for(old.policy).policy == DEPLOYED
    assert received("第二件").policy == newer.reference


def redeploy(monkeypatch: pytest.MonkeyPatch, years: int) -> Policy:
    """Deploy another version of the policy: another package, every function cold."""
    from complaints import policy_file

    content = policy_file.compiled(policy_file.read(written(years).decode(), "newer.yaml"))
    newer = compiled_policies.parse(content)
    monkeypatch.setattr(policies, "load", lambda _: newer)
    monkeypatch.setattr(policies, "compiled_file", lambda _: content)
    policies.policies.cache_clear()
    return newer


LOST = "service-provider@000000000000"


def test_under_a_policy_that_is_lost_nothing_is_decided_and_the_alarm_rings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A complaint never changes its rules by itself; a page opens under the one in force."""
    with pytest.raises(settings.PolicyMissingError):
        settings.office_for(LOST)
    assert '"PolicyMissing"' in capsys.readouterr().out
    assert settings.office_shown(LOST).policy == DEPLOYED


def test_an_administrator_may_name_the_policy_that_a_lost_one_is_replaced_by() -> None:
    """By hand, in the bucket; a lost one that is found again goes before."""
    old = received("第一件").policy
    put(f"policies/{LOST.replace('@', '/')}.instead", f"{old}\n".encode())
    assert settings.office_for(LOST).policy == DEPLOYED
    with pytest.raises(UnknownPolicyError):
        policies.policies().get(LOST)


def test_what_is_named_in_place_of_a_lost_policy_must_be_one() -> None:
    """Rubbish is no policy, and leads nowhere in the bucket."""
    put(f"policies/{LOST.replace('@', '/')}.instead", b"\xff../../x")
    with pytest.raises(settings.PolicyMissingError):
        settings.office_for(LOST)


@pytest.mark.parametrize("reference", ["p", "service-provider@../../x", "", "service-provider"])
def test_what_is_no_reference_is_no_policy(reference: str) -> None:
    """Nothing but name and version leads to a key of the bucket."""
    with pytest.raises(UnknownPolicyError):
        policies.policies().get(reference)


# ---- what it costs ---------------------------------------------------------------------------


def test_where_nothing_was_adopted_a_function_asks_the_table_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One small read for each cold function, none of the bucket."""
    received("第一件")
    known = other_function()
    asked: list[bool] = []

    def current(*, consistent: bool) -> InForce:
        asked.append(consistent)
        return InForce()

    monkeypatch.setattr(known, "_current", current)
    monkeypatch.setenv("POLICY_BUCKET", "gone")
    for _ in range(3):
        assert known.in_force() == DEPLOYED
        assert known.get(DEPLOYED.reference) == DEPLOYED
    assert asked == [False]


def test_a_warm_function_hears_of_a_change_within_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It holds to what it knows for a minute, then asks."""
    seconds = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: seconds)
    warm = other_function()
    assert warm.in_force() == DEPLOYED
    adopted = adopt(9)
    assert warm.in_force() == DEPLOYED
    seconds = 60.0
    assert warm.in_force() == adopted


# ---- adopting --------------------------------------------------------------------------------


def test_of_two_who_adopt_at_once_one_is_told() -> None:
    """The second compared with a policy that is no longer in force."""
    first, second = other_function(), other_function()
    adopted = adopt(8, known=first, expected=DEPLOYED.reference)
    with pytest.raises(PolicyChangedError):
        adopt(9, known=second, expected=DEPLOYED.reference)
    assert other_function().in_force() == adopted
    assert [change.after for change in other_function().changes()] == [adopted.reference]


def test_who_is_overtaken_between_reading_and_writing_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The write holds only upon what was read."""
    slow = other_function()
    stale = slow._current(consistent=True)  # noqa: SLF001 - what a slow function has read
    adopted = adopt(8)
    monkeypatch.setattr(slow, "keep", lambda _: None)
    monkeypatch.setattr(slow, "_current", lambda **_: stale)
    with pytest.raises(PolicyChangedError):
        adopt(9, known=slow, expected=DEPLOYED.reference)
    assert other_function().in_force() == adopted


def test_what_is_in_force_can_not_be_adopted_again() -> None:
    """Nothing would change, so nothing is on record."""
    adopted = adopt(9)
    with pytest.raises(InvalidInputError):
        adopt(9)
    assert [change.after for change in policies.policies().changes()] == [adopted.reference]


def test_back_to_the_deployed_policy_follows_deployments_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An adopted policy stays when another is deployed; the deployed one goes with deployments."""
    adopted = adopt(9)
    newer = redeploy(monkeypatch, 7)
    assert policies.policies().in_force() == adopted
    known = policies.policies()
    known.keep(newer)
    known.adopt(newer.reference, by="qiu", reason="x", expected=adopted.reference, at=runtime.now())
    assert known.in_force() == newer
    newest = redeploy(monkeypatch, 6)
    assert policies.policies().in_force() == newest


def test_every_change_says_who_when_from_to_and_why() -> None:
    """The newest first; the reason is kept as it was given."""
    adopt(9)
    adopt(8)
    last, first = policies.policies().changes()
    assert (last.before, first.before) == (first.after, DEPLOYED.reference)
    assert (last.by, last.reason) == ("qiu", "新的保存年限")


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"\xff", "(file)"),
        (b"a: [", "(file)"),
        (b"x" * (LONGEST_FILE + 1), "(file)"),
        (
            WRITTEN.replace("retention_years: 5", "retention_years: soon").encode(),
            "retention_years",
        ),
        (WRITTEN.replace("name: service-provider", "name: another", 1).encode(), "name"),
    ],
)
def test_a_file_with_problems_is_not_taken_in(content: bytes, field: str) -> None:
    """Each problem has its line and what is allowed; nothing is kept."""
    with pytest.raises(UnusablePolicyError) as raised:
        policies.policies().hand_in(content)
    fault = raised.value.faults[0]
    assert fault.field == field
    assert fault.line >= 1
    assert fault.allowed
    assert keys() == set()


def test_words_that_policies_share_can_be_taken_by_name() -> None:
    """The console checks a file as the command line does, with the shared words of the package."""
    assert "_from:" in WRITTEN
    assert policies.policies().hand_in(WRITTEN.encode()) == DEPLOYED


# ---- what is broken --------------------------------------------------------------------------


@pytest.mark.parametrize("rubbish", [b"", b"{", compiled_file("service-provider")])
def test_a_broken_policy_is_refused_and_the_last_good_one_stays(
    rubbish: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rubbish, or another policy under this key: intake goes on, and the alarm is rung."""
    good, bad = adopt(8), adopt(9)
    put(f"policies/{bad.reference.replace('@', '/')}.json", rubbish)
    policies.policies.cache_clear()
    capsys.readouterr()
    assert received("一件").policy == good.reference
    assert '"PolicyRefused"' in capsys.readouterr().out


def test_a_policy_that_was_changed_by_hand_is_not_that_policy() -> None:
    """The content must give the version."""
    adopted = adopt(9)
    changed = msgspec.json.encode(msgspec.structs.replace(adopted, retention_years=1))
    put(f"policies/{adopted.reference.replace('@', '/')}.json", changed)
    with pytest.raises(UnknownPolicyError):
        other_function().get(adopted.reference)


# ---- the sweep -------------------------------------------------------------------------------


def sweep() -> None:
    """Let the five-minute check run once, in a cold function."""
    policies.policies.cache_clear()
    check_sla.handler({}, None)


def test_a_file_in_the_bucket_is_taken_up_once() -> None:
    """`aws s3 cp new.yaml s3://…/policies/override.yaml`, and five minutes later it is in force."""
    put(OVERRIDE, written(9))
    for _ in range(3):
        sweep()
    assert other_function().in_force().retention_years == 9
    assert [change.by for change in other_function().changes()] == [BY_FILE, BY_DEPLOYMENT]


def test_a_file_that_was_taken_up_does_not_undo_what_a_person_adopts_later() -> None:
    """It still lies there, but was looked at already."""
    put(OVERRIDE, written(9))
    sweep()
    policies.policies.cache_clear()
    adopted = adopt(8)
    sweep()
    assert other_function().in_force() == adopted


def test_a_bad_file_in_the_bucket_is_refused_once_with_its_problems(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is in force stays, the problems are kept for the console, the alarm rings once."""
    put(OVERRIDE, written(9).replace(b"retention_years: 9", b"retention_years: 0"))
    sweep()
    assert '"PolicyRefused"' in capsys.readouterr().out
    sweep()
    assert '"PolicyRefused"' not in capsys.readouterr().out
    known = policies.policies()
    refusal = known.refusal()
    assert refusal is not None
    assert refusal.faults[0].field == "retention_years"
    assert known.in_force() == DEPLOYED
    put(OVERRIDE, written(9))
    sweep()
    assert policies.policies().refusal() is None


def test_a_deployment_is_on_record_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who deploys changes the policy as well."""
    sweep()
    sweep()
    newer = redeploy(monkeypatch, 7)
    sweep()
    last, first = other_function().changes()
    assert (first.before, first.after) == ("", DEPLOYED.reference)
    assert (last.before, last.after) == (DEPLOYED.reference, newer.reference)


def test_a_policy_that_can_not_be_looked_at_stops_no_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Limits are checked whatever is wrong with the bucket."""
    received("一件")
    monkeypatch.setenv("POLICY_BUCKET", "gone")
    monkeypatch.setenv("HUIYIN_CLOCK_AHEAD", "864000")
    policies.policies.cache_clear()
    assert check_sla.handler({}, None).get("heal") == 1
