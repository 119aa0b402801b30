"""Documents as PDF: the content and its template go to a program of its own, a PDF comes back.

The program (`documents.typesetter`) runs in a folder of its own that is removed after it, without
the credentials of this function, and for some seconds at most: what the office writes into a
template can reach nothing, and use up little.
"""

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from importlib import resources
from pathlib import Path

import msgspec

from complaints.documents import issue, sheet, typesetter
from complaints.documents.content import Document
from complaints.documents.glyphs import Glyphs, printable
from complaints.lifecycle import ComplaintError
from complaints.texts import texts

SECONDS = 25
"""For one document, the start of the program included."""
NOWHERE = "http://127.0.0.1:9"
"""Where packages would be fetched from: the port that throws everything away (RFC 863)."""


class TypesetError(ComplaintError):
    """A document can't be printed; what is wrong with its template, and where."""

    text_id = "document.error.template"

    def __init__(self, message: str, file: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        """`body.typ` is the template itself."""
        self.line = line
        self.column = column


def typeset(
    document: Document, template: str, site_url: str, own_fonts: Sequence[Path] = ()
) -> bytes:
    """Return a document as PDF/A-2b, the same bytes for the same content, template and fonts.

    `own_fonts` are looked in for characters that ours lack. Raises TypesetError.
    """
    with tempfile.TemporaryDirectory(prefix="document-") as made:
        folder = Path(made)
        for name, content in _files(document, template, site_url, own_fonts).items():
            (folder / name).write_bytes(content)
        day = datetime.combine(date.fromisoformat(document.dated_on), time(), tzinfo=UTC)
        _run(folder, [*(font.parent for font in own_fonts)], int(day.timestamp()))
        return (folder / "document.pdf").read_bytes()


def _files(
    document: Document, template: str, site_url: str, own_fonts: Sequence[Path]
) -> dict[str, bytes]:
    """Return what lies in the folder of one document."""
    known = tuple(_glyphs(font) for font in (*_fonts(), *own_fonts))
    shown = printable(msgspec.json.decode(sheet.content(document)), known)
    can_verify = bool(document.salt)
    address = issue.address(document, site_url) if can_verify else ""
    check = {
        "code": issue.code_of(issue.digest(document)) if can_verify else "",
        "address": address,
        "page": f"{site_url}/verify",
    }
    files = {name: source.encode() for name, source in sheet.shared().items()}
    files |= {
        "body.typ": template.encode(),
        "content.json": msgspec.json.encode(shown),
        "labels.json": msgspec.json.encode(sheet.labels(texts(document.language))),
        "check.json": msgspec.json.encode(check),
    }
    return files | ({"qr.svg": _qr_code(address)} if can_verify else {})


def _run(folder: Path, own_fonts: Sequence[Path], timestamp: int) -> None:
    """Let the program make `document.pdf` in the folder; raises TypesetError."""
    found = importlib.util.find_spec("typst")
    if found is None or found.origin is None:
        raise TypesetError("typst is not installed")
    where = [Path(found.origin).parents[1], folder, _fonts()[0].parent, *dict.fromkeys(own_fonts)]
    program = [sys.executable, "-I", str(Path(typesetter.__file__)), *map(str, where)]
    proxies = {f"{scheme}_proxy": NOWHERE for scheme in ("http", "https", "all", "ALL", "HTTPS")}
    try:
        ran = subprocess.run(  # noqa: S603 - our own program, and paths that we made
            program,
            input=msgspec.json.encode({"timestamp": timestamp}),
            capture_output=True,
            timeout=SECONDS,
            check=False,
            cwd=folder,
            env={"LANG": "C.UTF-8", "RAYON_NUM_THREADS": "2", "TMPDIR": str(folder), **proxies},
        )
    except subprocess.TimeoutExpired as error:
        raise TypesetError(f"not done after {SECONDS} s") from error
    if ran.returncode != 0:
        # Killed by its own limits, mostly; its last words may hold what is printed.
        raise TypesetError(f"stopped ({ran.returncode}): too long, or too large")
    answer = msgspec.json.decode(ran.stdout)
    if "message" in answer:
        raise TypesetError(**answer)


def _qr_code(address: str) -> bytes:
    """Return an address as a QR code in SVG."""
    import segno

    made: str = segno.make(address, error="m", micro=False).svg_inline(border=2, omitsize=True)
    return made.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).encode()


@cache
def _fonts() -> tuple[Path, ...]:
    """Return the font files that come with the product: Noto Serif SC, then Noto Sans SC (OFL)."""
    folder = Path(str(resources.files("pylopdf_fonts_zh_cn")))
    return tuple(folder / f"Noto{style}SC-Regular.otf" for style in ("Serif", "Sans"))


@cache
def _glyphs(font: Path) -> Glyphs:
    return Glyphs.of(font.read_bytes())
