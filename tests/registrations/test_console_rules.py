"""The rules of registration, quotas and approvals as organisers set them: by the page and by the API."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from labs.models import Lab
from labs.viewer import VISITOR
from registrations import managing, seats
from registrations.models import Quota, Registration, RegistrationRules, Seat
from tests import factories as f
from tests.api.asking import bearer
from tests.pages import forms_of
from tests.registrations.form_posts import answers, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def organiser(client: Client, lab: Lab) -> Client:
    client.force_login(f.StaffFactory(lab=lab).user)
    return client


def save(client: Client, page: str, marker: str, **changes: Any) -> Any:
    address = reverse(page, args=["lab"])
    form = next(form for form in forms_of(client.get(address)) if marker in form.names)
    return client.post(address, form.filled(**changes))


def test_rules_are_saved_and_shown_again(organiser: Client, lab: Lab) -> None:
    response = save(
        organiser, "console_rules", "promotion",
        access="delegates", email_domains="sofia.bg\nrome.it", needs_approval="on", hold_minutes="30",
        offer_hours="48", promotion="city", overlaps="refuse",
    )  # fmt: skip
    assert response.status_code == 302
    rules = RegistrationRules.objects.get()
    assert (rules.access, rules.email_domains, rules.needs_approval, rules.hold_minutes, rules.offer_hours) == (
        "delegates", ["sofia.bg", "rome.it"], True, 30, 48,
    )  # fmt: skip
    assert (rules.promotion, rules.overlaps) == ("city", "refuse")
    page = organiser.get(reverse("console_rules", args=["lab"])).content.decode()
    assert ("sofia.bg\nrome.it" in page, 'value="48"' in page) == (True, True)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"email_domains": "not a domain"}, "is not a domain"),
        ({"email_domains": "x" * 20_001}, "at most"),
        ({"hold_minutes": "4"}, "Enter 5 or more"),
        ({"hold_minutes": "99999"}, "or less"),
        ({"offer_hours": "soon"}, "Enter a whole number"),
        ({"access": "nobody"}, "Choose an option from the list"),
    ],
)
def test_what_is_wrong_with_rules_is_said_and_nothing_is_saved(organiser: Client, changes, error) -> None:
    response = save(organiser, "console_rules", "promotion", **changes)
    assert response.status_code == 422
    assert error in response.content.decode()
    assert not RegistrationRules.objects.exists()


def test_two_organisers_who_change_the_rules_at_once_do_not_overwrite_each_other(
    organiser: Client, lab: Lab
) -> None:
    address = reverse("console_rules", args=["lab"])
    form = next(form for form in forms_of(organiser.get(address)) if "promotion" in form.names)
    RegistrationRules.objects.create(lab=lab, needs_approval=True)
    response = organiser.post(address, form.filled(hold_minutes="30"))
    assert response.status_code == 409
    assert RegistrationRules.objects.get().hold_minutes is None


def test_each_city_gets_a_quota_and_again_only_those_without(organiser: Client, lab: Lab) -> None:
    lab.programme.cities.set(f.CityFactory.create_batch(3))
    session = f.SessionFactory(lab=lab, slug="talk")
    assert save(organiser, "console_quotas", "limit", city="*", session="talk", limit="2").status_code == 302
    assert list(Quota.objects.values_list("session", "limit")) == [(session.pk, 2)] * 3
    lab.programme.cities.add(f.CityFactory())
    save(organiser, "console_quotas", "limit", city="*", session="talk", limit="5")
    assert sorted(Quota.objects.values_list("limit", flat=True)) == [2, 2, 2, 5]


def test_a_quota_counts_who_is_there_already_and_refuses_fewer(organiser: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, slug="talk")
    for person in f.RegistrationFactory.create_batch(3, lab=lab):
        seats.take(person, {session.pk: "online"})
    response = save(organiser, "console_quotas", "limit", limit="2")
    assert response.status_code == 422
    assert "3 are taken already. Enter at least 3." in response.content.decode()
    assert save(organiser, "console_quotas", "limit", limit="3").status_code == 302
    quota = Quota.objects.get()
    assert (quota.taken, quota.session) == (3, None)
    again = save(organiser, "console_quotas", "limit", limit="9")
    assert "There is a quota for these already." in again.content.decode()

    address = reverse("console_quota", args=["lab", quota.pk])
    [form] = [form for form in forms_of(organiser.get(address)) if "limit" in form.names]
    assert organiser.post(address, form.filled(limit="1")).status_code == 422
    organiser.post(address, form.filled(limit="7"))
    quota.refresh_from_db()
    assert quota.limit == 7
    organiser.post(
        reverse("console_quota_remove", args=["lab", quota.pk]), {"form_key": form.values["form_key"]}
    )
    assert not Quota.objects.exists()


def test_seats_are_approved_and_refused_on_one_page(organiser: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, needs_approval=True)
    people = f.RegistrationFactory.create_batch(3, lab=lab)
    for person in people:
        seats.take(person, {session.pk: "online"})
    pks = list(Seat.objects.order_by("pk").values_list("pk", flat=True))
    assert "3 seats wait for approval" in organiser.get(reverse("console_lab", args=["lab"])).content.decode()
    save(organiser, "console_approvals", "seat", seat=[str(pks[0])], answer="approve")
    save(organiser, "console_approvals", "seat", seat=[str(pks[1])], answer="refuse", note="Too late")
    assert list(Seat.objects.order_by("pk").values_list("state", flat=True)) == [
        "confirmed",
        "cancelled",
        "pending",
    ]
    none = save(organiser, "console_approvals", "seat", answer="approve", note="Kept")
    assert none.status_code == 422
    assert ("Select at least one seat." in none.content.decode(), "Kept" in none.content.decode()) == (
        True,
        True,
    )


@pytest.mark.parametrize("page", ["console_rules", "console_quotas", "console_approvals"])
def test_the_pages_are_for_organisers_of_the_lab(client: Client, lab: Lab, page: str) -> None:
    client.force_login(f.StaffFactory().user)
    assert client.get(reverse(page, args=["lab"])).status_code == 404


def test_the_list_to_approve_takes_the_same_queries_for_more_people(
    organiser: Client, lab: Lab, django_assert_max_num_queries
) -> None:
    session = f.SessionFactory(lab=lab, needs_approval=True)
    for count in (2, 40):
        for person in f.RegistrationFactory.create_batch(count, lab=lab, city=f.CityFactory()):
            seats.take(person, {session.pk: "online"})
        with django_assert_max_num_queries(12):
            organiser.get(reverse("console_approvals", args=["lab"]))


def test_sessions_at_the_same_time_are_refused_where_the_lab_says_so(client: Client, lab: Lab) -> None:
    one, two = f.SessionFactory.create_batch(2, lab=lab)
    RegistrationRules.objects.create(lab=lab, overlaps="refuse")
    response = send(client, lab, answers(one, two, overlaps_seen=f"{one.pk}-{two.pk}"))
    assert response.status_code == 422
    assert "are at the same time. Choose one of them." in response.content.decode()
    person = f.RegistrationFactory(lab=lab)
    seats.take(person, {one.pk: "online"})
    with pytest.raises(Exception, match="at the same time"):
        managing.change_sessions(person, VISITOR, {one.pk: "", two.pk: ""})
    managing.change_sessions(person, VISITOR, {two.pk: ""})
    assert list(Seat.objects.filter(state="confirmed").values_list("session", flat=True)) == [two.pk]


def call(
    client: Client,
    token: dict[str, str],
    method: str,
    name: str,
    *parts: object,
    body: object = None,
    key: str = "",
) -> Any:
    return getattr(client, method)(
        reverse(f"api:{name}", args=["lab", *parts]),
        **({"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}),
        headers={**token, **({"Idempotency-Key": key} if key else {})},
    )


def test_the_api_does_the_same(client: Client, lab: Lab) -> None:
    token = bearer(f.StaffFactory(lab=lab).user)
    rules = call(client, token, "get", "registration_rules").json()
    assert rules["access"] == "everyone"
    changed = call(client, token, "put", "change_registration_rules", body={**rules, "needs_approval": True})
    assert (changed.status_code, changed.json()["needs_approval"]) == (200, True)
    wrong = call(
        client, token, "put", "change_registration_rules", body={**rules, "email_domains": ["no domain"]}
    )
    assert (wrong.status_code, [one["field"] for one in wrong.json()["errors"]]) == (422, ["email_domains"])

    session = f.SessionFactory(lab=lab, slug="talk")
    body = {"limit": 1, "session": "talk", "mode": "online"}
    made = call(client, token, "post", "create_quota", body=body, key="12345678")
    twice = call(client, token, "post", "create_quota", body=body, key="12345678")
    assert (made.status_code, twice.json()["id"], Quota.objects.count()) == (201, made.json()["id"], 1)
    unknown = call(
        client, token, "post", "create_quota", body={"limit": 1, "city": "nowhere"}, key="abcdefgh"
    )
    assert (unknown.status_code, [one["field"] for one in unknown.json()["errors"]]) == (422, ["city"])

    people: list[Registration] = f.RegistrationFactory.create_batch(2, lab=lab)
    for person in people:
        seats.take(person, {session.pk: "online"})
    waiting = call(client, token, "get", "approvals").json()["items"]
    assert [row["registration"] for row in waiting] == [str(person.public_id) for person in people]
    decided = call(
        client, token, "post", "decide",
        body={"decision": "approve", "seats": [row["id"] for row in waiting]}, key="decision1",
    )  # fmt: skip
    assert decided.json() == {"decided": 2, "waiting": 1, "full": 0}
    quota = call(client, token, "put", "change_quota", made.json()["id"], body={"limit": 0})
    assert quota.status_code == 422
    assert call(client, token, "delete", "delete_quota", made.json()["id"]).status_code == 204
    stranger = bearer(f.StaffFactory().user)
    assert call(client, stranger, "get", "quotas").status_code == 404
