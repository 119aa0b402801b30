"""Disposal and forgetting on the tables: who is asked, what goes, what stays (F6, F7)."""

import hashlib
import io
import json
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from complaints import bag
from complaints.aws import evidence, mail_ledger, orders, owndata, quarantine, uploads
from complaints.aws.desk import intake, keeping
from complaints.aws.items import Claim, claim_id, complaint_item, filed, item
from complaints.aws.keys import KeyDestroyedError, keys
from complaints.aws.mail_ledger import Became, Entry
from complaints.aws.packing import unpack
from complaints.aws.quarantine import Quarantined, State
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client, now
from complaints.aws.table import Table
from complaints.encryption import DecryptionError, decrypt
from complaints.history import breaks
from complaints.lifecycle import ComplaintError
from complaints.models import DISPOSAL, DISPOSED, Complaint, Dossier, File, Status, sortable
from complaints.parts import Erasure, ErasureKind, Hold
from complaints.retention import years_later
from functions.archive.handler import handler as archive
from functions.check_sla.handler import handler as check_limits
from functions.erase.handler import handler as erase
from tests.builders import (
    HANDLER,
    HEAD,
    LI,
    MANAGER,
    QUALITY,
    approved,
    assessed,
    contact,
    followed_up,
    investigated,
    later,
    received,
    responded,
)  # fmt: skip
from tests.faults import each_fault
from tests.kept import keep, put_object, set_clock
from tests.mailed import deliver, dossier, mail, set_aside

pytestmark = pytest.mark.usefixtures("tables")
CANARY = "金丝雀玉兰"
MAIL = f"From: canary@example.com\r\nSubject: {CANARY}\r\n\r\n{CANARY}".encode()
PHOTO = b"\x89PNG\r\n\x1a\n canary"
NUMBER = "TS-2026-000001-7"
PERSON = LI.replace(name=CANARY, email="canary@example.com", phone="13899990000")
MU = MANAGER.replace(username="mu")


@pytest.fixture(autouse=True)
def ordered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keep whom erasing was ordered for: the function is run by hand here."""
    found: list[str] = []
    monkeypatch.setattr(orders, "erase", found.append)
    return found


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Complaint:
    """Return a complaint that was filed and closed, with a photo, a mail and its rows."""
    photo = evidence.keep(NUMBER, f"{CANARY}.png", PHOTO)
    attached = evidence.keep("mail-0123456789abcdef", "1.png", b"attached " + PHOTO)
    put_object("MAIL_BUCKET", "inbox/abc", MAIL)
    put_object("MAIL_BUCKET", "inbox/copy", MAIL)
    original = File(
        key="inbox/abc", name="original.eml", size=len(MAIL),
        sha256=hashlib.sha256(MAIL).hexdigest(), content_type="message/rfc822",
    )  # fmt: skip
    said = received(
        f"前台态度恶劣。{CANARY}", complainant=PERSON, files=(photo, attached), original=original,
        subject=CANARY,
    )  # fmt: skip
    person = said.complaint.replace(person="hash-of-canary", subject=CANARY)
    steps = [said.replace(complaint=person)]
    for build in (assessed, investigated, approved, responded, followed_up):
        steps.append(build(steps[-1]))
    set_clock(monkeypatch, later(steps[-1], 1))
    keep(*steps)
    for name in ("abc", "copy"):
        note(f"inbox/{name}")
    archive({"complaint_id": NUMBER}, None)
    return stored().complaint


def note(key: str, of: str = NUMBER) -> None:
    """Enter a mail of the complaint in the ledger, with a row in quarantine; `of` has it now."""
    at = client("s3").head_object(Bucket="mail", Key=key)["LastModified"].replace(microsecond=0)
    quarantine.put(
        Quarantined(
            key=key, reason="bounce", received_at=at, from_address=PERSON.email, size=1,
            subject=CANARY, complaint_id=of, state=State.ATTACHED,
        )
    )  # fmt: skip
    mail_ledger.enter(key, at, Entry(became=Became.DUPLICATE, complaint_id=NUMBER))


def stored() -> Dossier:
    """Return the complaint as it is now."""
    return ComplaintRepository.from_env().dossier(NUMBER)


def after_years(monkeypatch: pytest.MonkeyPatch, years: int = 5) -> datetime:
    """Let years go by since the complaint was closed."""
    closed_at = stored().complaint.closed_at
    assert closed_at
    at = years_later(closed_at, years) + timedelta(minutes=1)
    set_clock(monkeypatch, at)
    return at


def listed(queue: str = DISPOSAL) -> list[str]:
    """Return the numbers in a list."""
    return [one.complaint_id for one in ComplaintRepository.from_env().in_queue(queue)[0]]


def granted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two agree to dispose of the complaint once its retention is over."""
    after_years(monkeypatch)
    check_limits({}, None)
    keeping.propose([NUMBER], "r1", staff=QUALITY)
    keeping.grant([NUMBER], staff=MANAGER)


