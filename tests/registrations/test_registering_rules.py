"""What the verbs of registering ask and leave alone, whoever calls them."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from core.mail.models import Message
from core.web.errors import RuleViolation
from labs.viewer import VISITOR
from registrations import managing, registering, seats
from registrations.availability import Choice, available_sessions, overlaps
from registrations.models import Registration, SeatMovement
from sessions.models import Session
from tests import factories as f
from tests.registrations.test_registering import ME, plan, registered

pytestmark = pytest.mark.django_db

Reason = SeatMovement.Reason


def refusal(verb: object, *asked: object) -> str:
    with pytest.raises(RuleViolation) as refused:
        verb(*asked)  # type: ignore[operator]
    return refused.value.code


def states(registration: Registration) -> dict[int, str]:
    return dict(registration.seats.values_list("session", "state"))


def test_a_choice_is_of_at_least_one_session_and_of_known_ones_alone() -> None:
    session, other = f.SessionFactory(), f.SessionFactory()
    found = available_sessions(session.lab, VISITOR, timezone.now())
    assert refusal(found.choose, []) == "no_session"
    for unknown in ("nowhere", other.slug):
        assert refusal(found.choose, [session.slug, unknown]) == "unknown_session"
    empty = replace(plan(session), choice=Choice(session.lab_id, VISITOR, ()))
    assert refusal(registering.submit, session.lab, VISITOR, empty) == "no_session"


def test_only_the_named_sessions_are_looked_up_and_they_come_in_order_of_time() -> None:
    late = f.SessionFactory()
    early = f.SessionFactory(lab=late.lab, start_date=late.start_date - timedelta(days=1))
    now = timezone.now()
    assert available_sessions(late.lab, VISITOR, now).sessions == (early, late)
    assert available_sessions(late.lab, VISITOR, now, slugs=[late.slug]).sessions == (late,)
    assert available_sessions(late.lab, VISITOR, now, ids=[early.pk]).sessions == (early,)


def test_what_was_cancelled_overlaps_with_nothing() -> None:
    lab = f.LabFactory()
    one, other = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab)
    assert overlaps([one, other]) == [(one, other)]
    other.status = Session.Status.CANCELLED
    assert overlaps([one, other]) == overlaps([other, one]) == []


def test_where_groups_are_kept_a_participant_names_one_and_an_organiser_need_not() -> None:
    session = f.SessionFactory()
    group = f.StakeholderGroupFactory(programme=session.lab.programme)
    with pytest.raises(ValidationError) as refused:
        registering.submit(session.lab, VISITOR, plan(session))
    assert list(refused.value.message_dict) == ["stakeholder_group"]
    found = registered(session, details=replace(ME, stakeholder_group=group))
    assert managing.change_details(found, ME).stakeholder_group is None


def test_where_the_budget_of_the_address_is_used_up_nothing_is_written_and_that_is_said() -> None:
    session = f.SessionFactory()
    for number in range(5):
        assert registering.submit(
            session.lab, VISITOR, plan(session, details=replace(ME, name=f"N {number}a"))
        )
    assert registering.submit(session.lab, VISITOR, plan(session)) is None
    assert (Registration.objects.count(), Message.objects.count()) == (5, 5)


def test_whoever_is_registered_already_is_the_only_one_who_is_told() -> None:
    session = f.SessionFactory()
    found = registered(session)
    f.RegistrationFactory(lab=session.lab, email=found.email, name="A colleague")
    f.RegistrationFactory(email=found.email, name=found.name)
    Message.objects.all().delete()
    assert registering.submit(session.lab, VISITOR, plan(session)) is None
    assert [(one.occasion, one.registration) for one in Message.objects.all()] == [
        ("already_registered", found)
    ]


def test_history_begins_when_the_address_is_confirmed() -> None:
    session = f.SessionFactory()
    found = registering.submit(session.lab, VISITOR, plan(session))
    assert found is not None
    assert not Registration.history.exists()
    registering.confirm(found)
    assert Registration.history.count() == 1


def test_confirming_is_refused_to_who_cancelled_or_is_registered_under_another_link() -> None:
    session = f.SessionFactory()
    cancelled = f.RegistrationFactory(lab=session.lab, state="cancelled", cancelled_at=timezone.now())
    assert refusal(registering.confirm, cancelled) == "cancelled"
    there = f.RegistrationFactory(lab=session.lab)
    same = f.RegistrationFactory(
        lab=session.lab, name=there.name, email=there.email, state="unconfirmed", confirmed_at=None
    )
    assert refusal(registering.confirm, same) == "already_registered"
    same.refresh_from_db()
    assert same.state == "unconfirmed"


def test_confirming_clears_the_persons_other_forms_and_nobody_elses() -> None:
    session = f.SessionFactory()
    first, second = (registering.submit(session.lab, VISITOR, plan(session)) for _sent in range(2))
    other = registering.submit(session.lab, VISITOR, plan(session, email="other@example.org"))
    colleague = registering.submit(session.lab, VISITOR, plan(session, details=replace(ME, name="Colleague")))
    assert None not in (first, other, colleague)
    assert second is not None
    registering.confirm(second)
    assert set(Registration.objects.all()) == {second, other, colleague}


def test_changing_sessions_reads_ones_own_seats_in_what_is_still_to_come() -> None:
    lab = f.LabFactory()
    past, kept, new, withdrawn = (f.SessionFactory(lab=lab) for _number in range(4))
    me = registered(past, kept, withdrawn)
    other = registered(new, details=replace(ME, name="Demo participant 18"), email="other@example.org")
    seats.take(me, {new.pk: "online"})
    seats.give_up(me, [new.pk])
    now = timezone.now()
    Session.objects.filter(pk=past.pk).update(starts_at=now - timedelta(hours=2), ends_at=now)
    Session.objects.filter(pk=withdrawn.pk).update(visibility="draft")
    me.refresh_from_db()
    later = now + timedelta(minutes=1)

    with time_machine.travel(later, tick=False):
        moved = managing.change_sessions(me, VISITOR, {new.pk: ""})

    assert {seat.session_id: seat.state for seat in moved} == {kept.pk: "cancelled", new.pk: "confirmed"}
    assert states(me) == {
        past.pk: "confirmed", kept.pk: "cancelled", new.pk: "confirmed", withdrawn.pk: "confirmed",
    }  # fmt: skip
    assert states(other) == {new.pk: "confirmed"}
    me.refresh_from_db()
    assert me.revised_at == later
    assert {seat.registration_id for seat in managing.seats_of(me)} == {me.pk}


@pytest.mark.parametrize("is_organiser", [False, True])
def test_the_history_of_a_seat_says_whether_an_organiser_moved_it(is_organiser: bool) -> None:
    lab = f.LabFactory()
    one, other = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab)
    me = registered(one)
    by = f.UserFactory() if is_organiser else None
    managing.change_sessions(me, VISITOR, {other.pk: ""}, by)
    reasons = {seat.session_id: seat.movements.latest("at", "pk").reason for seat in me.seats.all()}
    assert reasons == (
        {one.pk: Reason.BY_ORGANISER, other.pk: Reason.BY_ORGANISER}
        if by
        else {one.pk: Reason.GIVEN_UP, other.pk: Reason.CHOSEN}
    )


def test_changed_details_are_checked_like_new_ones_and_say_when_and_by_whom() -> None:
    me, by = registered(f.SessionFactory()), f.UserFactory()
    assert refusal(managing.change_details, me, replace(ME, city=f.CityFactory())) == "other_programme"
    for wrong in ("", "...", "two\nlines"):
        with pytest.raises(ValidationError) as refused:
            managing.change_details(me, replace(ME, name=wrong))
        assert list(refused.value.message_dict) == ["name"]
    me.refresh_from_db()
    before, now = me.version, timezone.now() + timedelta(hours=1)
    with time_machine.travel(now, tick=False):
        managing.change_details(me, ME, by)
        me.refresh_from_db()
        assert (me.version, me.revised_at) == (before, now)  # what is the same disturbs no form that is open
        managing.change_details(me, replace(ME, organisation="Demo organisation"), by)
    me.refresh_from_db()
    assert (me.version > before, me.organisation) == (True, "Demo organisation")
    assert me.history.latest().history_user == by
    managing.cancel(Registration.objects.get(pk=me.pk), by)
    assert me.history.get(state="cancelled").history_user == by


def test_each_new_address_of_the_calendar_is_another_one() -> None:
    me = f.RegistrationFactory()
    versions = [me.feed_version]
    for _time in range(2):
        versions.append(managing.renew_feed_address(me).feed_version)
    assert versions == sorted(set(versions))


def listed(registration: Registration) -> list[str]:
    """The sessions that the last email about this person lists, in its order."""
    email = Message.objects.filter(registration=registration).latest("pk")
    return [line["title"] for line in email.context["lines"]]


def test_emails_list_what_was_chosen_in_order_of_time() -> None:
    late = f.SessionFactory(title={"en": "Late"})
    early = f.SessionFactory(
        lab=late.lab, title={"en": "Early"}, start_date=late.start_date - timedelta(days=1)
    )
    found = registering.submit(late.lab, VISITOR, plan(late, early))
    assert found is not None
    assert listed(found) == ["Early", "Late"]
    registering.confirm(found)
    assert listed(found) == ["Early", "Late"]


def test_who_is_asked_again_reads_of_his_or_her_own_choice_as_it_is_now() -> None:
    kept, dropped, of_others = f.SessionFactory.create_batch(3, lab=f.LabFactory())
    found = registering.submit(kept.lab, VISITOR, plan(kept, dropped))
    other = registering.submit(kept.lab, VISITOR, plan(of_others, email="other@example.org"))
    assert found is not None
    assert other is not None
    seats.give_up(found, [dropped.pk])
    assert [seat.session for seat in registering.choice_of(found)] == [kept]
    assert [seat.session for seat in registering.choice_of(other)] == [of_others]


def test_a_session_that_became_internal_is_neither_taken_nor_told_of() -> None:
    public, hidden = f.SessionFactory.create_batch(2, lab=f.LabFactory())
    found = registering.submit(public.lab, VISITOR, plan(public, hidden))
    assert found is not None
    Session.objects.filter(pk=hidden.pk).update(visibility=Session.Visibility.INTERNAL)
    registering.confirm(found)
    assert states(found) == {public.pk: "confirmed", hidden.pk: "cancelled"}
    assert listed(found) == [public.title["en"]]
    assert Message.objects.latest("pk").calendar.count("BEGIN:VEVENT") == 1


def test_who_confirms_while_others_are_to_be_promoted_is_told_of_the_place_in_line() -> None:
    session = f.SessionFactory(capacity=1)
    [first, second] = f.RegistrationFactory.create_batch(2, lab=session.lab)
    seats.take(first, {session.pk: "online"})
    seats.take(second, {session.pk: "online"})
    found = registering.submit(session.lab, VISITOR, plan(session))
    assert found is not None
    # Raised past the verb that promotes at once, as a loaded file or another server does.
    Session.objects.filter(pk=session.pk).update(online_capacity=3)
    registering.confirm(found)
    assert [states(person) for person in (second, found)] == [{session.pk: "confirmed"}] * 2
    [line] = Message.objects.filter(registration=found).latest("pk").context["lines"]
    assert line["is_seat"]
    assert Message.objects.filter(registration=found).latest("pk").calendar.count("STATUS:CONFIRMED") == 1
