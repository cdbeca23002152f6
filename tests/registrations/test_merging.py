"""Two registrations of one person become one."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from certificates.models import Certificate
from core.mail.models import Message
from core.web.errors import RuleViolation
from core.web.idempotency import FIELD, new_form_key
from labs.models import Lab
from registrations import choice_places, erasure, merging, seats, statistics
from registrations.models import Answer, Note, Registration, Seat, SeatMovement, Tag, Tagging
from registrations.recounting import recount, recount_quotas
from tests import factories as f
from tests.pages import form_of, text_of
from tests.registrations.form_posts import FROM_HERE, mails

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory()


def pair(lab: Lab) -> tuple[Registration, Registration]:
    return (
        f.RegistrationFactory(lab=lab, name="Maria Petrova", email="kept@example.org"),
        f.RegistrationFactory(lab=lab, name="Petrova Maria", email="canary@example.org"),
    )


def states(person: Registration) -> dict[int, str]:
    return dict(Seat.objects.filter(registration=person).values_list("session", "state"))


def assert_counted() -> None:
    assert recount() == []
    assert recount_quotas() == []


def test_seats_move_and_the_next_gets_the_one_that_is_doubled(lab: Lab) -> None:
    both, only = f.SessionFactory(lab=lab, capacity=2), f.SessionFactory(lab=lab, capacity=1)
    f.QuotaFactory(lab=lab, session=None, city=None, stakeholder_group=None, limit=9)
    kept, other = pair(lab)
    next_one = f.RegistrationFactory(lab=lab)
    mode = both.modes[0]
    seats.take(kept, {both.pk: mode})
    seats.take(other, {both.pk: mode, only.pk: mode})
    seats.take(next_one, {both.pk: mode, only.pk: mode})
    merging.merge(kept, other)
    assert states(kept) == {both.pk: "confirmed", only.pk: "confirmed"}
    assert states(next_one) == {both.pk: "confirmed", only.pk: "waiting"}
    assert set(states(other).values()) == {"cancelled"}
    assert SeatMovement.objects.filter(reason="merged").count() == 3
    assert_counted()
    assert Message.objects.filter(registration=kept, occasion="registration_changed").count() == 1


def test_the_better_state_wins_and_waiting_keeps_its_place(lab: Lab) -> None:
    first, second = f.SessionFactory(lab=lab, capacity=1), f.SessionFactory(lab=lab, capacity=1)
    kept, other = pair(lab)
    someone, late = f.RegistrationFactory.create_batch(2, lab=lab)
    mode = first.modes[0]
    seats.take(other, {first.pk: mode})
    seats.take(someone, {second.pk: mode})
    seats.take(kept, {first.pk: mode})
    seats.take(other, {second.pk: mode})
    place = Seat.objects.get(registration=other, session=second).queue_position
    seats.take(late, {second.pk: mode})
    seats.take(kept, {second.pk: mode})
    merging.merge(kept, other)
    assert states(kept) == {first.pk: "confirmed", second.pk: "waiting"}
    assert Seat.objects.get(registration=kept, session=second).queue_position == place
    assert_counted()


def test_answers_notes_tags_and_attendance(lab: Lab) -> None:
    kept, other = pair(lab)
    one, two = f.QuestionFactory(question_set__lab=lab), f.QuestionFactory(question_set__lab=lab)
    for person, question, value in ((kept, one, "mine"), (other, one, "theirs"), (other, two, "more")):
        Answer.objects.create(registration=person, question=question, value=value, answered_at=timezone.now())
    Note.objects.create(registration=other, text="Vegan", by=f.UserFactory())
    tag = Tag.objects.create(lab=lab, name="press")
    for person in (kept, other):
        Tagging.objects.create(tag=tag, registration=person)
    session, again = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab)
    f.AttendanceFactory(registration=kept, session=session)
    f.AttendanceFactory(registration=other, session=session)
    f.AttendanceFactory(registration=other, session=again)
    Registration.objects.filter(pk=other.pk).update(photos="no")
    merging.merge(kept, other)
    kept.refresh_from_db()
    assert sorted(kept.answers.values_list("value", flat=True)) == ["mine", "more"]
    assert kept.notes.count() == kept.taggings.count() == 1
    assert set(kept.attendances.values_list("session", flat=True)) == {session.pk, again.pk}
    assert other.attendances.count() == 0
    assert kept.photos == "no"


def test_the_other_one_is_erased_and_the_kept_link_lives(lab: Lab) -> None:
    kept, other = pair(lab)
    f.MessageFactory(registration=other)
    version = kept.link_version
    merging.merge(kept, other)
    other.refresh_from_db()
    kept.refresh_from_db()
    assert (other.name, other.email, other.state) == ("", "", "cancelled")
    assert other.erased_at is not None
    assert not Message.objects.filter(registration=other).exists()
    assert kept.link_version == version
    assert not Registration.history.filter(id=other.pk).exists()


def test_an_unconfirmed_one_is_deleted(lab: Lab) -> None:
    kept, _other = pair(lab)
    form = f.RegistrationFactory(lab=lab, state="unconfirmed", confirmed_at=None)
    merging.merge(kept, form)
    assert not Registration.objects.filter(pk=form.pk).exists()


def test_refusals(lab: Lab) -> None:
    kept, other = pair(lab)
    elsewhere = f.RegistrationFactory()
    form = f.RegistrationFactory(lab=lab, state="unconfirmed", confirmed_at=None)
    for one, two, code in (
        (kept, kept, "same_registration"),
        (kept, elsewhere, "gone"),
        (form, kept, "not_registered"),
    ):
        with pytest.raises(RuleViolation) as refused:
            merging.merge(one, two)
        assert refused.value.code == code
    erasure.erase(other)
    with pytest.raises(RuleViolation) as refused:
        merging.merge(kept, other)
    assert refused.value.code == "gone"


def test_the_page_merges_once(client: Client, lab: Lab) -> None:
    kept, other = pair(lab)
    client.force_login(f.StaffFactory(lab=lab).user)
    page = reverse("console_merge", args=[lab.slug, kept.public_id, other.public_id])
    shown = client.get(page)
    assert kept.email in shown.content.decode()
    assert client.post(page, {"keep": str(uuid.uuid4())}).status_code == 200
    said = {"keep": str(kept.public_id), "confirmed": "yes", FIELD: new_form_key()}
    for _again in range(2):
        answer = client.post(page, said)
        assert answer.status_code == 302, answer.content
        assert answer["Location"].endswith(reverse("console_registration", args=[lab.slug, kept.public_id]))
    assert Registration.objects.filter(erased_at__isnull=False).count() == 1
    assert client.get(page).status_code == 404


def test_the_page_says_first_what_comes_of_it_and_changes_nothing(client: Client, lab: Lab) -> None:
    kept, other = pair(lab)
    next_one = f.RegistrationFactory(lab=lab, name="Ana Next")
    both_have, theirs = f.SessionFactory(lab=lab, capacity=2), f.SessionFactory(lab=lab)
    for person, session in ((kept, both_have), (other, both_have), (next_one, both_have), (other, theirs)):
        seats.take(person, {session.pk: session.modes[0]})
    client.force_login(f.StaffFactory(lab=lab).user)
    page = reverse("console_merge", args=[lab.slug, kept.public_id, other.public_id])
    before = [states(person) for person in (kept, other, next_one)]
    shown: Any = client.post(page, {"keep": str(kept.public_id)})
    assert (shown.status_code, list(mails())) == (200, [])
    assert [states(person) for person in (kept, other, next_one)] == before
    assert [seat.session for seat in shown.context["moved"]] == [theirs]
    assert [seat.registration for seat in shown.context["promoted"]] == [next_one]
    assert "Ana Next" in text_of(shown)
    client.post(page, form_of(shown).filled(confirmed="yes"), headers=FROM_HERE)
    assert Registration.objects.get(erased_at__isnull=False) == other
    assert states(next_one) == {both_have.pk: "confirmed"}


def test_nobody_else_and_no_other_lab(client: Client, lab: Lab) -> None:
    kept, other = pair(lab)
    elsewhere = f.RegistrationFactory()
    client.force_login(f.StaffFactory(lab=lab).user)
    for first, second in ((kept, elsewhere), (kept, kept), (elsewhere, kept)):
        page = reverse("console_merge", args=[lab.slug, first.public_id, second.public_id])
        assert client.get(page).status_code == 404
    client.force_login(f.StaffFactory().user)
    page = reverse("console_merge", args=[lab.slug, kept.public_id, other.public_id])
    assert client.post(page, {"keep": str(kept.public_id)}).status_code == 404


def test_certificates_move_and_of_two_the_kept_one_stays(lab: Lab) -> None:
    kept, other = pair(lab)
    alone, with_one = f.RegistrationFactory.create_batch(2, lab=lab)
    rows = {
        person.pk: Certificate.objects.create(
            lab=lab, registration=person, code=f"C-{person.pk}", language="en", holder_hash="x",
            content={}, minutes=60, issued_at=timezone.now(),
        )
        for person in (kept, other, with_one)
    }  # fmt: skip
    merging.merge(kept, other)
    merging.merge(alone, with_one)
    for row in rows.values():
        row.refresh_from_db()
    assert [row.state for row in rows.values()] == ["valid", "replaced", "valid"]
    assert [row.registration_id for row in rows.values()] == [kept.pk, kept.pk, alone.pk]
    assert rows[other.pk].replaced_by == rows[kept.pk]


def test_places_of_choices_and_the_tallies_stay_right(lab: Lab) -> None:
    kept, other = pair(lab)
    choice = f.ChoiceFactory(question__question_set__lab=lab, slug="gala", places=1)
    Answer.objects.create(
        registration=other, question=choice.question, value=["gala"], answered_at=timezone.now()
    )
    assert choice_places.take(other, [choice.pk]) == []
    merging.merge(kept, other)
    assert choice_places.held_by(kept) == {choice.pk}
    assert choice_places.recount() == []
    assert statistics.recount() == {}
