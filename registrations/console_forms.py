"""The console's forms about people. What a list is narrowed to comes by GET: a value that is not offered is told and
left out, the rest still counts."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.search import alphabetical_key
from core.web.edit_conflicts import Difference
from core.web.forms.base import BaseForm
from core.web.forms.editing import EditForm
from core.web.forms.fields import EmailAddressField
from core.web.forms.searching import FilterForm, SearchField
from core.web.localized_fields import text_and_language
from labs.models import City, Lab, StakeholderGroup
from registrations.door import is_too_short
from registrations.forms import DetailsForm, details_initial
from registrations.models import Registration, Seat
from registrations.models.rules import rules_of
from registrations.photos import PHOTOS_IN_WORDS
from registrations.search import Search
from registrations.tags import tags_of
from sessions.models import Session
from sessions.models.seating import Mode

ELSEWHERE = "-"
ANY = ("", _("Any"))
NOT_OFFERED = {"invalid_choice": _("This value is not in the list and was ignored.")}


class PeopleSearchForm(FilterForm):
    """What the list of people is narrowed to, and its order. Sessions, cities and groups are named by their slugs."""

    q = SearchField(_("Name, email or organisation"))
    session = forms.ChoiceField(label=_("Session"), required=False)
    seat = forms.ChoiceField(label=_("Seat"), required=False, choices=[ANY, *Seat.State.choices])
    mode = forms.ChoiceField(label=_("How they take part"), required=False, choices=[ANY, *Mode.choices])
    state = forms.ChoiceField(
        label=_("Registration"), required=False, choices=[ANY, *Registration.State.choices]
    )
    city = forms.ChoiceField(label=_("City"), required=False)
    group = forms.ChoiceField(label=_("Type of organisation"), required=False)
    language = forms.ChoiceField(
        label=_("Email language"), required=False, choices=[ANY, *settings.LANGUAGES]
    )
    tag = forms.ChoiceField(label=_("Tag"), required=False)
    photos = forms.ChoiceField(
        label=_("Photos and recordings"), required=False, choices=[ANY, *PHOTOS_IN_WORDS]
    )
    sort = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[
            ("", _("Newest first")),
            ("registered", _("Oldest first")),
            ("confirmed", _("By confirmation (waiting list order)")),
            ("name", _("Name, A–Z")),
            ("-name", _("Name, Z–A")),
        ],
    )

    FURTHER = ("mode", "city", "group", "language", "tag", "photos", "sort")

    def __init__(self, *args: Any, lab: Lab, sessions: list[Session], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField):
                field.error_messages.update(NOT_OFFERED)
        if not rules_of(lab).asks_photos:
            del self.fields["photos"]
        if len({mode for session in sessions for mode in session.modes}) < 2:
            del self.fields["mode"]
        here = get_language() or "en"
        self.sessions = {session.slug: session for session in sessions}
        self.cities = {city.slug: city for city in lab.programme.cities.all()}
        self.groups = {group.slug: group for group in lab.programme.stakeholder_groups.all()}

        self.tags = {tag.name: tag for tag in tags_of(lab)}

        def words(text: object, fallback: str = lab.default_language) -> str:
            return text_and_language(text, here, fallback)[0]

        cities = [(words(city.name, "en"), slug) for slug, city in self.cities.items()]
        cities.sort(key=lambda pair: alphabetical_key(pair[0]))
        offered: dict[str, list[tuple[str, object]]] = {
            "session": [(slug, words(session.title)) for slug, session in self.sessions.items()],
            "city": [
                *((slug, name) for name, slug in cities),
                (ELSEWHERE, _("Not from a city of the programme")),
            ],
            "group": [(slug, words(group.name)) for slug, group in self.groups.items()],
            "tag": [(name, name) for name in self.tags],
        }
        for name, choices in offered.items():
            self.set_choices(name, [ANY, *choices])

    @property
    def narrowed_to(self) -> Session | None:
        """The session that the list is narrowed to."""
        self.is_valid()
        return self.sessions.get(self.cleaned_data.get("session", ""))

    @property
    def search(self) -> Search:
        """What could be understood."""
        self.is_valid()
        values = self.cleaned_data
        city = self.cities.get(values.get("city", ""))
        group = self.groups.get(values.get("group", ""))
        tag = self.tags.get(values.get("tag", ""))
        return Search(
            text=values.get("q", "").strip(),
            state=values.get("state", ""),
            session_id=self.narrowed_to.pk if self.narrowed_to else None,
            seat=values.get("seat", ""),
            mode=values.get("mode", ""),
            city_id=city.pk if city else None,
            elsewhere=values.get("city") == ELSEWHERE,
            group_id=group.pk if group else None,
            language=values.get("language", ""),
            tag_id=tag.pk if tag else None,
            photos=values.get("photos", ""),
            order=values.get("sort", "") or "-registered",
        )

    @property
    def uses_further(self) -> bool:
        """Whether one of those is in use that the page keeps folded."""
        self.is_valid()
        return any(self.cleaned_data.get(name) or self.errors.get(name) for name in self.FURTHER)


class PersonForm(EditForm, DetailsForm):
    """What an organiser may correct. Words are about the person, not to him or her."""

    def __init__(self, *args: object, person: Registration, **kwargs: object) -> None:
        initial = details_initial(person)
        super().__init__(*args, lab=person.lab, version=person.version, initial=initial, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"
        self.fields["time_zone"].label = _("Time zone")
        self.fields["time_zone"].help_text = _("Emails show times in this zone and in the lab’s zone")
        self.fields["language"].label = _("Language of emails and of the certificate")

    def differences(self) -> list[Difference]:
        # What is stored is to have its name too, not only what was chosen.
        self.offer_everything()
        return super().differences()

    def _offer(self, cities: Iterable[City], groups: Iterable[StakeholderGroup]) -> None:
        super()._offer(cities, groups)
        if "group" in self.fields:
            group = self.fields["group"]
            group.label, group.required = _("Type of organisation"), False
            known = [(slug, words) for slug, words in group.choices if slug]  # type: ignore[attr-defined]
            group.choices = [("", _("Not specified")), *known]  # type: ignore[attr-defined]


class AddressForm(EditForm):
    """The right email address of a person. Each correction of it raises the version of the private links."""

    email = EmailAddressField(
        label=_("Email"),
        max_length=254,
        error_messages={
            "required": _("Enter an email address."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: object, person: Registration, **kwargs: object) -> None:
        super().__init__(*args, version=person.link_version, initial={"email": person.email}, **kwargs)


class PhotosForm(EditForm):
    """What a person said about photos, as an organiser records it; the form carries the choice that it showed."""

    photos = forms.ChoiceField(
        label=_("Photos and recordings"),
        choices=[("", _("The person has not said anything")), *PHOTOS_IN_WORDS],
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose from the list.")},
    )

    def __init__(self, *args: object, person: Registration, **kwargs: object) -> None:
        shown = ["", *Registration.Photos.values].index(person.photos)
        super().__init__(*args, version=shown, initial={"photos": person.photos}, **kwargs)


class SeatForm(BaseForm):
    """A session in which a person is to get a seat: those that are not over and not cancelled."""

    session = forms.ChoiceField(
        label=_("Add to session"),
        error_messages={
            "required": _("Choose a session."),
            "invalid_choice": _("Seats cannot be added in this session. Choose another from the list."),
        },
    )

    def __init__(self, *args: Any, lab: Lab, sessions: list[Session], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = get_language() or "en"
        self.sessions = {session.slug: session for session in sessions}
        self.set_choices(
            "session",
            [
                ("", _("Choose…")),
                *(
                    (slug, text_and_language(session.title, here, lab.default_language)[0])
                    for slug, session in self.sessions.items()
                ),
            ],
        )

    @property
    def chosen(self) -> Session:
        return self.sessions[self.cleaned_data["session"]]


class DoorSearchForm(BaseForm):
    """A name at the door."""

    q = SearchField(_("Name"))

    def clean_q(self) -> str:
        text: str = self.cleaned_data["q"]
        if text and is_too_short(text):
            raise forms.ValidationError(_("Enter at least two letters of the name."))
        return text

    @property
    def text(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("q", ""))
