"""Mail by IMAP from a real server: each mail once, bit for bit, whatever ends a run in between."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from complaints.aws import mailbox
from complaints.aws.desk import mails as desk
from complaints.aws.items import key_of
from complaints.aws.runtime import client
from functions.fetch_mail.handler import handler
from tests.conftest import ENVIRONMENT
from tests.kept import refuse, set_clock
from tests.mail_servers import (
    HOST,
    PASSWORD,
    USER,
    Certificate,
    Mailserver,
    certificate,
    imap_server,
)

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
SEEN = b"\\Seen"
SECRET = "/huiyin/imap"  # noqa: S105 - the name of one

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Make the certificate of the server."""
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server(
    served: Certificate, tables: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Mailserver]:
    """Run a server with an empty mailbox, read by the function as deployed."""
    del tables
    monkeypatch.setenv("SSL_CERT_FILE", str(served.certificate))
    client("ssm").put_parameter(Name=SECRET, Value=PASSWORD, Type="SecureString")
    with imap_server(served) as running:
        deploy(monkeypatch, running.port)
        handler({}, None)  # the first run leaves alone what was read before
        yield running


def deploy(monkeypatch: pytest.MonkeyPatch, port: int, **others: str) -> None:
    """Give the function its variables."""
    usual = {
        "IMAP_HOST": HOST,
        "IMAP_PORT": str(port),
        "IMAP_USER": USER,
        "IMAP_SECRET": SECRET,
        "IMAP_FOLDER": "INBOX",
    }
    for name, value in {**usual, **others}.items():
        monkeypatch.setenv(name, value)


def mails(size: int) -> list[bytes]:
    """Return as many different mails: Chinese, raw bytes of other charsets, broken, large."""
    bodies = [
        "电梯又坏了，请尽快处理。\r\n".encode(),
        "电梯又坏了\r\n".encode("gb18030"),
        bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"") + b"\r\n",
        b"* OK [UIDVALIDITY 7] not for you\r\n)\r\nA001 BAD no\r\n",
        b"no end of the line",
        b"\r\n.\r\n..\r\n" + b"x" * 300_000 + b"\r\n",
    ]
    head = "From: =?utf-8?b?5p2O5aic?= <lina@example.com>\r\nSubject: 投诉 {}\r\n\r\n"
    return [head.format(n).encode() + bodies[n % len(bodies)] for n in range(size)]


def stored() -> dict[str, bytes]:
    """Return key -> bytes of every mail in the bucket."""
    s3 = client("s3")
    found = s3.list_objects_v2(Bucket=ENVIRONMENT["MAIL_BUCKET"]).get("Contents", [])
    return {
        one["Key"]: s3.get_object(Bucket=ENVIRONMENT["MAIL_BUCKET"], Key=one["Key"])["Body"].read()
        for one in found
    }


def versions() -> int:
    """Return how often an object was written."""
    found = client("s3").list_object_versions(Bucket=ENVIRONMENT["MAIL_BUCKET"])
    return len(found.get("Versions", []))


