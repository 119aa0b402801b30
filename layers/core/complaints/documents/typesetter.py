"""A program of its own: turns one document into a PDF (PDF/A-2b), and can do nothing else.

It runs without the credentials and the modules of the function that starts it, and imports Typst
alone. What a template can reach: the files of its own folder. What it can use up: the seconds, the
memory and the pages below. Packages are not fetched: there is no way out (`PROXY`), and none here.

    python -I typesetter.py <where typst lies> <folder> <font folder>... < {"timestamp": seconds}

In the folder lie `page.typ` (the document begins there) and whatever it names. The answer is one
line of JSON: `{"pages": 3}` beside `document.pdf`, or what is wrong: `{"message", "file", "line",
"column"}`.
"""

import json
import re
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

SECONDS = 20
"""Of processor time."""
MEMORY = 384 * 1024 * 1024
"""Bytes beside the fonts and the program."""
FILE = 64 * 1024 * 1024
PAGES = 300
PLACE = re.compile(r"┌─ ([^\n]*?):(\d+):(\d+)")
STANDARD: Final = "a-2b"


def limit() -> None:
    """Bound what this process may use, for good; a system that has no such bound goes without."""
    for name, most in (("RLIMIT_CPU", SECONDS), ("RLIMIT_DATA", MEMORY), ("RLIMIT_FSIZE", FILE)):
        with suppress(AttributeError, OSError, ValueError):
            resource.setrlimit(getattr(resource, name), (most, most))
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def typeset(folder: Path, fonts: list[Path], timestamp: int) -> dict[str, str | int]:
    """Write `document.pdf`, or return what is wrong."""
    import typst

    known = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=list(fonts)
    )
    empty = folder / "packages"
    compiler = typst.Compiler(
        folder / "page.typ",
        root=folder,
        font_paths=known,
        sys_inputs={"families": json.dumps(known.families())},
        package_path=empty,
        package_cache_path=empty,
    )
    try:
        compiler.compile(
            output=folder / "document.pdf",
            format="pdf",
            pdf_standards=[STANDARD],
            timestamp=timestamp,
        )
        pages = json.loads(compiler.query("<pages>", field="value", one=True))
    except typst.TypstError as error:
        place = PLACE.search(error.diagnostic)
        return {
            "message": "\n".join((error.message, *error.hints)),
            "file": place[1] if place else "",
            "line": int(place[2]) if place else 0,
            "column": int(place[3]) + 1 if place else 0,
        }
    if pages > PAGES:
        return {"message": f"{pages} > {PAGES} pages", "file": "", "line": 0, "column": 0}
    return {"pages": pages}


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    asked = json.load(sys.stdin)
    limit()
    answer = typeset(Path(sys.argv[2]), [Path(one) for one in sys.argv[3:]], asked["timestamp"])
    sys.stdout.write(json.dumps(answer))
