"""The mails that other projects test with are read at least as well as was reached before."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from complaints.mail import parse
from complaints.mail_html import safe_html, text_of_html
from complaints.mail_reply import reply_of

MAILS = Path(__file__).parents[3] / "shared" / "emails"

pytestmark = pytest.mark.skipif(
    not MAILS.is_dir(), reason="the sample mails lie outside the repository, in ../shared/emails"
)

REACHED = {
    "from_address": 1.00,
    "subject": 1.00,
    "text": 1.00,
    "names": 1.00,
    "sizes": 0.75,
    "is_auto_reply": 1.00,
    "is_bounce": 1.00,
    "reply": 0.95,
}
"""Shares of right answers, rounded down. Sizes counted wrong are stated as before decoding."""
SURE = {"high", "medium"}
"""How sure a sample must be of its answer; the rest are one parser's opinion of broken mail."""


def samples() -> list[dict[str, Any]]:
    """Return the samples that are sure of their answers."""
    found = json.loads((MAILS / "expected.json").read_text("utf-8"))
    return [one for one in found if one["confidence"] in SURE]


def are_named(names: list[str], wanted: list[dict[str, Any]]) -> bool:
    """Return whether the files of a mail are those, in their order; "" is a file without a name.

    U+FFFD is what the other parser could not read, whatever it is.
    """
    return len(names) == len(wanted) and all(
        re.fullmatch(re.escape(file["filename"] or "").replace("\ufffd", "."), name)
        for name, file in zip(names, wanted, strict=True)
    )


def are_sized(sizes: list[int], wanted: list[dict[str, Any]]) -> bool:
    """Return whether the files of a mail have the bytes that are stated."""
    return len(sizes) == len(wanted) and all(
        file.get("size") in {None, size} for size, file in zip(sizes, wanted, strict=True)
    )


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
        yield "names", are_named([one.filename for one in mail.attachments], files)
    if files and any(file.get("size") for file in files):
        yield "sizes", are_sized([one.size for one in mail.attachments], files)


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
    for expected in samples():
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


def test_shows_no_sample_that_acts() -> None:
    """What is left of the HTML of each sample has no script, frame, form or remote picture."""
    forbidden = {one["file"]: one.get("sanitised_must_not_match") for one in samples()}
    acting = re.compile(
        r"<(?:script|style|iframe|form|object|embed|svg|link|meta|base)\b"
        r"|<[^>\"]* (?:on\w+|src|style|background|target)=",
        re.IGNORECASE,
    )
    for path in sorted(MAILS.rglob("*")):
        if path.is_file():
            shown = safe_html(parse(path.read_bytes()).html)
            assert acting.search(shown) is None, path
            wanted = forbidden.get(str(path.relative_to(MAILS)))
            assert wanted is None or re.search(wanted, shown) is None, path
