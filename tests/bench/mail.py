"""Reading mails: right answers a column on the samples of other projects, time and memory a mail.

Beside it the same questions put to the bare standard library, which is what reading would be
without our own care: the first parser that people reach for.
"""

import email
import email.policy
import json
import random
import statistics
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.message import EmailMessage
from typing import Any, NamedTuple

from complaints.mail import parse
from complaints.mail_html import text_of_html
from complaints.mail_reply import reply_of
from tests.bench.table import ROOT, machine, table
from tests.unit.test_mail_corpus import are_named, are_sized, samples, squeezed, trimmed

MAILS = ROOT.parent / "shared" / "emails"
LARGE = 1_000_000
COLUMNS = (
    *("from_address", "subject", "text", "names", "sizes"),
    *("is_auto_reply", "is_bounce", "reply"),
)


class Read(NamedTuple):
    """What a reader says about a mail, as the samples ask for it."""

    from_address: str
    subject: str
    text: str
    attachments: tuple[tuple[str, int], ...]
    is_auto_reply: bool
    is_bounce: bool
    reply: str


Reader = Callable[[bytes], Read]


def ours(raw: bytes) -> Read:
    """Return what the product reads."""
    mail = parse(raw)
    return Read(
        mail.from_address,
        mail.subject,
        mail.text,
        tuple((one.filename, one.size) for one in mail.attachments),
        mail.is_auto_reply,
        mail.is_bounce,
        mail.reply,
    )


def bare(raw: bytes) -> Read:
    """Return what the standard library reads in the straightforward way; raises as it does."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain", "html"))
    text = str(body.get_content()) if isinstance(body, EmailMessage) else ""
    files = [
        (part.get_filename() or "", len(part.get_payload(decode=True) or b""))
        for part in message.iter_attachments()
    ]
    return Read(
        message["from"].addresses[0].addr_spec,
        str(message["subject"] or ""),
        text,
        tuple(files),
        str(message["auto-submitted"] or "no").lower() != "no",
        message.get_content_type() == "multipart/report",
        "\n".join(line for line in text.splitlines() if not line.startswith(">")),
    )


def answers(read: Reader, expected: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield column and whether it is right, for each that a sample states; a crash is wrong.

    Names are all the names of a mail's files in their order, sizes are of the decoded bytes.
    """
    asked = [
        name
        for name in ("from_address", "subject", "is_auto_reply", "is_bounce")
        if expected.get(name) is not None
    ]
    if expected.get("text_contains"):
        asked.append("text")
    files = expected.get("attachments") or []
    if expected.get("attachments") is not None:
        asked.append("names")
    if any(file.get("size") for file in files):
        asked.append("sizes")
    try:
        got = read((MAILS / expected["file"]).read_bytes())
    except Exception:  # noqa: BLE001 - a reader that raises has read nothing
        yield from ((name, False) for name in asked)
        return
    for name in asked:
        if name == "text":
            yield name, squeezed(expected["text_contains"]) in squeezed(got.text)
        elif name == "names":
            yield name, are_named([file for file, _ in got.attachments], files)
        elif name == "sizes":
            yield name, are_sized([size for _, size in got.attachments], files)
        else:
            yield name, getattr(got, name) == expected[name]


def is_reply_right(read: Reader, expected: dict[str, Any]) -> bool:
    """Return whether a mail without its history is what a person would leave of it."""
    raw = (MAILS / expected["file"]).read_bytes()
    clean = squeezed if expected.get("compare") else trimmed
    try:
        if expected["input"] == "eml":
            left = read(raw).reply
        elif read is ours:
            text = raw.decode()
            left = reply_of(text_of_html(text) if expected["input"] == "html" else text)
        else:
            left = "\n".join(x for x in raw.decode().splitlines() if not x.startswith(">"))
    except Exception:  # noqa: BLE001 - a reader that raises has read nothing
        return False
    return clean(left) == clean(expected["reply"])


