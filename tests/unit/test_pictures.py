"""Pictures are made anew from their pixels: no place, no comment, no more than fits an answer."""

import io
import struct
import zlib

import pytest
from PIL import Image

from complaints.pictures import LARGEST_ANSWER, NotShownError, is_shown, shown
from complaints.record import File

GPS, ORIENTATION, COMMENT = 0x8825, 0x0112, 0x9286


def photo(size: tuple[int, int] = (400, 300), *, orientation: int = 1) -> bytes:
    """Return a JPEG as a phone makes it: where it was taken, how it was held, a comment."""
    picture = Image.new("RGB", size, (200, 30, 30))
    picture.paste((0, 0, 255), (0, 0, size[0] // 4, size[1] // 4))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[COMMENT] = b"secret comment"
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (31.0, 13.0, 49.0)
    made = io.BytesIO()
    picture.save(made, "JPEG", exif=exif, comment=b"hidden words", icc_profile=b"profile" * 9)
    return made.getvalue()


def opened(content: bytes) -> Image.Image:
    """Return a picture that was shown."""
    return Image.open(io.BytesIO(content), formats=["JPEG"])


def test_nothing_comes_along_with_the_pixels() -> None:
    """GPS, comments and profiles are in the original and not in what is shown."""
    original = photo()
    assert Image.open(io.BytesIO(original)).getexif().get_ifd(GPS)
    made = shown(original, "image/jpeg")
    assert not opened(made).getexif()
    for trace in (b"secret", b"hidden", b"profile", b"Exif"):
        assert trace in original
        assert trace not in made


def test_a_photo_stands_as_it_was_held() -> None:
    """Orientation 6: held upright, its first corner is at the top right."""
    made = opened(shown(photo(orientation=6), "image/jpeg"))
    assert made.size == (300, 400)
    red, _, blue = made.getpixel((290, 10))  # type: ignore[misc]
    assert blue > 200 > red


@pytest.mark.parametrize("kind", ["png", "gif", "webp"])
def test_other_pictures_become_jpeg_on_white(kind: str) -> None:
    """What is transparent is white, whatever lies behind it."""
    made = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(made, kind.upper())
    picture = opened(shown(made.getvalue(), f"image/{kind}"))
    assert all(one > 250 for one in picture.getpixel((20, 20)))  # type: ignore[union-attr]


def test_a_large_photo_is_made_smaller() -> None:
    """1,600 pixels each way at most; noise, the worst there is, still fits the answer."""
    noise = Image.effect_noise((4000, 3000), 100).convert("RGB")
    made = io.BytesIO()
    noise.save(made, "JPEG", quality=90)
    found = shown(made.getvalue(), "image/jpeg")
    assert opened(found).size == (1600, 1200)
    assert len(found) <= LARGEST_ANSWER
    assert opened(shown(made.getvalue(), "image/jpeg", 320)).size == (320, 240)


def bomb() -> bytes:
    """Return a PNG of 30,000 pixels each way in a few hundred kilobytes."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">L", len(content)) + checked + struct.pack(">L", zlib.crc32(checked))

    head = struct.pack(">2L5B", 30_000, 30_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(3751 * 300), 9)
    ends = chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + ends


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (bomb(), "image/png"),
        (photo()[:300], "image/jpeg"),
        (photo(), "image/png"),
        (photo(), "image/heic"),
        (b"<svg onload='x()'/>", "image/svg+xml"),
        (b"", "image/gif"),
    ],
    ids=["bomb", "torn", "disguised", "heic", "svg", "empty"],
)
def test_what_is_no_such_picture_is_not_shown(content: bytes, kind: str) -> None:
    """Bombs, torn and disguised ones, and kinds that nobody decodes here."""
    with pytest.raises(NotShownError):
        shown(content, kind)


def test_only_pictures_of_known_kinds_and_sizes_are_offered() -> None:
    """A page links to none that would not be shown."""
    file = File(key="k", name="n", size=9, sha256="", content_type="image/png")
    assert is_shown(file)
    assert not is_shown(file.replace(content_type="image/heic"))
    assert not is_shown(file.replace(size=10**9))
