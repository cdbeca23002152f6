"""Create, change and delete profiles of speakers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from itertools import groupby
from operator import attrgetter

from django.db import transaction
from django.utils.translation import gettext

from core.web.errors import RuleViolation
from core.web.localized_fields import languages_of
from core.web.slugs import unique_slug
from labs.lab_editing import Findings, apply_plan
from labs.models import City, Lab, Programme
from labs.revisions import lock_row, touch
from sessions.models import Session, Speaker

Texts = Mapping[str, str]


@dataclass(frozen=True)
class SpeakerPlan:
    """The fields of a speaker. `languages` are codes of `sessions.languages`."""

    name: Texts
    affiliation: Texts = field(default_factory=dict)
    biography: Texts = field(default_factory=dict)
    city: City | None = None
    website: str = ""
    languages: tuple[str, ...] = ()


COLUMNS = tuple(column.name for column in fields(SpeakerPlan))


@transaction.atomic
def create_speaker(programme: Programme, plan: SpeakerPlan) -> Speaker:
    """Create a profile, its slug from the name. Raises RuleViolation."""
    # Locked, so that two concurrent profiles do not get the same slug.
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    speaker = Speaker(programme=programme)
    apply_plan(speaker, plan, COLUMNS)
    _check(speaker, plan)
    taken = set(programme.speakers.values_list("slug", flat=True))
    speaker.slug = unique_slug(languages_of(dict(plan.name)), taken, limit=80, otherwise="speaker")
    speaker.save()
    return speaker


def lock_speaker(speaker: Speaker) -> Speaker:
    """Lock and refresh the speaker, after the programme, which gets no lab meanwhile. Raises DeletedMeanwhile."""
    Programme.objects.select_for_update(no_key=True).filter(pk=speaker.programme_id).first()
    return lock_row(speaker)


@transaction.atomic
def change_speaker(speaker: Speaker, plan: SpeakerPlan) -> Speaker:
    """Apply the plan to the profile, and touch the labs in which the speaker appears. Raises RuleViolation."""
    lock_speaker(speaker)
    if not apply_plan(speaker, plan, COLUMNS):
        return speaker
    _check(speaker, plan)
    speaker.save()
    touch_labs_of([speaker])
    return speaker


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


def _check(speaker: Speaker, plan: SpeakerPlan) -> None:
    findings = Findings()
    findings.check_columns(speaker, [name for name in COLUMNS if name != "city"])
    if plan.city and not speaker.programme.cities.filter(pk=plan.city.pk).exists():
        findings.add("city", gettext("Choose a city of this programme."))
    findings.raise_errors()