def run() -> Any:  # noqa: ANN401 - what a Lambda returns
    """Run the function."""
    return erase({"complaint_id": NUMBER}, None)["state"]


def everything() -> Iterator[tuple[str, bytes]]:
    """Yield all that is kept anywhere but in the archive: every item, every version of a file."""
    dynamodb, s3 = client("dynamodb"), client("s3")
    for table in dynamodb.list_tables()["TableNames"]:
        for row in dynamodb.get_paginator("scan").paginate(TableName=table).search("Items[]"):
            plain = json.dumps(row, default=lambda one: bytes(one).decode("latin-1"))
            yield f"{table} {row}"[:200], _unpacked(row) + plain.encode()
    for bucket in s3.list_buckets()["Buckets"]:
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket["Name"])
        for one in pages.search("Versions[]"):
            if one is None:
                continue
            read = s3.get_object(Bucket=bucket["Name"], Key=one["Key"], VersionId=one["VersionId"])
            yield f"{bucket['Name']}/{one['Key']}", read["Body"].read()


def _unpacked(row: dict[str, Any]) -> bytes:
    from complaints.aws.packing import unpack

    document = row.get("document", {})
    return unpack(document["B"]) if "B" in document else document.get("S", "").encode()


def places_with(*words: str) -> list[str]:
    """Return where any of these words stands, as text or escaped."""
    marks = [one.encode() for one in words]
    marks += [json.dumps(one).strip('"').encode() for one in words]
    return [place for place, content in everything() if any(mark in content for mark in marks)]


def test_a_closed_complaint_comes_into_the_list_when_its_retention_ends(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint
) -> None:
    """By itself, at its date and not before; a check that runs again lists it once."""
    assert closed.next_at == closed.dispose_at
    check_limits({}, None)
    assert listed() == []
    after_years(monkeypatch)
    for _ in range(2):
        check_limits({}, None)
    assert listed() == [NUMBER]
    assert stored().complaint.next_at is None
    assert [one.action for one in stored().entries].count("disposal_due") == 1


def test_after_it_nothing_of_the_person_is_left_anywhere(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint, capsys: pytest.CaptureFixture[str]
) -> None:
    """Table, evidence, mails with all versions, quarantine; in the archive only ciphers."""
    words = (CANARY, PERSON.email, PERSON.phone, "hash-of-canary", closed.tracking_code)
    assert places_with(*words)
    put_object("MAIL_BUCKET", "inbox/abc", MAIL)  # an older version is left beside
    granted(monkeypatch)
    assert run() == "erased"
    assert places_with(*words) == []
    s3 = client("s3")
    for bucket in ("evidence", "mail"):
        kept = s3.list_object_versions(Bucket=bucket)
        assert not kept.get("Versions")
        assert not kept.get("DeleteMarkers")
    said = capsys.readouterr()
    assert not any(one in said.out + said.err for one in words)


