"""Who a policy may name to hold, to propose and to grant (F6, F7)."""

import msgspec
import pytest

from complaints.policy import Keeping, load
from complaints.policy_rules import broken

POLICY = load("service-provider")


def wrong(**keeping: list[str]) -> list[tuple[str | int, ...]]:
    """Return the places of what is wrong with a policy with these rules of keeping."""
    rules = msgspec.convert(keeping, Keeping)
    return [place for place, _, _ in broken(msgspec.structs.replace(POLICY, keeping=rules))]


def test_the_default_holds() -> None:
    """Management and administrators hold; the quality office proposes, management grants."""
    assert wrong() == []


@pytest.mark.parametrize("role", ["handler", "department_head", "intake"])
def test_whose_work_complaints_are_holds_none(role: str) -> None:
    """Holding is apart from handling."""
    assert wrong(holds_by=["management", role]) == [("keeping", "holds_by", 1)]


def test_somebody_of_another_role_can_always_grant() -> None:
    """Else what one of them proposes would wait for ever."""
    alone = wrong(proposed_by=["quality_office", "management"], granted_by=["management"])
    assert alone == [("keeping", "proposed_by", 1)]
    assert wrong(proposed_by=["management"], granted_by=["management", "quality_office"]) == []


def test_nobody_is_named_twice_and_handlers_decide_nothing() -> None:
    """Lists name each once; who decides is a role that decides."""
    assert wrong(holds_by=["management", "management"]) == [("keeping", "holds_by", 1)]
    assert wrong(granted_by=["handler"]) == [("keeping", "granted_by", 0)]
