"""What a bounce says: who was not reached, whether for good, and which letter came back.

A report in the standard form (RFC 3464) says it in fields. The rest say it in words, each mail
system in its own; their forms are few, though: the address stands alone on a line, begins one,
or follows a phrase.
"""

import re
from collections.abc import Iterable
from enum import StrEnum

from complaints.mail_body import Attachment
from complaints.mail_headers import addresses, decode_header
from complaints.mail_signs import STATUS_PARTS, Headers, first
from complaints.models import Record

_RETURNED_PARTS = (
    *("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers"),
    *("message/global-headers", "text/rfc822"),
)
_ARRIVED = {"delivered", "relayed", "expanded"}
_MOST_RECIPIENTS = 50
_LONGEST_READ = 100_000
_LONGEST_WORDS = 20_000
_LONGEST_LINE = 500

_ADDRESS = (
    r"[A-Za-z0-9_=+][A-Za-z0-9._%+=&'/~-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
)
# Most runs meet no bounce: what stands here as a mere string is compiled when the first one comes.
_ANY_ADDRESS = re.compile(rf"(?<![A-Za-z0-9._%+=-]){_ADDRESS}")
_BULLET = r"^[\s>*•·\-]{0,20}"
_ON_ITS_LINE = rf"{_BULLET}[<\[(「“\"']?({_ADDRESS})(?:[>\])」”\"'：:,;，]|\s|$)"
_AFTER_PHRASE = (
    r"(?i)(?:rcpt to|recipient(?: address)?|(?:original|undeliverable|failed|e-?mail) address"
    r"|addressed to|undeliverable\s+to|attempts|delivered to|generated from|deliver(?:y)? to"
    r"|\"emailAddress\"|(?:message|mail|sent) to|failed for|could not reach|user"
    r"|收件人(?:邮件)?(?:地址)?|收件地址|收信人|无法(?:送达|投递|发送)(?:到|至|给)?|無法(?:傳遞|投遞)(?:到|至|給)?"
    r"|未送达|(?:发送|投递|发|送)(?:到|至|给)|退回地址|送達先)"
    rf"\s{{0,5}}[:：(（]?\s{{0,5}}[<\[(（'\"“]?\s?({_ADDRESS})"
)
_NAME_ALONE = re.compile(r"^[ \t]{1,16}([A-Za-z0-9][A-Za-z0-9._-]{0,63})$")
_NAMES_FOLLOW = re.compile(r"(?:recipient|address|deliver)[^:]{0,200}:$", re.IGNORECASE)
# Below such a line stands the letter that came back.
_COPY_FOLLOWS = (
    r"(?i)^[\s>*#=_-]{0,80}(?:this is a copy of|here (?:is|follows) a copy"
    r"|a copy of the (?:message|mail)|below (?:this|the) line|start of returned|returned message"
    r"|(?:your )?original (?:message|mail)"
    r"|(?:the )?(?:header|unsent|text|contents) of (?:the|your) (?:original|message|source)"
    r"|(?:the )?header of|header of the source|(?:unsent )?message (?:follows|text|headers? follow"
    r"|body)|message below|included (?:message|is)|-+ ?message header"
    r"|原始邮件|原邮件|退回的邮件|邮件原文|原文如下|以下是(?:原|您)|原始郵件)"
)
_LINES = re.IGNORECASE | re.MULTILINE
_ID_LINE = re.compile(r"^[\s>]{0,20}message-id\s?[:：]\s{0,9}(<[^<>\s]{1,900}>)", _LINES)
_TO_LINE = re.compile(r"^[\s>]{0,20}to\s?:[ \t]{0,9}([^\n]{1,500})", _LINES)
_REPLY_TO_LINE = re.compile(r"^[\s>]{0,20}reply-to\s?:[ \t]{0,9}([^\n]{1,500})", _LINES)
_NOBODY = re.compile(r"^(?:mailer-?daemon|post_?master|no-?reply|do-?not-?reply)@", re.IGNORECASE)
_LATER = (
    r"(?i)not yet been delivered|not been delivered yet"
    r"|(?:has been|is|was|message) (?:being )?delayed"
    r"|delayed mail|still being retried|will (?:continue|keep) (?:to )?(?:try|retry)|delivery delay"
    r"|will be retried|attempts will continue|warning: (?:message|could not send)"
    r"|(?:is|as) (?:only )?a warning|warning (?:message )?only|not need to resend|will try again"
    r'|deferred|"bounceType"\s?:\s?"Transient"'
    r"|延迟(?:投递|送达|通知)|投递延迟|将继续(?:尝试|投递)|仍在(?:尝试|重试)|尚未(?:送达|投递)|傳遞延遲"
)
_FOR_GOOD = (
    r"(?i)\b5\d\d[ -]|\b5\.\d{1,3}\.\d{1,3}\b|permanent|undeliver|not (?:be )?deliver"
    r"|unable to deliver|fail|unknown|no such|not exist|did not r|not be reached|disabled|rejected"
    r"|returned|over quota"
    r"|退信|退回|退件|无法|無法|未能|未送达|失败|失敗|不存在|已满|拒收|拒绝"
)


class BounceKind(StrEnum):
    """Whether the letter is lost: `temporary` is still being tried."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    UNKNOWN = "unknown"


class Bounce(Record, frozen=True):
    """A letter that came back. What the bounce doesn't say is empty."""

    recipients: tuple[str, ...] = ()
    """The addresses that it didn't reach, as it was sent to them."""
    kind: BounceKind = BounceKind.UNKNOWN
    message_id: str = ""
    to: tuple[str, ...] = ()
    """The addresses in its own `To`."""
    reply_to: str = ""
    """The address in its own `Reply-To`, which may hold the token of a complaint."""


