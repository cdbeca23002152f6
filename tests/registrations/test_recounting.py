"""Counters of sessions: compared with the seats, and repaired when asked."""

import pytest
from django.core.management import CommandError, call_command

from registrations import recounting, seats, waiting_list
from registrations.models import Quota
from sessions.models import Session
from tests import factories as f
from tests.registrations.test_seats import counters, people, states

pytestmark = pytest.mark.django_db


def test_recounting_finds_and_repairs_counters_that_differ(capsys):
    session = f.SessionFactory(capacity=2)
    crowd = people(session, 3)
    for person in crowd:
        seats.take(person, {session.pk: "online"})
    Session.objects.filter(pk=session.pk).update(online_taken=1, online_waiting=7)

    with pytest.raises(CommandError):
        call_command("recount")
    call_command("recount", repair=True)

    assert counters(session) == (2, 1, 4)
    call_command("recount")
    assert "All counters are correct." in capsys.readouterr().out


def test_quotas_that_differ_are_found_and_repaired(capsys):
    session = f.SessionFactory()
    [person] = people(session, 1)
    quota = f.QuotaFactory(lab=session.lab, limit=1)
    seats.take(person, {session.pk: "online"})
    Quota.objects.update(taken=0)
    with pytest.raises(CommandError):
        call_command("recount")
    assert f"quota {quota.pk}: taken 1, stored 0" in capsys.readouterr().out
    call_command("recount", repair=True)
    call_command("recount")
    assert (Quota.objects.get().taken, Quota.objects.get().limit) == (1, 1)


def test_a_waiting_list_that_counts_people_who_are_not_there_heals_itself():
    session = f.SessionFactory(capacity=2)
    beside = f.SessionFactory(lab=session.lab)
    [person] = people(beside, 1)
    seats.take(person, {beside.pk: "online"})
    Session.objects.filter(pk=session.pk).update(online_waiting=2)

    assert waiting_list.promote(session.pk) == []

    assert (counters(session), counters(beside)) == ((0, 0, 0), (1, 0, 1))


def test_recounting_one_lab_or_all_finds_what_differs_and_repairs_only_when_asked():
    session, elsewhere = f.SessionFactory(capacity=2), f.SessionFactory(capacity=2)
    f.SessionFactory()  # nobody was ever in it, and its counters agree
    assert recounting.recount() == []
    for each, count in ((session, 3), (elsewhere, 4)):
        for person in people(each, count):
            seats.take(person, {each.pk: "online"})
    Session.objects.exclude(last_queue_position=0).update(online_taken=1, online_waiting=1)

    assert [found.session_id for found in recounting.recount(session.lab_id)] == [session.pk]
    assert counters(session) == (1, 1, 3)
    found = recounting.recount(repair=True)
    assert [(one.session_id, one.counted, one.stored) for one in found] == [
        (session.pk, (0, 0, 0, 2, 0, 1, 3), (0, 0, 0, 1, 0, 1, 3)),
        (elsewhere.pk, (0, 0, 0, 2, 0, 2, 4), (0, 0, 0, 1, 0, 1, 4)),
    ]
    assert [counters(each) for each in (session, elsewhere)] == [(2, 1, 4), (2, 2, 5)]


def test_a_last_place_may_lie_behind_all_that_are_held_and_never_before_them():
    session = f.SessionFactory(capacity=2)
    first, second = people(session, 2)
    for person in (first, second):
        seats.take(person, {session.pk: "online"})
    seats.give_up(second, [session.pk])
    assert recounting.recount() == []  # the second place is not given again
    Session.objects.filter(pk=session.pk).update(last_queue_position=0)
    assert [(one.counted, one.stored) for one in recounting.recount(repair=True)] == [
        ((0, 0, 0, 1, 0, 0, 1), (0, 0, 0, 1, 0, 0, 0))
    ]
    assert counters(session) == (1, 0, 2)
    Session.objects.filter(pk=session.pk).update(last_queue_position=9, online_taken=0)
    recounting.recount(repair=True)
    assert counters(session) == (1, 0, 10)


def test_repairing_seats_who_waits_though_there_is_room():
    session = f.SessionFactory(capacity=1)
    first, second = people(session, 2)
    for person in (first, second):
        seats.take(person, {session.pk: "online"})
    Session.objects.filter(pk=session.pk).update(online_capacity=2, online_waiting=0)
    recounting.recount(repair=True)
    assert states(session) == [("confirmed", 1), ("confirmed", 2)]
    assert counters(session) == (2, 0, 3)
