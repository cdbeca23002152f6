"""The API as programs use it."""

import datetime
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.accounts.models import User
from core.mail.models import Message
from core.web import signed_links
from labs.models import ApiToken, Lab
from registrations.models import Attendance, Registration
from sessions.models import Session
from tests import factories as f

pytestmark = pytest.mark.django_db

ALL = [scope.value for scope in ApiToken.Scope]


def bearer(user: User, scopes: list[str] = ALL, lab: Lab | None = None, **more: Any) -> dict[str, str]:
    token, token_hash = signed_links.new_api_token()
    ApiToken.objects.create(user=user, name="test", token_hash=token_hash, scopes=scopes, lab=lab, **more)
    return {"Authorization": f"Bearer {token}"}


def organiser_of(lab: Lab) -> User:
    return f.StaffFactory(lab=lab).user


def form_for(session: Session, **changes: Any) -> dict[str, Any]:
    form = {
        "name": "Demo participant 1",
        "email": "demo1@example.org",
        "sessions": [session.slug],
        "language": "bg",
        "time_zone": "Europe/Sofia",
        "consent": True,
    }
    return form | changes


def post(lab: Lab, form: dict[str, Any], key: str = "a-key-of-ours") -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    address = f"/api/v1/labs/{lab.slug}/registrations"
    return Client().post(address, form, content_type="application/json", headers=headers)


def test_a_session_gives_wall_time_zone_and_instant_in_one_form() -> None:
    session = f.SessionFactory()
    item = Client().get(f"/api/v1/labs/{session.lab.slug}/sessions").json()["items"][0]
    assert item["slug"] == session.slug
    assert item["starts"]["local"] == f"{session.start_date.isoformat()}T11:30"
    assert item["starts"]["time_zone"] == "Europe/Sofia"
    assert item["starts"]["at"].endswith("Z")
    assert item["title"] == session.title


