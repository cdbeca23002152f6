"""Texts of emails that a lab changes: on the page, in the preview, in a test, through the API, and as they arrive."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from core.mail.address_budget import EMAILS_PER_HOUR
from core.mail.models import EmailTemplate, Message
from core.mail.placeholders import CHANGEABLE, OF_OCCASION
from core.mail.rendering import rendered
from core.web.idempotency import new_form_key
from labs.models import Lab
from registrations import emails, seats
from registrations.managing import seats_of
from registrations.models import Registration
from tests import factories as f
from tests.pages import forms_of

pytestmark = pytest.mark.django_db

TEXTS = {
    "subject": "{name}, see you at {lab}",
    "introduction": "Welcome **{name}**. Read [the guide](https://city.example/guide) or https://city.example/map.",
    "closing": "- Bring a badge\n- Write to {contact}",
}


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="fifth", title={"en": "Fifth lab"}, contact_email="lab@city.example")


@pytest.fixture
def person(lab: Lab) -> Registration:
    session = f.SessionFactory(lab=lab, title={"en": "Opening"})
    person = f.RegistrationFactory(lab=lab, name="Maria Demo", language="en")
    seats.take(person, {session.pk: session.modes[0]})
    return person


@pytest.fixture
def organiser(lab: Lab) -> Client:
    client = Client()
    client.force_login(f.StaffFactory(lab=lab, user__email="olga@city.example", user__name="Olga Demo").user)
    client.get("/")
    return client


def address(part: str = "", occasion: str = "confirmation", language: str = "en") -> str:
    suffix = f"_{part}" if part else ""
    return reverse(f"console_email_template{suffix}", args=["fifth", occasion, language])


def post(client: Client, to: str, **answers: Any) -> Any:
    sent = {"form_key": new_form_key(), "version": "0", "subject": "", "introduction": "", "closing": ""}
    token = client.session.get("_csrftoken", "")
    return client.post(to, {**sent, "csrfmiddlewaretoken": token, **answers})


def confirm(person: Registration) -> Message:
    return emails.confirmation(person, seats_of(person))


def test_an_email_has_the_texts_that_its_lab_saved_by_the_time_it_is_sent(
    organiser: Client, person: Registration
) -> None:
    message = confirm(person)
    assert post(organiser, address(), **TEXTS).status_code == 302

    content = rendered(message, reveal=True)

    assert content.subject == "Maria Demo, see you at Fifth lab"
    text = content.text
    assert (
        "Welcome Maria Demo. Read the guide (https://city.example/guide) or https://city.example/map." in text
    )
    assert "– Bring a badge\n– Write to lab@city.example" in text
    assert "<strong>Maria Demo</strong>" in content.html
    assert 'href="https://city.example/guide"' in content.html
    assert "<title>Maria Demo, see you at Fifth lab</title>" in content.html
    for body in (text, content.html):
        # The facts stay.
        assert "Opening" in body
        assert "You have 1 seat." in body
        assert "/registrations/" in body
        assert body.index("Welcome") < body.index("Opening") < body.index("Bring a badge")


def test_other_occasions_languages_and_labs_keep_the_standard(
    organiser: Client, person: Registration
) -> None:
    post(organiser, address(), **TEXTS)
    elsewhere = f.RegistrationFactory(name="Maria Demo", language="en")
    person.language = "bg"
    for message in (confirm(person), confirm(elsewhere), emails.already_registered(person)):
        assert "Welcome" not in rendered(message, reveal=True).text


def test_what_was_sent_stays_as_it_was(organiser: Client, person: Registration, smtp: Any) -> None:
    from core.jobs.worker import Worker

    message = confirm(person)
    Worker().drain()
    post(organiser, address(), **TEXTS)
    message.refresh_from_db()
    assert "Welcome" not in rendered(message, reveal=True).text
    assert message.subject == "You are registered for Fifth lab"


@pytest.mark.parametrize("name", ["subject", "introduction", "closing"])
@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("{nam}", ["{nam}"]),
        ("Dear {name} of {Lab}", ["{Lab}"]),
        ("{{name}}x{{ lab.__class__ }}", ["{{name}}", "{{ lab.__class__ }}"]),
        ("{% debug %}", ["{% debug %}"]),
        ("{name.__init__}", ["{name.__init__}"]),
        ("{days}", ["{days}"]),
        ("{}", ["{}"]),
        ("{name!r} <b>", ["{name!r}"]),
        ("Dear {name, welcome", ["{name,"]),
        ("Dear name}, welcome to {lab}", ["name}"]),
        ("{{{{" + "x" * 60, ["{{{{" + "x" * 38]),
    ],
)
def test_a_wrong_placeholder_is_named_beside_its_field_and_what_was_typed_stays(
    organiser: Client, name: str, typed: str, wrong: list[str]
) -> None:
    answer = post(organiser, address(), **{name: typed})
    assert answer.status_code == 422
    verb = "is not a placeholder" if len(wrong) == 1 else "are not placeholders"
    words = f"{', '.join(wrong)} {verb} of this email. Choose from the list."
    assert answer.context["form"].errors == {name: [words]}
    # In the summary and beside the field.
    assert answer.content.decode().count(escape(words)) == 2
    [form] = [form for form in forms_of(answer) if "closing" in form.names]
    assert form.filled()[name] == [typed]
    assert not EmailTemplate.objects.exists()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("bg", "{nam} не е поле за заместване в този имейл. Изберете от списъка."),
        ("el", "Το {nam} δεν είναι πεδίο αντικατάστασης αυτού του email. Επιλέξτε από τη λίστα."),
    ],
)
def test_a_wrong_placeholder_is_told_in_the_readers_language(
    organiser: Client, language: str, words: str
) -> None:
    organiser.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    assert words in post(organiser, address("", "confirmation", language), closing="{nam}").content.decode()


def test_a_preview_tells_the_page_around_what_is_wrong_by_field(
    organiser: Client, person: Registration
) -> None:
    def told(**typed: str) -> Any:
        token = organiser.session.get("_csrftoken", "")
        sent = {"version": "0", "csrfmiddlewaretoken": token, **typed}
        answer = organiser.post(address("preview"), sent, headers={"Accept": "application/json"})
        return answer.status_code, answer.json()

    words = "{nam} is not a placeholder of this email. Choose from the list."
    wrong = {"subject": "{nam}", "introduction": "{name}", "closing": "{nam}"}
    assert told(**wrong) == (200, {"errors": {"subject": [words], "closing": [words]}})
    nobody = {"person": ["Nobody in this lab has this name or email."]}
    assert told(person="nobody of this name") == (200, {"errors": nobody})
    assert told(**TEXTS) == (200, {"errors": {}})
    long = {"subject": ["Enter at most 150 characters; you entered 151."]}
    assert told(subject="x" * 151) == (200, {"errors": long})
    assert told(subject="x" * 151, closing="{nam}") == (200, {"errors": {**long, "closing": [words]}})
    assert not EmailTemplate.objects.exists()
    assert Client().post(address("preview"), wrong, headers={"Accept": "application/json"}).status_code == 302


def test_what_replaces_a_placeholder_is_never_parsed(organiser: Client, lab: Lab) -> None:
    hostile = "{lab} **b** [x](https://evil.example) <i>{contact}"
    person = f.RegistrationFactory(lab=lab, name=hostile, language="en")
    post(organiser, address(), subject="{name}", introduction="Dear {name}")

    content = rendered(confirm(person), reveal=True)

    assert content.subject == hostile
    assert f"Dear {hostile}".replace("://", ":\u200b//").replace("evil.", "evil.\u200b") in content.text
    # But for the label that a screen reader speaks.
    assert "https://evil.example" not in content.text + re.sub(r"aria-label=\"[^\"]*\"", "", content.html)
    assert "<i>" not in content.html
    assert re.findall(r'href="([^"]*evil[^"]*)"', content.html) == []


def test_nothing_typed_by_strangers_can_be_put_into_the_first_email(organiser: Client) -> None:
    assert "name" not in OF_OCCASION["confirm_address"]
    answer = post(organiser, address(occasion="confirm_address"), introduction="Dear {name}")
    assert answer.status_code == 422


def test_every_email_can_be_changed_and_previewed_in_every_language(
    organiser: Client, person: Registration, lab: Lab
) -> None:
    before = Message.objects.count()
    for occasion in CHANGEABLE:
        names = OF_OCCASION[occasion]
        for language in ("en", "bg", "el"):
            typed = " ".join(f"{name}={{{name}}}" for name in names)
            page = organiser.get(address("preview", occasion, language))
            assert page.status_code == 200, occasion
            answer = post(
                organiser, address("preview", occasion, language), subject=f"S {typed}", introduction=typed
            )
            assert answer.status_code == 200
            shown = answer.content.decode()
            assert re.search(r"=[^\s<]", shown), occasion
            assert not re.search(r"\{\w+\}", shown), occasion
    assert Message.objects.count() == before
    assert not EmailTemplate.objects.exists()


def test_a_preview_shows_whom_it_is_for_and_hides_private_links(
    organiser: Client, person: Registration, lab: Lab
) -> None:
    f.RegistrationFactory(lab=lab, name="Newest Demo", email="newest@city.example")
    newest = organiser.get(address("preview")).content.decode()
    assert "Newest Demo &lt;newest@city.example&gt;" in newest
    chosen = post(organiser, address("preview"), person="maria").content.decode()
    assert "Dear Maria Demo" in chosen
    assert "/registrations/" not in chosen
    policy = organiser.get(address("preview"))["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy


def test_a_preview_of_nobody_says_so(organiser: Client, person: Registration) -> None:
    answer = post(organiser, address("preview"), person="nobody of this name")
    assert answer.status_code == 422
    assert "Nobody in this lab" in answer.content.decode()
    wrong = post(organiser, address("preview"), subject="{nam}")
    assert (wrong.status_code, "{nam} is not a placeholder" in wrong.content.decode()) == (422, True)


def test_an_empty_lab_previews_with_the_organiser_as_an_example(organiser: Client, lab: Lab) -> None:
    assert "Olga Demo" in organiser.get(address("preview")).content.decode()
    without = organiser.get(address("preview", "session_cancelled"))
    assert "no session yet" in without.content.decode()


def test_a_test_goes_to_whoever_asks_with_the_typed_text_and_no_private_link(
    organiser: Client, person: Registration, smtp: Any
) -> None:
    from core.jobs.worker import Worker

    answer = post(organiser, address("test"), **TEXTS)
    assert answer.status_code == 200
    assert answer.context["form"]["closing"].value() == TEXTS["closing"]
    assert not EmailTemplate.objects.exists()

    Worker().drain()

    [mail] = smtp.received
    assert mail["To"] == "Olga Demo <olga@city.example>"
    assert mail["Subject"] == "Test: Olga Demo, see you at Fifth lab"
    text = mail.get_body(("plain",)).get_content()
    assert "Welcome Olga Demo" in text
    assert "Opening" in text
    assert "/registrations/" not in text
    assert "http://testserver/labs/fifth/" in text
    [message] = Message.objects.all()
    assert (message.registration_id, message.user.email) == (None, "olga@city.example")


def test_what_was_tried_is_saved_from_the_same_page(organiser: Client, person: Registration) -> None:
    tried = post(organiser, address("test"), **TEXTS)
    form = next(one for one in forms_of(tried) if "closing" in one.names)
    assert form.action == address()
    post(organiser, form.action, **{name: values[0] for name, values in form.filled().items()})
    assert EmailTemplate.objects.get().closing == TEXTS["closing"]


def test_tests_count_in_the_budget_of_the_address(organiser: Client, person: Registration) -> None:
    for _ in range(EMAILS_PER_HOUR):
        assert post(organiser, address("test"), **TEXTS).status_code == 200
    answer = post(organiser, address("test"), **TEXTS)
    assert answer.status_code == 422
    assert "Try again in an hour" in answer.content.decode()
    assert Message.objects.count() == EMAILS_PER_HOUR


def test_a_test_that_is_sent_twice_is_one(organiser: Client, person: Registration) -> None:
    key = new_form_key()
    for _ in range(2):
        post(organiser, address("test"), **TEXTS, form_key=key)
    assert Message.objects.count() == 1


def test_two_people_who_change_a_text_at_once_see_each_other(organiser: Client, lab: Lab) -> None:
    post(organiser, address(), subject="First")
    answer = post(organiser, address(), subject="Second")
    assert answer.status_code == 409
    assert "First" in answer.content.decode()
    assert EmailTemplate.objects.get().subject == "First"
    version = str(EmailTemplate.objects.get().version)
    assert post(organiser, address(), subject="Second", version=version).status_code == 302
    assert EmailTemplate.objects.get().subject == "Second"


def test_resetting_asks_first_and_can_be_undone(organiser: Client, lab: Lab) -> None:
    assert organiser.get(address("reset")).status_code == 404
    post(organiser, address(), **TEXTS)
    page = organiser.get(address("reset"))
    assert TEXTS["subject"].replace("'", "&#x27;") in page.content.decode()
    assert EmailTemplate.objects.exists()
    assert post(organiser, address("reset")).status_code == 302
    assert not EmailTemplate.objects.exists()
    [undo] = organiser.session["undo"]
    post(organiser, reverse("console_undo", args=[undo]))
    assert EmailTemplate.objects.get().closing == TEXTS["closing"]


def test_texts_that_are_emptied_are_standard_again(organiser: Client, lab: Lab) -> None:
    post(organiser, address(), **TEXTS)
    post(organiser, address(), version="1")
    assert not EmailTemplate.objects.exists()


@pytest.mark.parametrize(
    ("name", "typed"),
    [("subject", "x" * 151), ("introduction", "x" * 4001), ("closing", "a\u202eb"), ("subject", "a\u202eb")],
)
def test_what_is_too_long_or_unreadable_is_refused(
    organiser: Client, lab: Lab, name: str, typed: str
) -> None:
    answer = post(organiser, address(), **{name: typed})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [name]
    assert not EmailTemplate.objects.exists()


def test_the_list_says_which_texts_are_changed(organiser: Client, lab: Lab) -> None:
    post(organiser, address("", "certificate", "bg"), closing="Край")
    answer = organiser.get(reverse("console_email_templates", args=["fifth"]))
    changed = {
        (row.occasion, code)
        for row in answer.context["rows"]
        for code, is_changed in row.languages
        if is_changed
    }
    assert changed == {("certificate", "bg")}
    assert {row.occasion for row in answer.context["rows"]} == set(CHANGEABLE)


def test_emails_about_accounts_have_no_texts_to_change(organiser: Client, lab: Lab) -> None:
    for occasion in ("password_reset", "role_invited", "../x"):
        assert organiser.get(f"/organise/labs/fifth/mail/texts/{occasion}/en/").status_code == 404
    assert organiser.get("/organise/labs/fifth/mail/texts/confirmation/de/").status_code == 404
