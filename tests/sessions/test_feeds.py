"""Calendars to subscribe to: what each holds for whom, and when nothing needs to be sent."""

import gzip
from datetime import UTC, date, datetime, time, timedelta
from time import sleep
from time import time as time_now

import icalendar
import pytest
from django.test import Client
from django.utils import timezone
from django.utils.http import http_date, parse_http_date

from labs.lab_editing import unpublish_lab
from labs.models import Lab, Programme
from labs.revisions import touch
from sessions import calendar_links
from sessions.publishing import cancel, make_internal, publish, unpublish
from sessions.scheduling import change_session, plan_of
from sessions.views.feeds import delegate_feed
from tests.factories import (
    AgendaItemFactory,
    AppearanceFactory,
    CityFactory,
    DelegateFactory,
    LabFactory,
    ProgrammeFactory,
    SessionFactory,
    StaffFactory,
    TrackFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    return LabFactory(slug="city-lab", title={"en": "City Lab"}, programme=ProgrammeFactory(slug="icc"))


def settled(lab, seconds=60):
    """Let the lab's last change lie in the past."""
    at = timezone.now().replace(microsecond=500_000) - timedelta(seconds=seconds)
    Lab.objects.filter(pk=lab.pk).update(revised_at=at, public_revised_at=at)
    Programme.objects.filter(pk=lab.programme_id).update(revised_at=at)
    return at


def events(response):
    calendar = icalendar.Calendar.from_ical(response.content)
    return {str(event["SUMMARY"]): event for event in calendar.walk("VEVENT")}


def names(response):
    return sorted(events(response))


def test_a_feed_parsed_by_an_independent_reader_holds_exactly_the_public_sessions(client, lab):
    session = SessionFactory(
        lab=lab,
        slug="opening",
        title={"en": "Opening; with, marks\\"},
        start_date=lab.starts_on,
        start_time=time(11, 30),
        revised_at=datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC),
        sequence=2,
    )
    SessionFactory(lab=lab, visibility="internal")
    SessionFactory(lab=lab, visibility="draft")
    SessionFactory(lab=LabFactory(programme=lab.programme))
    response = client.get("/labs/city-lab/calendar.ics")
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = icalendar.Calendar.from_ical(response.content)
    assert str(calendar["NAME"]) == "City Lab"
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/Sofia"]
    (event,) = calendar.walk("VEVENT")
    assert {
        "UID": str(event["UID"]),
        "SUMMARY": str(event["SUMMARY"]),
        "DTSTART": event["DTSTART"].dt.astimezone(UTC),
        "DTEND": event["DTEND"].dt.astimezone(UTC),
        "DTSTAMP": event["DTSTAMP"].dt,
        "LAST-MODIFIED": event["LAST-MODIFIED"].dt,
        "SEQUENCE": event["SEQUENCE"],
        "STATUS": str(event["STATUS"]),
        "URL": str(event["URL"]),
    } == {
        "UID": session.uid,
        "SUMMARY": "Opening; with, marks\\",
        "DTSTART": session.starts_at,
        "DTEND": session.ends_at,
        "DTSTAMP": datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC),
        "LAST-MODIFIED": datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC),
        "SEQUENCE": 2,
        "STATUS": "CONFIRMED",
        "URL": "http://testserver/labs/city-lab/sessions/opening/",
    }


def test_hours_are_right_on_both_sides_of_a_switch(client):
    lab = LabFactory(
        slug="autumn", starts_on=date(2027, 10, 29), ends_on=date(2027, 11, 2), registration_opens_at=None
    )
    before = SessionFactory(lab=lab, title={"en": "Before"}, start_date=date(2027, 10, 30))
    after = SessionFactory(lab=lab, title={"en": "After"}, start_date=date(2027, 11, 1))
    found = events(client.get("/labs/autumn/calendar.ics"))
    assert (
        found["Before"]["DTSTART"].dt.astimezone(UTC)
        == before.starts_at
        == datetime(2027, 10, 30, 8, 30, tzinfo=UTC)
    )
    assert (
        found["After"]["DTSTART"].dt.astimezone(UTC)
        == after.starts_at
        == datetime(2027, 11, 1, 9, 30, tzinfo=UTC)
    )


