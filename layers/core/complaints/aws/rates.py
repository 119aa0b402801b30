"""How often one network address may do something: counters that forget by themselves.

One item for each address, kind and window in the table RATES_TABLE (key `rate_id`); `expires_at`
is its time to live. The address enters as a digest only.
"""

import hashlib
from datetime import datetime

from complaints.aws.runtime import client
from complaints.aws.settings import resource
from complaints.web import TooManyRequestsError

WINDOW = 3600
"""Seconds."""
LIMITS = {"complaint": 10, "wrong_code": 30, "upload_form": 120, "note": 60, "sign_in": 30}
"""In one window. An office behind one address must still get in."""


def count(kind: str, address: str, at: datetime) -> None:
    """Count one more of this kind; raises TooManyRequestsError once its limit is used up."""
    window, past = divmod(int(at.timestamp()), WINDOW)
    answer = client("dynamodb").update_item(
        TableName=resource("RATES_TABLE"),
        Key=_key(kind, address, window),
        UpdateExpression="ADD taken :one SET expires_at = :end",
        ExpressionAttributeValues={
            ":one": {"N": "1"},
            ":end": {"N": str((window + 2) * WINDOW)},
        },
        ReturnValues="UPDATED_NEW",
    )
    if int(answer["Attributes"]["taken"]["N"]) > LIMITS[kind]:
        raise TooManyRequestsError(WINDOW - past)


def check(kind: str, address: str, at: datetime) -> None:
    """Raise TooManyRequestsError if the limit of this kind is used up; count nothing."""
    window, past = divmod(int(at.timestamp()), WINDOW)
    answer = client("dynamodb").get_item(
        TableName=resource("RATES_TABLE"), Key=_key(kind, address, window)
    )
    if int(answer.get("Item", {}).get("taken", {"N": "0"})["N"]) >= LIMITS[kind]:
        raise TooManyRequestsError(WINDOW - past)


def _key(kind: str, address: str, window: int) -> dict[str, dict[str, str]]:
    digest = hashlib.sha256(f"{kind}:{address}:{window}".encode()).hexdigest()
    return {"rate_id": {"S": digest[:32]}}