def test_errors_are_problem_documents() -> None:
    answer = Client().get("/api/v1/labs/no-such-lab")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "detail": "There is nothing at this address",
        "status": 404,
    }


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer clab_nonsense", "Basic abc", "Bearer"])
def test_a_bad_token_is_an_error_and_not_a_visitor(header: str) -> None:
    answer = Client().get("/api/v1/labs", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer error="invalid_token"'  # RFC 6750 §3.1


@pytest.mark.parametrize(
    "state",
    [{"revoked_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(seconds=1)}],
)
def test_a_revoked_or_expired_token_opens_nothing(state: dict[str, Any]) -> None:
    lab = f.LabFactory()
    headers = bearer(organiser_of(lab), **state)
    assert Client().get(f"/api/v1/labs/{lab.slug}/registrations", headers=headers).status_code == 401


def test_a_token_of_a_closed_account_opens_nothing() -> None:
    lab = f.LabFactory()
    user = organiser_of(lab)
    headers = bearer(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert Client().get("/api/v1/labs", headers=headers).status_code == 401


def test_a_repeated_get_with_its_validator_is_answered_304() -> None:
    lab = f.LabFactory()
    first = Client().get(f"/api/v1/labs/{lab.slug}")
    again = Client().get(f"/api/v1/labs/{lab.slug}", headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert again["ETag"] == first["ETag"]


def test_a_signed_in_browser_is_a_visitor_to_the_api() -> None:
    session = f.SessionFactory(visibility="internal")
    client = Client()
    client.force_login(organiser_of(session.lab))
    assert client.get(f"/api/v1/labs/{session.lab.slug}/sessions").json()["items"] == []


def test_a_delegate_sees_the_internal_sessions_of_the_city_and_others_get_404() -> None:
    session = f.SessionFactory(visibility="internal")
    sofia, trikala = f.CityFactory(), f.CityFactory()
    session.audience.add(sofia)
    programme = session.lab.programme
    address = f"/api/v1/labs/{session.lab.slug}/sessions/{session.slug}"
    answers = []
    for delegate in (
        f.DelegateFactory(programme=programme, city=sofia),
        f.DelegateFactory(programme=programme, city=trikala),
        f.DelegateFactory(city=sofia),
    ):
        answers.append(Client().get(address, headers=bearer(delegate.user, ["read"])).status_code)
    assert answers == [200, 404, 404]


@pytest.mark.parametrize("scope", ALL)
def test_each_scope_opens_its_own_operations_and_no_others(scope: str) -> None:
    lab = f.LabFactory()
    session = f.SessionFactory(lab=lab)
    headers = bearer(organiser_of(lab), [scope])
    opened = {
        "registrations": Client().get(f"/api/v1/labs/{lab.slug}/registrations", headers=headers).status_code,
        "attendance": Client()
        .get(f"/api/v1/labs/{lab.slug}/sessions/{session.slug}/attendance", headers=headers)
        .status_code,
        "certificates": Client().get(f"/api/v1/labs/{lab.slug}/certificates", headers=headers).status_code,
    }
    assert opened == {name: 200 if name == scope else 403 for name in opened}


def test_a_token_for_one_lab_opens_no_other_lab_of_the_same_owner() -> None:
    programme = f.ProgrammeFactory()
    mine, other = f.LabFactory(programme=programme), f.LabFactory(programme=programme)
    owner = f.StaffFactory(role="owner", programme=programme, lab=None).user
    headers = bearer(owner, lab=mine)
    codes = [
        Client().get(f"/api/v1/labs/{lab.slug}/registrations", headers=headers).status_code
        for lab in (mine, other)
    ]
    assert codes == [200, 404]


def test_two_labs_never_mix_their_registrations() -> None:
    one, two = f.RegistrationFactory(), f.RegistrationFactory()
    for registration in (one, two):
        headers = bearer(organiser_of(registration.lab))
        listed = Client().get(f"/api/v1/labs/{registration.lab.slug}/registrations", headers=headers).json()
        assert [item["id"] for item in listed["items"]] == [str(registration.public_id)]
    headers = bearer(organiser_of(one.lab))
    crossed = f"/api/v1/labs/{one.lab.slug}/registrations/{two.public_id}"
    assert Client().get(crossed, headers=headers).status_code == 404


def test_registering_through_the_api_asks_the_address_to_confirm() -> None:
    session = f.SessionFactory()
    answer = post(session.lab, form_for(session))
    assert answer.status_code == 202, answer.json()
    registration = Registration.objects.get()
    assert (registration.state, registration.language) == ("unconfirmed", "bg")
    assert [message.occasion for message in Message.objects.all()] == ["confirm_address"]


@pytest.mark.parametrize(
    ("told", "kept"),
    [("Asia/Calcutta", "Asia/Kolkata"), ("Etc/UTC", "UTC"), ("Etc/GMT-3", "Etc/GMT-3"), ("GMT", "UTC")],
)
def test_a_zone_is_taken_by_every_name_that_devices_have_for_it(told: str, kept: str) -> None:
    session = f.SessionFactory()
    assert post(session.lab, form_for(session, time_zone=told)).status_code == 202
    assert Registration.objects.get().time_zone == kept


def test_registering_twice_with_one_key_registers_once_and_with_other_contents_is_a_conflict() -> None:
    session = f.SessionFactory()
    answers = [post(session.lab, form_for(session)) for _number in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert Registration.objects.count() == 1
    assert post(session.lab, form_for(session, name="Somebody else")).status_code == 409


def test_the_answer_is_the_same_for_an_address_that_is_registered() -> None:
    session = f.SessionFactory()
    f.RegistrationFactory(lab=session.lab, email="demo1@example.org")
    known = post(session.lab, form_for(session), "key-number-1")
    unknown = post(session.lab, form_for(session, email="demo2@example.org"), "key-number-2")
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 5000}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"email": "no address"}, "email"),
        ({"email": "a@example.org\nBcc: b@example.org"}, "email"),
        ({"sessions": []}, "sessions"),
        ({"sessions": ["no-such"]}, "sessions.0"),
        ({"sessions": "text"}, "sessions"),
        ({"language": "xx"}, "language"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"city": "nowhere"}, "city"),
        ({"stakeholder_group": "nobody"}, "stakeholder_group"),
        ({"consent": "perhaps"}, "consent"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_kept(changes: dict[str, Any], field: str) -> None:
    session = f.SessionFactory()
    answer = post(session.lab, form_for(session, **changes))
    assert answer.status_code == 422, answer.content
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (Registration.objects.count(), Message.objects.count()) == (0, 0)


def test_a_city_of_the_programme_and_another_one_cannot_both_be_the_persons() -> None:
    session = f.SessionFactory()
    city = f.CityFactory()
    session.lab.programme.cities.add(city)
    answer = post(session.lab, form_for(session, city=city.slug, city_text="Elsewhere"))
    assert [error["field"] for error in answer.json()["errors"]] == ["city_text"]
    assert post(session.lab, form_for(session, city=city.slug)).status_code == 202


def test_an_internal_session_is_as_unknown_to_a_visitor_as_one_that_does_not_exist() -> None:
    session = f.SessionFactory(visibility="internal")
    hidden = post(session.lab, form_for(session))
    missing = post(session.lab, form_for(session, sessions=["missing"]))
    assert hidden.status_code == missing.status_code == 422
    assert hidden.content.replace(session.slug.encode(), b"missing") == missing.content


def test_registering_needs_a_key() -> None:
    session = f.SessionFactory()
    assert post(session.lab, form_for(session), key="").status_code == 422


def test_the_document_names_the_key_as_it_has_to_be_sent() -> None:
    """Servers drop headers with underscores: a client made from the document could not register."""
    document = Client().get("/api/v1/openapi.json").json()
    operation = document["paths"]["/api/v1/labs/{lab}/registrations"]["post"]
    headers = [each["name"] for each in operation["parameters"] if each["in"] == "header"]
    assert headers == ["Idempotency-Key"]


def test_registering_is_refused_when_the_window_is_closed() -> None:
    lab = f.LabFactory(registration_closes_at=timezone.now() - timedelta(minutes=1))
    assert post(lab, form_for(f.SessionFactory(lab=lab))).status_code == 422
    assert Registration.objects.count() == 0


def test_attendance_is_taken_once_and_taken_back() -> None:
    registration = f.RegistrationFactory()
    session = f.SessionFactory(lab=registration.lab)
    door = f.StaffFactory(lab=registration.lab, role="door").user
    headers = bearer(door, ["attendance"])
    address = (
        f"/api/v1/labs/{registration.lab.slug}/sessions/{session.slug}/attendance/{registration.public_id}"
    )
    assert [Client().put(address, headers=headers).status_code for _number in range(2)] == [200, 200]
    assert Attendance.objects.count() == 1
    only_if = headers | {"If-Match": '"another state"'}
    assert Client().delete(address, headers=only_if).status_code == 412
    assert Client().put(address, headers=only_if).json()["type"] == "about:blank"
    assert Attendance.objects.count() == 1
    assert Client().delete(address, headers=headers | {"If-Match": "*"}).status_code == 204
    assert Attendance.objects.count() == 0


@pytest.mark.parametrize("path", ["sessions", "tracks", "speakers", "registrations", "certificates"])
def test_lists_cost_the_same_queries_for_two_rows_and_for_twenty(
    path: str, django_assert_max_num_queries: Any
) -> None:
    lab = f.LabFactory()
    headers = bearer(organiser_of(lab))
    counts = []
    for rows in (2, 20):
        for _number in range(rows):
            session = f.SessionFactory(lab=lab, track=f.TrackFactory(lab=lab))
            f.AppearanceFactory(session=session, agenda_item=f.AgendaItemFactory(session=session))
            registration = f.RegistrationFactory(lab=lab)
            f.SeatFactory(registration=registration, session=session)
            f.AttendanceFactory(registration=registration, session=session)
        with django_assert_max_num_queries(14) as captured:
            answer = Client().get(f"/api/v1/labs/{lab.slug}/{path}", headers=headers)
        assert answer.status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's query plan")
def test_the_filter_of_seats_looks_at_the_labs_own_people_alone_and_pages_carry_no_long_texts() -> None:
    lab, other = f.LabFactory(), f.LabFactory()
    for each in (lab, other):
        session = f.SessionFactory(lab=each, slug="dialogue", abstract={"en": "A long text."})
        f.SeatFactory(registration=f.RegistrationFactory(lab=each), session=session)
        f.SeatFactory(session=f.SessionFactory(lab=each))
    headers = bearer(organiser_of(lab))
    with CaptureQueriesContext(connection) as captured:
        answer = Client().get(
            f"/api/v1/labs/{lab.slug}/registrations",
            {"session": "dialogue", "seat": "confirmed"},
            headers=headers,
        )
    assert answer.json()["count"] == 1
    assert not [query for query in captured if '"abstract"' in query["sql"]]
    asked = [query["sql"] for query in captured if 'FROM "registrations_registration" ' in query["sql"]]
    with connection.cursor() as cursor:
        for sql in asked:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            steps = [row[3] for row in cursor.fetchall()]
            # A list of seats would be made of all labs' seats; asked of each person, it is a look into an index.
            assert not [step for step in steps if step.startswith(("SCAN", "LIST SUBQUERY"))], steps
    assert asked


def test_pages_are_cut_by_limit_and_offset() -> None:
    lab = f.LabFactory()
    sessions = [f.SessionFactory(lab=lab) for _number in range(5)]
    page = Client().get(f"/api/v1/labs/{lab.slug}/sessions", {"limit": 2, "offset": 2}).json()
    assert page["count"] == 5
    assert [item["slug"] for item in page["items"]] == [session.slug for session in sessions[2:4]]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "-1"},
        {"limit": "x"},
        {"offset": "-5"},
        {"starting_from": "yesterday"},
        {"starting_from": "2027-01-01T10:00"},
        {"until": "9999-12-31T23:59:59-23:59"},
        {"starting_from": "0001-01-01T00:00:00+23:59"},
        {"track": "x" * 5000},
    ],
)
def test_wrong_filters_are_named(query: dict[str, str]) -> None:
    lab = f.LabFactory()
    answer = Client().get(f"/api/v1/labs/{lab.slug}/sessions", query)
    assert answer.status_code == 422
    assert answer.json()["errors"] != []


