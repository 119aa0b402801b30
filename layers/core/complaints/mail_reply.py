"""What the writer of a mail wrote just now: the text without quoted history and signature.

A line is taken away only when its form proves that a program put it there. In doubt it stays: a
quotation too many is untidy, a lost sentence of a complaint is a wrong. Every step looks at a
bounded number of lines, each cut to a bounded length, so the time is linear in the text.
"""

import re
from collections.abc import Iterator

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
_LONGEST_LINE = 1000
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
_RULE = re.compile(r"^\s*[_\-=*—]{4,}\s*$")
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
# One of these stands in a line with which history begins, unless it begins as attributions do.
_MARKS = (":", "：", "|", "--", "##", "@", "GMT", "道")
_DAVID = "david"
_KEY = re.compile(r"^[\s>*_|]*([^\s:：*|][^:：*|]{0,19}?)[\s*]{0,4}[:：|]\*{0,2}(.*)$")
_CLOCK = re.compile(r"\d{1,2}\s?[:：.h]\s?\d{2}")
_BLOCK_LINES = 14
_MOST_FOLDED = 4
_FEWEST_KEYS = 3
_FEWEST_SIGNS = 2

_DEVICES = (
    r"iphone|ipad|ipod|android|blackberry|galaxy|pixel|windows phone|(?:smart|mobile |cell)?phone"
    r"|handheld|tablet|device|huawei|honor|xiaomi|redmi|oppo|vivo|oneplus|meizu|nokia|xperia|lumia"
    r"|samsung|htc|motorola|verizon|telus|t-mobile|at&t|mac\b"
)
_CHINESE_DEVICE = (
    r"(?:[a-z][\w .+()-]{0,40}|[^\s，。！？；,.!?;]{0,20}(?:手机|手機"
    r"|平板|电脑|電腦|客户端|用戶端|设备|裝置"
    r"|邮箱|郵箱|荣耀|小米|华为|苹果|三星|魅族|红米))"
)
_MOBILE = re.compile(
    rf"^\s*(?:发自|發自|寄自|来自|來自|发送自|傳送自)我的\s?{_CHINESE_DEVICE}"
    rf"\s{{0,3}}(?:发送|發送|傳送|发出)?\s*[。.]?$"
    rf"|^\s*(?:从|從|自|由)我的\s?{_CHINESE_DEVICE}?\s{{0,3}}(?:发送|發送|傳送|发出|寄出)\s*[。.]?$"
    r"|^\s*(?:发自|發自|来自|來自|发送自|發送自|傳送自|从|從)\s?"
    r"(?:新浪|网易|網易|qq|手机|手機|foxmail|微信|企业微信|钉钉|釘釘|阿里|139|189|小米|华为|荣耀|魅族"
    r"|vivo|oppo|outlook|windows|yahoo|雅虎|三星|samsung|galaxy|iphone|ipad|安卓|android|移动|联想"
    r"|努比亚|一加|锤子)"
    r"(?:邮箱|郵箱|邮件|郵件|电子|大师|大師|手机|手機|智能|移动|客户端|用戶端|专属|商务|应用|版|云|端"
    r"|的|发送|發送|傳送|发出|[a-z0-9 .+()_-]){0,30}[。.]?$"
    r"|^\s*(?:获取|下载|取得|下載)\s*(?:适用于|適用於)?[^，。！？]{0,20}outlook.{0,60}$"
    r"|^\s*签名由.{0,12}(?:网易|邮箱).{0,20}定制.{0,4}$"
    rf"|^\s*sent from my (?:[\w-]+ ){{0,4}}(?:{_DEVICES}).{{0,60}}$"
    r"|^\s*sent from my (?:[\w'-]+ ?){1,3}$"
    r"|^\s*sent from (?:mail|outlook|yahoo|proton|samsung|the all-new|gmail|aol|qq|windows|foxmail"
    r"|wechat|huawei|netease)\b.{0,60}$"
    r"|^\s*sent (?:via|with|using) (?:the )?(?:samsung|blackberry|proton|my|aquamail|bluemail"
    r"|outlook"
    r"|gmail|spark|superhuman|airmail|mailbird|hushmail|k-9|tutanota|yahoo|android).{0,60}$"
    r"|^\s*get outlook for .{1,60}$"
    r"|^\s*(?:von meinem|gesendet (?:von|mit)|envoyé (?:de|depuis|à partir de) |enviado desde "
    r"|enviado (?:do|a partir do) |inviato da |verzonden vanaf|verstuurd vanaf|wysłane z"
    r"|skickat från"
    r"|skickades från|отправлено (?:с|из)|надіслано з|lähetetty |sendt fra |sendt med |odesláno z"
    r"|trimis de pe|enviat des)[^.!?]{0,60}$"
    r"|^\s*(?:iphone|ipad|android)から送信\s*$",
    re.IGNORECASE,
)
_LINK = re.compile(r"\s?[<(\[](?:https?://|mailto:)[^<>()\[\]\s]{1,300}[>)\]]")
_LONGEST_MOBILE = 100
_LONGEST_SIGNATURE = 12
_LONGEST_STANDARD_SIGNATURE = 30
_SENTENCE = re.compile(r"[。！？；]|[，,].{0,200}[。！？!?]")
_QUOTED_TOGGLE = re.compile(r"^\s*-\s?(?:show|hide) quoted text\s?-\s*$", re.IGNORECASE)

