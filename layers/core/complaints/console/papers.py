"""Which documents a page offers to print (G11)."""

import msgspec

from complaints.console.lists import queue_words
from complaints.documents.content import kinds
from complaints.models import Dossier
from complaints.office import Office
from complaints.parts import DocumentKind
from complaints.texts import Texts


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A document that can be printed."""

    kind: DocumentKind
    order_id: str
    words: str


def title(kind: DocumentKind, t: Texts) -> str:
    """Return what a kind of document is called, whatever complainants are called."""
    return t(f"document.{kind}", complainant="").strip()


def papers(dossier: Dossier, office: Office, t: Texts) -> tuple[Paper, ...]:
    """Return the documents of a complaint that there is something to print in."""
    found = []
    for kind in kinds(dossier, office):
        if kind is not DocumentKind.WORK_ORDER:
            found.append(Paper(kind=kind, order_id="", words=title(kind, t)))
            continue
        found += [
            Paper(
                kind=kind,
                order_id=one.order_id,
                words=f"{title(kind, t)} · {queue_words(one.department, t, office)}",
            )
            for one in dossier.orders
        ]
    return tuple(found)
