"""S26 (Django CVE-2024-45231, CVE-2024-39329, CVE-2025-13473): who has an account, told by errors, emails or time.

Signing in, a forgotten password and a lost private link answer an address that is known like one that is not: same
status, same words, same headers, and in work of the same kind.
"""

import re
import statistics
import time
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.jobs.models import Task
from core.mail.address_budget import EMAILS_PER_HOUR
from core.mail.models import Message
from registrations.models import Registration
from tests import factories as f
from tests.pages import form_of
from tests.registrations.form_posts import answers, link, post, send_links, without_what_differs
from tests.registrations.form_posts import send as post_form

pytestmark = pytest.mark.django_db

KNOWN, UNKNOWN = "known@example.org", "other@example.org"
FORMS = {
    "/accounts/login/": "login",
    "/accounts/password/reset/": "email",
    "/registrations/link/": "email",
}


@pytest.fixture(autouse=True)
def _somebody() -> None:
    f.UserFactory(email=KNOWN)
    f.RegistrationFactory(email=KNOWN)


def send(address: str, email: str, **more: Any) -> tuple[HttpResponse, HttpResponse]:
    """Return the answer, and the page that it leads to."""
    cache.clear()
    browser = Client()
    form = form_of(browser.get(address)).filled(**{FORMS[address]: email, **more})
    answer = browser.post(address, form)
    send_links()
    return answer, browser.get(answer.headers["Location"]) if answer.status_code == 302 else answer


def plain(response: HttpResponse) -> tuple[int, dict[str, str], str]:
    """Leave out what differs each time: the hour, keys of forms, and the address that was typed."""
    text = re.sub(r'value="[^"]*"', "", response.content.decode())
    text = text.replace(KNOWN, "ADDRESS").replace(UNKNOWN, "ADDRESS")
    headers = {name: value for name, value in response.headers.items() if name != "Expires"}
    return response.status_code, headers, text


@pytest.mark.parametrize("address", FORMS)
def test_known_and_unknown_get_the_same_answer(address: str) -> None:
    more = {"password": "not the password"} if "login" in address else {}
    known, unknown = send(address, KNOWN, **more), send(address, UNKNOWN, **more)
    assert [plain(each) for each in known] == [plain(each) for each in unknown]
    assert [sorted(each.cookies) for each in known] == [sorted(each.cookies) for each in unknown]


@pytest.mark.parametrize("address", ["/accounts/password/reset/", "/registrations/link/"])
@pytest.mark.parametrize("email", [KNOWN, KNOWN.upper(), f" {KNOWN} "])
def test_only_the_known_address_gets_a_mail_and_exactly_one(address: str, email: str) -> None:
    send(address, UNKNOWN)
    assert list(Message.objects.values_list("to_email", flat=True)) == []
    send(address, email)
    assert list(Message.objects.values_list("to_email", flat=True)) == [KNOWN]


@pytest.mark.parametrize("address", ["/accounts/password/reset/", "/registrations/link/"])
@pytest.mark.parametrize(
    "email", ["knоwn@example.org", "known@exаmple.org", "known+x@example.org", "KNOWN@example.orɢ"]
)
def test_an_address_that_only_looks_like_the_known_one_gets_no_mail(address: str, email: str) -> None:
    """Cyrillic о and а; the small capital ɢ (CVE-2019-19844)."""
    send(address, email)
    assert list(Message.objects.values_list("to_email", flat=True)) == []


def work_of(address: str, email: str, **more: Any) -> list[str]:
    """Return what sending the form asks of the database, without the values."""
    cache.clear()
    browser = Client()
    form = form_of(browser.get(address)).filled(email=email, **more)
    with CaptureQueriesContext(connection) as asked:
        browser.post(address, form)
    return [
        re.sub(r"'[^']*'|_django_curs_\w+|(?: -)?\b\d+\b|_x\d+|\"s\d+_\S+", "?", each["sql"])
        for each in asked
    ]


@pytest.mark.parametrize("address", ["/accounts/password/reset/", "/registrations/link/"])
def test_one_request_does_the_same_work_for_known_and_unknown(address: str) -> None:
    """The letters are a worker's: writing them at once took nearly twice as long as writing none."""
    assert work_of(address, KNOWN) == work_of(address, UNKNOWN)
    assert set(Task.objects.values_list("state", flat=True)) == {"queued"}
    assert not Message.objects.exists()
    assert KNOWN not in str(list(Task.objects.values()))


