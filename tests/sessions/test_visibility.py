"""Who sees which session and which speaker: the one rule that page, feed, API, email and export all ask."""

from datetime import timedelta

import pytest
import time_machine

from labs.models import City, Lab
from labs.viewer import VISITOR, Viewer
from sessions.models import Session, Speaker
from tests import factories as f

pytestmark = pytest.mark.django_db

ALL = {"public", "internal", "for-one-city", "draft"}
SEEN = ALL - {"draft"}


@pytest.fixture
def lab() -> Lab:
    lab: Lab = f.LabFactory()
    fill(lab)
    fill(f.LabFactory(programme=lab.programme))
    fill(f.LabFactory())
    return lab


def fill(lab: Lab) -> None:
    """Give the lab a session of each kind; that of one city is for the first one of the programme."""
    city = f.CityFactory()
    lab.programme.cities.add(city)
    for kind in sorted(ALL):
        visibility = "internal" if kind == "for-one-city" else kind
        session = f.SessionFactory(lab=lab, slug=kind, visibility=visibility)
        if kind == "for-one-city":
            session.audience.add(city)


def seen(viewer: Viewer, lab: Lab) -> set[str]:
    return set(Session.objects.filter(lab=lab).visible_to(viewer).values_list("slug", flat=True))


def seen_elsewhere(viewer: Viewer, lab: Lab) -> set[str]:
    return set(Session.objects.exclude(lab=lab).visible_to(viewer).values_list("slug", flat=True))


def ids(lab: Lab, *slugs: str) -> frozenset[int]:
    return frozenset(lab.sessions.filter(slug__in=slugs).values_list("pk", flat=True))


def everybody(lab: Lab) -> dict[str, tuple[Viewer, set[str], set[str]]]:
    """Return each kind of viewer with what it sees in this lab, public or draft."""
    [city] = City.objects.filter(internal_sessions__lab=lab)
    programme = lab.programme_id
    held = ids(lab, "internal", "draft")
    return {
        "visitor": (VISITOR, {"public"}, set()),
        "delegate": (Viewer(delegations=frozenset([(programme, city.pk)])), SEEN, set()),
        "delegate of another city": (
            Viewer(delegations=frozenset([(programme, f.CityFactory().pk)])),
            {"public", "internal"},
            set(),
        ),
        "delegate of the city elsewhere": (
            Viewer(delegations=frozenset([(f.ProgrammeFactory().pk, city.pk)])),
            {"public"},
            set(),
        ),
        "with seats": (Viewer(seated_sessions=held), {"public", "internal"}, set()),
        "door": (Viewer(door_labs=frozenset([lab.pk])), SEEN, SEEN),
        "organiser": (Viewer(organised_labs=frozenset([lab.pk])), ALL, ALL),
        "owner": (Viewer(owned_programmes=frozenset([programme])), ALL, ALL),
        "superuser": (Viewer(is_superuser=True), ALL, ALL),
    }


def test_each_kind_of_viewer_sees_its_own_kinds_of_session(lab: Lab) -> None:
    found = {name: seen(viewer, lab) for name, (viewer, _public, _draft) in everybody(lab).items()}
    assert found == {name: public for name, (_viewer, public, _draft) in everybody(lab).items()}


def test_of_a_draft_lab_only_those_who_work_on_it_see_anything(lab: Lab) -> None:
    """Also not those who have a seat from before it was withdrawn."""
    Lab.objects.filter(pk=lab.pk).update(visibility="draft")
    found = {name: seen(viewer, lab) for name, (viewer, _public, _draft) in everybody(lab).items()}
    assert found == {name: draft for name, (_viewer, _public, draft) in everybody(lab).items()}


def test_rights_in_one_lab_show_nothing_of_another(lab: Lab) -> None:
    for name, (viewer, _public, _draft) in everybody(lab).items():
        # A programme's owners and delegates see its other lab too, but none of another programme.
        elsewhere = seen_elsewhere(viewer, lab)
        if name in ("superuser", "owner"):
            assert elsewhere == ALL, name
        elif name.startswith("delegate") and not name.endswith("elsewhere"):
            assert elsewhere == {"public", "internal"}, name
        else:
            assert elsewhere == {"public"}, name
    other_programme = Session.objects.exclude(lab__programme=lab.programme)
    for name in ("owner", "delegate"):
        viewer = everybody(lab)[name][0]
        assert set(other_programme.visible_to(viewer).values_list("slug", flat=True)) == {"public"}, name


