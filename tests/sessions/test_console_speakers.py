"""The console's speakers."""

import pytest
from django.test import Client

from core.web.localized_fields import languages_of
from labs.models import City, Lab
from sessions.models import Speaker
from tests import factories as f
from tests.pages import client_of, form_of, send

pytestmark = pytest.mark.django_db

NEW = "/organise/labs/lab/new-speaker/"


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab", languages=["en", "bg"])


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def test_a_speaker_is_made_once_with_an_address_from_the_name(client: Client, lab: Lab) -> None:
    city: City = f.CityFactory()
    lab.programme.cities.add(city)
    data = form_of(client.get(NEW)).filled(
        name_1="Участник Демо",
        affiliation_0="City of Demo",
        city=str(city.pk),
        website="https://example.org/",
    )
    for _ in range(2):
        assert client.post(NEW, data).status_code == 302
    speaker = Speaker.objects.get()
    assert (speaker.slug, speaker.programme, speaker.city) == ("uchastnik-demo", lab.programme, city)
    assert languages_of(speaker.name) == {"bg": "Участник Демо"}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"name_0": ""}, "Enter this in at least one language"),
        ({"name_0": "x" * 5000}, "Use at most 200 characters"),
        ({"name_0": "Demo\nspeaker"}, "on one line"),
        ({"biography_0": "\u202e"}, "U+202E"),
        ({"website": "javascript:alert(1)"}, "Enter a web address like https://example.org/page"),
        ({"website": "https://"}, "Enter a web address like https://example.org/page"),
        ({"city": "999999"}, "Choose a city of this programme"),
    ],
)
def test_a_wrong_speaker_is_not_made(client: Client, answers: dict[str, str], said: str) -> None:
    response = send(client, NEW, **({"name_0": "Demo speaker"} | answers))
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Speaker.objects.exists()


def test_a_changed_speaker_is_new_on_every_lab_that_shows_him_or_her(client: Client, lab: Lab) -> None:
    other = f.LabFactory(programme=lab.programme)
    speaker = f.SpeakerFactory(programme=lab.programme, name={"en": "Demo", "el": "Ντέμο"})
    f.AppearanceFactory(session=f.SessionFactory(lab=other), speaker=speaker)
    send(client, f"/organise/labs/lab/speakers/{speaker.slug}/", name_0="Changed")
    speaker.refresh_from_db()
    before = other.revised_at
    other.refresh_from_db()
    assert languages_of(speaker.name) == {"en": "Changed", "el": "Ντέμο"}
    assert other.revised_at > before


def test_a_speaker_is_deleted_only_when_no_lab_shows_him_or_her(client: Client, lab: Lab) -> None:
    speaker = f.SpeakerFactory(programme=lab.programme)
    appearance = f.AppearanceFactory(
        session=f.SessionFactory(lab=f.LabFactory(programme=lab.programme)), speaker=speaker
    )
    address = f"/organise/labs/lab/speakers/{speaker.slug}/delete/"
    assert "This speaker cannot be deleted" in client.get(address).content.decode()
    client.post(address)
    assert Speaker.objects.exists()
    appearance.delete()
    send(client, address)
    assert not Speaker.objects.exists()


def test_the_list_names_where_speakers_appear(client: Client, lab: Lab) -> None:
    assert "No speakers yet." in client.get("/organise/labs/lab/speakers/").content.decode()
    here = f.AppearanceFactory(session=f.SessionFactory(lab=lab), role="moderator")
    f.SpeakerFactory(programme=lab.programme, name={"en": "Demo elsewhere"})
    page = client.get("/organise/labs/lab/speakers/").content.decode()
    for words in (here.speaker.name["en"], here.session.title["en"], "Moderator", "Demo elsewhere"):
        assert words in page


def test_speakers_of_another_programme_are_not_there(client: Client) -> None:
    other = f.SpeakerFactory()
    for page in ("", "delete/"):
        assert client.get(f"/organise/labs/lab/speakers/{other.slug}/{page}").status_code == 404
        assert client.post(f"/organise/labs/lab/speakers/{other.slug}/{page}").status_code == 404


def test_the_form_says_in_which_other_labs_a_change_is_seen(client: Client, lab: Lab) -> None:
    speaker = f.SpeakerFactory(programme=lab.programme)
    address = f"/organise/labs/lab/speakers/{speaker.slug}/"
    f.AppearanceFactory(session=f.SessionFactory(lab=lab), speaker=speaker)
    assert "This profile is shown in other labs too" not in client.get(address).content.decode()

    shown = f.LabFactory(programme=lab.programme, title={"en": "Shown elsewhere"})
    draft = f.LabFactory(programme=lab.programme, title={"en": "Not announced"}, visibility="draft")
    for other in (shown, draft):
        for session in f.SessionFactory.create_batch(2, lab=other):
            f.AppearanceFactory(session=session, speaker=speaker)
    page = client.get(address).content.decode()
    assert "This profile is shown in other labs too" in page
    assert page.count("Shown elsewhere") == 1
    assert "1 lab that is not public" in page
    assert "Not announced" not in page