_ABOUT_MAIL = re.compile(
    r"\b(?:this|the|these) (?:e-?mails?|messages?|communications?|transmission|information)\b"
    r"|(?:本|此|这封|這封)(?:电子|電子)?(?:邮件|郵件|电邮|電郵|信息|文件)"
    r"|diese (?:e-?mail|nachricht)",
    re.IGNORECASE,
)
_SECRET = re.compile(
    r"confidential|privileged|proprietary|vertraulich|保密|机密|機密|秘密|专有|隐私", re.IGNORECASE
)
# Strings, unlike the rest, are compiled when the first mail needs them, which few do.
_NOT_FOR_YOU = (
    r"(?i)(?:not|than|other than) (?:an?|the|its) (?:intended|named|designated)"
    r" ?(?:recipient|addressee)"
    r"|(?:are|is) not the (?:intended|named|addressee)|(?:received|sent).{0,60}\b(?:in|by) (?:error"
    r"|mistake)|unauthori[sz]ed|strictly prohibited|irrtümlich|误收|誤收|错误(?:地)?(?:收|发|接)"
    r"|錯誤(?:地)?(?:收|發|接)|(?:不是|并非|非|並非).{0,12}(?:收件人|收件者|接收者)"
    r"|禁止任何(?:其他)?人|任何(?:其他)?未经授权|如有误"
)
_LONGEST_DISCLAIMER = 4000
_MOST_DISCLAIMERS = 4
_MOST_DISCLAIMER_LINES = 40
_OUTSIDE = (
    r"(?i)originated (?:from )?outside|(?:from|is) an? external (?:sender|source|e-?mail)"
    r"|external (?:sender|e-?mail|message)"
    r"|outside (?:of )?(?:your|our|the) (?:organi[sz]ation|company)"
    r"|sent from outside|don't often get e-?mail from|von extern"
    r"|外部(?:发件人|邮件|來源|来源|郵件|邮箱)"
    r"|组织外部|公司外部|來自外部|来自外部"
)
_BEWARE = re.compile(
    r"\b(?:links?|attachments?|caution|learn why|be careful|do not click|phishing)\b"
    r"|链接|鏈接|連結|附件|谨慎|謹慎|警惕|钓鱼|慎重",
    re.IGNORECASE,
)
_BANNER = re.compile(
    r"^\W{0,6}(?:caution|warning|external|achtung|vorsicht|attention|notice|you don't often get"
    r"|this (?:e-?mail|message)|警告|注意|提醒|提示|外部|安全提示|安全提醒|【?外部"
    r"|此邮件|该邮件|本邮件)",
    re.IGNORECASE,
)
_LONGEST_BANNER = 600
_FOOTER = re.compile(r"^\s*_{2,}\s*$")
_LIST = re.compile(r"mailing list|mailman|邮件列表|郵件清單", re.IGNORECASE)
_LONGEST_FOOTER = 6
_CELL = re.compile(r"^\s*\|")
_EMPTY_ROW = re.compile(r"^\s*\|(?:\s*\|)*\s*$")
_LONGEST_TABLE = 14
_LONGEST_CELL = 60
_FEWEST_WIDE = 60
_WIDTH = 72
_WIDEST = 80
_MOST_INSIDE = 5
_MOST_ENDINGS = 4
_UNQUOTE = re.compile(r"^[ \t]*\|?> ?")
_ENDS_SENTENCE = re.compile(r"[.!?。！？:：)）】\]]\s*$")
_DISCLAIMER_HEAD = re.compile(
    r"\W{0,6}(?:disclaimer|confidentiality(?: notice| note)?|legal notice|notice"
    r"|免责声明|免責聲明|声明"
    r"|聲明|保密声明|保密提示|郑重声明|重要提示)\W{0,6}$",
    re.IGNORECASE,
)


