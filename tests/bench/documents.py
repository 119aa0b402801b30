"""How long a document takes: pages a second, processor time and memory of what sets it."""

import resource
import time
from collections.abc import Callable
from functools import partial

from complaints.aws.typesetting import typeset
from complaints.documents import sheet
from complaints.documents.content import Document, House
from complaints.documents.listing import register, summary
from complaints.documents.sample import sample
from complaints.report import month_report
from tests.bench.table import machine, table
from tests.builders import AT, OFFICE, received

ROUNDS = 10
HOUSE = House(organisation="回音服务中心", phone="010-12345678", office=OFFICE)


def documents() -> dict[str, Document]:
    """Return what is measured, by name."""
    many = [received(n=n) for n in range(1, 201)]
    report = month_report([one.complaint for one in many], "2026-11", office=OFFICE, at=AT)
    return {
        **{f"{kind}": sample(kind, HOUSE) for kind in OFFICE.policy.documents[:-1]},
        "summary of 200 complaints": summary(report, HOUSE),
        "register of 200 complaints": register(many, "2026-11", HOUSE, names={}),
    }


def main() -> None:
    """Print a table: each document in a process of its own, as the functions do it."""
    rows = []
    for name, one in documents().items():
        pages, seconds, used = measured(partial(printed, one))
        rows.append(
            (name, pages, f"{seconds * 1000:.0f}", f"{used * 1000:.0f}", f"{pages / seconds:.1f}")
        )
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print("\n### Documents\n")
    print(table(["document", "pages", "ms", "ms of processor", "pages/s"], rows))
    print(f"\nThe largest of these processes used {most:.0f} MB. {machine()}")


def printed(one: Document) -> bytes:
    """Return a document as PDF by the original template."""
    return typeset(one, sheet.original(one.kind), "https://complaints.example.com")


def measured(make: Callable[[], bytes]) -> tuple[int, float, float]:
    """Return pages, seconds and processor seconds of one document, the mean of ROUNDS."""
    import pypdfium2

    pages = len(pypdfium2.PdfDocument(make()))
    before, began = _used(), time.perf_counter()
    for _ in range(ROUNDS):
        make()
    return pages, (time.perf_counter() - began) / ROUNDS, (_used() - before) / ROUNDS


def _used() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
