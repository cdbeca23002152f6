"""The rows beside a session: the items of its agenda, and who appears in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.forms import formset_factory
from django.forms.formsets import DELETION_FIELD_NAME, ORDERING_FIELD_NAME
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import BaseForm, keeping
from core.web.forms.fields import HourField, TextsField
from core.web.forms.rows import BaseRows, row_field
from core.web.forms.sections import texts_by_language
from core.web.localized_fields import MAX_TEXT_LENGTH, text_and_language
from labs.models import Lab
from sessions.forms.choices import Choices
from sessions.models import AgendaItem, Appearance, Session, Speaker
from sessions.plans import AGENDA_LIMIT, AgendaPlan, AppearancePlan

PEOPLE_LIMIT = 200


class AgendaRow(BaseForm):
    """An item of the agenda."""

    row = row_field()
    title = TextsField(label=_("Title"), limit=300)
    abstract = TextsField(label=_("Description"), limit=MAX_TEXT_LENGTH, rows=2, required=False)
    start_time = HourField(label=_("Starts"), required=False)
    end_time = HourField(label=_("Ends"), required=False)

    # The names of those who appear in the item, as the rows of people stand.
    people: Sequence[str] = ()

    @property
    def abstract_shown(self) -> str:
        """The description to tell it by, in the first language that has one."""
        return next(filter(None, texts_by_language(self["abstract"]).values()), "")

    def has_changed(self) -> bool:
        # A row that was added and left empty says nothing, wherever it was moved.
        return bool({*self.changed_data} - {ORDERING_FIELD_NAME, DELETION_FIELD_NAME})


class AgendaRows(BaseRows):
    """The agenda. `known` are the ids of the items that the session has."""

    def __init__(self, *args: Any, known: Collection[int], **kwargs: Any) -> None:
        self.known = known
        super().__init__(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        if {form.cleaned_data.get("row") for form in self.forms} - {None, *self.known}:
            raise forms.ValidationError(
                gettext("A row has been deleted in the meantime. Open the page again."), code="foreign_row"
            )

    @property
    def sources(self) -> list[int]:
        """The places on the page of the items that stay, in the order that they are to have."""
        return [self.forms.index(form) for form in self.ordered_forms]

    def name_of(self, place: int) -> str:
        return gettext("Item %(place)d") % {"place": self.in_order.index(self.forms[place]) + 1}

    def plans(
        self, stored: Mapping[int, AgendaItem], appearances: Mapping[str, tuple[AppearancePlan, ...]]
    ) -> tuple[AgendaPlan, ...]:
        """Return the items in their order, with the people whom `appearances` names by place on the page."""
        plans = []
        for place, form in zip(self.sources, self.ordered_forms, strict=True):
            values = form.cleaned_data
            item = stored.get(values["row"])
            plans.append(
                AgendaPlan(
                    title=keeping(item.title if item else {}, values["title"], form.locales),
                    abstract=keeping(item.abstract if item else {}, values["abstract"], form.locales),
                    start_time=values["start_time"],
                    end_time=values["end_time"],
                    appearances=appearances.get(str(place), ()),
                    item=values["row"],
                )
            )
        return tuple(plans)


class AppearanceRow(BaseForm):
    """Somebody who appears: in the session as such, or in one item of its agenda, by the item's place on the page."""

    speaker = forms.ChoiceField(
        label=_("Speaker"),
        required=False,
        error_messages={"invalid_choice": _("Choose speakers of this programme.")},
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=Appearance.Role.choices,
        required=False,
        initial=Appearance.Role.SPEAKER,
        error_messages={"invalid_choice": _("Choose a role from the list.")},
    )
    item = forms.ChoiceField(
        label=_("Where"),
        required=False,
        error_messages={"invalid_choice": _("Choose an item of this agenda.")},
    )

    def __init__(self, *args: Any, speakers: Choices, items: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_choices("speaker", speakers)
        self.set_choices("item", items)


class AppearanceRows(BaseRows):
    """Who appears. Rows have no ids: the whole list is written anew."""

    def name_of(self, place: int) -> str:
        return gettext("Person %(place)s") % {"place": place + 1}

    def plans(self, speakers: Mapping[int, Speaker]) -> dict[str, tuple[AppearancePlan, ...]]:
        """Return who appears where: "" for the session as such, else the item's place on the page."""
        found: dict[str, tuple[AppearancePlan, ...]] = {}
        for form in self.forms:
            values = form.cleaned_data
            if not values.get("speaker") or self.is_removed(form):
                continue
            plan = AppearancePlan(speakers[int(values["speaker"])], values["role"] or Appearance.Role.SPEAKER)
            found[values["item"]] = (*found.get(values["item"], ()), plan)
        return found

    def blame(self, item: str, messages: Iterable[str]) -> None:
        """Show what is wrong with the people of this item (or of the session, "") beside the last of them."""
        rows = [
            form
            for form in self.forms
            if form.cleaned_data.get("speaker")
            and form.cleaned_data["item"] == item
            and not self.is_removed(form)
        ]
        for message in messages:
            if rows:
                rows[-1].add_error("speaker", message)
            else:
                self._non_form_errors.append(message)


AgendaSet: Any = formset_factory(
    AgendaRow,
    formset=AgendaRows,
    extra=0,
    can_order=True,
    can_delete=True,
    max_num=AGENDA_LIMIT,
    absolute_max=AGENDA_LIMIT + 20,
    validate_max=True,
)
AppearanceSet: Any = formset_factory(
    AppearanceRow,
    formset=AppearanceRows,
    extra=0,
    can_delete=True,
    max_num=PEOPLE_LIMIT,
    absolute_max=PEOPLE_LIMIT + 20,
    validate_max=True,
)


def agenda_choices(agenda: Any, lab: Lab) -> Choices:
    """Return the places in which somebody may appear: the session, and each row of the agenda as it stands."""
    choices: Choices = [("", gettext("The whole session"))]
    places = {id(form): str(place) for place, form in enumerate(agenda.forms)}
    for number, form in enumerate(agenda.in_order, 1):
        written = {code: text for code, text in texts_by_language(form["title"]).items() if text}
        title = text_and_language(written, get_language() or "en", lab.default_language)[0]
        words = (
            gettext("Item %(place)d: %(title)s") % {"place": number, "title": title[:60]}
            if title
            else gettext("Item %(place)d") % {"place": number}
        )
        choices.append((places[id(form)], words))
    return choices


def agenda_initial(item: AgendaItem) -> dict[str, object]:
    """Return what the row of an item shows when the form is opened."""
    names = ("title", "abstract", "start_time", "end_time")
    return {"row": item.pk, **{name: getattr(item, name) for name in names}}


def appearances_initial(session: Session, items: Sequence[int]) -> list[dict[str, object]]:
    """Return what the rows of people show when the form is opened; `items` are the ids of the agenda, in its order."""
    places: dict[int | None, str] = {pk: str(place) for place, pk in enumerate(items)}
    return [
        {"speaker": str(one.speaker_id), "role": one.role, "item": places.get(one.agenda_item_id, "")}
        for one in session.appearances.order_by("position", "pk")
    ]
