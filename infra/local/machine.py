"""The whole product on one machine, as a context: for `make run`, for each test, for each bench.

Starts the emulator, deploys the template into it, opens the mail listener and the site. Everything
listens on loopback and keeps its files below one folder.
"""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

import boto3
from botocore.config import Config

from infra.local import accounts, deploy, emulator, smtp, snapshots, web
from infra.local.problem import Problem

ROOT = Path(__file__).resolve().parents[2]
MAIL_DOMAIN = "huiyin.localhost"
ORGANISATION = "回音示范服务公司"
BOOT = 60.0
"""Seconds that the emulator may take until it answers; it takes about two."""
OVERLAP = 5.0
"""Seconds before the last save from which mails are announced again."""
STOP = 60.0
"""Seconds that it may take to save and stop."""

Step = Callable[[str], None]
"""Told what begins now, by its id in words.toml."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where the machine listens, always on loopback."""

    site: int
    smtp: int
    emulator: int

    @classmethod
    def free(cls) -> "Ports":
        """Return three ports that nobody uses now."""
        with contextlib.ExitStack() as held:
            sockets = [held.enter_context(socket.socket()) for _ in range(3)]
            for one in sockets:
                one.bind(("127.0.0.1", 0))
            site, mail, aws = (one.getsockname()[1] for one in sockets)
        return cls(site=site, smtp=mail, emulator=aws)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A running product: where it is reached and what it is made of."""

    directory: Path
    ports: Ports
    outputs: Mapping[str, str]
    """The outputs of the stack, by name."""
    emulator: subprocess.Popen[bytes]
    started_in: float
    """Seconds from nothing to the first public page."""

    @property
    def site_url(self) -> str:
        """The address of the pages, public and staff."""
        return f"http://localhost:{self.ports.site}"

    @property
    def endpoint_url(self) -> str:
        """The address of the AWS APIs."""
        return f"http://127.0.0.1:{self.ports.emulator}"

    @property
    def outbox(self) -> Path:
        """The folder of the mails that the system sent."""
        return self.directory / "outbox"

    def client(self, service: str) -> Any:
        """Return a client of an AWS service, with every right."""
        return client(self.ports.emulator, service)

    def environment(self) -> dict[str, str]:
        """Return the variables with which another program reaches these AWS APIs."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": emulator.ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": emulator.ACCESS_KEY,
            "AWS_DEFAULT_REGION": emulator.REGION,
        }


def client(port: int, service: str) -> Any:
    """Return a client of an AWS service in the emulator at this port."""
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id=emulator.ACCESS_KEY,
        aws_secret_access_key=emulator.ACCESS_KEY,
        region_name=emulator.REGION,
        config=Config(retries={"max_attempts": 2}, s3={"addressing_style": "path"}),
    )


