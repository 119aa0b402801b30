"""The keys of complaints: made with the complaint, remembered for minutes, destroyed for good."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from complaints.aws import keys as module
from complaints.aws.environment import resource
from complaints.aws.keys import (
    AT_ONCE,
    KEPT_FOR,
    KeyDestroyedError,
    Keys,
    NoKeyError,
    keys,
)
from complaints.aws.registration import Registry
from complaints.aws.repository import ComplaintRepository, UnknownComplaintError
from complaints.aws.runtime import client
from complaints.encryption import KEY_BYTES, DecryptionError
from tests.builders import NUMBER, received
from tests.conftest import ENVIRONMENT
from tests.kept import draft_of, refuse, set_clock

pytestmark = pytest.mark.usefixtures("tables")
TABLE = ENVIRONMENT["KEYS_TABLE"]
OTHER = "TS-2026-000002-5"
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
REQUEST = "r1"


def kept(complaint_id: str = NUMBER, by: Keys | None = None) -> bytes:
    """Make the key of a complaint and keep it, as a registration does."""
    key, write = (by or keys()).new(complaint_id)
    client("dynamodb").transact_write_items(TransactItems=[write])
    return key


def stored(key_id: str = NUMBER) -> dict[str, Any]:
    """Return what lies in the table under this id."""
    answer = client("dynamodb").get_item(TableName=TABLE, Key={"key_id": {"S": key_id}})
    found: dict[str, Any] = answer.get("Item", {})
    return found


def put(item: dict[str, Any]) -> None:
    """Write over what lies in the table, as somebody might who can."""
    client("dynamodb").put_item(TableName=TABLE, Item=item)


@contextmanager
def calls() -> Iterator[Counter[str]]:
    """Count the calls of AWS, as `dynamodb GetItem`."""
    counted: Counter[str] = Counter()

    def note(model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        counted[f"{model.service_model.service_name} {model.name}"] += 1

    services = [client(name) for name in ("dynamodb", "kms")]
    for one in services:
        one.meta.events.register("before-call", note, unique_id="counted")
    yield counted
    for one in services:
        one.meta.events.unregister("before-call", unique_id="counted")


def late(operation: str) -> None:
    """Let reads that are not strongly consistent find nothing yet."""

    def answer(params: Any, **_: object) -> tuple[AWSResponse, dict[str, Any]] | None:  # noqa: ANN401
        if b'"ConsistentRead": true' in params["body"]:
            return None
        empty: dict[str, Any] = {"Responses": {}} if operation == "BatchGetItem" else {}
        return AWSResponse("https://aws", 200, HTTPHeaders(), None), empty

    client("dynamodb").meta.events.register_first(f"before-call.dynamodb.{operation}", answer)


# ---- one key ---------------------------------------------------------------------------------


def test_a_key_is_random_wrapped_and_the_same_for_every_process() -> None:
    """32 bytes; neither it nor the branch key lies anywhere as it is."""
    key = kept()
    assert len(key) == KEY_BYTES
    assert kept(OTHER) != key
    assert Keys.from_env().of(NUMBER) == key
    assert set(stored()) == {"key_id", "wrapped", "branch"}
    assert stored()["branch"] == {"S": f"{datetime.now(UTC):%Y-%m}"}
    assert len(stored()["wrapped"]["B"]) == KEY_BYTES + 8
    assert key not in b"".join(one["wrapped"]["B"] for one in everything())


def everything() -> list[dict[str, Any]]:
    """Return all items of the table."""
    found: list[dict[str, Any]] = client("dynamodb").scan(TableName=TABLE)["Items"]
    return found


def test_nothing_is_kept_of_a_key_whose_registration_never_came() -> None:
    """The write goes into the transaction of the complaint, or nowhere."""
    keys().new(NUMBER)
    assert stored() == {}
    with pytest.raises(NoKeyError):
        keys().of(NUMBER)


def test_a_key_is_never_replaced() -> None:
    """A second registration under the same number can't make the first unreadable."""
    key = kept()
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        kept()
    assert Keys.from_env().of(NUMBER) == key


def test_a_key_that_is_not_seen_yet_is_looked_for_once_more() -> None:
    """The cheap look may come too early; the second is strongly consistent."""
    key = kept()
    for operation in ("GetItem", "BatchGetItem"):
        late(operation)
    assert Keys.from_env().of(NUMBER) == key
    assert Keys.from_env().of_many([NUMBER]) == {NUMBER: key}