def test_rights_add_up(lab: Lab) -> None:
    """Who is a delegate in one programme and has a seat in another sees what each of them shows."""
    here = everybody(lab)
    other = Lab.objects.exclude(programme=lab.programme).get()
    both = Viewer(delegations=here["delegate"][0].delegations, door_labs=frozenset([other.pk]))
    assert (seen(both, lab), seen(both, other)) == (SEEN, SEEN)
    two = Viewer(delegations=here["delegate"][0].delegations | everybody(other)["delegate"][0].delegations)
    assert (seen(two, lab), seen(two, other)) == (SEEN, SEEN)


def test_speakers_are_seen_through_sessions_in_sight(lab: Lab) -> None:
    for kind in sorted(ALL):
        session = lab.sessions.get(slug=kind)
        f.AppearanceFactory(
            session=session, speaker=f.SpeakerFactory(programme=lab.programme, name={"en": kind})
        )
    f.SpeakerFactory(programme=lab.programme, name={"en": "nowhere"})
    other = Lab.objects.exclude(programme=lab.programme).get().programme
    f.SpeakerFactory(programme=other, name={"en": "of another programme"})

    def names(viewer: Viewer) -> set[str]:
        found = Speaker.objects.visible_to(viewer)
        return {str(speaker.name) for speaker in found}

    theirs = ALL | {"nowhere"}
    assert {name: names(viewer) for name, (viewer, _public, _draft) in everybody(lab).items()} == {
        "visitor": {"public"},
        "delegate": SEEN,
        "delegate of another city": {"public", "internal"},
        "delegate of the city elsewhere": {"public"},
        "with seats": {"public", "internal"},
        "door": SEEN,
        "organiser": theirs,
        "owner": theirs,
        "superuser": theirs | {"of another programme"},
    }


def test_held_are_those_that_take_place_and_over_those_at_an_end() -> None:
    lab = f.LabFactory()
    held = f.SessionFactory(lab=lab, slug="held", visibility="internal")
    f.SessionFactory(lab=lab, slug="draft", visibility="draft")
    f.SessionFactory(lab=lab, slug="cancelled", status="cancelled", cancelled_at=held.starts_at)
    assert list(Session.objects.taking_place()) == [held]
    for at, over in ((held.ends_at - timedelta(microseconds=1), []), (held.ends_at, [held])):
        with time_machine.travel(at, tick=False):
            assert list(Session.objects.ended()) == over
            assert held.is_over(at) is bool(over)


def test_sessions_overlap_where_one_begins_before_the_other_ends() -> None:
    lab = f.LabFactory()
    one, other = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab)
    assert one.overlaps(other)
    other.starts_at, other.ends_at = one.ends_at, one.ends_at + timedelta(hours=1)
    assert not one.overlaps(other)
    assert not other.overlaps(one)
    other.starts_at -= timedelta(microseconds=1)
    assert one.overlaps(other)
    assert other.overlaps(one)


def test_a_session_knows_its_kind(lab: Lab) -> None:
    kinds = {session.slug: (session.is_public, session.is_internal) for session in lab.sessions.all()}
    assert kinds == {
        "public": (True, False),
        "internal": (False, True),
        "for-one-city": (False, True),
        "draft": (False, False),
    }


def test_people_appear_in_a_session_or_in_one_item_of_its_agenda() -> None:
    session = f.SessionFactory()
    panel, talk = (session.agenda.create(title={"en": title}) for title in ("Panel", "Talk"))
    host, panellist = (
        f.AppearanceFactory(session=session),
        f.AppearanceFactory(session=session, agenda_item=panel),
    )
    assert session.appearances_in() == [host]
    assert (session.appearances_in(panel), session.appearances_in(talk)) == ([panellist], [])
