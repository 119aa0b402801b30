"""Pictures as pages show them: made anew from the pixels, so that nothing else comes along (F1).

Where a phone took it and when, comments and whatever hides behind the pixels stay in the original,
which is not touched. A picture is turned as its camera held it.
"""

import io
from typing import TYPE_CHECKING, Final

from complaints.record import File

if TYPE_CHECKING:
    from PIL import Image

LARGEST_SIDE = 1600
THUMB_SIDE = 320
MOST_BYTES = 32 * 1024 * 1024
"""Bytes of an original that is shown."""
MOST_PIXELS = 50_000_000
"""Pixels of an original that is shown; decoded they take four bytes each."""
LARGEST_ANSWER = 4 * 1024 * 1024
"""Bytes of what is shown: a function answers with 6 MB at most, in Base64."""
TYPES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
"""What can be shown. HEIC can't: its decoder (libheif, LGPL) is not in Pillow."""
SHOWN_TYPE: Final = "image/jpeg"
QUALITIES = (82, 70, 55, 40)
WHITE = (255, 255, 255)


class NotShownError(ValueError):
    """The picture can't be shown: it is too large, or not what it seems."""


def is_shown(file: File) -> bool:
    """Return whether a file can be shown as a picture, as far as its type and size tell."""
    return file.content_type in TYPES and file.size <= MOST_BYTES


def shown(content: bytes, content_type: str, side: int = LARGEST_SIDE) -> bytes:
    """Return a picture as a JPEG of at most `side` pixels each way, with its pixels alone.

    Of one that moves the first picture. What is transparent becomes white. Raises NotShownError.
    """
    from PIL import Image, ImageOps

    kind = TYPES.get(content_type)
    if kind is None or len(content) > MOST_BYTES:
        raise NotShownError(content_type)
    try:
        original = Image.open(io.BytesIO(content), formats=[kind])
        pixels = original.width * original.height
        # A JPEG is read smaller at once.
        original.draft("RGB", (2 * side, 2 * side))
        if pixels <= MOST_PIXELS:
            original.thumbnail((side, side))
            small = ImageOps.exif_transpose(original)
    except Exception as error:  # its decoders raise as they like on torn bytes
        raise NotShownError(content_type) from error
    if pixels > MOST_PIXELS:
        raise NotShownError(f"{pixels} pixels")
    return _encoded(_flat(small))


def _flat(picture: "Image.Image") -> "Image.Image":
    """Return the pixels alone, on white: no palette, no profile, no comment."""
    from PIL import Image

    solid = picture.convert("RGBA")
    flat = Image.new("RGB", solid.size, WHITE)
    flat.paste(solid, mask=solid.getchannel("A"))
    return flat


def _encoded(picture: "Image.Image") -> bytes:
    for quality in QUALITIES:
        made = io.BytesIO()
        picture.save(made, "JPEG", quality=quality, optimize=True)
        if made.tell() <= LARGEST_ANSWER:
            return made.getvalue()
    raise NotShownError("too large to be shown")
