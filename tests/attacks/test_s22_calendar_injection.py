"""S22 (icalendar#1462, web2py#2621, calendar-links#236): a title with a line break added properties of its own.

Whatever stands in the database, a feed has exactly the components and properties that we write, and no control
character; an independent parser reads each text back as it was typed.
"""

import unicodedata
from collections import Counter

import icalendar
import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labs.models import Lab, Programme, Room, Track
from labs.revisions import touch
from sessions.models import AgendaItem, Appearance, Session, Speaker
from tests.factories import (
    AgendaItemFactory,
    AppearanceFactory,
    LabFactory,
    RoomFactory,
    SessionFactory,
    TrackFactory,
)

pytestmark = pytest.mark.django_db

PROPERTIES = {
    "UID": 1,
    "DTSTAMP": 1,
    "DTSTART": 1,
    "DTEND": 1,
    "SUMMARY": 1,
    "DESCRIPTION": 1,
    "LOCATION": 1,
    "CATEGORIES": 1,
    "URL": 1,
    "STATUS": 1,
    "SEQUENCE": 1,
    "CREATED": 1,
    "LAST-MODIFIED": 1,
}
HOSTILE = [
    "Opening\r\nATTENDEE:mailto:victim@example.org",
    "Opening\nEND:VEVENT\nBEGIN:VEVENT\nUID:mine",
    "Opening\rX-INJECTED:yes",
    "Opening\u2028ATTACH:https://evil.example.org/\u2029\x0b\x0c\x85X:1",
    "a;VALUE=URI:b,c\\;d\\n",
    "\x00\x1b[31m\x07",
    '"; DTSTART=19700101',
    "😀" * 80,
    "я" * 300,
]
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=200) | st.sampled_from(HOSTILE)


@pytest.fixture
def lab():
    lab = LabFactory(slug="city-lab", format="hybrid")
    session = SessionFactory(lab=lab, room=RoomFactory(lab=lab), track=TrackFactory(lab=lab))
    AppearanceFactory(session=session, agenda_item=AgendaItemFactory(session=session))
    return lab


def write_everywhere(lab, text):
    """Put the text past every form and check, as an import or an older version might have."""
    words = {"en": text}
    Programme.objects.update(name=words)
    Lab.objects.update(title=words, theme=words, venue=words)
    Track.objects.update(name=words)
    Room.objects.update(name=words, address=text.replace("\x00", "")[:200], online=False)
    Session.objects.update(title=words, abstract=words)
    AgendaItem.objects.update(title=words)
    Speaker.objects.update(name=words, affiliation=words)
    touch(lab.pk)
    cache.clear()
    assert Appearance.objects.exists()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=texts)
def test_no_text_writes_a_line_of_its_own(client, lab, text):
    write_everywhere(lab, text)
    content = client.get("/labs/city-lab/calendar.ics").content
    calendar = icalendar.Calendar.from_ical(content)
    assert [part.name for part in calendar.subcomponents] == ["VTIMEZONE", "VEVENT"]
    (event,) = calendar.walk("VEVENT")
    wanted = dict(PROPERTIES)
    # A property without a value is left out.
    for name in ("DESCRIPTION", "LOCATION", "CATEGORIES"):
        if name not in event:
            wanted.pop(name)
    assert (
        Counter(
            name for name, _value in event.property_items(recursive=False) if name not in ("BEGIN", "END")
        )
        == wanted
    )
    said = content.decode()
    assert not [
        character
        for character in said
        if unicodedata.category(character) == "Cc" and character not in "\r\n\t"
    ]
    assert all(len(line.encode()) <= 75 for line in said.split("\r\n"))


@pytest.mark.parametrize(
    "text", ["Commas, semicolons; backslashes\\ and «quotes»", "Ежегодна среща", "a\\nb", "😀" * 40]
)
def test_what_was_typed_is_what_a_calendar_shows(client, lab, text):
    write_everywhere(lab, text)
    (event,) = icalendar.Calendar.from_ical(client.get("/labs/city-lab/calendar.ics").content).walk("VEVENT")
    assert str(event["SUMMARY"]) == text
