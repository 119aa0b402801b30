"""Deadlines of 2026 counted by hand from the notice of the State Council, wherever they run.

Spring Festival 2026: off 15 to 23 February, worked on Saturdays 14 and 28 February. National Day:
off 1 to 7 October, worked on Sunday 20 September and Saturday 10 October. Mid-autumn: off 25 to 27
September.
"""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from complaints.clocks import limit_end
from complaints.policy import Limit

SHANGHAI = ZoneInfo("Asia/Shanghai")
CORE = Path(__file__).parents[2] / "layers/core"
WORKED = [
    ("2026-09-29 10:00", 3, "2026-10-09"),  # 30, 8, 9
    ("2026-09-30 10:00", 3, "2026-10-10"),  # 8, 9, Saturday 10 worked
    ("2026-09-30 23:59", 4, "2026-10-12"),  # 8, 9, 10, Monday 12
    ("2026-10-01 09:00", 3, "2026-10-10"),  # begun in the holiday: 8, 9, 10
    ("2026-10-10 00:00", 1, "2026-10-12"),  # begun on the worked Saturday: Monday 12
    ("2026-09-18 17:00", 3, "2026-09-22"),  # Sunday 20 worked, 21, 22
    ("2026-09-24 08:00", 3, "2026-09-30"),  # over Mid-autumn: 28, 29, 30
    ("2026-09-24 08:00", 7, "2026-10-12"),  # 28, 29, 30, 8, 9, 10, 12
    ("2026-02-13 16:00", 3, "2026-02-25"),  # Saturday 14 worked, 24, 25
    ("2026-02-13 16:00", 7, "2026-03-02"),  # 14, 24, 25, 26, 27, Saturday 28 worked, Monday 2
    ("2026-02-15 00:30", 3, "2026-02-26"),  # begun on the first day off: 24, 25, 26
    ("2026-02-27 12:00", 1, "2026-02-28"),  # Saturday 28 worked
    ("2026-02-28 12:00", 1, "2026-03-02"),  # Monday 2
]
"""Start where the office is, working days, last day where the office is."""


@pytest.mark.parametrize(("start", "days", "last"), WORKED)
def test_deadlines_counted_by_hand(start: str, days: int, last: str) -> None:
    """The clock agrees with the finger on the calendar of the year."""
    begun = datetime.fromisoformat(start).replace(tzinfo=SHANGHAI)
    end = limit_end(begun.astimezone(UTC), Limit(working_days=days), SHANGHAI)

    assert f"{end.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" == f"{last} 23:59:59"


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
def test_the_zone_of_the_machine_changes_no_deadline(zone: str) -> None:
    """A function that runs somewhere else counts the days of the office."""
    script = f"""
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo
from complaints.clocks import limit_end
from complaints.policy import Limit
assert time.tzname[0] != "CST"
office = ZoneInfo("Asia/Shanghai")
for start, days, last in {WORKED!r}:
    begun = datetime.fromisoformat(start).replace(tzinfo=office).astimezone(UTC)
    end = limit_end(begun, Limit(working_days=days), office)
    assert f"{{end.astimezone(office):%Y-%m-%d %H:%M:%S}}" == last + " 23:59:59", (start, end)
    assert end.tzinfo is UTC
print("counted")
"""
    environment = {**os.environ, "TZ": zone, "PYTHONPATH": str(CORE)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "counted\n", done.stderr
