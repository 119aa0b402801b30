"""What the bytes of a mail say, whatever charset their label names, or none.

Total and linear in the length of the input. The label is believed where the bytes agree with it;
where they don't, they are read as UTF-8 or as what a detector makes of them.
"""

import codecs
import re
from functools import lru_cache
from itertools import chain

# A label says gb2312 and means whatever Windows writes; each superset reads all that its subset
# does. Keys have neither case nor punctuation.
_SUPERSETS = {
    **dict.fromkeys(
        (
            *("gb2312", "gb231280", "gb23121980", "csgb2312", "csgb231280", "csiso58gb231280"),
            *("isoir58", "chinese", "euccn", "xeuccn", "eucgb2312cn", "cngb", "cngb2312", "gb"),
            *("gbk", "xgbk", "csgbk", "cp936", "ms936", "xcp936", "windows936", "xmswin936", "936"),
            *("gb18030", "gb180302000", "gb180302005", "gb180302022", "csgb18030"),
        ),
        "gb18030",
    ),
    **dict.fromkeys(("hz", "hzgb", "hzgb2312", "xhz", "hzgb231280"), "hz"),
    **dict.fromkeys(
        (
            *("big5", "xbig5", "xxbig5", "cnbig5", "csbig5", "big5eten", "big5tw", "big5hkscs"),
            *("big5hkscs2004", "big5hk", "hkscs", "cp950", "ms950", "windows950", "xwindows950"),
        ),
        "big5hkscs",
    ),
    **dict.fromkeys(("iso88591", "latin1", "l1", "windows1252", "cp1252", "xansi"), "cp1252"),
    **dict.fromkeys(("ksc56011987", "ksc5601", "euckr", "cp949", "xwindows949"), "cp949"),
    **dict.fromkeys(("shiftjis", "sjis", "xsjis", "mskanji", "windows31j"), "cp932"),
    **dict.fromkeys(("utf7", "unicode11utf7", "xunicode20utf7", "unicode20utf7"), "utf-7"),
    **dict.fromkeys(("utf8mb4", "utf8mb3", "unicodeutf8", "xutf8"), "utf-8"),
    **dict.fromkeys(("iso2022cn", "iso2022cnext", "csiso2022cn"), "iso-2022-cn"),
    "iso88598i": "iso-8859-8",
    "tis620": "cp874",
}
# Python calls these codecs text; no mail is written in them, and some take quadratic time.
_NOT_CHARSETS = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "palmos"}
_SHIFTED = ("iso2022", "iso-2022", "hz", "utf-7", "utf-16", "utf-32", "utf_")
# Three bytes of one Chinese character in UTF-8: hardly ever valid by chance in another charset.
_THREE_BYTES = re.compile(rb"[\xe3-\xe9][\x80-\xbf]{2}")
# All that stands beyond ASCII is in pairs that GB 2312 gives to its commoner half.
_COMMON_CHINESE = re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xa3\xb0-\xd7][\xa1-\xfe])*")
_FEW = 16
_SAMPLE = 65_536
_LONGEST_SHIFTED = 1_000_000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# As the detector names them, which is as browsers do.
_DETECTED = {"gbk": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932", "euc-kr": "cp949"}

# Python maps these to private characters, as GB 18030 did before 2022.
_GB18030_2022 = str.maketrans(
    "\ue78d\ue78e\ue78f\ue790\ue791\ue792\ue793\ue794\ue795\ue796\ue7c7\ue81e\ue826\ue82b\ue82c"
    "\ue832\ue843\ue854\ue864\ue816\ue817\ue818\ue831\ue83b\ue855",
    "\ufe10\ufe12\ufe11\ufe13\ufe14\ufe15\ufe16\ufe17\ufe18\ufe19\u1e3f\u9fb4\u9fb5\u9fb6\u9fb7"
    "\u9fb8\u9fb9\u9fba\u9fbb\U00020087\U00020089\U000200cc\U000215d7\U0002298f\U000241fe",
)
_PRIVATE = re.compile("[\ue78d-\ue864]")
_ESCAPE = re.compile(rb"\x1b(\$?[()*]?[@-Z])|([\x0e\x0f])")
_PAIRS = {b"A": "gb2312", b"E": "gb2312", b"@": "euc_jp", b"B": "euc_jp", b"C": "cp949"}


@lru_cache(maxsize=256)
def codec_of(charset: str) -> str:
    """Return the codec to try first for a declared charset, or "" for an unknown one."""
    name = charset.strip(" \t\"'").partition("*")[0].lower()[:60]
    name = _SUPERSETS.get(re.sub(r"[^a-z0-9]", "", name), name)
    if name == "iso-2022-cn":  # Python has no codec of that name: `_iso2022` reads it
        return name
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError, SyntaxError):
        return ""
    if not getattr(found, "_is_text_encoding", True) or found.name in _NOT_CHARSETS:
        return ""
    return found.name


def decode_text(raw: bytes, charset: str = "") -> str:
    """Return the text of bytes said to be in `charset`, which may be unknown, missing or a lie."""
    codec = codec_of(charset)
    shifted = codec.startswith(_SHIFTED)
    if not shifted and raw.isascii() and b"\x00" not in raw:
        return raw.decode("ascii")
    if wide := _marked(raw):
        return _lenient(raw, wide).removeprefix("\ufeff")
    # A label of a byte charset proves little when the bytes are Chinese in UTF-8.
    proven = not codec or codec in {"ascii", "utf-8"} or _THREE_BYTES.search(raw) is not None
    tried = ["utf-8", codec] if proven and not shifted else [codec, "utf-8"]
    if codec == "big5hkscs":
        tried.append("cp950")  # which alone has the euro sign
    for candidate in tried[:1] if raw.isascii() else tried:
        text = _strict(raw, candidate)
        if text is not None:
            return text
    return _damaged(raw, codec)


