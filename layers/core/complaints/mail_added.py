"""What programs add around the words of a mail: warnings on top, signatures and notices below.

A line is taken away only when its form proves that a program put it there.
"""

import re

LONGEST_LINE = 1000
"""Characters of a line that are looked at."""
RULE = re.compile(r"^\s*[_\-=*—]{4,}\s*$")
MOST_FOLDED = 4
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
LONGEST_MOBILE = 100
_LONGEST_SIGNATURE = 12
_LONGEST_STANDARD_SIGNATURE = 30
_SENTENCE = re.compile(r"[。！？；]|[，,].{0,200}[。！？!?]")
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
FEWEST_WIDE = 60
_WIDEST = 80
_ENDS_SENTENCE = re.compile(r"[.!?。！？:：)）】\]]\s*$")
_DISCLAIMER_HEAD = re.compile(
    r"\W{0,6}(?:disclaimer|confidentiality(?: notice| note)?|legal notice|notice"
    r"|免责声明|免責聲明|声明"
    r"|聲明|保密声明|保密提示|郑重声明|重要提示)\W{0,6}$",
    re.IGNORECASE,
)


def next_line(lines: list[str], place: int) -> int:
    """Return the place of the next line that says anything."""
    while place < len(lines) and not lines[place].strip(" \t>|\u00a0"):
        place += 1
    return place


def without_signature(lines: list[str]) -> list[str]:
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
        if any(_SENTENCE.search(line[:LONGEST_LINE]) for line in below):
            continue
        if lines[place].startswith("-- ") or (
            len(below) <= _LONGEST_SIGNATURE and all(len(line) <= _WIDEST for line in below)
        ):
            return place
    return len(lines)


def _is_mobile(line: str) -> bool:
    if len(line) > LONGEST_LINE:
        return False
    words = _LINK.sub("", line).replace("&nbsp;", " ").strip()
    if len(words) > LONGEST_MOBILE or (words.isascii() and words[:1].islower()):
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
        while end and (not lines[end - 1].strip() or RULE.match(lines[end - 1][:LONGEST_LINE])):
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
    return len(line) >= FEWEST_WIDE and _ENDS_SENTENCE.search(line[-3:]) is None


def _is_disclaimer(lines: list[str]) -> bool:
    words = " ".join(lines)[:_LONGEST_DISCLAIMER]
    return all(re.search(sign, words) for sign in (_ABOUT_MAIL, _SECRET, _NOT_FOR_YOU))


def without_banner(lines: list[str]) -> list[str]:
    """Drop the warning at the top that a mail gateway puts there on mail from outside."""
    first = next_line(lines, 0)
    words = ""
    for place in range(first, min(first + MOST_FOLDED, len(lines))):
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


def without_footer(lines: list[str]) -> list[str]:
    """Drop the lines that a mailing list adds below a rule."""
    end = len(lines)
    for place in range(end - 1, max(end - _LONGEST_FOOTER, 0), -1):
        if _FOOTER.match(lines[place][:LONGEST_LINE]):
            is_list = any(_LIST.search(line[:LONGEST_LINE]) for line in lines[place + 1 :])
            return lines[:place] if is_list else lines
    return lines
