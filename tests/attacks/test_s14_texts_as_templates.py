"""S14 (Indico CVE-2026-33046, CVE-2025-27516): abstracts ran as LaTeX, and a sandbox of templates had a hole.

No text that people write is ever a template here. Texts that would be one in any common language are planted in every
field of a lab, walked as an organiser, and come out as they were written: in pages, calendars, emails, the API, papers.
"""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.test import Client
from i18nfield.fields import I18nCharField, I18nTextField

from certificates import issuing
from core.mail.models import Message
from core.mail.rendering import rendered
from labs.models import Lab
from labs.viewer import VISITOR
from registrations import registering
from registrations.models import Registration
from registrations.registering import Details
from sessions.models import AgendaItem, Session, Speaker
from tests import factories as f
from tests.pages import client_of
from tests.registrations.form_posts import took_place
from tests.registrations.test_registering import plan

pytestmark = pytest.mark.django_db

# 1234 × 1001 would show, as would any secret of the settings and any name of a file or a library.
COMPUTED = "1235234"
EXPRESSIONS = (
    "{{ 1234*1001 }}", "{% now 'Y' %}", "{{ settings.SECRET_KEY }}", "{{ request.user.password }}",
    "${1234*1001}", "#{1234*1001}", "<%= 1234*1001 %>", "{0.__class__.__mro__}", "{lab.__init__.__globals__}",
    "%(lab)s %s %d %n", "[[manage]]", "{{ ''.__class__.__mro__[1].__subclasses__() }}",
)  # fmt: skip
PAPER = (
    r"\input{/etc/passwd}",
    r"\immediate\write18{id}",
    "<!-- #exec -->",
    "$(id)",
    "`id`",
    "!{sys.version}",
)
WHOLE = " · ".join(EXPRESSIONS[:4] + PAPER[:1])
LINE = "{{ 1234*1001 }} ${1234*1001} {0.__class__} %(lab)s [[manage]]"


def planted(model: Any) -> dict[str, Any]:
    """Return the multilingual texts of a model, all of them expressions."""
    found: dict[str, Any] = {}
    for each in model._meta.get_fields():
        if isinstance(each, I18nTextField):
            found[each.name] = {"en": "\n\n".join((*EXPRESSIONS, *PAPER)), "bg": WHOLE}
        elif isinstance(each, I18nCharField):
            found[each.name] = {"en": LINE, "bg": LINE}
    return found


@pytest.fixture
def lab() -> Lab:
    """A lab in which every text of every table is an expression."""
    lab = f.LabFactory(slug="city-lab", programme=f.ProgrammeFactory(slug="icc"))
    track, room = f.TrackFactory(lab=lab, slug="skills"), f.RoomFactory(lab=lab)
    session = f.SessionFactory(lab=lab, slug="open", track=track, room=room)
    item = f.AgendaItemFactory(session=session)
    f.AppearanceFactory(session=session, agenda_item=item, speaker__slug="somebody")
    f.LabDayFactory(lab=lab)
    for model in apps.get_models():
        texts = planted(model)
        if texts and not model._meta.model_name.startswith("historical"):
            for row in model._base_manager.all():
                for name, value in texts.items():
                    setattr(row, name, value)
                models.Model.save(row)
    lab.refresh_from_db()
    return lab


def person_of(lab: Lab) -> Registration:
    details = Details(
        name="{{ 1234*1001 }} ${7*7}",
        language="en",
        time_zone="Europe/Sofia",
        city_text="{{ settings.SECRET_KEY }}",
        organisation="%(lab)s {0.__class__}",
    )
    found = registering.submit(lab, VISITOR, plan(*lab.sessions.all(), details=details))
    assert found is not None
    return registering.confirm(found)


def harmless(said: str, where: str) -> None:
    """Hold that nothing was computed and nothing of the service's inside was told."""
    for word in (COMPUTED, settings.SECRET_KEY, "root:x:0", "<class '", "__subclasses__()>", "uid=0"):
        assert word not in said, f"{word} in {where}"


def test_pages_show_expressions_as_they_were_written(lab: Lab) -> None:
    organiser = client_of(f.StaffFactory(lab=lab).user)
    person = person_of(lab)
    addresses = [
        "/", "/programmes/icc/", "/labs/city-lab/", "/labs/city-lab/sessions/open/", "/labs/city-lab/speakers/",
        "/labs/city-lab/speakers/somebody/", "/labs/city-lab/register/", "/labs/city-lab/subscribe/",
        "/labs/city-lab/calendar.ics", "/api/v1/labs/city-lab", "/api/v1/labs/city-lab/sessions",
        "/api/v1/labs/city-lab/speakers", "/organise/", "/organise/labs/city-lab/",
        "/organise/labs/city-lab/sessions/", "/organise/labs/city-lab/sessions/open/",
        "/organise/labs/city-lab/sessions/open/history/", "/organise/labs/city-lab/settings/",
        "/organise/labs/city-lab/registrations/", "/organise/labs/city-lab/registrations.csv",
        f"/organise/labs/city-lab/registrations/{person.public_id}/", "/organise/labs/city-lab/mail/",
    ]  # fmt: skip
    written = 0
    for address in addresses:
        response = organiser.get(address)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        said = unescape(body.decode())
        assert (address, response.status_code) == (address, 200)
        harmless(said, address)
        written += re.sub(r"\\", "", said.replace("\r\n ", "")).count("{{ 1234*1001 }}")
    assert written > 40  # the control: the expressions were there, as texts


def test_mails_carry_expressions_as_texts_and_no_mark_of_theirs_becomes_a_link(lab: Lab) -> None:
    person_of(lab)

    sent = list(Message.objects.all())

    assert {mail.occasion for mail in sent} == {"confirm_address", "confirmation"}
    for mail in sent:
        shown = rendered(mail, reveal=True)
        for part in (shown.subject, shown.text, unescape(shown.html)):
            harmless(part, mail.occasion)
    shown = rendered(Message.objects.get(occasion="confirmation"), reveal=True)
    assert "{{ 1234*1001 }}" in shown.text
    # “[[manage]]” in a title is four letters more, not the person's private link.
    assert "[[manage]]" in shown.text


def test_a_certificate_is_made_of_expressions_and_computes_none(lab: Lab) -> None:
    from io import BytesIO

    from pypdf import PdfReader

    person = person_of(lab)
    f.AttendanceFactory(registration=person, session=lab.sessions.get())
    took_place(lab.sessions.get())

    issued = issuing.issue(person, f.StaffFactory(lab=lab).user)

    text = "".join(page.extract_text() for page in PdfReader(BytesIO(issued.pdf.read())).pages)
    harmless(text, "the paper")
    assert "1234*1001" in text
    harmless(json.dumps(issued.content), "the certificate's content")
    page = Client().get(f"/certificates/{issued.code}/")
    assert page.status_code == 200
    harmless(unescape(page.content.decode()), "the check page")


def test_every_multilingual_text_was_planted(lab: Lab) -> None:
    for model in (Session, AgendaItem, Speaker, Lab):
        row = model._base_manager.first()
        assert row is not None
        assert "1234" in str(row)
