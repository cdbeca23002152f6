"""Several sessions of a lab, created together: each as if it were created alone."""

from dataclasses import replace
from datetime import time

import pytest

from core.web.errors import InvalidFields, RuleViolation
from sessions import publishing
from sessions.models import Session
from sessions.plans import AgendaPlan, AppearancePlan
from sessions.publishing import Change
from sessions.scheduling import (
    NewSession,
    create_session,
    create_sessions,
    plan_of,
)
from tests.factories import CityFactory, SpeakerFactory, TrackFactory, UserFactory
from tests.sessions.session_plans import lab_over_both_switches, plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    return lab_over_both_switches()


def test_sessions_created_together_are_what_they_would_be_one_by_one(lab, news):
    organiser, city = UserFactory(), CityFactory()
    lab.programme.cities.add(city)
    speakers = SpeakerFactory.create_batch(2, programme=lab.programme)
    agenda = (
        AgendaPlan({"en": "Panel"}, {}, time(11, 30), time(12), (AppearancePlan(speakers[0], "host"),)),
        AgendaPlan({"en": "Talk"}),
    )
    whole = {"agenda": agenda, "appearances": (AppearancePlan(speakers[1]),), "track": TrackFactory(lab=lab)}

    alone = create_session(lab, plan(**whole), organiser)
    publishing.make_internal(alone, [city], organiser)
    [draft, together] = create_sessions(
        lab, [NewSession(plan(slug="a")), NewSession(plan(slug="b", **whole), "internal", (city,))], organiser
    )

    together.refresh_from_db()
    kept = {"id", "slug", "uid", "created_at", "revised_at", "content_revised_at"}
    columns = [field.attname for field in Session._meta.fields if field.name not in kept]
    assert [getattr(together, name) for name in columns] == [getattr(alone, name) for name in columns]
    assert set(together.audience.all()) == {city}
    agendas = [[replace(item, item=None) for item in plan_of(found).agenda] for found in (alone, together)]
    assert agendas[0] == agendas[1]
    assert plan_of(together).appearances == plan_of(alone).appearances
    versions = [
        list(found.agenda.get(title__contains="Panel").history.values_list("history_type"))
        for found in (alone, together)
    ]
    assert versions == [[("+",)], [("+",)]]
    [first] = together.history.all()
    assert (first.history_type, first.visibility, first.history_user) == ("+", "internal", organiser)
    assert (draft.visibility, draft.history.get().history_type) == ("draft", "+")
    assert news == [(Change.CREATED, False), (Change.PUBLISHED, False), *[(Change.CREATED, False)] * 2]


def test_a_lab_is_touched_once_for_sessions_created_together(lab):
    before, public_before = lab.revised_at, lab.public_revision

    create_sessions(lab, [NewSession(plan(slug="a")), NewSession(plan(slug="b"))])
    lab.refresh_from_db()
    assert lab.revised_at > before
    assert lab.public_revision == public_before

    create_sessions(lab, [NewSession(plan(slug="c")), NewSession(plan(slug="d"), "public")])
    lab.refresh_from_db()
    assert lab.public_revision == public_before + 1


def test_what_is_wrong_with_sessions_created_together_is_said_at_once_and_none_is_created(lab):
    create_session(lab, plan(slug="taken"))

    with pytest.raises(InvalidFields) as caught:
        create_sessions(
            lab,
            [
                NewSession(plan(slug="taken")),
                NewSession(plan(slug="good")),
                NewSession(plan(slug="good", title={})),
            ],
        )

    assert set(caught.value.errors) == {"0.slug", "2.slug", "2.title"}
    assert list(lab.sessions.values_list("slug", flat=True)) == ["taken"]


def test_an_audience_of_another_programme_is_refused_for_sessions_created_together(lab):
    with pytest.raises(RuleViolation, match="Choose cities of this programme"):
        create_sessions(lab, [NewSession(plan(), "internal", (CityFactory(),))])
