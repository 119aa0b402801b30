"""The counted life: one complaint from its mail to the archive, and what AWS would charge for it.

The reference complaint comes by mail with a photo, is answered to by a second mail with another
one, is assigned, noted, investigated together with the record that the procedure asks for,
approved, confirmed by phone and rated by its complainant: six pages are read and six forms sent,
three mails go out.
Everything goes through the real doors; the emulator counts (infra/local/meter.py), the cost model
prices.
"""

import argparse
import os
import random
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

from complaints.aws.items import Stored, read_head
from complaints.models import Complaint, Status
from infra.local import machine, meter
from infra.local.accounts import ACCOUNTS
from infra.local.machine import Machine
from tests.bench import counts
from tests.bench.table import machine as this_machine
from tests.bench.table import table
from tests.doors import FINDING, Answer, Place, Staff, Visitor, letter, mail, post, staff, until

NUMBER = re.compile(r"TS-[0-9-]+")
MANY_HOPS = 99
"""A redirect after as many is not followed."""
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
"""The single counts of the design."""
TIMES_THE_BOUND, TIMES_WITHOUT_MAIL = 1.4, 7.0
"""The goal for the sums."""
LIMITS = GOALS | {
    # Measured, and a twentieth more. Each save is a transaction of the head, its entry of the
    # history and what belongs to it, each billed twice; the head moves in the index of what is due
    # at the save and again when the next step has begun; a letter enters and leaves it. One
    # complaint in five is drawn for a call, and waits in one more queue for it: two more. Its data
    # key takes two in the first save, and the month's branch key one, once; each look of staff is
    # an entry of the history of looks, in the index of its day; each raw mail is noted by number.
    "wru": 149,
    # Every page and every form reads the whole file of the complaint, strongly consistent, and
    # the staff directory once; a page also asks what else the person complained of, and what
    # waits beside it that may be the same matter. Each letter asks whether the office words it. A
    # fresh process reads the data key and the branch key of the month, half a unit each: in a life
    # every function is one. Each look reads the end of the history of looks.
    "rru": 109,
    # Each of the six states is a function of its own; the design counted three.
    "lambda_request": 21,
    # The bag of the archive, which the design did not count, is made of four objects; before, it is
    # looked whether it is there, and twice whether the office has templates or fonts of its own.
    # The notice is kept as it was mailed, and filed so.
    "s3_put": 6,
    "s3_get": 11,
}
LIMIT_TIMES, LIMIT_WITHOUT_MAIL = 1.58, 9.6
"""What a test holds: the goal where it is reached, else what was reached."""
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
            # A deployed policy is kept once a deployment, which is not part of any life.
            function = running.outputs["CheckSlaFunction"]
            running.client("lambda").invoke(FunctionName=function)
            yield running, path
    finally:
        if before is None:
            del os.environ[meter.VARIABLE]
        else:
            os.environ[meter.VARIABLE] = before


def live(running: Machine, path: Path, *, sender: str, follow: bool = False) -> Life:
    """Play the reference complaint; with `follow` each form is followed by the page it leads to.

    That is what a browser does; the reference reads six pages in all.
    """
    people = {name: staff(running, name) for name in _names()}
    quiet(path)
    start = len(counts.read(path))
    before = stored_bytes(running)
    post(running, with_photo(mail(sender, SUBJECT, TEXT), "1"))
    acknowledged = letter(running, sender, "acknowledgement")
    found = NUMBER.search(str(acknowledged["Reply-To"]))
    assert found
    complaint_id = found[0]
    waits(running, complaint_id, Status.ASSESSED)
    reply = mail(
        sender,
        f"Re: {acknowledged['Subject']}",
        MORE,
        To=str(acknowledged["Reply-To"]),
        In_Reply_To=str(acknowledged["Message-ID"]),
        References=str(acknowledged["Message-ID"]),
    )
    post(running, with_photo(reply, "2"))
    until(lambda: len(_contacts(running, complaint_id)) == 2 or None, "the reply has joined")
    work(running, complaint_id, {name: Reader.of(one, follow) for name, one in people.items()})
    waits(running, complaint_id, Status.CLOSED)
    quiet(path)
    lines = counts.read(path, start)
    ways = entered(running, complaint_id)
    stored = stored_bytes(running) - before
    used = counts.quantities(lines, mails_in=2, transitions=len(ways), stored_bytes=stored)
    return Life(complaint_id, lines, used, ways)