def test_an_instant_may_be_written_with_any_offset() -> None:
    """Also with one that RFC 3339 has and PostgreSQL has not."""
    session = f.SessionFactory()
    for offset, found in ((-1, [session.slug]), (1, [])):
        there = (session.starts_at + timedelta(minutes=offset)).astimezone(
            datetime.timezone(timedelta(hours=-21, minutes=-43))
        )
        answer = Client().get(
            f"/api/v1/labs/{session.lab.slug}/sessions", {"starting_from": there.isoformat()}
        )
        assert [item["slug"] for item in answer.json()["items"]] == found


@pytest.mark.parametrize(
    "query", [{"_connector": "OR"}, {"lab__visibility": "draft"}, {"order_by": "-lab.secret"}]
)
def test_filters_that_nobody_offered_find_nothing(query: dict[str, str]) -> None:
    session = f.SessionFactory()
    answer = Client().get(f"/api/v1/labs/{session.lab.slug}/sessions", query)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, list(query))


def test_the_api_issues_nothing_for_a_session_that_is_not_over_yet() -> None:
    session = f.SessionFactory()
    person = f.AttendanceFactory(session=session, registration__lab=session.lab).registration
    headers = bearer(organiser_of(session.lab), ["certificates"])
    base = f"/api/v1/labs/{session.lab.slug}"
    answer = Client().post(f"{base}/registrations/{person.public_id}/certificate", headers=headers)
    assert (answer.status_code, "once it has ended" in answer.json()["detail"]) == (409, True)
    begun = Client().post(f"{base}/certificates", headers=headers).json()
    assert begun == {"ready": 0, "blocked": 0, "failed": 0, "outdated": 0}
    assert Client().get(f"{base}/certificates", headers=headers).json()["items"] == []