def test_figures_and_history_stay_and_hold(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint
) -> None:
    """The chain verifies with the head; what reports count is as it was."""
    granted(monkeypatch)
    run()
    kept = stored()
    head = kept.complaint
    assert kept.is_erased
    assert list(breaks(kept.entries, head.digest)) == []
    same = ("assessment", "department", "received_at", "closed_at", "satisfaction", "investigator",
            "follow_up_outcome", "archive_key", "overdue", "status")  # fmt: skip
    assert all(getattr(head, one) == getattr(closed, one) for one in same)
    assert (head.subject, head.person, head.tracking_code) == ("", "", "")
    assert listed() == []
    assert listed(f"{DISPOSED}{now():%Y}") == [NUMBER]


def test_twice_is_once(monkeypatch: pytest.MonkeyPatch, closed: Complaint) -> None:
    """On record once, however often it runs."""
    assert closed.status is Status.CLOSED
    granted(monkeypatch)
    assert [run() for _ in range(3)] == ["erased"] * 3
    actions = [one.action for one in stored().entries]
    assert actions.count("erased") == actions.count("erasure_begun") == 1


def test_it_may_fail_at_any_call_and_finishes(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint
) -> None:
    """At each call of AWS, before it, after it and without an answer: the next run erases."""
    assert closed.holds == 0
    granted(monkeypatch)
    for where in each_fault(run):
        assert run() == "erased", where
        assert places_with(CANARY, PERSON.email) == [], where
        actions = [one.action for one in stored().entries]
        assert actions.count("erased") == 1, where
        assert list(breaks(stored().entries, stored().complaint.digest)) == [], where


def test_what_was_not_granted_by_two_is_not_erased(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint
) -> None:
    """Neither without a word, nor after a proposal alone, nor by one person for both."""
    assert run() == "refused"
    after_years(monkeypatch)
    check_limits({}, None)
    keeping.propose([NUMBER], "r1", staff=QUALITY)
    assert run() == "refused"
    both = QUALITY.replace(roles=(*QUALITY.roles, *MANAGER.roles))
    for staff in (QUALITY, both, HANDLER, HEAD):
        with pytest.raises(ComplaintError):
            keeping.grant([NUMBER], staff=staff)
    assert stored().contacts
    assert closed.person


def test_a_head_that_was_forged_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint
) -> None:
    """Who writes into the table that it was granted finds that the record does not say so."""
    after_years(monkeypatch)
    check_limits({}, None)
    keeping.propose([NUMBER], "r1", staff=QUALITY)
    head = stored().complaint
    assert head.erasure
    forged = head.replace(
        erasure=head.erasure.replace(granted_by="ma", granted_for="management", granted_at=now())
    )
    client("dynamodb").put_item(TableName="ComplaintsTable", Item=complaint_item(forged))
    assert run() == "refused"
    assert closed.holds == 0


def test_a_hold_stops_it_and_is_in_the_archive(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint
) -> None:
    """Granted or not: held is held; the bags have S3's own hold until the last one is lifted."""
    granted(monkeypatch)
    one = Hold(hold_id="h1", by="mu", at=now(), reason="法院来函")
    keeping.set_hold(NUMBER, one, staff=MU)
    s3 = client("s3")

    def status() -> str:
        held = s3.get_object_legal_hold(Bucket="archive", Key=closed.archive_key)
        return str(held["LegalHold"]["Status"])

    assert status() == "ON"
    assert run() == "refused"
    check_limits({}, None)
    assert listed() == []
    assert listed("hold#") == [NUMBER]
    assert stored().holds[0].applied_at
    keeping.lift_hold(NUMBER, "h1", "结案", staff=MANAGER)
    assert status() == "OFF"
    check_limits({}, None)
    assert (listed(), listed("hold#")) == ([NUMBER], [])


def test_a_hold_that_the_archive_was_not_told_of_is_found(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint
) -> None:
    """The function died after the save: the check of the limits tells the archive."""
    from complaints.aws import legal_holds

    def died(_: str) -> None:
        raise ZeroDivisionError

    applied = legal_holds.apply
    monkeypatch.setattr(legal_holds, "apply", died)
    keeping.set_hold(NUMBER, Hold(hold_id="h1", by="mu", at=now(), reason="函"), staff=MU)
    monkeypatch.setattr(legal_holds, "apply", applied)
    set_clock(monkeypatch, now() + timedelta(minutes=30))
    check_limits({}, None)
    held = client("s3").get_object_legal_hold(Bucket="archive", Key=closed.archive_key)
    assert held["LegalHold"]["Status"] == "ON"


