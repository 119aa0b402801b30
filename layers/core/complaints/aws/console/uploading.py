"""What the script of the evidence page asks for: an upload in parts, of any size (F1).

Each answer is JSON. Whoever may add to the complaint may go on with an upload whose token they
have: S3's own name of it, which only the browser that began it was told.
"""

import re

import msgspec

from complaints import web
from complaints.access import Look
from complaints.aws import long_uploads
from complaints.aws.console import looking
from complaints.aws.console.complaint import entrusted
from complaints.aws.console.visit import ForbiddenError, Visit
from complaints.console.tasks import may_add
from complaints.web import Response, UnusableError

MOST_ASKED = 64
"""Parts whose addresses are asked for at once."""
NUMBER = re.compile(r"[1-9]\d{0,15}")
PART = re.compile(r"(?P<number>[1-9]\d{0,4}) (?P<digest>[A-Za-z0-9+/]{43}=)")
"""A part, and its SHA-256 in Base64."""
COMPOSITE = re.compile(r"[0-9a-f]{64}")


def begin(visit: Visit, number: str) -> Response:
    """Begin the upload of a file; its bytes come later, in parts."""
    _admit(visit, number)
    looking.note(visit, number, Look.OPENED, "evidence")
    begun = long_uploads.begin(
        number,
        name=visit.form.get("name", "")[:200],
        declared=visit.form.get("type", "")[:100],
        size=_figure(visit, "size"),
        by=visit.staff.username,
    )
    return web.data(begun)


def sign(visit: Visit, number: str, upload: str) -> Response:
    """Return the addresses of the next parts, each for the SHA-256 that its line says.

    `parts` has a line for each: its number, a space, its SHA-256 in Base64.
    """
    _admit(visit, number)
    lines = visit.form.get("parts", "").split("\n")
    asked = [found for line in lines if (found := PART.fullmatch(line))]
    if len(asked) != len(lines) or len(asked) > MOST_ASKED:
        raise UnusableError
    digests = {int(one["number"]): one["digest"] for one in asked}
    if max(digests) > long_uploads.MOST_PARTS:
        raise UnusableError
    return web.data(long_uploads.addresses(number, upload, visit.form.get("token", ""), digests))


def list_parts(visit: Visit, number: str, upload: str) -> Response:
    """Return which parts have arrived, so that an upload goes on where the line broke."""
    _admit(visit, number)
    after = int(visit.form.get("after", "0")) if visit.form.get("after", "0").isdecimal() else 0
    found = long_uploads.arrived(number, upload, visit.form.get("token", ""), min(after, 10_000))
    return web.data([msgspec.structs.astuple(one) for one in found])


def complete(visit: Visit, number: str, upload: str) -> Response:
    """Put the parts together; the queue hears of it, and the file is registered."""
    _admit(visit, number)
    composite = visit.form.get("composite", "")
    if not COMPOSITE.fullmatch(composite):
        raise UnusableError
    token, size = visit.form.get("token", ""), _figure(visit, "size")
    long_uploads.complete(number, upload, token, size=size, composite=composite)
    return web.data({"done": True})


def abort(visit: Visit, number: str, upload: str) -> Response:
    """Give up an upload; what has arrived of it is thrown away."""
    _admit(visit, number)
    long_uploads.abort(number, upload, visit.form.get("token", ""))
    return web.data({"done": True})


def _admit(visit: Visit, number: str) -> None:
    if not may_add(entrusted(visit, number).complaint, visit.staff):
        raise ForbiddenError


def _figure(visit: Visit, name: str) -> int:
    value = visit.form.get(name, "")
    if not NUMBER.fullmatch(value):
        raise UnusableError
    return int(value)