def test_a_budget_that_other_forms_used_up_is_not_felt_at_the_registration_form() -> None:
    session = f.SessionFactory(lab__slug="lab")
    f.RegistrationFactory(
        lab=session.lab
    )  # the lab's text of consent is stored by whoever agrees to it first
    address, own = f"/labs/lab/register/?session={session.slug}", {"name": "Another name", "consent": "on"}
    for _time in range(EMAILS_PER_HOUR):
        send("/accounts/password/reset/", KNOWN)
    assert Message.objects.count() == EMAILS_PER_HOUR

    used_up = work_of(address, KNOWN, **own)
    fresh = work_of(address, UNKNOWN, **own)

    assert [each for each in used_up if "SAVEPOINT" not in each] == [
        each for each in fresh if "SAVEPOINT" not in each
    ]
    assert Message.objects.count() == EMAILS_PER_HOUR + 1
    assert not Registration.objects.filter(email=KNOWN, lab=session.lab).exists()


def test_an_account_that_is_closed_answers_like_an_unknown_one() -> None:
    f.UserFactory(email="closed@example.org", is_active=False)
    for address in ("/accounts/login/", "/accounts/password/reset/"):
        more = {"password": f.PASSWORD + "x"} if "login" in address else {}
        closed, unknown = send(address, "closed@example.org", **more), send(address, UNKNOWN, **more)
        said = [plain(each)[2].replace("closed@example.org", "ADDRESS") for each in closed]
        assert said == [plain(each)[2] for each in unknown]
    assert Message.objects.count() == 0


def test_a_password_is_hashed_for_an_unknown_address_too(settings: Any) -> None:
    """With a slow hash, which tells most: the shorter of two medians is no less than half of the longer."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    f.UserFactory(email="slow@example.org")
    times: dict[str, list[float]] = {"slow@example.org": [], UNKNOWN: []}
    for _number in range(5):
        for email in times:
            began = time.process_time()
            send("/accounts/login/", email, password="not the password")
            times[email].append(time.process_time() - began)
    shorter, longer = sorted(statistics.median(each) for each in times.values())
    assert shorter > longer / 2


def test_registering_tells_nobody_who_has_registered() -> None:
    """The form's answer is the same; the email tells, and goes to the address itself."""
    session = f.SessionFactory(lab__slug="lab")
    f.RegistrationFactory(lab=session.lab, email="there@example.org", name="Demo participant")
    answers = []
    for email in ("there@example.org", "new@example.org"):
        cache.clear()
        browser = Client()
        form = form_of(browser.get(f"/labs/lab/register/?session={session.slug}"))
        answer = browser.post(
            "/labs/lab/register/", form.filled(name="Demo participant", email=email, consent="on")
        )
        answers.append(without_what_differs(answer, email))
    assert answers[0][0] == 200
    assert answers[0] == answers[1]
    occasions = Message.objects.order_by("pk").values_list("to_email", "occasion")
    assert list(occasions) == [
        ("there@example.org", "already_registered"),
        ("new@example.org", "confirm_address"),
    ]


@pytest.mark.parametrize("who", ["registered", "not registered", "budget used up"])
def test_correcting_an_address_does_not_tell_who_is_registered_there(who: str, client: Client) -> None:
    """The link of the earlier form, which is in the attacker's mailbox, stopped working only for who is not."""
    victim, session = "victim@example.org", f.SessionFactory()
    if who == "registered":
        f.RegistrationFactory(lab=session.lab, name="Demo participant 17", email=victim)
    if who == "budget used up":
        for number in range(EMAILS_PER_HOUR):
            post_form(client, session.lab, answers(session, email=victim, name=f"Name {number} A"))
    sent = post_form(client, session.lab, answers(session, email="attacker@example.org"))
    mine = link(Registration.objects.get(email="attacker@example.org"), "confirm", "registration_confirm")
    assert client.get(mine).status_code == 200

    correct = form_of(sent)
    post(client, correct.action, correct.filled() | {"email": [victim]})

    assert client.get(mine).status_code == 404
