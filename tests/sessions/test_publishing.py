"""Publishing, hiding, cancelling and restoring sessions."""

import pytest
from django.core.exceptions import ValidationError

from core.web.errors import RuleViolation
from core.web.localized_fields import languages_of
from sessions.models import Session
from sessions.publishing import Change, cancel, make_internal, publish, restore, unpublish
from tests.factories import CityFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


def facts(session):
    session.refresh_from_db()
    session.lab.refresh_from_db()
    return (
        session.visibility,
        session.status,
        session.sequence,
        session.revised_at,
        session.lab.revised_at,
        session.history.count(),
    )


def test_publishing_shows_a_draft_and_is_remembered(news):
    session, organiser = SessionFactory(visibility="draft"), UserFactory()
    before = session.lab.revised_at
    publish(session, by=organiser)
    session.lab.refresh_from_db()
    assert (session.visibility, session.sequence) == ("public", 0)
    assert session.lab.revised_at > before
    assert news == [(Change.PUBLISHED, False)]
    assert session.history.first().history_user == organiser


def test_each_verb_does_nothing_the_second_time(news):
    session = SessionFactory(visibility="draft")
    city = CityFactory.create()
    session.lab.programme.cities.add(city)
    for verb in (
        publish,
        lambda session: make_internal(session, [city]),
        cancel,
        restore,
        unpublish,
    ):
        verb(session)
        once, said = facts(session), list(news)
        verb(session)
        assert facts(session) == once
        assert news == said


def test_an_internal_session_is_for_the_cities_named(news):
    session = SessionFactory(visibility="public")
    sofia, rome = CityFactory.create_batch(2)
    session.lab.programme.cities.set([sofia, rome])
    make_internal(session, [sofia])
    assert (session.visibility, list(session.audience.all())) == ("internal", [sofia])
    make_internal(session, [sofia, rome])
    assert set(session.audience.all()) == {sofia, rome}
    make_internal(session)
    assert (session.visibility, list(session.audience.all())) == ("internal", [])
    assert [change for change, _tell in news] == [Change.PUBLISHED, Change.AUDIENCE, Change.AUDIENCE]


def test_a_city_of_another_programme_is_refused():
    session = SessionFactory(visibility="public")
    with pytest.raises(RuleViolation):
        make_internal(session, [CityFactory.create()])
    session.refresh_from_db()
    assert (session.visibility, session.audience.count()) == ("public", 0)


def test_a_session_in_which_people_have_seats_does_not_vanish():
    session = SessionFactory()
    Session.objects.filter(pk=session.pk).update(online_taken=1, online_waiting=1, online_capacity=1)
    with pytest.raises(RuleViolation) as caught:
        unpublish(session)
    assert caught.value.message == (
        "2 people have a seat or are waiting for one. Cancel the session instead, so that they are notified."
    )
    session.refresh_from_db()
    assert session.visibility == "public"


def test_cancelling_says_why_and_raises_the_sequence(news):
    session = SessionFactory()
    cancel(session, {"en": "The speaker is ill.", "bg": "Лекторът е болен."}, tell=True)
    session.refresh_from_db()
    assert (session.status, session.sequence, session.visibility) == ("cancelled", 1, "public")
    assert session.cancelled_at is not None
    assert languages_of(session.cancel_reason)["bg"] == "Лекторът е болен."
    restore(session, tell=False)
    session.refresh_from_db()
    assert (session.status, session.sequence, session.cancelled_at) == ("scheduled", 2, None)
    assert languages_of(session.cancel_reason) == {}
    assert news == [(Change.CANCELLED, True), (Change.RESTORED, False)]


@pytest.mark.parametrize("reason", ["x" * 301, "a\x00b", "two\nlines", {"en": "\u202ecod"}])
def test_a_reason_that_cannot_be_shown_cancels_nothing(reason, news):
    session = SessionFactory()
    with pytest.raises(ValidationError) as caught:
        cancel(session, reason)
    assert set(caught.value.message_dict) == {"reason"}
    session.refresh_from_db()
    assert (session.status, news) == ("scheduled", [])


def test_verbs_do_not_undo_what_others_counted_meanwhile():
    session = SessionFactory()
    Session.objects.filter(pk=session.pk).update(online_taken=3)
    cancel(session)
    session.refresh_from_db()
    assert session.seats_taken == 3
