"""What lies in the table of a complaint: nothing personal in plain, and nothing once erased."""

import json
from datetime import timedelta
from typing import Any

import pytest

from complaints.aws import runtime
from complaints.aws.desk import casework, line, parties
from complaints.aws.items import Person, complaint_item, filed, is_personal
from complaints.aws.keys import KeyDestroyedError, keys
from complaints.aws.packing import unpack
from complaints.aws.repository import ComplaintRepository
from complaints.encryption import DecryptionError
from complaints.lifecycle import record
from complaints.models import Complainant, Complaint, Decision, Finding, Outcome, Staff
from complaints.parts import (
    Erasure,
    ErasureKind,
    InvestigationRecord,
    Proxy,
    RecordKind,
    Relation,
    WorkOrder,
)
from complaints.texts import texts
from functions.intake_web.handler import handler as public_pages
from tests.builders import (
    AT,
    CODE,
    HANDLER,
    HEAD,
    LI,
    NUMBER,
    QUALITY,
    approved,
    assessed,
    closed,
    contact,
    followed_up,
    investigated,
    received,
    responded,
)
from tests.conftest import ENVIRONMENT
from tests.kept import keep
from tests.staff_browser import AUDITOR, Browser, page, registered

pytestmark = pytest.mark.usefixtures("tables")
TABLE = ENVIRONMENT["COMPLAINTS_TABLE"]
PERSON = {
    "name": "金丝雀女士",
    "email": "canary@example.org",
    "phone": "+8613911112222",
    "address": "金丝雀路一号",
}
SAID = [f"金丝雀说了第{n}句" for n in range(11)]
CANARIES = [*PERSON.values(), *SAID]
OTHER = "TS-2026-000002-5"


def repository() -> ComplaintRepository:
    """Return the repository of the deployment."""
    return ComplaintRepository.from_env()


def rows() -> list[dict[str, Any]]:
    """Return all items of the table, as who has a copy of it would read them."""
    found: list[dict[str, Any]] = runtime.client("dynamodb").scan(TableName=TABLE)["Items"]
    return found


def readable(row: dict[str, Any]) -> bytes:
    """Return all that can be read of an item without a key; of a head, all but the subject."""
    texts = []
    for name, value in row.items():
        [(kind, held)] = value.items()
        if kind != "B":
            texts.append(json.dumps(held, ensure_ascii=False).encode())
        elif name == "document":
            texts.append(unpack(held))
        else:
            texts.append(held)
    whole = b"\n".join(texts)
    if row["part"]["S"] == "complaint":
        subject = json.loads(unpack(row["document"]["B"])).get("subject", "")
        whole = whole.replace(json.dumps(subject, ensure_ascii=False).encode(), b"")
    return whole


def found_in(given: list[dict[str, Any]]) -> list[str]:
    """Return which canaries can be read in these items, and where."""
    return [
        f"{canary} in {row['part']['S']}"
        for row in given
        for canary in CANARIES
        if canary.encode() in readable(row)
    ]


def put(row: dict[str, Any]) -> None:
    """Write an item, as somebody might who can."""
    runtime.client("dynamodb").put_item(TableName=TABLE, Item=row)


def row_of(complaint_id: str, part: str) -> dict[str, Any]:
    """Return an item of a complaint; the first whose part begins so."""
    return next(
        row
        for row in rows()
        if row["complaint_id"]["S"] == complaint_id and row["part"]["S"].startswith(part)
    )


def worked_through() -> Complaint:
    """Bring a complaint to its end at the desk, with a canary in all that anybody says."""
    words, at = iter(SAID), runtime.now()
    number = registered(next(words), **PERSON).complaint_id
    made = InvestigationRecord(
        record_id="r1", kind=RecordKind.DOCUMENT, by=HANDLER.username, at=at, words=next(words)
    )
    casework.keep_record(number, made, staff=HANDLER)
    proxy = Proxy(proxy_id="p1", name=next(words), relation=Relation.CHILD)
    parties.add_proxy(number, proxy, staff=HANDLER)
    order = WorkOrder(
        order_id="service-1",
        department="service",
        task=next(words),
        issued_by=HANDLER.username,
        issued_at=at,
        complete_at=at + timedelta(days=1),
    )
    casework.issue_order(number, order, staff=HANDLER)
    casework.complete_order(number, order.order_id, next(words), staff=HEAD)
    finding = Finding(
        investigator=HANDLER.username,
        facts=next(words),
        cause=next(words),
        responsible=True,
        measures=next(words),
        reply=next(words),
    )
    line.submit_finding(number, finding, staff=HANDLER)
    line.decide(number, Decision(approver=HEAD.username, approved=True), staff=HEAD)
    line.confirm_by_phone(number, Outcome.ACCEPTED, next(words), staff=HANDLER)
    return line.call_back(number, Outcome.SATISFIED, 5, next(words), staff=QUALITY)


