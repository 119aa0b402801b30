"""Who is signed in: sessions kept on our side, named by a random cookie.

One item a session in the table SESSIONS_TABLE. Its key `session_id` is the SHA-256 of the cookie,
so whoever reads the table can't sign in with what is found there; `expires_at` is its time to
live. A session ends half an hour after it was last used, and ten hours after it began.
"""

import base64
import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

import msgspec

from complaints.aws.directory import StaffDirectory
from complaints.aws.runtime import client
from complaints.aws.settings import load_settings, resource
from complaints.models import Record, Staff
from complaints.people import acting, by_name, day_of, has_left
from complaints.web import cookie

COOKIE = "__Host-huiyin"
IDLE = timedelta(minutes=30)
LIFE = timedelta(hours=10)
SAVED_EVERY = timedelta(minutes=5)
"""That a session is used is written at most this often: a page read costs no write."""
SECRET_BYTES = 32


class Session(Record, frozen=True):
    """A signed-in member of staff; `csrf` is in every form of theirs, and on no other page.

    Kept is who it is; what the person may do is read from the directory with each request.
    """

    staff: Staff
    csrf: str
    began_at: datetime
    seen_at: datetime
    everybody: tuple[Staff, ...] = ()
    """Who there is, as the directory says at this request; never kept."""

    def is_over(self, at: datetime) -> bool:
        """Return whether it has ended: not used for too long, or too old."""
        return at >= min(self.seen_at + IDLE, self.began_at + LIFE)


def begin(staff: Staff, at: datetime) -> tuple[Session, str]:
    """Begin a session; return it, and the cookie that names it."""
    secret = _random()
    session = Session(staff=staff, csrf=_random(), began_at=at, seen_at=at)
    client("dynamodb").put_item(TableName=resource("SESSIONS_TABLE"), Item=_item(secret, session))
    return session, cookie(COOKIE, secret, max_age=int(LIFE.total_seconds()))


def find(secret: str, at: datetime) -> Session | None:
    """Return the session that this cookie names, and note that it is used; None if it is over."""
    if not secret:
        return None
    stored = client("dynamodb").get_item(
        TableName=resource("SESSIONS_TABLE"), Key=_key(secret), ConsistentRead=True
    )
    if "Item" not in stored:
        return None
    session = msgspec.json.decode(stored["Item"]["document"]["S"], type=Session)
    if session.is_over(at):
        return None
    if at - session.seen_at >= SAVED_EVERY:
        used = _used(secret, session, at)
        return _present(used, at) if used else None
    return _present(session, at)


def _present(session: Session, at: datetime) -> Session | None:
    """Return the session with the rights that the person has now; None for who has left.

    The directory is read at every request (H5): what an administrator takes away is gone at the
    next click, and a deputy acts from the first minute of an absence.
    """
    everybody = StaffDirectory.from_env().all()
    day = day_of(at, load_settings().office)
    member = by_name(everybody).get(session.staff.username)
    if member is None or has_left(member, day):
        return None
    return session.replace(staff=acting(member, everybody, day), everybody=tuple(everybody))


def end(secret: str) -> str:
    """End a session; return the cookie that makes the browser forget it."""
    if secret:
        client("dynamodb").delete_item(TableName=resource("SESSIONS_TABLE"), Key=_key(secret))
    return cookie(COOKIE, "", max_age=0)


def _used(secret: str, session: Session, at: datetime) -> Session | None:
    """Move the end of a session on; None if it was signed out in the meantime."""
    dynamodb = client("dynamodb")
    used = session.replace(seen_at=at)
    try:
        dynamodb.put_item(
            TableName=resource("SESSIONS_TABLE"),
            Item=_item(secret, used),
            ConditionExpression="attribute_exists(session_id)",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return None
    return used


def _item(secret: str, session: Session) -> dict[str, Any]:
    ends_at = min(session.seen_at + IDLE, session.began_at + LIFE)
    return {
        **_key(secret),
        "document": {"S": msgspec.json.encode(session).decode()},
        "expires_at": {"N": str(int(ends_at.timestamp()))},
    }


def _key(secret: str) -> dict[str, dict[str, str]]:
    return {"session_id": {"S": hashlib.sha256(secret.encode()).hexdigest()}}


def _random() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).rstrip(b"=").decode()
