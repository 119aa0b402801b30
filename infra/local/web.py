"""One stable address for the pages: hands every request to the product's HTTP API in the emulator.

On AWS this is the API's own address or a domain in front of it. Here the API's address changes with
every new stack and needs a name that not every resolver knows, so this server stands in front and
passes requests and answers on as they are. `/mailbox` is its own: the mails that the system sent.
"""

import http.client
import logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import ClassVar, Self

from infra.local import mailbox
from infra.local.problem import words

MAX_BYTES = 10 * 1024 * 1024
"""The largest request that an HTTP API takes; files go to the bucket directly."""
PATIENCE = 35
"""Seconds until an answer must be there: an HTTP API waits 30."""
# These belong to one connection, not to the message (RFC 9110 7.6.1).
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

log = logging.getLogger(__name__)


class Site:
    """The server, as a context: listens on loopback from entry to exit."""

    def __init__(self, port: int, emulator_port: int, api_id: str, outbox: Path) -> None:
        handler = type(
            "Handler",
            (_Handler,),
            {
                "emulator_port": emulator_port,
                "api_host": f"{api_id}.execute-api.localhost:{emulator_port}",
                "port": port,
                "outbox": outbox,
            },
        )
        self._server = _Server(("127.0.0.1", port), handler)

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, name="site", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A browser opens six connections for each of its windows, all at once.
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 75
    emulator_port: ClassVar[int]
    api_host: ClassVar[str]
    port: ClassVar[int]
    outbox: ClassVar[Path]

    def answer(self) -> None:
        """Answer one request, whatever its method."""
        try:
            if mailbox.is_here(self.path):
                self._send(*mailbox.answer(self.command, self.path, self.outbox))
            else:
                self._pass_on()
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            # The browser went away; nobody is left to tell.
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

    def _pass_on(self) -> None:
        size = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not size.isdigit():
            self._refuse(411, "site.length")
            return
        if int(size) > MAX_BYTES:
            self._refuse(413, "site.size")
            return
        body = self.rfile.read(int(size))
        upstream = http.client.HTTPConnection("127.0.0.1", self.emulator_port, timeout=PATIENCE)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self._headers_for_the_api():
                upstream.putheader(name, value)
            upstream.endheaders(body or None)
            response = upstream.getresponse()
            self._send(response.status, response.getheaders(), response.read())
        except (ConnectionRefusedError, http.client.HTTPException, TimeoutError) as error:
            log.warning("no answer to %s %s: %r", self.command, self.path, error)
            self._refuse(502, "site.down")
        finally:
            upstream.close()

    def _headers_for_the_api(self) -> list[tuple[str, str]]:
        kept = [
            (name, value)
            for name, value in self.headers.items()
            if name.lower() not in HOP_BY_HOP
            and not name.lower().startswith(("host", "x-forwarded-"))
        ]
        return [
            ("Host", self.api_host),
            *kept,
            ("X-Forwarded-For", str(self.client_address[0])),
            ("X-Forwarded-Port", str(self.port)),
            ("X-Forwarded-Proto", "http"),
        ]

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        if status not in {204, 304}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refuse(self, status: int, word: str) -> None:
        # What is left of the request is not read, so the connection can't serve another one.
        self.close_connection = True
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")]
        self._send(status, headers, words(word).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Write requests to the log, not to the screen."""
        log.info(format, *args)
