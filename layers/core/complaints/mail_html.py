"""An HTML mail: its words as plain text, and a form of it that is safe to show.

The words are read in one pass of our own: parsers that build the tree of a page, as browsers do,
take quadratic time on tags nested thousands deep. Nothing is ever fetched.
"""

import re
from html import escape, unescape

_TAG_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9:]*")
_ATTRIBUTES_END = re.compile(r"""(?:[^"'>]++|"[^"]*+"|'[^']*+')*+>""")
_ATTRIBUTE_END = re.compile("[\"'>]")
_SPACES = re.compile(r"[ \t\r\n\f\v]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_SILENT = {"script", "style", "title", "template", "noscript", "object", "svg", "textarea"}
_BLOCKS = {
    *("address", "article", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset", "form"),
    *("footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "pre"),
    *("section", "table", "tbody", "tr", "ul"),
}
_DEEPEST_QUOTE = 20

_LONGEST_SHOWN = 500_000
_MOST_TAGS_SHOWN = 10_000
"""More of them, nested, cost the sanitiser more than a fifth of a second."""
_SHOWN = {
    *("a", "abbr", "address", "article", "b", "big", "blockquote", "br", "caption", "center"),
    *("cite", "code", "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption"),
    *("figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins"),
    *("kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section"),
    *("small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th"),
    *("thead", "time", "tr", "tt", "u", "ul", "var", "wbr"),
}
_ATTRIBUTES = {
    "a": {"href"},
    # No source: a picture is a request to wherever the sender says. Its words stand in for it.
    "img": {"alt"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
_DROPPED = {
    *("applet", "audio", "button", "canvas", "datalist", "embed", "frame", "frameset", "iframe"),
    *("head", "math", "noembed", "noframes", "noscript", "object", "script", "select", "style"),
    *("svg", "template", "textarea", "title", "video", "xmp"),
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_SPAN = re.compile(r"[1-9][0-9]?")


def safe_html(html: str) -> str:
    r"""Return an HTML mail fit to be put into a page of ours: nothing in it acts or is loaded.

    Scripts, styles, forms, frames, pictures and targets are gone; links keep web, mail and phone
    addresses and tell the page they lead to nothing of ours. What is too long or has too many
    tags for that comes as its words alone.

    >>> safe_html('<p onclick="x()">Hello <a href="javascript:x()">you</a><script>x()</script></p>')
    '<p>Hello <a rel="noopener noreferrer nofollow">you</a></p>'
    """
    import nh3

    html = html.replace("\x00", "")
    if len(html) > _LONGEST_SHOWN or html.count("<") > _MOST_TAGS_SHOWN:
        words = escape(text_of_html(html))
        return f"<p>{words.replace(chr(10), '<br>')}</p>"
    return nh3.clean(
        html,
        tags=_SHOWN,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        clean_content_tags=_DROPPED,
        url_schemes=_SCHEMES,
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Return the value of an attribute that is shown; the library itself would let `title` by.

    A `rel` is the one that we set: it is none that a sender may.
    """
    if name != "rel" and name not in _ATTRIBUTES.get(tag, ()):
        return None
    if name in {"colspan", "rowspan", "start"}:
        return value if _SPAN.fullmatch(value) else None
    return value


def text_of_html(html: str) -> str:
    r"""Return what a reader sees of an HTML page, quotations marked with `>` as in plain mail.

    >>> text_of_html("<p>Hello <b>you</b><br>there</p><blockquote>old</blockquote>")
    'Hello you\nthere\n\n> old'
    """
    return _Reader(html).read()


class _Reader:
    """Walks over the tags from left to right and collects lines."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._place = 0
        self._line: list[str] = []
        self._lines: list[str] = []
        self._quotes = 0
        # Once a quote or comment is found to have no end, its kind is not looked for again:
        # a page full of them would otherwise cost quadratic time.
        self._endless: set[str] = set()

    def read(self) -> str:
        html = self._html
        while (start := html.find("<", self._place)) >= 0:
            self._say(html[self._place : start])
            self._place = start + 1
            self._markup()
        self._say(html[self._place :])
        self._break()
        text = "\n".join(line.rstrip() for line in self._lines)
        return _BLANK_LINES.sub("\n\n", text).strip("\n")

    def _say(self, text: str) -> None:
        if not text:
            return
        text = _SPACES.sub(" ", unescape(text).replace("\x00", "")).replace("\xa0", " ")
        if text:
            self._line.append(text)

    def _break(self) -> None:
        line = "".join(self._line).strip(" ")
        self._line.clear()
        self._lines.append("> " * self._quotes + line)

    def _block(self) -> None:
        if "".join(self._line).strip():
            self._break()
        self._line.clear()

    def _find(self, end: str) -> int:
        """Return the place of `end` from here on, -1 if there is none."""
        if end in self._endless:
            return -1
        found = re.compile(end, re.IGNORECASE | re.ASCII).search(self._html, self._place)
        if found is None:
            self._endless.add(end)
            return -1
        return found.start()

    def _markup(self) -> None:
        html = self._html
        if html.startswith("!--", self._place):
            end = self._find("-->")
            self._place = end + 3 if end >= 0 else self._place + 3
        elif html.startswith(("!", "?"), self._place):
            end = self._find(">")
            self._place = end + 1 if end >= 0 else self._place
        else:
            closing = html.startswith("/", self._place)
            name = _TAG_NAME.match(html, self._place + closing)
            if name is None:
                self._line.append("<")
                return
            self._place = name.end()
            self._skip_attributes()
            self._tag(name[0].lower(), closing=closing)

    def _skip_attributes(self) -> None:
        if not self._endless and (whole := _ATTRIBUTES_END.match(self._html, self._place)):
            self._place = whole.end()
            return
        while match := _ATTRIBUTE_END.search(self._html, self._place):
            self._place = match.end()
            if match[0] == ">":
                return
            end = self._find(match[0])
            if end >= 0:
                self._place = end + 1
        self._place = len(self._html)

    def _tag(self, name: str, *, closing: bool) -> None:
        if name == "br":
            self._break()
        elif name in {"td", "th"} and not closing:
            self._line.append(" ")
        elif name in _SILENT and not closing:
            end = self._find(f"</{name}")
            self._place = end if end >= 0 else self._place
        elif name == "p" or name in _BLOCKS:
            self._block()
            if name == "blockquote":
                step = -1 if closing else 1
                if not closing:
                    self._lines.append("> " * self._quotes)
                self._quotes = min(max(self._quotes + step, 0), _DEEPEST_QUOTE)
            elif name == "p" and self._lines and self._lines[-1].strip("> "):
                self._lines.append("> " * self._quotes)
            elif name == "li" and not closing:
                self._line.append("- ")