def test_whom_duty_forbids_to_forget_is_told_until_when_and_comes_up_again(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint
) -> None:
    """Refused by itself with the date; kept; in the list at that date; then granted by two."""
    request = keeping.new_request(
        "erase", "q1", [NUMBER], by=QUALITY.username, asker="本人", identity="核对手机号"
    )
    for _ in range(2):
        keeping.record_request(request, staff=QUALITY)
    kept = stored()
    letter = next(one for one in kept.letters if one.kind == "erasure_kept")
    until = years_later(closed.closed_at or now(), 5)
    assert f"{until.astimezone(UTC).year}年" in letter.words
    assert kept.requests[0].outcome == "kept"
    with pytest.raises(ComplaintError):
        keeping.propose([NUMBER], "q1", staff=QUALITY)
    after_years(monkeypatch)
    check_limits({}, None)
    assert listed() == [NUMBER]
    keeping.propose([NUMBER], "other", staff=QUALITY)
    keeping.grant([NUMBER], staff=MANAGER)
    told = [one.kind for one in stored().letters if one.sent_at]
    assert told[-1] == "erased"
    assert run() == "erased"
    assert places_with(CANARY, PERSON.email) == []


def test_it_waits_for_the_last_letter(monkeypatch: pytest.MonkeyPatch, closed: Complaint) -> None:
    """The outcome is told before the address is gone."""
    from complaints.aws.desk import changing

    keeping.record_request(
        keeping.new_request("erase", "q1", [NUMBER], by="complainant"), staff=None
    )
    after_years(monkeypatch)
    check_limits({}, None)
    monkeypatch.setattr(changing, "deliver", lambda *_, **__: False)
    keeping.propose([NUMBER], "q1", staff=QUALITY)
    keeping.grant([NUMBER], staff=MANAGER)
    assert run() == "waits"
    assert not stored().is_erased
    assert closed.person


def test_what_was_reopened_leaves_the_list(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint
) -> None:
    """Retention begins anew when it is closed again."""
    from complaints.aws.desk import line

    granted(monkeypatch)
    line.reopen(NUMBER, "又来反映", staff=QUALITY)
    assert listed() == []
    assert run() == "refused"
    head = stored().complaint
    assert (head.dispose_at, head.erasure) == (None, None)
    assert closed.dispose_at


def test_an_erased_complaint_takes_nothing_up_and_a_mail_begins_a_new_one(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint
) -> None:
    """Nobody adds to it, holds it or takes it up again."""
    from complaints.aws.desk import line

    granted(monkeypatch)
    run()
    with pytest.raises(ComplaintError):
        line.reopen(NUMBER, "又来反映", staff=QUALITY)
    with pytest.raises(ComplaintError):
        keeping.set_hold(NUMBER, Hold(hold_id="h1", by="mu", at=now(), reason="函"), staff=MU)
    assert closed.person


def test_a_mail_to_an_erased_complaint_begins_a_new_one() -> None:
    """An answer is a complaint of its own; a copy of an old mail waits for a person."""
    deliver(mail())
    first = dossier().complaint
    keys().destroy(first.complaint_id, "r", now())
    erased = Erasure(
        request_id="r", kind=ErasureKind.PERSON, asked_at=now(), begun_at=now(), done_at=now()
    )
    gone = first.replace(erasure=erased, tracking_code="", person="", subject="")
    client("dynamodb").put_item(TableName="ComplaintsTable", Item=complaint_item(gone))
    reply = {"Message_ID": "<b@example.org>", "In_Reply_To": "<a@example.org>"}
    deliver(mail("又来了", **reply), key="inbox/2")
    assert [one.text for one in dossier(2).contacts] == ["又来了"]
    deliver(mail(), key="inbox/3")
    assert set_aside() == ["erased"]
    assert dossier().is_erased


