"""Opening without a rush: numbers, the draw that anyone can check, and turns."""

import hashlib
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from core.web.idempotency import new_form_key
from labs.models import Lab
from registrations import opening
from registrations.models import QueueNumber, Registration, RegistrationRules
from registrations.models.rules import rules_of
from registrations.opening import Phase
from registrations.rules import RulesPlan, change_rules
from tests import factories as f
from tests.pages import client_of, form_of
from tests.registrations.form_posts import FROM_HERE, answers

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def lab_that_opens(after: timedelta, *, pace: int = 2) -> Lab:
    lab = f.LabFactory(registration_opens_at=timezone.now() + after)
    change_rules(lab, RulesPlan(opening_draw=True, people_per_minute=pace))
    return Lab.objects.get(pk=lab.pk)


def open_now(lab: Lab, ago: timedelta = timedelta(seconds=6)) -> Lab:
    """Let the opening have taken place; the numbers were given a minute before."""
    opens_at = timezone.now() - ago
    Lab.objects.filter(pk=lab.pk).update(registration_opens_at=opens_at)
    QueueNumber.objects.filter(opening=lab.pk).update(at=opens_at - MINUTE)
    return Lab.objects.get(pk=lab.pk)


def press(client: Client, lab: Lab, key: str = "") -> str:
    """Take a number on the page; returns the address that keeps it."""
    address = reverse("register_queue", args=[lab.slug])
    answer = client.post(address, {"form_key": key or new_form_key()}, headers=FROM_HERE)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def state(lab: Lab, now: datetime | None = None) -> opening.QueueState:
    found = opening.state_of(lab, rules_of(lab), now)
    assert found is not None
    return found


def test_numbers_are_given_from_ten_minutes_before_and_never_earlier(client: Client) -> None:
    lab = lab_that_opens(11 * MINUTE)
    address = reverse("register_queue", args=[lab.slug])
    assert client.get(reverse("register", args=[lab.slug]))["Location"] == address
    assert "Take a number" not in client.get(address).content.decode()
    answer = client.post(address, {"form_key": new_form_key()}, headers=FROM_HERE)
    assert (answer.status_code, QueueNumber.objects.count()) == (409, 0)
    Lab.objects.update(registration_opens_at=timezone.now() + 9 * MINUTE)
    assert "Take a number" in client.get(address).content.decode()
    pages = [press(client, lab) for _ in range(3)]
    assert list(QueueNumber.objects.values_list("number", flat=True)) == [1, 2, 3]
    assert "Your number is 3" in client.get(pages[2]).content.decode()


def test_a_number_taken_twice_by_one_press_is_one(client: Client) -> None:
    lab = lab_that_opens(5 * MINUTE)
    key = new_form_key()
    assert press(client, lab, key) == press(client, lab, key)
    assert QueueNumber.objects.count() == 1
    press(client, lab)
    assert sorted(QueueNumber.objects.values_list("number", flat=True)) == [1, 2]


def test_the_published_fingerprint_seed_and_count_give_every_place(client: Client) -> None:
    lab = lab_that_opens(5 * MINUTE)
    for _ in range(30):
        press(client, lab)
    page = reverse("register_draw", args=[lab.slug])
    seed = lab.opening.seed
    before = client.get(page).content.decode()
    fingerprint = hashlib.sha256(seed.encode()).hexdigest()
    assert (fingerprint in before, seed in before) == (True, False)
    assert client.get(reverse("register_draw_csv", args=[lab.slug])).status_code == 404

    lab = open_now(lab)
    after = client.get(page).content.decode()
    assert (fingerprint in after, seed in after) == (True, True)
    lines = b"".join(client.get(reverse("register_draw_csv", args=[lab.slug]))).decode().split()  # type: ignore[call-overload]
    drawn = {int(number): int(place) for number, place in (line.split(",") for line in lines[1:])}

    def key(number: int) -> str:
        return hashlib.sha256(f"{seed}:30:{number}".encode()).hexdigest()

    assert drawn == {number: place for place, number in enumerate(sorted(range(1, 31), key=key), 1)}
    [shown] = [one for one in range(1, 31) if drawn[one] == 7]
    assert f"Number {shown}: place 7." in client.get(page, {"number": shown}).content.decode()
    for odd in ("31", "0", "-1", "x", "9" * 40, "٣"):
        assert "This number was not given." in client.get(page, {"number": odd}).content.decode()


@given(count=st.integers(0, 300), seed=st.text("0123456789abcdef", min_size=64, max_size=64))
def test_every_number_has_one_place(count: int, seed: str) -> None:
    assert sorted(opening.places_of(seed, count)) == list(range(1, count + 1))


