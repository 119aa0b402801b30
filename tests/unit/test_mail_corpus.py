"""The mails that other projects test with are read at least as well as was reached before."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from complaints.mail import parse
from complaints.mail_html import text_of_html
from complaints.mail_reply import reply_of

MAILS = Path(__file__).parents[3] / "shared" / "emails"

pytestmark = pytest.mark.skipif(
    not MAILS.is_dir(), reason="the sample mails lie outside the repository, in ../shared/emails"
)

REACHED = {
    "from_address": 1.00,
    "subject": 0.98,
    "text": 0.98,
    "attachments": 0.84,
    "is_auto_reply": 1.00,
    "is_bounce": 0.94,
    "reply": 0.90,
}
"""Shares of right answers, rounded down. Most attachments counted wrong differ in size only."""


def squeezed(text: str) -> str:
    """Return the text without spaces and line breaks."""
    return re.sub(r"\s+", "", text)


def trimmed(text: str) -> str:
    """Return the text without spaces at the ends of its lines."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def answers(expected: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield column and whether it is right, for each that is stated."""
    mail = parse((MAILS / expected["file"]).read_bytes())
    for column in ("from_address", "subject", "is_auto_reply", "is_bounce"):
        if expected.get(column) is not None:
            yield column, getattr(mail, column) == expected[column]
    if expected.get("text_contains"):
        yield "text", squeezed(expected["text_contains"]) in squeezed(mail.text)
    files = expected.get("attachments")
    if files is not None:
        got = [(attachment.filename, attachment.size) for attachment in mail.attachments]
        wanted = [(file["filename"] or "", file.get("size")) for file in files]
        yield (
            "attachments",
            len(got) == len(wanted)
            and all(
                g[0] == w[0] and w[1] in {None, g[1]} for g, w in zip(got, wanted, strict=True)
            ),
        )


def reply_to(expected: dict[str, Any]) -> str:
    """Return what is left of a sample after its history is cut."""
    raw = (MAILS / expected["file"]).read_bytes()
    if expected["input"] == "eml":
        return parse(raw).reply
    text = raw.decode()
    return reply_of(text_of_html(text) if expected["input"] == "html" else text)


def test_reads_the_samples_as_well_as_before() -> None:
    """No column falls below the share of right answers that was reached."""
    right, asked = Counter[str](), Counter[str]()
    for expected in json.loads((MAILS / "expected.json").read_text("utf-8")):
        for column, is_right in answers(expected):
            asked[column] += 1
            right[column] += is_right
    for expected in json.loads((MAILS / "expected_replies.json").read_text("utf-8")):
        clean = squeezed if expected.get("compare") else trimmed
        asked["reply"] += 1
        right["reply"] += clean(reply_to(expected)) == clean(expected["reply"])
    shares = {column: right[column] / asked[column] for column in REACHED}
    assert {name: share for name, share in shares.items() if share < REACHED[name]} == {}


def test_reads_every_sample() -> None:
    """Each mail is read without an exception, with a disposition, and never holds NUL."""
    for path in sorted(MAILS.rglob("*")):
        if path.is_file():
            mail = parse(path.read_bytes())
            assert mail.disposition
            assert "\x00" not in mail.text + mail.subject
