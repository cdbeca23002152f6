"""The API: what it shows, and to whom."""

import pytest
from django.conf import settings
from django.test import Client

from tests import factories as f
from tests.api.asking import bearer, organiser_of
from tests.pages import client_of

pytestmark = pytest.mark.django_db


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
        "detail": "Not found",
        "status": 404,
    }


def test_a_repeated_get_with_its_validator_is_answered_304() -> None:
    lab = f.LabFactory()
    first = Client().get(f"/api/v1/labs/{lab.slug}")
    again = Client().get(f"/api/v1/labs/{lab.slug}", headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert again["ETag"] == first["ETag"]


def test_a_signed_in_browser_is_a_visitor_to_the_api() -> None:
    session = f.SessionFactory(visibility="internal")
    client = client_of(organiser_of(session.lab))
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


def test_a_token_for_one_lab_opens_no_other_lab_of_the_same_owner() -> None:
    programme = f.ProgrammeFactory()
    mine, other = f.LabFactory(programme=programme), f.LabFactory(programme=programme)
    owner = f.OwnerFactory(programme=programme).user
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


@pytest.mark.parametrize(
    "address",
    ["/api/v1/labs/%00", "/api/v1/labs?programme=%00", "/api/v1/programmes/a%00b", "/api/v1/labs?offset=%00"],
)
def test_a_nul_in_an_address_finds_nothing(address: str) -> None:
    assert Client().get(address).status_code == 404


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
        ("get", "/api/v1/programmes/{programme}/cities/{city}"),
        ("get", "/api/v1/labs"),
        ("get", base),
        ("get", f"{base}/sessions"),
        ("get", f"{base}/sessions/{{session}}"),
        ("get", f"{base}/tracks"),
        ("get", f"{base}/changes"),
        ("get", f"{base}/exports/{{export}}"),
        ("get", f"{base}/speakers"),
        ("get", f"{base}/speakers/{{speaker}}"),
        ("get", f"{base}/registration-form"),
        ("get", f"{base}/questions"),
        ("get", f"{base}/draw"),
        ("get", f"{base}/queue/{{queue_number}}"),
        ("post", f"{base}/queue"),
        ("post", "/api/v1/registration-links"),
        ("post", f"{base}/registrations"),
        ("get", "/api/v1/certificates/{code}"),
    }
    assert {"BearerToken": []} in document["paths"][f"{base}/registrations"]["get"]["security"]


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