def test_a_feed_speaks_the_language_of_the_lab_or_the_one_in_its_address(client, lab):
    SessionFactory(lab=lab, title={"en": "Opening", "bg": "Откриване"})
    address = "/labs/city-lab/calendar.ics"
    assert names(client.get(address, headers={"accept-language": "bg"})) == ["Opening"]
    response = client.get(f"{address}?lang=bg")
    assert names(response) == ["Откриване"]
    assert response.headers["Content-Language"] == "bg"
    assert names(client.get(f"{address}?lang=xx")) == ["Opening"]


def test_a_public_feed_is_the_visitors_view_even_for_those_who_see_more(client, lab):
    SessionFactory(lab=lab, title={"en": "Public"})
    SessionFactory(lab=lab, title={"en": "Internal"}, visibility="internal")
    visitor = client.get("/labs/city-lab/calendar.ics").content
    for user in (
        DelegateFactory(programme=lab.programme).user,
        StaffFactory(lab=lab).user,
        UserFactory(is_superuser=True),
    ):
        client.force_login(user)
        assert client.get("/labs/city-lab/calendar.ics").content == visitor


def test_public_feeds_may_be_kept_by_any_cache_and_carry_no_choice_of_a_reader(client, lab):
    SessionFactory(lab=lab)
    response = client.get("/labs/city-lab/calendar.ics?lang=bg&tz=Europe/Rome&theme=dark")
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert not response.cookies


def test_what_becomes_internal_disappears_at_once_and_what_is_cancelled_stays(client, lab):
    hidden, cancelled = SessionFactory(lab=lab, title={"en": "A"}), SessionFactory(lab=lab, title={"en": "B"})
    address = "/labs/city-lab/calendar.ics"
    etag = client.get(address).headers["ETag"]
    make_internal(hidden)
    cancel(cancelled)
    response = client.get(address, headers={"if-none-match": etag})
    assert (response.status_code, names(response)) == (200, ["Cancelled: B"])
    event = events(response)["Cancelled: B"]
    assert (str(event["STATUS"]), event["SEQUENCE"], str(event["UID"])) == ("CANCELLED", 1, cancelled.uid)


def test_an_entry_keeps_its_identity_through_all_that_happens_to_it(client, lab):
    lab.programme.cities.add(CityFactory())
    session = SessionFactory(lab=lab)
    seen = []
    for change in (
        lambda: None,
        lambda: change_session(session, plan_of(session)),
        lambda: unpublish(session),
        lambda: publish(session),
        lambda: cancel(session),
    ):
        change()
        seen += [str(event["UID"]) for event in events(client.get("/labs/city-lab/calendar.ics")).values()]
    assert seen == [session.uid] * 4


def test_a_track_has_a_feed_while_a_visitor_sees_a_session_of_it(client, lab):
    track, hidden = TrackFactory(lab=lab, slug="skills"), TrackFactory(lab=lab, slug="secret")
    SessionFactory(lab=lab, track=track, title={"en": "Of the track"})
    SessionFactory(lab=lab, title={"en": "Of none"})
    SessionFactory(lab=lab, track=hidden, visibility="internal")
    assert names(client.get("/labs/city-lab/tracks/skills/calendar.ics")) == ["Of the track"]
    missing = client.get("/labs/city-lab/tracks/nothing/calendar.ics", headers={"if-none-match": "*"})
    secret = client.get("/labs/city-lab/tracks/secret/calendar.ics", headers={"if-none-match": "*"})
    assert (secret.status_code, missing.status_code) == (404, 404)
    assert client.get(f"/labs/{LabFactory().slug}/tracks/skills/calendar.ics").status_code == 404


def test_a_programme_feed_holds_all_its_public_labs(client, lab):
    SessionFactory(lab=lab, title={"en": "Here"})
    SessionFactory(lab=LabFactory(programme=lab.programme), title={"en": "There"})
    SessionFactory(lab=LabFactory(programme=lab.programme, visibility="draft"), title={"en": "Draft"})
    SessionFactory(title={"en": "Elsewhere"})
    assert names(client.get("/programmes/icc/calendar.ics")) == ["Here", "There"]


