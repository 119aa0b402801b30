"""The Merkle tree of RFC 6962: known trees, a naive definition beside it, and wrong proofs.

The eight leaves, their roots and the proofs are those by which Certificate Transparency's own
libraries are tested.
"""

from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.merkle import (
    EMPTY_ROOT,
    HASH_SIZE,
    Frontier,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    nodes,
    peaks,
    position,
    root,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
G = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"
SOME = bytes(range(HASH_SIZE))
SIZES = st.integers(0, 40)
Path = list[bytes]


def grown(leaves: Sequence[bytes]) -> tuple[Frontier, bytes]:
    """Return the tree of these leaves, and all its nodes one after the other."""
    tree = Frontier()
    return tree, b"".join(tree.add(leaf) for leaf in leaves)


def looked_up(kept: bytes) -> Callable[[int, int], bytes]:
    """Return the look-up of nodes in what a tree kept."""

    def node(level: int, index: int) -> bytes:
        at = position(level, index) * HASH_SIZE
        found = kept[at : at + HASH_SIZE]
        assert len(found) == HASH_SIZE, "asked for a node that is not complete"
        return found

    return node


def of(size: int) -> tuple[list[bytes], Callable[[int, int], bytes]]:
    """Return that many leaves and the nodes above them."""
    leaves = [str(one).encode() for one in range(size)]
    return leaves, looked_up(grown(leaves)[1])


# ---- the definition, word for word -----------------------------------------------------------


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = half(len(leaves))
    return node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


def naive_path(m: int, leaves: Sequence[bytes]) -> Path:
    """PATH of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    k = half(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_proof(m: int, leaves: Sequence[bytes], *, known: bool = True) -> Path:
    """SUBPROOF of RFC 6962, 2.1.2."""
    if m == len(leaves):
        return [] if known else [naive_root(leaves)]
    k = half(len(leaves))
    if m <= k:
        return [*naive_proof(m, leaves[:k], known=known), naive_root(leaves[k:])]
    return [*naive_proof(m - k, leaves[k:], known=False), naive_root(leaves[:k])]


def half(size: int) -> int:
    """Return the largest power of two that is smaller."""
    k = 1
    while k * 2 < size:
        k *= 2
    return k


# ---- known values ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    """From none to all eight leaves."""
    assert root(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        (0, 1, []),
        (0, 8, [A, B, C]),
        (5, 8, [D, E, ROOTS[4]]),
        (2, 3, [ROOTS[2]]),
        (1, 5, [ROOTS[1], B, D]),
    ],
)
def test_inclusion_is_proven_as_in_certificate_transparency(
    index: int, size: int, path: list[str]
) -> None:
    """Made like that, and taken like that."""
    _, kept = grown(LEAVES)
    wanted = [bytes.fromhex(one) for one in path]
    assert inclusion_path(index, size, looked_up(kept)) == wanted
    assert verify_inclusion(LEAVES[index], index, size, wanted, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(
    ("first", "size", "path"),
    [
        (1, 1, []),
        (1, 8, [A, B, C]),
        (6, 8, [F, E, ROOTS[4]]),
        (2, 5, [B, D]),
        (6, 7, [F, G, ROOTS[4]]),
    ],
)
def test_consistency_is_proven_as_in_certificate_transparency(
    first: int, size: int, path: list[str]
) -> None:
    """Made like that, and taken like that."""
    _, kept = grown(LEAVES)
    wanted = [bytes.fromhex(one) for one in path]
    assert consistency_path(first, size, looked_up(kept)) == wanted
    roots = [bytes.fromhex(ROOTS[one]) for one in (first, size)]
    assert verify_consistency(first, size, wanted, *roots)


# ---- laws ------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=9), max_size=70))
def test_a_growing_tree_has_the_root_of_the_definition(leaves: list[bytes]) -> None:
    """At each size, whatever the leaves are, equal ones too."""
    tree = Frontier()
    for size, leaf in enumerate(leaves):
        assert (tree.size, tree.root) == (size, naive_root(leaves[:size]))
        tree.add(leaf)
    assert tree.root == naive_root(leaves) == root(leaves)


@given(SIZES, SIZES)
def test_a_tree_goes_on_from_its_peaks(size: int, more: int) -> None:
    """What a day adds depends on nothing but the peaks of the day before."""
    leaves, node = of(size + more)
    whole, kept = grown(leaves)
    later = Frontier(size, [node(*one) for one in peaks(0, size)])
    added = b"".join(later.add(leaf) for leaf in leaves[size:])
    assert later.root == whole.root
    assert kept[nodes(size) * HASH_SIZE :] == added
    assert nodes(size + more) * HASH_SIZE == len(kept)


def test_a_tree_with_other_peaks_than_its_size_has_is_refused() -> None:
    """Three leaves have two."""
    with pytest.raises(ValueError, match="not 1 peaks"):
        Frontier(3, [SOME])


@given(st.integers(0, 5), st.integers(0, 9))
def test_a_node_lies_where_its_last_leaf_completes_it(level: int, index: int) -> None:
    """Every node that is complete is the root of its leaves."""
    leaves, node = of((index + 1) << level)
    assert node(level, index) == naive_root(leaves[index << level :])


@given(SIZES, SIZES)
def test_peaks_are_whole_nodes_side_by_side(first: int, more: int) -> None:
    """They cover the leaves once, each begins at a multiple of its size."""
    at = first
    for level, index in peaks(first, first + more):
        assert index << level == at
        at += 1 << level
    assert at == first + more


@settings(max_examples=40)
@given(st.integers(1, 40), st.data())
def test_proofs_are_those_of_the_definition_and_hold(size: int, data: st.DataObject) -> None:
    """For every leaf, and from every earlier size."""
    leaves, node = of(size)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(index, size, node)
    assert path == naive_path(index, leaves)
    assert verify_inclusion(leaves[index], index, size, path, naive_root(leaves))
    first = index + 1
    proof = consistency_path(first, size, node)
    assert proof == naive_proof(first, leaves)
    assert verify_consistency(first, size, proof, naive_root(leaves[:first]), naive_root(leaves))


def test_a_proof_needs_few_nodes() -> None:
    """About twice the height of the tree, in a tree of a million and one leaves."""
    asked: list[tuple[int, int]] = []

    def node(level: int, index: int) -> bytes:
        asked.append((level, index))
        return SOME

    inclusion_path(700_001, 1_000_001, node)
    assert len(asked) <= 40
    asked.clear()
    consistency_path(700_001, 1_000_001, node)
    assert len(asked) <= 40


def test_what_is_not_there_has_no_proof() -> None:
    """No leaf beyond the end, no earlier tree that is larger; the empty one needs none."""
    _, node = of(3)
    for index in (-1, 3):
        with pytest.raises(ValueError, match="no leaf"):
            inclusion_path(index, 3, node)
        assert not verify_inclusion(b"", index, 3, [], SOME)
    with pytest.raises(ValueError, match="did not begin"):
        consistency_path(4, 3, node)
    assert consistency_path(0, 3, node) == consistency_path(3, 3, node) == []
    assert verify_consistency(0, 3, [], EMPTY_ROOT, SOME)
    assert not verify_consistency(0, 3, [], SOME, SOME)
    assert not verify_consistency(0, 3, [SOME], EMPTY_ROOT, SOME)
    assert verify_consistency(3, 3, [], SOME, SOME)
    assert not verify_consistency(3, 3, [], SOME, EMPTY_ROOT)
    assert not verify_consistency(3, 3, [SOME], SOME, SOME)
    assert not verify_consistency(4, 3, [], SOME, SOME)
    assert not verify_consistency(2, 3, [], SOME, SOME)


# ---- wrong proofs ----------------------------------------------------------------------------


def bent(path: Path) -> Iterator[Path]:
    """Yield a path cut, lengthened, out of order and changed by one bit."""
    for garbage in (b"", SOME, EMPTY_ROOT):
        yield [*path, garbage]
        yield [garbage, *path]
    for at, one in enumerate(path):
        yield [*path[:at], *path[at + 1 :]]
        yield [*path[:at], one, *path[at:]]
        for bit in (0, 3, 7):
            changed = bytes([one[0] ^ 1 << bit]) + one[1:]
            yield [*path[:at], changed, *path[at + 1 :]]
    if path != path[::-1]:
        yield path[::-1]


@pytest.mark.parametrize("size", range(1, 17))
def test_a_wrong_proof_of_inclusion_is_refused(size: int) -> None:
    """Another leaf, place, size or root; a bent path."""
    leaves, node = of(size)
    whole = root(leaves)
    for index, leaf in enumerate(leaves):
        path = inclusion_path(index, size, node)
        assert verify_inclusion(leaf, index, size, path, whole)
        for other in {index - 1, index + 1, index ^ 2, size} - {index}:
            assert not verify_inclusion(leaf, other, size, path, whole)
        for height in {size * 2, size // 2}:
            assert not verify_inclusion(leaf, index, height, path, whole)
        for wrong in (b"", b"\x00" + leaf, leaf_hash(leaf)):
            assert not verify_inclusion(wrong, index, size, path, whole)
        for wrong in (EMPTY_ROOT, SOME, b"", *path):
            assert not verify_inclusion(leaf, index, size, path, wrong)
        for other_path in bent(path):
            assert not verify_inclusion(leaf, index, size, other_path, whole)


@pytest.mark.parametrize("size", range(2, 17))
def test_a_wrong_proof_of_consistency_is_refused(size: int) -> None:
    """Other sizes, other or swapped roots, a bent or an empty path."""
    leaves, node = of(size)
    whole = root(leaves)
    for first in range(1, size):
        begun = root(leaves[:first])
        path = consistency_path(first, size, node)
        assert verify_consistency(first, size, path, begun, whole)
        for other in {first - 1, first + 1, first ^ 2, size} - {first}:
            assert not verify_consistency(other, size, path, begun, whole)
        for height in (size * 2, size // 2):
            assert not verify_consistency(first, height, path, begun, whole)
        assert not verify_consistency(first, size, path, whole, begun)
        assert not verify_consistency(first, size, [], begun, whole)
        for wrong in (EMPTY_ROOT, SOME, b"", *path):
            assert not verify_consistency(first, size, path, wrong, whole)
            assert not verify_consistency(first, size, path, begun, wrong)
        for other_path in (
            *bent(path),
            [begun, *path],
            [whole, *path],
            [*path, begun],
            [*path, whole],
        ):
            assert not verify_consistency(first, size, other_path, begun, whole)


def test_a_leaf_is_never_taken_for_a_node() -> None:
    """Two hashes as a leaf have not the root of the two leaves: the first byte tells them apart."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert root([left + right]) != root([b"a", b"b"])
