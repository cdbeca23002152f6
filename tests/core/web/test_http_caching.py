"""HTTP as programs of other people take it at its word: RFC 9110, RFC 8288, RFC 9457, and the Fetch standard's CORS."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from labs.models import Lab, Programme
from labs.theme import theme_values
from tests import factories as f
from tests.api.asking import bearer
from tests.pages import client_of
from tests.walks.world import certificate_of, registered

pytestmark = pytest.mark.django_db

PUBLIC = (
    "/labs/http-lab/calendar.ics",
    "/labs/http-lab/calendar.ics?lang=bg",
    "/labs/http-lab/tracks/http-track/calendar.ics",
    "/labs/http-lab/sessions/http-session/calendar.ics",
    "/programmes/http-programme/calendar.ics",
    "/labs/http-lab/preview.png",
    "/labs/http-lab/theme.css",
    "/api/v1/labs",
    "/api/v1/labs/http-lab",
    "/api/v1/labs/http-lab/sessions",
    "/api/v1/programmes",
    "/api/v1/openapi.json",
)
PRIVATE = ("/certificates/7K3M-Q9TX-2W8H.pdf",)
# What a 304 must have in common with its 200 (RFC 9110 §15.4.5, §8.5, §12.5.5).
SHARED = (
    "ETag", "Vary", "Content-Language", "Cache-Control", "Last-Modified", "Access-Control-Allow-Origin",
    "Cross-Origin-Resource-Policy",
)  # fmt: skip


@pytest.fixture(autouse=True)
def world() -> None:
    programme = f.ProgrammeFactory(slug="http-programme")
    lab = f.LabFactory(
        slug="http-lab", programme=programme, colour="#0b5c6e", theme_values=theme_values("#0b5c6e")
    )
    track = f.TrackFactory(lab=lab, slug="http-track")
    f.SessionFactory(lab=lab, slug="http-session", track=track, abstract={"en": "Long. " * 100})
    f.SessionFactory.create_batch(3, lab=lab)
    certificate_of(registered("holder", lab), "7K3M-Q9TX-2W8H")
    # A date of the second that still runs is given as the one before.
    Lab.objects.update(public_revised_at=timezone.now() - timedelta(hours=1))
    Programme.objects.update(revised_at=timezone.now() - timedelta(hours=1))


@pytest.mark.parametrize("coding", ["gzip", "identity"])
@pytest.mark.parametrize("address", PUBLIC + PRIVATE)
def test_unchanged_says_of_itself_what_the_whole_answer_said(address: str, coding: str) -> None:
    client = Client(headers={"Accept-Encoding": coding, "Accept-Language": "el"})
    whole = client.get(address)
    etag = whole["ETag"]
    opaque = etag.removeprefix("W/")
    assert whole.status_code == 200
    assert "Accept-Encoding" in whole.get("Vary", "") or address.endswith((".png", ".pdf"))
    for sent in (etag, opaque, f"W/{opaque}", f'"other", {etag}, "more"', "*"):
        for method in (client.get, client.head):
            answer = method(address, headers={"If-None-Match": sent})
            assert (answer.status_code, answer.content) == (304, b"")
            assert {name: answer.get(name) for name in SHARED} == {name: whole.get(name) for name in SHARED}
            assert not answer.has_header("Content-Length")
            assert not answer.has_header("Content-Type")
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("address", PUBLIC + PRIVATE)
def test_head_says_what_get_says(address: str) -> None:
    for coding in ("gzip", "identity"):
        got, head = (
            method(address, headers={"Accept-Encoding": coding}) for method in (Client().get, Client().head)
        )
        assert head.content == b""
        # Compressed, each answer has padding of its own length (BREACH).
        differing = {"Content-Length"} if got.has_header("Content-Encoding") else set()
        assert {name: value for name, value in head.items() if name not in differing} == {
            name: value for name, value in got.items() if name not in differing
        }


@pytest.mark.parametrize("address", [one for one in PUBLIC + PRIVATE if not one.startswith("/api/")])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_what_can_only_be_read_says_so_to_every_other_method(address: str, method: str) -> None:
    answer = getattr(Client(enforce_csrf_checks=True), method)(address)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_personal_calendars_say_405_too() -> None:
    answer = Client(enforce_csrf_checks=True).post("/calendars/nothing.ics")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_conditions_on_another_state_are_a_problem_of_the_api() -> None:
    etag = Client().get("/api/v1/labs")["ETag"]
    for headers in ({"If-Match": '"other"'}, {"If-Match": etag}):  # weak tags never match strongly (§13.1.1)
        answer = Client().get("/api/v1/labs", headers=headers)
        assert (answer.status_code, answer["Content-Type"]) == (412, "application/problem+json")
        assert answer.json() == {
            "type": "about:blank",
            "title": "Precondition Failed",
            "status": 412,
            "detail": "The resource has changed, or the condition is not one of its ETags.",
        }
    assert Client().get("/api/v1/labs", headers={"If-Match": "*"}).status_code == 200
    # Without a date there is nothing to compare (§13.1.4).
    old = {"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}
    assert Client().get("/api/v1/labs", headers=old).status_code == 200
    assert Client().get("/labs/http-lab/calendar.ics", headers=old).status_code == 412


def test_a_certificate_has_a_validator_and_the_language_that_it_is_written_in() -> None:
    address = "/certificates/7K3M-Q9TX-2W8H.pdf"
    answer = Client().get(address, headers={"Accept-Language": "el"})
    assert (answer["Content-Language"], answer["Content-Disposition"]) == (
        "en",
        'inline; filename="7K3M-Q9TX-2W8H.pdf"',
    )
    assert answer["ETag"].startswith('"')
    date = {"If-Modified-Since": answer["Last-Modified"]}
    assert Client().get(address, headers=date).status_code == 304
    # It is one person's: no page of another site reads it.
    assert not answer.has_header("Access-Control-Allow-Origin")


@pytest.mark.parametrize("address", PUBLIC)
def test_scripts_of_other_sites_may_read_what_everybody_may_and_nothing_with_credentials(
    address: str,
) -> None:
    answer = Client().get(address, headers={"Origin": "https://elsewhere.example"})
    assert (answer["Access-Control-Allow-Origin"], answer["Cross-Origin-Resource-Policy"]) == (
        "*",
        "cross-origin",
    )
    assert "ETag" in answer["Access-Control-Expose-Headers"]
    assert not answer.has_header("Access-Control-Allow-Credentials")
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    before = Client().options(address, headers={**asked, "Access-Control-Request-Headers": "if-none-match"})
    assert before.status_code == 204
    assert not before.has_header("Content-Length")
    assert before["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert before["Access-Control-Allow-Headers"] == "If-None-Match, If-Modified-Since"


def test_what_is_not_everybodys_is_for_no_other_site() -> None:
    user = f.StaffFactory(lab=f.LabFactory()).user
    client = client_of(user)
    hidden = f.SessionFactory(lab=user.staff_roles.get().lab, visibility="internal")
    answers = [
        Client().get("/api/v1/labs", headers=bearer(user, ["read"])),
        client.get("/organise/"),
        client.get(f"/labs/{hidden.lab.slug}/sessions/{hidden.slug}/calendar.ics"),
        Client().get("/labs/http-lab/"),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4
    for answer in answers:
        assert not answer.has_header("Access-Control-Allow-Origin")
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    wrong = Client().get("/api/v1/labs/none", headers={"Origin": "https://elsewhere.example"})
    assert (wrong.status_code, wrong["Access-Control-Allow-Origin"]) == (404, "*")
    assert not Client().post("/api/v1/labs/none/registrations").has_header("Access-Control-Allow-Origin")


def test_lists_lead_on() -> None:
    address, seen, links = "/api/v1/labs/http-lab/sessions?limit=2&status=scheduled", [], []
    while address:
        answer = Client().get(address)
        seen += [item["slug"] for item in answer.json()["items"]]
        links.append(answer.get("Link"))
        follows = [link for link in (answer.get("Link") or "").split(", ") if 'rel="next"' in link]
        address = follows[0][1:].partition(">")[0].removeprefix(settings.BASE_URL) if follows else ""
    base = f"{settings.BASE_URL}/api/v1/labs/http-lab/sessions?limit=2&status=scheduled"
    assert links == [
        f'<{base}&offset=2>; rel="next"',
        f'<{base}&offset=0>; rel="prev"',
    ]
    assert (len(seen), len(set(seen))) == (4, 4)
    assert not Client().get("/api/v1/programmes").has_header("Link")


def test_the_document_says_where_it_is_served_and_what_its_parts_are() -> None:
    document = Client().get("/api/v1/openapi.json").json()
    assert [server["url"] for server in document["servers"]] == [settings.BASE_URL]
    assert document["info"]["contact"]["url"] == f"{settings.BASE_URL}/"
    used = {
        tag
        for operations in document["paths"].values()
        for operation in operations.values()
        for tag in operation["tags"]
    }
    assert {tag["name"] for tag in document["tags"] if tag["description"]} == used


def test_no_answer_that_everybody_shares_varies_with_who_asks() -> None:
    client = client_of(f.UserFactory())
    for address in PUBLIC:
        answer = client.get(address)
        if not address.startswith("/api/"):  # which varies with a token, and never with a session
            assert (address, answer.get("Vary")) in ((address, "Accept-Encoding"), (address, None))
        assert "Cookie" not in answer.get("Vary", "")
        assert "public" in answer["Cache-Control"]
