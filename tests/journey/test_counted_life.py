"""What one complaint costs from its mail to the archive stays within its budget."""

from pathlib import Path

import pytest

from tests.bench import counts
from tests.bench.life import (
    LIMIT_TIMES,
    LIMIT_WITHOUT_MAIL,
    LIMITS,
    counted,
    live,
    report,
    times,
)

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(
        not counts.MODEL.exists(),
        reason="the cost model lies outside the repository, in ../shared/bench/cost",
    ),
]


def test_a_life_stays_within_its_budget(tmp_path: Path) -> None:
    """Counted on the emulator and priced, the sum and each kind of operation keep their limit."""
    model = counts.model()
    with counted(tmp_path) as (running, path):
        life = live(running, path, sender="wang@example.com")
    print(report(life, None, model))  # noqa: T201 - shown when it fails
    over = {name: used for name, used in life.used.items() if used > LIMITS.get(name, used)}
    with_mail, without = times(life, model)
    assert over == {}
    assert with_mail <= LIMIT_TIMES
    assert without <= LIMIT_WITHOUT_MAIL
