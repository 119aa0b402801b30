"""Running numbers: never twice, none left out for good, also when functions die in between (F2)."""

import random
from datetime import UTC, datetime

import pytest

from complaints.aws import numbers
from complaints.aws.numbers import HELD_FOR, PATIENCE, SMALLEST, Numbers, Turn
from complaints.aws.registration import Registry
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client, now
from tests.builders import received
from tests.conftest import ENVIRONMENT
from tests.kept import draft_of, set_clock

pytestmark = pytest.mark.usefixtures("tables")
YEAR = 2026
TABLE = ENVIRONMENT["COMPLAINTS_TABLE"]


@pytest.fixture(autouse=True)
def a_new_function() -> None:
    """Let each test begin as a function that has seen nothing."""
    become({})


def become(memory: dict[str, dict[int, object]]) -> None:
    """Be the warm function that has this in mind."""
    for name in ("TAKEN", "HELD", "SIZES"):
        kept = getattr(numbers, name)
        kept.clear()
        kept.update(memory.get(name, {}))


def mind() -> dict[str, dict[int, object]]:
    """Return what this warm function has in mind."""
    return {name: dict(getattr(numbers, name)) for name in ("TAKEN", "HELD", "SIZES")}


def give(lost: int = 0) -> int:
    """Give the next number and return it; a race that is lost is run again."""
    running = Numbers(TABLE)
    while True:
        turn = running.next(YEAR, lost)
        try:
            client("dynamodb").transact_write_items(TransactItems=[turn.write])
        except client("dynamodb").exceptions.TransactionCanceledException:
            continue
        running.given(turn)
        return turn.n


def sweep() -> None:
    """Give back every block whose time is over, as the check of the limits does."""
    for complaint_id, part in ComplaintRepository.from_env().due_before(now()):
        Numbers(TABLE).release(int(complaint_id.partition("#")[2]), int(part))


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the time of a block go by."""
    set_clock(monkeypatch, now() + HELD_FOR * 1.5)


def test_alone_one_follows_the_other() -> None:
    """Nobody takes a block who meets nobody."""
    assert [give() for _ in range(5)] == [1, 2, 3, 4, 5]
    become({})
    assert give() == 6
    assert numbers.HELD == {}


def test_who_loses_again_and_again_takes_a_block() -> None:
    """The others go on behind it, and nobody meets anybody within it."""
    assert give() == 1
    become({})
    assert [give(lost=PATIENCE), give(), give()] == [2, 3, 4]
    block = mind()
    become({})
    assert give() == SMALLEST + 2
    become(block)
    assert [give() for _ in range(SMALLEST - 3)] == list(range(5, SMALLEST + 2))
    assert numbers.HELD == {}
    assert numbers.SIZES[YEAR] == 2 * SMALLEST


def test_what_is_left_of_a_block_goes_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that dies leaves no gap: its numbers are given first, and by one alone."""
    assert [give(lost=PATIENCE), give()] == [1, 2]
    dead = mind()
    become({})
    assert give() == SMALLEST + 1
    assert Numbers(TABLE).reason(YEAR, 3) == "reserved"
    later(monkeypatch)
    sweep()
    assert [give() for _ in range(SMALLEST - 2)] == list(range(3, SMALLEST + 1))
    assert give() == SMALLEST + 2
    become(dead)
    assert give() == SMALLEST + 3


def test_a_number_that_is_not_needed_stays_with_its_block() -> None:
    """A mail that came twice takes none away."""
    registry = Registry.from_env()
    give(lost=PATIENCE)
    first, _ = registry.register("mail:<a@x>", "d", "t", YEAR, lambda n: draft_of(received(n=n)))
    again, is_new = registry.register(
        "mail:<a@x>", "d", "u", YEAR, lambda n: draft_of(received(n=n))
    )
    assert (again, is_new) == (first, False)
    assert give() == 3


def test_what_is_left_when_the_year_is_over_lapses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that nobody can have any more says why."""
    give(lost=PATIENCE)
    later(monkeypatch)
    sweep()
    set_clock(monkeypatch, datetime(YEAR + 1, 1, 4, tzinfo=UTC))
    sweep()
    assert {Numbers(TABLE).reason(YEAR, n) for n in range(2, SMALLEST + 1)} == {"lapsed"}
    assert Numbers(TABLE).reason(YEAR, 1) == ""
    assert Numbers(TABLE).reason(YEAR, SMALLEST + 1) == ""


@pytest.mark.parametrize("seed", range(6))
def test_however_functions_come_and_go_no_number_is_double_or_out(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four functions, of which some lose races, die or come back: 1 to n in the end."""
    chance = random.Random(seed)  # noqa: S311 - a replayable course of things
    set_clock(monkeypatch, datetime(YEAR, 6, 1, tzinfo=UTC))
    given: list[int] = []
    functions: list[dict[str, dict[int, object]]] = [{} for _ in range(4)]
    for _ in range(60):
        which = chance.randrange(4)
        become(functions[which])
        given.append(give(lost=chance.choice([0, 0, PATIENCE])))
        functions[which] = {} if chance.random() < 0.1 else mind()
        if chance.random() < 0.1:
            later(monkeypatch)
            sweep()
    for _ in range(2):
        later(monkeypatch)
        sweep()
    become({})
    while len(given) < max(given):
        given.append(give())
    assert sorted(given) == list(range(1, len(given) + 1))


def test_a_turn_is_one_write_of_a_transaction() -> None:
    """Number, claim and complaint are saved together or not at all."""
    turn = Numbers(TABLE).next(YEAR)
    assert isinstance(turn, Turn)
    assert (turn.n, list(turn.write)) == (1, ["Update"])
    assert Numbers(TABLE).next(YEAR).n == 1
