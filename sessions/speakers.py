"""Create, change and delete profiles of speakers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from core.web.errors import RuleViolation
from core.web.localized_fields import languages_of
from core.web.slugs import unique_slug
from labs.lab_editing import Findings, apply_plan
from labs.models import City, Lab, Programme
from labs.revisions import lock_row, touch
from sessions.models import Session, Speaker
from sessions.models.speaker_contacts import CONTACT_COLUMNS
from sessions.speaker_contacts import contact_changed
from sessions.speaker_photos import read_photo, set_photo

Texts = Mapping[str, str]


@dataclass(frozen=True)
class SpeakerPlan:
    """The fields of a speaker except the photo. `languages` are codes of `sessions.languages`.

    `photo_alt` says what the photo shows, for those who cannot see it; without it that is the speaker's name. `email`
    and `language` are for organisers alone.
    """

    name: Texts
    affiliation: Texts = field(default_factory=dict)
    biography: Texts = field(default_factory=dict)
    city: City | None = None
    website: str = ""
    languages: tuple[str, ...] = ()
    photo_alt: Texts = field(default_factory=dict)
    email: str = ""
    language: str = ""


COLUMNS = tuple(column.name for column in fields(SpeakerPlan))
SHOWN_COLUMNS = tuple(name for name in COLUMNS if name not in CONTACT_COLUMNS)


def plan_of(speaker: Speaker) -> SpeakerPlan:
    """Return the current plan of a speaker. Needs the city."""
    columns: dict[str, Any] = {name: getattr(speaker, name) for name in COLUMNS}
    texts = ("name", "affiliation", "biography", "photo_alt")
    columns |= {name: languages_of(columns[name]) for name in texts}
    return SpeakerPlan(**columns | {"languages": tuple(columns["languages"])})


@transaction.atomic
def create_speaker(programme: Programme, plan: SpeakerPlan, photo: bytes | None = None) -> Speaker:
    """Create a profile, its slug from the name. Raises RuleViolation."""
    # Locked, so that two concurrent profiles do not get the same slug.
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    speaker = Speaker(programme=programme)
    apply_plan(speaker, plan, COLUMNS)
    _check(speaker, plan)
    if speaker.email:
        speaker.contact_since = timezone.now()
    if photo is not None:
        set_photo(speaker, read_photo(photo))
    taken = set(programme.speakers.values_list("slug", flat=True))
    speaker.slug = unique_slug(languages_of(dict(plan.name)), taken, limit=80, otherwise="speaker")
    speaker.save()
    return speaker


def lock_speaker(speaker: Speaker) -> Speaker:
    """Lock and refresh the speaker, after the programme, which gets no lab meanwhile. Raises DeletedMeanwhile."""
    Programme.objects.select_for_update(no_key=True).filter(pk=speaker.programme_id).first()
    return lock_row(speaker)


@transaction.atomic
def change_speaker(
    speaker: Speaker, plan: SpeakerPlan, photo: bytes | None = None, *, without_photo: bool = False
) -> Speaker:
    """Apply the plan to the profile, and the uploaded photo if there is one, or take the photo away.

    Touches the labs in which the speaker appears if others see the change. Another email address ends the private
    link that was sent to the earlier one, and deletes the emails to it. Raises RuleViolation.
    """
    lock_speaker(speaker)
    was, was_from = speaker.email, speaker.city_id
    shown = apply_plan(speaker, plan, SHOWN_COLUMNS)
    private = apply_plan(speaker, plan, CONTACT_COLUMNS)
    _check(speaker, plan, was_from)
    if photo is not None:
        set_photo(speaker, read_photo(photo))
        shown = True
    elif without_photo and speaker.photo:
        set_photo(speaker, None)
        shown = True
    if not shown and not private:
        return speaker
    if speaker.email != was:
        contact_changed(speaker, timezone.now())
    speaker.save()
    if shown:
        touch_labs_of([speaker])
    return speaker


@transaction.atomic
def agree(speaker: Speaker, text: str, language: str, now: datetime) -> None:
    """Keep the text to which the speaker agreed, in which language and when."""
    Speaker.objects.filter(pk=speaker.pk).update(consent=text, consent_language=language, consent_at=now)
    speaker.consent, speaker.consent_language, speaker.consent_at = text, language, now


def touch_labs_of(speakers: Collection[Speaker]) -> None:
    """Touch the labs that show these speakers, publicly if in public sessions.

    Locks all labs of their programmes first: in any, somebody may be letting one of them appear.
    """
    labs = Lab.objects.select_for_update(no_key=True).filter(
        programme__in={one.programme_id for one in speakers}
    )
    list(labs.order_by("pk").values_list("pk"))
    sessions = Session.objects.filter(appearances__speaker__in=speakers).order_by("lab", "pk").distinct()
    for lab_id, found in groupby(sessions.only("lab", "visibility"), key=attrgetter("lab_id")):
        shown = list(found)
        public = any(session.is_public for session in shown)
        touch(lab_id, public=public, sessions=[session.pk for session in shown])


def other_labs(speaker: Speaker, lab: Lab) -> list[Lab]:
    """Return the labs besides `lab` with sessions of the speaker, latest first."""
    return list(
        Lab.objects.filter(sessions__appearances__speaker=speaker)
        .exclude(pk=lab.pk)
        .distinct()
        .order_by("-starts_on", "slug")
    )


@transaction.atomic
def delete_speaker(speaker: Speaker) -> None:
    """Delete a profile without appearances. Raises RuleViolation."""
    # Locks the key as well, so that no appearance can be added.
    Speaker.objects.select_for_update(of=("self",)).filter(pk=speaker.pk).first()
    if speaker.appearances.exists():
        raise RuleViolation(
            "in_use", gettext("This speaker appears in sessions. Remove the speaker from them first.")
        )
    speaker.delete()


def _check(speaker: Speaker, plan: SpeakerPlan, kept_city: int | None = None) -> None:
    """Raise InvalidFields for what is wrong. A city that left the programme since, `kept_city`, may stay."""
    findings = Findings()
    findings.check_columns(speaker, [name for name in COLUMNS if name != "city"])
    if (
        plan.city
        and plan.city.pk != kept_city
        and not speaker.programme.cities.filter(pk=plan.city.pk).exists()
    ):
        findings.add("city", gettext("Choose a city of this programme."))
    findings.raise_errors()
