"""Addresses as people type them: each reaches exactly the mailbox that was meant, or is refused with true words."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from core.accounts.models import User
from core.jobs.worker import Worker
from core.web.email_addresses import address_key, ascii_address, clean_address
from registrations import address_lists, registering
from registrations.models import Registration
from tests import factories as f
from tests.api.asking import form_for
from tests.api.problems import told
from tests.registrations.form_posts import FROM_HERE, answers, send

pytestmark = pytest.mark.django_db

QUOTES_REFUSED = {
    "en": "This service cannot send email to an address that has quotation marks before the @. "
    "Enter another address.",
    "bg": "Тази услуга не може да изпраща имейли до адрес с кавички преди @. Въведете друг адрес.",
    "el": "Η υπηρεσία δεν μπορεί να στείλει email σε διεύθυνση με εισαγωγικά πριν από το @. "
    "Συμπληρώστε άλλη διεύθυνση.",
}
REACHED = {
    # typed: (stored, sent to)
    "plus+tag.one@example.org": ("plus+tag.one@example.org", "plus+tag.one@example.org"),
    "UPPER.Case@Example.ORG": ("UPPER.Case@example.org", "UPPER.Case@example.org"),
    "o'brien@example.org": ("o'brien@example.org", "o'brien@example.org"),
    "info@faß.example": ("info@faß.example", "info@xn--fa-hia.example"),
    "user@σίγμας.example": ("user@σίγμας.example", "user@xn--kxaef0b5ab.example"),
    "user@пример.рф": ("user@пример.рф", "user@xn--e1afmkfd.xn--p1ai"),
    "user@xn--e1afmkfd.xn--p1ai": ("user@пример.рф", "user@xn--e1afmkfd.xn--p1ai"),
    "\u00a0name@example.org\u200b\ufeff": ("name@example.org", "name@example.org"),
    "full＠example.org": ("full@example.org", "full@example.org"),
    '"quoted.local"@example.org': ("quoted.local@example.org", "quoted.local@example.org"),
    "user%example.net@example.org": ("user%example.net@example.org", "user%example.net@example.org"),
    "!#$%&'*+-/=?^_`{|}~@example.org": (
        "!#$%&'*+-/=?^_`{|}~@example.org",
        "!#$%&'*+-/=?^_`{|}~@example.org",
    ),
}


@pytest.mark.parametrize("typed", REACHED)
def test_every_email_arrives_at_the_mailbox_that_was_typed(client: Client, smtp, typed):
    session = f.SessionFactory()
    stored, sent_to = REACHED[typed]

    send(client, session.lab, answers(session, email=typed))
    registration = Registration.objects.get()
    registering.confirm(registration)
    Worker().drain()

    assert (registration.email, registration.email_key) == (stored, sent_to.lower())
    assert [mail["To"].addresses[0].addr_spec for mail in smtp.received] == [sent_to, sent_to]
    assert smtp.recipients == [[sent_to], [sent_to]]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("почта@пример.рф", "Email cannot reach this address: the part before the @ has letters"),
        ("имя@example.org", "Email cannot reach this address: the part before the @ has letters"),
        ("user@💩.example", "“💩.example” is not a valid domain. Check the part after the @."),
        ("user@1.2.3.4", "“1.2.3.4” is not a valid domain. Check the part after the @."),
        ("user@" + "ж" * 63 + ".example", "is not a valid domain. Check the part after the @."),
        ("a" * 65 + "@example.org", "The part before the @ is longer than an email address can have."),
        ('"a b"@example.org', QUOTES_REFUSED["en"]),
        ('"a@b"@example.org', QUOTES_REFUSED["en"]),
        ('"a..b"@example.org', QUOTES_REFUSED["en"]),
        ('"a\\"b"@example.org', QUOTES_REFUSED["en"]),
        ('""@example.org', QUOTES_REFUSED["en"]),
        ('"a b@example.org', "Enter an email address like name@example.org."),
        ('"Name" <named@example.org>', "Enter an email address like name@example.org."),
        ("me@localhost", "Enter an email address like name@example.org."),
        ("Name <named@example.org>", "Enter an email address like name@example.org."),
        ("mailto:mail@example.org", "Enter an email address like name@example.org."),
        (".lead@example.org", "Enter an email address like name@example.org."),
        ("user;@example.org", "Enter an email address like name@example.org."),
    ],
)
def test_what_cannot_be_reached_is_refused_in_true_words_and_kept(client: Client, typed, words):
    session = f.SessionFactory()

    page = send(client, session.lab, answers(session, email=typed)).content.decode()

    assert page.count(words) == 2  # in the summary and beside the field
    assert Registration.objects.count() == 0


@pytest.mark.parametrize("language", ["bg", "el"])
def test_quotation_marks_in_an_address_are_refused_in_the_readers_language(client: Client, language):
    session = f.SessionFactory()
    headers = {"Accept-Language": language, **FROM_HERE}

    typed = answers(session, email='"a b"@example.org', language=language)
    page = client.post(reverse("register", args=[session.lab.slug]), typed, headers=headers)

    assert page.status_code == 422
    assert page.content.decode().count(QUOTES_REFUSED[language]) == 2
    assert 'value="&quot;a b&quot;@example.org"' in page.content.decode()
    assert Registration.objects.count() == 0


@pytest.mark.parametrize("language", QUOTES_REFUSED)
def test_quotation_marks_in_an_address_are_refused_to_programs(client: Client, language: str):
    session = f.SessionFactory()
    form = form_for(session, email='"a b"@example.org')
    headers = {"Idempotency-Key": "a-key-of-ours", "Accept-Language": language}

    address = f"/api/v1/labs/{session.lab.slug}/registrations"
    answer = client.post(address, form, content_type="application/json", headers=headers)

    [error] = told(answer, 422, language)["errors"]
    assert (error["field"], error["message"]) == ("email", QUOTES_REFUSED[language])


@pytest.mark.parametrize("cell", ['"a b"@example.org', '"""a b""@example.org"', 'Demo;"a b"@example.org'])
def test_quotation_marks_in_an_address_of_a_list_are_refused_with_the_line(cell):
    with pytest.raises(ValidationError) as refused:
        address_lists.clean_addresses(f'"demo1@example.org"\n{cell}')

    assert refused.value.messages == [f"Line 2: {QUOTES_REFUSED['en']}"]