def test_people_come_in_at_the_pace_in_the_order_of_the_draw(client: Client) -> None:
    lab = lab_that_opens(5 * MINUTE, pace=2)
    pages = [press(client, lab) for _ in range(5)]
    lab = open_now(lab)
    now = lab.registration_opens_at + opening.SETTLING
    places = opening.places_of(lab.opening.seed, 5)

    def let_in(after: timedelta) -> list[int]:
        current = state(lab, now + after)
        return sorted(places[number - 1] for number in range(1, 6) if current.has_turn(number))

    assert let_in(-timedelta(microseconds=1)) == []
    assert let_in(timedelta(0)) == [1, 2]
    assert let_in(timedelta(seconds=30)) == [1, 2, 3]
    assert let_in(2 * MINUTE) == [1, 2, 3, 4, 5]
    assert [state(lab, now + each * MINUTE).phase for each in (0, 2)] == [Phase.QUEUE, Phase.OPEN]
    turns = ["It is your turn" in client.get(page).content.decode() for page in pages]
    assert sorted(places[number] for number, is_turn in enumerate(turns) if is_turn) == [1, 2]


def test_who_comes_later_follows_in_the_order_of_arrival(client: Client) -> None:
    lab = lab_that_opens(5 * MINUTE, pace=1)
    for _ in range(4):
        press(client, lab)
    lab = open_now(lab)
    late = press(client, lab)
    assert "Your place in the order is 5." in client.get(late).content.decode()
    assert state(lab).drawn == 4


def test_the_form_is_shown_and_taken_only_in_turn(client: Client) -> None:
    lab = lab_that_opens(5 * MINUTE, pace=1)
    session = f.SessionFactory(lab=lab)
    pages = [press(client, lab) for _ in range(3)]
    lab = open_now(lab)
    form = reverse("register", args=[lab.slug])
    places = opening.places_of(lab.opening.seed, 3)
    tokens = [page.rstrip("/").rsplit("/", 1)[1] for page in pages]
    first, second = tokens[places.index(1)], tokens[places.index(2)]
    queue = reverse("register_queue", args=[lab.slug])
    for token in ("", second, first[:-1] + ("A" if first[-1] != "A" else "B"), "x" * 500):
        assert client.get(form, {"queue_number": token}).headers.get("Location") == queue
        sent = client.post(form, answers(session, queue_number=token[:100]), headers=FROM_HERE)
        assert (sent.status_code, Registration.objects.count()) == (422, 0)
    shown = client.get(form, {"queue_number": first})
    assert f'value="{first}"' in shown.content.decode()
    for number in range(opening.USES):
        sent = client.post(
            form, answers(session, queue_number=first, email=f"p{number}@example.org"), headers=FROM_HERE
        )
        assert sent.status_code == 200
    sent = client.post(form, answers(session, queue_number=first, email="p9@example.org"), headers=FROM_HERE)
    assert (sent.status_code, "This number was used already." in sent.content.decode()) == (422, True)
    assert Registration.objects.count() == opening.USES
    # When everybody has had a turn no number is needed.
    lab = open_now(lab, 10 * MINUTE)
    assert client.get(form).status_code == 200
    assert client.get(queue)["Location"] == form


def test_a_number_of_another_lab_opens_nothing(client: Client) -> None:
    lab, other = lab_that_opens(5 * MINUTE), lab_that_opens(5 * MINUTE)
    token = press(client, other).rstrip("/").rsplit("/", 1)[1]
    for _ in range(3):
        press(client, lab)
    assert client.get(reverse("register_queue_number", args=[lab.slug, token])).status_code == 404
    assert not opening.may_enter(open_now(lab), state(open_now(lab)), token)


def test_a_lab_without_a_draw_has_no_queue(client: Client) -> None:
    lab = f.LabFactory()
    f.SessionFactory(lab=lab)
    for name in ("register_queue", "register_draw", "register_draw_csv"):
        assert client.get(reverse(name, args=[lab.slug])).status_code == 404
    assert client.get(reverse("register", args=[lab.slug])).status_code == 200
    change_rules(lab, RulesPlan(opening_draw=True))
    Lab.objects.filter(pk=lab.pk).update(visibility="draft")
    assert client.get(reverse("register_draw", args=[lab.slug])).status_code == 404