# ---- nothing in plain --------------------------------------------------------------------------


def test_nothing_personal_of_a_complaint_lies_in_plain() -> None:
    """Name, number, address and each word that was said: all in the file, none in the table."""
    number = worked_through().complaint_id
    whole = repository().dossier(number)
    spoken = repr(whole)
    assert [one for one in CANARIES if one not in spoken] == []
    assert found_in(rows()) == []
    for row in rows():
        if row["complaint_id"]["S"] == number:
            name = "cipher" if is_personal(row["part"]["S"]) else "document"
            holds = not row["part"]["S"].startswith(("task", "queue#"))
            assert {"cipher", "document"} & row.keys() == ({name} if holds else set()), row["part"]


def test_the_search_for_canaries_would_find_them() -> None:
    """The test above is worth something only if it can read what lies in plain."""
    person = Person(complainant=Complainant(**PERSON), key=b"k")
    assert len(found_in([filed(NUMBER, "person", person)])) == len(PERSON)


def test_the_table_of_keys_says_nothing_of_a_person() -> None:
    """Numbers, months and wrapped bytes."""
    worked_through()
    items = runtime.client("dynamodb").scan(TableName=ENVIRONMENT["KEYS_TABLE"])["Items"]
    assert items
    assert not [one for one in CANARIES if one in repr(items)]


# ---- rows that somebody else wrote --------------------------------------------------------------


@pytest.fixture
def two() -> tuple[str, str]:
    """Store two complaints, and return their numbers."""
    keep(received())
    keep(received("电梯又坏了", n=2))
    return NUMBER, OTHER


def test_a_cipher_of_another_complaint_is_refused(two: tuple[str, str]) -> None:
    """Put into one's place, it opens nowhere; the error says where."""
    mine, other = two
    own, foreign = row_of(mine, "contact#"), row_of(other, "contact#")
    put(own | {"cipher": foreign["cipher"]})
    with pytest.raises(DecryptionError, match=f"{mine}/contact#"):
        repository().dossier(mine)
    assert repository().dossier(other).contacts


def test_a_cipher_of_another_part_is_refused(two: tuple[str, str]) -> None:
    """A complaint's own letter is no contact of it."""
    mine, _ = two
    put(row_of(mine, "contact#") | {"cipher": row_of(mine, "person")["cipher"]})
    with pytest.raises(DecryptionError, match=f"{mine}/contact#"):
        repository().contacts(mine)


def test_a_row_that_was_written_anew_in_plain_is_refused(two: tuple[str, str]) -> None:
    """Who can write to the table can't put words into a mouth, nor become the complainant."""
    mine, _ = two
    said = repository().dossier(mine).contacts[0]
    forged = Person(complainant=Complainant(name="别人"), key=b"k")
    for part, kept in ((f"contact#{said.contact_id}", said), ("person", forged)):
        before = row_of(mine, part)
        put(filed(mine, part, kept))
        with pytest.raises(DecryptionError, match=f"{mine}/{part}"):
            repository().dossier(mine)
        put(before)
    put(filed(mine, "person", forged))
    with pytest.raises(DecryptionError, match=f"{mine}/person"):
        repository().persons([mine])


def test_keys_that_changed_places_open_nothing(two: tuple[str, str]) -> None:
    """A key is of one complaint, also where both lie under the same branch."""
    table = {"TableName": ENVIRONMENT["KEYS_TABLE"]}
    dynamodb = runtime.client("dynamodb")
    mine, other = (
        dynamodb.get_item(**table, Key={"key_id": {"S": number}})["Item"] for number in two
    )
    dynamodb.put_item(**table, Item=mine | {"wrapped": other["wrapped"]})
    keys.cache_clear()
    with pytest.raises(DecryptionError, match=two[0]):
        repository().dossier(two[0])


def test_a_lost_key_is_not_taken_for_an_erased_one(two: tuple[str, str]) -> None:
    """Without the item nobody can tell that it was destroyed: it is loud."""
    key = {"key_id": {"S": two[0]}}
    runtime.client("dynamodb").delete_item(TableName=ENVIRONMENT["KEYS_TABLE"], Key=key)
    keys.cache_clear()
    for read in (repository().dossier, lambda number: repository().persons([number])):
        with pytest.raises(DecryptionError, match=two[0]):
            read(two[0])


# ---- before there were keys ----------------------------------------------------------------------


