"""The console's forms about emails: the texts of an occasion, reminders, announcements."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.mail.email_templates import COLUMNS, TemplateTexts
from core.mail.models import EmailTemplate
from core.search import alphabetical_key
from core.web.forms.base import BaseForm
from core.web.forms.editing import EditForm
from core.web.forms.fields import NumberField, TextsField
from core.web.forms.searching import SearchField
from core.web.localized_fields import text_and_language
from labs.models import Lab
from registrations.audiences import NO, NO_SEAT, YES, Audience
from registrations.models import Announcement, Seat
from registrations.models.reminders import MAX_HOURS
from registrations.tags import tags_of
from sessions.models import Session
from sessions.models.seating import Mode


class EmailTemplateForm(EditForm):
    """The three texts of an occasion in a language, and whose data a preview shows."""

    mark_optional = False

    subject = forms.CharField(label=_("Subject"), required=False, max_length=150)
    introduction = forms.CharField(
        label=_("Introduction"),
        help_text=_("Takes the place of the first paragraph. Markdown: **bold**, lists and links."),
        required=False,
        max_length=EmailTemplate.TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 7}),
    )
    closing = forms.CharField(
        label=_("Closing"),
        help_text=_("Added at the end, above the organisers’ email."),
        required=False,
        max_length=EmailTemplate.TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    person = SearchField(_("Preview for"))

    def __init__(self, *args: Any, template: EmailTemplate | None, **kwargs: Any) -> None:
        initial = {name: getattr(template, name) for name in COLUMNS} if template else {}
        super().__init__(*args, version=template.version if template else 0, initial=initial, **kwargs)
        self.fields["person"].help_text = _("Name or email. If empty, the newest registration.")

    @property
    def left_out(self) -> tuple[str, ...]:
        return ("person",)

    @property
    def texts(self) -> TemplateTexts:  # type: ignore[override]
        """The answers; what is wrong with them by themselves is left to the verb."""
        self.is_valid()
        return TemplateTexts(**{name: self.cleaned_data.get(name, "") for name in COLUMNS})


class ReminderForm(BaseForm):
    """How long before each session people are reminded of it."""

    mark_optional = False
    renamed = {"hours": "number"}

    number = NumberField(
        label=_("How long before"),
        min_value=1,
        max_value=MAX_HOURS,
        error_messages={"required": _("Enter a number."), "invalid": _("Enter a whole number.")},
    )
    unit = forms.ChoiceField(
        label=_("Unit"), choices=[("hours", _("hours")), ("days", _("days"))], initial="hours"
    )

    @property
    def hours(self) -> int:
        number: int = self.cleaned_data["number"]
        return number * 24 if self.cleaned_data["unit"] == "days" else number


ELSEWHERE = "-"
ANY = ("", _("Any"))


class AnnouncementForm(EditForm):
    """What organisers write, and to whom. Sessions, cities and groups are named by their slugs."""

    mark_optional = False

    session = forms.ChoiceField(label=_("Session"), required=False)
    seat = forms.ChoiceField(
        label=_("Seat"),
        required=False,
        choices=[
            ANY,
            (Seat.State.CONFIRMED, _("With a seat")),
            (Seat.State.WAITING, _("On the waiting list")),
            (NO_SEAT, _("No seat and not waiting for one")),
        ],
    )
    mode = forms.ChoiceField(
        label=_("How they take part"),
        help_text=_(
            "People with a seat of this kind, or waiting for one if you chose “On the waiting list”."
        ),
        required=False,
        choices=[ANY, *Mode.choices],
    )
    attended = forms.ChoiceField(
        label=_("Attendance"),
        required=False,
        choices=[ANY, (YES, _("Attended")), (NO, _("Did not attend"))],
    )
    city = forms.ChoiceField(label=_("City"), required=False)
    group = forms.ChoiceField(label=_("Type of organisation"), required=False)
    language = forms.ChoiceField(
        label=_("Email language"), required=False, choices=[ANY, *settings.LANGUAGES]
    )
    tag = forms.ChoiceField(label=_("Tag"), required=False)
    subject = TextsField(label=_("Subject"), limit=150)
    body = TextsField(
        label=_("Text"),
        help_text=_("Markdown: **bold**, lists and links."),
        limit=4000,
        rows=8,
    )

    def __init__(self, *args: Any, lab: Lab, draft: Announcement | None = None, **kwargs: Any) -> None:
        here = get_language() or "en"
        self.draft = draft
        self.sessions = {one.slug: one for one in Session.objects.filter(lab=lab).order_by("starts_at", "pk")}
        self.cities = {city.slug: city for city in lab.programme.cities.all()}
        self.groups = {group.slug: group for group in lab.programme.stakeholder_groups.all()}
        initial = self._initial(draft) if draft else {}
        initial |= kwargs.pop("initial", None) or {}
        super().__init__(
            *args,
            version=draft.version if draft else None,
            initial=initial,
            locales=lab.languages,
            **kwargs,
        )

        def words(text: object) -> str:
            return text_and_language(text, here, lab.default_language)[0]

        cities = sorted(
            ((slug, words(city.name)) for slug, city in self.cities.items()),
            key=lambda pair: alphabetical_key(pair[1]),
        )
        self.set_choices("session", [ANY, *((slug, words(one.title)) for slug, one in self.sessions.items())])
        self.set_choices("city", [ANY, *cities, (ELSEWHERE, _("Not from a city of the programme"))])
        self.set_choices("group", [ANY, *((slug, words(one.name)) for slug, one in self.groups.items())])
        # A tag that nobody has any longer stays chosen: without it the draft would reach everybody.
        self.tags = sorted({one.name for one in tags_of(lab)} | {initial.get("tag", "")} - {""})
        self.set_choices("tag", [ANY, *((name, name) for name in self.tags)])

    def _initial(self, draft: Announcement) -> dict[str, Any]:
        stored = Audience(**draft.audience)

        def slug_of(rows: dict[str, Any], pk: int | None) -> str:
            return next((slug for slug, row in rows.items() if row.pk == pk), "")

        return {
            "session": slug_of(self.sessions, stored.session_id),
            "seat": stored.seat,
            "mode": stored.mode,
            "attended": stored.attended,
            "city": ELSEWHERE if stored.elsewhere else slug_of(self.cities, stored.city_id),
            "group": slug_of(self.groups, stored.group_id),
            "language": stored.language,
            "tag": stored.tag,
            "subject": draft.subject,
            "body": draft.body,
        }

    @property
    def audience(self) -> Audience:
        values = self.cleaned_data
        session, city = self.sessions.get(values["session"]), self.cities.get(values["city"])
        group = self.groups.get(values["group"])
        return Audience(
            session_id=session.pk if session else None,
            seat=values["seat"],
            mode=values["mode"],
            attended=values["attended"],
            city_id=city.pk if city else None,
            elsewhere=values["city"] == ELSEWHERE,
            group_id=group.pk if group else None,
            language=values["language"],
            tag=values["tag"],
        )

    @property
    def conditions(self) -> list[tuple[str, str]]:
        """Return the conditions of the draft in words: label and value. A way to take part comes with whose it is."""
        values = {**self.initial, "seat": Audience(**self.draft.audience).seat_meant} if self.draft else {}
        found = []
        for name in ("session", "seat", "mode", "attended", "city", "group", "language", "tag"):
            choices: Any = self.fields[name].choices  # type: ignore[attr-defined]
            value = values.get(name, "")
            if value:
                found.append((str(self.fields[name].label), str(dict(choices).get(value, value))))
        return found
