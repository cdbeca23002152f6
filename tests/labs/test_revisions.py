"""A lab's revision dates: they move with every change of the lab, its parts or what it stands in, and nothing else.

Calendars, pictures and pages that are kept are kept for one public revision.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from core.web.localized_fields import languages_of
from labs.cities import CityPlan, change_city
from labs.lab_editing import LAB_COLUMNS, LabPlan, change_lab, publish_lab, unpublish_lab
from labs.lab_parts import (
    NamedPlan,
    RoomPlan,
    change_room,
    create_room,
    delete_room,
    set_days,
    set_groups,
    set_tracks,
)
from labs.models import Lab
from labs.programmes import ProgrammePlan, change_programme
from labs.revisions import touch, touch_all
from tests import factories as f

pytestmark = pytest.mark.django_db

LONG_AGO = timezone.now() - timedelta(days=3)
A_ROOM = RoomPlan(name={"en": "Hall"})


def plan_of(lab: Lab) -> LabPlan:
    texts = ("title", "theme", "description", "venue", "consent", "logo_alt", "signatory_function")
    columns = {name: getattr(lab, name) for name in LAB_COLUMNS}
    columns |= {name: languages_of(columns[name]) for name in texts}
    return LabPlan(**columns | {"languages": tuple(lab.languages)}, slug=lab.slug)


def named(lab: Lab) -> list[NamedPlan]:
    return [NamedPlan({"en": "A new name"}, row.pk) for row in lab.tracks.all()]


def change_of_programme(lab: Lab) -> None:
    programme = lab.programme
    plan = ProgrammePlan(
        name={"en": "Another name"},
        organiser=languages_of(programme.organiser),
        languages=tuple(programme.languages),
        visibility=programme.visibility,
        cities=tuple(programme.cities.all()),
    )
    change_programme(programme, plan)


def change_of_city(lab: Lab) -> None:
    city = lab.programme.cities.get()
    plan = CityPlan(name={"en": "Another name"}, country="BG", time_zone="Europe/Sofia")
    change_city(city, plan, f.UserFactory(is_superuser=True))


# What changes a lab, and whether visitors see it.
CHANGES: dict[str, tuple[Callable[[Lab], object], bool]] = {
    "its title": (lambda lab: change_lab(lab, replace(plan_of(lab), title={"en": "Another title"})), True),
    "its consent": (lambda lab: change_lab(lab, replace(plan_of(lab), consent={"en": "Other words"})), True),
    "withdrawn": (unpublish_lab, True),
    "a heading": (lambda lab: set_days(lab, {lab.starts_on: {"en": "A heading"}}), True),
    "a heading of a day without sessions": (
        lambda lab: set_days(lab, {lab.ends_on: {"en": "A heading"}}),
        False,
    ),
    "a heading taken away": (lambda lab: set_days(lab, {lab.starts_on + timedelta(days=1): {}}), False),
    "a track's name": (lambda lab: set_tracks(lab, named(lab)), True),
    "a new track": (lambda lab: set_tracks(lab, [NamedPlan({"en": "New"})]), False),
    "a new room": (lambda lab: create_room(lab, A_ROOM), False),
    "a room": (lambda lab: change_room(lab.rooms.get(), A_ROOM), False),
    "a room less": (lambda lab: delete_room(lab.rooms.get()), False),
    "the programme": (change_of_programme, True),
    "a group": (lambda lab: set_groups(lab.programme, [NamedPlan({"en": "Students"})]), True),
    "a city": (change_of_city, True),
}


@pytest.fixture
def lab() -> Lab:
    """A public lab that has not changed for days, with a part of each kind."""
    lab: Lab = f.LabFactory()
    lab.programme.cities.add(f.CityFactory())
    f.SessionFactory(lab=lab, track=f.TrackFactory(lab=lab))
    f.RoomFactory(lab=lab)
    f.LabDayFactory(lab=lab, on=lab.starts_on + timedelta(days=1))
    f.LabFactory()
    Lab.objects.update(revised_at=LONG_AGO, public_revised_at=LONG_AGO)
    lab.refresh_from_db()
    return lab


@pytest.mark.parametrize("name", CHANGES)
def test_it_moves_with_every_change_and_the_public_one_with_what_visitors_see(lab: Lab, name: str) -> None:
    change, is_public = CHANGES[name]
    before = lab.public_revision
    change(lab)
    lab = Lab.objects.get(pk=lab.pk)
    assert lab.revised_at > LONG_AGO
    assert (lab.public_revised_at > LONG_AGO) is (lab.public_revision > before) is is_public
    # No other lab's does.
    other = Lab.objects.exclude(pk=lab.pk).get()
    assert (other.public_revision, other.revised_at) == (0, LONG_AGO)


def test_saving_what_is_so_already_changes_nothing(lab: Lab) -> None:
    change_lab(lab, plan_of(lab))
    publish_lab(lab)
    set_days(lab, {lab.starts_on: {}})
    set_tracks(lab, [NamedPlan(languages_of(row.name), row.pk) for row in lab.tracks.all()])
    room = lab.rooms.get()
    change_room(room, RoomPlan(name=languages_of(room.name), online=room.online, join_link=room.join_link))
    lab.refresh_from_db()
    assert (lab.public_revision, lab.revised_at, lab.public_revised_at) == (0, LONG_AGO, LONG_AGO)


def test_the_public_date_of_a_draft_stays_whatever_changes(lab: Lab) -> None:
    Lab.objects.filter(pk=lab.pk).update(visibility="draft", public_revised_at=None)
    touch(lab.pk)
    lab.refresh_from_db()
    assert lab.revised_at > LONG_AGO
    assert (lab.public_revision, lab.public_revised_at) == (0, None)


def test_all_labs_of_a_change_rise_by_one_each(lab: Lab) -> None:
    second = f.LabFactory(programme=lab.programme)
    touch_all(Lab.objects.filter(programme=lab.programme))
    revisions = Lab.objects.filter(pk__in=[lab.pk, second.pk]).values_list("public_revision", flat=True)
    assert list(revisions) == [1, 1]
    assert Lab.objects.exclude(programme=lab.programme).get().public_revision == 0