def score(read: Reader) -> dict[str, tuple[int, int]]:
    """Return right and asked of each column."""
    right, asked = Counter[str](), Counter[str]()
    for expected in samples():
        for column, is_right in answers(read, expected):
            asked[column] += 1
            right[column] += is_right
    for expected in json.loads((MAILS / "expected_replies.json").read_text("utf-8")):
        asked["reply"] += 1
        right["reply"] += is_reply_right(read, expected)
    return {column: (right[column], asked[column]) for column in COLUMNS}


def effort(read: Reader, raws: list[bytes]) -> tuple[float, float, int, float, int]:
    """Return median and 99th percentile (ms), crashes, and the peak memory in times and in bytes.

    Memory is that of the mail that takes the most for its size, among those of a megabyte and more.
    """
    times, crashes = [], 0
    for raw in raws:
        began = time.perf_counter()
        try:
            read(raw)
        except Exception:  # noqa: BLE001 - counted, not answered
            crashes += 1
        times.append((time.perf_counter() - began) * 1000)
    worst, most = 0.0, 0
    tracemalloc.start()
    for raw in raws:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        with suppress(Exception):  # counted above
            read(raw)
        peak = tracemalloc.get_traced_memory()[1] - before
        most = max(most, peak)
        if len(raw) >= LARGE:
            worst = max(worst, peak / len(raw))
    tracemalloc.stop()
    return statistics.median(times), statistics.quantiles(times, n=100)[98], crashes, worst, most


def main() -> None:
    """Print what is read right, and at what effort."""
    print(f"## Reading mails\n\n{machine()}\n")
    if not MAILS.is_dir():
        print("The sample mails lie outside the repository, in ../shared/emails: not measured.")
        return
    readers: dict[str, Reader] = {"complaints.mail": ours, "bare standard library": bare}
    scores = {name: score(read) for name, read in readers.items()}
    print(
        table(
            ("column", "samples", *(f"right, {name}" for name in readers)),
            [
                [
                    column,
                    scores["complaints.mail"][column][1],
                    *(
                        f"{s[column][0]} ({s[column][0] / s[column][1]:.0%})"
                        for s in scores.values()
                    ),
                ]
                for column in COLUMNS
            ],
        )
    )
    paths = [path for path in sorted(MAILS.rglob("*")) if path.is_file()]
    raws = [path.read_bytes() for path in paths if path.suffix not in {".json", ".md"}]
    size, largest = sum(map(len, raws)) / 1e6, max(map(len, raws)) / 1e6
    raws += [large(20), many(200)]
    print(
        f"\n{len(raws) - 2} files of {size:.1f} MB, the largest {largest:.1f} MB, and two made "
        "here: with a file of 20 MB, and with 200 of 20 KB.\n"
    )
    heads = ("reader", "median ms", "p99 ms", "raised", "peak, times the mail", "peak MB")
    made = []
    for name, read in readers.items():
        median, late, crashes, worst, most = effort(read, raws)
        made.append(
            [name, f"{median:.2f}", f"{late:.1f}", crashes, f"{worst:.1f}", f"{most / 1e6:.0f}"]
        )
    print(table(heads, made))


def large(megabytes: int) -> bytes:
    """Return a mail with one attachment of so many megabytes."""
    return _mail([random.Random(1).randbytes(megabytes * 1_000_000)])  # noqa: S311


def many(count: int) -> bytes:
    """Return a mail with so many attachments of 20 KB."""
    return _mail([random.Random(n).randbytes(20_000) for n in range(count)])  # noqa: S311


def _mail(files: list[bytes]) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@example.com", "files"
    message.set_content("see the files")
    for number, content in enumerate(files):
        name = f"{number}.bin"
        message.add_attachment(content, maintype="application", subtype="x-bin", filename=name)
    return message.as_bytes()


if __name__ == "__main__":
    main()
