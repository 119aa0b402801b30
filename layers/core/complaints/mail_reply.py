"""What the writer of a mail wrote just now: the text without quoted history and signature.

A line is taken away only when its form proves that a program put it there. In doubt it stays: a
quotation too many is untidy, a lost sentence of a complaint is a wrong.
"""

import re

# The words of an attribution line ("On … wrote:"), in the languages that mail programs speak.
_WROTE = re.compile(
    r"写道|寫道|写信给|wrote|writes|schrieb|a écrit|écrit|escribió|escreveu|ha scritto|scritto"
    r"|schreef|pisze|napisał|skrev|kirjoitti|пишет|писал|написа|написав|yazdı|작성|のメール|書きました|viết",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\d{1,2}[:.：hu]\d{2}|(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2}")
_ADDRESS = re.compile(r"[^\s<>@]@[^\s<>@]")
_BRACKETED = re.compile(r"[<\[(][^<>\[\]()\s]{1,200}@[^<>\[\]()\s]{1,200}[>\])]")
_BEGINS_ATTRIBUTION = re.compile(
    r"(?:on|am|le|el|il|in data|op|em|dnia|w dniu|den|på|pe|a|ons|tis|mån|tor|fre) |[在于於\"]|\d",
    re.IGNORECASE,
)
_ENDS_ATTRIBUTION = (":", "：", ":*", "：*")
_LONGEST_ATTRIBUTION = 4
_LONGEST_LINE = 1000

_SEPARATOR = re.compile(
    r"^[\s>*_|]*-{2,}\s*(?:original(?: e-?mail)? message|original appointment|原始邮件|原始郵件"
    r"|原邮件|回复的原邮件|转发的?邮件(?:信息)?|轉寄郵件|forwarded (?:message|by [^-]{1,80})"
    r"|reply message|mensaje original|mensagem original|message d'origine|message original"
    r"|messaggio originale|ursprüngliche nachricht|urspr\. nachricht|weitergeleitete nachricht"
    r"|oorspronkelijk bericht|original meddelelse|исходное сообщение"
    r"|пересылаемое сообщение|wiadomość oryginalna)"
    r"\s*-*[\s*_]*$",
    re.IGNORECASE,
)
_FORWARD = re.compile(r"转发|轉寄|forward|weitergeleitet|пересыл", re.IGNORECASE)
_BEGIN_FORWARD = re.compile(
    r"^[\s>*]*(?:begin forwarded message|anfang der weitergeleiteten|inizio messaggio inoltrato"
    r"|début du message (?:réexpédié|transféré)|下面是被转发的邮件|以下是转发的邮件|开始转发的邮件)"
    r"\s*(?:nachricht)?\s*[:：]",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*[_\-=*—]{4,}\s*$")
_FROM = (
    *("from", "发件人", "寄件者", "寄件人", "von", "de", "da", "van", "från", "fra", "od", "от"),
    *("差出人", "kimden", "lähettäjä", "від"),
)
_OTHER = (
    *("sent", "date", "to", "cc", "subject", "reply-to", "bcc", "importance"),
    *("发送时间", "发送日期", "日期", "时间", "收件人", "抄送", "抄送人", "主题", "回复", "密送"),
    *("傳送時間", "寄件日期", "收件者", "副本", "主旨", "日付", "宛先", "件名"),
    *(
        "gesendet",
        "datum",
        "an",
        "betreff",
        "envoyé",
        "à",
        "objet",
        "sujet",
        "enviado",
        "para",
        "asunto",
    ),
    *("assunto", "data", "inviato", "a", "oggetto", "verzonden", "aan", "onderwerp", "skickat"),
    *("till", "ämne", "dato", "til", "emne", "wysłano", "do", "temat", "отправлено", "кому"),
    *("тема", "дата", "envoyé le", "date d'envoi", "fecha", "gönderme", "kime", "konu"),
)
_KEY = re.compile(r"^[\s>*_|]*([^\s:：*][^:：*]{0,19}?)\s*\*?\s*[:：]")
_DATES = ("date", "sent", "发送时间", "日期", "datum", "message du")
_BLOCK_LINES = 12
_FEWEST_KEYS = 3
_MOBILE = re.compile(
    r"^\s*(?:发自我的|發自我的|从我的|從我的|来自我的|來自我的|发送自我的|发自(?:新浪|网易|qq|手机)"
    r"|sent from (?:my|mail|outlook|yahoo|proton|samsung|the)|sent (?:via|with|using) "
    r"|get outlook for|获取\s*outlook|下载\s*outlook|从\s*windows\s*版邮件|发送自\s*windows"
    r"|von meinem|gesendet (?:von|mit)|envoyé (?:de|depuis|à partir de) mon|enviado desde mi"
    r"|enviado do meu|inviato da|verzonden vanaf|verstuurd vanaf|wysłane z|skickat från|skickades"
    r"|отправлено с|iphoneから送信|lähetetty|sendt fra)",
    re.IGNORECASE,
)
_LONGEST_MOBILE = 80
_LONGEST_SIGNATURE = 12


def reply_of(text: str) -> str:
    r"""Return what the writer added: the text less quoted history and signature.

    >>> reply_of("请尽快处理。\n\n在 2026-11-15 16:20，李娜 <a@example.cn> 写道：\n> 您好")
    '请尽快处理。'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = _without_history(lines)
    if not any(line.strip() for line in kept):
        # Nothing but a mail sent on: what was sent on is what the writer wants to say.
        kept = _sent_on(lines)
    kept = _without_signature(_without_trailing_quotes(kept))
    return "\n".join(line.rstrip() for line in kept).strip("\n")


def _sent_on(lines: list[str]) -> list[str]:
    """Return the words of a mail that begins with the head of a forwarded one, else nothing."""
    place = next((number for number, line in enumerate(lines) if line.strip()), 0)
    line = lines[place][:_LONGEST_LINE]
    if not (_BEGIN_FORWARD.match(line) or (_SEPARATOR.match(line) and _FORWARD.search(line))):
        return []
    place += 1
    while place < len(lines) and not lines[place].strip():
        place += 1
    return lines[place + _header_block(lines, place) :] if place < len(lines) else []


def _is_quoted(line: str) -> bool:
    return line.lstrip(" \t").startswith((">", "|>"))


def _bare(line: str) -> str:
    return line[:_LONGEST_LINE].strip(" \t>*_|\u00a0")


def _without_history(lines: list[str]) -> list[str]:
    """Leave out the history, but keep what is written below a quotation."""
    kept: list[str] = []
    place = 0
    while place < len(lines):
        length = _history_starts(lines, place)
        if not length:
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
    while lines and (not lines[-1].strip() or _RULE.match(lines[-1][:_LONGEST_LINE])):
        lines.pop()


def _below_quotation(lines: list[str], place: int) -> int | None:
    """Return where the writer goes on after a quotation in `>` marks, None where nobody does."""
    while place < len(lines) and not lines[place].strip():
        place += 1
    if place == len(lines) or not _is_quoted(lines[place]):
        return None
    while place < len(lines) and (_is_quoted(lines[place]) or not lines[place].strip()):
        place += 1
    return place if place < len(lines) else None


def _history_starts(lines: list[str], place: int) -> int:
    """Return how many lines the head of the history takes here, 0 where none begins."""
    line = lines[place][:_LONGEST_LINE]
    if not _bare(line):
        return 0
    if _SEPARATOR.match(line) or _BEGIN_FORWARD.match(line):
        return 1
    return _header_block(lines, place) or _attribution(lines, place)


def _header_block(lines: list[str], place: int) -> int:
    """Return the length of a block "From: … Sent: … To: … Subject: …" that begins here."""
    first = _KEY.match(lines[place][:_LONGEST_LINE])
    if first is None or first[1].casefold() not in (*_FROM, *_DATES):
        return 0
    keys, end = set(), place
    for ahead in range(place, min(place + _BLOCK_LINES, len(lines))):
        key = _KEY.match(lines[ahead][:_LONGEST_LINE])
        if key and key[1].casefold() in (*_FROM, *_OTHER, *_DATES):
            keys.add(key[1].casefold())
            end = ahead + 1
    # One such line may be prose, and so may be two.
    return end - place if len(keys) >= _FEWEST_KEYS and keys.intersection(_FROM) else 0


def _attribution(lines: list[str], place: int) -> int:
    """Return the length of a line "On … wrote:" that begins here, folded over a few lines or not.

    Prose may say "wrote", hold a date and end in a colon, too. So the line must begin as programs
    begin it, and name the writer's address in brackets or have a quotation in `>` marks below it.
    """
    joined = ""
    for length in range(1, _LONGEST_ATTRIBUTION + 1):
        piece = _bare(lines[place + length - 1]) if place + length <= len(lines) else ""
        if not piece or len(joined) > _LONGEST_LINE:
            return 0
        joined = f"{joined} {piece}".strip()
        bracketed = _BRACKETED.search(joined) is not None
        begun = _BEGINS_ATTRIBUTION.match(joined) is not None or (
            bracketed and _WROTE.search(joined) is not None
        )
        if piece.endswith(_ENDS_ATTRIBUTION):
            break
        if not begun:
            return 0
    else:
        return 0
    quoted = _followed_by_quote(lines, place + length)
    known = bool(_WROTE.search(joined[-200:])) or joined.endswith((">:", ">："))
    if begun and known and _WHEN.search(joined):
        return length if bracketed or quoted else 0
    return length if quoted and _ADDRESS.search(joined) else 0


def _followed_by_quote(lines: list[str], place: int) -> bool:
    ahead = (line for line in lines[place : place + 3] if line.strip())
    return _is_quoted(next(ahead, ""))


def _without_trailing_quotes(lines: list[str]) -> list[str]:
    """Drop quoted and empty lines from the end; a quotation with an answer below it stays."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or _is_quoted(lines[end - 1])):
        end -= 1
    return lines[:end]


def _without_signature(lines: list[str]) -> list[str]:
    """Drop what follows the `-- ` line, and the line in which a phone praises itself."""
    first = max(0, len(lines) - _LONGEST_SIGNATURE - 1)
    for place in range(len(lines) - 1, first - 1, -1):
        if lines[place].rstrip("\r") in {"-- ", "--"} and any(map(str.strip, lines[:place])):
            lines = lines[:place]
            break
    kept = list(lines)
    while kept and (not kept[-1].strip() or _is_mobile(kept[-1])):
        kept.pop()
    return kept if any(line.strip() for line in kept) else lines


def _is_mobile(line: str) -> bool:
    return len(line) <= _LONGEST_MOBILE and _MOBILE.match(line) is not None
