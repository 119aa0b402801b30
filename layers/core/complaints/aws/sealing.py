"""Making seals: what changed on a day becomes leaves, nodes, a signed seal, and proofs of bags.

    1  leaves   read from by_day and the table; whatever lies there already is what counts
    2  nodes    follow from the leaves and the peaks of the day before
    3  seal     the root, signed; whatever lies there already is what counts, if it fits
    4  proofs   beside each bag that the history of a leaf tells of, and that has none yet

Each is written once, under lock, and follows from what was written before it. So a run that died,
or two at once, leave nothing half-done: the next run takes up where it ended. A day is begun only
when the one before is done. What lies there and doesn't fit stops the run, and an alarm rings.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Self, TypeVar, cast

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from complaints.access import COLLECTION, AccessEntry
from complaints.aws.environment import resource
from complaints.aws.items import Stored, days, key_of, read, read_head, track_of
from complaints.aws.metrics import count
from complaints.aws.runtime import client, logger, now
from complaints.aws.seals import CHUNK, PUBLIC_KEY, RECENT, Nodes, Seals
from complaints.aws.table import AT_ONCE, Table
from complaints.aws.vault import Vault
from complaints.bag import filed_before
from complaints.history import canonical
from complaints.merkle import Frontier, nodes, peaks
from complaints.models import Status, TrackingEntry
from complaints.retention import years_later
from complaints.seal import (
    DAY,
    AccessLeaf,
    ComplaintLeaf,
    InclusionProof,
    Leaf,
    Seal,
    SealError,
    SignedSeal,
    is_made_up,
    last_to_seal,
    leaf_of,
    leaves_key,
    nodes_key,
    pem,
    proof_key,
    read_leaf,
    read_seal,
    seal_key,
    sha256,
    signed,
    stamp_key,
)

LONGEST_SILENCE = timedelta(days=100)
"""How far back the first seal of all looks for what changed."""
IN_MEMORY = 8 << 20
"""Bytes of a file that is made before it goes to disk."""
AT_A_TIME = 16
"""Proofs that are written at once."""
ALGORITHM = "ECDSA_SHA_256"
Bags = list[tuple[str, tuple[TrackingEntry, ...]]]
"""Bags by their keys, each with the entries that came after it."""
T = TypeVar("T")


class Sealing:
    """Seals the days of an archive; all of `run` may be repeated at any time."""

    def __init__(self, seals: Seals, vault: Vault, table: Table, *, key: str, years: int) -> None:
        """Sign with the KMS key `key` (ARN), and lock what is written for so many years."""
        self.seals, self.vault, self._table = seals, vault, table
        self._key, self.years = key, years
        self._kms = client("kms")

    @classmethod
    def from_env(cls) -> Self:
        """Return the sealing of the deployment."""
        return cls(
            Seals.from_env(),
            Vault.from_env(),
            Table.from_env(),
            key=resource("SEAL_KEY"),
            years=int(resource("ARCHIVE_YEARS")),
        )

    def run(self, at: datetime) -> list[date]:
        """Seal every day that is over and has no seal; return these days.

        Raises SealError where the archive holds something that does not fit.
        """
        key = self._public_key()
        until = last_to_seal(at)
        newest = self.seals.newest(until)
        before = self._finish(newest) if newest else b""
        stamp = self._newest_stamp(until)
        day = newest + DAY if newest else self._first_day(until)
        sealed = []
        while day <= until:
            before = self._seal(day, before, at, key=sha256(key), stamp=stamp)
            sealed.append(day)
            day += DAY
        return sealed

    def _public_key(self) -> bytes:
        """Return the public key (DER), and publish it once; all seals of an archive are by one."""
        key: bytes = self._kms.get_public_key(KeyId=self._key)["PublicKey"]
        published = self.seals.content(PUBLIC_KEY)
        if published is None:
            self._file(PUBLIC_KEY, pem(key), "application/x-pem-file")
            published = self.seals.content(PUBLIC_KEY)
        if published != pem(key):
            raise SealError(f"{PUBLIC_KEY} is another key than the one that signs")
        return key

    def _first_day(self, until: date) -> date:
        """Return the first day of all that is to be sealed: on which anything changed."""
        for ago in range(LONGEST_SILENCE.days, 0, -1):
            day = until - ago * DAY
            if any(self._table.page(**_changed_in(one), Limit=1)["Items"] for one in days(day)):
                return day
        return until

    # ---- a day -----------------------------------------------------------------------------

    def _newest_stamp(self, until: date) -> str:
        """Return what the next seal says of the newest time stamp: its day and digest, or nothing.

        Somebody who takes it away later, or writes it otherwise, is then found.
        """
        stamped = self.seals.days(after=until - RECENT, suffix="tsr")
        if not stamped:
            return ""
        return f"{stamped[-1]} {sha256(self.seals.content(stamp_key(stamped[-1])) or b'')}"

    def _seal(self, day: date, before: bytes, at: datetime, *, key: str, stamp: str) -> bytes:
        """Write what is missing of a day, upon the seal `before`; return the file of its seal."""
        self._expect_never_sealed(day)
        log = self._log(before)
        first = log.size
        with _scratch() as leaves, _scratch() as made:
            self._leaves(day, leaves)
            digest = hashlib.sha256()
            for line in leaves:
                digest.update(line)
                made.write(log.add(line.removesuffix(b"\n")))
            self._keep(nodes_key(day), made)
            seal = Seal(
                day=day,
                sealed_at=at,
                made_up=is_made_up(day, at),
                first=first,
                size=log.size,
                root=log.root.hex(),
                leaves=digest.hexdigest(),
                nodes=_digest(made),
                previous=sha256(before) if before else "",
                key=key,
                stamp=stamp,
            )
            content = self._sign(seal)
            self._proofs(read_seal(content), leaves, made)
        return content

    def _expect_never_sealed(self, day: date) -> None:
        """Raise SealError where something of a day was hidden or replaced: it is not sealed twice.

        What is locked can't be deleted, but a delete marker lies over it as if it were not there.
        """
        for key in (leaves_key(day), nodes_key(day), seal_key(day)):
            if self.vault.versions(key) > 1:
                raise SealError(f"{key} was deleted or replaced: it has more than one version")

    def _log(self, before: bytes) -> Frontier:
        """Return the log as it was sealed, ready to grow."""
        if not before:
            return Frontier()
        seal = read_seal(before).seal
        lookup = self.seals.nodes()
        log = Frontier(seal.size, [lookup(*one) for one in peaks(0, seal.size)])
        if log.root.hex() != seal.root:
            raise SealError(f"the nodes up to {seal.day} do not make its root")
        return log

    def _leaves(self, day: date, target: BinaryIO) -> None:
        """Write the leaves of a day to `target`: those that lie there, else what the table has."""
        kept = self.seals.open(leaves_key(day))
        if kept is None:
            target.writelines(canonical(leaf) + b"\n" for leaf in self._changed_on(day))
            target.seek(0)
            if self._file(leaves_key(day), target, "application/x-ndjson"):
                target.seek(0)
                return
            kept = self.seals.open(leaves_key(day))
            target.seek(0)
            target.truncate()
        if kept is None:
            raise SealError(f"the leaves of {day} were there, and are not")
        shutil.copyfileobj(kept, target, CHUNK)
        target.seek(0)
        self._expect_from_table(day, target)
        target.seek(0)

    def _expect_from_table(self, day: date, kept: BinaryIO) -> None:
        """Raise SealError unless leaves that lie there are what an earlier run has read.

        That is all that the table has of the day now, and what has changed again since.
        """
        here = (canonical(leaf) + b"\n" for leaf in self._changed_on(day))
        awaited = next(here, None)
        others = list[Leaf]()
        for line in kept:
            if line == awaited:
                awaited = next(here, None)
            else:
                others.append(read_leaf(line))
        if awaited is not None or not all(map(self._was_so, others)):
            raise SealError(f"{leaves_key(day)} is not what the table has, or had")

    def _was_so(self, leaf: Leaf) -> bool:
        """Return whether a complaint has gone on from what a leaf says of it."""
        if not isinstance(leaf, ComplaintLeaf):
            return False
        places = [key_of(leaf.complaint_id, track_of(leaf.version + more)) for more in (0, 1)]
        entries = [read(one, TrackingEntry) for one in self._table.get_each(places)]
        return len(entries) > 1 and any(
            (one.number, one.digest) == (leaf.version, leaf.digest) for one in entries
        )

    def _keep(self, key: str, made: BinaryIO) -> None:
        """File what was made, unless the same lies there."""
        made.seek(0)
        if not self._file(key, made, "application/octet-stream"):
            kept = self.seals.content(key) or b""
            if sha256(kept) != _digest(made):
                raise SealError(f"{key} is not what follows from the leaves")

    def _sign(self, seal: Seal) -> bytes:
        """Return the file of a day's seal: the one that was written first, if it says the same."""
        answer = self._kms.sign(
            KeyId=self._key,
            Message=canonical(seal),
            MessageType="RAW",
            SigningAlgorithm=ALGORITHM,
        )
        content = signed(seal, answer["Signature"])
        if self._file(seal_key(seal.day), content, "application/json"):
            return content
        kept = self.seals.file(seal.day)
        theirs = read_seal(kept).seal
        mine = seal.replace(sealed_at=theirs.sealed_at, made_up=theirs.made_up, stamp=theirs.stamp)
        if mine != theirs:
            raise SealError(f"{seal.day} is sealed already, and otherwise")
        return kept

    def _finish(self, day: date) -> bytes:
        """Write the proofs of a sealed day that are missing; return the file of its seal.

        Its leaves and nodes are digested on the way: the log goes on only from what was sealed.
        """
        content = self.seals.file(day)
        found = read_seal(content)
        with _scratch() as leaves, _scratch() as made:
            for key, target, digest in (
                (leaves_key(day), leaves, found.seal.leaves),
                (nodes_key(day), made, found.seal.nodes),
            ):
                kept = self.seals.open(key)
                if kept:
                    shutil.copyfileobj(kept, target, CHUNK)
                if _digest(target) != digest:
                    raise SealError(f"{key} is not what was sealed")
            leaves.seek(0)
            self._proofs(found, leaves, made)
        return content

    def _file(self, key: str, content: BinaryIO | bytes, kind: str) -> bool:
        """Lock something away, for years from now; return False where something lies there."""
        until = years_later(now(), self.years)
        return self.vault.file(key, content, until=until, content_type=kind)

    # ---- leaves ----------------------------------------------------------------------------

    def _changed_on(self, day: date) -> Iterator[Leaf]:
        """Yield a leaf for all that changed on a day, sorted by kind and id.

        A complaint that has changed again since then is left to the later day.
        """
        chains: dict[str, str] = {}
        numbers: list[str] = []
        for partition in days(day):
            for stored in self._table.query(**_changed_in(partition)):
                name, part = stored["complaint_id"]["S"], stored["part"]["S"]
                if name.startswith(COLLECTION):
                    chains[name] = max(part, chains.get(name, ""))
                elif part == "complaint":
                    numbers.append(name)
        for newest in _in_batches(sorted(chains.items())):
            looks = self._table.get_each([key_of(*one) for one in newest])
            yield from sorted(map(_access_leaf, looks), key=lambda leaf: leaf.complaint_id)
        for some in _in_batches(sorted(numbers)):
            heads = map(read_head, self._table.get_all(some, "complaint"))
            unchanged = (one for one in heads if one.changed_on == day)
            yield from sorted(map(leaf_of, unchanged), key=lambda leaf: leaf.complaint_id)

    # ---- proofs of bags --------------------------------------------------------------------

    def _proofs(self, found: SignedSeal, leaves: BinaryIO, made: BinaryIO) -> None:
        """Write a proof beside each bag that the complaints of a day had by then, if it has none.

        One that can't be made stops no other, and an alarm rings.
        """
        leaves.seek(0)
        lookup: Nodes | None = None
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            for some in _in_batches(_handled(leaves, found.seal.first)):
                unproven = pool.map(self._unproven, [leaf for leaf, _, _ in some])
                proofs: list[tuple[Bags, InclusionProof]] = []
                for (_, line, index), bags in zip(some, list(unproven), strict=True):
                    if not bags:
                        continue
                    if lookup is None:
                        lookup = self.seals.nodes()
                        lookup.hold(nodes(found.seal.first), made)
                    proof = self.seals.proof(found, line, index, lookup)
                    proofs.append((bags, proof))
                list(pool.map(self._prove, proofs))

    def _prove(self, one: tuple[Bags, InclusionProof]) -> None:
        """Write the proofs of the bags of a complaint, the oldest first."""
        for archive_key, entries in one[0]:
            content = canonical(one[1].replace(entries=entries))
            self._file(proof_key(archive_key), content, "application/json")

    def _unproven(self, leaf: ComplaintLeaf) -> Bags:
        """Return the bags of a complaint that have no proof yet, the oldest first.

        Each comes with what the history had more by the version of the leaf. They are proven in
        this order, so a bag that has a proof has none before it without.
        """
        try:
            if leaf.status == Status.CLOSED and self.seals.has(proof_key(leaf.archive_key)):
                return []
            entries = self._history(leaf)
            found: Bags = []
            for one in reversed([entry for entry in entries if filed_before([entry])]):
                archive_key = str(one.facts["archive_key"])
                if self.seals.has(proof_key(archive_key)):
                    break
                found.append((archive_key, tuple(entries[one.number :])))
        except (BotoCoreError, ClientError):
            raise
        except Exception:  # noqa: BLE001 - the seal stands, and the other proofs are written
            logger.exception("no proof", complaint_id=leaf.complaint_id)
            count("SealFailed")
            return []
        return found[::-1]

    def _history(self, leaf: ComplaintLeaf) -> list[TrackingEntry]:
        """Return the history of a complaint up to the version of its leaf."""
        stored = self._table.query(
            KeyConditionExpression="complaint_id = :id AND part BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":id": {"S": leaf.complaint_id},
                ":first": {"S": track_of(1)},
                ":last": {"S": track_of(leaf.version)},
            },
            ConsistentRead=True,
        )
        return [read(one, TrackingEntry) for one in stored]