@dataclass(kw_only=True)
class Reader(Staff):
    """Somebody who may leave out the page that a form leads to."""

    follow: bool

    @classmethod
    def of(cls, visitor: Visitor, follow: bool) -> "Reader":  # noqa: FBT001 - one word, one meaning
        """Return a reader with the cookies of somebody."""
        return cls(site=visitor.site, cookies=visitor.cookies, follow=follow)

    def _ask(
        self, method: str, address: str, body: bytes | None = None, kind: str = "", hops: int = 0
    ) -> Answer:
        answer = super()._ask(method, address, body, kind, hops if self.follow else MANY_HOPS)
        assert answer.status in {200, 303}, answer.text
        return answer


def work(running: Machine, complaint_id: str, people: dict[str, Reader]) -> None:
    """Do what staff and complainant do, each answer once the workflow asks for it."""
    complaint = _complaint(running, complaint_id)
    head = people[_account("department_head", complaint.department)]
    name = _account("handler", complaint.department)
    handler = people[name]

    def fill(who: Reader, task: str, **typed: str) -> None:
        who.send(who.look(complaint_id), f"/{complaint_id}/{task}", typed)

    fill(head, "assign", investigator=name)
    fill(handler, "note", text="维修班已到现场，压缩机需要更换。")
    fill(handler, "investigate", **FINDING, kept_document="调取了维修记录。")
    waits(running, complaint_id, Status.INVESTIGATED)
    fill(head, "decide", decision="approve")
    waits(running, complaint_id, Status.APPROVED)
    fill(handler, "phone", outcome="accepted", words="接受，谢谢。")
    waits(running, complaint_id, Status.RESPONDED)
    visitor = Reader(site=running.site_url, follow=head.follow)
    page = visitor.open(Place(number=complaint_id, code=complaint.tracking_code).path)
    visitor.send(page, "/survey", {"satisfied": "yes", "satisfaction": "5"})


def with_photo(message: EmailMessage, number: str) -> EmailMessage:
    """Return the mail with a photo of 8 KB attached; about 12 KB in all."""
    photo = b"\x89PNG\r\n\x1a\n" + random.Random(number).randbytes(PHOTO_BYTES)  # noqa: S311
    message.add_attachment(photo, maintype="image", subtype="png", filename=f"照片{number}.png")
    return message


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
    """Return the bytes of everything in the buckets of mails, evidence and the archive."""
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


def _complaint(running: Machine, complaint_id: str) -> Complaint:
    return read_head(_items(running, complaint_id, "complaint")[0])


def _contacts(running: Machine, complaint_id: str) -> list[Stored]:
    return _items(running, complaint_id, "contact#")


def _items(running: Machine, complaint_id: str, part: str) -> list[Stored]:
    found: list[Stored] = running.client("dynamodb").query(
        TableName=running.outputs["ComplaintsTable"],
        KeyConditionExpression="complaint_id = :id AND begins_with(part, :part)",
        ExpressionAttributeValues={":id": {"S": complaint_id}, ":part": {"S": part}},
        ConsistentRead=True,
    )["Items"]
    return found


def report(life: Life, browser: Life | None, model: counts.Model) -> str:
    """Return the tables of a life: counts beside goals, price beside bound and lean, who wrote."""
    bound, lean = model.design("bound"), model.design("lean")
    rows = [
        [
            name,
            *(_figure(name, bag.get(name, 0)) for bag in (bound, lean)),
            _figure(name, GOALS[name]) if name in GOALS else "",
            _figure(name, LIMITS[name]) if name in LIMITS else "",
            _figure(name, life.used.get(name, 0)),
            _figure(name, browser.used.get(name, 0)) if browser else "",
        ]
        for name in sorted({*bound, *lean, *life.used})
    ]
    heads = ("operation", "bound", "lean", "goal", "limit", "measured", "as a browser reads")
    with_mail, without = times(life, model)
    dear = [f"{1000 * model.price(bag):.4f}" for bag in (life.used, bound, lean)]
    taken = [f"{name} {units:g}" for name, units in counts.indexes(life.lines).items()]
    sums = f"""
A life costs {dear[0]} USD per 1,000 (bound {dear[1]}, lean {dear[2]}): {with_mail:.2f} times the \
bound (goal {TIMES_THE_BOUND}, limit {LIMIT_TIMES}), {without:.1f} times without mail \
(goal {TIMES_WITHOUT_MAIL:.0f}, limit {LIMIT_WITHOUT_MAIL}).
States entered: {" → ".join(life.ways)}.
Index writes: {", ".join(taken)}.
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
        life = live(running, path, sender="wang@example.com")
        browser = None if once else live(running, path, sender="li@example.com", follow=True)
        print(report(life, browser, counts.model()))


if __name__ == "__main__":
    main()
