"""Forms for personal details and the choice of sessions."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import slug_re
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.search import alphabetical_key
from core.timezones.zones import validate_readers_zone
from core.web.forms.base import BaseForm
from core.web.forms.fields import EmailAddressField, ReadersZoneSelect, ZoneField
from core.web.localized_fields import has_letters, no_control_characters, one_line, text_and_language
from labs.models import City, Lab, StakeholderGroup
from labs.viewer import Viewer
from registrations.availability import AvailableSessions, available_sessions, overlaps
from registrations.document_forms import AskedMixin
from registrations.mode_fields import mode_field, mode_name
from registrations.models import Registration, Seat
from registrations.registering import Details, RegistrationPlan
from sessions.models import Session

# The choice of a city that is not in the list, which shows the field for its name; no slug has a "*".
ANOTHER_CITY = "*"


@dataclass
class SessionOption:
    """One session of the list: `control` is the id of its check box, empty where there is none to tick.

    `mode` is the choice of how to attend a hybrid session, `why` the quota that has no room, where the person is known.
    """

    session: Session
    control: str
    checked: bool
    is_mine: bool
    overlaps: list[Session]
    mode: forms.BoundField | None = None
    why: str = ""

    @property
    def would_wait(self) -> bool:
        """Whether there is only the waiting list left, of the one way to attend."""
        return self.mode is None and self.session.is_full and self.session.waiting_list and not self.is_mine

    @property
    def next_position(self) -> int:
        """The next position in the waiting list."""
        return self.session.seats_waiting + 1


def can_be_taken(session: Session) -> bool:
    """Tell whether there is a free seat or a waiting list; decided finally when the seat is taken."""
    return session.waiting_list or not session.is_full


class SessionsMixin(BaseForm):
    """The list of sessions: available ones, and those of the person."""

    session = forms.MultipleChoiceField(
        label=_("Sessions"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one session."),
            "invalid_choice": _("A session you selected is no longer open. Check the list again."),
        },
    )
    overlaps_seen = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput)

    def list_sessions(
        self,
        sessions: Iterable[Session],
        mine: Iterable[Session] = (),
        kept_modes: Mapping[int, str] | None = None,
    ) -> None:
        """Offer these sessions, and those that the person has, by slug. `kept_modes` are those of his or her seats."""
        self.mine = {session.slug: session for session in mine}
        listed = {session.slug: session for session in sessions} | self.mine
        self.listed = dict(sorted(listed.items(), key=lambda pair: (pair[1].starts_at, pair[1].pk)))
        self.offered = {
            slug: session
            for slug, session in self.listed.items()
            if slug in self.mine or can_be_taken(session)
        }
        self.set_choices("session", [(slug, slug) for slug in self.offered])
        for slug, session in self.offered.items():
            if session.is_hybrid:
                kept = (kept_modes or {}).get(session.pk, "")
                self.fields[mode_name(slug)] = mode_field(session, slug in self.mine, kept)

    @property
    def chosen(self) -> list[Session]:
        """The selected sessions, without unknown ones."""
        value = self["session"].value() or []
        return [session for slug, session in self.offered.items() if slug in value]

    @property
    def picks(self) -> list[SessionOption]:
        """The rows of the list, each with those of the chosen sessions that take place at the same time."""
        chosen = self.chosen
        pairs = overlaps(chosen)
        rows = []
        controls = iter(range(len(self.offered)))
        for slug, session in self.listed.items():
            clashes = [one if other is session else other for one, other in pairs if session in (one, other)]
            control = f"{self['session'].auto_id}_{next(controls)}" if slug in self.offered else ""
            mode = self[mode_name(slug)] if control and session.is_hybrid else None
            rows.append(SessionOption(session, control, session in chosen, slug in self.mine, clashes, mode))
        return rows

    @property
    def modes(self) -> dict[str, str]:
        """How to attend each selected session, by slug, where that was chosen."""
        chosen = self.cleaned_data["session"]
        return {slug: mode for slug in chosen if (mode := self.cleaned_data.get(mode_name(slug), ""))}

    @property
    def overlaps_key(self) -> str:
        """The key of the current overlaps, sent back by the form to tell which were shown."""
        return " ".join(f"{one.pk}-{other.pk}" for one, other in overlaps(self.chosen))

    @property
    def has_new_overlaps(self) -> bool:
        """Whether there are overlaps that the form has not shown yet."""
        seen = set(self.data.get(self.add_prefix("overlaps_seen"), "").split())
        return not set(self.overlaps_key.split()) <= seen


class LineField(forms.CharField):
    """A line of text, which comes with single spaces and composed letters, and has letters or digits if any signs."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validators=[no_control_characters, one_line], **options)

    def clean(self, value: Any) -> str:
        text = unicodedata.normalize("NFC", " ".join(super().clean(value).split()))
        if text and not has_letters(text):
            raise ValidationError(_("Use letters."), code="no_letters")
        return text