def reply_of(text: str) -> str:
    r"""Return what the writer added: the text less quoted history and signature.

    >>> reply_of("请尽快处理。\n\n在 2026-11-15 16:20，李娜 <a@example.cn> 写道：\n> 您好")
    '请尽快处理。'
    """
    lines = _without_banner(_lines(text))
    kept = _without_history(lines)
    if not any(line.strip() for line in kept):
        # Nothing but a mail sent on: what was sent on is what the writer wants to say.
        letter = _letter(lines, _next_line(lines, 0))
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
        first = _next_line(lines, 0)
        if not (inner := _letter(lines, first, is_forward=False)):
            return
        lines, is_forward = lines[first:], bool(inner[0])


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _trimmed(lines: list[str]) -> str:
    """Return lines as text, without what stands at the end of a mail and is not the writer's."""
    for _ in range(_MOST_ENDINGS):
        before = len(lines)
        lines = _without_footer(_without_signature(_without_trailing_quotes(lines)))
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
    head = _next_line(lines, place + 1) if marked else place
    length, sender = _head(lines, head, is_marked=marked) if head < len(lines) else (0, "")
    if not length and not marked:
        return None
    inner = lines[head + length :]
    if head < len(lines) and _is_quoted(lines[head]):
        inner = [_UNQUOTE.sub("", line[:_LONGEST_LINE]) + line[_LONGEST_LINE:] for line in inner]
    return sender, inner


def _next_line(lines: list[str], place: int) -> int:
    """Return the place of the next line that says anything."""
    while place < len(lines) and not lines[place].strip(" \t>|\u00a0"):
        place += 1
    return place


def _is_quoted(line: str) -> bool:
    return line.lstrip(" \t").startswith((">", "|>"))


def _bare(line: str) -> str:
    """Return a line without the marks of a quotation, of a table and of bold letters before it."""
    return line[:_LONGEST_LINE].lstrip(" \t>*_|\u00a0").rstrip(" \t*_|\u00a0")


def _plain(line: str) -> str:
    """Return a line with each gap in it as one space; QQ Mail writes its gaps in HTML."""
    return " ".join(line[:_LONGEST_LINE].replace("&nbsp;", " ").split())


def _without_history(lines: list[str]) -> list[str]:
    """Leave out the history, but keep what is written below a quotation."""
    kept: list[str] = []
    place = 0
    while place < len(lines):
        length = _history_starts(lines, place, kept)
        if not length:
            if not _QUOTED_TOGGLE.match(lines[place][:_LONGEST_MOBILE]):
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
        and _FEWEST_WIDE <= len(above) <= _LONGEST_LINE
        and above[-1].isalnum()
        and line[0].islower()
        and len(line) < _FEWEST_WIDE
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
        above = next((line for line in reversed(kept[-_MOST_FOLDED:]) if line.strip()), "")
        if not above.rstrip().endswith((":", "：")):
            return length
    return _attribution(lines, place) or _stamp(lines, place)


def _may_start(bare: str, line: str) -> bool:
    """Return whether a line is worth a closer look, which most lines are not."""
    for mark in _MARKS:
        if mark in line:
            return True
    return _BEGINS_ATTRIBUTION.match(bare) is not None or _DAVID in bare.lower()


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
            if gap or folded > _MOST_FOLDED:
                break
    senders = [keys[name] for name in _FROM if name in keys]
    if len(keys) < _FEWEST_KEYS - is_marked or not senders:
        return 0, ""
    signs = (
        "@" in senders[0],
        any(_CLOCK.search(keys[name][:_LONGEST_LINE]) for name in _TIMES if name in keys),
        not _SUBJECTS.isdisjoint(keys),
    )
    return (end - place, senders[0]) if is_marked or sum(signs) >= _FEWEST_SIGNS else (0, "")


def _key(line: str, *, is_marked: bool = False) -> tuple[str, str]:
    """Return name and value of a line of a head, "" where it is none.

    Where a line above says that a head follows, it may be a table, in which a gap stands between.
    """
    if found := _KEY.match(line[:_LONGEST_LINE]):
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
        if not piece or len(joined) > _LONGEST_LINE:
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


def _without_signature(lines: list[str]) -> list[str]:
    """Drop what a program puts below the writer's words; never all that there is."""
    kept = _without_disclaimers(lines)
    end = _signature(kept)
    is_advertised = False
    while end and (not kept[end - 1].strip() or _is_mobile(kept[end - 1])):
        end -= 1
        is_advertised = is_advertised or bool(kept[end].strip())
    kept = kept[: _card(kept[:end], is_advertised=is_advertised)]
    return kept if any(line.strip() for line in kept) else lines


