"""What a file is, by its content, and the document that it holds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from labs.models import Lab
from sessions.programme_import.json_document import MAX_BYTES as MAX_JSON_BYTES
from sessions.schedule_import import (
    csv_table,
    icalendar_file,
    programme_json,
    schedule_json,
    schedule_xml,
    tables,
    xlsx_table,
)
from sessions.schedule_import.document import Document, Kind, UnreadableFile

MAX_BYTES = 8 * 1024 * 1024
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    ICALENDAR = "icalendar"
    XML = "schedule.xml"
    PRETALX = "schedule.json"
    PROGRAMME = "programme"

    @property
    def is_table(self) -> bool:
        return self in (Format.CSV, Format.XLSX)


def format_of(content: bytes) -> Format:
    """Return what a file is, whatever its name says. Raises UnreadableFile."""
    if len(content) > MAX_BYTES:
        limit = MAX_BYTES // 1024 // 1024
        raise UnreadableFile(_("The file has more than %(limit)d MB. Split it.") % {"limit": limit})
    if not content.strip():
        raise UnreadableFile(_("The file is empty."))
    if content.startswith(b"PK\x03\x04"):
        return _office_format(content)
    if content.startswith(_OLD_OFFICE):
        raise UnreadableFile(
            _(
                "This is a workbook of an old kind (.xls), or one with a password. Save it as .xlsx without a password."
            )
        )
    if content.startswith(b"%PDF"):
        raise UnreadableFile(_("This is a PDF file. Choose a CSV, XLSX, iCalendar, XML or JSON file."))
    start = _beginning(content)
    if start.startswith("<"):
        if re.match(r"(?is)(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<!?(html|doctype\s+html)", start):
            raise UnreadableFile(_("This is a web page. Choose a CSV, XLSX, iCalendar, XML or JSON file."))
        return Format.XML
    if start.upper().startswith("BEGIN:VCALENDAR"):
        return Format.ICALENDAR
    if start.startswith(("{", "[")):
        return (
            Format.PRETALX
            if '"schedule"' in start[:4000] and '"programmes"' not in start[:4000]
            else _json_format(content)
        )
    if _is_binary(content):
        raise UnreadableFile(
            _("This is no kind of file that can be read. Choose a CSV, XLSX, iCalendar, XML or JSON file.")
        )
    return Format.CSV


def _office_format(content: bytes) -> Format:
    if b"xl/" in content[:200_000] or b"xl/workbook" in content[-200_000:]:
        return Format.XLSX
    raise UnreadableFile(
        _("This is a ZIP file, but not a workbook. Choose a CSV, XLSX, iCalendar, XML or JSON file.")
    )


def _beginning(content: bytes) -> str:
    head = content[:8192]
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return head.decode(encoding, "ignore").lstrip()


def _is_binary(content: bytes) -> bool:
    head = content[:8192]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    zeros = head.count(0)
    if zeros > len(head) // 8 and b"\0\0\0" not in head:
        return False  # UTF-16 without its mark
    return bool(zeros or re.search(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]", head))


def _json_format(content: bytes) -> Format:
    return Format.PRETALX if re.search(rb'"conference"\s*:', content) else Format.PROGRAMME


def table_of(content: bytes, format: Format) -> tables.Table:
    """Return the table of a CSV file or workbook, before its columns are matched. Raises UnreadableFile."""
    return csv_table.read(content) if format == Format.CSV else xlsx_table.read(content)


def document_of(
    content: bytes, format: Format, lab: Lab, columns: Mapping[str, Sequence[str]] | None = None
) -> Document:
    """Return what a file says of the lab's schedule. `columns` is of tables. Raises UnreadableFile."""
    if format.is_table:
        document = tables.document_of(table_of(content, format), lab, columns or {})
    elif format == Format.ICALENDAR:
        document = icalendar_file.read(content, lab)
    elif format == Format.XML:
        document = schedule_xml.read(content, lab)
    elif format == Format.PRETALX:
        document = schedule_json.read(_parsed(content), lab)
    else:
        document = programme_json.read(content, lab)
    if not document.rows and not document.is_unusable:
        raise UnreadableFile(_("The file has no rows."))
    if len(document.of(Kind.SESSION)) > tables.MAX_ROWS:
        message = _("The sheet has more than %(limit)d rows. Split the file.")
        raise UnreadableFile(message % {"limit": tables.MAX_ROWS})
    return document


def _parsed(content: bytes) -> Mapping[str, Any]:
    """Return the object of a JSON file. Raises UnreadableFile."""
    if len(content) > MAX_JSON_BYTES:
        raise UnreadableFile(_("The file has more than %(limit)d MB. Split it.") % {"limit": 8})
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = _("The file is not UTF-8 text (byte %(place)d). Save it as UTF-8 and load it again.")
        raise UnreadableFile(message % {"place": error.start + 1}) from None
    except json.JSONDecodeError as error:
        message = _("The file is not JSON: line %(line)d, column %(column)d: %(reason)s.")
        said = {"line": error.lineno, "column": error.colno, "reason": error.msg}
        raise UnreadableFile(message % said) from None
    except (RecursionError, ValueError):
        raise UnreadableFile(_("The file’s values are nested too deeply.")) from None
    if not isinstance(found, dict):
        raise UnreadableFile(_("An object is expected here."))
    return found
