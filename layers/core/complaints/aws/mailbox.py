"""Mail in by IMAP: each mail of a mailbox becomes one object of the mail bucket, bit for bit (I19).

In the complaints table: complaint_id = "mailbox", part = the digest of account and folder.

A mail is stored, then marked as read or moved, then struck from what waits: whatever ends a run in
between, the next one does the same again. The object is named by the digest of its bytes and
written only where there is none, so a mail is announced to the queue once.
"""

import hashlib
import os
import re
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Self

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from imapclient import SEEN, IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from complaints.aws.environment import resource
from complaints.aws.items import item, key_of, read
from complaints.aws.metrics import count
from complaints.aws.runtime import client, logger, now
from complaints.fetch_mail import (
    LOOK_BACK,
    Place,
    anew,
    due,
    grown,
    is_hopeless,
    refused,
    settled,
    tried,
)
from complaints.models import sortable

STARTTLS_PORTS = frozenset({143})
"""Where a connection begins in plain and is never used so; on all others it begins with TLS."""
TIMEOUT = SocketTimeout(connect=10, read=30)
SECONDS = 40.0
"""After that a run begins no further mail; the next run goes on."""
MOST = 200
"""Mails of one run."""
LARGEST = 100 * 1024 * 1024
"""Bytes of the largest mail that is fetched; a run holds it in memory several times."""
CLIENT_ID = {"name": "Huiyin", "version": "1", "vendor": "Huiyin"}
FLAGGED = b"\\Flagged"
MOVE, UIDPLUS = "MOVE", "UIDPLUS"
RESPONSE_CODE = re.compile(r"\[([A-Z][A-Z0-9-]{2,40})[\] ]")


class NotFetchedError(Exception):
    """A mail can't be had, whatever the connection does; the others can."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The mailbox as deployed."""

    host: str
    port: int
    user: str
    secret: str
    """The name of the parameter (SSM, SecureString) that holds the password."""
    folder: str
    done_folder: str
    """Where to a mail is moved once it is stored; empty if it is only marked as read."""

    @classmethod
    def from_env(cls) -> Self:
        """Return the mailbox of the deployment."""
        return cls(
            host=resource("IMAP_HOST"),
            port=int(resource("IMAP_PORT")),
            user=resource("IMAP_USER"),
            secret=resource("IMAP_SECRET"),
            folder=resource("IMAP_FOLDER"),
            done_folder=os.environ.get("IMAP_DONE_FOLDER", ""),
        )

    @property
    def part(self) -> str:
        """The key of its place in the table."""
        return hashlib.sha256(f"{self.host}\0{self.user}\0{self.folder}".encode()).hexdigest()


def fetch() -> dict[str, int]:
    """Fetch what is new, as far as the time of a run goes; return how many mails became what.

    A mailbox that can't be read is logged without a word of its own and read again by the next
    run; that nobody has read it for long is an alarm (infra/alarms.yaml).
    """
    account, at = Account.from_env(), now()
    place = load(account)
    if place.next_at and at < place.next_at:
        return {"waits": 1}
    doing = "connect"
    done: dict[str, int] = {}
    try:
        with connected(account) as mailbox:
            doing = "sign_in"
            sign_in(mailbox, account)
            doing = "list"
            place = listed(mailbox, account, place, at)
            doing = "fetch"
            for outcome in fetch_each(mailbox, account, place, at):
                done[outcome] = done.get(outcome, 0) + 1
    except LoginError as error:
        keep(account, refused(place, at=at))
        count("MailboxRefused")
        return failed(doing, error, done)
    except (IMAPClientError, OSError) as error:
        return failed(doing, error, done)
    count("MailboxRead")
    return done


def failed(doing: str, error: Exception, done: dict[str, int]) -> dict[str, int]:
    """Log why a run ended: where, the class of the error and the code that the server gave.

    Its text may hold an address, and is left out.
    """
    found = RESPONSE_CODE.search(str(error))
    code = found[1] if found else ""
    logger.error("mailbox not read", doing=doing, error=type(error).__name__, code=code)
    return {**done, "failed": 1}


# ---- the server ----------------------------------------------------------------------------


@contextmanager
def connected(account: Account) -> Iterator[IMAPClient]:
    """Connect with TLS and a certificate that names the host, or not at all."""
    tls = ssl.create_default_context()
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    begins_plain = account.port in STARTTLS_PORTS
    mailbox = IMAPClient(
        account.host,
        account.port,
        ssl=not begins_plain,
        ssl_context=None if begins_plain else tls,
        timeout=TIMEOUT,
    )
    mailbox.normalise_times = False
    try:
        if begins_plain:
            mailbox.starttls(tls)
        yield mailbox
        with suppress(IMAPClientError, OSError):
            mailbox.logout()
    finally:
        with suppress(IMAPClientError, OSError):
            mailbox.shutdown()


def sign_in(mailbox: IMAPClient, account: Account) -> None:
    """Sign in, and say who we are where the server asks: 163 opens no folder to the nameless."""
    answer = client("ssm").get_parameter(Name=account.secret, WithDecryption=True)
    mailbox.login(account.user, answer["Parameter"]["Value"])
    if mailbox.has_capability("ID"):
        mailbox.id_(CLIENT_ID)


