"""What the writer of a mail wrote just now: the text without quoted history and signature.

A line is taken away only when its form proves that a program put it there. In doubt it stays: a
quotation too many is untidy, a lost sentence of a complaint is a wrong. Every step looks at a
bounded number of lines, each cut to a bounded length, so the time is linear in the text.
"""

import re
from collections.abc import Iterator

from complaints.mail_added import (
    FEWEST_WIDE,
    LONGEST_LINE,
    LONGEST_MOBILE,
    MOST_FOLDED,
    RULE,
    next_line,
    without_banner,
    without_footer,
    without_signature,
)

# The words of an attribution line ("On … wrote:"), in the languages that mail programs speak.
_WROTE = re.compile(
    r"写道|寫道|写信给|寫信給|wrote|writes|schrieb|geschreven|a écrit|écrit|escribió|escreveu"
    r"|ha scritto|scritto|schreef|pisze|napisał|napsal|napísal|skrev|kirjoitti|пишет|писал|написа"
    r"|написав|yazdı|작성|のメール|書きました|viết|írta|a scris|έγραψε|va escriure|menulis|เขียน",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\d{1,2}[:.：hu]\d{2}|(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2}")
_TIME = re.compile(r"\d{1,2}[:.：hu]\d{2}|^-{2,}")
_ADDRESS = re.compile(r"[^\s<>@]@[^\s<>@]")
_BRACKETED = re.compile(
    r"[<\[(（＜][^<>\[\]()（）＜＞\s]{0,200}@[^<>\[\]()（）＜＞\s]{1,200}\s?[>\])）＞]"
)
_BEGINS_ATTRIBUTION = re.compile(
    r"(?:on|at|am|le|el|il|in data|op|em|dnia|w dniu|den|på|pe|a|ons|tis|mån|tor|fre) "
    r"|[在于於\"]|\d",
    re.IGNORECASE,
)
_ENDS_ATTRIBUTION = re.compile(
    r"[:：]\*?$|(?:写道|寫道|wrote)\s?-{2,}$|[>＞]\s{0,3}(?:.{0,40})(?:写道|寫道)$", re.IGNORECASE
)
_ENDS = (":", "：", "道", "-")
_LONGEST_ATTRIBUTION = 4
# Gmail names date, offset and writer so where it speaks neither language well.
_STAMP = re.compile(
    r"\d{4}-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d\d:\d\d(?: [^\W\d_][\w.'-]{0,30}){1,4}"
    r"(?: <[^<>\s]{1,200}>)?:?"
)
_SEPARATOR = re.compile(
    r"^[ >*_|]*-{2,} ?(?:original(?: e-?mail)? message|original appointment|原始邮件"
    r"|原始郵件|原邮件|邮件原件|原文|回复的原邮件|转发的?邮件(?:信息)?|轉寄(?:的)?郵件|轉寄的訊息"
    r"|forwarded (?:message|mail|by [^-]{1,80})|(?:reply|replied) message|mensaje original"
    r"|mensaje reenviado|mensagem original|mensagem (?:encaminhada|reencaminhada)"
    r"|message d'origine|message original|message (?:transféré|réexpédié)|e-mail d'origine"
    r"|messaggio originale|messaggio inoltrato|ursprüngliche (?:nachricht|mail|e-mail)"
    r"|urspr\. nachricht|originalnachricht|original-nachricht|weitergeleitete nachricht"
    r"|oorspronkelijk bericht|doorgestuurd bericht|original meddelelse|oprindelig (?:besked"
    r"|meddelelse)|opprinnelig melding|ursprungligt meddelande|vidarebefordrat meddelande"
    r"|alkuperäinen viesti|исходное сообщение|пересылаемое сообщение|пересылаемое письмо"
    r"|wiadomość oryginalna|oryginalna wiadomość|původní zpráva|eredeti üzenet|mesaj original"
    r"|orijinal mesaj|元のメッセージ|原始邮件信息|원본 메시지|thư gốc)"
    r" ?[:：]? ?-*[ *_]*$"
    r"|^[ >]*-{5,} ?original ?-{5,}$"
    r"|^[ >]*original message processed by david\W{0,3}$"
    r"|^[ >]*#{2,}[- ]*(?:please )?(?:type|reply|write|请在此行|請在此行|请勿在此行)"
    r"[^#]{0,80}#{2,}$",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"转发|轉寄|forward|weitergeleitet|пересыл|inoltrat|réexpédié|transféré|reenv", re.IGNORECASE
)
_BEGIN_FORWARD = re.compile(
    r"^[ >*]*(?:begin forwarded message|anfang der weitergeleiteten|inizio messaggio inoltrato"
    r"|début du message (?:réexpédié|transféré)|inicio del mensaje reenviado|início da mensagem"
    r"|begin doorgestuurd bericht|下面是被转发的邮件|以下是转发的邮件|开始转发的?邮件|開始轉寄郵件"
    r"|以下為轉寄的郵件) ?(?:nachricht|encaminhada|reencaminhada)? ?[:：]",
    re.IGNORECASE,
)
_FROM = (
    *("from", "发件人", "发信人", "寄件者", "寄件人", "差出人", "自", "보낸사람"),
    *("von", "de", "da", "van", "från", "fra", "od", "от", "від"),
    *("kimden", "lähettäjä", "feladó"),
)
_TIMES = (
    *("sent", "date", "发送时间", "发送日期", "日期", "时间", "傳送時間", "寄件日期", "日付"),
    *("gesendet", "datum", "date d'envoi", "envoyé", "envoyé le", "enviado", "fecha", "data"),
    *("inviato", "verzonden", "skickat", "dato", "sendt", "wysłano", "отправлено", "дата"),
    *("gönderme", "送信日時", "lähetetty", "message du", "odesláno", "elküldve", "보낸날짜"),
)
_SUBJECTS = frozenset(
    (
        *("subject", "主题", "标题", "主旨", "主題", "件名", "betreff", "objet", "sujet", "asunto"),
        *("assunto", "oggetto", "onderwerp", "ämne", "emne", "temat", "тема", "konu", "aihe"),
        *("předmět", "tárgy", "제목"),
    )
)
_OTHER = (
    *("to", "cc", "reply-to", "bcc", "importance", "attachments", "收件人", "收信人", "抄送"),
    *("抄送人", "抄送至", "回复", "密送", "至", "附件", "收件者", "副本", "宛先", "받는사람"),
    *("an", "à", "para", "a", "aan", "till", "til", "do", "кому", "kime", "vastaanottaja"),
    *("komu", "címzett"),
)
_BEGINS_HEAD = frozenset((*_FROM, *_TIMES))
_KEYS = frozenset((*_FROM, *_TIMES, *_OTHER, *_SUBJECTS))
# One of these stands in a line with which history begins, unless it begins as attributions do or
# names the mail program David.
_MARKS = (":", "：", "|", "--", "##", "@", "GMT", "道")
_KEY = re.compile(r"^[\s>*_|]*([^\s:：*|][^:：*|]{0,19}?)[\s*]{0,4}[:：|]\*{0,2}(.*)$")
_CLOCK = re.compile(r"\d{1,2}\s?[:：.h]\s?\d{2}")
_BLOCK_LINES = 14
_FEWEST_KEYS = 3
_FEWEST_SIGNS = 2
_QUOTED_TOGGLE = re.compile(r"^\s*-\s?(?:show|hide) quoted text\s?-\s*$", re.IGNORECASE)
_WIDTH = 72
_MOST_INSIDE = 5
_MOST_ENDINGS = 4
_UNQUOTE = re.compile(r"^[ \t]*\|?> ?")


def reply_of(text: str) -> str:
    r"""Return what the writer added: the text less quoted history and signature.

    >>> reply_of("请尽快处理。\n\n在 2026-11-15 16:20，李娜 <a@example.cn> 写道：\n> 您好")
    '请尽快处理。'
    """
    lines = without_banner(_lines(text))
    kept = _without_history(lines)
    if not any(line.strip() for line in kept):
        # Nothing but a mail sent on: what was sent on is what the writer wants to say.
        letter = _letter(lines, next_line(lines, 0))
        kept = letter[1] if letter else []
    return _trimmed(kept)


def forwarded_parts(text: str, *, is_forward: bool) -> Iterator[tuple[str, str]]:
    """Yield sender (as it stands there) and text of the letters that a text sends on, outer first.

    The head of a letter counts below a line that says so; `is_forward`, the subject says it.
    """
    lines = _lines(text)
    for _ in range(_MOST_INSIDE):
        found = next(
            (
                letter
                for place, line in enumerate(lines)
                if line.strip() and (letter := _letter(lines, place, is_forward=is_forward))
            ),
            None,
        )
        if found is None:
            return
        sender, lines = found
        yield sender, _trimmed(_without_history(lines)) or "\n".join(lines).strip()
        # One that was sent on before begins with the next head; below words stands an answer.
        first = next_line(lines, 0)
        if not (inner := _letter(lines, first, is_forward=False)):
            return
        lines, is_forward = lines[first:], bool(inner[0])


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _trimmed(lines: list[str]) -> str:
    """Return lines as text, without what stands at the end of a mail and is not the writer's."""
    for _ in range(_MOST_ENDINGS):
        before = len(lines)
        lines = without_footer(without_signature(_without_trailing_quotes(lines)))
        if len(lines) == before:
            break
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _letter(
    lines: list[str], place: int, *, is_forward: bool = False
) -> tuple[str, list[str]] | None:
    """Return sender and lines of the letter sent on whose head begins here, if one does."""
    if place >= len(lines):
        return None
    line = _plain(lines[place])
    separated = _SEPARATOR.match(line) is not None
    marked = _BEGIN_FORWARD.match(line) is not None or (
        separated and (is_forward or _FORWARD.search(line) is not None)
    )
    if not marked and (separated or not is_forward):
        return None
    head = next_line(lines, place + 1) if marked else place
    length, sender = _head(lines, head, is_marked=marked) if head < len(lines) else (0, "")
    if not length and not marked:
        return None
    inner = lines[head + length :]
    if head < len(lines) and _is_quoted(lines[head]):
        inner = [_UNQUOTE.sub("", line[:LONGEST_LINE]) + line[LONGEST_LINE:] for line in inner]
    return sender, inner


def _is_quoted(line: str) -> bool:
    return line.lstrip(" \t").startswith((">", "|>"))


def _bare(line: str) -> str:
    """Return a line without the marks of a quotation, of a table and of bold letters before it."""
    return line[:LONGEST_LINE].lstrip(" \t>*_|\u00a0").rstrip(" \t*_|\u00a0")


def _plain(line: str) -> str:
    """Return a line with each gap in it as one space; QQ Mail writes its gaps in HTML."""
    return " ".join(line[:LONGEST_LINE].replace("&nbsp;", " ").split())


def _without_history(lines: list[str]) -> list[str]:
    """Leave out the history, but keep what is written below a quotation."""
    kept: list[str] = []
    place = 0
    while place < len(lines):
        length = _history_starts(lines, place, kept)
        if not length:
            if not _QUOTED_TOGGLE.match(lines[place][:LONGEST_MOBILE]):
                kept.append(lines[place])
            place += 1
            continue
        _drop_rule(kept)
        below = _below_quotation(lines, place + length)
        if below is None:
            break
        if kept:
            kept.append("")
        place = below
    return kept


def _drop_rule(lines: list[str]) -> None:
    """Take away the rule that programs draw above the history."""
    while lines and (not lines[-1].strip() or RULE.match(lines[-1][:LONGEST_LINE])):
        lines.pop()


def _below_quotation(lines: list[str], place: int) -> int | None:
    """Return where the writer goes on after a quotation in `>` marks, None where nobody does."""
    while place < len(lines) and not lines[place].strip():
        place += 1
    if place == len(lines) or not _is_quoted(lines[place]):
        return None
    while place < len(lines) and (
        _is_quoted(lines[place]) or not lines[place].strip() or _is_broken_off(lines, place)
    ):
        place += 1
    return place if place < len(lines) else None


def _is_broken_off(lines: list[str], place: int) -> bool:
    """Return whether a line is the end of the quoted one above it, which was too long to send.

    Only a line that goes on in the midst of a sentence, for which the one above had no room.
    """
    above, line = lines[place - 1].rstrip(), lines[place].rstrip()
    return (
        _is_quoted(above)
        and FEWEST_WIDE <= len(above) <= LONGEST_LINE
        and above[-1].isalnum()
        and line[0].islower()
        and len(line) < FEWEST_WIDE
        and len(above) + 1 + len(line.partition(" ")[0]) > _WIDTH
        and (place + 1 == len(lines) or _is_quoted(lines[place + 1]))
    )


def _history_starts(lines: list[str], place: int, kept: list[str]) -> int:
    """Return how many lines the head of the history takes here, 0 where none begins."""
    bare = _bare(lines[place])
    if not bare or not _may_start(bare, lines[place]):
        return 0
    line = _plain(lines[place])
    if _SEPARATOR.match(line) or _BEGIN_FORWARD.match(line):
        return 1
    if length := _head(lines, place)[0]:
        # Below a colon stands what the writer wants to show.
        above = next((line for line in reversed(kept[-MOST_FOLDED:]) if line.strip()), "")
        if not above.rstrip().endswith((":", "：")):
            return length
    return _attribution(lines, place) or _stamp(lines, place)


def _may_start(bare: str, line: str) -> bool:
    """Return whether a line is worth a closer look, which most lines are not."""
    for mark in _MARKS:
        if mark in line:
            return True
    return _BEGINS_ATTRIBUTION.match(bare) is not None or "david" in bare.lower()


def _head(lines: list[str], place: int, *, is_marked: bool = False) -> tuple[int, str]:
    """Return length and sender of a block "From: … Sent: … To: … Subject: …" that begins here.

    People write such lines, too: a ticket is from here to there on a day. So there must be three of
    them, one the sender, and two of: an address of the sender, a time to the minute, a subject;
    unless a line above says what follows (`is_marked`).
    """
    keys: dict[str, str] = {}
    end, folded, gap = place, 0, False
    for ahead in range(place, min(place + _BLOCK_LINES, len(lines))):
        name, value = _key(lines[ahead], is_marked=is_marked and not gap)
        if name and (keys or is_marked or name in _BEGINS_HEAD):
            keys.setdefault(name, value)
            end, folded, gap = ahead + 1, 0, False
        elif not keys:
            return 0, ""
        elif not _bare(lines[ahead]):
            gap = True
        else:
            folded += 1
            if gap or folded > MOST_FOLDED:
                break
    senders = [keys[name] for name in _FROM if name in keys]
    if len(keys) < _FEWEST_KEYS - is_marked or not senders:
        return 0, ""
    signs = (
        "@" in senders[0],
        any(_CLOCK.search(keys[name][:LONGEST_LINE]) for name in _TIMES if name in keys),
        not _SUBJECTS.isdisjoint(keys),
    )
    return (end - place, senders[0]) if is_marked or sum(signs) >= _FEWEST_SIGNS else (0, "")


def _key(line: str, *, is_marked: bool = False) -> tuple[str, str]:
    """Return name and value of a line of a head, "" where it is none.

    Where a line above says that a head follows, it may be a table, in which a gap stands between.
    """
    if found := _KEY.match(line[:LONGEST_LINE]):
        named, value = found[1], found[2].strip(" \t*|;；")
    elif is_marked:
        named, _, value = _bare(line).partition(" ")
    else:
        return "", ""
    name = " ".join(named.casefold().split())
    name = name if name in _KEYS else name.replace(" ", "")
    return (name, value) if name in _KEYS else ("", "")


def _attribution(lines: list[str], place: int) -> int:
    """Return the length of a line "On … wrote:" that begins here, folded over a few lines or not.

    Prose may say "wrote", hold a date and end in a colon, too. So the line must begin as programs
    begin it, and name the writer's address in brackets and the time, or have a quotation in `>`
    marks below it.
    """
    joined = ""
    for length in range(1, _LONGEST_ATTRIBUTION + 1):
        piece = _bare(lines[place + length - 1]) if place + length <= len(lines) else ""
        if not piece or len(joined) > LONGEST_LINE:
            return 0
        joined = f"{joined} {piece}".strip()
        if piece.endswith(_ENDS) and _ENDS_ATTRIBUTION.search(piece):
            break
        if not _begins_attribution(joined):
            return 0
    else:
        return 0
    begun, bracketed = _begins_attribution(joined), _is_bracketed(joined)
    quoted = _followed_by_quote(lines, place + length)
    known = bool(_WROTE.search(joined[-200:])) or joined.endswith((">:", ">："))
    if begun and known and _WHEN.search(joined):
        return length if quoted or (bracketed and _TIME.search(joined)) else 0
    return length if quoted and _ADDRESS.search(joined) else 0


def _begins_attribution(line: str) -> bool:
    if line.startswith("--") or _BEGINS_ATTRIBUTION.match(line):
        return True
    return _is_bracketed(line) and _WROTE.search(line) is not None


def _is_bracketed(line: str) -> bool:
    return "@" in line and _BRACKETED.search(line) is not None


def _stamp(lines: list[str], place: int) -> int:
    """Return 1 where date, offset and writer stand alone between empty lines, else 0."""
    if "GMT" not in lines[place]:
        return 0
    alone = not any(
        line.strip() for line in (*lines[max(place - 1, 0) : place], *lines[place + 1 : place + 2])
    )
    return int(alone and _STAMP.fullmatch(_plain(lines[place])) is not None)


def _followed_by_quote(lines: list[str], place: int) -> bool:
    ahead = (line for line in lines[place : place + 3] if line.strip())
    return _is_quoted(next(ahead, ""))


def _without_trailing_quotes(lines: list[str]) -> list[str]:
    """Drop quoted and empty lines from the end; a quotation with an answer below it stays."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or _is_quoted(lines[end - 1])):
        end -= 1
    return lines[:end]