def _handled(leaves: BinaryIO, first: int) -> Iterator[tuple[ComplaintLeaf, bytes, int]]:
    """Yield the complaints of a day that may have a bag, each with its line and place in the log.

    What is filed as it is names its bag; what was filed before is in another round since.
    """
    for index, line in enumerate(leaves, start=first):
        leaf = read_leaf(line)
        if isinstance(leaf, ComplaintLeaf) and (leaf.archive_key or leaf.round_at):
            yield leaf, line.removesuffix(b"\n"), index


def _changed_in(partition: str) -> Stored:
    return {
        "IndexName": "by_day",
        "KeyConditionExpression": "changed_day = :day",
        "ExpressionAttributeValues": {":day": {"S": partition}},
    }


def _access_leaf(stored: Stored) -> AccessLeaf:
    """Return the leaf of an access history, from its newest entry of the day."""
    entry = msgspec.json.decode(stored["document"]["S"], type=AccessEntry)
    chain = stored["complaint_id"]["S"].removeprefix(COLLECTION)
    return AccessLeaf(complaint_id=chain, version=entry.number, digest=entry.digest)


def _in_batches(some: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(some)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch


def _scratch() -> BinaryIO:
    """Return a file that is gone when it is closed; a large one is on disk."""
    return cast("BinaryIO", SpooledTemporaryFile(IN_MEMORY))


def _digest(file: BinaryIO) -> str:
    """Return the SHA-256 of a file, in hex; it is read to its end."""
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
