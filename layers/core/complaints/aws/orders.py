"""What the console asks of other functions, without waiting for it."""

import msgspec

from complaints.aws.runtime import client
from complaints.aws.settings import resource


def make_report(month: str) -> None:
    """Ask for the report of a month such as `2026-11`; it is there some seconds later."""
    client("lambda").invoke(
        FunctionName=resource("REPORT_FUNCTION"),
        InvocationType="Event",
        Payload=msgspec.json.encode({"kind": "month", "month": month}),
    )