def counted(capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Return the names of what was counted for the alarms since the last look."""
    lines = [json.loads(one) for one in capsys.readouterr().out.splitlines() if "_aws" in one]
    return {
        metric["Name"]
        for line in lines
        for of in line["_aws"]["CloudWatchMetrics"]
        for metric in of["Metrics"]
    }


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return all that the log holds, with every field."""
    return str([vars(record) for record in caplog.records])


def fail(monkeypatch: pytest.MonkeyPatch, uid: int, error: Exception, *, what: str) -> None:
    """Let the server fail on one mail, at the command that asks for `what`."""
    fetch = IMAPClient.fetch

    def failing(self: IMAPClient, uids: list[int], data: list[str]) -> object:
        if uids == [uid] and data == [what]:
            raise error
        return fetch(self, uids, data)

    monkeypatch.setattr(IMAPClient, "fetch", failing)


def uids(server: Mailserver) -> list[int]:
    """Return the numbers of the mails in the mailbox."""
    with server.visit() as opened:
        return sorted(opened.search("ALL"))


# ---- each once, as it is -------------------------------------------------------------------


def test_thirty_mails_arrive_bit_for_bit_and_once(server: Mailserver) -> None:
    """Over three runs, into the folder that the queue watches."""
    client("s3").put_bucket_versioning(
        Bucket=ENVIRONMENT["MAIL_BUCKET"], VersioningConfiguration={"Status": "Enabled"}
    )
    sent = mails(30)
    server.put(*sent)
    assert handler({}, None) == {"stored": 30}
    assert handler({}, None) == {}
    assert handler({}, None) == {}
    assert sorted(stored().values()) == sorted(sent)
    assert all(key.startswith("inbox/imap-") for key in stored())
    assert {key.rpartition("-")[2] for key in stored()} == {
        hashlib.sha256(one).hexdigest() for one in sent
    }
    assert versions() == 30
    assert server.flags() == [{SEEN}] * 30


def test_what_a_person_has_read_is_fetched_all_the_same(server: Mailserver) -> None:
    """A look at the mailbox must lose no mail."""
    server.put(*mails(2), flags=[SEEN])
    assert handler({}, None) == {"stored": 2}


def test_what_was_read_before_the_first_run_is_left_alone(
    server: Mailserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old mailbox does not become a hundred complaints; what nobody has read does."""
    old, new = mails(2)
    server.put(old, folder="Old", flags=[SEEN])
    server.put(new, folder="Old")
    monkeypatch.setenv("IMAP_FOLDER", "Old")
    assert handler({}, None) == {"stored": 1}
    assert list(stored().values()) == [new]


def test_a_run_is_bounded_and_the_next_goes_on(
    server: Mailserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By number and by time; nothing is left out."""
    server.put(*mails(7))
    monkeypatch.setattr(mailbox, "MOST", 3)
    assert [handler({}, None) for _ in range(4)] == [
        {"stored": 3},
        {"stored": 3},
        {"stored": 1},
        {},
    ]
    server.put(*mails(9)[7:])
    monkeypatch.setattr(mailbox, "SECONDS", -1.0)
    assert handler({}, None) == {}
    monkeypatch.setattr(mailbox, "SECONDS", 40.0)
    assert handler({}, None) == {"stored": 2}


def test_the_arrival_in_the_mailbox_is_kept(server: Mailserver) -> None:
    """It is what limits count from, however late the mail was fetched."""
    arrived = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
    server.put(*mails(1), msg_time=arrived)
    handler({}, None)
    (key,) = stored()
    head = client("s3").head_object(Bucket=ENVIRONMENT["MAIL_BUCKET"], Key=key)
    assert head["Metadata"] == {"arrived-at": "2026-11-21T08:30:00Z"}


@pytest.mark.parametrize(
    ("late", "counts"),
    [(timedelta(hours=9), True), (timedelta(days=15), False), (timedelta(hours=-9), False)],
)
def test_a_limit_counts_from_the_arrival_in_the_mailbox(
    server: Mailserver, *, late: timedelta, counts: bool
) -> None:
    """Unless that is weeks ago or still to come: then from when we had it."""
    now = datetime.now(UTC).replace(microsecond=0)
    server.put(mails(1)[0], msg_time=now - late)
    handler({}, None)
    (key,) = stored()
    found = desk.fetch(key)
    assert found.delivered == (now - late if counts else found.arrived)


# ---- whatever ends a run -------------------------------------------------------------------


def test_a_crash_between_storing_and_marking_does_both_again(
    server: Mailserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object is there already, and is not written again; the mark is made."""
    server.put(*mails(1))
    with monkeypatch.context() as broken:
        broken.setattr(mailbox, "mark", crash)
        with pytest.raises(KeyboardInterrupt):
            handler({}, None)
    assert (len(stored()), server.flags()) == (1, [set()])
    before = client("s3").list_objects_v2(Bucket="mail")["Contents"]
    set_clock(monkeypatch, datetime.now(UTC) + timedelta(minutes=2))
    assert handler({}, None) == {"known": 1}
    assert client("s3").list_objects_v2(Bucket="mail")["Contents"] == before
    assert server.flags() == [{SEEN}]


def crash(*_: object) -> None:
    """End the function where it stands."""
    raise KeyboardInterrupt


def test_a_mail_that_the_server_fails_on_blocks_no_other(
    server: Mailserver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is tried again, later each time; after ten tries a person is told, and sees its flag."""
    server.put(*mails(3))
    bad = uids(server)[1]
    fail(
        monkeypatch,
        bad,
        IMAPClientError("NO [SERVERBUG] oops lina@example.com"),
        what="BODY.PEEK[]",
    )
    assert handler({}, None) == {"stored": 2, "failed": 1}
    assert handler({}, None) == {}  # not yet again
    at, outcomes = datetime.now(UTC), []
    for _ in range(12):
        at += timedelta(hours=5)
        set_clock(monkeypatch, at)
        outcomes.append(handler({}, None))
    assert outcomes == [{"failed": 1}] * 9 + [{"given_up": 1}, {}, {}]
    assert "MailNotFetched" in counted(capsys)
    assert server.flags() == [{SEEN}, {b"\\Flagged"}, {SEEN}]


def test_a_mail_that_breaks_the_connection_comes_last_in_the_next_run(
    server: Mailserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run ends with it; the mails after it come with the next."""
    server.put(*mails(3))
    fail(monkeypatch, uids(server)[0], ConnectionResetError(), what="BODY.PEEK[]")
    assert handler({}, None) == {"failed": 1}
    assert handler({}, None) == {"stored": 2}


def test_too_large_a_mail_is_left_for_a_person(
    server: Mailserver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is flagged and an alarm rings; it is never loaded."""
    monkeypatch.setattr(mailbox, "LARGEST", 1000)
    server.put(*mails(6))
    capsys.readouterr()
    assert handler({}, None) == {"stored": 5, "too_large": 1}
    assert {"MailNotFetched", "MailboxRead"} <= counted(capsys)
    assert server.flags()[-1] == {b"\\Flagged"}
    assert handler({}, None) == {}


def test_a_mail_that_a_person_moved_away_is_no_fault(
    server: Mailserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listed, then gone: the others are fetched, and the next run sees that it is gone."""
    server.put(*mails(3))
    listed = mailbox.listed

    def then_deleted(*asked: object) -> object:
        place = listed(*asked)  # type: ignore[arg-type]
        with server.visit() as opened:
            opened.delete_messages(opened.search("ALL")[:1])
            opened.expunge()
        return place

    monkeypatch.setattr(mailbox, "listed", then_deleted)
    assert handler({}, None)["stored"] == 2
    monkeypatch.setattr(mailbox, "listed", listed)
    set_clock(monkeypatch, datetime.now(UTC) + timedelta(minutes=2))
    assert handler({}, None) == {"gone": 1}


def test_two_runs_at_once_store_each_mail_once(
    server: Mailserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second comes while the first has only listed; whoever writes its place last."""
    server.put(*mails(3))
    listed, outcomes = mailbox.listed, []

    def overtaken(*asked: object) -> object:
        place = listed(*asked)  # type: ignore[arg-type]
        monkeypatch.setattr(mailbox, "listed", listed)
        outcomes.append(handler({}, None))
        return place

    monkeypatch.setattr(mailbox, "listed", overtaken)
    outcomes.append(handler({}, None))
    assert outcomes == [{"stored": 3}, {"known": 3}]
    assert len(stored()) == 3
    assert handler({}, None) == {}


def test_what_our_own_storage_does_not_take_is_no_try(server: Mailserver) -> None:
    """The run fails, which is heard of; the mail is fetched by the next one."""
    server.put(*mails(2))
    refuse("s3", "PutObject", "SlowDown")
    with pytest.raises(client("s3").exceptions.ClientError):
        handler({}, None)
    assert handler({}, None) == {"stored": 2}


def test_a_folder_with_new_numbers_is_read_again_and_nothing_stored_twice(
    server: Mailserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UIDVALIDITY changed: what is known by its bytes stays known, what is new is new."""
    first, second, third = mails(3)
    monkeypatch.setenv("IMAP_FOLDER", "Complaints")
    server.put(first, second, folder="Complaints")
    assert handler({}, None) == {"stored": 2}
    with server.visit() as opened:
        opened.delete_folder("Complaints")
    server.put(first, folder="Complaints", flags=[SEEN])
    server.put(third, folder="Complaints", flags=[SEEN])
    assert handler({}, None) == {"known": 1, "stored": 1}
    assert sorted(stored().values()) == sorted([first, second, third])
    assert handler({}, None) == {}


def test_mails_are_moved_where_the_deployment_says_so(
    server: Mailserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into a folder that is made for it; its name may be Chinese."""
    monkeypatch.setenv("IMAP_DONE_FOLDER", "已登记")
    server.put(*mails(2))
    assert handler({}, None) == {"stored": 2}
    assert server.flags() == []
    assert server.flags("已登记") == [{SEEN}, {SEEN}]


def test_a_server_without_move_gets_a_copy_and_expunges_this_mail_alone(
    server: Mailserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody else has marked as deleted stays."""
    monkeypatch.setenv("IMAP_DONE_FOLDER", "Done")
    server.put(b"Subject: kept\r\n\r\n", flags=[b"\\Deleted"])
    handler({}, None)
    monkeypatch.setattr(mailbox, "MOVE", "NO-SUCH-THING")
    server.put(b"Subject: a\r\n\r\n", flags=[b"\\Deleted"])
    server.put(b"Subject: b\r\n\r\n")
    fail(monkeypatch, uids(server)[0], IMAPClientError("NO"), what="BODY.PEEK[]")
    assert handler({}, None) == {"failed": 1, "stored": 1}
    assert server.flags() == [{b"\\Deleted"}]


# ---- the account ---------------------------------------------------------------------------


def test_a_wrong_password_is_counted_and_not_tried_every_minute(
    server: Mailserver,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nor does it, or any part of it, come into the log; once it is right, all goes on."""
    wrong = f"wrong-{PASSWORD}"
    client("ssm").put_parameter(Name=SECRET, Value=wrong, Overwrite=True)
    server.put(*mails(1))
    capsys.readouterr()
    assert handler({}, None) == {"failed": 1}
    assert counted(capsys) == {"MailboxRefused"}
    assert "'doing': 'sign_in'" in logged(caplog)
    assert "AUTHENTICATIONFAILED" in logged(caplog)
    assert PASSWORD not in logged(caplog)
    assert USER not in logged(caplog)
    assert handler({}, None) == {"waits": 1}
    client("ssm").put_parameter(Name=SECRET, Value=PASSWORD, Overwrite=True)
    set_clock(monkeypatch, datetime.now(UTC) + timedelta(minutes=17))
    assert handler({}, None) == {"stored": 1}


def test_a_run_that_succeeds_is_counted(
    server: Mailserver, capsys: pytest.CaptureFixture[str]
) -> None:
    """An alarm rings where this count is missing for long."""
    del server
    capsys.readouterr()
    handler({}, None)
    assert counted(capsys) == {"MailboxRead"}


def test_a_certificate_that_nobody_trusts_is_refused(
    server: Mailserver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """No password is sent there."""
    del server
    monkeypatch.delenv("SSL_CERT_FILE")
    assert handler({}, None) == {"failed": 1}
    assert "SSLCertVerificationError" in logged(caplog)


def test_a_certificate_of_another_host_is_refused(
    tables: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Trusted or not: it must name the host that was asked for."""
    del tables
    other = certificate(tmp_path, "imap.example.org")
    monkeypatch.setenv("SSL_CERT_FILE", str(other.certificate))
    with imap_server(other) as running:
        deploy(monkeypatch, running.port)
        assert handler({}, None) == {"failed": 1}
    assert "SSLCertVerificationError" in logged(caplog)


@pytest.mark.parametrize("offered", [True, False])
def test_starttls_is_used_or_nothing_is(
    offered: bool,  # noqa: FBT001 - a parameter of the test
    served: Certificate,
    tables: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A server that does not offer it gets no password."""
    del tables
    monkeypatch.setenv("SSL_CERT_FILE", str(served.certificate))
    client("ssm").put_parameter(Name=SECRET, Value=PASSWORD, Type="SecureString")
    signed_in: list[str] = []
    login = IMAPClient.login

    def noted(self: IMAPClient, user: str, password: str) -> object:
        signed_in.append(user)
        return login(self, user, password)

    monkeypatch.setattr(IMAPClient, "login", noted)
    with imap_server(served, starttls=True) as running:
        deploy(monkeypatch, running.port)
        monkeypatch.setattr(mailbox, "STARTTLS_PORTS", frozenset({running.port}))
        if not offered:
            has = IMAPClient.has_capability
            monkeypatch.setattr(
                IMAPClient,
                "has_capability",
                lambda self, name: name != "STARTTLS" and has(self, name),
            )
        found = handler({}, None)
    assert (found, len(signed_in)) == (({}, 1) if offered else ({"failed": 1}, 0))
    assert ("CapabilityError" in logged(caplog)) == (not offered)


def test_its_place_is_the_only_thing_that_it_keeps_in_the_table(server: Mailserver) -> None:
    """Numbers and instants under the digest of the account; the role allows no other key."""
    server.put(*mails(2))
    handler({}, None)
    found = client("dynamodb").scan(TableName="ComplaintsTable")["Items"]
    part = mailbox.Account.from_env().part
    assert [(one["complaint_id"]["S"], one["part"]["S"]) for one in found] == [("mailbox", part)]
    kept = json.loads(found[0]["document"]["S"])
    assert set(kept) == {"uid_validity", "reached", "listed_at"}
    assert key_of("mailbox", part)
