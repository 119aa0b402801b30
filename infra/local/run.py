"""`make run`: the whole product on this machine until Ctrl-C, in words that say what to try."""

import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from complaints.policy import load, names
from infra.local import accounts
from infra.local.machine import MAIL_DOMAIN, ROOT, Machine, Ports, only_one, running
from infra.local.problem import Problem, words

USUAL = {
    "site": ("HUIYIN_PORT", 8080),
    "smtp": ("HUIYIN_SMTP_PORT", 2525),
    "emulator": ("HUIYIN_EMULATOR_PORT", 4566),
}
"""For each port the variable that names another one, and the usual one."""


def main() -> NoReturn:
    """Run until Ctrl-C, and say in words what is wrong if it can't."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # SIGINT too: a shell starts what it puts into the background with SIGINT ignored.
        signal.signal(number, signal.default_int_handler)
    try:
        policy = chosen_policy(os.environ)
        directory = _directory(os.environ, policy)
        ports = chosen_ports(os.environ)
        with only_one(directory):
            # Said before anything is started.
            _check_ports(ports)
        logging.basicConfig(filename=directory / "run.log", level=logging.INFO)
        # It would write down who mails whom.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        parameters = {"Policy": policy}
        with running(directory, ports=ports, parameters=parameters, step=_Progress()) as machine:
            print(_welcome(machine, policy), flush=True)
            _wait(machine)
    except KeyboardInterrupt:
        print(f"\n{words('stopped')}")
        sys.exit(0)
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        sys.exit(1)
    sys.exit(0)


class _Progress:
    """Says on the screen what begins, and since when."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def __call__(self, word: str) -> None:
        zh, en = words(word).splitlines()
        print(f"[{time.monotonic() - self.began:5.1f} s] {zh} · {en}", flush=True)


def _wait(machine: Machine) -> None:
    """Wait for Ctrl-C; raise Problem when the emulator stops before."""
    try:
        code = machine.emulator.wait()
    except KeyboardInterrupt:
        print(f"\n{words('stopping')}", flush=True)
        raise
    raise Problem("emulator.died", code=code, log=machine.directory / "emulator.log")


def chosen_policy(variables: Mapping[str, str]) -> str:
    """Return the policy that HUIYIN_POLICY names, or the usual one; raise Problem for none."""
    policy = variables.get("HUIYIN_POLICY", "").strip() or accounts.POLICY
    if policy not in names():
        raise Problem("policy.wrong", value=policy, allowed=", ".join(names()))
    return policy


def _directory(variables: Mapping[str, str], policy: str) -> Path:
    """Return where everything is kept; each procedure has its own people and complaints."""
    usual = ROOT / ".local" / ("" if policy == accounts.POLICY else policy)
    return Path(variables.get("HUIYIN_DIRECTORY", usual))


def chosen_ports(variables: Mapping[str, str]) -> Ports:
    """Return the usual ports, or those that the variables name; raise Problem for what is none."""
    return Ports(**{name: _port(variables, *choice) for name, choice in USUAL.items()})


def _port(variables: Mapping[str, str], name: str, usual: int) -> int:
    value = variables.get(name, "").strip() or str(usual)
    if not value.isdigit() or not 0 < int(value) < 65536:  # noqa: PLR2004 - the last port
        raise Problem("port.wrong", variable=name, value=value)
    return int(value)


def _check_ports(ports: Ports) -> None:
    for name, (variable, _) in USUAL.items():
        port = getattr(ports, name)
        with socket.socket() as probe:
            # As servers do: a connection that still lingers from the last run is no hindrance.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                other = port + 1000 if port < 64000 else port - 1000  # noqa: PLR2004
                raise Problem("port.used", port=port, variable=variable, other=other) from error


def _welcome(machine: Machine, policy: str) -> str:
    rows = "\n".join(
        f"  {one.username:<20}{one.role:<18}{one.department:<18}{one.name}"
        for one in accounts.accounts_of(load(policy))
    )
    return "\n" + words(
        "ready",
        seconds=machine.started_in,
        directory=machine.directory,
        site=machine.site_url,
        outbox=machine.outbox,
        smtp=machine.ports.smtp,
        domain=MAIL_DOMAIN,
        password=accounts.PASSWORD,
        accounts=rows,
        command=_command(machine.ports.smtp),
    )


def _command(port: int) -> str:
    """Return a command that sends a first complaint; Python is all that it needs."""
    mail = (
        "From: 王小明 <xiaoming@example.com>\\n"
        f"To: complaints@{MAIL_DOMAIN}\\n"
        "Subject: 电梯连续三天停运\\n"
        "Content-Type: text/plain; charset=utf-8\\n\\n"
        "三号楼的电梯已经停了三天，老人上下楼很不方便，请尽快处理。电话 13800000000"
    )
    program = (
        f"import smtplib; smtplib.SMTP('127.0.0.1', {port}).sendmail("
        f"'xiaoming@example.com', 'complaints@{MAIL_DOMAIN}', '{mail}'.encode())"
    )
    return f'{sys.executable} -c "{program}"'


if __name__ == "__main__":
    main()
