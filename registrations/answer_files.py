"""Files that people send as answers: checked by their content, encrypted, private.

Pictures are decoded and encoded again, without metadata such as the place where a photo was taken. A PDF is stored as
it came: it is only ever sent as a download.
"""

import io
import re
import uuid
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from core.web.encryption import decrypt, encrypt
from core.web.errors import RuleViolation
from registrations.models import Answer

MAX_BYTES = 5 * 1024 * 1024
MAX_SIDE = 10_000  # pixels
MAX_PIXELS = 40_000_000
FOLDER = "answers/"
# Longer than any request takes between storing a file and committing its row.
ORPHANS_KEPT_FOR = timedelta(days=1)
_END = {"PNG": b"IEND", "JPEG": b"\xff\xd9"}
MEDIA_TYPES = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}

TOO_LARGE = _("The file is larger than 5 MB. Make it smaller and choose it again.")
WRONG_KIND = _("The file is not a PDF, PNG or JPEG. Save it in one of these formats and choose it again.")
UNREADABLE = _("The file cannot be read. Save it again and choose it again.")


@dataclass(frozen=True)
class CheckedFile:
    """The content to store, and what the answer says of it: name, media type and size in bytes."""

    content: bytes
    facts: Mapping[str, Any]


def check(upload: UploadedFile) -> CheckedFile:
    """Return the file as it is to be stored. Raises RuleViolation (code: file)."""
    if upload.size is None or upload.size > MAX_BYTES:
        raise RuleViolation("file", TOO_LARGE)
    data = upload.read()
    if data.startswith(b"%PDF-"):
        kind, content = "pdf", _pdf(data)
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        kind, content = "png", _picture(data, "PNG")
    elif data.startswith(b"\xff\xd8\xff"):
        kind, content = "jpg", _picture(data, "JPEG")
    else:
        raise RuleViolation("file", WRONG_KIND)
    name = {"name": _name(upload.name or "", kind), "type": MEDIA_TYPES[kind], "size": len(content)}
    return CheckedFile(content, name)


def _pdf(data: bytes) -> bytes:
    if b"%%EOF" not in data[-2048:] or not re.search(rb"startxref\s+\d+", data[-4096:]):
        raise RuleViolation("file", UNREADABLE)
    return data


def _picture(data: bytes, form: str) -> bytes:
    # Asked here, because the renderer of PDFs has Pillow read pictures that are cut off, in the whole process.
    if _END[form] not in data:
        raise RuleViolation("file", UNREADABLE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=[form])
            width, height = picture.size
            if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
                raise RuleViolation(
                    "file", _("The image has too many pixels. Make it smaller and choose it again.")
                )
            picture.load()
            turned = _upright(picture)
    except RuleViolation:
        raise
    except Exception:  # Pillow raises many kinds for a broken file
        raise RuleViolation("file", UNREADABLE) from None
    plain = Image.new(turned.mode, turned.size)
    plain.paste(turned)
    written = io.BytesIO()
    plain.save(written, form, **({"quality": 90} if form == "JPEG" else {}))
    return written.getvalue()


def _upright(picture: Image.Image) -> Image.Image:
    turned = ImageOps.exif_transpose(picture)
    return turned.convert("RGB" if picture.format == "JPEG" else "RGBA")


def _name(typed: str, kind: str) -> str:
    """Return a name for the download, with the extension of what the file is."""
    stem = typed.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or "file"
    with suppress(Exception):
        stem = get_valid_filename(stem)
    stem = "".join(sign for sign in stem if sign.isalnum() or sign in "-_").strip("-_")[:80] or "file"
    return f"{stem}.{kind}"


def store(answer: Answer, upload: CheckedFile) -> None:
    """Store the encrypted content under a random name, in this answer, unsaved."""
    answer.file.save(f"{uuid.uuid4()}.bin", ContentFile(encrypt(upload.content)), save=False)


def encrypt_anew(answer: Answer) -> None:
    """Store the file once more, encrypted with the current key, unsaved; the earlier one goes with the transaction."""
    earlier = str(answer.file.name)
    with answer.file.open("rb") as stored:
        content = encrypt(decrypt(stored.read()))
    answer.file.save(f"{uuid.uuid4()}.bin", ContentFile(content), save=False)
    delete([earlier])


def delete(names: Iterable[str]) -> None:
    """Delete these files once the transaction that deletes their answers is committed."""
    for name in names:
        transaction.on_commit(partial(_delete_now, name))


def _delete_now(name: str) -> None:
    with suppress(FileNotFoundError):
        default_storage.delete(name)


def delete_orphans() -> None:
    """Delete files that no answer names, once they are a day old: left by a process that was killed."""
    used = set(Answer.objects.exclude(file="").values_list("file", flat=True))
    before = timezone.now() - ORPHANS_KEPT_FOR
    with suppress(FileNotFoundError):  # nothing was ever uploaded
        for file in default_storage.listdir(FOLDER)[1]:
            name = f"{FOLDER}{file}"
            if name not in used and default_storage.get_modified_time(name) < before:
                default_storage.delete(name)


def response(answer: Answer, facts: Mapping[str, Any]) -> HttpResponse:
    """Return the file as a download that nothing shows, runs or caches. Raises Undecipherable."""
    with answer.file.open("rb") as stored:
        content = decrypt(stored.read())
    answered = HttpResponse(content, content_type=str(facts["type"]))
    answered["Content-Disposition"] = content_disposition_header(True, str(facts["name"]))
    answered["X-Content-Type-Options"] = "nosniff"
    answered["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answered["Cache-Control"] = "private, no-store"
    return answered
