"""Every figure, rung, signature and gate of the five policies, as their procedures have them.

`USUAL` is what stands where a procedure is silent: procedure 004, else the default that its file
names. `OF_ITS_OWN` is what a procedure says itself.
"""

from typing import Any

import pytest

from complaints.models import Risk, Urgency
from complaints.parts import Gate, RecordKind
from complaints.policy import (
    AmountLevel,
    Counted,
    Extension,
    Levels,
    Limit,
    OutsideBody,
    RequiredRecord,
    Rung,
    load,
    names,
)

HOUR, DAY, THREE_DAYS = Limit(minutes=60), Limit(minutes=24 * 60), Limit(minutes=72 * 60)


def days(count: int) -> Limit:
    """Return so many working days."""
    return Limit(working_days=count)


def ladder(*rungs: str) -> tuple[Rung, ...]:
    """Return rungs of which each is told a working day after the one before."""
    return tuple(Rung(to=to, after=days(1) if index else None) for index, to in enumerate(rungs))


USUAL: dict[str, Any] = {
    "clocks.registration": HOUR,  # 004 二
    "clocks.emergency": HOUR,  # 002 3.2.2
    "clocks.contact": None,
    "clocks.contact_other_body": None,
    "clocks.investigation.general": DAY,  # 004 二
    "clocks.investigation.important": None,
    "clocks.investigation.urgent": None,
    "clocks.investigation.major": None,
    "clocks.solution.general": days(3),  # 004 二
    "clocks.solution.important": None,
    "clocks.solution.urgent": None,
    "clocks.solution.major": days(7),  # 004 二
    "clocks.solution_agreed": False,
    "clocks.feedback": days(1),
    "clocks.verification": days(2),
    "clocks.follow_up": days(5),
    "clocks.work_order": days(2),
    "pauses.reasons": ("complainant", "evidence", "other_body"),
    "pauses.longest": days(10),
    "extension": Extension(most=1, longest=days(5), approved_by="quality_office"),
    "remind_at_share": 0.8,
    "escalation.general": ladder("department_head", "quality_office", "management"),  # 004 一
    "escalation.major": (),
    "escalation.every": days(1),
    "emergency.tell": ("department_head", "quality_office", "management"),  # 002 3.2.4
    "emergency.measures": ("suspend_service", "refund", "compensate", "other"),  # 002 3.2.3
    "group_incident.statement": THREE_DAYS,  # 004 四
    "group_incident.leader": "management",  # 004 一
    "group_incident.leads_all": False,
    "records": (
        RequiredRecord(kind=RecordKind.DOCUMENT),  # 004 二
        RequiredRecord(kind=RecordKind.SITE_VISIT, major_only=True),  # 002 4.1.2
    ),
    "approval.general.signed_by": ("department_head",),  # 004 二
    "approval.general.in_order": True,
    "approval.major.signed_by": ("management",),  # 004 二
    "approval.major.in_order": True,
    "compensation.levels": (
        AmountLevel(up_to=1000, by="department_head"),
        AmountLevel(by="management"),
    ),
    "compensation.advance": True,  # 004 四
    "compensation.voucher": True,  # 004 二
    "feedback_ways": ("written", "phone"),  # 004 二
    "follow_up.callback_share": 0.2,  # 004 三
    "follow_up.quiet_days": 7,  # 000 四
    "follow_up.exempt": ("anonymous", "settled_on_spot"),  # 000 七
    "follow_up.attempts": 3,
    "follow_up.apart": Limit(minutes=120),
    "proven_by": {},
    "retention_years": 5,  # 002 8.2.2
    "reports": ("daily", "monthly", "quarterly", "half_yearly"),  # 000 五, 六; 004 二 to 四
}
OF_ITS_OWN: dict[str, dict[str, Any]] = {
    "senior-living": {
        "clocks.contact": Limit(minutes=48 * 60),
        "clocks.contact_other_body": THREE_DAYS,
        "clocks.solution_agreed": True,  # 六
        "escalation.general": ladder("quality_office", "general_office", "management"),  # 五
        "emergency.tell": ("quality_office", "general_office", "management"),  # 五
        "records": (RequiredRecord(kind=RecordKind.SITE_VISIT),),  # 六
        "approval.general.signed_by": ("department_head", "general_office"),  # 六, 七
        "approval.major.signed_by": ("department_head", "management"),  # 七
        "approval.major.in_order": False,
        "follow_up.callback_share": 1.0,  # 七
        "closing_gates": (Gate.VERIFIED, Gate.SATISFIED, Gate.VOUCHER),  # 四, 六
        "proven_by": {Gate.VERIFIED: "quality_office"},  # 职责 2
        "retention_years": 100,  # 八
        "reports": ("daily", "monthly"),  # 五, 六
        "required_fields": ("building", "text", "demand"),  # 五
        "major": {"serious": Levels(urgency=(Urgency.URGENT,), risk=(Risk.HIGH,))},
    },
    "utility": {
        "extension": Extension(most=1, longest=days(5), approved_by="office_director"),
        "escalation.general": ladder(  # 2
            "specialist", "quality_office", "office_director", "committee_director"
        ),
        "group_incident.leader": "committee_director",  # 2
        "approval.general.signed_by": ("quality_office",),  # 2
        "approval.major.signed_by": ("quality_office", "management"),  # 2
        "compensation.levels": (
            AmountLevel(up_to=1000, by="office_director"),
            AmountLevel(by="management"),
        ),
        "closing_gates": (  # 1.3.4
            *(Gate.CAUSE, Gate.PERSON, Gate.TAUGHT, Gate.MEASURES),
            *(Gate.SATISFIED, Gate.VOUCHER),
        ),
        "required_fields": ("text", "demand"),
        "major": {  # 1.2 h), i)
            "h": Counted(what="repeats", at_least=3),
            "i": Counted(what="people", at_least=5, hours=48),
        },
    },
    "service-industry": {
        "clocks.investigation.urgent": Limit(minutes=8 * 60),  # 6.3.1
        "clocks.solution.important": days(2),  # 5.1.3
        "clocks.solution.urgent": days(1),  # 5.1.3
        "clocks.solution.major": None,
        "escalation.general": ladder("department_head", "management"),  # 3.3.1
        "records": (  # 4.1.2 to 4.1.4
            RequiredRecord(kind=RecordKind.INTERVIEW),
            RequiredRecord(kind=RecordKind.DOCUMENT),
            RequiredRecord(kind=RecordKind.SITE_VISIT, major_only=True),
        ),
        "feedback_ways": ("written",),  # 8.1.2
        "closing_gates": (Gate.SATISFIED, Gate.VOUCHER),  # 6.3.2
        "required_fields": ("text", "service", "staff_involved", "occurred_on", "demand"),  # 2.3.1
        "major": {  # 3.1.2 to 3.1.4
            "high_risk": Levels(urgency=(Urgency.IMPORTANT, Urgency.URGENT), risk=(Risk.HIGH,))
        },
    },
    "property-management": {
        "clocks.contact": Limit(minutes=48 * 60),  # 第3篇 3.4
        "clocks.contact_other_body": THREE_DAYS,  # 第3篇 4.0
        "clocks.solution_agreed": True,  # 第2篇 2(1)⑤
        "extension": Extension(most=1, longest=days(5), approved_by="director"),
        "escalation.general": ladder("director", "customer_service", "manager"),  # 第2篇 2(1)⑥⑦
        "emergency.tell": ("director", "manager"),  # 第1篇 (1)d
        "group_incident.leader": "director",  # 第2篇 2(1)⑥
        "records": (RequiredRecord(kind=RecordKind.SITE_VISIT),),  # 第1篇 (2)d
        "approval.general.signed_by": ("director",),  # 第2篇 2(1)③
        "approval.major.signed_by": ("customer_service", "manager"),  # 第2篇 2(1)⑦
        "compensation.levels": (
            AmountLevel(up_to=1000, by="director"),
            AmountLevel(by="manager"),
        ),
        "feedback_ways": ("phone",),  # 第2篇 2(1)⑤
        "follow_up.callback_share": 1.0,  # 第2篇 2(1)⑧
        "closing_gates": (Gate.OPINION, Gate.SIGNED, Gate.VERIFIED, Gate.VOUCHER),  # 2(1)⑨
        "proven_by": {Gate.SIGNED: "director", Gate.VERIFIED: "verifier"},  # 第2篇 2(1)⑨; 第3篇
        "required_fields": ("address", "text", "demand"),  # 第1篇 (1)b
        "major": {"grave": Levels(urgency=(Urgency.URGENT,), risk=(Risk.HIGH,))},  # 第1篇 (1)d
    },
    "service-provider": {
        "group_incident.leads_all": True,  # 一
        "closing_gates": (Gate.WRITTEN, Gate.PHONED, Gate.SATISFIED, Gate.VOUCHER),  # 二
        "required_fields": ("text", "demand", "occurred_on"),  # 二
        "major": {  # 三, 四; figures of 001 1.2 h), i)
            "8": Counted(what="repeats", at_least=3),
            "9": Counted(what="people", at_least=5, hours=48),
        },
    },
}


@pytest.mark.parametrize("name", names())
def test_a_policy_says_what_its_procedure_says(name: str) -> None:
    """No limit longer, no signature, rung or gate less; and nothing that is not here."""
    policy, expected = load(name), USUAL | OF_ITS_OWN[name]
    found: dict[str, Any] = {}
    for field in expected:
        value: Any = policy
        for step in field.split("."):
            value = getattr(value, step)
        found[field] = value
    found["major"] = {
        one.code: one.counted or one.levels for one in policy.major if one.counted or one.levels
    }

    assert found == expected


@pytest.mark.parametrize("name", names())
def test_a_body_outside_wants_its_answer_within_the_week(name: str) -> None:
    """004 一, 五 and 002 2.1.5: hotline, consumer association, authority; five working days."""
    bodies: dict[str, OutsideBody] = {one.code: one for one in load(name).outside_bodies}

    assert set(bodies) == {"12345", "consumer_association", "regulator"}
    assert {body.limit for body in bodies.values()} == {days(5)}