def listed(mailbox: IMAPClient, account: Account, place: Place, at: datetime) -> Place:
    """Open the folder and return the place with what is new in it.

    What was read before the very first run is left alone: an old mailbox answers nobody anew. A
    folder whose numbers are new is read again for the days since it was last listed; what of it is
    stored already is known by its bytes.
    """
    opened = mailbox.select_folder(account.folder)
    validity = int(opened.get(b"UIDVALIDITY", 1))
    if place.uid_validity == validity:
        # The star is the last mail, also when its number is below what was asked for.
        found = mailbox.search(["UID", f"{place.reached + 1}:*"])
        after = grown(place, found, at=at)
    else:
        wanted: Sequence[Any] = ["UNSEEN"]
        if place.listed_at:
            wanted = ["OR", "UNSEEN", "SINCE", (place.listed_at - LOOK_BACK).date()]
        found = mailbox.search(wanted)
        next_uid = opened.get(b"UIDNEXT") or max(mailbox.search("ALL"), default=0) + 1
        after = anew(found, validity=validity, next_uid=int(next_uid), at=at)
    if after is not place:
        keep(account, after)
    return after


def fetch_each(mailbox: IMAPClient, account: Account, place: Place, at: datetime) -> Iterator[str]:
    """Fetch what is due, mail by mail; yield what became of each.

    A try is kept before it is made: a mail that ends the run, however it does, comes last in the
    next one. What our own storage can't take is no try.
    """
    until = time.monotonic() + SECONDS
    kept = place
    try:
        for uid in due(place, at)[:MOST]:
            if time.monotonic() > until:
                break
            if is_hopeless(place, uid):
                place = settled(place, uid)
                yield set_aside(mailbox, uid, "given_up")
                continue
            before, place = place, tried(place, uid, at=at)
            keep(account, place)
            kept = place
            try:
                outcome = fetch_one(mailbox, account, uid)
            except NotFetchedError as error:
                logger.warning("mail not fetched", uid=uid, reason=str(error))
                yield "failed"
                continue
            except (BotoCoreError, ClientError):
                place = before
                raise
            place = settled(place, uid)
            yield outcome
    finally:
        if place is not kept:
            keep(account, place)


def fetch_one(mailbox: IMAPClient, account: Account, uid: int) -> str:
    """Store one mail, then mark it; return what became of it.

    Raises NotFetchedError if the server does not give this one.
    """
    try:
        about = mailbox.fetch([uid], ["RFC822.SIZE", "INTERNALDATE"]).get(uid)
        if about is None:
            return "gone"  # a person moved or deleted it
        if about.get(b"RFC822.SIZE", 0) > LARGEST:
            return set_aside(mailbox, uid, "too_large")
        raw = mailbox.fetch([uid], ["BODY.PEEK[]"]).get(uid, {}).get(b"BODY[]")
    except IMAPClientAbortError:
        raise
    except (IMAPClientError, ValueError, LookupError) as error:
        raise NotFetchedError(type(error).__name__) from error
    if not raw:
        raise NotFetchedError("no bytes came")
    is_new = store(raw, about.get(b"INTERNALDATE"))
    mark(mailbox, account, uid)
    return "stored" if is_new else "known"


def store(raw: bytes, arrived_at: datetime | None) -> bool:
    """Put a raw mail into the mail bucket; return whether it was not there yet."""
    metadata = {"arrived-at": sortable(arrived_at)} if arrived_at and arrived_at.tzinfo else {}
    try:
        client("s3").put_object(
            Bucket=resource("MAIL_BUCKET"),
            Key=f"inbox/imap-{hashlib.sha256(raw).hexdigest()}",
            Body=raw,
            Metadata=metadata,
            IfNoneMatch="*",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
        return False
    return True


def mark(mailbox: IMAPClient, account: Account, uid: int) -> None:
    """Mark a stored mail as read, or move it; what the server refuses here loses nothing."""
    try:
        mailbox.add_flags([uid], [SEEN], silent=True)
        if account.done_folder:
            move(mailbox, account.done_folder, uid)
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        logger.warning("mail not marked", uid=uid, error=type(error).__name__)


def move(mailbox: IMAPClient, folder: str, uid: int) -> None:
    """Move a mail; where the server has no MOVE it is copied, and this one mail expunged."""
    if not mailbox.folder_exists(folder):
        mailbox.create_folder(folder)
    if mailbox.has_capability(MOVE):
        mailbox.move([uid], folder)
    elif mailbox.has_capability(UIDPLUS):
        mailbox.copy([uid], folder)
        mailbox.delete_messages([uid], silent=True)
        mailbox.uid_expunge([uid])
    else:
        # A plain EXPUNGE would also take what somebody else has marked.
        mailbox.copy([uid], folder)


def set_aside(mailbox: IMAPClient, uid: int, reason: str) -> str:
    """Leave a mail in the mailbox for a person, with a flag that mail programs show."""
    logger.error("mail set aside", uid=uid, reason=reason)
    count("MailNotFetched")
    with suppress(IMAPClientError):
        mailbox.add_flags([uid], [FLAGGED], silent=True)
    return reason


# ---- its place -----------------------------------------------------------------------------


def load(account: Account) -> Place:
    """Return how far the mailbox was read."""
    found = client("dynamodb").get_item(
        TableName=resource("COMPLAINTS_TABLE"),
        Key=key_of("mailbox", account.part),
        ConsistentRead=True,
    )
    return read(found["Item"], Place) if "Item" in found else Place()


def keep(account: Account, place: Place) -> None:
    """Keep how far the mailbox was read.

    Whatever run writes last: each place is true, so an older one only lists again what is stored.
    """
    client("dynamodb").put_item(
        TableName=resource("COMPLAINTS_TABLE"), Item=item("mailbox", account.part, place)
    )