def test_certificates_are_issued_checked_and_revoked_through_the_api() -> None:
    registration = f.AttendanceFactory().registration
    lab = registration.lab
    headers = bearer(organiser_of(lab), ["certificates"])
    base = f"/api/v1/labs/{lab.slug}"
    issued = (
        Client().post(f"{base}/registrations/{registration.public_id}/certificate", headers=headers).json()
    )
    checked = Client().get(f"/api/v1/certificates/{issued['code']}").json()
    assert (checked["state"], checked["holder_name"]) == ("valid", registration.name)
    revoke = f"{base}/certificates/{issued['code']}/revoke"
    answer = Client().post(
        revoke, {"reason": "Wrong person"}, content_type="application/json", headers=headers
    )
    assert answer.status_code == 200
    checked = Client().get(f"/api/v1/certificates/{issued['code']}").json()
    assert (checked["state"], checked["holder_name"], checked["sessions"]) == ("revoked", None, [])
    assert Client().post(f"{base}/certificates", headers=headers).status_code == 202


def test_the_openapi_document_and_its_reader_are_served() -> None:
    document = Client().get("/api/v1/openapi.json").json()
    assert "/api/v1/labs/{lab}/sessions" in document["paths"]
    page = Client().get("/api/v1/docs")
    assert page.status_code == 200
    assert "cdn." not in page.content.decode()


