"""One filed complaint: its bags with what proves them, to download and to check (F3, F4, F5)."""

from datetime import date

import msgspec

from complaints import web
from complaints.access import Look
from complaints.aws import downloads
from complaints.aws.archive_files import ArchiveFiles, public_key
from complaints.aws.console import looking
from complaints.aws.console.visit import Visit, only, show
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.aws.seals import PUBLIC_KEY, Seals
from complaints.aws.settings import office_shown
from complaints.aws.vault import Vault
from complaints.bag import filed_before
from complaints.console import lists, tasks
from complaints.history import breaks
from complaints.models import Dossier
from complaints.number import parse_number
from complaints.roles import may_see
from complaints.seal import InclusionProof, pem, proof_key, read_leaf, sha256
from complaints.texts import texts
from complaints.verify import Verifier
from complaints.web import NotFoundError, Response

LARGEST_CHECK = 600 << 20
"""Bytes that a page may check before whoever waits for it is told to use the command."""


class Bag(msgspec.Struct, frozen=True, kw_only=True):
    """A bag of a complaint as its page lists it."""

    version: int
    """Number of the entry that filed it, which names it within the complaint."""
    key: str
    filed_at: str
    retain_until: str


def filed(visit: Visit, number: str, action: Look, what: str) -> Dossier:
    """Return a complaint that was filed, be it open again, and put the look at it on record.

    Raises NotFoundError where it never was, or not for this person.
    """
    only(visit, tasks.READS_ARCHIVE)
    if parse_number(number) != number:
        raise NotFoundError
    dossier = ComplaintRepository.from_env().dossier(number)
    if not filed_before(dossier.entries) or not may_see(dossier.complaint, visit.staff):
        raise NotFoundError
    looking.note(visit, number, action, what)
    return dossier


def bags_of(dossier: Dossier) -> list[Bag]:
    """Return the bags of a complaint, the newest first."""
    return [
        Bag(
            version=entry.number,
            key=str(entry.facts["archive_key"]),
            filed_at=f"{entry.occurred_at:%Y-%m-%d}",
            retain_until=str(entry.facts.get("retain_until", "")),
        )
        for entry in reversed(dossier.entries)
        if filed_before([entry])
    ]


def open_file(visit: Visit, number: str) -> Response:
    """Show a filed complaint: its bags, its history's digest, and the seal that holds it."""
    dossier = filed(visit, number, Look.OPENED, "archive")
    office, t = office_shown(dossier.complaint.policy), texts(visit.language)
    seals = Seals.from_env()
    newest = seals.newest(now().date())
    proof = sealed_in(seals, dossier)
    [head] = looking.heads_shown([dossier.complaint], visit.staff)
    return show(
        visit,
        "filed",
        row=lists.row(head, t, office, now()),
        held=dossier.complaint.holds > 0,
        bags=bags_of(dossier),
        head=dossier.complaint.digest,
        entries=len(dossier.entries),
        broken=list(breaks(dossier.entries, dossier.complaint.digest)),
        proof=proof,
        proven=read_leaf(proof.leaf.encode()).version if proof else 0,
        is_stamped=proof is not None and proof.seal.seal.day in seals.days(suffix="tsr"),
        newest=newest,
        fingerprint=sha256(public_key()),
    )


def sealed_in(seals: Seals, dossier: Dossier) -> InclusionProof | None:
    """Return what proves the newest state of a complaint that is sealed; None for none yet."""
    days: list[date] = [entry.occurred_at.date() for entry in dossier.entries]
    return seals.newest_inclusion(dossier.complaint, days)


def check_file(visit: Visit, number: str) -> Response:
    """Check every bag of a complaint with its proof now, and show what is wrong, if anything is."""
    dossier = filed(visit, number, Look.CHECKED, "archive")
    files = ArchiveFiles.of([one.key for one in bags_of(dossier)])
    too_large = files.size > LARGEST_CHECK
    verifier = Verifier(files, public_key(), whole=False, at=now())
    findings = [] if too_large else list(verifier.findings())
    return show(
        visit,
        "checked",
        number=number,
        at=now(),
        findings=findings,
        is_whole=all(one.ok for one in findings),
        too_large=too_large,
        size=files.size,
        sealed_up_to=verifier.sealed_up_to,
    )


def download_bag(visit: Visit, number: str, version: str) -> Response:
    """Send to a bag of a complaint."""
    return web.see_other(downloads.of_archived(_bag(visit, number, version, "bag").key))


def download_proof(visit: Visit, number: str, version: str) -> Response:
    """Send to what proves a bag to be under a seal; it comes with the seal of its day."""
    key = proof_key(_bag(visit, number, version, "proof").key)
    if Vault.from_env().open(key) is None:
        raise NotFoundError  # its day is not sealed yet
    return web.see_other(downloads.of_archived(key))


def download_key(visit: Visit) -> Response:
    """Give the public key by which anybody checks the seals, alone and offline."""
    only(visit, tasks.READS_ARCHIVE)
    name = PUBLIC_KEY.rpartition("/")[2]
    return web.attachment(pem(public_key()).decode(), name, "application/x-pem-file")


def _bag(visit: Visit, number: str, version: str, what: str) -> Bag:
    """Return one bag, the look at it on record."""
    dossier = filed(visit, number, Look.DOWNLOADED, f"{what}:{version[:6]}")
    for one in bags_of(dossier):
        if str(one.version) == version:
            return one
    raise NotFoundError