def test_the_sweep_orders_again_what_was_not_done(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint, ordered: list[str]
) -> None:
    """The function died, or was never invoked: it is found."""
    granted(monkeypatch)
    assert ordered == [NUMBER]
    check_limits({}, None)
    assert ordered == [NUMBER]
    set_clock(monkeypatch, now() + timedelta(minutes=30))
    check_limits({}, None)
    assert ordered == [NUMBER, NUMBER]
    assert sortable(closed.received_at)


OTHER = "TS-2026-000009-2"
"""The number of a complaint that nobody erases."""


def test_what_became_of_another_complaint_stays(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint
) -> None:
    """A mail that seemed to be about this one, and objects whose keys only begin alike."""
    assert closed.archive_key
    for name in ("theirs", "abcd"):
        put_object("MAIL_BUCKET", f"inbox/{name}", MAIL)
    client("s3").put_object(Bucket="evidence", Key=f"evidence/{NUMBER}0/1", Body=b"theirs")
    note("inbox/theirs", of=OTHER)
    granted(monkeypatch)
    assert run() == "erased"
    kept = [one["Key"] for one in client("s3").list_object_versions(Bucket="mail")["Versions"]]
    assert kept == ["inbox/abcd", "inbox/theirs"]
    [theirs] = client("s3").list_object_versions(Bucket="evidence")["Versions"]
    assert theirs["Key"] == f"evidence/{NUMBER}0/1"
    assert quarantine.get("inbox/theirs").subject == CANARY


def test_attachments_of_a_mail_go_wherever_it_was_read_before(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint
) -> None:
    """A mail is read before it is set aside, and again when a person adds it."""
    claimed = "mail:<set.aside@example.com>"
    claim = Claim(complaint_id=NUMBER, digest="d", token="t")  # noqa: S106 - no password
    Table.from_env().client.put_item(
        TableName="ComplaintsTable", Item=item(claim_id(claimed), "claim", claim)
    )
    evidence.keep(evidence.folder_of(claimed), "1.png", PHOTO)
    added = evidence.keep("mail-aaaaaaaaaaaaaaaa", "1.png", PHOTO)
    put_object("MAIL_BUCKET", "inbox/set-aside", MAIL)
    original = stored().contacts[0].original
    assert original
    intake.add(
        NUMBER,
        contact(
            contact_id="mail-aaaaaaaaaaaaaaaa",
            message_id="<set.aside@example.com>",
            files=(added,),
            original=original.replace(key="inbox/set-aside"),
        ),
    )
    intake.read_news(NUMBER, staff=QUALITY)
    archive({"complaint_id": NUMBER}, None)
    assert closed.archive_key
    granted(monkeypatch)
    assert run() == "erased"
    for bucket in ("evidence", "mail"):
        assert "Versions" not in client("s3").list_object_versions(Bucket=bucket)


def test_a_copy_with_the_data_of_another_complaint_goes_too(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint
) -> None:
    """The copy lies under the number that it was asked with."""
    assert closed.archive_key
    asked = keeping.new_request("access", "c1", [NUMBER], by="liu", asker="本人", identity="证件")
    keeping.record_request(asked, staff=QUALITY)
    dossier = stored()
    both = dossier.requests[0].replace(complaints=(OTHER, NUMBER))
    Table.from_env().client.put_item(
        TableName="ComplaintsTable",
        Item=filed(NUMBER, "request#c1", both, keys().of(NUMBER)),
    )
    client("s3").put_object(Bucket="evidence", Key=owndata.place(OTHER, "c1"), Body=b"copy")
    granted(monkeypatch)
    assert run() == "erased"
    assert "Versions" not in client("s3").list_object_versions(Bucket="evidence")


