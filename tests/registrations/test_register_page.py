"""The form in a browser's hands: what it shows, takes, refuses, and never gives away."""

import re
from datetime import date, time, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.mail.links import address_of
from core.web.idempotency import new_form_key
from registrations.consent import current_version
from registrations.models import Registration
from tests import factories as f
from tests.pages import form_of, text_of
from tests.registrations.form_posts import FROM_HERE, answers, link, mails, post, send, without_what_differs

pytestmark = pytest.mark.django_db


def test_a_whole_form_leads_to_the_page_that_says_to_look_into_the_mail(client: Client):
    session = f.SessionFactory()

    response = send(client, session.lab, answers(session))

    assert response.status_code == 200
    assert "We’re emailing participant17@example.org." in text_of(response)
    assert Registration.objects.get().name == "Demo participant 17"
    assert client.get(reverse("register_sent", args=[session.lab.slug])).status_code == 200
    assert response.cookies == {}


def test_a_form_that_nobody_could_send_is_not_shown(client: Client):
    full = f.SessionFactory(capacity=5, seats_taken=5, waiting_list=False)
    address = reverse("register", args=[full.lab.slug])

    page = text_of(client.get(address))
    assert "All sessions are full." in page
    assert 'name="email"' not in page
    assert 'href="/labs/' in page
    f.SessionFactory(lab=full.lab, waiting_list=True, capacity=5, seats_taken=5)
    assert 'name="email"' in text_of(client.get(address))

    empty = text_of(client.get(reverse("register", args=[f.LabFactory().slug])))
    assert "No sessions are open for registration at the moment." in empty
    assert 'name="email"' not in empty
    assert "?lang=bg" in empty  # by a link, since there is no form to keep


def test_a_device_without_a_place_registers_with_its_offset(client: Client):
    session = f.SessionFactory()
    client.get("/", {"tz": "Etc/GMT-3"})

    form = client.get(reverse("register", args=[session.lab.slug]))
    assert '<option value="Etc/GMT-3" selected>UTC+3</option>' in text_of(form)
    send(client, session.lab, answers(session, time_zone="Etc/GMT-3"))

    registration = Registration.objects.get()
    assert registration.time_zone == "Etc/GMT-3"
    assert "UTC+3" in text_of(client.get(link(registration, "confirm", "registration_confirm")))


def test_sent_twice_with_the_same_key_it_registers_once(client: Client):
    session = f.SessionFactory()
    data = answers(session)

    assert [send(client, session.lab, data).status_code for _ in range(3)] == [200, 200, 200]

    assert Registration.objects.count() == 1
    assert len(mails()) == 1


def test_the_same_key_with_other_answers_is_asked_about_and_keeps_them(client: Client):
    session = f.SessionFactory()
    data = answers(session)
    send(client, session.lab, data)

    response = send(client, session.lab, {**data, "name": "Demo participant 18"})

    assert response.status_code == 409
    assert "Demo participant 18" in text_of(response)
    assert Registration.objects.count() == 1


def test_the_answer_is_the_same_for_a_known_address(client: Client):
    session = f.SessionFactory()
    f.RegistrationFactory(lab=session.lab, email="participant17@example.org", name="Demo participant 17")

    known = send(client, session.lab, answers(session))
    unknown = send(client, session.lab, answers(session, email="other@example.org"))

    assert without_what_differs(known, "participant17@example.org") == without_what_differs(
        unknown, "other@example.org"
    )
    assert [mail.occasion for mail in mails()] == ["already_registered", "confirm_address"]