def read_bounce(headers: Headers, attachments: Iterable[Attachment], text: str) -> Bounce | None:
    """Return what a bounce says; None if it says that the letter arrived (RFC 3464, 2.3.3).

    `headers` are names in lower case and decoded values; `text` is what there is to read.
    """
    status, letter = "", ""
    for attachment in attachments:
        if attachment.content_type in STATUS_PARTS and not status:
            status = _read(attachment)
        elif attachment.content_type in _RETURNED_PARTS and not letter:
            letter = _read(attachment)
    words = text[:_LONGEST_READ]
    if not letter:
        letter = _copy_in(words)
    reported = _reported(status)
    actions = {action for _, action in reported}
    if actions and actions <= _ARRIVED:
        return None
    to = _listed(_TO_LINE, letter.partition("\n\n")[0] or letter)
    return Bounce(
        recipients=_recipients(headers, reported, words, to),
        kind=_kind(headers, actions, words),
        message_id=found[1] if (found := _ID_LINE.search(letter)) else "",
        to=to,
        reply_to=next(iter(_listed(_REPLY_TO_LINE, letter)), ""),
    )


def _read(attachment: Attachment) -> str:
    """Return a report or a head as text with its lines unfolded."""
    raw = attachment.payload[:_LONGEST_READ].decode("utf-8", "replace")
    return re.sub(r"\n[ \t]+", " ", raw.replace("\r\n", "\n").replace("\r", "\n")).lstrip("\n")


def _copy_in(words: str) -> str:
    """Return the copy of the letter that stands in the words of the bounce."""
    found = _ID_LINE.search(words)
    if found is None:
        return ""
    return words[max(words.rfind("\n\n", 0, found.start()), 0) :].lstrip("\n")


def _listed(pattern: re.Pattern[str], letter: str) -> tuple[str, ...]:
    found = pattern.search(letter)
    return tuple(address for _, address in addresses(found[1])) if found else ()


def _reported(status: str) -> list[tuple[str, str]]:
    """Return address and action of each recipient of a delivery report."""
    found = []
    for block in status.split("\n\n"):
        fields = {
            name.strip().casefold(): value.strip()
            for name, colon, value in (line.partition(":") for line in block.split("\n"))
            if colon
        }
        original = _address_in(fields.get("original-recipient", ""))
        final = _address_in(fields.get("final-recipient", ""))
        if original or final or "action" in fields:
            action = fields.get("action", "").partition(" ")[0].partition(";")[0].casefold()
            if not action and fields.get("status", "").startswith("2"):
                action = "delivered"
            found.append((original or final, action))
    return found


def _address_in(field: str) -> str:
    found = _ANY_ADDRESS.search(decode_header(field.partition(";")[2] or field))
    return found[0] if found else ""


def _recipients(
    headers: Headers,
    reported: list[tuple[str, str]],
    words: str,
    to: tuple[str, ...],
) -> tuple[str, ...]:
    """Return who was not reached, from the surest place that names anybody."""
    named: list[str] = [address for address, action in reported if action not in _ARRIVED]
    if not any(named):
        failed = (value for name, value in headers if name == "x-failed-recipients")
        named = [address for value in failed for address in _ANY_ADDRESS.findall(value)]
    if not any(named):
        named = _named(headers, words)
    if not any(named) and len(to) == 1:
        named = list(to)
    kept = {address.casefold(): address for address in reversed(named) if address}
    return tuple(reversed(kept.values()))[:_MOST_RECIPIENTS]


def _named(headers: Headers, words: str) -> list[str]:
    """Return the addresses that the words of a bounce say were not reached."""
    ours = {
        address.casefold()
        for name, value in headers
        if name in {"from", "to", "sender"}
        for _, address in addresses(value)
    }
    sender = first(headers, "from")
    domain = next((one.rpartition("@")[2] for _, one in addresses(sender)), "")
    ours |= {found[1].strip("<>").casefold() for found in _ID_LINE.finditer(words)}
    alone, after, anywhere, names = [], [], [], []
    before = ""
    for line in _told(words):
        found = _ANY_ADDRESS.findall(line) if "@" in line else ()
        if others := [one for one in found if not _is_of(one, ours)]:
            anywhere += others
            if (leading := re.match(_ON_ITS_LINE, line)) and leading[1] in others:
                alone.append(leading[1])
            after += [one for one in re.findall(_AFTER_PHRASE, line) if one in others]
        if domain and (name := _NAME_ALONE.match(line)) and _NAMES_FOLLOW.search(before):
            names.append(f"{name[1]}@{domain.casefold()}")
        before = line.strip() or before
    # Of several amid the words, some are only there to be asked.
    return alone or after or names or (anywhere if len(set(anywhere)) == 1 else [])


def _is_of(address: str, ours: set[str]) -> bool:
    return address.casefold() in ours or _NOBODY.match(address) is not None


def _told(words: str) -> list[str]:
    """Return the lines above the copy of the letter."""
    lines: list[str] = []
    for line in words[:_LONGEST_WORDS].split("\n"):
        if lines and re.match(_COPY_FOLLOWS, line[:_LONGEST_LINE]):
            break
        lines.append(line[:_LONGEST_LINE].rstrip())
    return lines


def _kind(headers: Headers, actions: set[str], words: str) -> BounceKind:
    if "failed" in actions:
        return BounceKind.PERMANENT
    if "delayed" in actions:
        return BounceKind.TEMPORARY
    told = "\n".join((first(headers, "subject")[:_LONGEST_LINE], *_told(words)))
    if re.search(_LATER, told):
        return BounceKind.TEMPORARY
    return BounceKind.PERMANENT if re.search(_FOR_GOOD, told) else BounceKind.UNKNOWN
