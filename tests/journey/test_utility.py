"""001 客户投诉管理办法: its own text, from an opinion in a mail to the file, gate by gate."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from complaints.calendar import add_working_days
from complaints.policy import load
from infra.local.machine import MAIL_DOMAIN, Machine
from tests.doors import (
    T_ZH,
    People,
    Place,
    Staff,
    Visitor,
    archived,
    complain,
    letter,
    letters,
    mail,
    pass_time,
    place_in,
    post,
    sweep,
    time_on,
    until,
    wait_for_status,
    words,
)

pytestmark = pytest.mark.journey
OFFICE = ZoneInfo("Asia/Shanghai")
FINDING = {
    "facts": "调取了派工单和录音，属实。",
    "cause": "派工后没有人跟进",
    "indirect_cause": "派工系统没有提醒",
    "root_cause": "跟进职责没有写进岗位说明",
    "responsible": "yes",
    "measures": "派工两小时未接单即提醒班长。",
    "reply": "经查属实，向您道歉，已安排今天上门。",
}
NINE = {
    "a": ("抢修时没有关阀门，我父亲被烧伤。", "烧伤"),
    "b": ("安检员动手打人，还推了我。", "动手打"),
    "c": ("抄表员故意拖延，就是不给我通气。", "故意拖延"),
    "d": ("师傅上门说人手不够，让我们自己搬管子。", "让我们自己搬"),
    "e": ("换表时擅自收费两百元，没有收据。", "擅自收费"),
    "f": ("师傅说不给好处费就不点火。", "好处费"),
    "g": ("上门服务的事已经被媒体曝光。", "被媒体曝光"),
    "h": ("燃气灶打不着火，已经多次投诉。", "多次投诉"),
    "i": ("小区停气，我们联名投诉。", "联名投诉"),
}
"""What customers write, and the words in it that stand for each criterion of 1.2."""
FOUR = ("cause", "person", "taught", "measures")
"""四不放过 (1.3.4), as the policy names its gates."""


@pytest.fixture(scope="module")
def machine(machine_of: Callable[..., Machine]) -> Machine:
    """Run a gas company."""
    return machine_of("utility")


@pytest.fixture
def people(machine: Machine) -> People:
    """Return the staff of the company, by user name."""
    return People(machine)


def complaint_of(machine: Machine, name: str, text: str) -> Place:
    """Let a customer write a mail; return where the complaint is, once it is assessed."""
    post(machine, mail(f"{name}@example.com", "反映", text))
    place = place_in(words(letter(machine, f"{name}@example.com", "acknowledgement")))
    wait_for_status(Visitor(site=machine.site_url), place, "assessed")
    return place


def on_the_site(machine: Machine, name: str, text: str) -> Place:
    """Let a customer fill in the form; return where the complaint is, once it is assessed.

    A mail arrives by the clock on the wall, a form by that of the machine, which may be ahead.
    """
    customer = Visitor(site=machine.site_url)
    place = complain(customer, text=text, email=f"{name}@example.com")
    wait_for_status(customer, place, "assessed")
    return place


def report(handler: Staff, number: str, *kinds: str, **finding: str) -> None:
    """Keep the records of these kinds, then submit the finding."""
    for kind in kinds or ("document",):
        handler.do(number, "record", record_kind=kind, record_words="派工单、录音、现场照片。")
    handler.do(number, "investigate", **{**FINDING, **finding})


def accept(machine: Machine, place: Place) -> None:
    """Let the customer accept the reply and be satisfied."""
    customer = Visitor(site=machine.site_url)
    wait_for_status(customer, place, "approved")
    customer.send(customer.open(place.path), "/answer", {"outcome": "accepted"})
    wait_for_status(customer, place, "responded")
    survey = {"satisfied": "yes", "satisfaction": "5"}
    customer.send(customer.open(place.path), "/survey", survey)


def is_major(staff: Staff, number: str) -> bool:
    """Return whether the page calls a complaint a major one."""
    pills = staff.look(number).page.words["pill"]
    assert {T_ZH("staff.severity.major"), T_ZH("staff.severity.general")} & set(pills)
    return T_ZH("staff.severity.major") in pills


def dismiss(staff: Staff, number: str) -> None:
    """Take every criterion out of the assessment."""
    form = staff.look(number).page.form(f"/{number}/assess")
    form.values["major"] = []
    after = staff.post(form.action, dict(form.pairs()))
    assert "done=assess" in after.address, after.page.words


# ---- 1.2: what a complaint is ---------------------------------------------------------------


def test_an_opinion_is_answered_like_a_complaint(machine: Machine, people: People) -> None:
    """1.2: what a customer does not call a complaint and what must be answered all the same."""
    text = "你们营业厅中午没有人值班，上班的人办不了业务，希望中午也开一个窗口。"
    assert "投诉" not in text
    place = complaint_of(machine, "opinion", text)
    assert place.number.startswith("GY-")
    handler = people["handler.xu"]
    assert text in handler.look(place.number).text
    handler.fail(place.number, "investigate", "error.record_missing", **FINDING)
    report(handler, place.number)
    people["quality.liu"].do(place.number, "decide", decision="approve")
    assert FINDING["reply"] in words(letter(machine, "opinion@example.com", "notice"))


# ---- 2: who is told when nobody acts --------------------------------------------------------


def test_the_ladder_has_the_posts_of_the_procedure(machine: Machine, people: People) -> None:
    """2: specialist, office, its director, director of the committee, one a working day, once."""
    number = on_the_site(machine, "ladder", "预约上门安检，等了一天没有人来。").number
    people["handler.xu"].do(number, "assign", investigator="handler.xu")
    day = time_on(machine).astimezone(OFFICE).date()
    ladder = ("specialist", "quality.liu", "office.director", "committee.director")

    def told(username: str) -> list[str]:
        found = letters(machine, f"{username}@{MAIL_DOMAIN}", number)
        return [str(one["Subject"]) for one in found]

    def expect(reminded: int, rungs: int) -> None:
        sweep(machine)
        reminder = T_ZH("staff_letter.reminder.subject", number=number)
        escalation = T_ZH("staff_letter.escalation.subject", number=number)
        assert told("handler.xu") == [reminder] * reminded
        wanted = [[escalation]] * rungs + [[]] * (len(ladder) - rungs)
        assert [told(one) for one in ladder] == wanted

    pass_time(machine, 19)
    expect(0, 0)
    pass_time(machine, 0.5)
    expect(1, 0)
    pass_time(machine, 5)
    expect(1, 1)
    day = time_on(machine).astimezone(OFFICE).date()
    for rungs in (2, 3, 4):
        day = add_working_days(day, 1)
        end = datetime.combine(day, time(23, 59, 59), OFFICE)
        pass_time(machine, (end - time_on(machine)) / timedelta(hours=1) - 1)
        expect(1, rungs - 1)
        pass_time(machine, 1.5)
        expect(1, rungs)


# ---- 1.2, 1.3.4: a major complaint ----------------------------------------------------------


def test_a_major_complaint_is_not_let_go_of(machine: Machine, people: People) -> None:
    """2: office and committee approve; 1.3.4: none of the four is let go; it is filed apart."""
    handler, office, committee = (
        people[one] for one in ("handler.li", "quality.liu", "manager.sun")
    )
    place = on_the_site(machine, "tariff", "换表时擅自收费两百元，没有收据，价目表上没有这一项。")
    number, customer = place.number, Visitor(site=machine.site_url)
    office.do(number, "assess", major="e", type="price", department="business")
    handler.do(number, "record", record_kind="document", record_words="派工单、录音。")
    handler.fail(number, "investigate", "error.record_missing", **FINDING)
    handler.do(number, "record", record_kind="site_visit", record_words="到户核对收费。")
    handler.fail(number, "investigate", "error.causes_missing", **{**FINDING, "root_cause": ""})
    handler.do(number, "investigate", **FINDING)

    # 2: the office first, the committee after it, and neither twice nor alone.
    handler.refuse(number, "decide", "error.own_investigation", decision="approve")
    people["head.wang"].refuse(number, "decide", "error.not_your_signature", decision="approve")
    committee.refuse(number, "decide", "error.not_your_signature", decision="approve")
    office.do(number, "decide", decision="approve")
    office.refuse(number, "decide", "error.signed_already", decision="approve")
    wait_for_status(customer, place, "investigated")
    assert letters(machine, "tariff@example.com", T_ZH("letter.notice.subject", number="")) == []
    committee.do(number, "decide", decision="approve")
    office.refuse(number, "follow-up", "error.wrong_status", outcome="satisfied", satisfaction="5")
    accept(machine, place)

    # 1.3.4: handled, and not closed.
    until(lambda: T_ZH("staff.gates.handled") in office.look(number).text or None, "handled")
    for left, gate in zip(range(len(FOUR), 0, -1), FOUR, strict=True):
        wait_for_status(customer, place, "responded")
        assert archived(machine, number) == []
        assert len(shut(office, number)) == left
        proof = {"gate": gate, "words": f"{T_ZH(f'gate.{gate}')}：有记录。"}
        handler.refuse(number, "prove", "error.own_proof", **proof)
        office.fail(number, "prove", "form.missing.words", gate=gate)
        office.do(number, "prove", **proof)
        if left > 1:
            refused = office.force(number, "prove", **proof)
            assert T_ZH("error.gate_open") in refused.text
    wait_for_status(customer, place, "closed")
    [key] = archived(machine, number)
    assert key.startswith("archive/major/")


def shut(staff: Staff, number: str) -> list[str]:
    """Return the closing gates that the page shows as shut, by the names of the four."""
    page = staff.look(number).text.partition('id="gates"')[2].partition("</section>")[0]
    articles = page.split("<article")[1:]
    names = {gate: T_ZH(f"gate.{gate}") for gate in FOUR}
    return [
        gate
        for gate, name in names.items()
        if any(name in one and T_ZH("staff.gate.shut") in one for one in articles)
    ]


@pytest.mark.parametrize("ground", ["a", "b", "c", "d"])
def test_who_is_not_responsible_names_a_ground(
    machine: Machine, people: People, ground: str
) -> None:
    """1.2: four grounds and no other; of the four that are not let go the cause alone is left."""
    handler, office, customer = (
        people["handler.wu"],
        people["specialist"],
        Visitor(site=machine.site_url),
    )
    place = on_the_site(machine, f"ground-{ground}", "台风那天停气两天，天然气灶点不着。")
    number = place.number
    handler.do(number, "record", record_kind="document", record_words="停气通知。")
    ours = {**FINDING, "responsible": "no"}
    handler.fail(number, "investigate", "error.ground_missing", **ours)
    handler.do(number, "investigate", **ours, ground=ground)
    criterion = load("utility").not_responsible["abcd".index(ground)]
    assert criterion.code == ground
    assert criterion.name.zh in handler.look(number).text
    office.do(number, "decide", decision="approve")
    accept(machine, place)
    until(lambda: shut(office, number) == ["cause"] or None, "only the cause is left")
    wait_for_status(customer, place, "responded")
    office.do(number, "prove", gate="cause", words="气象局当天发布台风红色预警。")
    wait_for_status(customer, place, "closed")
    [key] = archived(machine, number)
    assert key.startswith("archive/general/")


# ---- 1.2: the nine -------------------------------------------------------------------------


def test_each_of_the_nine_is_proposed_with_its_words(machine: Machine, people: People) -> None:
    """1.2: nine criteria are found in the text; staff confirm them or dismiss them."""
    office, criteria = people["quality.liu"], load("utility").major
    assert [one.code for one in criteria] == list(NINE)
    numbers = {
        code: on_the_site(machine, f"nine-{code}", text).number for code, (text, _) in NINE.items()
    }
    for criterion in criteria:
        page = office.look(numbers[criterion.code])
        assert is_major(office, numbers[criterion.code]), criterion.code
        ground = page.text.partition(f"<h3>{criterion.name.zh}")[2].partition("</article>")[0]
        assert T_ZH("staff.proof.proposed") in ground
        assert NINE[criterion.code][1] in ground
    office.do(numbers["e"], "assess", major="e")
    assert is_major(office, numbers["e"])
    assert T_ZH("staff.proof.confirmed") in office.look(numbers["e"]).text
    dismiss(office, numbers["f"])
    assert not is_major(office, numbers["f"])
    assert T_ZH("staff.proof.proposed") not in office.look(numbers["f"]).text


# ---- 1.2 i), h): what is counted ------------------------------------------------------------


def outage(machine: Machine, *names: str) -> list[Place]:
    """Let these customers complain of the same outage."""
    return [on_the_site(machine, name, f"阳光小区停气，{name} 家做不了饭。") for name in names]


def proof_of(staff: Staff, number: str) -> str:
    """Return what the page says of the people who complained of the matter."""
    name = next(one for one in load("utility").major if one.code == "i").name.zh
    return staff.look(number).text.partition(f"<h3>{name}")[2].partition("</article>")[0]


def within(count: int) -> str:
    """Return the sentence of the proof that counts so many people."""
    return T_ZH("staff.proof.within", hours=48, count=count, at_least=5)


def test_the_fifth_person_in_two_days_makes_it_major(machine: Machine, people: People) -> None:
    """1.2 i): five people, one responsible matter, 48 hours: proven by the list of them."""
    office, director = people["quality.liu"], people["committee.director"]
    first, *others = outage(machine, "zhao", "qian", "sun", "li", "zhou")
    for number, other in enumerate(others, start=2):
        assert not is_major(office, first.number)
        office.do(other.number, "merge", into=first.number)
        assert within(number) in proof_of(office, first.number)
    assert is_major(office, first.number)
    proof = proof_of(office, first.number)
    assert T_ZH("staff.proof.counted") in proof
    assert all(place.number in proof for place in (first, *others))
    # 2: the director of the committee, who settles what groups do together, is told and gathers.
    told = f"committee.director@{MAIL_DOMAIN}"
    until(lambda: letters(machine, told, first.number) or None, "the director is told")
    people["handler.wu"].refuse(
        first.number, "group", "error.not_allowed", group_leader="head.zheng"
    )
    director.do(first.number, "group", group_leader="head.zheng", group_members="handler.xu")
    people["handler.wu"].refuse(first.number, "investigate", "error.leader_submits", **FINDING)
    until(lambda: people["handler.xu"].offered(first.number, "note"), "another group sees it")


def test_the_fifth_person_after_two_days_does_not(machine: Machine, people: People) -> None:
    """1.2 i): five people of whom no five wrote within 48 hours are four."""
    early = outage(machine, "wu", "zheng", "feng", "chen")
    people.pass_time(48.5)
    [late] = outage(machine, "wei")
    office = people["quality.liu"]
    for place in (*early[1:], late):
        office.do(place.number, "merge", into=early[0].number)
    assert within(4) in proof_of(office, early[0].number)
    assert T_ZH("staff.proof.not_met") in proof_of(office, early[0].number)
    assert not is_major(office, early[0].number)


def test_who_must_ask_three_times_makes_it_major(machine: Machine, people: People) -> None:
    """1.2 h): three repeats because it was handled late; what is said in time is none."""
    place = on_the_site(machine, "repeats", "约好上门维修，师傅没有来。")
    number, customer = place.number, Visitor(site=machine.site_url)

    def asks(words_typed: str) -> None:
        customer.send(customer.open(place.path), "/note", {"text": words_typed})

    asks("补充：约的是上午。")
    people.pass_time(25)
    office = people["quality.liu"]
    for times in (1, 2, 3):
        assert not is_major(office, number)
        asks(f"还没有人来，第 {times} 次问。")
        assert T_ZH("staff.proof.repeats", count=times, at_least=3) in office.look(number).text
    assert is_major(office, number)
    assert T_ZH("staff.history.promoted") in office.history(number)
    assert office.look(number).text.count(T_ZH("staff.proof.what.came_back")) == 3
