"""The forms of one session's page, which belong together: what it is, its agenda, and who appears in it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.search import alphabetical_key
from core.web.errors import InvalidFields
from core.web.forms.fields import pk_of
from core.web.forms.rows import with_more_rows
from labs.models import Lab
from labs.views.console_programme import has_errors
from sessions.forms.agenda import (
    AgendaSet,
    AppearanceSet,
    agenda_choices,
    agenda_initial,
    appearances_initial,
)
from sessions.forms.choices import Choices, named
from sessions.forms.sessions import SessionForm
from sessions.forms.slots import prefilled
from sessions.models import AgendaItem, Session, Speaker
from sessions.plans import SessionPlan

NOT_COMPLETE = gettext_lazy("This form is incomplete. Open the page again and resubmit the form.")
# What the button "add" asks for: another row of one of these, by their prefixes in the form.
ROWS = ("agenda", "people")


@dataclass
class Desk:
    """The three forms of one session, as opened or as sent."""

    lab: Lab
    session: Session | None
    form: SessionForm
    agenda: Any
    people: Any
    items: dict[int, AgendaItem] = field(default_factory=dict)
    speakers: dict[int, Speaker] = field(default_factory=dict)
    is_stale: bool = False  # somebody saved the session since the form was opened
    is_prefilled: bool = False  # an address filled in a time

    @classmethod
    def of(cls, lab: Lab, session: Session | None, data: Any = None) -> Desk:
        """Return the forms as they were sent, with the row that is asked for, or as the session stands now."""
        items, speakers = _stored(lab, session)
        is_stale = data is not None and session is not None and data.get("version") != str(session.version)
        if is_stale:
            # What somebody else took out meanwhile comes back as new, if this person decides so.
            data = data.copy()
            for name in [name for name in data if name.startswith("agenda-") and name.endswith("-row")]:
                if (pk := pk_of(data[name])) is not None and pk not in items:
                    data[name] = ""
        if data is not None and data.get("add") in ROWS:
            data = with_more_rows(data, data["add"], 1)
        agenda = AgendaSet(
            data,
            prefix="agenda",
            known=items,
            form_kwargs={"locales": lab.languages},
            initial=[agenda_initial(item) for item in items.values()] if data is None else None,
        )
        people = AppearanceSet(
            data,
            prefix="people",
            form_kwargs={
                "speakers": _speaker_choices(lab, speakers),
                "items": agenda_choices(agenda, lab),
            },
            initial=appearances_initial(session, list(items)) if data is None and session else None,
        )
        form = SessionForm(data, lab=lab, session=session)
        desk = cls(lab, session, form, agenda, people, items, speakers, is_stale)
        desk._name_people()
        return desk

    def _name_people(self) -> None:
        """Tell the rows of the agenda who appears in them, as the rows of people stand."""
        names = {str(pk): named(speaker.name, self.lab) for pk, speaker in self.speakers.items()}
        appearing: defaultdict[str, list[str]] = defaultdict(list)
        for row in self.people.forms:
            if name := names.get(str(row["speaker"].value() or "")):
                appearing[str(row["item"].value() or "")].append(name)
        for place, row in enumerate(self.agenda.forms):
            row.people = appearing.get(str(place), ())

    def prefilled(self, data: QueryDict) -> Desk:
        """Open the form with what the address says, as the slot finder leads to it; nothing is saved by that."""
        if data:
            given = prefilled(data, self.form.fields)
            self.form = SessionForm(lab=self.lab, session=self.session, given=given)
            self.is_prefilled = bool(given)
        return self

    @property
    def wants_more_rows(self) -> bool:
        return self.form.data.get("add") in ROWS

    @property
    def added(self) -> Any:
        """The row that was asked for, which takes the focus; None for none."""
        if not self.wants_more_rows:
            return None
        rows = self.agenda if self.form.data["add"] == "agenda" else self.people
        return rows.forms[-1] if rows.forms else None

    def forget_errors(self) -> None:
        for one in (self.form, self.agenda, self.people):
            one.forget_errors()

    def is_valid(self) -> bool:
        # All three are looked at, so that all that is wrong is said at once.
        found = [one.is_valid() for one in (self.form, self.agenda, self.people)]
        if all(found) and not self.is_stale and not self._left_out <= self.form.replaced:
            self.form.add_errors({"": [NOT_COMPLETE]})
            return False
        if all(found):
            agenda = self.agenda.forms
            places = {str(place) for place, form in enumerate(agenda) if form.cleaned_data}
            for form in self.people.forms:
                where = form.cleaned_data.get("item", "")
                if form.cleaned_data.get("speaker") and where and where not in places:
                    form.add_error(
                        "item", _("This item is empty. Enter its title, or choose another position.")
                    )
                    found.append(False)
        return all(found)

    @property
    def _left_out(self) -> set[int]:
        """The stored items of the agenda that the form does not show."""
        return set(self.items) - {form.cleaned_data.get("row") for form in self.agenda.forms}

    def renew(self) -> None:
        """Carry what is stored now, with the items that others added: sent again, the forms replace all of it."""
        self.form.renew(self._left_out)

    @property
    def has_errors(self) -> bool:
        return bool(self.form.errors) or has_errors(self.agenda) or has_errors(self.people)

    def plan(self, slug: str) -> SessionPlan:
        people = self.people.plans(self.speakers)
        return self.form.plan_with(slug, self.agenda.plans(self.items, people), people.get("", ()))

    def add_errors(self, error: InvalidFields) -> None:
        """Show what the schedule objects to, beside what it is about."""
        for name, found in error.errors.items():
            first, _dot, rest = name.partition(".")
            if first != "agenda":
                if name == "appearances":
                    self.people.blame("", found)
                else:
                    self.form.add_errors({name: found})
                continue
            place, _dot, column = rest.partition(".")
            if not place:
                for message in found:
                    self.agenda._non_form_errors.append(message)
                continue
            source = self.agenda.sources[int(place)]
            if column == "appearances":
                self.people.blame(str(source), found)
            else:
                self.agenda.forms[source].add_errors({column: found})


def _stored(lab: Lab, session: Session | None) -> tuple[dict[int, AgendaItem], dict[int, Speaker]]:
    items = session.agenda.order_by("position", "pk") if session else AgendaItem.objects.none()
    return {item.pk: item for item in items}, {one.pk: one for one in lab.programme.speakers.all()}


def _speaker_choices(lab: Lab, speakers: dict[int, Speaker]) -> Choices:
    names = [(named(speaker.name, lab), str(pk)) for pk, speaker in speakers.items()]
    names.sort(key=lambda pair: (alphabetical_key(pair[0]), pair[1]))
    return [("", _("Nobody")), *((pk, name) for name, pk in names)]