def test_a_changed_or_exchanged_key_is_refused() -> None:
    """What was not wrapped so does not unwrap; names whose it is."""
    kept()
    before = stored()
    wrapped = bytearray(before["wrapped"]["B"])
    wrapped[-1] ^= 1
    for wrong in (bytes(wrapped), bytes(wrapped[:-1]), b""):
        put(before | {"wrapped": {"B": wrong}})
        with pytest.raises(DecryptionError, match=NUMBER):
            Keys.from_env().of(NUMBER)
    put(before | {"branch": {"S": "2020-01"}})
    with pytest.raises(DecryptionError, match="branch#2020-01"):
        Keys.from_env().of(NUMBER)


# ---- what is remembered ------------------------------------------------------------------------


def test_a_process_asks_once_for_a_key_and_once_a_month_for_a_branch() -> None:
    """KMS is not part of reading a complaint."""
    kept()
    kept(OTHER)
    fresh = Keys.from_env()
    with calls() as counted:
        for _ in range(3):
            fresh.of(NUMBER)
            fresh.of(OTHER)
            fresh.of_many([NUMBER, OTHER])
    assert counted == {"dynamodb GetItem": 3, "kms Decrypt": 1}


def test_what_was_just_registered_is_not_asked_for() -> None:
    """It is remembered by who registered it."""
    dossier = received()
    Registry.from_env().register("form:1", "d", "t", 2026, lambda _: draft_of(dossier))
    with calls() as counted:
        ComplaintRepository.from_env().dossier(NUMBER)
    assert counted == {"dynamodb Query": 1}


def test_a_key_is_forgotten_after_five_minutes() -> None:
    """So long may a destroyed key live on in a process, and not longer."""
    key = kept()
    clock = [0.0]
    fresh = Keys(TABLE, resource("DATA_KEY"), clock=lambda: clock[0])
    fresh.of(NUMBER)
    keys().destroy(NUMBER, REQUEST, AT)
    clock[0] = KEPT_FOR - 1
    assert fresh.of(NUMBER) == key
    clock[0] = KEPT_FOR
    with pytest.raises(KeyDestroyedError):
        fresh.of(NUMBER)


