"""The counted life: one complaint from its mail to the archive, and what AWS would charge for it.

The reference complaint comes by mail with a photo, is answered to by a second mail with another
one, is assigned, noted, investigated, approved, confirmed by phone and rated by its complainant:
six pages are read and six forms sent, three mails go out. Both limits are kept. Everything goes
through the real doors; the emulator counts (infra/local/meter.py), the cost model prices.
"""

import argparse
import email
import email.policy
import os
import random
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from complaints.models import Complaint, Status
from infra.local import machine, meter
from infra.local.accounts import ACCOUNTS
from infra.local.machine import Machine
from tests.bench import counts
from tests.bench.table import machine as this_machine
from tests.bench.table import table
from tests.bench.visitor import Visitor, letters_to, mail, until

NUMBER = re.compile(r"TS-[0-9-]+")
COMPLAINANT = "wang@example.org"
PHOTO_BYTES = 8 * 1024
SUBJECT = "三号楼空调坏了三天"
TEXT = """三号楼二层的空调从星期一起就不制冷了，报修三次，没有人来。
前台说会回电话，到今天也没有接到。
请尽快修好，并告诉我以后怎么避免。
"""
MORE = "补充一张今天上午拍的照片，室内温度三十一度。\n"
GOALS = {
    "wru": 49,
    "rru": 7,
    "sfn_transition": 6,
    "lambda_request": 17,
    "s3_put": 4,
    "s3_get": 2,
    "log_gb": 17e-6,
    "ses_out": 3,
    "http_api": 12,
}
"""The single counts of the design; with the sums below, what the counted life is held against."""
TIMES_THE_BOUND, TIMES_WITHOUT_MAIL = 1.4, 7.0
MAIL = ("ses_in", "ses_out")


class Life(NamedTuple):
    """A finished life: the complaint, every line of the meter, and the bag of operations."""

    complaint_id: str
    lines: list[counts.Line]
    used: counts.Quantities
    ways: list[str]
    """The states that were entered."""


@contextmanager
def counted(directory: Path) -> Iterator[tuple[Machine, Path]]:
    """Run the product with its meter on; the second is the file that it counts into."""
    path = directory / "meter.jsonl"
    directory.mkdir(parents=True, exist_ok=True)
    before = os.environ.get(meter.VARIABLE)
    os.environ[meter.VARIABLE] = str(path)
    try:
        with machine.running(directory / "machine") as running:
            yield running, path
    finally:
        if before is None:
            del os.environ[meter.VARIABLE]
        else:
            os.environ[meter.VARIABLE] = before


def live(running: Machine, path: Path, *, follow: bool = False) -> Life:
    """Play the reference complaint; with `follow` pages are opened again after each form.

    That is what a browser does; the reference reads six pages in all.
    """
    staff = {name: _signed_in(running, name) for name in _names()}
    quiet(path)
    start = len(counts.read(path))
    known = len(letters_to(running, COMPLAINANT))
    send(running, SUBJECT, TEXT, "1")
    acknowledged = until(
        lambda: _letter(running, known), "the acknowledgement"
    )
    found = NUMBER.search(str(acknowledged["Reply-To"]))
    assert found
    complaint_id = found[0]
    waits(running, complaint_id, Status.ASSESSED)
    send(running, f"Re: {acknowledged['Subject']}", MORE, "2", to=acknowledged)
    until(lambda: len(_contacts(running, complaint_id)) == 2 or None, "the reply")  # noqa: PLR2004
    work(running, complaint_id, staff, follow=follow)
    waits(running, complaint_id, Status.CLOSED)
    quiet(path)
    lines = counts.read(path, start)
    ways = entered(running, complaint_id)
    stored = stored_bytes(running) if not known else 0
    used = counts.quantities(lines, mails_in=2, transitions=len(ways), stored_bytes=stored)
    return Life(complaint_id, lines, used, ways)