def test_registering_again_with_another_session_offers_to_add_it_and_changes_nothing(client: Client):
    lab = f.LabFactory()
    had = f.SessionFactory(lab=lab, title={"en": "What I have"})
    later = had.start_date + timedelta(days=1)
    new = f.SessionFactory(lab=lab, title={"en": "What I want now"}, start_date=later, end_date=later)
    person = f.RegistrationFactory(lab=lab, email="participant17@example.org", name="Demo participant 17")
    f.SeatFactory(registration=person, session=had)

    send(client, lab, answers(had, new, city_text="Typed by a stranger"))

    (mail,) = mails()
    assert mail.occasion == "already_registered"
    assert "What I want now" in mail.text
    assert "What I want now" in mail.html
    assert "What I have" not in mail.text
    assert "Typed by a stranger" not in mail.text + mail.html
    assert set(person.seats.values_list("session", "state")) == {(had.pk, "confirmed")}

    page = client.get(address_of(mail.links["add"]).removeprefix(settings.BASE_URL))
    assert "they are not yours yet" in text_of(page)
    form = form_of(page)
    assert form.filled()["session"] == [had.slug, new.slug]
    client.post(page.wsgi_request.get_full_path(), form.filled(), headers=FROM_HERE)
    assert set(person.seats.values_list("session", "state")) == {
        (had.pk, "confirmed"),
        (new.pk, "confirmed"),
    }


def test_each_other_choice_of_a_second_form_is_written_about_and_the_same_one_once(client: Client):
    lab = f.LabFactory()
    first, second = (f.SessionFactory(lab=lab, title={"en": title}) for title in ("The first", "The second"))
    f.RegistrationFactory(lab=lab, email="participant17@example.org", name="Demo participant 17")

    for session in (first, second, second):
        send(client, lab, answers(session))

    assert [("The first" in mail.text, "The second" in mail.text) for mail in mails()] == [
        (True, False),
        (False, True),
    ]


def test_of_a_second_form_only_what_everybody_may_see_is_named_and_offered(client: Client):
    internal = f.SessionFactory(visibility="internal", title={"en": "Not for everybody"})
    lab = internal.lab
    person = f.RegistrationFactory(lab=lab, email="participant17@example.org", name="Demo participant 17")
    client.force_login(f.StaffFactory(lab=lab).user)

    send(client, lab, answers(internal))

    (mail,) = mails()
    assert set(mail.links) == {"manage"}
    assert "Not for everybody" not in mail.text
    client.logout()
    page = client.get(link(person, "manage", "registration_sessions"), {"add": [internal.slug, "nowhere"]})
    assert "Not for everybody" not in text_of(page)
    assert "they are not yours yet" not in text_of(page)


def test_the_list_shows_what_is_open_and_ticks_what_was_chosen_before(client: Client):
    lab = f.LabFactory()
    chosen, full, closed = (
        f.SessionFactory(lab=lab, capacity=20),
        f.SessionFactory(lab=lab, capacity=0),
        f.SessionFactory(lab=lab, capacity=0, waiting_list=False),
    )
    f.SessionFactory(lab=lab, slug="draft-one", visibility="draft")
    f.SessionFactory(lab=lab, slug="internal-one", visibility="internal")
    f.SessionFactory(lab=lab, slug="cancelled-one", status="cancelled", cancelled_at=timezone.now())
    f.SessionFactory(
        lab=lab,
        slug="past-one",
        starts_at=timezone.now() - timedelta(hours=2),
        ends_at=timezone.now() - timedelta(hours=1),
    )

    page = client.get(reverse("register", args=[lab.slug]), {"session": [chosen.slug, "unknown"]})

    html = text_of(page)
    for slug in ("draft-one", "internal-one", "cancelled-one", "past-one"):
        assert slug not in html
    assert f'value="{chosen.slug}" id="id_session_0" aria-describedby="about-{chosen.slug}" checked' in html
    assert f'value="{full.slug}"' in html
    assert "you would be number 1" in html
    assert f'value="{closed.slug}"' not in html
    assert "Full, without a waiting list" in html


def test_a_session_page_leads_to_the_form_with_it_ticked(client: Client):
    session = f.SessionFactory()

    response = client.get(reverse("session_register", args=[session.lab.slug, session.slug]))

    assert response["Location"] == f"/labs/{session.lab.slug}/register/?session={session.slug}"