def _damaged(raw: bytes, codec: str) -> str:
    """Return the text of bytes that are not wholly in the charset that they are said to be in."""
    if codec and codec != "ascii":
        text = _lenient(raw, codec)
        # What is well formed in UTF-8 is so on purpose; in other charsets, half of any noise is.
        share = 2 if codec == "utf-8" else 4
        wrong, beyond = text.count("\ufffd"), sum(1 for char in text if char > "\x7f")
        if wrong * share <= beyond or raw.isascii():
            return text
    return _lenient(raw, _guess(raw))


def _strict(raw: bytes, codec: str) -> str | None:
    """Return the text if every byte of it is of that charset."""
    if not codec or codec == "iso-2022-cn":
        return None
    try:
        return _renewed(raw.decode(codec), codec)
    except (UnicodeError, LookupError, ValueError):
        return None


def _lenient(raw: bytes, codec: str) -> str:
    """Return the text with U+FFFD for what is not of that charset."""
    if codec.startswith(("iso2022", "iso-2022")):
        return _iso2022(raw)
    try:
        return _renewed(raw.decode(codec, "replace"), codec)
    except (UnicodeError, LookupError, ValueError):
        return raw.decode("cp1252", "replace")


def _renewed(text: str, codec: str) -> str:
    if codec == "gb18030" and _PRIVATE.search(text):
        return text.translate(_GB18030_2022)
    return text


def _marked(raw: bytes) -> str:
    """Return the codec that the bytes show by themselves: by a mark, or zeros in every other place.

    "" where they show none.
    """
    for mark, marked in _BOMS:
        if raw.startswith(mark):
            return marked
    sample = raw[:_SAMPLE]
    zeros = sample.count(0)
    if zeros * 3 < len(sample):
        return ""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 10 < zeros * 9:
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _guess(raw: bytes) -> str:
    """Return the codec that bytes without a true label are most likely in.

    A word or two could be Chinese or Korean alike: here it is Chinese.
    """
    high = sum(1 for byte in raw[:_SAMPLE] if byte > 0x7F)  # noqa: PLR2004 - beyond ASCII
    if high <= _FEW and _COMMON_CHINESE.fullmatch(raw[:_SAMPLE]) and high % 2 == 0:
        return "gb18030"
    from chardetng_py import detect

    first = re.search(rb"[\x80-\xff]", raw)
    start = max(0, first.start() - 64) if first else 0
    name = detect(raw[start : start + _SAMPLE]).lower()
    return _DETECTED.get(name, codec_of(name) or "cp1252")


def _iso2022(raw: bytes) -> str:
    """Return text that switches charsets by escape sequences, in any of its Asian flavours.

    For what Python's codecs refuse: ISO-2022-CN, which they don't know, and Japanese with the
    characters of one maker. Planes of CNS 11643 have no codec; each character is U+FFFD.
    """
    raw, rest = raw[:_LONGEST_SHIFTED], raw[_LONGEST_SHIFTED:]
    texts: list[str] = []
    single, shift, place, out = "", "", 0, False
    for match in chain(_ESCAPE.finditer(raw), [None]):
        run = raw[place : match.start() if match else len(raw)]
        charset = shift if out else single
        if not charset:
            texts.append(run.decode("ascii", "replace"))
        elif charset == "kana":
            texts.append(bytes(byte | 0x80 for byte in run).decode("cp932", "replace"))
        else:
            texts.append(_pairs(run, charset))
        if match is None:
            break
        place = match.end()
        if match[2]:
            out = match[2] == b"\x0e"
            continue
        kind, final = match[1][:-1], match[1][-1:]
        if kind in {b"$)", b"$*", b"$+"}:
            shift = _PAIRS.get(final, "unknown")
        elif kind.startswith(b"$"):
            single = _PAIRS.get(final, "unknown")
        else:
            single = "kana" if final == b"I" else ""
    return "".join((*texts, rest.decode("ascii", "replace")))


def _pairs(run: bytes, charset: str) -> str:
    """Return the characters of pairs of seven-bit bytes; line ends between them stay."""
    texts = []
    for piece in re.split(rb"([\x00-\x20]+)", run):
        if piece[:1] <= b" ":
            texts.append(piece.decode("ascii"))
        elif charset == "unknown":
            texts.append("\ufffd" * (len(piece) // 2))
        elif charset == "euc_jp":
            texts.append(_shift_jis(piece).decode("cp932", "replace"))
        else:
            texts.append(bytes(byte | 0x80 for byte in piece).decode(charset, "replace"))
    return "".join(texts)


def _shift_jis(pairs: bytes) -> bytes:
    """Return JIS pairs as Shift JIS, whose Windows codec knows the makers' characters."""
    made = bytearray()
    for high, low in zip(pairs[::2], pairs[1::2], strict=False):
        row, cell = high - 0x21, low - 0x21
        made.append((row // 2 + (0x81 if row < 62 else 0xC1)) & 0xFF)  # noqa: PLR2004 - JIS X 0208, annex 1
        odd = cell + (0x40 if cell < 63 else 0x41)  # noqa: PLR2004 - the same
        made.append((cell + 0x9F if row & 1 else odd) & 0xFF)
    return bytes(made)
