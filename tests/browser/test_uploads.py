"""Files of any size in parts, by the script of the evidence page; without it the form is there."""

import hashlib
import io
import os
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from infra.local.machine import Machine
from tests.browser.conftest import PHONE, Open, Window
from tests.browser.test_complainant import complain_with
from tests.doors import T_ZH

pytestmark = pytest.mark.browser
MEBI = 1024 * 1024
SIZE = 60 * MEBI + 123
NAME = "走廊录像.mp4"


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a file of eight parts that looks like a film; return its path."""
    path = tmp_path_factory.mktemp("film") / NAME
    path.write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + os.urandom(SIZE - 24))
    return path


def at_the_page(window: Open, path: str) -> tuple[Window, str]:
    """Return the window of a handler at the evidence page of a complaint, and its number."""
    number = path.split("/")[2]
    desk = window()
    desk.sign_in("handler.li")
    desk.wait_on(f"/staff/complaints/{number}/evidence", "#many")
    return desk, number


def choose(desk: Window, *paths: Path) -> None:
    """Choose files; the upload begins."""
    desk.wait(desk.find("#many").is_displayed)
    desk.find("#many").send_keys("\n".join(map(str, paths)))


def wait_for(desk: Window, word: str) -> None:
    """Wait until the page says this of the upload."""
    desk.wait(lambda: T_ZH(f"evidence.parts.{word}") in desk.find("[role=status]").text)


def kept(machine: Machine, number: str) -> list[tuple[int, str]]:
    """Return size and SHA-256 of the objects of a complaint in the bucket."""
    s3, bucket = machine.client("s3"), machine.outputs["EvidenceBucket"]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"evidence/{number}/").get("Contents", ())
    bodies = (s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed)
    return [(len(body), hashlib.sha256(body).hexdigest()) for body in bodies]


def parts_there(machine: Machine) -> int:
    """Return how many parts of unfinished uploads have arrived."""
    s3, bucket = machine.client("s3"), machine.outputs["EvidenceBucket"]
    return sum(
        len(s3.list_parts(Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"]).get("Parts", ()))
        for one in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", ())
    )


def test_a_long_file_goes_on_after_a_broken_line(
    machine: Machine, window: Open, film: Path
) -> None:
    """Sent in parts, broken off, chosen again: only the rest is sent, and every byte is right."""
    path = complain_with(window(PHONE), phone="13800000081")
    desk, number = at_the_page(window, path)
    assert not desk.find("#form").is_displayed()
    desk.driver.execute_script(
        """let sent = 0; const send = XMLHttpRequest.prototype.send;
        XMLHttpRequest.prototype.send = function (body) {
          if (++sent <= 3) send.call(this, body);
          else setTimeout(() => this.dispatchEvent(new ProgressEvent("error")));
        };"""
    )
    choose(desk, film)
    wait_for(desk, "waiting")
    desk.wait(lambda: parts_there(machine) == 3)
    desk.find("[data-do=stop]").click()
    wait_for(desk, "stopped")
    desk.shoot("upload-1-paused")

    desk.open(f"/staff/complaints/{number}/evidence")
    desk.driver.execute_script(
        """window.sent = 0; const send = XMLHttpRequest.prototype.send;
        XMLHttpRequest.prototype.send = function (body) {
          window.sent++; send.call(this, body);
        };"""
    )
    choose(desk, film)
    wait_for(desk, "done")
    assert desk.driver.execute_script("return window.sent") == 8 - 3
    desk.shoot("upload-2-done")
    assert kept(machine, number) == [(SIZE, hashlib.sha256(film.read_bytes()).hexdigest())]

    desk.wait_on(f"/staff/complaints/{number}", "li.piece")
    assert NAME in desk.text
    assert hashlib.sha256(film.read_bytes()).hexdigest() in desk.text
    assert "video/mp4" in desk.text


def test_photos_are_shown_without_what_the_phone_added(window: Open, tmp_path: Path) -> None:
    """Several files at once; one is a picture, one only says so, one is packed."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.effect_noise((900, 600), 60).convert("RGB").save(tmp_path / "门口.jpg", exif=exif)
    (tmp_path / "fake.png").write_bytes(b"<html><script>alert(1)</script>")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../a.exe", bytes(9_000_000))
    (tmp_path / "资料.zip").write_bytes(made.getvalue())
    path = complain_with(window(PHONE), phone="13800000082")
    desk, number = at_the_page(window, path)
    choose(desk, *(tmp_path / name for name in ("门口.jpg", "fake.png", "资料.zip")))
    wait_for(desk, "done")
    end = time.monotonic() + 30
    while time.monotonic() < end:
        desk.open(f"/staff/complaints/{number}")
        if len(desk.driver.find_elements("css selector", "li.piece")) == 3:
            break
    picture = desk.find("a.thumb img")
    desk.driver.execute_script("arguments[0].scrollIntoView()", picture)
    desk.wait(lambda: desk.driver.execute_script("return arguments[0].naturalWidth", picture))
    sides = [int(picture.get_property(f"natural{one}") or 0) for one in ("Width", "Height")]  # type: ignore[arg-type]
    assert sides == [213, 320]
    for word in ("mailbox.flag.type_differs", "packed.ratio", "packed.paths", "packed.programs"):
        assert T_ZH(word) in desk.text
    desk.shoot("upload-3-evidence")


def test_the_form_is_there_where_no_script_runs(machine: Machine, window: Open) -> None:
    """The page is whole without it."""
    path = complain_with(window(PHONE), phone="13800000083")
    desk, number = at_the_page(window, path)
    desk.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    desk.open(f"/staff/complaints/{number}/evidence")
    assert desk.find("#form").is_displayed()
    assert not desk.find("#parts").is_displayed()
    assert machine