def test_one_network_takes_only_so_many_numbers(client: Client, settings) -> None:
    settings.QUEUE_NUMBERS_PER_NETWORK = 2
    lab = lab_that_opens(5 * MINUTE)
    for _ in range(2):
        press(client, lab)
    address = reverse("register_queue", args=[lab.slug])
    assert client.post(address, {"form_key": new_form_key()}, headers=FROM_HERE).status_code == 429
    assert QueueNumber.objects.count() == 2


def test_the_seed_stays_when_the_draw_is_turned_off_and_on() -> None:
    lab = lab_that_opens(5 * MINUTE)
    seed = lab.opening.seed
    change_rules(lab, RulesPlan())
    assert opening.state_of(lab, RegistrationRules.objects.get(lab=lab)) is None
    change_rules(lab, RulesPlan(opening_draw=True))
    assert Lab.objects.get(pk=lab.pk).opening.seed == seed


def test_a_draw_that_took_place_can_be_checked_after_the_rule_is_turned_off(client: Client) -> None:
    lab = lab_that_opens(5 * MINUTE, pace=1)
    kept = [press(client, lab) for _ in range(3)]
    rules_page = reverse("console_rules", args=[lab.slug])
    organiser = client_of(f.StaffFactory(lab=lab, role="organiser").user)
    words = "The order has been drawn."
    assert words not in organiser.get(rules_page).content.decode()
    lab = open_now(lab)
    page = reverse("register_draw", args=[lab.slug])
    before = client.get(page).content.decode()
    proof = client.get(f"/api/v1/labs/{lab.slug}/draw").json()
    form = form_of(organiser.get(rules_page))
    assert organiser.post(form.action, form.filled(opening_draw=None)).status_code == 302
    assert not RegistrationRules.objects.get(lab=lab).opening_draw
    shown = organiser.get(rules_page).content.decode()
    assert (words in shown, page in shown) == (True, True)
    assert (lab.opening.seed in before, client.get(page).content.decode()) == (True, before)
    assert client.get(f"/api/v1/labs/{lab.slug}/draw").json() == proof
    assert client.get(reverse("register_draw_csv", args=[lab.slug])).status_code == 200
    # Nobody waits any longer: whoever kept a number comes to the form.
    form_page = reverse("register", args=[lab.slug])
    assert [client.get(one)["Location"] for one in (kept[0], reverse("register_queue", args=[lab.slug]))] == [
        form_page,
        form_page,
    ]
    assert (
        client.post(f"/api/v1/labs/{lab.slug}/queue", headers={"Idempotency-Key": "press-late"}).status_code
        == 404
    )


def test_nothing_is_left_of_a_draw_turned_off_before_it_took_place(client: Client) -> None:
    lab = lab_that_opens(5 * MINUTE)
    press(client, lab)
    change_rules(lab, RulesPlan())
    assert client.get(reverse("register_draw", args=[lab.slug])).status_code == 404
    assert client.get(f"/api/v1/labs/{lab.slug}/draw").status_code == 404


def test_programs_take_numbers_and_check_the_draw(client: Client) -> None:
    lab = lab_that_opens(5 * MINUTE, pace=1)
    base = f"/api/v1/labs/{lab.slug}"
    headers = {"Idempotency-Key": "press-one"}
    made = client.post(f"{base}/queue", headers=headers)
    assert made.status_code == 201, made.content
    assert (made.json()["number"], made.json()["place"]) == (1, None)
    assert client.post(f"{base}/queue", headers=headers).json()["number"] == 1
    token = made.json()["token"]
    draw = client.get(f"{base}/draw").json()
    assert (draw["seed"], draw["count"], draw["numbers_given"]) == (None, None, None)
    open_now(lab)
    found = client.get(f"{base}/queue/{token}").json()
    assert found == {
        "number": 1,
        "token": token,
        "place": 1,
        "is_your_turn": True,
        "wait_seconds": 0,
    }
    draw = client.get(f"{base}/draw").json()
    assert draw["seed_hash"] == hashlib.sha256(draw["seed"].encode()).hexdigest()
    assert draw["count"] == 1
    assert client.get(f"{base}/queue/{token}x").status_code == 404


@pytest.mark.parametrize("people", [1, 200])
def test_a_page_that_keeps_a_number_costs_a_fixed_number_of_queries(
    client: Client, django_assert_num_queries, people: int
) -> None:
    lab = lab_that_opens(5 * MINUTE)
    page = press(client, lab)
    QueueNumber.objects.bulk_create(
        QueueNumber(opening_id=lab.pk, number=number, at=timezone.now()) for number in range(2, people + 2)
    )
    opening.Opening.objects.update(last_number=people + 1)
    open_now(lab)
    client.get(page)
    with django_assert_num_queries(3):
        client.get(page)
