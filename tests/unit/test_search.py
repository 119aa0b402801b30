"""The search of the archive: what an address asks for, what fits, where it goes on (F5)."""

import pytest

from complaints.console.search import Filters, Place, asked, fits, mentions, months, place
from complaints.models import Assessment, Complainant, Complaint, Dossier, Outcome
from complaints.web import NotFoundError
from tests.builders import contact, finding
from tests.unit.heads import OFFICE, closed, voided

WHOLE = Filters(since="2026-01", until="2026-12")
FILED = closed(1, archive_key="archive/x", investigator="han", approver="he", predecessors=("wen",))
MAJOR = FILED.replace(assessment=Assessment(type="B", major=("bribe",)))


@pytest.mark.parametrize(
    ("complaint", "filters", "fitting"),
    [
        (FILED, {}, True),
        (closed(1), {}, False),
        (FILED, {"department": "service"}, True),
        (FILED, {"department": "finance"}, False),
        (FILED, {"type": "B"}, True),
        (FILED, {"type": "C"}, False),
        (FILED.replace(assessment=None), {"type": "B"}, False),
        (FILED, {"severity": "general"}, True),
        (FILED, {"severity": "major"}, False),
        (MAJOR, {"severity": "major"}, True),
        (FILED, {"result": Outcome.SATISFIED}, True),
        (FILED, {"result": Outcome.QUIET}, False),
        (FILED, {"result": "voided"}, False),
        (voided(2).replace(archive_key="archive/y"), {"result": "voided"}, True),
        (FILED, {"handler": "han"}, True),
        (FILED, {"handler": "wen"}, True),
        (FILED, {"handler": "he"}, True),
        (FILED, {"handler": "qiu"}, False),
        (FILED, {"since": "2026-12"}, False),
        (FILED, {"until": "2026-10"}, False),
    ],
)  # fmt: skip
def test_a_head_fits_where_it_is_all_that_is_asked(
    complaint: Complaint, filters: dict[str, str], *, fitting: bool
) -> None:
    """Each filter alone takes out what it should, and nothing else."""
    looked_for = asked({"since": "2026-01", "until": "2026-12", **filters}, "", "")
    assert fits(complaint, looked_for, OFFICE.zone) is fitting


def test_an_address_goes_there_and_back() -> None:
    """What the form asked for is what the next page asks for."""
    query = {
        "since": "2026-02", "until": "2026-11", "department": "service", "type": "B",
        "severity": "major", "result": "quiet", "handler": "han", "held": "yes",
        "words": "空调 三天",
    }  # fmt: skip
    filters = asked(query, "2026-12", "2026-01")
    assert filters.query() == query
    assert asked(filters.query(), "", "") == filters


def test_a_period_that_is_turned_round_is_turned_back() -> None:
    """From November to February is what lies between them."""
    filters = asked({"since": "2026-11", "until": "2026-02"}, "", "")
    assert (filters.since, filters.until) == ("2026-02", "2026-11")


@pytest.mark.parametrize("query", [{"since": "2026-13"}, {"until": "yesterday"}])
def test_a_month_that_is_none_is_not_found(query: dict[str, str]) -> None:
    """It is refused instead of being searched as something else."""
    with pytest.raises(NotFoundError):
        asked(query, "2026-12", "2026-01")


@pytest.mark.parametrize(
    "text", ["x", "2026-11", "2026-11:", "2027-01:0", "2026-11:-1", "2026-11:1e3"]
)
def test_a_place_of_no_page_is_not_found(text: str) -> None:
    """A cursor that was made up finds nothing."""
    with pytest.raises(NotFoundError):
        place(text, WHOLE)


def test_a_search_goes_on_where_it_stopped() -> None:
    """The place names the month and how many of it are passed; the months go down from there."""
    assert place("", WHOLE) == Place("2026-12")
    assert place(str(Place("2026-03", 7)), WHOLE) == Place("2026-03", 7)
    assert list(months(Place("2026-03", 7), WHOLE)) == ["2026-03", "2026-02", "2026-01"]


@pytest.mark.parametrize(
    ("words", "found"),
    [("空调", True), ("空调 排班", True), ("空调 电梯", False), ("air", True), ("AIR", True)],
)
def test_all_words_must_stand_in_the_file(words: str, *, found: bool) -> None:
    """In what was said or in what was found, in any place and in any letters."""
    dossier = Dossier(
        complaint=FILED,
        complainant=Complainant(),
        key=b"",
        contacts=(contact("空调坏了, Air conditioning"),),
        findings=(finding(),),
    )
    assert mentions(dossier, words) is found
