"""The content of an opaque S/MIME signature: readable by anybody, yet wrapped in DER or BER.

Only the wrapping is undone. Whether the signature holds is not looked at, and nothing is taken for
proven because of it.
"""

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_SEQUENCE, _SET, _OID, _OCTETS, _INTEGER, _CONSTRUCTED, _WRAPPED = 0x30, 0x31, 6, 4, 2, 0x24, 0xA0
_DEEPEST = 16
_LONG_LENGTH = 0x80
_LARGEST_UNMEASURED = 8 * 1024 * 1024


class _BrokenError(Exception):
    """The bytes are not what they should be."""


def signed_content(raw: bytes) -> bytes | None:
    """Return the mail part that a `signed-data` structure holds; None where there is none to read.

    Encrypted content, certificates alone, and broken structures hold none.
    """
    try:
        place, _ = _enter(raw, 0, _SEQUENCE)
        tag, start, end, place = _element(raw, place)
        if tag != _OID or raw[start:end] != _SIGNED_DATA:
            return None
        place, _ = _enter(raw, place, _WRAPPED)
        place, _ = _enter(raw, place, _SEQUENCE)
        for wanted in (_INTEGER, _SET):
            tag, _, _, place = _element(raw, place)
            if tag != wanted:
                return None
        place, after = _enter(raw, place, _SEQUENCE)
        tag, _, _, place = _element(raw, place)
        if tag != _OID or place >= after:
            return None
        place, _ = _enter(raw, place, _WRAPPED)
        return _octets(raw, place)
    except (_BrokenError, IndexError):
        return None


def _enter(raw: bytes, place: int, wanted: int) -> tuple[int, int]:
    """Return where the inside of an element begins and ends."""
    tag, start, end, _ = _element(raw, place)
    if tag != wanted:
        raise _BrokenError
    return start, end


def _octets(raw: bytes, place: int) -> bytes:
    """Return the bytes of an octet string, written in one piece or in many."""
    tag, start, end, _ = _element(raw, place)
    if tag == _OCTETS:
        return raw[start:end]
    if tag != _CONSTRUCTED:
        raise _BrokenError
    pieces: list[bytes] = []
    while start < end:
        tag, inside, inside_end, start = _element(raw, start)
        if tag != _OCTETS:
            raise _BrokenError
        pieces.append(raw[inside:inside_end])
    return b"".join(pieces)


def _element(raw: bytes, place: int, depth: int = 0) -> tuple[int, int, int, int]:
    """Return the tag of an element, where its inside begins and ends, and where the next begins."""
    tag, length = raw[place], raw[place + 1]
    start = place + 2
    if length == _LONG_LENGTH:
        if depth > _DEEPEST or len(raw) > _LARGEST_UNMEASURED:
            raise _BrokenError
        # Of unknown length: its elements run until two zeros.
        end = start
        while raw[end : end + 2] != b"\0\0":
            end = _element(raw, end, depth + 1)[3]
        return tag, start, end, end + 2
    if length > _LONG_LENGTH:
        count = length - _LONG_LENGTH
        length = int.from_bytes(raw[start : start + count], "big")
        start += count
    end = start + length
    if end > len(raw):
        raise _BrokenError
    return tag, start, end, end
