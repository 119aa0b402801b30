"""Signs on the outside of a mail: written by a machine, a bounce, a list; and how it was judged."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple

SES = ("amazonses.com",)
"""Who signs what Amazon SES found (the authserv-id of RFC 8601)."""

_BOUNCE_SENDER = re.compile(
    r"^(?:mail(?:er)?-?(?:daemon|delivery|system|admin)|po+st_?master|mdaemon|mmdf|bounces?"
    r"|mail\.delivery)\b",
    re.IGNORECASE,
)
_BOUNCE_NAME = re.compile(
    r"^\W*(?:mail (?:deliver(?:y|ed)?|transport|error) (?:sub)?(?:system|agent|service)"
    r"|internet mail delivery|mail(?:er)?[- ](?:daemon|administrator)|mail system"
    r"|system administrator|邮件系统|系统退信)\b",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|not (?:be )?deliver|error sending (?:your|the) (?:mail|message)"
    r"|could ?n[o']t be delivered|unable to deliver|non-?deliver"
    r"|delivery (?:status|fail|has failed|problem|error|report|notification)"
    r"|(?:mail|message) (?:delivery )?fail"
    r"|failed (?:mail|deliver)|failure (?:notice|delivery)|returned (?:mail|to sender)"
    r"|returning message|mail (?:system )?error|mail status report|message delayed|delayed delivery"
    r"|warning: (?:message|could not send)|user unknown|delayed mail|delivery delay|bounce"
    r"|unzustellbar|nicht zugestellt|non remis|no entregado|配信不能|エラーメール"
    r"|退信|退件|无法投递|無法傳遞|無法投遞|未送达|无法送达|未传递|未傳遞|投递失败|投遞失敗|投递延迟|发送失败|傳送失敗|传递失败",
    re.IGNORECASE,
)
_BOUNCE_WORDS = re.compile(
    r"no such user|(?:invalid|unknown) user|requested action not taken|over quota|quota exceeded"
    r"|mailbox (?:is )?(?:full|unavailable)|\b5\d\d[ -]5\.\d{1,3}\.\d"
    r"|邮箱已满|用户不存在|收件人不存在",
    re.IGNORECASE,
)
# How the bounces of common mail systems begin; whoever sends one on puts words above it.
_BOUNCE_OPENING = re.compile(
    r"[\s*=_-]{0,200}(?:this message was created automatically by mail|this is the mail system at"
    r"|(?:hi\. )?this is the [\w. -]{1,40} ?program at|this is an automatically generated delivery"
    r"|(?:your|this) message (?:(?:could not|cannot) be|was not|has not been) delivered"
    r"|(?:your|this) message (?:was undeliverable|did not reach)"
    r"|(?:your|the) mail to the following|votre message n'a pas pu"
    r"|(?:很)?抱歉[,，]?\s?您(?:发送)?的邮件(?:被退回|未能|无法)|您的邮件(?:无法|未能|被)(?:送达|投递|退回)"
    r"|这是由(?:邮件|系统)|此邮件由(?:邮件)?系统自动)",
    re.IGNORECASE,
)
_LONGEST_OPENING = 500
_SENT_ON = re.compile(r"^\s*(?:fwd?|wg|tr|rv|i|转发|轉寄|轉發)\s*[:：]", re.IGNORECASE)
_ANSWERED = re.compile(r"^\s*(?:re|aw|sv|回复|回覆|答复)\s*[:：]", re.IGNORECASE)
# The words alone are no sign: "自动回复没有用" complains about automatic replies.
_AUTO_SUBJECT = re.compile(
    r"^\s*[\[【(]?(?:自动回复|自動回覆|自動回復|自动答复|自动应答|休假自动回复|autoreply"
    r"|auto(?:matic|mated)?[ -]?(?:reply|response|answer)"
    r"|out of (?:the )?office(?: auto-?reply| reply)?"
    r"|vacation (?:reply|response|message)|abwesenheit(?:snotiz)?|automatische(?:s)? antwort"
    r"|automatisch antwoord|autosvar|réponse automatique|respuesta automática|resposta automática"
    r"|risposta automatica|absence du bureau|автоответ|自動返信"
    r"|已读回执|已讀回條|讀取回條|read receipt|return receipt(?: \(displayed\))?)"
    r"\s*(?:$|[:：\]】)–-])",
    re.IGNORECASE,
)
_LIST_ERROR = re.compile(r"(?:loop alert|not member|reject|invalid|error)\b", re.IGNORECASE)
_NOTICE = "x-amz-sns-message-id"
# A service that delivers nothing before the sender proves to be a person.
_CHALLENGE = re.compile(
    r"\b(?:verify|conf(?:irm)?)#[\w.-]{6,}"
    r"|please confirm (?:your (?:e-?mail|message)|that you sent)"
    r"|(?:e-?mail|message) (?:to \S{1,80} )?requires (?:your )?(?:confirmation|verification)"
    r"|awaits? moderator approval",
    re.IGNORECASE,
)
_AUTO_HEADERS = (
    *("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-autoreply-from"),
    *("x-mail-autoreply", "x-vacation", "x-auto-reply-from", "x-facebook-notify"),
    *("x-challenge-response", _NOTICE),
)
_NO = {"", "no", "none", "false", "0"}
_AUTO_REPORTS = {"feedback-report", "disposition-notification", "delivery-status"}
_AUTO_PARTS = {"message/feedback-report", "message/disposition-notification"}
STATUS_PARTS = {"message/delivery-status", "message/global-delivery-status"}
"""The types of a part that reports on a delivery (RFC 3464, RFC 6533)."""
_LIST_HEADERS = {"list-id", "list-post", "x-mailing-list", "mailing-list", "x-beenthere"}
_LIST_SENDER = re.compile(r"^[^@]*?(?:owner-|-(?:owner|bounces|request)\b)[^@]*@", re.IGNORECASE)

_METHOD = re.compile(r"\s*(spf|dkim|dmarc)\s*=\s*([a-z]{1,20})\b", re.IGNORECASE)
_SES_VERDICTS = {"x-ses-spam-verdict": "spam", "x-ses-virus-verdict": "virus"}
_SES_STAMPS = ("x-ses-", "received-spf", "authentication-results", "dkim-signature")
_SES_RECEIVER = re.compile(r"inbound-smtp\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?", re.IGNORECASE)
_STAMPED_BY = re.compile(r"\bby\s+([^\s;()]{1,255})", re.IGNORECASE)
_SUFFIXES = {"com", "net", "org", "gov", "edu", "co", "ac"}

Headers = Sequence[tuple[str, str]]
"""Names in lower case and decoded values, in the order of the mail."""


def _all(headers: Headers, name: str) -> list[str]:
    return [value for key, value in headers if key == name]


def first(headers: Headers, name: str) -> str:
    """Return the first header of that name, "" where there is none."""
    return next((value for key, value in headers if key == name), "")


def bounces(
    headers: Headers, content: tuple[str, str], part_types: Sequence[str], text: str
) -> bool:
    """Return whether the mail says that one of ours was not delivered.

    `content` is the type of the whole and, of a report, what is reported; `part_types` are the
    types of all parts, `text` the words.
    """
    kind, report = content
    subject = first(headers, "subject")[:200]
    types = set(part_types)
    if report in {"feedback-report", "disposition-notification"} or _AUTO_PARTS & types:
        return False
    if (kind == "multipart/report" and report in {"delivery-status", ""}) or first(
        headers, "x-failed-recipients"
    ):
        return True
    sender = first(headers, "from").rpartition("<")[2].strip(" >\"'")
    if _AUTO_SUBJECT.match(subject) or "mailer-daemon" in sender.casefold():
        return not _AUTO_SUBJECT.match(subject)
    if _SENT_ON.match(subject):
        return False
    if STATUS_PARTS & types or _is_from_service(headers, text[:4000]):
        return True
    return _tells(headers, sender, subject, text[:4000])


def _tells(headers: Headers, sender: str, subject: str, text: str) -> bool:
    """Return whether a mail system tells it in the subject or in the words."""
    said = _BOUNCE_SUBJECT.search(subject) is not None
    opens = _BOUNCE_OPENING.match(text) is not None
    from_daemon = _BOUNCE_SENDER.match(sender) is not None or (
        _BOUNCE_NAME.match(first(headers, "from")) is not None
    )
    if not from_daemon and not _has_no_sender(headers):
        return said and opens and "@" in text[:_LONGEST_OPENING]
    if from_daemon and not said:
        return bool(_BOUNCE_WORDS.search(text) or _BOUNCE_SUBJECT.search(text))
    # A person may sit behind "postmaster" and answer.
    return said and (opens or not _ANSWERED.match(subject))


def _has_no_sender(headers: Headers) -> bool:
    """Return whether the sender is the empty one, which no answer can reach (RFC 5321, 4.5.5)."""
    return any(value.strip() == "<>" for value in _all(headers, "return-path")) or (
        "<>" in first(headers, "from") and "@" not in first(headers, "from")
    )


def _is_from_service(headers: Headers, text: str) -> bool:
    """Return whether a service says it in its own way: Amazon SNS, or the list manager fml."""
    if first(headers, _NOTICE):
        return re.search(r'"(?:notification|event)Type"\s{0,9}:\s{0,9}"Bounce"', text) is not None
    returns = "Original mail as follows" in text or _LIST_ERROR.match(first(headers, "subject"))
    return bool(first(headers, "x-mlserver") and returns)


def _is_auto_submitted(headers: Headers) -> bool:
    words = [
        value.partition(";")[0].strip().casefold() for value in _all(headers, "auto-submitted")
    ]
    return any(word not in {"", "no"} for word in words)


def is_automatic(headers: Headers, report: str, part_types: Sequence[str] = ()) -> bool:
    """Return whether a machine wrote the mail (RFC 3834, and what came before it).

    `X-Auto-Response-Suppress` is no sign: Exchange puts it on what people write as well. Nor is
    `Precedence: list`: a person's words come by way of a list, too.
    """
    if _is_auto_submitted(headers) or report in _AUTO_REPORTS or _AUTO_PARTS & set(part_types):
        return True
    if any(
        name in _AUTO_HEADERS and value.strip().casefold() not in _NO for name, value in headers
    ):
        return True
    said = {value.strip().casefold() for value in _all(headers, "precedence")}
    if said & {"auto_reply", "auto-reply", "junk"}:
        return True
    if "bulk" in said and not is_from_list(headers):
        return True
    subject = first(headers, "subject")[:200]
    return bool(
        _AUTO_SUBJECT.match(subject) or _CHALLENGE.search(subject) or _has_no_sender(headers)
    )


def is_from_list(headers: Headers) -> bool:
    """Return whether a mailing list sent the mail round."""
    if any(name in _LIST_HEADERS and value.strip() for name, value in headers):
        return True
    sent = {value.strip().casefold() for value in _all(headers, "precedence")} & {"list", "bulk"}
    return bool(sent) and _LIST_SENDER.match(first(headers, "sender").strip("<> ")) is not None


def verdicts(headers: Headers, trusted: Collection[str] = SES) -> dict[str, str]:
    """Return what the receiving service found: spf, dkim, dmarc, spam, virus, in lower case.

    A sender can write such headers too. So only these count: the top-most
    `Authentication-Results` that one of the `trusted` services signs (authserv-id, RFC 8601), and
    the verdicts of SES where SES is one of them; and only above the first `Received` of anybody
    else, for what lies below it came with the mail.
    """
    found: dict[str, str] = {}
    names = {name.casefold() for name in trusted}
    from_ses = bool(names.intersection(SES))
    signed = False
    stamps = 0
    for name, value in headers:
        if name == "received":
            stamps += 1
            if not _is_own_stamp(value[:2000], names, is_first=stamps == 1):
                break
        elif from_ses and stamps and (name == "x-ses-receipt" or not name.startswith(_SES_STAMPS)):
            break  # SES writes its stamps in one piece, and this one last
        elif name in _SES_VERDICTS and from_ses:
            found.setdefault(_SES_VERDICTS[name], value.strip().casefold()[:20])
        elif name == "authentication-results" and not signed:
            service, _, results = value[:4000].partition(";")
            if service.strip().partition(" ")[0].casefold() in names:
                signed = True
                found |= _results(results)
    return found


def _is_own_stamp(received: str, names: Collection[str], *, is_first: bool) -> bool:
    """Return whether one of the trusted services itself took the mail in here.

    SES stamps once. Other services pass a mail on between their own machines.
    """
    stamped = _STAMPED_BY.search(_bare(received))
    host = stamped[1].strip("[].").casefold() if stamped else ""
    if _SES_RECEIVER.fullmatch(host):
        return is_first and any(name in SES for name in names)
    others = [name for name in names if name not in SES]
    if others and ("." not in host or ":" in host):
        return True
    return any(f".{host}".endswith(f".{_organization(name)}") for name in others)


def _organization(host: str) -> str:
    """Return the domain of whom a host belongs to: mx.google.com is of google.com."""
    labels = host.split(".")
    return ".".join(labels[-3:] if len(labels) > 2 and labels[-2] in _SUFFIXES else labels[-2:])  # noqa: PLR2004 - a.com.cn


def _bare(value: str) -> str:
    """Return a header without comments and quoted words: the sender chooses what they hold."""
    kept, depth, quoted = [], 0, False
    for char in value:
        if char == '"' and not depth:
            quoted = not quoted
        elif quoted:
            continue
        elif char in "()":
            depth = max(depth + (1 if char == "(" else -1), 0)
        elif not depth:
            kept.append(char)
    return "".join(kept)


def _results(results: str) -> dict[str, str]:
    """Return the result of each method; one good signature of several is enough (RFC 6376, 6)."""
    found: dict[str, str] = {}
    for piece in _bare(results).split(";"):
        if stated := _METHOD.match(piece):
            method, result = stated[1].casefold(), stated[2].casefold()
            if method not in found or (method == "dkim" and result == "pass"):
                found[method] = result
    return found


class Judgement(NamedTuple):
    """Whether a mail may go on by itself."""

    outcome: Literal["pass", "hold"]
    reason: str = ""
    """Why not: `virus`, `spam`, `dmarc`, `spf_dkim` or `no_stamp`."""


def judged(verdicts: Mapping[str, str], *, stamps: bool = True) -> Judgement:
    """Return whether a mail that was found so may go on by itself; else a person looks first.

    `stamps` says that the receiving service stamps every mail: one without a stamp didn't come
    through it. Spam and virus must be `pass` where they were looked for: what the service could not
    decide, we cannot either.
    """
    for name in ("virus", "spam"):
        if verdicts.get(name, "pass") != "pass":
            return Judgement("hold", name)
    if verdicts.get("dmarc") == "fail":
        return Judgement("hold", "dmarc")
    if verdicts.get("spf") == verdicts.get("dkim") == "fail":
        return Judgement("hold", "spf_dkim")
    if stamps and not verdicts:
        return Judgement("hold", "no_stamp")
    return Judgement("pass")
