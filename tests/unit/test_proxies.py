"""Who speaks for the complainant: what may be told, and what never is (I17)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints import proxies
from complaints.letters import owed_to_complainant
from complaints.lifecycle import InvalidInputError, NotAllowedError
from complaints.models import Dossier, File
from complaints.parts import Proxy, Relation
from tests.builders import AT, HANDLER, OTHER_HEAD, QUALITY, QUIET_KEY, assessed

proxy_of = st.builds(
    Proxy,
    proxy_id=st.sampled_from(["1", "2", "3"]),
    name=st.just("王强"),
    relation=st.sampled_from(list(Relation)),
    phone=st.sampled_from(["", "+8613900139000"]),
    email=st.sampled_from(["", "a@example.com", "b@example.com", "lina@example.com"]),
    authority=st.sampled_from(["none", "spoken", "written"]),
    may_be_told=st.sampled_from(["nothing", "progress", "everything"]),
)


def with_proxies(*known: Proxy, email: str = "lina@example.com") -> Dossier:
    """Return an assessed complaint with these proxies."""
    dossier = assessed()
    complainant = dossier.complainant.replace(email=email)
    return dossier.replace(proxies=known, complainant=complainant)


@given(
    st.lists(proxy_of, max_size=3, unique_by=lambda one: one.proxy_id),
    st.sampled_from(["lina@example.com", ""]),
)
def test_the_words_reach_nobody_without_authority_for_them(
    known: list[Proxy], address: str
) -> None:
    """The law: who gets the words is the complainant, or may be told everything."""
    dossier = with_proxies(*known, email=address)
    letters = owed_to_complainant("progress", dossier.complaint, dossier, at=AT, words="私人的话")
    entitled = {one.email for one in known if proxies.may_be_told(one, "everything")}
    informed = {one.email for one in known if proxies.may_be_told(one, "progress")}
    for letter in letters:
        assert letter.to
        if letter.words or letter.kind != proxies.ONLY_PROGRESS:
            assert letter.to in {dossier.complainant.email, *entitled}
        else:
            assert letter.to in informed
    assert len({letter.letter_id for letter in letters}) == len(letters)


@given(proxy_of)
def test_without_authority_nothing_may_be_told(proxy: Proxy) -> None:
    """Whatever was ticked beside it."""
    unauthorised = proxy.replace(authority="none")
    assert not proxies.may_be_told(unauthorised, "progress")
    assert not proxies.may_be_told(unauthorised, "everything")


def test_the_complainants_own_ways_go_first() -> None:
    """A proxy fills in only what is missing."""
    son = Proxy(
        proxy_id="1", name="王强", relation=Relation.CHILD, phone="2", email="b@example.com",
        authority="spoken", may_be_told="everything",
    )  # fmt: skip
    assert proxies.reachable(with_proxies(son)).email == "lina@example.com"
    assert proxies.reachable(with_proxies(son, email="")).email == "b@example.com"
    silent = son.replace(may_be_told="progress")
    assert proxies.reachable(with_proxies(silent, email="")).email == ""


@pytest.mark.parametrize(
    ("authority", "extent", "document", "text_id"),
    [
        ("none", "progress", "", "error.proxy_unauthorised"),
        ("written", "everything", "", "error.proxy_document_missing"),
        ("written", "everything", "other", "error.proxy_document_missing"),
        ("written", "everything", "paper", ""),
        ("spoken", "everything", "", ""),
        ("none", "nothing", "", ""),
    ],
)
def test_an_authority_must_hold(authority: str, extent: str, document: str, text_id: str) -> None:
    """Something is told only with authority; a written one lies among the evidence."""
    paper = File(key="evidence/x/paper", name="p", size=1, sha256="0", content_type="x")
    proxy = Proxy(
        proxy_id="1", name="王强", relation=Relation.LAWYER, upload_id=document,
        authority=authority, may_be_told=extent,  # type: ignore[arg-type]
    )  # fmt: skip
    if not text_id:
        proxies.check(proxy, [paper])
        return
    with pytest.raises(InvalidInputError) as raised:
        proxies.check(proxy, [paper])
    assert raised.value.text_id == text_id


def test_a_change_is_on_record_without_a_name() -> None:
    """Codes in the facts, the person as a commitment; another department has no say."""
    son = Proxy(proxy_id="1", name="王强", relation=Relation.CHILD, phone="13900139000")
    complaint = assessed().complaint
    for staff in (HANDLER, QUALITY):
        _, entry = proxies.add(complaint, son, (), staff=staff, key=QUIET_KEY, at=AT)
        assert entry.commitment
        assert "王强" not in str(entry.facts)
    with pytest.raises(NotAllowedError):
        proxies.add(complaint, son, (), staff=OTHER_HEAD, key=QUIET_KEY, at=AT)
