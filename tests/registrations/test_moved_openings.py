"""An opening that is moved after its draw: another seed for the next one, and the proof of the first stays."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.timezones.wall_clock import wall
from labs.models import Lab
from registrations import opening
from registrations.models import EarlierDraw, Opening
from registrations.rules import RulesPlan, change_rules
from tests import factories as f
from tests.pages import Form, client_of, form_of
from tests.registrations.test_opening import MINUTE, lab_that_opens, open_now, press

pytestmark = pytest.mark.django_db


def drawn(client: Client, count: int) -> tuple[Lab, tuple[bool, bool]]:
    """A lab whose registration opened with a draw at a full minute, and what its page tells of it."""
    lab = lab_that_opens(5 * MINUTE)
    for _number in range(count):
        press(client, lab)
    lab = open_now(lab, timezone.now() - (timezone.now() - 2 * MINUTE).replace(second=0, microsecond=0))
    page = client.get(reverse("register_draw", args=[lab.slug])).content.decode()
    return lab, told_of(page, lab.opening)


def told_of(page: str, proof: Opening | EarlierDraw) -> tuple[bool, bool]:
    """Whether the page tells the seed and its fingerprint."""
    return proof.seed in page, opening.seed_hash(proof) in page


def day_of(lab: Lab, days: int) -> str:
    """Return the day that so many days from now is by the lab's clocks, as forms take it."""
    return (wall(timezone.now(), lab.time_zone).date() + timedelta(days=days)).isoformat()


def settings_form(lab: Lab) -> tuple[Client, Form]:
    organiser = client_of(f.StaffFactory(lab=lab, role="organiser").user)
    return organiser, form_of(organiser.get(reverse("console_lab_edit", args=[lab.slug])))


def test_an_opening_after_a_draw_has_a_seed_of_its_own_and_the_proof_of_the_first_stays(
    client: Client,
) -> None:
    lab, first = drawn(client, 3)
    assert first == (True, True)
    was, csv_page = lab.opening.seed, reverse("register_draw_csv", args=[lab.slug])
    table = client.get(csv_page).content
    organiser, form = settings_form(lab)
    tomorrow = day_of(lab, 1)
    assert organiser.post(form.action, form.filled(opens_date=tomorrow)).status_code == 302

    lab = Lab.objects.get(pk=lab.pk)
    [earlier] = lab.opening.earlier.all()
    assert (earlier.seed, earlier.count) == (was, 3)
    page = client.get(reverse("register_draw", args=[lab.slug])).content.decode()
    # The next seed is secret, its fingerprint is not.
    assert (told_of(page, earlier), told_of(page, lab.opening)) == ((True, True), (False, True))
    assert client.get(csv_page).status_code == 404
    assert client.get(csv_page, {"earlier": earlier.pk}).content == table
    assert [client.get(csv_page, {"earlier": one}).status_code for one in ("0", "²", "9" * 30, "x")] == [
        404
    ] * 4
    proof = client.get(f"/api/v1/labs/{lab.slug}/draw").json()
    assert (proof["seed"], [(one["seed"], one["count"]) for one in proof["earlier"]]) == (None, [(was, 3)])

    # Without a next draw none is promised.
    promises = ("have the same chance", "The next draw has", "Secret until the opening")
    assert [words for words in promises if words not in page] == []
    change_rules(lab, RulesPlan())
    page = client.get(reverse("register_draw", args=[lab.slug])).content.decode()
    assert (told_of(page, earlier), told_of(page, lab.opening)) == ((True, True), (False, False))
    assert [words for words in promises if words in page] == []
    change_rules(lab, RulesPlan(opening_draw=True))

    lab = open_now(lab)
    page = client.get(reverse("register_draw", args=[lab.slug])).content.decode()
    assert (told_of(page, earlier), told_of(page, lab.opening)) == ((True, True), (True, True))


@pytest.mark.parametrize("tomorrow", [True, False])
def test_a_seed_that_was_told_without_a_draw_is_not_the_next_one(client: Client, tomorrow: bool) -> None:
    lab, told = drawn(client, 0)
    assert told == (True, True)
    organiser, form = settings_form(lab)
    at = {"opens_date": day_of(lab, 1)}
    none = dict.fromkeys(("opens_date", "opens_time", "closes_date", "closes_time"), "")
    assert organiser.post(form.action, form.filled(**(at if tomorrow else none))).status_code == 302
    assert client.get(reverse("register_draw", args=[lab.slug])).status_code == (200 if tomorrow else 404)
    Lab.objects.filter(pk=lab.pk).update(registration_opens_at=timezone.now() + 5 * MINUTE)

    page = client.get(reverse("register_draw", args=[lab.slug])).content.decode()
    assert told_of(page, lab.opening) == (False, False)
    assert told_of(page, Opening.objects.get()) == (False, True)
    assert client.get(f"/api/v1/labs/{lab.slug}/draw").json()["earlier"] == []


def test_the_order_is_not_drawn_again_by_an_opening_in_the_past(client: Client) -> None:
    lab, _told = drawn(client, 2)
    organiser, form = settings_form(lab)
    yesterday = day_of(lab, -1)
    answer = organiser.post(form.action, form.filled(opens_date=yesterday))
    assert (answer.status_code, "Registration has opened with a draw." in answer.content.decode()) == (
        422,
        True,
    )
    assert (Lab.objects.get(pk=lab.pk).registration_opens_at, EarlierDraw.objects.count()) == (
        lab.registration_opens_at,
        0,
    )


@pytest.mark.parametrize("numbers", [0, 2])
def test_other_settings_can_be_saved_after_a_draw(client: Client, numbers: int) -> None:
    lab = lab_that_opens(5 * MINUTE)
    for _number in range(numbers):
        press(client, lab)
    lab = open_now(lab)  # not at a full minute
    organiser, form = settings_form(lab)
    assert organiser.post(form.action, form.filled(contact_email="new@example.org")).status_code == 302
    saved = Lab.objects.get(pk=lab.pk)
    assert (saved.contact_email, saved.registration_opens_at) == (
        "new@example.org",
        lab.registration_opens_at,
    )
    assert (saved.opening.seed, EarlierDraw.objects.count()) == (lab.opening.seed, 0)


def test_an_opening_that_moves_before_its_draw_keeps_its_seed(client: Client) -> None:
    lab = lab_that_opens(5 * MINUTE)
    press(client, lab)
    organiser, form = settings_form(lab)
    tomorrow = day_of(lab, 1)
    assert organiser.post(form.action, form.filled(opens_date=tomorrow)).status_code == 302
    assert (Lab.objects.get(pk=lab.pk).opening.seed, EarlierDraw.objects.count()) == (lab.opening.seed, 0)
