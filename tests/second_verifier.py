"""A second verifier, written from the ten lines of decision 27 alone.

It shares no line with ours and imports nothing of it: what both say about an archive is said by the
format. It is for small archives: it holds everything in memory, and says only what, not where.
"""

import base64
import hashlib
import io
import json
import re
import struct
import zipfile
import zlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
DAY = timedelta(days=1)
NAMES = re.compile(
    r"seals/public-key\.pem|seals/\d{4}-\d\d-\d\d\.(json|tsr)"
    r"|leaves/day=(\d{4}-\d\d-\d\d)/\2\.jsonl|nodes/\d{4}-\d\d-\d\d\.bin"
    r"|archive/(major|general)/\d{4}/[^/]+/[^/]+(\.zip|\.proof\.json|\.files/[^/]+)"
)
TAGS = ["bag-info.txt", "bagit.txt", "fetch.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"]
NEEDED = {
    f"data/{name}" for name in ("access.jsonl", "complaint.json", "history.jsonl", "parts.jsonl")
}
UNREADABLE = (
    *(ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError, NotImplementedError),
    *(struct.error, zipfile.BadZipFile, InvalidSignature),
)
Json = dict[str, Any]


class WrongError(Exception):
    """The archive is not what was sealed."""


def expect(holds: object, what: str) -> None:
    """Raise WrongError unless it holds."""
    if not holds:
        raise WrongError(what)