def test_a_process_remembers_no_more_than_it_should(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest gives way."""
    monkeypatch.setattr(module, "MOST_KEPT", 2)
    for number in (NUMBER, OTHER):
        keys().remember(number, kept(number))
    keys().remember("TS-2026-000003-3", b"k" * KEY_BYTES)
    with calls() as counted:
        keys().of(OTHER)
        assert counted == {}
        keys().of(NUMBER)
    assert counted["dynamodb GetItem"] == 1


# ---- many ------------------------------------------------------------------------------------


def test_many_keys_come_at_once_without_those_that_are_gone() -> None:
    """A hundred in one request; none that was destroyed, none that never was."""
    numbers = [f"TS-2026-{n:06}-0" for n in range(AT_ONCE + 5)]
    made = {number: kept(number) for number in numbers}
    keys().destroy(numbers[3], REQUEST, AT)
    del made[numbers[3]]
    fresh = Keys.from_env()
    with calls() as counted:
        assert fresh.of_many([*numbers, numbers[0], "TS-2026-999999-9"]) == made
    # Two pages, and a second look for the one that is not there.
    assert counted["dynamodb BatchGetItem"] == 3
    assert fresh.of_many([]) == {}


def test_what_was_too_many_for_the_table_is_asked_for_again() -> None:
    """DynamoDB may leave keys of a batch unanswered."""
    key = kept()
    left = [1]

    def busy(**_: object) -> tuple[AWSResponse, dict[str, Any]] | None:
        if not left[0]:
            return None
        left[0] -= 1
        unanswered = {TABLE: {"Keys": [{"key_id": {"S": NUMBER}}]}}
        answer = {"Responses": {}, "UnprocessedKeys": unanswered}
        return AWSResponse("https://aws", 200, HTTPHeaders(), None), answer

    client("dynamodb").meta.events.register_first("before-call.dynamodb.BatchGetItem", busy)
    assert Keys.from_env().of_many([NUMBER]) == {NUMBER: key}


# ---- destroyed -------------------------------------------------------------------------------


def test_a_destroyed_key_is_gone_and_says_since_when_and_why() -> None:
    """Nothing that was wrapped is left; another complaint keeps its own."""
    kept()
    other = kept(OTHER)
    keys().destroy(NUMBER, REQUEST, AT)
    assert stored() == {
        "key_id": {"S": NUMBER},
        "destroyed_at": {"S": "2026-11-22T08:00:00Z"},
        "request_id": {"S": REQUEST},
    }
    for one in (keys(), Keys.from_env()):
        with pytest.raises(KeyDestroyedError):
            one.of(NUMBER)
        assert one.of_many([NUMBER, OTHER]) == {OTHER: other}


def test_destroying_twice_keeps_the_first() -> None:
    """A retry changes neither the instant nor the request that it was for."""
    kept()
    keys().destroy(NUMBER, REQUEST, AT)
    keys().destroy(NUMBER, "r2", AT + timedelta(hours=1))
    assert (stored()["request_id"], stored()["destroyed_at"]["S"][11:13]) == ({"S": REQUEST}, "08")


def test_there_is_nothing_to_destroy_where_there_never_was_a_key() -> None:
    """It says so, and leaves nothing behind."""
    with pytest.raises(NoKeyError):
        keys().destroy(NUMBER, REQUEST, AT)
    assert everything() == []


def test_a_destroyed_key_does_not_come_back_with_the_number() -> None:
    """Nobody can register under it once more."""
    kept()
    keys().destroy(NUMBER, REQUEST, AT)
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        kept()


# ---- branches and KMS ----------------------------------------------------------------------------


def test_two_who_make_the_branch_of_a_month_use_the_same() -> None:
    """While one asks KMS the other makes it; whoever comes second takes the first's."""
    first, second = Keys.from_env(), Keys.from_env()
    made: dict[str, bytes] = {}

    def meanwhile(**_: object) -> None:
        if not made:
            made[OTHER] = b""
            made[OTHER] = kept(OTHER, by=first)

    client("kms").meta.events.register("before-call.kms.GenerateDataKeyWithoutPlaintext", meanwhile)
    made[NUMBER] = kept(NUMBER, by=second)
    assert Keys.from_env().of_many([NUMBER, OTHER]) == made
    assert sum(one["key_id"]["S"].startswith("branch#") for one in everything()) == 1


def test_each_month_has_a_branch_and_the_old_ones_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A branch key that got out opens one month."""
    set_clock(monkeypatch, datetime(2026, 11, 30, 23, 59, tzinfo=UTC))
    before = kept()
    set_clock(monkeypatch, datetime(2026, 12, 1, 0, 1, tzinfo=UTC))
    after = kept(OTHER)
    assert [stored(one)["branch"]["S"] for one in (NUMBER, OTHER)] == ["2026-11", "2026-12"]
    assert Keys.from_env().of_many([NUMBER, OTHER]) == {NUMBER: before, OTHER: after}


def test_a_branch_opens_as_its_own_month_alone() -> None:
    """KMS is asked for it with the month: one that was moved there does not open."""
    kept()
    month = stored()["branch"]["S"]
    moved = {"key_id": {"S": "branch#2020-01"}, "wrapped": stored(f"branch#{month}")["wrapped"]}
    put(moved)
    put(stored() | {"branch": {"S": "2020-01"}})
    with pytest.raises(DecryptionError, match="branch#2020-01"):
        Keys.from_env().of(NUMBER)


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("kms", "GenerateDataKeyWithoutPlaintext"),
        ("kms", "Decrypt"),
        ("dynamodb", "PutItem"),
        ("dynamodb", "GetItem"),
    ],
)
def test_a_registration_without_a_key_leaves_nothing(service: str, operation: str) -> None:
    """The fault comes up, no complaint is there, and the next try takes the same number."""
    draft = draft_of(received())
    refuse(service, operation, "AccessDeniedException")

    def register() -> tuple[str, bool]:
        return Registry.from_env().register("form:1", "d", "t", 2026, lambda _: draft)

    with pytest.raises(ClientError, match="AccessDenied"):
        register()
    assert client("dynamodb").scan(TableName=ENVIRONMENT["COMPLAINTS_TABLE"])["Items"] == []
    assert stored() == {}
    assert register() == (NUMBER, True)
    assert ComplaintRepository.from_env().dossier(NUMBER).complainant == draft.person.complainant


def test_a_registration_that_dies_leaves_neither_complaint_nor_key() -> None:
    """The key is in the same transaction as the complaint."""
    draft = draft_of(received())
    refuse("dynamodb", "TransactWriteItems", "InternalServerError", times=10)
    with pytest.raises(ClientError):
        Registry.from_env().register("form:1", "d", "t", 2026, lambda _: draft)
    assert stored() == {}
    with pytest.raises(UnknownComplaintError):
        ComplaintRepository.from_env().dossier(NUMBER)


def test_kms_that_fails_once_is_asked_again() -> None:
    """Nothing wrong is remembered of a call that failed."""
    key = kept()
    refuse("kms", "Decrypt", "AccessDeniedException")
    fresh = Keys.from_env()
    with pytest.raises(ClientError):
        fresh.of(NUMBER)
    assert fresh.of(NUMBER) == key