def _signature(lines: list[str]) -> int:
    """Return where the signature below the line `-- ` begins (RFC 3676, 4.3), or the length.

    Without its space that line is a divider, too, and below a divider people write sentences.
    """
    first = max(0, len(lines) - _LONGEST_STANDARD_SIGNATURE - 1)
    for place in range(len(lines) - 1, first - 1, -1):
        if lines[place].rstrip() != "--" or not any(map(str.strip, lines[:place])):
            continue
        below = [line for line in lines[place + 1 :] if line.strip()]
        if any(_SENTENCE.search(line[:_LONGEST_LINE]) for line in below):
            continue
        if lines[place].startswith("-- ") or (
            len(below) <= _LONGEST_SIGNATURE and all(len(line) <= _WIDEST for line in below)
        ):
            return place
    return len(lines)


def _is_mobile(line: str) -> bool:
    if len(line) > _LONGEST_LINE:
        return False
    words = _LINK.sub("", line).replace("&nbsp;", " ").strip()
    if len(words) > _LONGEST_MOBILE or (words.isascii() and words[:1].islower()):
        return False  # the rest of a sentence
    return _MOBILE.match(words) is not None


def _card(lines: list[str], *, is_advertised: bool) -> int:
    """Return where the card that NetEase Mail draws with bars at the end begins, or the length.

    It begins with an empty row; it holds an address, or the program named itself below it.
    """
    end = len(lines)
    if not end or not (is_advertised or _CELL.match(lines[-1])):
        return end
    begins, has_address = end, is_advertised
    for place in range(end - 1, max(end - _LONGEST_TABLE, 0), -1):
        line = lines[place]
        if len(line) > _LONGEST_CELL:
            break
        has_address = has_address or "@" in line
        if _EMPTY_ROW.match(line):
            begins = place
    return begins if has_address else end


def _without_disclaimers(lines: list[str]) -> list[str]:
    """Drop the last paragraphs that tell whom the mail is not for, and that it is secret."""
    for _ in range(_MOST_DISCLAIMERS):
        end = len(lines)
        while end and (not lines[end - 1].strip() or _RULE.match(lines[end - 1][:_LONGEST_LINE])):
            end -= 1
        start = end
        while start > max(end - _MOST_DISCLAIMER_LINES, 0) and lines[start - 1].strip():
            start -= 1
        if not _is_disclaimer(lines[start:end]):
            return lines
        # The writer's words may stand right above: as few lines as say it all, whole sentences.
        begins = next(n for n in range(end - 1, start - 1, -1) if _is_disclaimer(lines[n:end]))
        while begins > start and _goes_on(lines[begins - 1]):
            begins -= 1
        if begins and _DISCLAIMER_HEAD.match(lines[begins - 1][:_LONGEST_CELL]):
            begins -= 1
        lines = lines[:begins]
    return lines


def _goes_on(line: str) -> bool:
    """Return whether a program broke a line in the midst of a sentence."""
    return len(line) >= _FEWEST_WIDE and _ENDS_SENTENCE.search(line[-3:]) is None


def _is_disclaimer(lines: list[str]) -> bool:
    words = " ".join(lines)[:_LONGEST_DISCLAIMER]
    return all(re.search(sign, words) for sign in (_ABOUT_MAIL, _SECRET, _NOT_FOR_YOU))


def _without_banner(lines: list[str]) -> list[str]:
    """Drop the warning at the top that a mail gateway puts there on mail from outside."""
    first = _next_line(lines, 0)
    words = ""
    for place in range(first, min(first + _MOST_FOLDED, len(lines))):
        line = lines[place]
        if not line.strip() or len(words) + len(line) > _LONGEST_BANNER:
            break
        words = f"{words} {line}".strip()
        if not (_BANNER.match(words) and _is_warning(words)):
            continue
        closing = max(words.find("】"), words.find("]")) + 1
        if _is_warning(words[:closing]):
            return [words[closing:].lstrip(), *lines[place + 1 :]]
        if not (_goes_on(line) and any(map(str.strip, lines[place + 1 : place + 2]))):
            return lines[place + 1 :]
    return lines


def _is_warning(words: str) -> bool:
    return re.search(_OUTSIDE, words) is not None and _BEWARE.search(words) is not None


def _without_footer(lines: list[str]) -> list[str]:
    """Drop the lines that a mailing list adds below a rule."""
    end = len(lines)
    for place in range(end - 1, max(end - _LONGEST_FOOTER, 0), -1):
        if _FOOTER.match(lines[place][:_LONGEST_LINE]):
            is_list = any(_LIST.search(line[:_LONGEST_LINE]) for line in lines[place + 1 :])
            return lines[:place] if is_list else lines
    return lines
