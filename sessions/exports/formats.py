"""The formats in which a lab's programme is exported, by the names of their files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from core.web.kept import kept
from core.web.workbooks import MEDIA_TYPE
from labs.models import Lab
from labs.viewer import VISITOR, Viewer
from sessions.exports import (
    poster_pdf,
    programme_file,
    programme_pdf,
    schedule_json,
    schedule_xml,
    tables,
)
from sessions.exports.contents import Contents, contents_of
from sessions.exports.schedule import Schedule, schedule_of
from sessions.models import Session

KEPT_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Edition:
    """The programme as one reader sees it at one time, in one language.

    `version` names that state, `as_of` is when it was last changed.
    """

    contents: Contents
    language: str
    version: str
    as_of: datetime

    @property
    def schedule(self) -> Schedule:
        return schedule_of(self.contents, self.language, self.version)


@dataclass(frozen=True)
class Format:
    """A format: the name of its file, its media type, and what makes it. Printed ones take the renderer seconds."""

    name: str
    media_type: str
    build: Callable[[Edition], bytes]
    is_printed: bool = False


class ProgrammeTooLong(ValueError):
    """The programme has more sessions than a printed one may have."""


def _programme_pdf(edition: Edition) -> bytes:
    if len(edition.contents.sessions) > programme_pdf.MOST_SESSIONS:
        raise ProgrammeTooLong
    return programme_pdf.programme_pdf(edition.contents, edition.language, edition.as_of)


FORMATS = {
    one.name: one
    for one in (
        Format("programme.pdf", programme_pdf.CONTENT_TYPE, _programme_pdf, is_printed=True),
        Format(
            "poster.pdf",
            programme_pdf.CONTENT_TYPE,
            lambda edition: poster_pdf.poster_pdf(edition.contents.lab, edition.language, edition.as_of),
            is_printed=True,
        ),
        Format(
            "programme.xlsx", MEDIA_TYPE, lambda edition: tables.workbook(edition.contents, edition.as_of)
        ),
        Format(
            "programme.csv",
            tables.CSV_TYPE,
            lambda edition: tables.csv_file(edition.contents, edition.language),
        ),
        Format(
            "programme.json",
            programme_file.CONTENT_TYPE,
            lambda edition: programme_file.programme_file(edition.contents),
        ),
        Format(
            "schedule.xml",
            schedule_xml.CONTENT_TYPE,
            lambda edition: schedule_xml.schedule_xml(edition.schedule),
        ),
        Format(
            "schedule.json",
            schedule_json.CONTENT_TYPE,
            lambda edition: schedule_json.schedule_json(edition.schedule),
        ),
    )
}


def public_edition(lab: Lab, language: str) -> Edition:
    """Return what visitors see of a public lab."""
    as_of = lab.public_revised_at or lab.revised_at
    return Edition(contents_of(lab, VISITOR), language, str(lab.public_revision), as_of)


def public_version(lab: Lab, language: str) -> tuple[object, ...]:
    """Return what names everything that a public edition says."""
    return (*lab.public_version, lab.programme.revised_at, language)


def build_public(kind: Format, lab: Lab, language: str) -> bytes:
    """Return the file for everybody; a printed one is kept, since it is dear to make.

    Raises ProgrammeTooLong, RendererFailed.
    """
    if not kind.is_printed:
        return kind.build(public_edition(lab, language))
    made_of = ("export", kind.name, public_version(lab, language))
    return kept(made_of, KEPT_SECONDS, lambda: kind.build(public_edition(lab, language)))


def build_own(kind: Format, lab: Lab, viewer: Viewer, language: str) -> bytes:
    """Return the file with what this viewer sees. Raises ProgrammeTooLong, RendererFailed."""

    def build() -> bytes:
        contents = contents_of(lab, viewer)
        as_of = _last_change(contents)
        return kind.build(Edition(contents, language, as_of.strftime("%Y%m%d%H%M%S"), as_of))

    if not kind.is_printed:
        return build()
    # Whoever sees the same sessions in the same right reads the same.
    seen = tuple(
        Session.objects.filter(lab=lab).visible_to(viewer).order_by("pk").values_list("pk", flat=True)
    )
    state = (lab.pk, lab.revised_at, lab.public_revised_at, lab.programme.revised_at)
    made_of = ("export", kind.name, state, language, viewer.organises(lab), seen)
    return kept(made_of, KEPT_SECONDS, build)


def _last_change(contents: Contents) -> datetime:
    """Return when something was last changed that this reader sees. Other changes move the lab's own date, too."""
    lab = contents.lab
    if contents.for_organisers or lab.public_revised_at is None:
        return lab.revised_at
    return max([lab.public_revised_at, *(session.content_revised_at for session in contents.sessions)])


def sees_more(lab: Lab, viewer: Viewer) -> bool:
    """Tell whether the viewer would get more than visitors do: sessions, or what organisers alone read."""
    if lab.visibility != Lab.Visibility.PUBLIC or viewer.organises(lab):
        return True
    sessions = Session.objects.filter(lab=lab)
    counts = [sessions.visible_to(one).aggregate(found=Count("pk"))["found"] for one in (viewer, VISITOR)]
    return bool(counts[0] > counts[1])