def h(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def canon(value: object) -> bytes:
    """RFC 8785, for values without floats and names beyond ASCII."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def load(content: bytes, what: str) -> Json:
    """Read canonical JSON."""
    value: Json = json.loads(content)
    expect(isinstance(value, dict) and canon(value) == content, f"{what} is not canonical")
    return value


def verify(files: dict[str, bytes], pem: bytes, checkpoint: bytes = b"") -> str:
    """Return what is wrong with an archive; empty where nothing is."""
    try:
        _verify(files, pem, checkpoint)
    except WrongError as wrong:
        return str(wrong)
    except UNREADABLE as error:
        return f"unreadable: {error!r}"
    return ""


def _verify(files: dict[str, bytes], pem: bytes, checkpoint: bytes) -> None:
    for name in files:
        expect(NAMES.fullmatch(name), f"{name} is no file of an archive")
    expect(files["seals/public-key.pem"] == pem, "the key there is another one")
    key = serialization.load_pem_public_key(pem)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    seals = sorted(name for name in files if re.fullmatch(r"seals/.*\d\.json", name))
    expect(seals, "no seal")
    days = [date.fromisoformat(name[6:16]) for name in seals]
    for name in files:
        if match := re.match(r"(?:seals|leaves/day=|nodes)/?(\d{4}-\d\d-\d\d)", name):
            expect(date.fromisoformat(match[1]) in days, f"{name} has no seal")
    tree: list[bytes] = []
    size, before, sealed_before, day_before = 0, b"", "", days[0] - DAY
    leaves: list[Json] = []
    lines: list[bytes] = []
    for name, day in zip(seals, days, strict=True):
        seal = _seal(files[name], key)
        expect(seal["day"] == str(day) and day == day_before + DAY, f"{name}: a day is missing")
        expect(seal["previous"] == (h(before) if before else ""), f"{name} does not follow")
        expect(seal["first"] == size and seal["sealed_at"] >= sealed_before, f"{name}: order")
        made = files[f"leaves/day={day}/{day}.jsonl"]
        expect(h(made) == seal["leaves"], f"leaves of {day}")
        nodes = b""
        order = []
        for line in made.splitlines():
            leaf = json.loads(line)
            leaves.append({**leaf, "day": str(day)})
            lines.append(line)
            order.append((leaf["kind"], leaf["complaint_id"]))
            done = [hashlib.sha256(b"\0" + line).digest()]
            count = size
            while count % 2:
                done.append(hashlib.sha256(b"\1" + tree.pop() + done[-1]).digest())
                count //= 2
            tree.append(done[-1])
            nodes += b"".join(done)
            size += 1
        expect(order == sorted(set(order)), f"order of the leaves of {day}")
        expect(nodes == files[f"nodes/{day}.bin"] and h(nodes) == seal["nodes"], f"nodes of {day}")
        expect(size == seal["size"] and _top(tree) == seal["root"], f"root of {day}")
        if stamp := seal.get("stamp"):
            stamped, digest = stamp.split(" ")
            expect(h(files[f"seals/{stamped}.tsr"]) == digest, f"stamp of {stamped}")
        before, sealed_before, day_before = files[name], seal["sealed_at"], day
    _history_of_leaves(leaves, files)
    _bags(files, leaves, lines, days[-1], sealed_before)
    if checkpoint:
        kept = _seal(checkpoint, key)
        expect(files.get(f"seals/{kept['day']}.json") == checkpoint, "not what was kept")


def _seal(content: bytes, key: ec.EllipticCurvePublicKey) -> Json:
    sealed = load(content, "a seal")
    seal: Json = sealed["seal"]
    expect(sealed.keys() == {"seal", "signature"}, "fields of a seal")
    signature = base64.b64decode(sealed["signature"], validate=True)
    key.verify(signature, canon(seal), ec.ECDSA(hashes.SHA256()))
    r, s = utils.decode_dss_signature(signature)
    one_form = utils.encode_dss_signature(r, min(s, ORDER - s))
    expect(base64.b64encode(one_form).decode() == sealed["signature"], "form of a signature")
    der = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    expect(seal["key"] == h(key.public_bytes(*der)), "key of a seal")
    at = datetime.fromisoformat(seal["sealed_at"])
    after = datetime.combine(date.fromisoformat(seal["day"]) + DAY, datetime.min.time(), UTC)
    expect(at >= after and seal["made_up"] == (at.date() > after.date()), "when it was sealed")
    return seal


def _top(tree: list[bytes]) -> str:
    if not tree:
        return h(b"")
    *rest, top = tree
    for one in reversed(rest):
        top = hashlib.sha256(b"\1" + one + top).digest()
    return top.hex()


def _history_of_leaves(leaves: list[Json], files: dict[str, bytes]) -> None:
    newest: dict[tuple[str, str], Json] = {}
    for leaf in leaves:
        here = (leaf["kind"], leaf["complaint_id"])
        last = newest.get(here, {"version": 0, "digest": ""})
        same = leaf["version"] == last["version"] and leaf["digest"] == last["digest"]
        expect(leaf["version"] > last["version"] or same, f"{here} goes back")
        newest[here] = leaf
        if name := leaf.get("archive_key"):
            expect(name in files, f"{name} is missing")


def _chain(content: bytes, sealed: dict[int, str], what: str) -> list[Json]:
    expect(not content or content.endswith(b"\n"), f"end of {what}")
    entries = [load(line, what) for line in content.splitlines()]
    return _linked(entries, sealed, what, 0, "")


def _parts_from(sealed: dict[int, str], end: Json) -> bool:
    digest: str = end["digest"]
    return sealed.get(end["number"], digest) != digest


def _linked(
    entries: list[Json], sealed: dict[int, str], what: str, number: int, digest: str
) -> list[Json]:
    for entry in entries:
        number += 1
        expect(entry["number"] == number and type(entry["number"]) is int, f"number in {what}")
        expect(entry.get("previous", "") == digest, f"link in {what}")
        bare = {name: value for name, value in entry.items() if name != "digest"}
        digest = entry["digest"]
        expect(h(canon(bare)) == digest, f"digest in {what}")
        expect(sealed.get(number, digest) == digest, f"{what} is not the sealed one")
    return entries


def _bags(
    files: dict[str, bytes], leaves: list[Json], lines: list[bytes], last: date, sealed_at: str
) -> None:
    bags = {name: _bag(name, files, leaves) for name in files if name.endswith(".zip")}
    beside = {one for _, outside in bags.values() for one in outside}
    for name in files:
        if name.endswith(".proof.json"):
            expect(name[: -len(".proof.json")] + ".zip" in bags, f"{name} has no bag")
    sealed, newest = set(), {}
    for name, (history, _) in bags.items():
        end = history[-1]
        of_id = {
            leaf["version"]: leaf["digest"] for leaf in leaves
            if leaf["kind"] == "complaint" and leaf["complaint_id"] == _number(name)
        }  # fmt: skip
        newest[name] = max([*of_id, 0])
        proof = files.get(name[:-4] + ".proof.json")
        if proof is not None:
            _proof(load(proof, "a proof"), name, history, files, lines)
        if proof or of_id.get(end["number"]) == end["digest"]:
            sealed.add(name)
        for filed in _filings(history):
            earlier = filed["facts"]["archive_key"]
            expect(earlier in bags, f"{earlier} is missing")
        if name in sealed:
            expect(not _parts_from(of_id, end), f"{name}: its end is not the sealed one")
            expect(proof, f"{name} has no proof")
    histories = {name: history for name, (history, _) in bags.items()}
    _unsealed(histories, sealed, newest, leaves, last, sealed_at)
    lost = _lost({name: histories[name] for name in sealed})
    for name in files:
        if ".files/" in name and name not in beside:
            bag = name.partition(".files/")[0] + ".zip"
            expect((bag, _number(bag)) in lost, f"{name} belongs to no bag")


def _lost(sealed: dict[str, list[Json]]) -> dict[tuple[str, str], int]:
    return {
        (key, _number(name)): entry["number"] for name, history in sealed.items()
        for entry in history for key in entry.get("facts", {}).get("lost", "").split()
    }  # fmt: skip


def _unsealed(
    bags: dict[str, list[Json]], sealed: set[str], newest: dict[str, int], leaves: list[Json],
    last: date, sealed_at: str,
) -> None:  # fmt: skip
    lost = _lost({name: bags[name] for name in sealed})
    for name in bags.keys() - sealed:
        end = bags[name][-1]
        by = [
            other for other in sealed
            if _number(other) == _number(name) and end in _filings(bags[other])
        ]  # fmt: skip
        expect(not by or newest[name] < end["number"], f"{name} has no proof")
        day = end["occurred_at"][:10]
        # A leaf of its day or later, at its number or beyond, would have to lead on from it.
        unsealed = newest[name] < end["number"] and (
            date.fromisoformat(day) > last
            or (day == str(last) and sealed_at[:10] > day and day not in _days_of(name, leaves))
        )
        is_lost = lost.get((name, _number(name)), 0) > end["number"]
        expect(by or unsealed or is_lost, f"{name} is not sealed")


def _days_of(name: str, leaves: list[Json]) -> set[str]:
    return {
        leaf["day"] for leaf in leaves
        if leaf["kind"] == "complaint" and leaf["complaint_id"] == _number(name)
    }  # fmt: skip


def _number(name: str) -> str:
    return name.rpartition("/")[2].partition("_")[0]


def _filings(history: list[Json]) -> list[Json]:
    return [
        entry for entry in history
        if entry["status"] == "closed" and "archive_key" in entry.get("facts", {})
    ]  # fmt: skip


def _proof(
    proof: Json, name: str, history: list[Json], files: dict[str, bytes], lines: list[bytes]
) -> None:
    expect(proof.keys() == {"entries", "index", "leaf", "path", "seal"}, "fields of a proof")
    seal = proof["seal"]["seal"]
    expect(canon(proof["seal"]) == files.get(f"seals/{seal['day']}.json"), "seal of a proof")
    line, index, size = proof["leaf"].encode(), proof["index"], seal["size"]
    expect(type(index) is int and 0 <= index < size and lines[index] == line, "leaf of a proof")
    fn, sn, r = index, size - 1, hashlib.sha256(b"\0" + line).digest()
    for one in proof["path"]:
        p = bytes.fromhex(one)
        expect(sn and p.hex() == one, "path of a proof")
        if fn & 1 or fn == sn:
            r = hashlib.sha256(b"\1" + p + r).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hashlib.sha256(b"\1" + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    expect(sn == 0 and r.hex() == seal["root"], "path of a proof")
    leaf, end = json.loads(line), history[-1]
    expect(leaf["kind"] == "complaint" and leaf["complaint_id"] == _number(name), "whose proof")
    _linked(proof["entries"], {}, "a proof", end["number"], end["digest"])
    end = [*history, *proof["entries"]][-1]
    expect((leaf["version"], leaf["digest"]) == (end["number"], end["digest"]), "end of a proof")


def _bag(name: str, files: dict[str, bytes], leaves: list[Json]) -> tuple[list[Json], list[str]]:
    content, stem = files[name], name.rpartition("/")[2][:-4]
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        members = [(info.filename, file.read(info)) for info in file.infolist()]
    expect(_zip(members) == content, f"{name}: container")
    inside = {path.removeprefix(f"{stem}/"): one for path, one in members}
    order = sorted(
        inside, key=lambda one: (not one.startswith("data/"), one == "data/history.jsonl", one)
    )
    expect([f"{stem}/{one}" for one in order] == [one for one, _ in members], f"{name}: members")
    tags = [one for one in inside if not one.startswith("data/")]
    expect(set(tags) | {"fetch.txt"} == set(TAGS) and inside.keys() >= NEEDED, f"{name}: files")
    sealed: dict[str, dict[int, str]] = {"complaint": {}, "access": {}}
    for leaf in leaves:
        if leaf["complaint_id"] == _number(name):
            sealed[leaf["kind"]][leaf["version"]] = leaf["digest"]
    count = inside["data/history.jsonl"].count(b"\n")
    sealed["complaint"].pop(count, None)  # the last entry of a lost bag is another one
    history = _chain(inside["data/history.jsonl"], sealed["complaint"], f"history of {name}")
    _chain(inside["data/access.jsonl"], sealed["access"], f"looks of {name}")
    payload = {one: (h(inside[one]), len(inside[one])) for one in inside if one not in tags}
    outside = _fetched(name, inside.get("fetch.txt", b""), payload, files)
    manifest = {one: f"{payload[one][0]}  {one}\n".encode() for one in sorted(payload)}
    facts = history[-1]["facts"]
    expect(history[-1]["status"] == "closed" and facts["archive_key"] == name, f"{name}: its name")
    without = b"".join(line for one, line in manifest.items() if one != "data/history.jsonl")
    expect(facts["contents"] == h(without), f"{name}: contents")
    fetch = h(inside["fetch.txt"]) if "fetch.txt" in inside else None
    expect(facts.get("fetch") == fetch, f"{name}: fetch.txt")
    expect(inside["manifest-sha256.txt"] == b"".join(manifest.values()), f"{name}: manifest")
    listed = sorted(set(tags) - {"tagmanifest-sha256.txt"})
    tagged = "".join(f"{h(inside[one])}  {one}\n" for one in listed).encode()
    expect(inside["tagmanifest-sha256.txt"] == tagged, f"{name}: tagmanifest")
    declared = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    expect(inside["bagit.txt"] == declared, f"{name}: bagit.txt")
    oxum = f"{sum(size for _, size in payload.values())}.{len(payload)}"
    head = load(inside["data/complaint.json"], f"{name}: complaint.json")
    for line in inside["data/parts.jsonl"].splitlines():
        load(line, f"{name}: parts.jsonl")
    expect(head["complaint_id"] == _number(name), f"{name}: whose it is")
    expect(inside["bag-info.txt"] == _info(head, history, oxum), f"{name}: bag-info.txt")
    return history, outside


def _fetched(
    name: str, fetch: bytes, payload: dict[str, tuple[str, int]], files: dict[str, bytes]
) -> list[str]:
    outside = []
    for line in fetch.decode().splitlines():
        url, length, path = line.split(" ", 2)
        there = f"{name[:-4]}.files/{url.rpartition('/')[2]}"
        expect(path not in payload and len(files[there]) == int(length), f"{there}: length")
        payload[path] = h(files[there]), int(length)
        outside.append(there)
    return outside


def _info(head: Json, history: list[Json], oxum: str) -> bytes:
    assessment = head.get("assessment") or {}
    earlier = [entry["facts"]["archive_key"] for entry in _filings(history)][:-1]
    labels = {
        "Bagging-Date": history[-1]["occurred_at"][:10],
        "Category": "major" if assessment.get("major") else "general",
        "Closed": head["closed_at"][:10],
        "External-Identifier": head["complaint_id"],
        "Payload-Oxum": oxum,
        "Previous-Bag": earlier[-1] if earlier else "",
        "Received": head["received_at"][:10],
        "Result": "voided" if head.get("voided") else head.get("follow_up_outcome") or "none",
        "Retain-Until": history[-1]["facts"]["retain_until"],
        "Type": assessment.get("type") or "none",
    }
    return "".join(f"{name}: {value}\n" for name, value in labels.items() if value).encode()


def _zip(members: list[tuple[str, bytes]]) -> bytes:
    """Pack members as line 5 says."""
    packed, directory = b"", b""
    for name, content in members:
        crc, size = zlib.crc32(content), len(content)
        about = struct.pack("<5H3L2H", 20, 0, 0, 0, 0x21, crc, size, size, len(name), 0)
        at = len(packed)
        packed += b"PK\3\4" + about + name.encode("ascii") + content
        directory += (
            b"PK\1\2" + struct.pack("<H", 20) + about + struct.pack("<3H2L", 0, 0, 0, 0, at)
            + name.encode("ascii")
        )  # fmt: skip
    end = struct.pack("<4H2LH", 0, 0, len(members), len(members), len(directory), len(packed), 0)
    return packed + directory + b"PK\5\6" + end
