"""Registering: from the form to the seat, and what may go wrong between."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import strip_tags

from core.mail.models import Message
from core.mail.rendering import rendered
from core.timezones import formatting
from core.web.errors import RuleViolation
from labs.viewer import VISITOR, Viewer
from registrations import asking_for_links, managing, recounting, registering, seats
from registrations.availability import available_sessions, overlaps
from registrations.models import Registration, Seat
from registrations.registering import Details, RegistrationPlan
from sessions.models import Session
from tests import factories as f
from tests.registrations.form_posts import mails, send_links

pytestmark = pytest.mark.django_db

ME = Details(name="Demo participant 17", language="en", time_zone="Europe/Sofia")


def plan(
    *sessions: Session,
    details: Details = ME,
    email: str = "participant17@example.org",
    viewer: Viewer = VISITOR,
) -> RegistrationPlan:
    lab = sessions[0].lab
    return RegistrationPlan(
        details=details,
        email=email,
        choice=available_sessions(lab, viewer, timezone.now()).choose(session.slug for session in sessions),
        consent=True,
        consent_language="en",
    )


def registered(*sessions: Session, **changes) -> Registration:
    found = registering.submit(sessions[0].lab, VISITOR, plan(*sessions, **changes))
    assert found is not None
    return registering.confirm(found)


def test_submitting_holds_no_seat_and_asks_the_address():
    session = f.SessionFactory(capacity=1)

    found = registering.submit(session.lab, VISITOR, plan(session))

    assert found is not None
    assert (found.state, found.consent_text) == ("unconfirmed", "The organisers may keep my answers.")
    assert [seat.state for seat in found.seats.all()] == ["requested"]
    session.refresh_from_db()
    assert (session.seats_taken, session.seats_waiting) == (0, 0)
    [mail] = mails()
    assert (mail.occasion, mail.to_email) == ("confirm_address", "participant17@example.org")
    assert set(mail.links) == {"confirm", "leave"}


def test_a_mail_to_an_unconfirmed_address_carries_no_word_of_the_sender():
    session = f.SessionFactory()
    spam = Details(
        name="Buy cheap at evil.example",
        language="en",
        time_zone="Europe/Sofia",
        organisation="Evil works",
        city_text="Eviltown",
    )

    registering.submit(session.lab, VISITOR, plan(session, details=spam))

    [mail] = mails()
    assert "evil" not in (mail.subject + mail.text + mail.html + mail.to_name).casefold()
    assert "evil" not in str(Message.objects.get().context).casefold()


def test_confirming_takes_seats_or_places_in_line_and_says_so_in_the_persons_language():
    lab = f.LabFactory()
    free = f.SessionFactory(lab=lab, capacity=1, join_link="https://meet.example.org/room")
    full = f.SessionFactory(lab=lab, capacity=0)
    details = Details(name="Демо участник 17", language="bg", time_zone="Europe/Rome")

    found = registered(free, full, details=details)

    assert found.state == "confirmed"
    assert {seat.session_id: seat.state for seat in found.seats.all()} == {
        free.pk: "confirmed",
        full.pk: "waiting",
    }
    [mail] = mails("confirmation")
    assert (mail.language, mail.to_name) == ("bg", "Демо участник 17")
    assert set(mail.links) == {"manage", "sessions", "subscribe", "calendar", "cancel", "leave"}
    for body in (mail.text, mail.html):
        assert free.title["bg"] in body
        assert "10:30–11:30" in body  # Rome
        assert "11:30–12:30" in body  # Sofia
        assert "https://meet.example.org/room" in body
    calendar = mail.calendar
    assert calendar.count("BEGIN:VEVENT") == 2
    assert f"UID:{free.uid}" in calendar
    assert "STATUS:TENTATIVE" in calendar
    assert "https://meet.example.org/room" in calendar.replace("\r\n ", "")


def test_in_the_labs_own_zone_hours_are_said_once():
    session = f.SessionFactory()

    registered(session)

    [mail] = mails("confirmation")
    assert mail.text.count("11:30–12:30") == 1


def test_confirming_twice_changes_nothing_the_second_time():
    session = f.SessionFactory(capacity=5)
    found = registered(session)

    registering.confirm(found)

    session.refresh_from_db()
    assert session.seats_taken == 1
    assert len(mails("confirmation")) == 1


def test_a_confirmed_address_that_registers_again_is_sent_its_link_and_changed_nothing():
    session = f.SessionFactory()
    first = registered(session)

    again = registering.submit(session.lab, VISITOR, plan(session, email=" Participant17@EXAMPLE.org "))

    assert again is None
    assert Registration.objects.get() == first
    assert [mail.occasion for mail in mails()] == ["confirm_address", "confirmation", "already_registered"]


def test_confirming_one_of_several_forms_clears_the_others_with_their_traces():
    session = f.SessionFactory()
    first = registering.submit(session.lab, VISITOR, plan(session))
    second = registering.submit(session.lab, VISITOR, plan(session))

    registering.confirm(second)

    assert Registration.objects.get() == second
    assert set(Registration.history.values_list("id", flat=True)) == {second.pk}
    with pytest.raises(RuleViolation):
        registering.confirm(first)


def test_asking_for_the_link_mails_who_is_registered_and_nobody_else_and_not_twice_at_once():
    session = f.SessionFactory()
    registered(session)
    Message.objects.all().delete()

    asking_for_links.queue_links("stranger@example.org")
    asking_for_links.queue_links("PARTICIPANT17@example.org")
    asking_for_links.queue_links("participant17@example.org")
    send_links()

    assert [(mail.occasion, mail.to_email) for mail in mails()] == [
        ("my_registrations", "participant17@example.org")
    ]


def test_asking_for_the_link_before_confirming_brings_the_question_again():
    session = f.SessionFactory()
    registering.submit(session.lab, VISITOR, plan(session))
    Message.objects.all().delete()

    asking_for_links.queue_links("participant17@example.org")
    send_links()

    assert [mail.occasion for mail in mails()] == ["confirm_address"]


def test_unconfirmed_registrations_go_after_seven_days_with_all_their_traces():
    session = f.SessionFactory()
    registering.submit(session.lab, VISITOR, plan(session))
    confirmed = registered(session, email="other@example.org")

    assert registering.expire_unconfirmed(timezone.now() + timedelta(days=7, minutes=-1)) == 0
    assert registering.expire_unconfirmed(timezone.now() + timedelta(days=7)) == 1

    assert Registration.objects.get() == confirmed
    assert not Registration.history.exclude(id=confirmed.pk).exists()
    assert not Message.objects.filter(to_email="participant17@example.org").exists()


def test_changing_sessions_gives_up_and_takes_in_one_go():
    lab = f.LabFactory()
    kept, dropped, added = (f.SessionFactory(lab=lab, capacity=3) for _ in range(3))
    found = registered(kept, dropped)

    managing.change_sessions(found, VISITOR, {kept.pk: "", added.pk: ""})

    held = Seat.objects.filter(registration=found, state="confirmed").values_list("session_id", flat=True)
    assert set(held) == {kept.pk, added.pk}
    for session, taken in ((kept, 1), (dropped, 0), (added, 1)):
        session.refresh_from_db()
        assert session.seats_taken == taken
    assert len(mails("registration_changed")) == 1


def test_the_email_about_a_change_names_what_was_given_up_in_text_and_html():
    lab = f.LabFactory()
    kept, dropped = (f.SessionFactory(lab=lab, title={"en": title}) for title in ("Kept", "Dropped"))
    found = registered(kept, dropped)
    for left in ({kept.pk: ""}, {}):
        managing.change_sessions(found, VISITOR, left)

    first, last = mails("registration_changed")
    day = formatting.long_day(dropped.start_date, "en")
    for body in (first.text, strip_tags(first.html)):
        yours, given_up = body.split("You no longer have a place in:")
        assert ("Kept" in yours, "Dropped" in yours) == (True, False)
        assert ("Kept" in given_up, "Dropped" in given_up) == (False, True)
        assert f"{day}, 11:30–12:30" in given_up
    for body in (last.text, strip_tags(last.html)):
        assert "Kept" in body.split("You no longer have a place in:")[1]
        assert "Dropped" not in body
        assert body.count("All times: ") == 1


def test_changing_to_the_same_sessions_does_and_mails_nothing():
    session = f.SessionFactory()
    found = registered(session)

    assert managing.change_sessions(found, VISITOR, {session.pk: ""}) == []
    assert mails("registration_changed") == []


def test_a_seat_in_an_internal_session_stays_when_others_change():
    lab = f.LabFactory()
    city = f.CityFactory()
    lab.programme.cities.add(city)
    delegate = Viewer(delegations=frozenset([(lab.programme_id, city.pk)]))
    internal = f.SessionFactory(lab=lab, visibility="internal")
    public = f.SessionFactory(lab=lab)
    found = registering.submit(lab, delegate, plan(internal, viewer=delegate))
    found = registering.confirm(found, delegate)
    seats.take(f.RegistrationFactory(lab=lab), {f.SessionFactory(lab=lab).pk: "online"})

    managing.change_sessions(found, VISITOR, {internal.pk: "", public.pk: ""})

    assert {seat.session_id for seat in managing.seats_of(found)} == {internal.pk, public.pk}


def test_cancelling_frees_coming_seats_and_leaves_past_ones():
    lab = f.LabFactory()
    past, coming = f.SessionFactory(lab=lab, capacity=1), f.SessionFactory(lab=lab, capacity=1)
    found = registered(past, coming)
    waiting = registered(coming, email="next@example.org")
    Session.objects.filter(pk=past.pk).update(
        starts_at=timezone.now() - timedelta(hours=2), ends_at=timezone.now() - timedelta(hours=1)
    )

    managing.cancel(found)
    managing.cancel(found)

    found.refresh_from_db()
    assert found.state == "cancelled"
    assert {seat.session_id: seat.state for seat in found.seats.all()} == {
        past.pk: "confirmed",
        coming.pk: "cancelled",
    }
    assert Seat.objects.get(registration=waiting).state == "confirmed"
    [mail] = mails("registration_cancelled")
    assert "STATUS:CANCELLED" in mail.calendar


def test_after_cancelling_one_can_register_again():
    session = f.SessionFactory(capacity=1)
    managing.cancel(registered(session))

    again = registered(session)

    assert Seat.objects.get(registration=again).state == "confirmed"


def test_a_choice_counts_for_the_lab_and_the_eyes_it_was_made_for():
    lab = f.LabFactory()
    city = f.CityFactory()
    lab.programme.cities.add(city)
    delegate = Viewer(delegations=frozenset([(lab.programme_id, city.pk)]))
    seen_by_delegate = plan(f.SessionFactory(lab=lab, visibility="internal"), viewer=delegate)
    of_another_lab = plan(f.SessionFactory())

    for made in (seen_by_delegate, of_another_lab):
        with pytest.raises(RuleViolation) as violation:
            registering.submit(lab, VISITOR, made)
        assert violation.value.code == "unknown_session"
    assert not Registration.objects.exists()


def test_a_city_or_group_of_another_programme_is_refused():
    session = f.SessionFactory()
    foreign_city, foreign_group = f.CityFactory(), f.StakeholderGroupFactory()

    for change in ({"city": foreign_city}, {"stakeholder_group": foreign_group}):
        with pytest.raises(RuleViolation) as violation:
            registering.submit(
                session.lab,
                VISITOR,
                plan(session, details=Details("Demo participant", "en", "Europe/Sofia", **change)),
            )
        assert violation.value.code == "other_programme"


@pytest.mark.parametrize(
    "details",
    [
        Details(name="x" * 5000, language="en", time_zone="Europe/Sofia"),
        Details(name="", language="en", time_zone="Europe/Sofia"),
        Details(name="two\nlines", language="en", time_zone="Europe/Sofia"),
        Details(name="turned \u202eround", language="en", time_zone="Europe/Sofia"),
        Details(name="Demo participant", language="xx", time_zone="Europe/Sofia"),
        Details(name="Demo participant", language="en", time_zone="Mars/Olympus"),
    ],
)
def test_details_that_do_not_fit_are_refused_by_the_verb_too(details):
    session = f.SessionFactory()

    with pytest.raises(ValidationError):
        registering.submit(session.lab, VISITOR, plan(session, details=details))

    assert not Registration.objects.exists()


def test_the_confirmation_opens_the_right_pages(settings):
    found = registered(f.SessionFactory())

    [mail] = mails("confirmation")
    text = rendered(mail, reveal=True).text
    assert f"{settings.BASE_URL}/registrations/" in text
    assert "webcal://testserver/calendars/" in text
    assert str(found.public_id) not in text


def test_overlaps_name_each_pair_once():
    lab = f.LabFactory()
    one, two = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab)
    later = f.SessionFactory(lab=lab, start_time=one.end_time)

    assert overlaps([later, two, one]) == [(one, two)]
    assert recounting.recount() == []