def work(running: Machine, complaint_id: str, staff: dict[str, Visitor], *, follow: bool) -> None:
    """Do what staff and complainant do, each answer once the workflow asks for it."""
    complaint = _complaint(running, complaint_id)
    address = f"/staff/complaints/{complaint_id}"
    head = staff[_account("department_head", complaint.department)]
    name = _account("handler", complaint.department)
    handler = staff[name]

    def send_form(who: Visitor, to: str, **form: str) -> None:
        onward = who.send(to, **form)
        if follow:
            who.open(onward)

    head.open(address)
    send_form(head, f"{address}/assign", investigator=name)
    handler.open(address)
    send_form(handler, f"{address}/note", text="维修班已到现场，压缩机需要更换。")
    handler.open(address)
    send_form(
        handler,
        f"{address}/investigate",
        facts="二层空调压缩机损坏，报修单三次没有派出。",
        cause="报修单没有人跟进。",
        responsible="yes",
        measures="更换压缩机，报修单由值班人员当天确认。",
        reply="压缩机已更换，空调恢复正常。以后报修当天会有人给您回电话。",
        compensation="",
    )
    waits(running, complaint_id, Status.INVESTIGATED)
    head.open(address)
    send_form(head, f"{address}/decide", decision="approve", reason="")
    waits(running, complaint_id, Status.APPROVED)
    handler.open(address)
    send_form(handler, f"{address}/phone", outcome="accepted", words="接受，谢谢。")
    waits(running, complaint_id, Status.RESPONDED)
    visitor = Visitor(running)
    tracking = f"/track/{complaint_id}/{complaint.tracking_code}"
    visitor.open(tracking)
    send_form(visitor, f"{tracking}/survey", satisfied="yes", satisfaction="5", words="")


def send(
    running: Machine, subject: str, text: str, number: str, to: EmailMessage | None = None
) -> None:
    """Mail a text with a photo of 8 KB; about 12 KB in all."""
    message = EmailMessage()
    message["From"] = f"王女士 <{COMPLAINANT}>"
    message["To"] = str(to["Reply-To"]) if to else "complaints@huiyin.localhost"
    message["Subject"] = subject
    message["Message-ID"] = f"<{random.getrandbits(64):x}@example.org>"  # noqa: S311
    if to:
        message["In-Reply-To"] = message["References"] = str(to["Message-ID"])
    message.set_content(text)
    photo = b"\x89PNG\r\n\x1a\n" + random.Random(number).randbytes(PHOTO_BYTES)  # noqa: S311
    message.add_attachment(photo, maintype="image", subtype="png", filename=f"照片{number}.png")
    mail(running, message)


def waits(running: Machine, complaint_id: str, status: Status) -> Complaint:
    """Return the complaint once it is in this state and its step has been begun."""

    def there() -> Complaint | None:
        complaint = _complaint(running, complaint_id)
        begun = complaint.look_again_at is None
        return complaint if complaint.status is status and begun else None

    return until(there, f"{status} of {complaint_id}")


def quiet(path: Path, seconds: float = 1.5) -> None:
    """Wait until nothing more has been counted for a while."""
    size = -1
    while size != (size := path.stat().st_size if path.exists() else 0):
        time.sleep(seconds)


def entered(running: Machine, complaint_id: str) -> list[str]:
    """Return the states that the runs of a complaint entered."""
    states = running.client("stepfunctions")
    runs = states.list_executions(stateMachineArn=running.outputs["WorkflowArn"])["executions"]
    return [
        event["stateEnteredEventDetails"]["name"]
        for run in runs
        if run["name"].startswith(complaint_id)
        for event in states.get_execution_history(executionArn=run["executionArn"])["events"]
        if "stateEnteredEventDetails" in event
    ]


def stored_bytes(running: Machine) -> int:
    """Return the bytes of everything that lies in the buckets of mails, evidence and the archive."""
    s3 = running.client("s3")
    return sum(
        found["Size"]
        for name in ("MailBucket", "EvidenceBucket", "ArchiveBucket")
        for found in s3.list_objects_v2(Bucket=running.outputs[name]).get("Contents", ())
    )


