"""S11 (pretix CVE-2026-2451): `{{ event.__init__… }}` in a mail's text read the configuration.

No text that people type is ever a template here, and what replaces a mark is never looked at again.
"""

import re
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.mail.delivery import outgoing
from core.mail.links import Link
from core.mail.models import Message
from core.mail.rendering import rendered
from core.web import signed_links
from tests.emails import reset_email, with_bodies
from tests.factories import LabFactory, ProgrammeFactory

pytestmark = pytest.mark.django_db
SUBJECT = uuid.UUID(int=7)

HOSTILE = [
    "{{ lab.__class__.__init__.__globals__ }}",
    "{{ links.reset }} {{ base_url }} {% debug %} {% load i18n %} {% include 'emails/base.txt' %}",
    "{0.__init__.__globals__[settings].SECRET_KEY} %(email)s $email ${email} <%= email %> #{email}",
    "[[reset]] [[reset-0123456789abcdef]] [[manage]]",
]


def mail_about(text: str) -> Message:
    Message.objects.all().delete()
    return reset_email(
        to_name=text,
        context={"email": text, "days": 3},
        links={"reset": Link("test.purpose", SUBJECT, 1, "/somewhere/{token}/")},
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_template_syntax_arrives_as_it_was_typed(text, settings):
    message = mail_about(text)

    sent = rendered(message, reveal=True)

    said = sent.text.replace("\u200b", "")
    assert f"for the account {text}. Choose one here:" in said
    assert settings.SECRET_KEY not in sent.text + sent.html
    assert sent.text.count(signed_links.make_token("test.purpose", SUBJECT, 1)) == 1
    assert sent.html.count(signed_links.make_token("test.purpose", SUBJECT, 1)) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_neither_do_titles_of_organisers_become_templates(text, settings):
    lab = LabFactory(title={"en": text}, programme=ProgrammeFactory(name={"en": text}))
    message = reset_email(lab=lab)

    with_bodies(message)
    assert f"{text}, {text}" in message.text.replace("\u200b", "")
    assert settings.SECRET_KEY not in message.text + message.html


def test_nobody_can_know_a_mark_before_the_mail_is_written():
    texts = [with_bodies(mail_about("a")).text for _ in range(20)]
    marks = {mark for text in texts for mark in re.findall(r"\[\[reset-([0-9a-f]+)\]\]", text)}

    assert len(marks) == 20
    assert all(len(mark) == 16 for mark in marks)


def test_what_replaces_a_mark_is_never_parsed_again(monkeypatch):
    message = mail_about("a")
    mark = message.links["reset"]["mark"]
    monkeypatch.setattr("core.mail.rendering.address_of", lambda link: f"first {mark} {{{{ base_url }}}}")

    assert f"first {mark} {{{{ base_url }}}}" in rendered(message, reveal=True).text


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200))
def test_whatever_is_typed_the_only_thing_replaced_is_the_link(text):
    message = mail_about(text)

    sent = rendered(message, reveal=True)
    token = signed_links.make_token("test.purpose", SUBJECT, 1)
    assert sent.text.count(token) == sent.html.count(token) == 1
    headers = outgoing(message).message()
    assert sorted(headers.keys()) == sorted(set(headers.keys()))
    assert "\n" not in message.subject + message.to_name