def test_overlapping_sessions_are_pointed_out_once_and_may_be_kept(client: Client):
    lab = f.LabFactory()
    one, two = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab)

    first = send(client, lab, answers(one, two))
    assert first.status_code == 200
    assert "Some of your sessions overlap" in text_of(first)
    assert not Registration.objects.exists()

    second = send(client, lab, answers(one, two, overlaps_seen=f"{one.pk}-{two.pk}"))
    assert second.status_code == 200
    assert Registration.objects.get().seats.count() == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": None}, "Enter your name."),
        ({"name": "x" * 5000}, "at most 200 characters"),
        ({"name": "one\ntwo"}, "Enter this on one line."),
        ({"name": "turned \u202eround"}, "U+202E"),
        ({"name": "null \x00 sign"}, "U+0000"),
        ({"name": "bell \x07"}, "U+0007"),
        ({"name": "— … —"}, "Use letters."),
        ({"name": "\u3164 \u115f\uffa0"}, "Use letters."),  # letters of which nothing is seen
        ({"email": None}, "Enter your email address."),
        ({"email": "participant@example"}, "Enter an email address like"),
        ({"email": "a@example.org\nBcc: b@example.org"}, "Enter an email address like"),
        ({"email": "a@example.org\r\nBcc: b@example.org"}, "Enter an email address like"),
        ({"email": f"{'x' * 250}@example.org"}, None),
        ({"email": "one@example.org, two@example.org"}, "Enter an email address like"),
        ({"time_zone": "Mars/Olympus"}, "is not in the list of time zones"),
        ({"time_zone": "US/Pacific"}, "is not in the list of time zones"),
        ({"time_zone": None}, None),
        ({"language": "xx"}, None),
        ({"consent": None}, "You need to give your consent to register."),
        ({"session": []}, "Choose at least one session."),
        ({"session": ["no-such-session"]}, "no longer open"),
        ({"session": ["1", "' OR 1=1 --"]}, "no longer open"),
        ({"organisation": "x" * 201}, "at most 200 characters"),
        ({"city_text": "x" * 101}, "at most 100 characters"),
        ({"city": "atlantis"}, None),
    ],
)
def test_bad_answers_are_named_and_nothing_is_saved(client: Client, change, message):
    session = f.SessionFactory()
    session.lab.programme.cities.add(f.CityFactory())

    response = send(client, session.lab, answers(session, **change))

    assert response.status_code == 422
    assert "<title>Error:" in text_of(response)
    if message:
        assert message in response.content.decode()
    assert not Registration.objects.exists()
    assert mails() == []


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "{{ settings.SECRET_KEY }} {% debug %}",
        "%(name)s %s ${7*7} #{7*7}",
        "=1+1",
        "@SUM(A1)",
        'O\'Neill "the" & Sons',
        "عبد الله",
        "李明",
    ],
)
def test_whatever_people_are_called_is_kept_as_it_is_and_never_carried_out(client: Client, name):
    session = f.SessionFactory()

    assert send(client, session.lab, answers(session, name=name)).status_code == 200
    again = send(client, session.lab, answers(session, name=name, email="broken"))

    assert Registration.objects.get().name == name
    assert "<script>alert" not in again.content.decode()
    assert 'value="' in again.content.decode()


def test_names_are_composed_and_spaced_singly(client: Client):
    session = f.SessionFactory()

    send(client, session.lab, answers(session, name="  Demo\u00a0 participant e\u0301 "))

    assert Registration.objects.get().name == "Demo participant é"


def test_a_session_of_another_lab_and_a_hidden_one_are_as_unknown_as_none(client: Client):
    lab = f.LabFactory()
    f.SessionFactory(lab=lab)
    hidden = f.SessionFactory(lab=lab, visibility="internal", slug="hidden")
    foreign = f.SessionFactory(slug="foreign")

    pages = [send(client, lab, answers(session=[slug])) for slug in (hidden.slug, foreign.slug, "nothing")]

    assert [page.status_code for page in pages] == [422, 422, 422]
    # Only the form's fresh key differs.
    bodies = {re.sub(r'name="form_key" value="[^"]*"', "", page.content.decode()) for page in pages}
    assert len(bodies) == 1


