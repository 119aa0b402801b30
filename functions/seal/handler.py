"""Seal the days that are over: once a day, soon after midnight UTC (F4).

A day that was missed is made up for by the next run, and its seal says so.
"""

from complaints.aws import time_stamps
from complaints.aws.metrics import count
from complaints.aws.runtime import Event, now
from complaints.aws.sealing import Sealing


def handler(_event: Event, _context: object) -> Event:
    """Seal every day that is over and not sealed; return these days, and those time-stamped."""
    at = now()
    sealing = Sealing.from_env()
    try:
        sealed = sealing.run(at)
    except Exception:
        count("SealFailed")
        raise
    # Only a run that comes this far counts: an alarm misses the others.
    count("SealEnded")
    stamped = time_stamps.stamp(sealing.seals, sealing.vault, at, years=sealing.years)
    return {"sealed": [str(day) for day in sealed], "stamped": [str(day) for day in stamped]}