def test_two_domains_that_old_rules_confused_are_two_people(client: Client):
    session = f.SessionFactory()

    for email in ("info@faß.example", "info@fass.example"):
        send(client, session.lab, answers(session, email=email))
        registering.confirm(Registration.objects.get(email=email))

    assert Registration.objects.filter(state="confirmed").count() == 2


@pytest.mark.parametrize("typed", ["ORGANISER@ПРИМЕР.рф", "organiser@xn--e1afmkfd.xn--p1ai\u200b"])
def test_an_account_signs_in_however_its_domain_is_written(client: Client, typed):
    User.objects.create_user("organiser@пример.рф", "correct horse battery")

    answer = client.post("/accounts/login/", {"login": typed, "password": "correct horse battery"})

    assert (answer.status_code, answer["Location"]) == (302, "/organise/")
    assert User.objects.get().email == "organiser@пример.рф"


def test_answers_to_emails_and_links_go_to_the_organisers_domain_by_its_ascii_name(client: Client, smtp):
    lab = f.LabFactory(contact_email="team%x@пример.рф")
    session = f.SessionFactory(lab=lab)
    send(client, lab, answers(session))
    Worker().drain()

    [mail] = smtp.received
    assert mail["Reply-To"] == "team%x@xn--e1afmkfd.xn--p1ai"
    page = client.get(f"/labs/{lab.slug}/sessions/{session.slug}/").content.decode()
    assert 'href="mailto:team%25x@xn--e1afmkfd.xn--p1ai"' in page


LOCAL_PARTS = st.from_regex(r"[a-zA-Z0-9](\.?[a-zA-Z0-9+_'-]){0,20}", fullmatch=True)
DOMAINS = st.sampled_from(
    ["example.org", "faß.example", "σίγμας.example", "пример.рф", "bücher.example", "例え.example"]
)
INVISIBLE = st.text("\u00a0\u200b\ufeff\u2060 \t\u200e\u3000", max_size=3)


@given(LOCAL_PARTS, DOMAINS, INVISIBLE, INVISIBLE)
def test_a_clean_address_stays_as_it_is_and_all_its_spellings_have_one_key(local, domain, before, after):
    address = clean_address(f"{before}{local}@{domain}{after}")

    assert address == f"{local}@{domain}" == clean_address(address) == clean_address(ascii_address(address))
    assert {
        address_key(address),
        address_key(ascii_address(address)),
        address_key(f"{local.upper()}@{domain}"),
    } == {ascii_address(address).lower()}