def test_a_programme_feed_is_fresh_after_a_lab_is_withdrawn(client, lab):
    other = LabFactory(programme=lab.programme)
    SessionFactory(lab=other)
    settled(lab)
    settled(other, seconds=30)
    first = client.get("/programmes/icc/calendar.ics")
    unpublish_lab(other)
    for header in ({"if-none-match": first["ETag"]}, {"if-modified-since": first["Last-Modified"]}):
        response = client.get("/programmes/icc/calendar.ics", headers=header)
        assert (response.status_code, names(response)) == (200, [])


@pytest.mark.parametrize("visibility", ["internal", "draft"])
def test_one_session_is_a_file_for_whoever_may_see_it(client, lab, visibility):
    session = SessionFactory(lab=lab, slug="hidden", visibility=visibility, title={"en": "Hidden"})
    city = CityFactory()
    session.audience.add(city)
    address = "/labs/city-lab/sessions/hidden/calendar.ics"
    may_see = {
        "visitor": None,
        "delegate": DelegateFactory(programme=lab.programme, city=city).user,
        "other city": DelegateFactory(programme=lab.programme).user,
        "other programme": DelegateFactory(city=city).user,
        "organiser": StaffFactory(lab=lab).user,
        "door": StaffFactory(lab=lab, role="door").user,
        "other organiser": StaffFactory().user,
        "superuser": UserFactory(is_superuser=True),
    }
    seen = set()
    for name, user in may_see.items():
        browser = Client()
        if user:
            browser.force_login(user)
        response = browser.get(address)
        assert response.status_code in (200, 404)
        if response.status_code == 200:
            seen.add(name)
            assert names(response) == ["Hidden"]
            assert response.headers["Cache-Control"] == "private, no-cache"
            assert response.headers["Content-Disposition"] == 'attachment; filename="hidden.ics"'
    assert seen == (
        {"delegate", "organiser", "door", "superuser"}
        if visibility == "internal"
        else {"organiser", "superuser"}
    )


def test_nothing_of_a_draft_lab_has_a_feed(client):
    lab = LabFactory(slug="draft-lab", visibility="draft")
    SessionFactory(lab=lab, slug="opening", track=TrackFactory(lab=lab, slug="skills"))
    for address in ("calendar.ics", "tracks/skills/calendar.ics", "sessions/opening/calendar.ics"):
        assert client.get(f"/labs/draft-lab/{address}").status_code == 404


