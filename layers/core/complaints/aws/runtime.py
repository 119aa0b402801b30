"""What every handler needs: the clock, randomness, the clients, the logger; made at first use."""

import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, wraps
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from complaints.encryption import NONCE_BYTES
from complaints.number import CODE_BYTES, tracking_code

Event = dict[str, Any]

logger = Logger(service="huiyin")


def now() -> datetime:
    """Return the present instant, UTC, whole seconds.

    `HUIYIN_CLOCK_AHEAD` (seconds) moves it forward: the journey tests live through days in it.
    """
    return real_now() + timedelta(seconds=int(os.environ.get("HUIYIN_CLOCK_AHEAD", "0")))


def real_now() -> datetime:
    """Return the instant by the clock that stamps objects in a bucket, which nothing moves."""
    return datetime.now(UTC).replace(microsecond=0)


def random_key() -> bytes:
    """Return 32 random bytes: the key of one complaint's commitments, or of its personal parts."""
    return secrets.token_bytes(32)


def random_nonce() -> bytes:
    """Return 12 random bytes, for one encryption (`complaints.encryption`)."""
    return secrets.token_bytes(NONCE_BYTES)


def random_code() -> str:
    """Return a new tracking code."""
    return tracking_code(secrets.token_bytes(CODE_BYTES))


def random_id() -> str:
    """Return an id of 16 hex digits, for parts of a complaint."""
    return secrets.token_hex(8)


@cache
def client(name: str) -> Any:  # noqa: ANN401 - one of many client types
    """Return the boto3 client of a service, made at first use and kept for the next.

    S3 signs with version 4, which presigned addresses of encrypted buckets need, and names the
    bucket in the host: the address of a new bucket must not be redirected. An emulator has neither.
    """
    s3 = name == "s3"
    styled = s3 and "AWS_ENDPOINT_URL" not in os.environ
    return boto3.client(  # type: ignore[call-overload]
        name,
        config=Config(
            connect_timeout=3,
            read_timeout=20,
            retries={"mode": "standard", "max_attempts": 4},
            signature_version="s3v4" if s3 else None,
            s3={"addressing_style": "virtual"} if styled else None,
        ),
    )


def step(run: Callable[[str, str], Event]) -> Callable[[Event, object], Event]:
    """Turn a function of a complaint id and a task token into the handler of a workflow step.

    The workflow carries the id and nothing else: no personal data enters its history. The token
    is empty for a step that doesn't wait.
    """

    @wraps(run)
    def handler(event: Event, _context: object) -> Event:
        complaint_id = event["complaint_id"]
        logger.append_keys(complaint_id=complaint_id)
        return {"complaint_id": complaint_id, **run(complaint_id, event.get("task_token", ""))}

    return handler
