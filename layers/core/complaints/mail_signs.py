"""Signs on the outside of a mail: written by a machine, a bounce, a list; and how it was judged."""

import re
from collections.abc import Sequence

_BOUNCE_SENDER = re.compile(
    r"^(?:mailer-?daemon|mail-?daemon|post_?master|mailerdaemon|mdaemon|mmdf|bounces?|mail-delivery)\b",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|not deliver|could ?n[o']t be delivered|unable to deliver|non-?deliver|delivery "
    r"(?:status|fail|has failed|problem|error|report)|(?:mail|message) (?:delivery )?fail"
    r"|failed (?:mail|deliver)|failure (?:notice|delivery)|returned (?:mail|to sender)"
    r"|returning message|mail (?:system )?error|mail status report"
    r"|warning: message|user unknown|delayed mail|bounce|unzustellbar|nicht zugestellt"
    r"|退信|退件|无法投递|無法傳遞|未送达|无法送达|投递失败|发送失败|传递失败",
    re.IGNORECASE,
)
# The words alone are no sign: "自动回复没有用" complains about automatic replies.
_AUTO_SUBJECT = re.compile(
    r"^\s*[\[【(]?(?:自动回复|自動回覆|自動回復|自动答复|自动应答|休假自动回复|autoreply"
    r"|auto(?:matic|mated)?[ -]?(?:reply|response)|out of (?:the )?office(?: auto-?reply| reply)?"
    r"|ooo|vacation(?: reply| response)?|abwesenheit(?:snotiz)?|automatische antwort"
    r"|réponse automatique|respuesta automática|risposta automatica|absence du bureau)"
    r"\s*(?:$|[:：\]】)–-])",
    re.IGNORECASE,
)
_AUTO_SUBJECT_INSIDE = re.compile(
    r"自动回复|自動回覆|自动答复|auto[ -]?reply|automatic reply|out of (?:the )?office|vacation",
    re.IGNORECASE,
)
_AUTO_HEADERS = (
    *("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-autoreply-from"),
    *("x-mail-autoreply", "x-vacation", "x-auto-reply-from", "x-facebook-notify"),
)
_METHOD = re.compile(r"(?:^|[;\s])(spf|dkim|dmarc)\s*=\s*([a-z]+)", re.IGNORECASE)
_SES_VERDICTS = {"x-ses-spam-verdict": "spam", "x-ses-virus-verdict": "virus"}
_OWN_RECEIVER = re.compile(r"\bby\s+inbound-smtp\.[a-z0-9-]+\.amazonaws\.com\b", re.IGNORECASE)

Headers = Sequence[tuple[str, str]]
"""Names in lower case and decoded values, in the order of the mail."""


def _all(headers: Headers, name: str) -> list[str]:
    return [value for key, value in headers if key == name]


def _first(headers: Headers, name: str) -> str:
    return next((value for key, value in headers if key == name), "")


def bounces(
    headers: Headers, content: tuple[str, str], part_types: Sequence[str], text: str
) -> bool:
    """Return whether the mail says that one of ours was not delivered.

    `content` is the type of the whole and, of a report, what is reported; `part_types` are the
    types of all parts, `text` the words.
    """
    kind, report = content
    if report in {"feedback-report", "disposition-notification"}:
        return False
    if kind == "multipart/report" and report in {"delivery-status", ""}:
        return True
    if "message/delivery-status" in part_types or _first(headers, "x-failed-recipients"):
        return True
    subject = _first(headers, "subject")
    sender = _first(headers, "from").rpartition("<")[2].strip(" >\"'")
    nobody = "<>" in (value.strip() for value in _all(headers, "return-path"))
    from_daemon = _BOUNCE_SENDER.match(sender) is not None
    told = _BOUNCE_SUBJECT.search(subject[:200]) is not None
    told = told or (from_daemon and _BOUNCE_SUBJECT.search(text[:4000]) is not None)
    if _is_auto_submitted(headers) and _AUTO_SUBJECT_INSIDE.search(subject[:200]):
        return False
    if "mailer-daemon" in sender.casefold():
        return True
    return (from_daemon or nobody) and told


def _is_auto_submitted(headers: Headers) -> bool:
    words = [
        value.partition(";")[0].strip().casefold() for value in _all(headers, "auto-submitted")
    ]
    return any(word not in {"", "no"} for word in words)


def is_automatic(headers: Headers, report: str) -> bool:
    """Return whether a machine wrote the mail (RFC 3834, and what came before it).

    `X-Auto-Response-Suppress` alone is no sign: Exchange puts it on what people write as well.
    """
    if _is_auto_submitted(headers) or report in {"feedback-report", "disposition-notification"}:
        return True
    names = {name for name, _ in headers}
    if any(name in names for name in _AUTO_HEADERS):
        return True
    said = {value.strip().casefold() for value in _all(headers, "precedence")}
    if said & {"auto_reply", "auto-reply", "junk"} or ("bulk" in said and "list-id" not in names):
        return True
    subject = _first(headers, "subject")[:200]
    weak = "x-auto-response-suppress" in names or _first(headers, "return-path").strip() == "<>"
    if _AUTO_SUBJECT.match(subject) or (weak and _AUTO_SUBJECT_INSIDE.search(subject)):
        return True
    return _first(headers, "return-path").strip() == "<>"


def is_from_list(headers: Headers) -> bool:
    """Return whether a mailing list sent the mail round."""
    return bool(_first(headers, "list-id"))


def verdicts(headers: Headers) -> dict[str, str]:
    """Return what the receiving service found: spf, dkim, dmarc, spam, virus, in lower case.

    A sender can write such headers too. Ours stand on top: above the first `Received`, or, where
    SES itself stamped that one, above the next. Of two equal headers the top-most is ours.
    """
    found: dict[str, str] = {}
    stamps = 0
    for name, value in headers:
        if name == "received":
            stamps += 1
            if stamps > 1 or not _OWN_RECEIVER.search(value[:1000]):
                break
        elif name in _SES_VERDICTS:
            found.setdefault(_SES_VERDICTS[name], value.strip().casefold()[:20])
        elif name == "authentication-results" and "authenticated" not in found:
            found["authenticated"] = "yes"
            for method, result in _METHOD.findall(value[:4000]):
                found.setdefault(method.casefold(), result.casefold())
    found.pop("authenticated", None)
    return found
