"""How much one sender gets and brings: an acknowledgement a period, and so many mails an hour.

In the table RATES_TABLE (key `rate_id`), as a digest of the address only; `expires_at` is the time
to live. RFC 5230 has the rule for automatic replies: who writes often is answered once.
"""

import hashlib
from datetime import datetime, timedelta

from complaints.aws.runtime import client
from complaints.aws.settings import resource

PERIOD = timedelta(minutes=10)
"""In which a sender gets one acknowledgement; those of further complaints wait."""
MOST_AN_HOUR = 20
"""New complaints of one sender that are taken in an hour; what is more waits for a person."""
HOUR = 3600


def may_acknowledge(address: str, mark: str, at: datetime) -> bool:
    """Return whether a sender may be acknowledged now, and keep that it was.

    `mark` is what it is for: asked again for the same, the answer is the same.
    """
    rates = client("dynamodb")
    try:
        rates.update_item(
            TableName=resource("RATES_TABLE"),
            Key=_key("acknowledged", address),
            UpdateExpression="SET acknowledged_at = :now, mark = :mark, expires_at = :end",
            ConditionExpression=(
                "attribute_not_exists(acknowledged_at) OR acknowledged_at <= :before"
                " OR mark = :mark"
            ),
            ExpressionAttributeValues={
                ":now": {"N": _seconds(at)},
                ":before": {"N": _seconds(at - PERIOD)},
                ":mark": {"S": _digest(mark)},
                ":end": {"N": _seconds(at + 2 * PERIOD)},
            },
        )
    except rates.exceptions.ConditionalCheckFailedException:
        return False
    return True


def is_flood(address: str, mark: str, at: datetime) -> bool:
    """Return whether a sender has brought more in this hour than is taken; counts `mark` once.

    Asked only of what comes within the period of another: who writes less often is no flood.
    """
    rates, window = client("dynamodb"), int(at.timestamp()) // HOUR
    try:
        rates.update_item(
            TableName=resource("RATES_TABLE"),
            Key=_key(f"brought:{window}", address),
            UpdateExpression="ADD marks :marks SET expires_at = :end",
            ConditionExpression=(
                "attribute_not_exists(marks) OR size(marks) < :most OR contains(marks, :mark)"
            ),
            ExpressionAttributeValues={
                ":marks": {"SS": [_digest(mark)]},
                ":mark": {"S": _digest(mark)},
                ":most": {"N": str(MOST_AN_HOUR)},
                ":end": {"N": str((window + 2) * HOUR)},
            },
        )
    except rates.exceptions.ConditionalCheckFailedException:
        return True
    return False


def _key(kind: str, address: str) -> dict[str, dict[str, str]]:
    return {"rate_id": {"S": _digest(f"sender:{kind}:{address.strip().lower()}")}}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _seconds(at: datetime) -> str:
    return f"{at.timestamp():.0f}"
