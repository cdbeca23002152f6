"""What a lab says itself in its notice to participants: controller, officer, paragraphs, legal basis."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from labs.models import Lab
from registrations import privacy_notice
from registrations.models import PrivacyNotice
from registrations.privacy_notice import NoticePlan
from sessions.models import Speaker
from tests import factories as f
from tests.api.asking import bearer, organiser_of
from tests.pages import client_of, form_of, text_of

pytestmark = pytest.mark.django_db

OURS = NoticePlan(
    {"en": "City of *Sofia*, 33 Moskovska", "bg": "Столична община"},
    {"en": "dpo@sofia.example"},
    {"en": "We film the opening. <script>alert(1)</script>"},
    "public_task",
)
CONSENT, TASK = "Consent, Article 6(1)(a)", "Public task, Article 6(1)(e)"


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab", languages=["en", "bg"])


@pytest.fixture
def console(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


PAGE, NOTICE, RECORD = (
    "/organise/labs/lab/personal-data/notice/",
    "/labs/lab/privacy/",
    "/organise/labs/lab/personal-data/",
)


def filled(console: Client, **changes: Any) -> dict[str, Any]:
    return form_of(console.get(PAGE)).filled(**changes)


def test_a_lab_that_says_nothing_has_the_notice_as_before(client: Client, lab: Lab) -> None:
    notice = text_of(client.get(NOTICE))
    assert "the controller is the organiser of the programme" in notice
    assert (notice.count(f"Legal basis: {CONSENT}") > 3, TASK in notice) == (True, False)
    for words in ("Data protection officer", "More from the organisers", "Article 21"):
        assert words not in notice


def test_without_an_own_controller_both_documents_name_the_programme(
    client: Client, console: Client, lab: Lab
) -> None:
    f.OperatorFactory(name={"en": "Whoever runs the computers"})
    lab.contact_email = "team@example.org"
    lab.save()
    named = f'{lab.programme.name["en"]}, <a href="mailto:team@example.org">team@example.org</a>'
    for client_of_page, page in ((client, NOTICE), (console, RECORD)):
        main = text_of(client_of_page.get(page)).split("</main>")[0]
        assert (main.count(named), "Whoever runs" in main) == (1, False)


def test_an_organiser_adds_it_and_both_documents_show_it(client: Client, console: Client, lab: Lab) -> None:
    form = filled(
        console,
        controller_0="City of *Sofia*",
        controller_1="Столична община",
        data_protection_officer_0="dpo@sofia.example",
        paragraphs_0="We film the opening.",
        legal_basis="public_task",
    )
    assert console.post(PAGE, form).status_code == 302
    notice, record = client.get(NOTICE).content.decode(), console.get(RECORD).content.decode()
    for page in (notice, record):
        assert "City of <em>Sofia</em>" in page
        for words in ("dpo@sofia.example", "We film the opening.", TASK):
            assert words in page
        assert CONSENT not in page
    assert "the controller is the organiser of the programme" not in notice
    assert "You can object to the processing of your data (Article 21)" in notice
    assert "withdraw consent where you gave it" in notice
    assert "Столична община" in text_of(client.get(NOTICE, {"lang": "bg"}))
    # Greek has no text of its own: that of the lab's first language stands in, marked.
    assert '<div class="prose" lang="en">' in client.get(NOTICE, {"lang": "el"}).content.decode()
    assert PrivacyNotice.history.get().history_user is not None


def test_the_preview_shows_each_language_and_saves_nothing(client: Client, console: Client, lab: Lab) -> None:
    form = filled(
        console, controller_0="City of Sofia", controller_1="Столична община", legal_basis="contract"
    )
    answer = console.post(PAGE, {**form, "preview": "yes"})
    page = text_of(answer)
    assert (answer.status_code, PrivacyNotice.objects.count()) == (200, 0)
    english, bulgarian = page.split("Preview: English")[1].split("Preview: Bulgarian")
    assert ("City of Sofia" in english, "Contract, Article 6(1)(b)" in english) == (True, True)
    assert ("Столична община" in bulgarian, "Договор, член 6" in bulgarian) == (True, True)
    assert form_of(answer).filled()["controller_0"] == ["City of Sofia"]
    assert "City of Sofia" not in text_of(client.get(NOTICE))


def test_what_is_typed_cannot_carry_scripts_and_is_not_without_bounds(
    client: Client, console: Client, lab: Lab
) -> None:
    privacy_notice.change_notice(lab, OURS)
    for page in (client.get(NOTICE), console.get(RECORD)):
        assert "<script>alert" not in page.content.decode()
    for typed in ({"controller_0": "a" * 1001}, {"legal_basis": "whim"}):
        refused = console.post(PAGE, filled(console) | typed)
        assert refused.status_code == 422
        assert list(refused.context["form"].errors) == [next(iter(typed)).removesuffix("_0")]


def test_two_organisers_edit_it(console: Client, lab: Lab) -> None:
    mine = filled(console, controller_0="Mine", legal_basis="consent")
    theirs = filled(console, controller_0="Theirs", legal_basis="consent")
    assert console.post(PAGE, theirs).status_code == 302
    refused = console.post(PAGE, mine)
    assert refused.status_code == 409
    assert [(one.before, one.after) for one in refused.context["conflict"]] == [("en: Theirs", "en: Mine")]
    assert client_of(f.StaffFactory().user).get(PAGE).status_code == 404


def test_programs_do_the_same(lab: Lab) -> None:
    headers = bearer(organiser_of(lab))
    path = "/api/v1/labs/lab/privacy-notice"
    empty = {"controller": {}, "data_protection_officer": {}, "paragraphs": {}, "legal_basis": "consent"}
    assert Client().get(path, headers=headers).json() == empty

    def put(body: dict[str, object]) -> Any:
        return Client().put(path, body, content_type="application/json", headers=headers)

    said = {"controller": {"en": "City of Sofia"}, "legal_basis": "legitimate_interest"}
    assert put(said).json() == empty | said
    assert Client().get(path, headers=headers).json() == empty | said
    held = Client().get("/api/v1/labs/lab/retention", headers=headers).json()["holdings"]
    assert held[0]["basis"] == "Legitimate interest, Article 6(1)(f)"
    assert put({"legal_basis": "whim"}).status_code == 422
    wrong = put({"controller": {"en": "a" * 1001}})
    assert [one["field"] for one in wrong.json()["errors"]] == ["controller"]
    assert Client().get(path, headers=bearer(f.StaffFactory().user)).status_code == 404


def test_both_documents_tell_of_speakers_whose_address_is_kept(
    client: Client, console: Client, lab: Lab
) -> None:
    speaker = f.SpeakerFactory(programme=lab.programme)
    f.AppearanceFactory(speaker=speaker, session=f.SessionFactory(lab=lab))
    documents, told = ((client, NOTICE), (console, RECORD)), []
    for address in ("", "speaker@example.org"):
        Speaker.objects.filter(pk=speaker.pk).update(email=address, contact_since=timezone.now())
        told.append(["To agree with speakers" in text_of(one.get(page)) for one, page in documents])
    assert told == [[False, False], [True, True]]