def times(life: Life, model: counts.Model) -> tuple[float, float]:
    """Return the price as a multiple of the bound, with mail and without it."""

    def dear(used: counts.Quantities) -> tuple[float, float]:
        without = {name: count for name, count in used.items() if name not in MAIL}
        return model.price(used), model.price(without)

    ours, bound = dear(life.used), dear(model.design("bound"))
    return ours[0] / bound[0], ours[1] / bound[1]


def _names() -> list[str]:
    return [one.username for one in ACCOUNTS if one.role in {"department_head", "handler"}]


def _account(role: str, department: str) -> str:
    return next(
        one.username for one in ACCOUNTS if (one.role, one.department) == (role, department)
    )


def _signed_in(running: Machine, username: str) -> Visitor:
    visitor = Visitor(running)
    visitor.sign_in(username)
    return visitor


def _letter(running: Machine, known: int) -> EmailMessage | None:
    found = letters_to(running, COMPLAINANT)[known:]
    if not found:
        return None
    read = email.message_from_bytes(found[0].read_bytes(), policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    return read


def _complaint(running: Machine, complaint_id: str) -> Complaint:
    return msgspec.json.decode(_items(running, complaint_id, "complaint")[0], type=Complaint)


def _contacts(running: Machine, complaint_id: str) -> list[str]:
    return _items(running, complaint_id, "contact#")


def _items(running: Machine, complaint_id: str, part: str) -> list[str]:
    found: list[dict[str, Any]] = running.client("dynamodb").query(
        TableName=running.outputs["ComplaintsTable"],
        KeyConditionExpression="complaint_id = :id AND begins_with(part, :part)",
        ExpressionAttributeValues={":id": {"S": complaint_id}, ":part": {"S": part}},
        ConsistentRead=True,
    )["Items"]
    return [item["document"]["S"] for item in found]


def report(life: Life, browser: Life | None, model: counts.Model) -> str:
    """Return the tables of a life: counts beside goals, price beside bound and lean, who wrote."""
    bound, lean = model.design("bound"), model.design("lean")
    rows = [
        [
            name,
            *(_figure(name, bag.get(name, 0)) for bag in (bound, lean)),
            _figure(name, GOALS[name]) if name in GOALS else "",
            _figure(name, life.used.get(name, 0)),
            _figure(name, browser.used.get(name, 0)) if browser else "",
        ]
        for name in sorted({*bound, *lean, *life.used})
    ]
    heads = ("operation", "bound", "lean", "goal", "measured", "as a browser reads")
    with_mail, without = times(life, model)
    sums = f"""
A life costs {1000 * model.price(life.used):.4f} USD per 1,000 (bound {1000 * model.price(bound):.4f}, \
lean {1000 * model.price(lean):.4f}): {with_mail:.2f} times the bound (limit {TIMES_THE_BOUND}), \
{without:.1f} times without mail (limit {TIMES_WITHOUT_MAIL:.0f}).
States entered: {" → ".join(life.ways)}.
Index writes: {", ".join(f"{name} {units:g}" for name, units in counts.indexes(life.lines).items())}.
"""
    by = ("function", "request", "times", "WRU", "of indexes", "RRU")
    return f"{table(heads, rows)}\n{sums}\n{table(by, counts.writes(life.lines))}"


def _figure(name: str, count: float) -> str:
    if name == "log_gb":
        return f"{count * 1e6:.1f} KB"
    if name == "s3_gb_month":
        return f"{count * 1e6:.0f} KB"
    return f"{count:.3g}" if name == "lambda_gbs_arm" else f"{count:g}"


def main() -> None:
    """Play the life twice and print it."""
    print(f"## The counted life of one complaint\n\n{this_machine()}\n")
    if not counts.MODEL.exists():
        print("The cost model lies outside the repository, in ../shared/bench/cost: not priced.")
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="leave out the life in a browser")
    once = parser.parse_known_args()[0].once
    with tempfile.TemporaryDirectory() as folder, counted(Path(folder)) as (running, path):
        life = live(running, path)
        browser = None if once else live(running, path, follow=True)
        print(report(life, browser, counts.model()))


if __name__ == "__main__":
    main()
