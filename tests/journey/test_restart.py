"""A machine that stops, cleanly or not, goes on where it was."""

import io
import time
from pathlib import Path

import pytest

from complaints.verify_bag import by_itself
from infra.local.machine import Machine, Ports, running
from infra.local.snapshots import EVERY
from tests.doors import (
    FINDING,
    T_ZH,
    Place,
    Visitor,
    complain,
    letter,
    mail,
    place_in,
    post,
    staff,
    status_at,
    wait_for_status,
    words,
)

pytestmark = pytest.mark.journey


def finish(machine: Machine, place: Place) -> None:
    """Bring an approved complaint to its end, and check what was filed."""
    complainant = Visitor(site=machine.site_url)
    complainant.send(complainant.open(place.path), "/answer", {"outcome": "accepted"})
    survey = {"satisfied": "yes", "satisfaction": "5"}
    complainant.send(complainant.open(place.path), "/survey", survey)
    wait_for_status(complainant, place, "closed")
    s3, bucket = machine.client("s3"), machine.outputs["ArchiveBucket"]
    filed = s3.list_objects_v2(Bucket=bucket, Prefix="archive/")["Contents"]
    [key] = [one["Key"] for one in filed if place.number in one["Key"]]
    content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert by_itself(io.BytesIO(content), key).finding.ok


def test_after_a_clean_stop_everything_goes_on(tmp_path: Path) -> None:
    """Stopped while a person is asked; started again, the same question is answered."""
    ports = Ports.free()
    with running(tmp_path, ports=ports) as machine:
        post(machine, mail("restart@example.com"))
        place = place_in(words(letter(machine, "restart@example.com", "acknowledgement")))
        staff(machine, "handler.li").report(place.number, **FINDING)
    with running(tmp_path, ports=ports) as machine:
        staff(machine, "head.wang").do(place.number, "decide", decision="approve")
        finish(machine, place)


def test_after_a_hard_kill_nothing_that_was_saved_is_lost_or_torn(tmp_path: Path) -> None:
    """Killed outright; what is older than the last save is whole, and the line goes on."""
    ports = Ports.free()
    with running(tmp_path, ports=ports) as machine:
        place = complain(Visitor(site=machine.site_url), email="killed@example.com")
        staff(machine, "handler.li").report(place.number, **FINDING)
        staff(machine, "head.wang").do(place.number, "decide", decision="approve")
        time.sleep(2 * EVERY + 1)
        late = complain(Visitor(site=machine.site_url), phone="13800000011")
        machine.emulator.kill()
        machine.emulator.wait()
    with running(tmp_path, ports=ports) as machine:
        visitor = Visitor(site=machine.site_url)
        assert status_at(visitor, place) == T_ZH("status.approved")
        assert visitor.open(late.path).status in {200, 404}
        finish(machine, place)
        after = complain(visitor, phone="13800000012")
        assert after.number != place.number