def test_what_a_hold_took_back_is_not_granted_by_the_record_of_before(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint
) -> None:
    """A request keeps its number; who grants it after the hold must be asked anew."""
    keeping.record_request(
        keeping.new_request("erase", "q1", [NUMBER], by="complainant"), staff=None
    )
    after_years(monkeypatch)
    check_limits({}, None)
    keeping.propose([NUMBER], "q1", staff=QUALITY)
    keeping.grant([NUMBER], staff=MANAGER)
    agreed = stored().complaint.erasure
    keeping.set_hold(NUMBER, Hold(hold_id="h1", by="mu", at=now(), reason="函"), staff=MU)
    assert run() == "refused"
    keeping.lift_hold(NUMBER, "h1", "结案", staff=MANAGER)
    assert run() == "refused"
    forged = stored().complaint.replace(erasure=agreed)
    client("dynamodb").put_item(TableName="ComplaintsTable", Item=complaint_item(forged))
    assert run() == "refused"
    assert stored().contacts
    assert closed.archive_key


@pytest.mark.parametrize("forged", ["holds", "closed_at"])
def test_a_head_that_says_else_than_the_history_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint, forged: str
) -> None:
    """Holds that somebody wrote away, a closing that somebody wrote back."""
    early = {"holds": 0, "closed_at": now() - timedelta(days=9 * 366)}
    if forged == "holds":
        granted(monkeypatch)
        agreed = stored().complaint.erasure
        keeping.set_hold(NUMBER, Hold(hold_id="h1", by="mu", at=now(), reason="函"), staff=MU)
        head = stored().complaint.replace(erasure=agreed)
    else:
        head = closed.replace(queue=DISPOSAL, dispose_at=now())
    head = head.replace(**{forged: early[forged]})
    client("dynamodb").put_item(TableName="ComplaintsTable", Item=complaint_item(head))
    if forged == "closed_at":
        keeping.propose([NUMBER], "r1", staff=QUALITY)
        keeping.grant([NUMBER], staff=MANAGER)
    assert run() == "refused"
    assert stored().contacts


def test_what_is_uploaded_too_late_goes_as_well(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint, ordered: list[str]
) -> None:
    """A form lives for minutes: what it brings after the end is erased like the rest."""
    assert closed.archive_key
    granted(monkeypatch)
    assert run() == "erased"
    key = f"evidence/{NUMBER}/{'a' * 16}"
    client("s3").put_object(Bucket="evidence", Key=key, Body=PHOTO, Metadata={"door": "web"})
    before = len(ordered)
    event = {"Records": [{"s3": {"object": {"key": key}}}]}
    told = {"messageId": "1", "body": json.dumps(event)}
    assert uploads.take([told]) == {"batchItemFailures": []}
    assert ordered[before:] == [NUMBER]
    assert run() == "erased"
    assert "Versions" not in client("s3").list_object_versions(Bucket="evidence")


def test_nobody_opens_the_ciphers_of_the_archive_any_more(
    monkeypatch: pytest.MonkeyPatch, closed: Complaint
) -> None:
    """Neither with what is left of the key, nor with a new one; and no new one can be made."""
    read = client("s3").get_object(Bucket="archive", Key=closed.archive_key)["Body"].read()
    with zipfile.ZipFile(io.BytesIO(read)) as members:
        [name] = [one for one in members.namelist() if one.endswith(bag.PARTS)]
        rows = [json.loads(line) for line in members.read(name).splitlines()]
    ciphers = {one["part"]: b64decode(one["cipher"]) for one in rows if "cipher" in one}
    key = keys().of(NUMBER)
    assert any(
        CANARY in unpack(decrypt(cipher, key, f"{NUMBER}/{part}")).decode()
        for part, cipher in ciphers.items()
        if part.startswith("contact#")
    )
    granted(monkeypatch)
    assert run() == "erased"
    keys.cache_clear()
    with pytest.raises(KeyDestroyedError):
        keys().of(NUMBER)
    fresh, write = keys().new(NUMBER)
    with pytest.raises(client("dynamodb").exceptions.TransactionCanceledException):
        client("dynamodb").transact_write_items(TransactItems=[write])
    for part, cipher in ciphers.items():
        with pytest.raises(DecryptionError):
            decrypt(cipher, fresh, f"{NUMBER}/{part}")
    again = client("s3").get_object(Bucket="archive", Key=closed.archive_key)["Body"].read()
    assert again == read
