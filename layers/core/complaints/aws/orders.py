"""What is asked of other functions, without waiting for it."""

import msgspec

from complaints.aws.runtime import client
from complaints.aws.settings import resource


def make_report(month: str) -> None:
    """Ask for the report of a month such as `2026-11`; it is there some seconds later."""
    _invoke("REPORT_FUNCTION", {"kind": "month", "month": month})


def erase(complaint_id: str) -> None:
    """Have the personal data of a complaint erased, which two have granted."""
    _invoke("ERASE_FUNCTION", {"complaint_id": complaint_id})


def _invoke(name: str, event: dict[str, str]) -> None:
    client("lambda").invoke(
        FunctionName=resource(name), InvocationType="Event", Payload=msgspec.json.encode(event)
    )