@contextlib.contextmanager
def running(
    directory: Path,
    *,
    ports: Ports | None = None,
    parameters: Mapping[str, str] | None = None,
    wait_scale: float = 1.0,
    root: Path = ROOT,
    step: Step = lambda _word: None,
) -> Iterator[Machine]:
    """Run the product with its files in `directory`, from entry to exit; stop cleanly, state saved.

    `parameters` are those of the template, beside the ones that this machine sets. `wait_scale`
    shortens Wait states and the pauses between retries. Raises Problem for what a person can mend.
    """
    began = time.monotonic()
    ports = ports or Ports.free()
    site = f"http://localhost:{ports.site}"
    wanted = {
        "OrganisationName": ORGANISATION,
        "MailDomain": MAIL_DOMAIN,
        "SiteUrl": site,
        # Mail comes in through smtp.py.
        "MailIn": "none",
        "Policy": accounts.POLICY,
        **(parameters or {}),
    }
    with contextlib.ExitStack() as open_now:
        open_now.enter_context(only_one(directory))
        saved_at = _check_state(directory)
        _keep_port(directory, ports.emulator)
        step("step.emulator")
        variables = emulator.environment(directory, ports.emulator, wait_scale=wait_scale)
        process = open_now.enter_context(_emulator(directory, ports, variables))
        step("step.deploy")

        def aws(service: str) -> Any:
            return client(ports.emulator, service)

        reaching = {**variables, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{ports.emulator}"}
        deploy.deploy(aws, root, wanted)
        deploy.fill_gaps(aws, root, wanted["MailDomain"])
        outputs = deploy.outputs(aws)
        accounts.create(aws, reaching, outputs, wanted["Policy"])
        # Otherwise the first page would warn of a check that stopped while the machine was off.
        aws("lambda").invoke(FunctionName=outputs["CheckSlaFunction"], InvocationType="Event")
        step("step.doors")
        if saved_at:
            since = datetime.fromtimestamp(saved_at - OVERLAP, UTC)
            queue = outputs["MailQueueUrl"]
            smtp.announce_again(aws("s3"), aws("sqs"), outputs["MailBucket"], queue, since)
        store = smtp.storing(aws("s3"), outputs["MailBucket"])
        listener = smtp.Listener(ports.smtp, wanted["MailDomain"], store)
        listener.start()
        open_now.callback(listener.stop)
        open_now.enter_context(
            web.Site(ports.site, ports.emulator, outputs["ApiId"], directory / "outbox")
        )
        step("step.page")
        _check_page(site, directory)
        machine = Machine(
            directory=directory, ports=ports, outputs=outputs, emulator=process, started_in=0
        )
        yield replace(machine, started_in=time.monotonic() - began)


def _prepare(directory: Path) -> None:
    for name in ("state", "s3", "outbox"):
        (directory / name).mkdir(exist_ok=True, mode=0o700)
    # Code that the workers of a killed emulator unpacked.
    shutil.rmtree(directory / "tmp", ignore_errors=True)
    (directory / "tmp").mkdir(mode=0o700)


@contextlib.contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Hold the folder, made when it is not there, so that no second machine writes into it."""
    with contextlib.ExitStack() as held:
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = held.enter_context((directory / "process").open("a+"))
        except OSError as error:
            raise Problem("directory.unwritable", directory=directory, reason=error) from error
        _lock(file)
        yield


def _lock(file: TextIO) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        raise Problem("already.running", process=file.read().strip() or "?") from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()


def _check_state(directory: Path) -> float | None:
    """Return when the state was saved; refuse one that a newer emulator wrote."""
    folder = directory / "state" / "snapshots"
    found = snapshots.written_by(folder)
    installed = version("ministack")
    if found and _numbers(found) > _numbers(installed):
        raise Problem("state.newer", directory=directory, version=found, installed=installed)
    return snapshots.saved_at(folder)


def _keep_port(directory: Path, port: int) -> None:
    """Bring the state to the emulator's port, if it was another one the last time."""
    file = directory / "emulator-port"
    if file.exists() and (before := int(file.read_text())) != port:
        snapshots.move_port(directory / "state" / "snapshots", before, port)
    file.write_text(str(port))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


@contextlib.contextmanager
def _emulator(
    directory: Path, ports: Ports, variables: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the emulator; on exit tell it to save and stop, and wait for it."""
    _prepare(directory)
    log = directory / "emulator.log"
    if log.exists():
        log.replace(directory / "emulator.log.1")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.emulator"],
            cwd=ROOT,
            env=dict(variables),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches this program alone, which stops the emulator and its workers in order.
            start_new_session=True,
        )
    try:
        _wait_for_health(process, ports.emulator, log)
        yield process
    finally:
        process.terminate()
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin:
            process.stdin.close()


def _wait_for_health(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + BOOT
    while time.monotonic() < until:
        if process.poll() is not None:
            raise Problem("emulator.died", code=process.returncode, log=log)
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=5),
        ):
            return
        time.sleep(0.05)
    raise Problem("emulator.silent", seconds=BOOT, log=log)


def _check_page(site: str, directory: Path) -> None:
    try:
        with urllib.request.urlopen(f"{site}/", timeout=60) as page:  # noqa: S310 - our own address
            page.read()
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
        raise Problem("page.broken", status=status, log=directory / "emulator.log") from error
