"""Report: the close-out of the day, the figures of the month (A11, G1; ISO 10002:2018 8.2).

The schedules send `{"kind": "day"}` every evening and `{"kind": "month"}` on the first of each
month; the console sends `{"kind": "month", "month": "2026-11"}` when somebody asks for one.
"""

import re
from datetime import date

from complaints.aws.reports import make_day, make_month
from complaints.aws.runtime import Event

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def handler(event: Event, _context: object) -> Event:
    """Make the report that is asked for; return its name and how many were received.

    A repeat writes the report again and mails it to nobody who was told.
    """
    if event["kind"] == "day":
        day = date.fromisoformat(event["day"]) if event.get("day") else None
        close_out = make_day(day)
        return {"report": f"{close_out.day}", "received": close_out.received}
    month = event.get("month", "")
    if event["kind"] != "month" or (month and not MONTH.fullmatch(month)):
        raise ValueError(f"no report is called {event['kind']} {month}")
    report = make_month(month)
    return {"report": report.month, "received": report.figures.received}
