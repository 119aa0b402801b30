"""A small authority of time stamps (RFC 3161), made with `openssl ts`, for tests."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = Authority of a test
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[stamps]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = here
[here]
serial = {place}/serial
crypto_device = builtin
signer_cert = {place}/stamps.pem
signer_key = {place}/stamps.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """Its address, its root certificate in PEM, and how it behaves."""

    place: Path
    url: str = ""
    root: bytes = b""
    status: int = 200
    answer: bytes | None = None
    """What it answers whatever it is asked; None to do its work."""
    asked: list[bytes] = field(default_factory=list)

    def stamp(self, query: bytes) -> bytes:
        """Return the answer to a request, both DER."""
        self.asked.append(query)
        (self.place / "query.tsq").write_bytes(query)
        run(self.place, "ts", "-reply", "-config", "openssl.cnf", "-queryfile", "query.tsq",
            "-out", "answer.tsr")  # fmt: skip
        return (self.place / "answer.tsr").read_bytes()


def is_possible() -> bool:
    """Return whether openssl is on this machine."""
    return shutil.which("openssl") is not None


def run(place: Path, *words: str) -> str:
    """Run openssl in a folder; return what it says."""
    done = subprocess.run(
        ["openssl", *words], cwd=place, capture_output=True, text=True, check=True, timeout=60
    )  # fmt: skip
    return done.stdout + done.stderr


@contextmanager
def authority(place: Path) -> Iterator[Authority]:
    """Run an authority on this machine, as long as the context is open."""
    made = make(place)

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            answer = made.stamp(query) if made.answer is None else made.answer
            self.send_response(made.status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make(place: Path) -> Authority:
    """Make the keys and certificates of an authority in a folder."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "openssl.cnf").write_text(CONFIG.format(place=place))
    (place / "serial").write_text("01")
    config = ("-config", "openssl.cnf")
    for name in ("root", "stamps"):
        run(place, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-out", f"{name}.key")  # fmt: skip
    run(place, "req", "-x509", *config, "-key", "root.key", "-out", "root.pem", "-days", "3650",
        "-extensions", "root", "-subj", "/CN=Root of a test")  # fmt: skip
    run(place, "req", "-new", *config, "-key", "stamps.key", "-out", "stamps.csr")
    run(place, "x509", "-req", "-in", "stamps.csr", "-CA", "root.pem", "-CAkey", "root.key",
        "-CAcreateserial", "-out", "stamps.pem", "-days", "3650", "-extfile", "openssl.cnf",
        "-extensions", "stamps")  # fmt: skip
    return Authority(place=place, root=(place / "root.pem").read_bytes())
