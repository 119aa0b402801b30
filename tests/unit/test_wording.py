"""The office's own words: checked before they are used, and nothing in them runs or steers."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.letters import EDITABLE, sample_values, written
from complaints.texts import LANGUAGES, texts
from complaints.wording import (
    LONGEST,
    Wording,
    allowed,
    fill,
    is_usable,
    needed,
    original,
    problems_of,
    tidied,
)
from tests.builders import AT, OFFICE
from tests.unit.test_letters import SENDER

ACK = "letter.acknowledgement"
SUBJECT = "受理 {number}"
BODY = "{name}，您好！编号 {number}，最迟 {promised}。\n\n{link}"


def wording(letter: str = ACK, *, subject: str = SUBJECT, body: str = BODY) -> Wording:
    """Return words of the office."""
    return Wording(
        letter=letter, language="zh_CN", number=1, at=AT, by="qiu", subject=subject, body=body
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("letter", EDITABLE)
def test_the_catalogues_own_words_pass_the_check(letter: str, language: str) -> None:
    """Whoever opens a letter and saves it as it is must not be refused; each has a name."""
    subject, body = original(letter, texts(language))
    assert problems_of(letter, subject, body) == {}
    assert f"staff.letter.{letter.partition('.')[2]}" in texts(language)
    assert len(subject) < LONGEST["subject"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("letter", EDITABLE)
def test_every_letter_can_be_previewed(letter: str, language: str) -> None:
    """The sample has a value for all that a letter may name, and leaves no name in braces."""
    values = sample_values(language, SENDER, OFFICE, at=AT)
    assert allowed(letter) <= set(values)
    assert all(f"wording.name.{name}" in texts(language) for name in allowed(letter))
    words = written(letter, language, values, SENDER)
    assert "{" not in words.subject + words.text
    assert "\n\n\n" not in words.text


@pytest.mark.parametrize(
    ("part", "words", "problem", "said"),
    [
        ("subject", " ", "wording.problem.empty", {}),
        ("body", "", "wording.problem.empty", {}),
        ("subject", "受理", "wording.problem.missing", {"missing": "{number}"}),
        ("body", BODY.replace("{link}", ""), "wording.problem.missing", {"missing": "{link}"}),
        (
            "body",
            f"{BODY}\n{{nummer}}",
            "wording.problem.unknown",
            {"line": 4, "found": "{nummer}"},
        ),
        ("body", f"{BODY}{{number:>999999999}}", "wording.problem.unknown", {"line": 3}),
        ("body", f"{BODY}{{name.__class__}}", "wording.problem.unknown", {"line": 3}),
        ("body", f"{BODY} }}", "wording.problem.unknown", {"found": "}"}),
        ("body", f"{{{BODY}", "wording.problem.unknown", {"line": 1}),
        ("body", f"{BODY}{{reply}}", "wording.problem.unknown", {"found": "{reply}"}),
        ("subject", f"{SUBJECT}\nBcc: all@example.com", "wording.problem.control", {"line": 1}),
        ("subject", f"{SUBJECT}\x1b[31m", "wording.problem.control", {}),
        ("subject", f"{SUBJECT}\u2028x", "wording.problem.control", {}),
        ("body", f"{BODY}\u202egnp.exe", "wording.problem.control", {"line": 3}),
        ("subject", SUBJECT + "长" * 120, "form.too_long", {"longest": 120}),
    ],
)
def test_what_a_letter_needs_is_asked_for(
    part: str, words: str, problem: str, said: dict[str, object]
) -> None:
    """What is wrong, where, and what is allowed; in both languages."""
    parts = {"subject": SUBJECT, "body": BODY} | {part: words}
    (found,) = problems_of(ACK, **parts).items()
    assert found[0] == part
    assert found[1].text_id == problem
    assert said.items() <= found[1].values.items()
    for language in LANGUAGES:
        sentence = texts(language)(found[1].text_id, **found[1].values)
        if problem == "wording.problem.unknown":
            assert "{number}" in sentence


def test_a_proxy_is_never_sent_the_complainants_code() -> None:
    """I17: the names that a letter knows follow from whom it goes to."""
    for letter in ("letter.proxy_received", "letter.proxy_progress"):
        assert not allowed(letter) & {"code", "link", "words", "reply", "promised"}
    assert needed(ACK, "body") == {"number", "promised", "link"}


def test_words_of_an_older_release_are_not_used() -> None:
    """What the catalogue asks for may grow; a letter of other words than these lacks it."""
    assert is_usable(wording())
    assert not is_usable(wording(body="没有链接 {number}"))
    assert is_usable(wording(subject="", body=""))


@given(
    subject=st.text(max_size=60),
    body=st.text(max_size=200),
    value=st.text(max_size=60) | st.sampled_from(["{link}", "</p><script>", "a\r\nBcc: x@y"]),
)
def test_words_that_pass_make_one_line_of_subject_and_no_html(
    subject: str, body: str, value: str
) -> None:
    """Whatever was typed, and whatever stands in its place: text stays text."""
    typed = wording(subject=f"{subject}{{number}}", body=f"{body}{{number}}{{link}}{{promised}}")
    if not is_usable(typed):
        return
    values = dict.fromkeys(sample_values("zh_CN", SENDER, OFFICE, at=AT), value)
    words = written(ACK, "zh_CN", values, SENDER, wording=typed)
    assert "\n" not in words.subject
    assert "\r" not in words.subject
    assert value.strip() in words.text or not value.isprintable()
    marked_up = words.paragraphs
    for tag in ("<p>", "</p>", "<br>", "</a>"):
        marked_up = marked_up.replace(tag, "")
    assert marked_up.count("<") == marked_up.count('<a href="https://') + marked_up.count(
        '<a href="http://'
    )


def test_a_value_is_put_in_once() -> None:
    """Who is called `{link}` is greeted so, and gets no second link."""
    values = {"name": "{link}{name}", "link": "https://x"}
    assert fill("{name} {link}", values) == "{link}{name} https://x"


def test_words_from_a_form_have_plain_line_ends() -> None:
    """Browsers send CRLF; the same words are then the same words."""
    assert tidied(" a\r\nb\r") == "a\nb"


def test_a_change_that_goes_back_is_the_original() -> None:
    """The catalogue's words hold again, and follow the catalogue from then on."""
    back = wording(subject="", body="").replace(number=2, at=AT + timedelta(days=1))
    values = sample_values("zh_CN", SENDER, OFFICE, at=AT)
    assert written(ACK, "zh_CN", values, SENDER, wording=back) == written(
        ACK, "zh_CN", values, SENDER
    )
