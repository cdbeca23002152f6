"""Photos of speakers: checked by their content, decoded, cut to squares and encoded again, without metadata.

What a phone writes beside the picture (place, time, owner) does not survive, nor does anything hidden behind it.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageCms, ImageOps

from core.web.errors import RuleViolation
from labs import picture_files
from labs.logos import Logo
from sessions.models import Speaker

MAX_BYTES = 9 * 1024 * 1024
TOO_LARGE = _("The file is larger than 9 MB. Make the photo smaller and choose it again.")
MAX_SIDE = 12_000  # pixels
MAX_PIXELS = 60_000_000
MIN_SIDE = 160
SIDE, SMALL_SIDE = 640, 160  # pixels of the squares that pages show
_QUALITY = 84
# The first bytes of the kinds that are taken; of WebP after its length (RFC 9649 §2.4).
_JPEG, _PNG, _RIFF, _WEBP = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"WEBP"
_END = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}


class InvalidPhoto(RuleViolation):
    """The file cannot be used as a photo. `message` is for who chose it."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__("invalid_photo", message, field="photo")


@dataclass(frozen=True)
class Photo:
    """A photo as it is stored: two squares, as JPEG."""

    large: bytes
    small: bytes


def read_photo(data: bytes) -> Photo:
    """Return an uploaded photo as it is to be stored. Raises InvalidPhoto."""
    if len(data) > MAX_BYTES:
        raise InvalidPhoto(TOO_LARGE)
    kind = _kind_of(data)
    # Asked here, because the renderer of PDFs has Pillow read pictures that are cut off, in the whole process.
    if _END.get(kind, b"") not in data:
        raise InvalidPhoto(_UNREADABLE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=[kind]) as picture:
                _check_size(*picture.size)
                # A JPEG is decoded at an eighth, a quarter or half of its size, which takes as much less memory.
                picture.draft("RGB", (2 * SIDE, 2 * SIDE))
                square = _square(picture)
    except InvalidPhoto:
        raise
    except Exception:  # Pillow raises many kinds for a broken file
        raise InvalidPhoto(_UNREADABLE) from None
    return Photo(_encoded(square, SIDE), _encoded(square, SMALL_SIDE))


_UNREADABLE = _("The photo cannot be read. Save it as JPEG again and choose it again.")


def _kind_of(data: bytes) -> str:
    if data.startswith(_JPEG):
        return "JPEG"
    if data.startswith(_PNG):
        return "PNG"
    if data.startswith(_RIFF) and data[8:12] == _WEBP:
        return "WEBP"
    raise InvalidPhoto(_("The file is no JPEG, PNG or WebP. Save the photo as JPEG and choose it again."))


def _check_size(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise InvalidPhoto(_("The photo has too many pixels. Make it smaller and choose it again."))
    if min(width, height) < MIN_SIDE:
        raise InvalidPhoto(_("The photo is too small. It needs at least 160 by 160 pixels."))


def _square(picture: Image.Image) -> Image.Image:
    """Return the photo upright, in sRGB, cut to a square: of a portrait the upper part, where the face is."""
    upright = ImageOps.exif_transpose(_in_srgb(picture))
    width, height = upright.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 5
    cut = upright.crop((left, top, left + side, top + side))
    if cut.mode != "RGBA":
        return cut.convert("RGB")
    white = Image.new("RGB", cut.size, "white")
    white.paste(cut, mask=cut.getchannel("A"))
    return white


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Return the photo in the colours of screens: its own profile goes with the metadata."""
    profile = picture.info.get("icc_profile")
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    plain = picture.convert("RGBA" if has_alpha else "RGB")
    if not profile or picture.mode != "RGB":
        return plain
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        shown = ImageCms.profileToProfile(plain, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except ImageCms.PyCMSError:
        return plain
    return shown or plain


def _encoded(square: Image.Image, side: int) -> bytes:
    sized = ImageOps.fit(square, (min(side, square.width),) * 2, Image.Resampling.LANCZOS)
    # Pixels alone: Pillow would carry comments and profiles over.
    plain = Image.new("RGB", sized.size)
    plain.paste(sized)
    written = io.BytesIO()
    plain.save(written, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return written.getvalue()


def set_photo(speaker: Speaker, photo: Photo | None) -> None:
    """Give the speaker this photo, or none, unsaved. Files that no row names go a day later."""
    if photo is None:
        speaker.photo = speaker.small_photo = ""
        return
    for column, content in ((speaker.photo, photo.large), (speaker.small_photo, photo.small)):
        picture_files.store(column, f"speaker-{speaker.public_id.hex}", Logo(content, "jpg", "image/jpeg"))
