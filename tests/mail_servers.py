"""Real mail servers on loopback: IMAP (pymap) and SMTP (aiosmtpd), with TLS and accounts."""

import asyncio
import ipaddress
import socket
import ssl
import threading
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from imapclient import IMAPClient
from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer
from pysasl.hashing import BuiltinHash

HOST = "127.0.0.1"
USER = "complaints@example.com"
PASSWORD = "授权码-7f3a".encode().hex()
"""Nothing that could be in a log by chance."""


class Certificate(NamedTuple):
    """A certificate that signs itself, and its key."""

    certificate: Path
    key: Path

    def serving(self) -> ssl.SSLContext:
        """Return the TLS of a server."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.certificate, self.key)
        return tls

    def trusting(self) -> ssl.SSLContext:
        """Return the TLS of a client that trusts it."""
        return ssl.create_default_context(cafile=str(self.certificate))


def certificate(folder: Path, name: str = HOST) -> Certificate:
    """Make a certificate for a host."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    alternative: x509.GeneralName = (
        x509.IPAddress(ipaddress.ip_address(name)) if name == HOST else x509.DNSName(name)
    )
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    found = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    found.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    found.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return found


# ---- IMAP ----------------------------------------------------------------------------------


class Mailserver(NamedTuple):
    """A running IMAP server, and how a person or a sender reaches it."""

    port: int
    certificate: Certificate

    @contextmanager
    def visit(self, folder: str = "INBOX") -> Iterator[IMAPClient]:
        """Open a folder as a person does with a mail program of their own."""
        with IMAPClient(HOST, self.port, ssl_context=self.certificate.trusting()) as found:
            found.login(USER, PASSWORD)
            if not found.folder_exists(folder):
                found.create_folder(folder)
            found.select_folder(folder)
            yield found

    def put(self, *mails: bytes, folder: str = "INBOX", **how: Any) -> None:  # noqa: ANN401 - APPEND's
        """Let mails arrive."""
        with self.visit(folder) as opened:
            for mail in mails:
                opened.append(folder, mail, **how)

    def flags(self, folder: str = "INBOX") -> list[set[bytes]]:
        """Return the flags of each mail, in the order of arrival."""
        with self.visit(folder) as opened:
            found = opened.get_flags(opened.search("ALL"))
            return [set(of) - {b"\\Recent"} for _, of in sorted(found.items())]


@contextmanager
def imap_server(served: Certificate, *, starttls: bool = False) -> Iterator[Mailserver]:
    """Run an IMAP server with one account: TLS from the start, or offered after it."""
    loop, ready, port = asyncio.new_event_loop(), threading.Event(), [0]
    stop = asyncio.Event()

    async def serve() -> None:
        args = Namespace(
            passlib_cfg=None,
            proxy_protocol=None,
            host=HOST,
            port=0,
            debug=False,
            cert=served.certificate,
            key=served.key,
            tls=starttls,
            demo_data=False,
            demo_user=USER,
            demo_password=PASSWORD,
        )
        backend, config = await DictBackend.init(
            args, invalid_user_sleep=0.0, hash_context=BuiltinHash(rounds=1)
        )
        config.apply_context()
        answers = IMAPServer(backend.login, config)
        visits: set[Any] = set()

        async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # Nothing else holds a visit while it waits: it would be collected in the middle.
            visits.add(asyncio.current_task())
            await answers(reader, writer, SocketInfoLocal(writer, unique_id=uuid4().bytes))
            visits.discard(asyncio.current_task())

        tls = None if starttls else served.serving()
        server = await asyncio.start_server(visited, HOST, 0, ssl=tls, limit=2**22)
        port[0] = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    if not ready.wait(60):
        raise TimeoutError("the IMAP server does not start")
    try:
        yield Mailserver(port[0], served)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


# ---- SMTP ----------------------------------------------------------------------------------


@dataclass
class Postbox:
    """What an SMTP server took, and what it answers to whom."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    """Recipient -> what is answered to RCPT; `DATA` -> to the letter itself."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Answer for one recipient."""
        said = self.answers.get(address, "250 OK")
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Answer for the letter; nothing is taken of who did not sign in."""
        if not session.authenticated:
            return "530 5.7.0 Sign in first"
        said = self.answers.get("DATA", "250 OK")
        if said.startswith("250"):
            self.taken.append(envelope)
        return said


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


@contextmanager
def smtp_server(
    served: Certificate, *, tls: bool = True, starttls: bool = False
) -> Iterator[Postbox]:
    """Run an SMTP server with one account: TLS from the start, or offered after it, or neither."""
    postbox = Postbox()

    def sign_in(*asked: Any) -> AuthResult:  # noqa: ANN401 - aiosmtpd's five
        given = asked[-1]
        known = LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=given == known, handled=False)

    controller = Controller(
        postbox,
        hostname=HOST,
        port=free_port(),
        ready_timeout=60.0,
        ssl_context=served.serving() if tls else None,
        tls_context=served.serving() if starttls else None,
        require_starttls=starttls,
        authenticator=sign_in,
        auth_required=starttls,
        auth_require_tls=starttls,
    )
    controller.start()
    postbox.port = controller.port
    try:
        yield postbox
    finally:
        controller.stop()
