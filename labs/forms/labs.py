"""A lab, as organisers fill it in."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.timezones.zones import validate_zone
from core.web.edit_conflicts import Difference
from core.web.forms.base import LanguagesMixin
from core.web.forms.editing import NOTHING, PlanForm
from core.web.forms.fields import DayField, EmailAddressField, HourField, NumberField, TextsField, ZoneField
from core.web.forms.sections import Section
from core.web.forms.wall_clock import WallClockMixin, fold_field, moment_initial
from core.web.localized_fields import MAX_TEXT_LENGTH
from core.web.palette import DEFAULT_COLOURS
from labs import theme
from labs.forms.pictures import CHOOSE_AGAIN, PictureField
from labs.lab_editing import MAX_RETENTION_DAYS, MAX_SESSIONS, MAX_SLUG_LENGTH, LabPlan
from labs.models import Lab, Programme


@dataclass(frozen=True)
class ColourPreview:
    """A picked colour and what pages use instead of it: grounds with white letters, light and dark."""

    picked: str
    light: str
    dark: str
    moved: bool
    to_house: bool


def colour_preview(colour: str) -> ColourPreview | None:
    """Return what becomes of a colour as typed; None for no colour, or for what is none."""
    try:
        picked = theme.clean_colour(colour)
    except ValueError:
        return None
    values = theme.theme_values(picked)
    return ColourPreview(
        picked, values["lab"], values["lab_dark"], theme.is_adjusted(picked), values == DEFAULT_COLOURS
    )


PICTURES = ("logo", "signature")


# What stands in templates/sessions/console/lab_form.html, whose fieldsets have these ids.
SECTIONS = (
    Section("details", pgettext_lazy("lab", "Details"), ("title", "theme", "description", "slug")),
    Section("when", _("When"), ("starts_on", "ends_on", "time_zone")),
    Section("where", _("Where"), ("format", "venue", "contact_email")),
    Section("languages", _("Languages"), ("languages", "default_language")),
    Section(
        "registration",
        _("Registration"),
        (
            "opens_date", "opens_time", "opens_fold", "closes_date", "closes_time", "closes_fold",
            "consent", "retention_days",
        ),
    ),
    Section(
        "certificates",
        _("Certificates"),
        ("certificate_min_sessions", "signatory_name", "signatory_function", "signature", "remove_signature"),
    ),
    Section("look", _("Colour and logo"), ("colour", "logo", "remove_logo", "logo_alt")),
)  # fmt: skip


class LabForm(PlanForm[LabPlan], WallClockMixin, LanguagesMixin):
    plan_type = LabPlan
    renamed = {"registration_opens_at": "opens_time", "registration_closes_at": "closes_time"}

    title = TextsField(label=_("Title"))
    theme = TextsField(label=_("Theme"), help_text=_("One line under the title."), required=False)
    description = TextsField(
        label=_("Description"),
        help_text=_("You can use Markdown: **bold**, lists and links."),
        limit=MAX_TEXT_LENGTH,
        rows=5,
        required=False,
    )
    slug = forms.CharField(
        label=_("Address"),
        help_text=_(
            "The last part of the lab’s web address. If left empty, it is created from the title. You "
            "can change it until the lab is first published."
        ),
        required=False,
        max_length=MAX_SLUG_LENGTH,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    starts_on = DayField(label=_("First day"))
    ends_on = DayField(label=_("Last day"))
    time_zone = ZoneField(label=_("Time zone"))
    format = forms.ChoiceField(label=_("Format"), choices=Lab.Format.choices, widget=forms.RadioSelect)
    venue = TextsField(label=_("Venue"), help_text=_("Where participants meet in person."), required=False)
    contact_email = EmailAddressField(
        label=_("Organisers’ email"),
        help_text=_(
            "Shown on the lab’s pages. Replies to our emails go to this address. If empty, the programme’s contact "
            "email is used."
        ),
        required=False,
        max_length=254,
    )
    opens_date = DayField(label=_("Registration opens on"), required=False)
    opens_time = HourField(label=_("Opening time"), required=False)
    opens_fold = fold_field(_("Which opening time? (clocks go back)"))
    closes_date = DayField(label=_("Registration closes on"), required=False)
    closes_time = HourField(label=_("Closing time"), required=False)
    closes_fold = fold_field(_("Which closing time? (clocks go back)"))
    consent = TextsField(
        label=_("What participants agree to"),
        help_text=_(
            "If left empty, it says that the organisers keep the answers until the date set by the field "
            "below."
        ),
        limit=2000,
        rows=3,
        required=False,
    )
    retention_days = NumberField(
        label=_("Days to keep answers after the lab"),
        help_text=_(
            "Personal data are then deleted. A change to this number or to the last day applies to "
            "everyone registered."
        ),
        max_value=MAX_RETENTION_DAYS,
    )
    certificate_min_sessions = NumberField(
        label=_("Sessions required for a certificate"), min_value=1, max_value=MAX_SESSIONS
    )
    signatory_name = forms.CharField(
        label=_("Who signs the certificates"),
        help_text=_(
            "A name, such as that of the head of the organising unit. If left empty, certificates name only "
            "the organising institution."
        ),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    signatory_function = TextsField(
        label=_("Function"), help_text=_("Printed under the name."), required=False
    )
    signature = PictureField(
        label=_("Signature"),
        help_text=_(
            "SVG or PNG, at most 512 kB, with a transparent or white background. It is printed above the name, at "
            "most 60 by 12 mm. Without it, certificates have a line to sign by hand. Certificates already issued "
            "do not change."
        ),
        required=False,
    )
    remove_signature = forms.BooleanField(label=_("Remove the signature"), required=False)
    colour = forms.CharField(
        label=_("Colour"),
        help_text=_("Six digits and letters, like #00564e. If left empty, the service’s own colour is used."),
        required=False,
        validators=[MaxLengthValidator(20)],
        widget=forms.TextInput(attrs={"class": "input-short", "autocomplete": "off", "spellcheck": "false"}),
    )
    logo = PictureField(
        label=_("Logo"),
        help_text=_(
            "SVG or PNG, at most 512 kB. It is shown on a white background, at most 240 by 64 pixels."
        ),
        required=False,
    )
    remove_logo = forms.BooleanField(label=_("Remove the logo"), required=False)
    logo_alt = TextsField(
        label=_("Alternative text"), help_text=_("For people who cannot see the logo."), required=False
    )

    def __init__(self, *args: object, programme: Programme, lab: Lab | None = None, **kwargs: object) -> None:
        self.lab = lab
        initial = _lab_initial(lab) if lab else _new_lab_initial(programme)
        super().__init__(*args, locales=(lab or programme).languages, row=lab, initial=initial, **kwargs)
        if lab is not None and lab.public_revised_at is not None:
            del self.fields["slug"]
        for picture in PICTURES:
            if lab is None or not getattr(lab, picture):
                del self.fields[f"remove_{picture}"]
        zone = self._zone()
        self.opens_twice = self.name_folds("opens", zone)
        self.closes_twice = self.name_folds("closes", zone)

    def _zone(self) -> str:
        """The zone that the form says, so that hours are read in it before it is saved."""
        said = str(self["time_zone"].value() or "")
        try:
            validate_zone(said)
        except forms.ValidationError:
            return "UTC"
        return said

    # Grounds on which white text has the contrast that pages need: they are used as they are.
    COLOURS = (
        ("#00564e", _("Petrol")),
        ("#0b4f6c", _("Sea blue")),
        ("#1a4a94", _("Blue")),
        ("#3f3d9c", _("Indigo")),
        ("#6b2c7f", _("Purple")),
        ("#8a1c5b", _("Raspberry")),
        ("#8c2f16", _("Brick")),
        ("#29571a", _("Green")),
    )

    @property
    def colour_preview(self) -> ColourPreview | None:
        return colour_preview(str(self["colour"].value() or ""))

    @property
    def left_out(self) -> set[str]:
        # A reading that nobody was asked about means nothing; the pictures have words of their own.
        asked = {"opens_fold": self.opens_twice, "closes_fold": self.closes_twice}
        pictures = {f"remove_{picture}" for picture in PICTURES}
        return pictures | {name for name, is_asked in asked.items() if not is_asked}

    def differences(self) -> list[Difference]:
        found = super().differences()
        for name, data in self.pictures.items():
            if self.lab:
                stored = gettext("Set") if getattr(self.lab, name) else NOTHING
                typed = NOTHING if data is None else str(CHOOSE_AGAIN)
                found.append(Difference(str(self.fields[name].label), stored, typed))
        return found

    def clean_colour(self) -> str:
        # As it is stored, so that the same colour is the same; what is none, the verb refuses in words.
        typed = str(self.cleaned_data["colour"])
        try:
            return theme.clean_colour(typed)
        except ValueError:
            return typed

    def clean(self) -> dict[str, object]:
        values = super().clean()
        zone = values.get("time_zone")
        if zone:
            lab = self.lab
            self.opens_at = self.moment("opens", zone, lab.registration_opens_at if lab else None)
            self.closes_at = self.moment("closes", zone, lab.registration_closes_at if lab else None)
        # What becomes of the pictures: the bytes of a new one, None for one to remove.
        self.pictures: dict[str, bytes | None] = {}
        for name in PICTURES:
            if (content := values.get(name)) is not None:
                self.pictures[name] = content
            elif values.get(f"remove_{name}"):
                self.pictures[name] = None
        if values.get("logo") is not None and not values.get("logo_alt"):
            self.add_error("logo_alt", gettext("Describe the logo for people who cannot see it."))
        return values

    @property
    def plan(self) -> LabPlan:
        given: dict[str, object] = {"slug": ""} if "slug" not in self.fields else {}
        return self.as_plan(
            languages=tuple(self.cleaned_data["languages"]),
            registration_opens_at=self.opens_at,
            registration_closes_at=self.closes_at,
            **given,
        )


def _lab_initial(lab: Lab) -> dict[str, object]:
    return {
        "default_language": lab.default_language,
        **moment_initial("opens", lab.registration_opens_at, lab.time_zone),
        **moment_initial("closes", lab.registration_closes_at, lab.time_zone),
    }


def _new_lab_initial(programme: Programme) -> dict[str, object]:
    latest = programme.labs.order_by("-starts_on").first()
    return {
        "languages": programme.languages,
        "default_language": programme.default_language,
        "time_zone": latest.time_zone if latest else "Europe/Brussels",
        "format": Lab.Format.ONLINE,
        "contact_email": latest.contact_email if latest else "",
        "retention_days": 365,
        "certificate_min_sessions": 1,
    }
