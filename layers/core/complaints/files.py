"""Files as they come, with a mail or by a form: what they are, and what is odd about them (F1).

Name, declared type and bytes are three strangers' words; only the bytes are believed, and where the
three contradict each other it is said, never chosen silently.
"""

import re
from enum import StrEnum

from complaints.mail_headers import file_name, one_line

START = 8192
"""Bytes of the beginning of a file that its type is judged by."""
PLAIN = "application/octet-stream"
_PROGRAMS = {
    *("application/x-msdownload", "application/x-executable", "application/x-msdos-program"),
    *("application/x-sh", "application/hta", "application/javascript", "text/javascript"),
}
_PROGRAM_NAMES = re.compile(
    r"\.(?:exe|scr|com|pif|bat|cmd|cpl|dll|msi|msp|jar|js|jse|vbs|vbe|wsf|wsh|hta|lnk|ps1|reg|apk"
    r"|iso|img|chm|url|sh)$",
    re.IGNORECASE,
)
# What the bytes of a file must look like that is called so; what is not listed, may be anything.
_LOOKS = {
    **dict.fromkeys(
        ("png", "gif", "jpg", "jpeg", "bmp", "webp", "heic", "tif", "tiff"), ("image/",)
    ),
    **dict.fromkeys(("mp4", "mov", "avi", "mkv"), ("video/",)),
    **dict.fromkeys(("mp3", "wav", "amr", "m4a"), ("audio/", "video/mp4")),
    "pdf": ("application/pdf",),
    **dict.fromkeys(("docx", "xlsx", "pptx"), ("application/vnd.openxml", "application/zip")),
    **dict.fromkeys(
        ("doc", "xls", "ppt", "wps", "et"),
        (
            *("application/msword", "application/vnd.ms-", "application/vnd.openxml"),
            *("application/zip", "application/rtf", "text/", "application/x-ole"),
            PLAIN,
        ),
    ),
}
_SEEN = ("image/", "video/", "audio/", "application/pdf")


class Flag(StrEnum):
    """Why a file should be looked at twice before it is opened."""

    NAME_CHANGED = "name_changed"
    """The name as sent had a path, hidden characters or a name that a system keeps for itself."""
    NAMES_DIFFER = "names_differ"
    """Two headers name it differently; the one of Content-Disposition counts."""
    TYPE_DIFFERS = "type_differs"
    """Its bytes are not what its name or its declared type says."""
    PROGRAM = "program"
    """Opening it may run it."""
    EXTERNAL = "external"
    """The mail only says where the file is; nothing was fetched."""


def flags_of(
    sent: str, declared: str, judged: str, *, other: str = "", is_empty: bool = False
) -> tuple[Flag, ...]:
    r"""Return what is odd about a file.

    `sent` is its name as it was sent, `declared` the type that its sender says, `judged` what its
    bytes show; `other` is a second name where there are two.

    >>> flags_of("photo.png", "image/png", "text/html")
    (<Flag.TYPE_DIFFERS: 'type_differs'>,)
    >>> flags_of("a\u202egnp.exe", "", "application/octet-stream")
    (<Flag.NAME_CHANGED: 'name_changed'>, <Flag.PROGRAM: 'program'>)
    """
    name = file_name(sent)
    flags = []
    if name != " ".join(one_line(sent).split()) or len(one_line(sent)) < len(sent.strip()):
        flags.append(Flag.NAME_CHANGED)
    if other and file_name(other) != name:
        flags.append(Flag.NAMES_DIFFER)
    if not is_empty and _differs(name, declared, judged):
        flags.append(Flag.TYPE_DIFFERS)
    if judged in _PROGRAMS or _PROGRAM_NAMES.search(name):
        flags.append(Flag.PROGRAM)
    if declared == "message/external-body":
        flags.append(Flag.EXTERNAL)
    return tuple(flags)


def _differs(name: str, declared: str, judged: str) -> bool:
    """Return whether the bytes are not what the name or the declared type says."""
    wanted = _LOOKS.get(name.rpartition(".")[2].lower()) if "." in name else None
    if wanted and not judged.startswith(wanted):
        return True
    seen = next((start for start in _SEEN if declared.startswith(start)), None)
    return seen is not None and not judged.startswith(seen)


def content_type_of(content: bytes, declared: str = "") -> str:
    """Return the type of a file by its first bytes, else the declared one where that is harmless.

    A declared picture, sound or film that does not look like one is only bytes. Where nothing is
    declared, what reads as UTF-8 is text.
    """
    import filetype

    start = content[:START]
    try:
        guessed = filetype.guess_mime(start)
    except Exception:  # noqa: BLE001 - its matchers index into the bytes and raise as they like
        guessed = None
    if guessed:
        return str(guessed)
    text = start[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<script", b"<body")):
        return "text/html"
    if text.startswith(b"<svg") or b"<svg" in text:
        return "image/svg+xml"
    if not declared:
        return "text/plain" if _is_text(start) else PLAIN
    kind = declared.partition("/")[0]
    if kind in {"text", "message"} or (kind == "application" and declared.isprintable()):
        return declared[:100]
    return PLAIN


def _is_text(start: bytes) -> bool:
    """Return whether the bytes read as UTF-8; a character may be cut at their end."""
    try:
        start.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(start) - 3
    return True
