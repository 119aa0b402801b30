"""Every sample mail through the door: none is lost, none is doubled, only people are answered."""

import email
import json
import re
import smtplib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from complaints.aws.items import read
from complaints.aws.mail_ledger import Became, Entry
from complaints.aws.quarantine import Quarantined
from complaints.mail import Disposition, parse
from complaints.models import Contact
from infra.local.machine import Machine
from tests.doors import OURS, data_key, forget_rates, mail, post, until

MAILS = Path(__file__).parents[3] / "shared" / "emails"
NO_MAILS = {".json", ".md", ".xml", ".yml", ".list"}
"""What lies beside the mails: what they should give, and what they are."""
HALF_AN_HOUR = 1800.0

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(
        not MAILS.is_dir(),
        reason="the sample mails lie outside the repository, in ../shared/emails",
    ),
]


class Stored(NamedTuple):
    """What became of the mails: their keys in the mail bucket."""

    inbox: set[str]
    taken: set[str]
    """Those that are the original of a contact: a complaint or a reply."""
    aside: dict[str, Quarantined]
    ledger: dict[str, Entry]


@pytest.fixture(scope="module")
def machine(machine_of: Callable[..., Machine]) -> Machine:
    """Return a machine that gets no other mail."""
    return machine_of("service-provider")


def samples() -> Iterator[Path]:
    """Yield the files of the samples that are mails, or pretend to be one."""
    for path in sorted(MAILS.rglob("*")):
        if path.is_file() and path.suffix not in NO_MAILS:
            yield path


def on_the_wire(raw: bytes) -> bytes:
    """Return a mail as a server hands it on: lines end in CRLF, and so does the last."""
    return re.sub(rb"\r?\n", b"\r\n", raw).removesuffix(b"\r\n") + b"\r\n"


def sent(machine: Machine) -> dict[str, tuple[Path, bytes]]:
    """Send every sample; return by the key of its object what it was."""
    keys, not_people = {}, machines()
    with smtplib.SMTP("127.0.0.1", machine.ports.smtp, timeout=60) as server:
        for path in samples():
            raw = on_the_wire(path.read_bytes())
            server.ehlo_or_helo_if_needed()
            server.mail("<>" if path in not_people else "somebody@example.com")
            server.rcpt(OURS)
            code, answer = server.data(raw)
            assert code == 250, (path.name, code, answer)
            keys[f"inbox/{answer.split()[-1].decode()}"] = path, raw
    return keys


def stored(machine: Machine) -> Stored:
    """Look into the bucket and the table: what lies there, and what it became."""
    objects = machine.client("s3").get_paginator("list_objects_v2")
    pages = objects.paginate(Bucket=machine.outputs["MailBucket"], Prefix="inbox/")
    inbox = {one["Key"] for page in pages for one in page.get("Contents", ())}
    taken: set[str] = set()
    aside: dict[str, Quarantined] = {}
    ledger: dict[str, Entry] = {}
    rows = machine.client("dynamodb").get_paginator("scan")
    for page in rows.paginate(TableName=machine.outputs["ComplaintsTable"], ConsistentRead=True):
        for row in page["Items"]:
            if row["complaint_id"]["S"].startswith("quarantine#"):
                document = row["document"]["S"]
                one = msgspec.json.decode(document, type=Quarantined)
                aside[one.key] = one
            elif row["complaint_id"]["S"].startswith("mail#"):
                ledger[row["part"]["S"].partition("#")[2]] = read(row, Entry)
            elif row["part"]["S"].startswith("contact#"):
                contact = read(row, Contact, data_key(machine, row["complaint_id"]["S"]))
                if contact.original:
                    assert contact.original.key not in taken, "one mail is two contacts"
                    taken.add(contact.original.key)
    return Stored(inbox, taken, aside, ledger)


def is_read(machine: Machine) -> bool | None:
    """Return whether nothing waits in the queue of mails any more, else None."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = machine.client("sqs").get_queue_attributes(
        QueueUrl=machine.outputs["MailQueueUrl"], AttributeNames=names
    )["Attributes"]
    return not any(int(found[name]) for name in names) or None


def test_every_mail_is_a_complaint_a_reply_a_known_one_or_set_aside(machine: Machine) -> None:
    """What arrived reconciles to the last mail, and the mailer has written to people only."""
    forget_rates(machine)
    came = sent(machine)
    until(lambda: is_read(machine), "all mails are read", patience=HALF_AN_HOUR)
    post(machine, mail("the.last@example.com", "之后的一封"))
    until(lambda: (answered(machine, "the.last@example.com")) or None, "the door still works")
    after = stored(machine)

    lost = set(came) - after.inbox
    assert not lost, "an original is gone"
    assert not after.taken & set(after.aside), "a mail is a contact and set aside"
    assert set(came) <= set(after.ledger), "a mail is not entered"
    known = {key for key, one in after.ledger.items() if one.became is Became.DUPLICATE}
    assert after.inbox == after.taken | set(after.aside) | known
    assert not known & (after.taken | set(after.aside))
    first = {_mark(came[key][1]) for key in set(came) - known}
    doubled = {key for key in known if _mark(came[key][1]) in first}
    assert known == doubled, [(came[key][0].name, after.ledger[key]) for key in known - doubled]

    people = set()
    for key, (path, raw) in came.items():
        found = machine.client("s3").get_object(Bucket=machine.outputs["MailBucket"], Key=key)
        kept = found["Body"].read()
        assert kept.endswith(raw), f"{path.name} is not kept as it came"
        if key in after.taken:
            people.add(parse(kept).from_address.lower())
    read_as_people = {came[key][0] for key in after.taken & set(came)}
    assert not read_as_people & machines()
    assert len(after.taken) > len(came) / 4, f"only {len(after.taken)} of {len(came)} taken in"
    written = {str(one["To"]).lower() for one in outbox(machine)}
    ours = {address for address in written if address.endswith("@huiyin.localhost")}
    assert written - ours - {"the.last@example.com"} <= people


def _mark(raw: bytes) -> object:
    """Return what makes two mails the same one: the Message-ID, else what its writer made."""
    found = parse(raw)
    if found.message_id or not found.date:
        return found.message_id or raw
    files = tuple(one.sha256 for one in found.attachments)
    return found.from_address, found.date, found.subject, found.text, files


def machines() -> set[Path]:
    """Return the files that the samples say no person wrote; such mail has no sender to answer."""
    expected = json.loads((MAILS / "expected.json").read_text("utf-8"))
    marks = ("is_bounce", "is_auto_reply", "is_feedback_report", "must_not_ack")
    return {MAILS / one["file"] for one in expected if any(one.get(mark) for mark in marks)}


def outbox(machine: Machine) -> list[email.message.Message]:
    """Return every mail that the system has sent."""
    return [email.message_from_bytes(path.read_bytes()) for path in machine.outbox.glob("*.eml")]


def answered(machine: Machine, address: str) -> bool:
    """Return whether the system has written to an address."""
    return any(address in str(one["To"]) for one in outbox(machine))


def test_the_samples_hold_machines_and_people() -> None:
    """The journey above would be empty if the samples were all of one kind."""
    kinds = {parse(path.read_bytes()).disposition for path in samples()}
    assert {Disposition.NEW_OR_REPLY, Disposition.BOUNCE, Disposition.AUTO_REPLY} <= kinds