def test_an_unchanged_feed_is_not_sent_again_and_costs_one_query(client, lab, django_assert_num_queries):
    SessionFactory(lab=lab)
    settled(lab)
    address = "/labs/city-lab/calendar.ics"
    first = client.get(address)
    for headers in (
        {"if-none-match": first["ETag"]},
        {"if-none-match": f'"other", {first["ETag"]}'},
        {"if-modified-since": first["Last-Modified"]},
    ):
        with django_assert_num_queries(1):
            again = client.get(address, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        for validator in ("ETag", "Last-Modified", "Cache-Control", "Vary"):
            assert again.headers[validator] == first.headers[validator]


def test_the_entity_tag_wins_over_the_date(client, lab):
    settled(lab)
    address = "/labs/city-lab/calendar.ics"
    first = client.get(address)
    old = http_date(0)
    assert (
        client.get(
            address, headers={"if-none-match": '"other"', "if-modified-since": first["Last-Modified"]}
        ).status_code
        == 200
    )
    assert (
        client.get(address, headers={"if-none-match": first["ETag"], "if-modified-since": old}).status_code
        == 304
    )


def test_dates_are_compared_to_the_second(client, lab):
    at = settled(lab)
    address = "/labs/city-lab/calendar.ics"
    assert parse_http_date(client.get(address)["Last-Modified"]) == int(at.timestamp())
    same = client.get(address, headers={"if-modified-since": http_date(int(at.timestamp()))})
    earlier = client.get(address, headers={"if-modified-since": http_date(int(at.timestamp()) - 1)})
    assert (same.status_code, earlier.status_code) == (304, 200)
    assert client.get(address, headers={"if-modified-since": "yesterday"}).status_code == 200


def test_two_changes_within_a_second_do_not_hide_behind_one_date(client, lab):
    touch(lab.pk)
    first = client.get("/labs/city-lab/calendar.ics")
    touch(lab.pk)
    while int(time_now()) <= parse_http_date(first["Last-Modified"]) + 1:
        sleep(0.05)
    after = client.get("/labs/city-lab/calendar.ics", headers={"if-modified-since": first["Last-Modified"]})
    assert after.status_code == 200


def test_head_tells_the_same_without_the_calendar(client, lab):
    SessionFactory(lab=lab)
    settled(lab)
    got = client.get("/labs/city-lab/calendar.ics")
    head = client.head("/labs/city-lab/calendar.ics")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == got.headers["ETag"]
    assert int(head.headers["Content-Length"]) == len(got.content)
    assert client.post("/labs/city-lab/calendar.ics").status_code in (403, 405)


def test_a_compressed_feed_is_found_unchanged_by_its_weak_tag(client, lab):
    SessionFactory.create_batch(3, lab=lab)
    first = client.get("/labs/city-lab/calendar.ics", headers={"accept-encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    again = client.get(
        "/labs/city-lab/calendar.ics",
        headers={"accept-encoding": "gzip", "if-none-match": first.headers["ETag"]},
    )
    assert again.status_code == 304


@pytest.mark.parametrize("size", [1, 12])
def test_feeds_cost_the_same_queries_at_any_size_and_unchanged_ones_one(
    client, lab, size, django_assert_num_queries
):
    track = TrackFactory(lab=lab, slug="skills")
    for number in range(size):
        session = SessionFactory(lab=lab, track=track, slug=f"session-{number}")
        AppearanceFactory(session=session, agenda_item=AgendaItemFactory(session=session))
    for address, queries in (
        ("/labs/city-lab/calendar.ics", 2),
        ("/labs/city-lab/tracks/skills/calendar.ics", 2),
        ("/programmes/icc/calendar.ics", 2),
        ("/labs/city-lab/sessions/session-0/calendar.ics", 1),
    ):
        with django_assert_num_queries(queries):
            first = client.get(address)
        with django_assert_num_queries(1):
            assert client.get(address, headers={"if-none-match": first["ETag"]}).status_code == 304
        with django_assert_num_queries(queries):
            compressed = client.get(address, headers={"accept-encoding": "gzip"})
        assert gzip.decompress(compressed.content) == first.content
        # Kept compressed, since that is dearer than all the rest.
        with django_assert_num_queries(1):
            assert client.get(address, headers={"accept-encoding": "gzip"}).content == compressed.content


def test_the_calendar_of_a_delegate_holds_what_the_delegate_sees(rf, lab):
    city = CityFactory()
    lab.programme.cities.add(city)
    user = DelegateFactory(programme=lab.programme, city=city).user
    StaffFactory(user=user, lab=lab)
    SessionFactory(lab=lab, title={"en": "Public"})
    mine = SessionFactory(lab=lab, title={"en": "Mine"}, visibility="internal")
    mine.audience.add(city)
    SessionFactory(lab=lab, title={"en": "Theirs"}, visibility="internal").audience.add(CityFactory())
    SessionFactory(lab=lab, title={"en": "Draft"}, visibility="draft")
    SessionFactory(title={"en": "Other programme"})
    response = delegate_feed(rf.get("/"), user)
    assert names(response) == ["Mine", "Public"]
    assert response.headers["Cache-Control"] == "private, no-cache"
    again = delegate_feed(rf.get("/", headers={"if-none-match": response["ETag"]}), user)
    assert again.status_code == 304
    user.delegations.all().delete()
    after = delegate_feed(rf.get("/", headers={"if-none-match": response["ETag"]}), user)
    assert (after.status_code, names(after)) == (200, [])
    assert "Last-Modified" not in after.headers


def test_a_delegates_link_opens_one_calendar_until_it_is_renewed():
    user, other = UserFactory.create(), UserFactory.create()
    token = calendar_links.delegate_calendar_url(user).rsplit("/", 1)[1].removesuffix(".ics")
    assert calendar_links.user_of_delegate_token(token) == user
    assert calendar_links.user_of_delegate_token(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    calendar_links.renew_delegate_calendar_url(other)
    assert calendar_links.user_of_delegate_token(token) == user
    calendar_links.renew_delegate_calendar_url(user)
    assert calendar_links.user_of_delegate_token(token) is None