def test_a_complaint_without_a_key_is_read_and_saved_in_plain() -> None:
    """It was registered before; to give it one is not for who handles it."""
    start = received()
    keep(start)
    number = start.complaint.complaint_id
    person = Person(complainant=LI, key=start.key)
    [said] = start.contacts
    put(filed(number, "person", person))
    put(filed(number, f"contact#{said.contact_id}", said))
    runtime.client("dynamodb").delete_item(
        TableName=ENVIRONMENT["KEYS_TABLE"], Key={"key_id": {"S": number}}
    )
    keys.cache_clear()
    dossier = repository().dossier(number)
    assert (dossier.complainant, dossier.contacts, dossier.is_erased) == (LI, (said,), False)
    assert repository().persons([number]) == {number: LI}
    assert repository().contacts(number) == (said,)


# ---- erased ------------------------------------------------------------------------------------


@pytest.fixture
def ended() -> str:
    """Return the number of a closed complaint."""
    steps = [received()]
    for build in (assessed, investigated, approved, responded, followed_up, closed):
        steps.append(build(steps[-1]))
    return keep(*steps).complaint_id


@pytest.fixture
def erased(ended: str) -> str:
    """Return the number of a closed complaint whose key was destroyed, and nothing else yet."""
    keys().destroy(ended, "r1", runtime.now())
    return ended


def test_of_an_erased_complaint_the_frame_is_left(erased: str) -> None:
    """Head and history; nobody and nothing that was said."""
    dossier = repository().dossier(erased)
    assert dossier.is_erased
    assert dossier.complaint == repository().get(erased)
    assert len(dossier.entries) == dossier.complaint.version
    assert (dossier.complainant, dossier.key) == (Complainant(), b"")
    for parts in (dossier.contacts, dossier.findings, dossier.decisions, dossier.letters):
        assert parts == ()
    assert repository().contacts(erased) == ()
    assert repository().persons([erased]) == {erased: Complainant()}


def test_nothing_personal_is_added_to_an_erased_complaint(erased: str) -> None:
    """There is no key to lay it under; what is not personal may still be recorded."""
    dossier = repository().dossier(erased)
    changed, entry = record(
        dossier.complaint, "looked_through", at=runtime.now(), actor="shen", facts={}
    )
    with pytest.raises(KeyDestroyedError) as raised:
        repository().save(changed, entry, contact("还有一句"))
    assert raised.value.text_id == "error.erased"
    assert repository().get(erased) == dossier.complaint
    assert repository().save(changed, entry) == changed
    for read in (repository().contact, repository().letter, repository().announcement):
        with pytest.raises(KeyDestroyedError):
            read(erased, "c1")


@pytest.mark.parametrize("staff", [AUDITOR, QUALITY, HEAD, HANDLER], ids=lambda one: one.username)
def test_the_page_of_an_erased_complaint_says_so(erased: str, staff: Staff) -> None:
    """It opens for whoever may see it, and offers nothing to do."""
    browser = Browser(staff)
    assert browser.get(page(erased)) == 200
    assert texts("zh_CN")("error.erased") in browser.body
    assert LI.name not in browser.body
    assert LI.phone not in browser.body
    assert f'action="{page(erased)}/note"' not in browser.body
    for address in ("/staff", "/staff/complaints", "/staff/archive"):
        assert browser.get(address) < 500


def test_a_form_that_was_open_when_it_was_erased_changes_nothing(ended: str) -> None:
    """The page says why, and the words are still there."""
    browser = Browser(QUALITY)
    browser.get(page(ended))
    assert f'action="{page(ended)}/note"' in browser.body
    keys().destroy(ended, "r1", runtime.now())
    before = repository().dossier(ended)
    assert browser.post(f"{page(ended)}/note", text="还有一句") == 409
    assert texts("zh_CN")("error.erased") in browser.body
    assert "还有一句" in browser.body
    assert repository().dossier(ended) == before


def test_the_page_of_the_complainant_opens_on_an_erased_complaint(erased: str) -> None:
    """As long as the head still has its code: without a word of what was said."""
    event = {
        "rawPath": f"/track/{erased}/{CODE}",
        "rawQueryString": "",
        "headers": {"accept-language": "zh-CN"},
        "body": "",
        "requestContext": {"http": {"method": "GET", "sourceIp": "192.0.2.1"}},
    }
    answer = public_pages(event, None)
    assert answer["statusCode"] == 200
    assert received().contacts[0].text not in answer["body"]


def test_the_head_alone_makes_it_erased(erased: str) -> None:
    """A process that still remembers the key shows nothing any more."""
    keys().remember(erased, b"k" * 32)
    state = Erasure(request_id="r1", kind=ErasureKind.PERSON, asked_at=AT, done_at=AT)
    put(complaint_item(repository().get(erased).replace(erasure=state)))
    assert repository().dossier(erased).is_erased
