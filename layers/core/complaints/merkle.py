"""The Merkle tree of RFC 6962, which certificate logs use, and its proofs.

Leaves are only ever added at the end. Hashes are SHA-256, the one of a leaf over 0x00 and its
bytes, the one of a node over 0x01 and the hashes of its two halves. Proofs are made and checked as
in RFC 9162 (2.1.3, 2.1.4), which describes the same tree.

A node `(level, index)` is the root of the 2^level leaves from `index * 2^level` on. Once all of
these are there it never changes, so it is kept for good, at the place where its last leaf
completes it. With `node(level, index)` that looks a kept node up, a root or a proof takes about as
many look-ups as the tree is high.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""
Node = Callable[[int, int], bytes]
"""Returns the hash of a node that is complete, by level (0 = leaves) and index."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node with these two below it."""
    return hashlib.sha256(b"\x01" + left + right).digest()


# ---- where nodes lie -----------------------------------------------------------------------


def position(level: int, index: int) -> int:
    """Return where a node stands in the list of all nodes, in the order of their completion.

    Its last leaf is the number L; before that leaf come L leaves and the L - popcount(L) nodes
    above them that these complete; after it, the nodes above it from level 1 up.

    >>> [position(0, 0), position(0, 1), position(1, 0), position(0, 2)]
    [0, 1, 2, 3]
    """
    last = ((index + 1) << level) - 1
    return 2 * last - last.bit_count() + level


def nodes(size: int) -> int:
    """Return how many nodes a tree of `size` leaves has completed, its leaves included.

    >>> [nodes(size) for size in range(5)]
    [0, 1, 3, 4, 7]
    """
    return 2 * size - size.bit_count()


def peaks(first: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the largest nodes that together are the leaves from `first` up to `size`, in order.

    >>> list(peaks(0, 7))
    [(2, 0), (1, 2), (0, 6)]
    >>> list(peaks(3, 8))
    [(0, 3), (2, 1)]
    """
    while first < size:
        fits = (size - first).bit_length() - 1
        level = min(fits, (first & -first).bit_length() - 1) if first else fits
        yield level, first >> level
        first += 1 << level


# ---- growing -------------------------------------------------------------------------------


class Frontier:
    """A tree while it grows: the peaks are all it needs to know of what came before."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        """Go on from a tree of `size` leaves; `hashes` are those of `peaks(0, size)`.

        Raises ValueError unless there are as many.
        """
        if len(hashes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has not {len(hashes)} peaks")
        self.size = size
        self._peaks = list(hashes)

    def add(self, leaf: bytes) -> bytes:
        """Add a leaf; return the hashes of the nodes that it completes, one after the other."""
        done = [leaf_hash(leaf)]
        full = self.size
        while full & 1:
            done.append(node_hash(self._peaks.pop(), done[-1]))
            full >>= 1
        self._peaks.append(done[-1])
        self.size += 1
        return b"".join(done)

    @property
    def hashes(self) -> list[bytes]:
        """The hashes of its peaks, by which it can be gone on with."""
        return list(self._peaks)

    @property
    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return joined(self._peaks)


def joined(hashes: Sequence[bytes]) -> bytes:
    """Return the root above these peaks."""
    if not hashes:
        return EMPTY_ROOT
    *rest, root = hashes
    for left in reversed(rest):
        root = node_hash(left, root)
    return root


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root of the tree that these leaves make.

    >>> root([]).hex()[:8]
    'e3b0c442'
    """
    tree = Frontier()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root


# ---- proofs --------------------------------------------------------------------------------


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """Return what proves that the leaf number `index` is in the tree of the first `size` leaves.

    Raises ValueError where there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    return [_subtree(first, last, node) for first, last in _beside(index, index + 1, size)]


def consistency_path(first: int, size: int, node: Node) -> list[bytes]:
    """Return what proves that the tree of `size` leaves begins with the one of `first` leaves.

    Empty where nothing needs a proof: `first` is 0 or `size`. Raises ValueError if it is more.
    """
    if not 0 <= first <= size:
        raise ValueError(f"a tree of {size} leaves did not begin with {first}")
    if first in (0, size):
        return []
    start = (first - 1) & ~((first & -first) - 1)
    path = [_subtree(*one, node) for one in _beside(start, first, size)]
    # The older root itself stands for a whole tree of a power of two: it is known.
    return path if start == 0 else [_subtree(start, first, node), *path]


def _beside(first: int, last: int, size: int) -> list[tuple[int, int]]:
    """Return the parts of a tree beside the node of the leaves `first` to `last`, from it up."""
    found: list[tuple[int, int]] = []
    begin, end = 0, size
    while (begin, end) != (first, last):
        middle = begin + (1 << (end - begin - 1).bit_length() - 1)
        if first < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((begin, middle))
            begin = middle
    return found[::-1]


def _subtree(first: int, last: int, node: Node) -> bytes:
    """Return the root of the leaves `first` to `last`, a part of the tree that RFC 6962 makes."""
    return joined([node(*one) for one in peaks(first, last)])


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Return whether `path` proves `leaf` to be number `index` of the `size` under `root`."""
    if not 0 <= index < size:
        return False
    at, last, above = index, size - 1, leaf_hash(leaf)
    for one in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            above = node_hash(one, above)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            above = node_hash(above, one)
        at, last = at >> 1, last >> 1
    return last == 0 and above == root


def verify_consistency(
    first: int, size: int, path: Sequence[bytes], first_root: bytes, root: bytes
) -> bool:
    """Return whether `path` proves that the tree under `root` begins with that of `first_root`."""
    if not 0 <= first <= size:
        return False
    if first == 0:
        return not path and first_root == EMPTY_ROOT
    if first == size:
        return not path and first_root == root
    if not path:
        return False
    whole = first & (first - 1) == 0
    start, *rest = [first_root, *path] if whole else path
    at, last = first - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = start
    for one in rest:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(one, before), node_hash(one, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, one)
        at, last = at >> 1, last >> 1
    return last == 0 and before == first_root and after == root
