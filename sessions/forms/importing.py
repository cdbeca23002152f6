"""A file of a schedule, as organisers upload it, and the columns of a table. Checked by `sessions.schedule_import`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import BaseForm
from core.web.forms.files import file_input
from labs.models import Lab
from sessions import table_columns
from sessions.models import ScheduleImport
from sessions.schedule_import.files import MAX_BYTES
from sessions.schedule_import.tables import IGNORED, columns_of

ACCEPT = ".csv,.tsv,.txt,.xlsx,.ics,.xml,.json"
TOO_LARGE = _("The file has more than 8 MB. Split it.")

COLUMN_NAMES = {
    "session": _("Key of the session"), "title": _("Title"), "abstract": _("Description"),
    "visibility": _("Who can see it"), "status": _("Takes place"), "starts": _("Starts"), "ends": _("Ends"),
    "date": _("Day"), "end_date": _("Last day"), "duration": _("Length in minutes"), "time_zone": _("Time zone"),
    "track": _("Track"), "room": _("Room"), "format": _("Format"), "room_capacity": _("Seats in person"),
    "online_capacity": _("Seats online"), "waiting_list": _("Waiting list"),
    "needs_approval": _("Approval by organisers"), "audience": _("Cities"), "speakers": _("Speakers"),
    "join_link": _("Join link"), "spoken_languages": _("Spoken languages"),
    "interpreted_languages": _("Interpreted into"), "sign_languages": _("Sign languages"),
    "captioned_languages": _("Captions in"), "interpretation_order_by": _("Order interpretation by"),
    "interpretation_ordered_on": _("Interpretation ordered on"), "position": _("Position"), "name": _("Name"),
    "address": _("Address"), "online": _("Online"), "capacity": _("Capacity"), "speaker": _("Key of the speaker"),
    "affiliation": _("Organisation"), "biography": _("Biography"), "city": _("City"), "website": _("Website"),
}  # fmt: skip


class UploadForm(BaseForm):
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV, XLSX, iCalendar (.ics), schedule.xml, schedule.json or our own JSON; at most 8 MB. "
            "Nothing is changed before you have seen what would change."
        ),
        max_length=200,
        allow_empty_file=True,
        widget=file_input(ACCEPT, MAX_BYTES, TOO_LARGE),
        error_messages={"required": _("Choose a file.")},
    )

    @property
    def upload(self) -> tuple[str, bytes]:
        """The name and the content of the file, of a large one as much as is refused."""
        found = self.cleaned_data["file"]
        return found.name, found.read(MAX_BYTES + 1)


class ColumnsForm(BaseForm):
    """Which of our columns each heading of a table means: a choice for each, "<sheet>.<column>"."""

    def __init__(self, data: Any = None, *, run: ScheduleImport) -> None:
        super().__init__(data)
        self.run = run
        for number, sheet in enumerate(run.sheets):
            choices = [
                ("", "–"),
                (IGNORED, gettext("Do not import")),
                *column_choices(run.lab, sheet["model"]),
            ]
            for index, heading in enumerate(sheet["header"]):
                self.fields[f"{number}.{index}"] = forms.ChoiceField(
                    label=heading or gettext("Column %(number)d") % {"number": index + 1},
                    choices=choices,
                    required=False,
                    initial=run.columns[sheet["name"]][index],
                    error_messages={"invalid_choice": _("Choose one of the columns in the list.")},
                )

    @property
    def sheets(self) -> list[dict[str, Any]]:
        """The sheets with their choices and examples, for the page."""
        return [
            {
                "name": sheet["name"],
                "columns": [
                    (self[f"{number}.{index}"], [text for text in sheet["examples"][index] if text])
                    for index in range(len(sheet["header"]))
                ],
            }
            for number, sheet in enumerate(self.run.sheets)
        ]

    @property
    def chosen(self) -> dict[str, list[str]]:
        """The chosen columns by the name of the sheet."""
        return {
            sheet["name"]: [self.cleaned_data[f"{number}.{index}"] for index in range(len(sheet["header"]))]
            for number, sheet in enumerate(self.run.sheets)
        }


def column_choices(lab: Lab, model: str) -> list[tuple[str, str]]:
    """Return the columns that can be chosen for a sheet, in words; texts once for each language of the lab."""
    sheet = next(one for one in table_columns.SHEETS if one.name == model)
    localized = {column.name for column in sheet.columns if column.localized}
    found = []
    for column in columns_of(model, lab.languages):
        base, _underscore, code = column.rpartition("_")
        is_text = base in localized
        name = str(COLUMN_NAMES.get(base if is_text else column, column))
        found.append((column, f"{name} ({dict(settings.LANGUAGES)[code]})" if is_text else name))
    return found
