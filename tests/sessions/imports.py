"""Files of schedules, and importing them in one go."""

import io
from datetime import date

from openpyxl import Workbook

from labs.models import City
from sessions.models import ImportEntry, ScheduleImport
from sessions.schedule_import import imports
from tests.factories import CityFactory, LabFactory

State = ScheduleImport.State


def lab_to_fill(**values):
    """A draft lab of four days in Sofia, in English and Bulgarian, with the city of Sofia in its programme."""
    lab = LabFactory(
        **{
            "starts_on": date(2027, 3, 1),
            "ends_on": date(2027, 3, 4),
            "time_zone": "Europe/Sofia",
            "languages": ["en", "bg"],
            "format": "in-person",
            "visibility": "draft",
            "registration_opens_at": None,
        }
        | values
    )
    sofia = City.objects.filter(slug="sofia").first()
    lab.programme.cities.add(sofia or CityFactory(slug="sofia", name={"en": "Sofia", "bg": "София"}))
    return lab


def csv(*rows, encoding="utf-8", separator=","):
    """A CSV file of these rows."""
    return "\r\n".join(separator.join(_cell(cell, separator) for cell in row) for row in rows).encode(
        encoding
    )


def _cell(cell, separator):
    text = str(cell)
    return '"' + text.replace('"', '""') + '"' if separator in text or '"' in text or "\n" in text else text


def xlsx(**sheets):
    """A workbook with these sheets: lists of rows."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def preview(lab, content, name="file", by=None):
    """Upload a file and read it, whatever its size."""
    run = imports.start(lab, imports.look(lab, name, content), by)
    imports.preview(run)
    run.refresh_from_db()
    return run


def do(lab, content, by=None):
    """Import everything new and changed of a file."""
    run = preview(lab, content, by=by)
    assert run.state == State.PREVIEWED, (run.state, run.findings)
    imports.start_applying(run)
    imports.apply(run)
    run.refresh_from_db()
    assert run.state == State.APPLIED, (run.state, run.message)
    return run


def entries(run, **conditions):
    return list(ImportEntry.objects.filter(of=run, **conditions).order_by("position"))


def states(run, kind="session"):
    """What would become of the rows of a kind: (key, state) in their order."""
    return [(entry.key, entry.state) for entry in entries(run, kind=kind)]


def errors(run):
    """All that is wrong with a file, as sentences."""
    about_file = [f"{one['place']}: {one['message']}".lstrip(": ") for one in run.findings if one["is_error"]]
    return about_file + [error for entry in entries(run) for error in entry.errors]


def notes(run):
    about_file = [
        f"{one['place']}: {one['message']}".lstrip(": ") for one in run.findings if not one["is_error"]
    ]
    return about_file + [note for entry in entries(run) for note in entry.notes]
