"""A speaker's profile, as organisers and the speaker fill it in. Planned and checked by `sessions.speakers`."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.web.edit_conflicts import Difference
from core.web.forms.editing import PlanForm
from core.web.forms.fields import CityField, EmailAddressField, TextsField, WebAddressField
from core.web.forms.files import file_input
from core.web.localized_fields import MAX_TEXT_LENGTH
from labs.forms.pictures import CHOOSE_AGAIN
from labs.models import City, Programme
from sessions.forms.choices import named
from sessions.forms.languages import LanguagesField, in_stored_order
from sessions.languages import language_names
from sessions.models import Speaker
from sessions.speaker_photos import MAX_BYTES, TOO_LARGE
from sessions.speakers import SpeakerPlan, plan_of


class PhotoField(forms.FileField):
    """A photo; its clean value is the content, of a large file as much as refuses it, None without a file."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            allow_empty_file=True,
            max_length=200,
            required=False,
            widget=file_input(".jpg,.jpeg,.png,.webp,image/jpeg,image/png,image/webp", MAX_BYTES, TOO_LARGE),
            **options,
        )

    def clean(self, data: Any, initial: Any = None) -> bytes | None:
        upload = super().clean(data, initial)
        return upload.read(MAX_BYTES + 1) if upload else None


class ProfileForm(PlanForm[SpeakerPlan]):
    """What both organisers and the speaker write."""

    plan_type = SpeakerPlan

    photo = PhotoField(
        label=_("Photo"),
        help_text=_(
            "JPEG, PNG or WebP, at most 9 MB. It is cut to a square; data such as the place are removed."
        ),
    )
    without_photo = forms.BooleanField(label=_("Remove the photo"), required=False)
    photo_alt = TextsField(
        label=_("Alternative text of the photo"),
        help_text=_("What the photo shows, for people who cannot see it. If left empty, the name is used."),
        required=False,
    )
    affiliation = TextsField(label=_("Affiliation"), help_text=_("Shown under the name."), required=False)
    biography = TextsField(label=_("Biography"), limit=MAX_TEXT_LENGTH, rows=4, required=False)
    website = WebAddressField(label=_("Website"), max_length=300)
    languages = LanguagesField(label=_("Speaks"), help_text=_("Languages in which the speaker can appear."))

    def __init__(self, *args: object, programme: Programme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = cast("Speaker | None", kwargs.get("row"))
        cast("LanguagesField", self.fields["languages"]).offer_first(programme.languages)
        if self.row is None or not self.row.photo:
            del self.fields["without_photo"]

    @property
    def spoken(self) -> str:
        """The names of the languages that are ticked."""
        return language_names(self["languages"].value() or ())

    @property
    def photo_bytes(self) -> bytes | None:
        content: bytes | None = self.cleaned_data["photo"]
        return content

    @property
    def takes_photo_away(self) -> bool:
        return bool(self.cleaned_data.get("without_photo"))

    def differences(self) -> list[Difference]:
        found = super().differences()
        if self.photo_bytes is not None:
            found.append(Difference(gettext("Photo"), gettext("Set"), str(CHOOSE_AGAIN)))
        return found

    @property
    def plan(self) -> SpeakerPlan:
        stored = self.row.languages if self.row else ()
        languages = in_stored_order(stored, self.cleaned_data["languages"])
        kept = vars(plan_of(self.row)) if self.row else {}
        # What this form does not ask stays.
        unasked = {name: value for name, value in kept.items() if name not in self.fields}
        return self.as_plan(**{**unasked, "languages": languages})


class SpeakerForm(ProfileForm):
    """A speaker's profile in the console, with what only organisers see."""

    name = TextsField(label=_("Name"))
    city = CityField(
        label=_("City"),
        queryset=City.objects.none(),
        required=False,
        empty_label=_("None"),
        error_messages={"invalid_choice": _("Choose a city of this programme.")},
    )
    email = EmailAddressField(
        label=_("Email"),
        help_text=_(
            "For the private link. Only organisers see it; it is deleted after the speaker’s last lab."
        ),
        required=False,
    )
    language = forms.ChoiceField(
        label=_("Email language"),
        choices=[("", _("That of the lab")), *settings.LANGUAGES],
        required=False,
    )

    def __init__(self, *args: object, programme: Programme, **kwargs: Any) -> None:
        super().__init__(*args, programme=programme, **kwargs)
        self.set_queryset("city", programme.cities.all(), lambda city: named(city.name, programme))


class OwnProfileForm(ProfileForm):
    """A speaker's profile, as the speaker fills it in by the private link."""

    consent = forms.BooleanField(
        label=_("I agree"),
        error_messages={"required": _("Tick the box if you agree, so that we may show it.")},
    )

    def __init__(self, *args: object, programme: Programme, **kwargs: Any) -> None:
        super().__init__(*args, programme=programme, **kwargs)
        if self.row is not None and self.row.consent_at is not None:
            del self.fields["consent"]