def test_the_document_is_the_same_for_everybody_and_is_sent_once() -> None:
    address = "/api/v1/openapi.json"
    first = Client().get(address)
    assert (first.status_code, first["Content-Type"]) == (200, "application/json")
    assert first["Cache-Control"] == "public, max-age=60"
    headers = bearer(organiser_of(f.LabFactory()))
    for asking in ({"Accept-Language": "bg"}, headers, {"Cookie": "language=el"}):
        other = Client().get(address, headers=asking)
        assert (other.content, other["ETag"]) == (first.content, first["ETag"])
        assert (other["Content-Language"], "Accept-Language" in other.get("Vary", "")) == ("en", False)
    for method in (Client().get, Client().head):
        again = method(address, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert again["Cache-Control"] == first["Cache-Control"]
    assert Client().get(address, headers={"If-None-Match": '"older"'}).content == first.content


def test_the_document_may_be_packed_and_is_recognised_then_too() -> None:
    packed = Client().get("/api/v1/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert (packed["Content-Encoding"], packed["Vary"]) == ("gzip", "Accept-Encoding")
    again = Client().get(
        "/api/v1/openapi.json", headers={"Accept-Encoding": "gzip", "If-None-Match": packed["ETag"]}
    )
    assert again.status_code == 304


def test_a_token_without_the_scope_read_sees_what_everybody_sees() -> None:
    session = f.SessionFactory(visibility="internal")
    draft = f.SessionFactory(lab=session.lab, visibility="draft")
    user = organiser_of(session.lab)
    address = f"/api/v1/labs/{session.lab.slug}/sessions"
    seen = []
    for scopes in (["attendance"], ["read"]):
        items = Client().get(address, headers=bearer(user, scopes)).json()["items"]
        seen.append({item["slug"] for item in items})
    assert seen == [set(), {session.slug, draft.slug}]


@pytest.mark.parametrize(
    "address",
    ["/api/v1/labs/%00", "/api/v1/labs?programme=%00", "/api/v1/programmes/a%00b", "/api/v1/labs?offset=%00"],
)
def test_a_nul_in_an_address_finds_nothing(address: str) -> None:
    assert Client().get(address).status_code == 404


@pytest.mark.parametrize("changes", [{"name": "   "}, {"name": "😀"}, {"city": "a\0b"}, {"sessions": ["\0"]}])
def test_a_name_without_letters_and_addresses_that_cannot_be_are_refused(changes: dict[str, Any]) -> None:
    session = f.SessionFactory()
    assert post(session.lab, form_for(session, **changes)).status_code == 422
    assert Registration.objects.count() == 0


def test_the_document_asks_for_a_token_only_where_one_is_needed() -> None:
    """What a visitor may call is marked as callable without; every other operation answers one with 404."""
    document = Client().get("/api/v1/openapi.json").json()
    open_to_all = {
        (method, path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if {} in operation["security"]
    }
    base = "/api/v1/labs/{lab}"
    assert open_to_all == {
        ("get", "/api/v1/programmes"),
        ("get", "/api/v1/programmes/{programme}"),
        ("get", "/api/v1/labs"),
        ("get", base),
        ("get", f"{base}/sessions"),
        ("get", f"{base}/sessions/{{session}}"),
        ("get", f"{base}/tracks"),
        ("get", f"{base}/speakers"),
        ("get", f"{base}/speakers/{{speaker}}"),
        ("get", f"{base}/registration-form"),
        ("post", f"{base}/registrations"),
        ("get", "/api/v1/certificates/{code}"),
    }
    assert {"BearerToken": []} in document["paths"][f"{base}/registrations"]["get"]["security"]


def test_the_form_says_all_that_a_program_has_to_ask() -> None:
    group = f.StakeholderGroupFactory()
    city = f.CityFactory()
    group.programme.cities.add(city)
    session = f.SessionFactory(
        lab=f.LabFactory(programme=group.programme, consent={"en": "Keep my answers."})
    )
    form = Client().get(f"/api/v1/labs/{session.lab.slug}/registration-form").json()
    assert form == {
        "is_open": True,
        "consent": {"en": "Keep my answers.", "bg": "Keep my answers.", "el": "Keep my answers."},
        "kept_until": (session.lab.ends_on + timedelta(days=session.lab.retention_days)).isoformat(),
        "stakeholder_groups": [{"slug": group.slug, "name": group.name}],
        "cities": [{"slug": city.slug, "name": city.name}],
    }
    answer = post(session.lab, form_for(session, stakeholder_group=group.slug, city=city.slug))
    assert answer.status_code == 202, answer.json()


def test_of_tracks_those_in_sight_are_named() -> None:
    lab = f.LabFactory()
    shown, hidden, _unused = (f.TrackFactory(lab=lab) for _number in range(3))
    f.SessionFactory(lab=lab, track=shown)
    f.SessionFactory(lab=lab, track=hidden, visibility="internal")
    address = f"/api/v1/labs/{lab.slug}/tracks"
    [item] = Client().get(address).json()["items"]
    assert item == {
        "slug": shown.slug,
        "name": shown.name,
        "calendar": f"{settings.BASE_URL}/labs/{lab.slug}/tracks/{shown.slug}/calendar.ics",
    }
    items = Client().get(address, headers=bearer(organiser_of(lab))).json()["items"]
    assert {item["slug"] for item in items} == {shown.slug, hidden.slug}


def test_a_programme_names_its_groups() -> None:
    group = f.StakeholderGroupFactory()
    programme = Client().get(f"/api/v1/programmes/{group.programme.slug}").json()
    assert programme["stakeholder_groups"] == [{"slug": group.slug, "name": group.name}]


def test_everything_names_its_page_and_hours_their_zone() -> None:
    session = f.SessionFactory()
    item = f.AgendaItemFactory(
        session=session,
        start_time=session.start_time,
        end_time=session.end_time,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
    )
    appearance = f.AppearanceFactory(session=session, agenda_item=item)
    lab, base = session.lab, settings.BASE_URL
    api = f"/api/v1/labs/{lab.slug}"
    shown = Client().get(f"{api}/sessions/{session.slug}").json()
    addresses = [
        Client().get(address).json()["address"]
        for address in (
            f"/api/v1/programmes/{lab.programme.slug}", api, f"{api}/speakers/{appearance.speaker.slug}",
        )
    ]  # fmt: skip
    assert [*addresses, shown["address"]] == [
        f"{base}/programmes/{lab.programme.slug}/",
        f"{base}/labs/{lab.slug}/",
        f"{base}/labs/{lab.slug}/speakers/{appearance.speaker.slug}/",
        f"{base}/labs/{lab.slug}/sessions/{session.slug}/",
    ]
    assert Client().get(api).json()["calendar"] == f"{base}/labs/{lab.slug}/calendar.ics"
    [part] = shown["agenda"]
    assert (part["starts"], part["ends"]) == (shown["starts"], shown["ends"])


@pytest.mark.parametrize(
    ("path", "query"),
    [("sessions", "visibility=secret"), ("sessions", "status=gone"), ("registrations", "state=paid")],
)
def test_a_filter_that_can_find_nothing_is_an_error(path: str, query: str) -> None:
    lab = f.LabFactory()
    address = f"/api/v1/labs/{lab.slug}/{path}?{query}"
    assert Client().get(address, headers=bearer(organiser_of(lab))).status_code == 422


def test_consent_is_given_by_true_and_by_nothing_like_it() -> None:
    session = f.SessionFactory()
    for consent in ("yes", 1, "true"):
        assert post(session.lab, form_for(session, consent=consent)).status_code == 422
    assert Registration.objects.count() == 0


def test_where_the_programme_has_groups_one_has_to_be_named() -> None:
    """As in the form: nobody comes past the question through the API."""
    group = f.StakeholderGroupFactory()
    session = f.SessionFactory(lab=f.LabFactory(programme=group.programme))
    answer = post(session.lab, form_for(session))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["stakeholder_group"]
    assert Registration.objects.count() == 0