def test_a_delegate_may_choose_an_internal_session(client: Client):
    lab = f.LabFactory()
    delegate = f.DelegateFactory(programme=lab.programme)
    internal = f.SessionFactory(lab=lab, visibility="internal")
    client.force_login(delegate.user)

    page = client.get(reverse("register", args=[lab.slug]))

    assert f'value="{internal.slug}"' in page.content.decode()


@pytest.mark.parametrize(
    ("opens", "closes", "heading", "words"),
    [
        (None, None, "Registration is not open yet", "have not opened it yet"),
        (timedelta(days=2), timedelta(days=9), "Registration is not open yet", "It opens on"),
        (timedelta(days=-9), timedelta(days=-2), "Registration is closed", "It closed on"),
    ],
)
def test_a_form_that_is_not_open_says_when(client: Client, opens, closes, heading, words):
    now = timezone.now()
    lab = f.LabFactory(
        registration_opens_at=now + opens if opens else None,
        registration_closes_at=now + closes if closes else None,
    )
    session = f.SessionFactory(lab=lab)

    page = client.get(reverse("register", args=[lab.slug]))
    sent = send(client, lab, answers(session))

    assert (page.status_code, sent.status_code) == (200, 409)
    assert f"<h1>{heading}</h1>" in text_of(page)
    assert words in text_of(page)
    assert not Registration.objects.exists()


def test_a_lab_that_is_a_draft_has_no_form(client: Client):
    lab = f.LabFactory(visibility="draft")

    for name in ("register", "register_sent"):
        assert client.get(reverse(name, args=[lab.slug])).status_code == 404


def test_another_site_cannot_send_the_form(client: Client):
    session = f.SessionFactory()
    strict = Client(enforce_csrf_checks=True)
    address = reverse("register", args=[session.lab.slug])

    foreign = strict.post(address, answers(session), headers={"Origin": "https://evil.example"})
    keyless = strict.post(
        address, answers(session, form_key="made up"), headers={"Origin": "http://testserver"}
    )

    assert (foreign.status_code, keyless.status_code) == (403, 403)
    assert not Registration.objects.exists()


def test_a_network_that_sends_too_many_is_asked_to_wait(client: Client, settings):
    settings.REGISTRATIONS_PER_HOUR = 2
    session = f.SessionFactory()

    codes = [
        send(client, session.lab, answers(session, email=f"p{number}@example.org")).status_code
        for number in range(4)
    ]

    assert codes == [200, 200, 429, 429]
    person = {
        "name": "Demo participant",
        "email": "p@example.org",
        "sessions": [session.slug],
        "language": "en",
        "time_zone": "Europe/Sofia",
        "consent": True,
    }
    api = f"/api/v1/labs/{session.lab.slug}/registrations"
    headers = {"Idempotency-Key": new_form_key()}
    assert client.post(api, person, content_type="application/json", headers=headers).status_code == 429
    assert Registration.objects.count() == 2


def test_asking_for_the_link_answers_the_same_for_everybody(client: Client):
    f.RegistrationFactory(email="known@example.org")
    address = reverse("registration_link")

    known = post(client, address, {"email": "known@example.org"})
    unknown = post(client, address, {"email": "unknown@example.org"})

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [mail.to_email for mail in mails()] == ["known@example.org"]
    assert post(client, address, {"email": "nobody"}).status_code == 422


@pytest.mark.parametrize("language", ["en", "bg", "el"])
def test_the_form_opens_in_every_language(client: Client, language):
    lab = f.LabFactory()
    f.SessionFactory(lab=lab, capacity=5)

    page = client.get(reverse("register", args=[lab.slug]), {"lang": language})

    assert f'<html lang="{language}"' in text_of(page)
    assert f'value="{language}" id="id_language_' in text_of(page)


