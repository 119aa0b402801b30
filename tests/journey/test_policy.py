"""The policy of a running system is changed by a file in its bucket, and no other way is needed."""

from collections.abc import Callable

import pytest

from complaints.aws.policy_bucket import OVERRIDE
from complaints.policy import load, source_file
from infra.local.machine import Machine
from tests.doors import (
    T_ZH,
    Place,
    Staff,
    Visitor,
    check_sla,
    complain,
    logged,
    staff,
    until,
    wait_for_status,
)

pytestmark = pytest.mark.journey
POLICY = "service-provider"
WRITTEN = source_file(POLICY).read_text(encoding="utf-8")
BEFORE, AFTER = "{zh: 服务部, en: Service department}", "{zh: 客户之声部, en: Voice of customers}"
A_MINUTE_AND_MORE = 90.0
"""Seconds after which every warm function has heard of a change."""


@pytest.fixture(scope="module")
def machine(machine_of: Callable[..., Machine]) -> Machine:
    """Return a machine whose policy may be changed: nobody shares it."""
    return machine_of(POLICY)


def put(machine: Machine, written: str) -> None:
    """Put a policy into the bucket, as `aws s3 cp` does, and let the five-minute check look."""
    bucket = machine.outputs["PolicyBucket"]
    machine.client("s3").put_object(Bucket=bucket, Key=OVERRIDE, Body=written.encode())
    check_sla(machine)


def shown(who: Staff, words: str) -> None:
    """Wait until the page of the policy says this."""
    what = f"{words} on the page of the policy"
    page = until(
        lambda: words in who.open("/staff/policy").text or None, what, patience=A_MINUTE_AND_MORE
    )
    assert page


def written_down(chen: Staff) -> Place:
    """Register a complaint as somebody tells it on the phone."""
    said = {"channel": "phone", "text": "前台态度恶劣，打电话也不耐烦。", "phone": "13800000091"}
    said |= {"demand": "请道歉", "occurred_on": "2026-11-01"}
    after = chen.send(chen.open("/staff/register"), "/staff/register", said)
    number, code = after.page.words["code"][:2]
    return Place(number=number, code=code.replace("-", ""))


def test_a_file_in_the_bucket_changes_the_policy_of_what_comes_next(machine: Machine) -> None:
    """What was received keeps its own; a file that can't be used changes nothing and is told."""
    visitor = Visitor(site=machine.site_url)
    old = complain(visitor, phone="13800000090", text="前台态度恶劣，打电话也不耐烦。")
    wait_for_status(visitor, old, "assessed")

    put(machine, WRITTEN.replace(BEFORE, AFTER))
    quality = staff(machine, "quality.liu")
    shown(quality, "客户之声部")
    assert T_ZH("policy.by.file") in quality.open("/staff/policy").text
    new = written_down(staff(machine, "intake.chen"))
    wait_for_status(visitor, new, "assessed")
    assert "客户之声部" in quality.look(new.number).text
    assert "客户之声部" not in quality.look(old.number).text
    assert "服务部" in quality.look(old.number).text

    put(machine, WRITTEN.replace("retention_years: 5", "retention_years: soon"))
    shown(quality, '"soon"')
    page = quality.open("/staff/policy").text
    assert "retention_years" in page
    assert "客户之声部" in page
    assert load(POLICY).version in page
    assert any('"PolicyRefused"' in line for line in logged(machine))
    after = written_down(staff(machine, "intake.chen"))
    wait_for_status(visitor, after, "assessed")
    assert "客户之声部" in quality.look(after.number).text
