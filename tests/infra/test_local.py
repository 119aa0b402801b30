"""The one-machine mode in its parts: words, ports, saved state, packing, the site in front."""

import http.client
import os
import string
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from infra.local import deploy, package, problem, snapshots
from infra.local.executions import state_to_enter
from infra.local.machine import Ports, only_one
from infra.local.problem import Problem, words
from infra.local.run import chosen_ports
from infra.local.web import MAX_BYTES, Site

# ---- what is said ------------------------------------------------------------------------------


def test_every_word_is_there_in_both_languages_with_the_same_values() -> None:
    """Whoever reads only one of the languages misses nothing."""
    found = tomllib.loads((Path(problem.__file__).parent / "words.toml").read_text())
    values = {
        word: {
            language: {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for language, text in texts.items()
        }
        for word, texts in found.items()
    }
    assert {language for texts in found.values() for language in texts} == {"zh", "en"}
    only_printed_once = {"ready"}
    assert [
        word
        for word, names in values.items()
        if names["zh"] != names["en"] and word not in only_printed_once
    ] == []


# ---- ports and folders -------------------------------------------------------------------------


def test_ports_are_the_usual_ones_unless_variables_name_others() -> None:
    """Two machines on one computer differ by three variables."""
    assert chosen_ports({"HUIYIN_PORT": "9000"}) == Ports(site=9000, smtp=2525, emulator=4566)


@pytest.mark.parametrize("value", ["eighty", "0", "65536", "-1"])
def test_a_port_that_is_none_is_named(value: str) -> None:
    """The variable and its value stand in the sentence."""
    with pytest.raises(Problem, match=f"HUIYIN_SMTP_PORT={value} is not a port"):
        chosen_ports({"HUIYIN_SMTP_PORT": value})


def test_a_second_machine_in_one_folder_is_refused(tmp_path: Path) -> None:
    """Two would write over each other's state."""
    with (
        only_one(tmp_path),
        pytest.raises(Problem, match=rf"already running .*process {os.getpid()}"),
        only_one(tmp_path),
    ):
        pass


# ---- saved state -------------------------------------------------------------------------------


def read(folder: Path) -> dict[str, str]:
    """Return what the current snapshot holds."""
    files = (folder / "current").glob("*.json")
    return {file.stem: file.read_text() for file in files if file.name != snapshots.ABOUT}


def test_a_snapshot_holds_all_files_of_one_instant(tmp_path: Path) -> None:
    """The current one is complete, and what did not change is not written again."""
    snapshots.write(tmp_path, {"s3": "1", "sqs": "1"})
    before = (tmp_path / "current" / "sqs.json").stat().st_ino

    snapshots.write(tmp_path, {"s3": "2", "sqs": "1"})

    assert read(tmp_path) == {"s3": "2", "sqs": "1"}
    assert (tmp_path / "current" / "sqs.json").stat().st_ino == before


def test_nothing_is_written_when_nothing_changed(tmp_path: Path) -> None:
    """An idle machine leaves its disk alone."""
    first = snapshots.write(tmp_path, {"s3": "1"})
    assert snapshots.write(tmp_path, {"s3": "1"}) == first


def test_a_service_not_loaded_in_this_run_keeps_its_state(tmp_path: Path) -> None:
    """Nobody asked it for anything, so its last file is still true."""
    snapshots.write(tmp_path, {"s3": "1", "kms": "1"})
    snapshots.write(tmp_path, {"s3": "2"})
    assert read(tmp_path) == {"s3": "2", "kms": "1"}


def test_a_save_broken_off_in_the_middle_does_not_count(tmp_path: Path) -> None:
    """A hard kill leaves half a folder; the one before stays the current one."""
    snapshots.write(tmp_path, {"s3": "1"})
    (tmp_path / "000002").mkdir()
    (tmp_path / "000002" / "s3.json").write_text("ha")

    assert read(tmp_path) == {"s3": "1"}
    snapshots.write(tmp_path, {"s3": "3"})
    assert read(tmp_path) == {"s3": "3"}


def test_old_snapshots_go_but_the_one_before(tmp_path: Path) -> None:
    """The folder does not grow with the hours."""
    for number in range(6):
        snapshots.write(tmp_path, {"s3": str(number)})
    assert len([path for path in tmp_path.iterdir() if path.name.isdigit()]) == 2


def test_an_execution_goes_on_in_the_state_that_it_was_in() -> None:
    """Its last entered state, with the input that it entered with."""
    entered = [
        {"stateEnteredEventDetails": {"name": "Classify", "input": '{"complaint_id": "1"}'}},
        {"type": "TaskScheduled"},
        {"stateEnteredEventDetails": {"name": "Approve", "input": '{"complaint_id": "2"}'}},
        {"type": "TaskScheduled"},
    ]
    execution = {"events": entered, "input": "{}"}
    assert state_to_enter(execution) == ("Approve", {"complaint_id": "2"})
    assert state_to_enter({"events": [], "input": "{}"}) == (None, {})


def test_the_digest_of_a_deployment_follows_what_is_deployed(tmp_path: Path) -> None:
    """Templates, functions and parameters count; compiled leftovers do not."""
    function = tmp_path / "functions" / "classify"
    (function / "__pycache__").mkdir(parents=True)
    (tmp_path / "infra").mkdir()
    (tmp_path / "template.yaml").write_text("a")
    (function / "handler.py").write_text("a")
    first = deploy.digest(tmp_path, {"SiteUrl": "x"})

    (function / "__pycache__" / "handler.pyc").write_text("new")
    assert deploy.digest(tmp_path, {"SiteUrl": "x"}) == first
    assert deploy.digest(tmp_path, {"SiteUrl": "y"}) != first
    (function / "handler.py").write_text("b")
    assert deploy.digest(tmp_path, {"SiteUrl": "x"}) != first


def test_a_template_is_packed_as_it_is_written(tmp_path: Path) -> None:
    """The short functions come in their long form; everything else says what it said."""
    template = tmp_path / "template.yaml"
    template.write_text("A: !Sub ['${x}', {x: !GetAtt B.Outputs.C}]\nD: !If [Own, !Ref E, 'on']\n")
    assert package.read(template) == {
        "A": {"Fn::Sub": ["${x}", {"x": {"Fn::GetAtt": ["B", "Outputs.C"]}}]},
        "D": {"Fn::If": ["Own", {"Ref": "E"}, "on"]},
    }


def test_the_same_code_gives_the_same_package(tmp_path: Path) -> None:
    """Otherwise every start would deploy every function anew."""
    handler = tmp_path / "handler.py"
    handler.write_text("x = 1")
    first = package.zipped(tmp_path)
    os.utime(handler, (0, 0))
    assert package.zipped(tmp_path) == first


# ---- the site ----------------------------------------------------------------------------------


class Api(BaseHTTPRequestHandler):
    """An HTTP API that remembers what it was asked; /slow waits until it is let go."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[tuple[str, str, dict[str, str], bytes]]] = []
    let_go: ClassVar[threading.Event] = threading.Event()

    def do_POST(self) -> None:
        """Remember, and answer with two cookies and a redirect."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.command, self.path, dict(self.headers.items()), body))
        if self.path == "/slow":
            self.let_go.wait(30)
        self.send_response(303)
        for name, value in (("Location", "/x"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")):
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_GET = do_POST  # noqa: N815 - the base's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[http.client.HTTPConnection]:
    """Give a connection to a site in front of the API."""
    Api.asked.clear()
    ports = Ports.free()
    api = ThreadingHTTPServer(("127.0.0.1", ports.emulator), Api)
    threading.Thread(target=api.serve_forever, daemon=True).start()
    connection = http.client.HTTPConnection("127.0.0.1", ports.site, timeout=10)
    with Site(ports.site, ports.emulator, "abcd1234", tmp_path):
        yield connection
    connection.close()
    api.shutdown()
    api.server_close()


def test_the_site_passes_everything_on(site: http.client.HTTPConnection) -> None:
    """Method, path, query, headers, cookies and body; back come status, headers and body."""
    sent = {"Cookie": "s=1", "X-Forwarded-For": "forged", "Connection": "keep-alive"}
    site.request("POST", "/a%20b?x=%E4%BD%A0", "内容".encode(), sent)
    response = site.getresponse()

    [(method, path, headers, body)] = Api.asked
    assert (method, path, body) == ("POST", "/a%20b?x=%E4%BD%A0", "内容".encode())
    assert headers["Host"].startswith("abcd1234.execute-api.localhost:")
    assert (headers["Cookie"], headers["X-Forwarded-For"]) == ("s=1", "127.0.0.1")
    assert (response.status, response.headers.get_all("Set-Cookie")) == (303, ["a=1", "b=2"])
    assert (response.headers["Location"], response.read()) == ("/x", b"ok")


def test_a_slow_page_holds_nobody_else_up(site: http.client.HTTPConnection) -> None:
    """Each request has a thread of its own."""
    slow = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    slow.request("GET", "/slow")
    site.request("GET", "/")
    answered_meanwhile = site.getresponse().read()
    Api.let_go.set()
    slow.getresponse().read()
    slow.close()
    assert answered_meanwhile == b"ok"


def test_a_body_too_large_is_refused_unread(site: http.client.HTTPConnection) -> None:
    """As the HTTP API does, which takes ten megabytes."""
    site.putrequest("POST", "/")
    site.putheader("Content-Length", str(MAX_BYTES + 1))
    site.endheaders()
    response = site.getresponse()
    assert (response.status, response.read()) == (413, words("site.size").encode())


def test_the_site_says_when_nobody_answers(tmp_path: Path) -> None:
    """A sentence and 502, never a trace."""
    ports = Ports.free()
    with Site(ports.site, ports.emulator, "abcd1234", tmp_path):
        connection = http.client.HTTPConnection("127.0.0.1", ports.site, timeout=10)
        connection.request("GET", "/")
        response = connection.getresponse()
        answer = response.status, response.read()
        connection.close()
    assert answer == (502, words("site.down").encode())
