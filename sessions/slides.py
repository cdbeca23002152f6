"""Slides that speakers hand in: checked by their content, private until an organiser publishes them.

They are stored as they came and never shown here: only ever sent as a download, with a media type that is ours.
"""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django.utils.translation import gettext_lazy as _

from core.web.errors import RuleViolation
from labs.revisions import lock_lab, touch
from sessions.models import Session, Slides, Speaker

MAX_BYTES = 9 * 1024 * 1024
MAX_PARTS = 5_000  # of a presentation, which is a ZIP file
MAX_UNPACKED = 200 * 1024 * 1024  # bytes
TOO_LARGE = _(
    "The file is larger than 9 MB. Make it smaller, for example by saving it as PDF, and choose it again."
)
WRONG_KIND = _("The file is no PDF, PowerPoint (PPTX) or OpenDocument (ODP) presentation.")
UNREADABLE = _("The file cannot be read. Save it again and choose it again.")
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odp": "application/vnd.oasis.opendocument.presentation",
}


class InvalidSlides(RuleViolation):
    """The file cannot be taken. `message` is for who chose it."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__("invalid_slides", message, field="slides")


@dataclass(frozen=True)
class CheckedSlides:
    """A file as it is to be stored."""

    content: bytes
    kind: str
    name: str


def check(upload: UploadedFile) -> CheckedSlides:
    """Return the file if it is what can be handed in. Raises InvalidSlides."""
    if upload.size is None or upload.size > MAX_BYTES:
        raise InvalidSlides(TOO_LARGE)
    content = upload.read()
    kind = _kind_of(content)
    return CheckedSlides(content, kind, _name(upload.name or "", kind))


def _kind_of(content: bytes) -> str:
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-2048:] or not re.search(rb"startxref\s+\d+", content[-4096:]):
            raise InvalidSlides(UNREADABLE)
        return "pdf"
    if not content.startswith(b"PK\x03\x04"):
        raise InvalidSlides(WRONG_KIND)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _kind_of_archive(archive)
    except InvalidSlides:
        raise
    except Exception:  # zipfile raises many kinds for a broken file
        raise InvalidSlides(UNREADABLE) from None


def _kind_of_archive(archive: zipfile.ZipFile) -> str:
    """Return which presentation it is. Nothing is unpacked but two small parts; macros are refused."""
    parts = archive.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise InvalidSlides(_("The file has too many parts. Save it as PDF and choose it again."))
    names = {part.filename for part in parts}
    if any(name.casefold().endswith("vbaproject.bin") or name.startswith("Basic/") for name in names):
        raise InvalidSlides(_("The file has macros. Save it without them, or as PDF, and choose it again."))
    if "mimetype" in names and _part(archive, "mimetype").strip() == MEDIA_TYPES["odp"].encode():
        return "odp"
    if {"[Content_Types].xml", "ppt/presentation.xml"} <= names:
        kinds = _part(archive, "[Content_Types].xml")
        if b"presentationml.presentation.main+xml" in kinds or b"presentationml.slideshow.main+xml" in kinds:
            return "pptx"
    raise InvalidSlides(WRONG_KIND)


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(512 * 1024)


def _name(typed: str, kind: str) -> str:
    """Return a name for the download, with the extension of what the file is."""
    stem = typed.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or "slides"
    with suppress(Exception):
        stem = get_valid_filename(stem)
    stem = "".join(sign for sign in stem if sign.isalnum() or sign in "-_").strip("-_")[:80] or "slides"
    return f"{stem}.{kind}"


@transaction.atomic
def hand_in(speaker: Speaker, session: Session, slides: CheckedSlides, now: datetime | None = None) -> Slides:
    """Store a speaker's slides for a session in place of earlier ones; a published file is replaced unpublished.

    Raises RuleViolation (code: other_session).
    """
    Speaker.objects.select_for_update(of=("self",), no_key=True).get(pk=speaker.pk)
    if not speaker.appearances.filter(session=session).exists():
        raise RuleViolation("other_session", _("You do not appear in this session any longer."))
    row = Slides.objects.filter(speaker=speaker, session=session).first()
    was_published = row is not None and row.is_published
    row = row or Slides(speaker=speaker, session=session)
    row.name, row.media_type = slides.name, MEDIA_TYPES[slides.kind]
    row.size, row.sent_at, row.is_published = len(slides.content), now or timezone.now(), False
    row.file.save(f"{uuid.uuid4()}.bin", ContentFile(slides.content), save=False)
    row.save()
    if was_published:
        touch(session.lab_id, public=session.is_public, sessions=())
    return row


@transaction.atomic
def remove(slides: Slides) -> None:
    """Take slides back. Their file goes a day later (`labs.picture_files`)."""
    session = slides.session
    lock_lab(session.lab_id)
    slides.delete()
    if slides.is_published:
        touch(session.lab_id, public=session.is_public, sessions=())


@transaction.atomic
def publish(slides: Slides, is_published: bool) -> bool:
    """Show the slides on the session's page, or no longer. Returns whether that makes a difference."""
    session = slides.session
    lock_lab(session.lab_id)
    changed = Slides.objects.filter(pk=slides.pk, is_published=not is_published)
    if not changed.update(is_published=is_published):
        return False
    slides.is_published = is_published
    touch(session.lab_id, public=session.is_public, sessions=())
    return True


def response(slides: Slides) -> HttpResponse:
    """Return the file as a download that nothing shows, runs or caches. Raises Http404 where it is gone."""
    try:
        with slides.file.open("rb") as stored:
            content = stored.read()
    except FileNotFoundError:
        raise Http404 from None
    answered = HttpResponse(content, content_type=slides.media_type)
    answered["Content-Disposition"] = content_disposition_header(True, slides.name) or "attachment"
    answered["X-Content-Type-Options"] = "nosniff"
    answered["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answered["Cache-Control"] = "private, no-store"
    return answered
