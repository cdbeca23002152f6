"""Registrations as a workbook (Office Open XML): every text is a cell of type text, which is never a formula."""

from collections.abc import Iterator, Sequence
from tempfile import TemporaryFile

from core.web.localized_fields import text_and_language
from core.web.workbooks import write_workbook
from labs.models import Lab
from registrations.export import table
from registrations.models.people import RegistrationQuerySet
from sessions.models import Session

CHUNK_BYTES = 64 * 1024


def workbook_chunks(
    lab: Lab, sessions: Sequence[Session], registrations: RegistrationQuerySet, language: str
) -> Iterator[bytes]:
    """Yield the table of `export.table` as a workbook. A workbook is a ZIP, so nothing comes before it is written."""
    with TemporaryFile() as file:
        title = text_and_language(lab.title, language, lab.default_language)[0]
        write_workbook(file, {title: table(lab, sessions, registrations, language)})
        file.seek(0)
        while piece := file.read(CHUNK_BYTES):
            yield piece