class DetailsForm(BaseForm):
    """Personal details, with the cities and groups of `lab`, in the active language."""

    name = LineField(
        label=_("Name"),
        help_text=_(
            "Enter your name as it should appear on the certificate. You can use Latin, Greek, Cyrillic, "
            "Georgian, Armenian, Hebrew and Arabic letters."
        ),
        max_length=200,
        error_messages={"required": _("Enter your name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    city = forms.ChoiceField(label=_("City"), required=False)
    city_text = LineField(
        label=_("Another city"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    organisation = LineField(
        label=_("Organisation"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    group = forms.ChoiceField(
        label=_("Type of organisation"), error_messages={"required": _("Choose a type of organisation.")}
    )
    language = forms.ChoiceField(
        label=_("Language of emails and certificate"),
        choices=settings.LANGUAGES,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a language.")},
    )
    time_zone = ZoneField(
        label=_("Your time zone"),
        help_text=_("Emails and your registration page show times in this zone and in the lab’s zone"),
        check=validate_readers_zone,
        widget=ReadersZoneSelect,
    )

    def __init__(self, *args: Any, lab: Lab, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lab = lab
        self.cities: dict[str, City] = {}
        self.groups: dict[str, StakeholderGroup] = {}
        if self.is_bound:
            self._offer_what_was_chosen()
        else:
            self.offer_everything()

    def offer_everything(self) -> None:
        """Fetch all choices. A bound form has only the submitted ones until it is shown again."""
        programme = self.lab.programme
        self._offer(programme.cities.all(), programme.stakeholder_groups.all())
        if not self.cities:
            self.fields.pop("city", None)
            self.fields["city_text"].label = _("City")

    def _offer_what_was_chosen(self) -> None:
        programme = self.lab.programme
        city, group = (str(self.data.get(self.add_prefix(name), "")) for name in ("city", "group"))
        found, chosen = programme.get_choices(*(slug if is_slug(slug) else "" for slug in (city, group)))
        # Where none was chosen it matters whether there are any.
        groups = [chosen] if chosen else () if is_slug(group) else programme.stakeholder_groups.all()
        self._offer([found] if found else (), groups)

    def _offer(self, cities: Iterable[City], groups: Iterable[StakeholderGroup]) -> None:
        here = get_language() or "en"
        self.cities = {city.slug: city for city in cities}
        self.groups = {group.slug: group for group in groups}
        names = [(text_and_language(city.name, here, "en")[0], slug) for slug, city in self.cities.items()]
        names.sort(key=lambda pair: alphabetical_key(pair[0]))
        self.set_choices(
            "city",
            [
                ("", _("Choose your city…")),
                *((slug, name) for name, slug in names),
                (ANOTHER_CITY, _("Another city")),
            ],
        )
        if not self.groups and not self.data.get(self.add_prefix("group")):
            self.fields.pop("group", None)
            return
        self.set_choices(
            "group",
            [
                ("", _("Choose…")),
                *(
                    (slug, text_and_language(group.name, here, self.lab.programme.default_language)[0])
                    for slug, group in self.groups.items()
                ),
            ],
        )

    @property
    def details(self) -> Details:
        """The submitted details. A city of the list has priority over a typed one."""
        values = self.cleaned_data
        city = self.cities.get(values.get("city", ""))
        return Details(
            name=values["name"],
            language=values["language"],
            time_zone=values["time_zone"],
            city=city,
            city_text="" if city else values["city_text"],
            organisation=values["organisation"],
            stakeholder_group=self.groups.get(values.get("group", "")),
        )


def is_slug(value: str) -> bool:
    """Tell whether this is a well-formed slug, to avoid a query for others."""
    return bool(value) and len(value) <= 100 and slug_re.fullmatch(value) is not None


def details_initial(registration: Registration) -> dict[str, Any]:
    """Return the form's initial values for an existing registration."""
    return {
        "name": registration.name,
        "city": registration.city.slug
        if registration.city
        else ANOTHER_CITY
        if registration.city_text
        else "",
        "city_text": registration.city_text,
        "organisation": registration.organisation,
        "group": registration.stakeholder_group.slug if registration.stakeholder_group else "",
        "language": registration.language,
        "time_zone": registration.time_zone,
    }


class RegistrationForm(AskedMixin, SessionsMixin, DetailsForm):
    """The registration form of a lab for this viewer."""

    email = EmailAddressField(
        label=_("Email"),
        help_text=_("For the confirmation and the join links. Only the organisers can see it."),
        max_length=254,
        error_messages={
            "required": _("Enter your email address."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    consent = forms.BooleanField(
        label=_("Consent"),
        error_messages={
            "required": _("You need to give your consent to register. Tick the box to continue.")
        },
    )

    invitation = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    queue_number = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    # The mark of the text shown; the page writes the current one.
    consent_shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    field_order = (
        "session",
        "name",
        "email",
        "city",
        "city_text",
        "organisation",
        "group",
        "language",
        "time_zone",
        "photos",
        "consent",
    )

    def __init__(self, *args: object, lab: Lab, viewer: Viewer, **kwargs: object) -> None:
        self.viewer = viewer
        super().__init__(*args, lab=lab, **kwargs)
        self.ask(lab)

    def offer_everything(self) -> None:
        super().offer_everything()
        self._list(available_sessions(self.lab, self.viewer, timezone.now()))

    def _offer_what_was_chosen(self) -> None:
        super()._offer_what_was_chosen()
        slugs = [slug for slug in self["session"].data or () if is_slug(slug)]
        self._list(available_sessions(self.lab, self.viewer, timezone.now(), slugs=slugs))

    def _list(self, found: AvailableSessions) -> None:
        self.choosable = found
        self.list_sessions(found.sessions)

    @property
    def plan(self) -> RegistrationPlan:
        return RegistrationPlan(
            details=self.details,
            email=self.cleaned_data["email"],
            choice=self.choosable.choose(self.cleaned_data["session"], self.modes),
            consent=self.cleaned_data["consent"],
            consent_language=get_language() or "en",
            invitation=self.cleaned_data["invitation"],
            queue_number=self.cleaned_data["queue_number"],
            consent_shown=self.cleaned_data["consent_shown"],
            **self.asked,
        )


class SessionsForm(SessionsMixin):
    """The choice of sessions of an existing registration, which may be empty."""

    def __init__(
        self, *args: Any, lab: Lab, viewer: Viewer, mine: Iterable[Seat], takes_new: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["session"].required = False
        mine = list(mine)
        self.list_sessions(
            available_sessions(lab, viewer, timezone.now()).sessions if takes_new else (),
            [seat.session for seat in mine],
            {seat.session_id: seat.mode for seat in mine if seat.state == Seat.State.CONFIRMED},
        )

    @property
    def wishes(self) -> dict[int, str]:
        """The selected sessions by id, and how to attend each where that was chosen."""
        return {self.offered[slug].pk: self.modes.get(slug, "") for slug in self.cleaned_data["session"]}
