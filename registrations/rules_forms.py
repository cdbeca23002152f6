"""The console's forms about the rules of registration, quotas and approvals."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.search import alphabetical_key
from core.web.forms.base import BaseForm
from core.web.forms.editing import EditForm
from core.web.forms.fields import NumberField
from core.web.forms.files import file_input
from core.web.localized_fields import no_control_characters, text_of
from labs.models import Lab
from registrations.address_lists import MAX_BYTES, TOO_LONG, clean_addresses, decoded
from registrations.admission import clean_domains
from registrations.models import Quota, RegistrationRules
from registrations.models.invitations import MAX_USES
from registrations.models.rules import (
    MAX_COMING_DAYS,
    MAX_HOLD_MINUTES,
    MAX_OFFER_HOURS,
    MAX_PEOPLE_PER_MINUTE,
)
from registrations.quota_editing import QuotaPlan
from registrations.rules import RulesPlan, plan_of
from sessions.models.seating import Mode

MAX_LIMIT = 1_000_000
EACH_CITY = "*"  # no slug has a "*"


class RulesForm(EditForm):
    """The rules of a lab. Fields that are left empty mean that there is no such rule."""

    mark_optional = False

    access = forms.ChoiceField(
        label=_("Who may register"), choices=RegistrationRules.Access, widget=forms.RadioSelect
    )
    email_domains = forms.CharField(
        label=_("Only with an email address of"),
        help_text=_("Domains like example.org, one a line. If empty, any address."),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    needs_approval = forms.BooleanField(
        label=_("Organisers approve each seat"),
        help_text=_("You can also ask for approval in single sessions only."),
        required=False,
    )
    hold_minutes = NumberField(
        label=_("Minutes for which seats are held"),
        help_text=_(
            "From the form until the email is confirmed. Until then the seats are shown as free. Anyone can hold "
            "some with invented addresses. If empty, seats are taken when the email is confirmed."
        ),
        min_value=5,
        max_value=MAX_HOLD_MINUTES,
        required=False,
    )
    offer_hours = NumberField(
        label=_("Hours to accept a seat from the waiting list"),
        help_text=_("If empty, the next person gets the seat at once."),
        min_value=1,
        max_value=MAX_OFFER_HOURS,
        required=False,
    )
    promotion = forms.ChoiceField(
        label=_("Order of the waiting list"),
        help_text=_("Participants can read it."),
        choices=RegistrationRules.Promotion,
        widget=forms.RadioSelect,
    )
    overlaps = forms.ChoiceField(
        label=_("Sessions at the same time"), choices=RegistrationRules.Overlaps, widget=forms.RadioSelect
    )
    coming_days = NumberField(
        label=_("Days before, when people are asked whether they still come"),
        help_text=_("Before a person’s first session. If empty, nobody is asked."),
        min_value=3,
        max_value=MAX_COMING_DAYS,
        required=False,
    )
    coming_releases = forms.BooleanField(
        label=_("Release the seats of people who do not answer"),
        help_text=_("Two days before their first session. The email tells them."),
        required=False,
    )
    opening_draw = forms.BooleanField(
        label=_("Draw the order when registration opens"),
        help_text=_(
            "Everyone who comes in the ten minutes before gets a number. At the opening time the order is drawn, so "
            "that nobody needs to be the fastest."
        ),
        required=False,
    )
    people_per_minute = NumberField(
        label=_("People let in each minute"), min_value=1, max_value=MAX_PEOPLE_PER_MINUTE
    )

    asks_photos = forms.BooleanField(
        label=_("Ask whether photos and recordings may be taken"),
        help_text=_(
            "Nothing is chosen beforehand, and everyone can change it later. The door list shows who said no."
        ),
        required=False,
    )

    def __init__(self, *args: Any, rules: RegistrationRules, **kwargs: Any) -> None:
        initial = vars(plan_of(rules)) | {"email_domains": "\n".join(rules.email_domains)}
        version = 0 if rules._state.adding else rules.version
        super().__init__(*args, version=version, initial=initial, **kwargs)

    def clean_email_domains(self) -> tuple[str, ...]:
        return tuple(clean_domains(self.cleaned_data["email_domains"]))

    @property
    def plan(self) -> RulesPlan:
        values = self.cleaned_data
        return RulesPlan(**{name: values[name] for name in RulesPlan.__dataclass_fields__})


class QuotaForm(BaseForm):
    """A quota: how many, of whom, where."""

    mark_optional = False

    limit = NumberField(label=_("At most"), min_value=0, max_value=MAX_LIMIT)
    session = forms.ChoiceField(label=_("Where"), required=False)
    mode = forms.ChoiceField(label=_("Attendance"), required=False)
    city = forms.ChoiceField(label=_("City"), required=False)
    group = forms.ChoiceField(label=_("Type of organisation"), required=False)

    def __init__(self, *args: Any, lab: Lab, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = get_language() or "en"
        self.sessions = {session.slug: session for session in lab.sessions.order_by("starts_at", "pk")}
        self.cities = {city.slug: city for city in lab.programme.cities.all()}
        self.groups = {group.slug: group for group in lab.programme.stakeholder_groups.all()}
        self.set_choices(
            "session",
            [
                ("", _("The whole lab, each person once")),
                *((slug, text_of(one.title, here, lab)) for slug, one in self.sessions.items()),
            ],
        )
        self.set_choices("mode", [("", _("In person or online")), *Mode.choices])
        cities = [(text_of(one.name, here, lab), slug) for slug, one in self.cities.items()]
        cities.sort(key=lambda pair: alphabetical_key(pair[0]))
        self.set_choices(
            "city",
            [("", _("All together")), (EACH_CITY, _("Each city")), *((slug, name) for name, slug in cities)],
        )
        groups = [(slug, text_of(one.name, here, lab)) for slug, one in self.groups.items()]
        self.set_choices("group", [("", _("All")), *groups])
        if not groups:
            del self.fields["group"]

    @property
    def is_each_city(self) -> bool:
        return bool(self.cleaned_data["city"] == EACH_CITY)

    @property
    def plan(self) -> QuotaPlan:
        values = self.cleaned_data
        return QuotaPlan(
            values["limit"],
            self.sessions.get(values["session"]),
            values["mode"],
            self.cities.get(values["city"]),
            self.groups.get(values.get("group", "")),
        )


class LimitForm(BaseForm):
    """Another number for a quota."""

    limit = NumberField(label=_("At most"), min_value=0, max_value=MAX_LIMIT)

    def __init__(self, *args: Any, quota: Quota, **kwargs: Any) -> None:
        super().__init__(*args, initial={"limit": quota.limit}, **kwargs)


class DecisionForm(BaseForm):
    """Which seats are approved or refused, and why."""

    seat = forms.TypedMultipleChoiceField(
        label=_("Seats"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Select at least one seat."),
            "invalid_choice": _("Select from the list."),
        },
    )
    note = forms.CharField(
        label=_("What refused people read"),
        help_text=_("A reason, in the language of your participants. Only for refusals."),
        required=False,
        max_length=500,
        validators=[no_control_characters],
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, seats: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_choices("seat", [(pk, pk) for pk in seats])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.data.get("answer") not in ("approve", "refuse"):
            raise ValidationError(_("Choose whether to approve or refuse."))
        return values


class InvitationForm(BaseForm):
    """An invitation for whoever has the link."""

    mark_optional = False

    uses = NumberField(
        label=_("People"),
        help_text=_("How many may register with the link."),
        min_value=1,
        max_value=MAX_USES,
    )
    note = forms.CharField(
        label=_("Note"),
        help_text=_("For you: whom the link is for."),
        required=False,
        max_length=200,
        validators=[no_control_characters],
    )


class InviteForm(BaseForm):
    """Addresses that get an invitation each."""

    mark_optional = False

    addresses = forms.CharField(
        label=_("Email addresses"),
        help_text=_("One a line, or lines of a CSV file. Each gets a link for this address alone."),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        required=False,
    )
    file = forms.FileField(
        label=_("Or a CSV file"),
        help_text=_("A table with a column of email addresses, at most 500 people."),
        required=False,
        allow_empty_file=True,
        max_length=200,
        widget=file_input(".csv,.txt,text/csv,text/plain", MAX_BYTES, TOO_LONG),
    )
    language = forms.ChoiceField(label=_("Language of the email"), choices=settings.LANGUAGES)

    def clean(self) -> dict[str, Any]:
        """Read either the field or the file."""
        values = super().clean() or {}
        if self.has_error("addresses") or self.has_error("file"):
            return values
        typed, upload = values.get("addresses", ""), values.get("file")
        if typed and upload:
            self.add_error("file", _("Enter addresses or choose a file, not both."))
            return values
        try:
            text = decoded(upload.read(MAX_BYTES + 1)) if upload else typed
            values["addresses"] = clean_addresses(text)
        except ValidationError as error:
            self.add_error("file" if upload else "addresses", error)
        return values