def test_the_form_costs_the_same_queries_at_any_size(client: Client, django_assert_num_queries):
    lab = f.LabFactory()
    f.SessionFactory.create_batch(3, lab=lab, capacity=5)
    address = reverse("register", args=[lab.slug])
    client.get(address)

    with django_assert_num_queries(5):
        client.get(address)
    f.SessionFactory.create_batch(40, lab=lab, capacity=5)
    f.StakeholderGroupFactory.create_batch(6, programme=lab.programme)
    lab.programme.cities.add(*f.CityFactory.create_batch(18))
    with django_assert_num_queries(5):
        client.get(address)


def test_the_form_of_a_lab_that_is_over_says_so(client: Client):
    lab = f.LabFactory(registration_opens_at=None, starts_on=date(2021, 11, 30), ends_on=date(2021, 12, 10))

    html = text_of(client.get(f"/labs/{lab.slug}/register/"))

    assert "This lab ended on 10 December 2021" in html
    assert "have not opened it yet" not in html


def test_everything_that_can_be_chosen_waits_beside_the_form_for_its_tick(client: Client):
    lab = f.LabFactory()
    chosen, other = f.SessionFactory.create_batch(2, lab=lab)
    f.SessionFactory(lab=lab, capacity=1, seats_taken=1, waiting_list=False)

    html = text_of(client.get(f"/labs/{lab.slug}/register/?session={chosen.slug}"))

    assert re.findall(r'<li data-value="([^"]+)"( hidden)?>', html) == [
        (chosen.slug, ""),
        (other.slug, " hidden"),
    ]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="counts PostgreSQL's statements")
def test_form_and_confirmation_cost_25_statements_for_one_session_and_for_six(client: Client) -> None:
    """Beside BEGIN, COMMIT and SAVEPOINT."""
    programme = f.ProgrammeFactory()
    city, group = f.CityFactory(), f.StakeholderGroupFactory(programme=programme)
    programme.cities.add(city)
    lab = f.LabFactory(programme=programme)
    sessions = [f.SessionFactory(lab=lab, start_time=time(9 + number)) for number in range(6)]
    current_version(lab)  # written by whoever registers first
    costs = []
    for number, chosen in enumerate((sessions, sessions[:1], sessions)):
        form = answers(
            *chosen, email=f"p{number}@example.org", city=city.slug, group=group.slug, city_text=None
        )
        with CaptureQueriesContext(connection) as asked:
            client.post(reverse("register", args=[lab.slug]), form, headers=FROM_HERE)
        address = link(Registration.objects.latest("pk"), "confirm", "registration_confirm")
        with CaptureQueriesContext(connection) as confirmed:
            client.post(address, {"form_key": new_form_key()}, headers=FROM_HERE)
        costs.append([len(statements(asked)), len(statements(confirmed))])
    assert costs == [[12, 13], [12, 13], [12, 13]]
    assert Registration.objects.filter(state="confirmed").count() == 3


def statements(captured: CaptureQueriesContext) -> list[str]:
    """What was sent, without the statements that begin and end transactions."""
    ends = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return [query["sql"] for query in captured.captured_queries if not query["sql"].startswith(ends)]


def test_the_language_of_emails_follows_the_page_until_another_is_chosen(client: Client) -> None:
    lab = f.SessionFactory().lab
    address = reverse("register", args=[lab.slug])
    filled = form_of(client.get(address, {"lang": "en"})).filled() | {"name": ["Demo participant 17"]}
    switched = form_of(client.post(f"{address}?lang=el", filled | {"lang": "el"})).filled()
    assert (switched["language"], switched["name"]) == (["el"], ["Demo participant 17"])
    chosen = form_of(
        client.post(f"{address}?lang=bg", switched | {"language": ["en"], "lang": "bg"})
    ).filled()
    assert chosen["language"] == ["en"]
