"""Checks of a ZIP before anything in it is read: how many parts it has and how much they come to, really."""

from __future__ import annotations

import io
import re
import zlib
from zipfile import BadZipFile, ZipFile, ZipInfo

from django.utils.translation import gettext as _

from sessions.schedule_import.document import Place, UnreadableFile

MAX_PARTS = 500
MAX_UNPACKED = 64 * 1024 * 1024  # bytes, of all parts that are read
# Elements of one row of a sheet or one shared text, which are in memory at once, or of any other part; and of a part.
MAX_TOGETHER = 200_000
MAX_ELEMENTS = 2_000_000
_CHUNK = 256 * 1024
_UNIT = re.compile(rb"<(?:\w+:)?(?:row|si)[ />]")
_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def opened(content: bytes) -> ZipFile:
    """Return the ZIP, whose parts are within the limits and hold no document type. Raises UnreadableFile.

    The sizes that a ZIP declares may lie, so each part is unpacked once and counted.
    """
    try:
        archive = ZipFile(io.BytesIO(content))
        parts = archive.infolist()
    except (BadZipFile, NotImplementedError, ValueError, EOFError, OSError):
        raise UnreadableFile(_("The file is damaged: it is not a whole workbook.")) from None
    if len(parts) > MAX_PARTS:
        raise UnreadableFile(_("The workbook has more than %(limit)d parts.") % {"limit": MAX_PARTS})
    if len({part.filename for part in parts}) != len(parts):
        raise UnreadableFile(_("The workbook has two parts of the same name."))
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableFile(_("The workbook is protected with a password. Save it without one."))
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise _too_large()
    left = MAX_UNPACKED
    for part in parts:
        left = _checked(archive, part, left)
    return archive


def _checked(archive: ZipFile, part: ZipInfo, left: int) -> int:
    """Return how many bytes may still come after this part."""
    is_xml = part.filename.endswith((".xml", ".rels"))
    tail, together, elements = b"", 0, 0
    try:
        with archive.open(part) as stream:
            while chunk := stream.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise _too_large()
                if is_xml:
                    # In UTF-16 a document type would not be found, and no spreadsheet program writes it.
                    if b"\0" in chunk:
                        raise UnreadableFile(
                            _("A part of the workbook is not UTF-8."), Place(part.filename[:80])
                        )
                    if _DECLARATION.search(tail + chunk):
                        message = _("The file defines entities or a document type. Such files are not read.")
                        raise UnreadableFile(message, Place(part.filename[:80]))
                    for number, piece in enumerate(_UNIT.split(chunk)):
                        together = piece.count(b"<") + (0 if number else together)
                        elements += piece.count(b"<") + bool(number)
                        if together > MAX_TOGETHER or elements > MAX_ELEMENTS:
                            raise UnreadableFile(
                                _("The workbook has too many cells."), Place(part.filename[:80])
                            )
                    tail = chunk[-16:]
    except (BadZipFile, NotImplementedError, zlib.error, EOFError, RuntimeError, OSError):
        raise UnreadableFile(_("The file is damaged: it is not a whole workbook.")) from None
    return left


def _too_large() -> UnreadableFile:
    limit = MAX_UNPACKED // 1024 // 1024
    return UnreadableFile(
        _("The workbook has more than %(limit)d MB when it is unpacked.") % {"limit": limit}
    )
