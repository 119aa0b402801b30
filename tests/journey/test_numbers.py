"""Numbers under a crowd: without gaps, without doubles, and each mail once (F2).

On ministack, because its transactions are as AWS makes them: under load, with tokens.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from complaints.aws.items import LEASE
from complaints.aws.numbers import HELD, HELD_FOR, Numbers
from complaints.aws.registration import Draft, Registry
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.number import complaint_number
from infra.local.machine import Machine
from tests.builders import OFFICE, received
from tests.conftest import forget, resources
from tests.kept import draft_of

pytestmark = pytest.mark.journey
YEAR = 2026
CROWD = 100
COPIES = 8


@pytest.fixture
def table(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[str]:
    """Give a test tables of its own, so that nobody else's lists and numbers are filled."""
    name = request.node.name.replace("_", "-")[:60]
    own = {"ComplaintsTable": name, "KeysTable": f"{name}-keys"}
    for variable, value in {
        **machine.environment(),
        "KEYS_TABLE": own["KeysTable"],
        "DATA_KEY": machine.outputs["DataKey"],
    }.items():
        monkeypatch.setenv(variable, value)
    forget()
    wanted = {"AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode"}
    dynamodb = machine.client("dynamodb")
    for kind, table_name in own.items():
        schema = resources()[kind]["Properties"]
        given = {key: schema[key] for key in wanted & schema.keys()}
        dynamodb.create_table(TableName=table_name, **given)
    yield name
    for table_name in own.values():
        dynamodb.delete_table(TableName=table_name)
    forget()


def draft(n: int) -> Draft:
    """Return the n-th complaint, ready to be registered."""
    return draft_of(received(n=n))


def number(n: int) -> str:
    """Return the n-th number of the year."""
    return complaint_number(OFFICE.policy.number.prefix, YEAR, n, OFFICE.policy.number.digits)


def test_a_crowd_gets_numbers_without_gaps_or_doubles(
    table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred at once: no number twice, and what blocks still hold is given next."""
    complaints, numbers = ComplaintRepository(table), Numbers(table)

    def register(name: str) -> str:
        return Registry(table).register(f"form:{name}", "d", f"t{name}", YEAR, draft)[0]

    with ThreadPoolExecutor(CROWD) as crowd:
        given = list(crowd.map(register, (f"crowd {n}" for n in range(CROWD))))
    assert len(set(given)) == CROWD
    for one in given:
        dossier = complaints.dossier(one)
        assert (dossier.complaint.complaint_id, len(dossier.entries)) == (one, 1)
    highest = max(int(one.split("-")[2]) for one in given)
    missing = [n for n in range(1, highest + 1) if number(n) not in given]
    assert {numbers.reason(YEAR, n) for n in missing} <= {"reserved"}
    HELD.clear()
    monkeypatch.setenv("HUIYIN_CLOCK_AHEAD", f"{2 * HELD_FOR.total_seconds():.0f}")
    for holder, first in complaints.due_before(now()):
        if holder.startswith(LEASE):
            numbers.release(YEAR, int(first))
    given += [register(f"later {n}") for n in range(len(missing))]
    assert sorted(given) == [number(n) for n in range(1, highest + 1)]


def test_one_mail_that_comes_eight_times_at_once_is_one(table: str) -> None:
    """One of them is new, all find the same number, and no number is lost to the others."""

    def register(worker: int) -> tuple[str, bool]:
        return Registry(table).register("mail:<same@example.com>", "d", f"t{worker}", YEAR, draft)

    with ThreadPoolExecutor(COPIES) as crowd:
        answers = list(crowd.map(register, range(COPIES)))
    assert {complaint_id for complaint_id, _ in answers} == {number(1)}
    assert sum(is_new for _, is_new in answers) == 1
    assert Registry(table).register("mail:<next@example.com>", "d", "t", YEAR, draft)[0] == number(
        2
    )
