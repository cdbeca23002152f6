"""The text of consent in versions: none is edited, each person keeps the one that he or she read."""

from datetime import timedelta

import pytest
from django.test import Client

from labs.models import Lab
from registrations.consent import consent_texts, current_version, mark_of, versions_of
from registrations.models import ConsentText, Registration
from tests import factories as f
from tests.api.asking import bearer, organiser_of
from tests.pages import client_of, form_of, text_of
from tests.registrations.concurrency import all_at_once
from tests.registrations.form_posts import answers, link, send

pytestmark = pytest.mark.django_db


def reworded(lab: Lab, words: str) -> Lab:
    lab.consent = {"en": words}
    lab.save()
    return Lab.objects.get(pk=lab.pk)


def test_a_changed_text_is_a_new_version_and_the_earlier_one_stays_as_it_was_read() -> None:
    lab = f.LabFactory()
    earlier = f.RegistrationFactory(lab=lab)
    lab = reworded(lab, "Other words.")
    later = f.RegistrationFactory(lab=lab, consent_language="bg")

    earlier = Registration.objects.get(pk=earlier.pk)
    assert earlier.consent_text == "The organisers may keep my answers."
    assert (later.consent_text, later.consent_version.number) == ("Other words.", 2)
    assert [(row.number, row.accepted) for row in versions_of(lab)] == [(2, 1), (1, 1)]


def test_the_same_text_again_is_the_same_version() -> None:
    lab = f.LabFactory()
    first = current_version(lab)
    current_version(reworded(lab, "Other words."))
    again = reworded(lab, str(first.texts["en"]))
    again.consent = {"en": first.texts["en"], "bg": first.texts["bg"]}
    assert current_version(again) == first
    assert ConsentText.objects.count() == 2


def test_the_standard_text_is_a_version_in_every_language_that_follows_the_lab_s_days() -> None:
    lab = f.LabFactory(consent={})
    first = current_version(lab)
    assert first.texts == consent_texts(lab)
    assert set(first.texts) == {"en", "bg", "el"}
    lab.ends_on += timedelta(days=30)
    lab.save()
    assert current_version(lab).number == 2
    assert (first.created_by, first.number) == (None, 1)


def test_it_tells_who_wrote_the_text() -> None:
    lab, writer = f.LabFactory(), f.UserFactory()
    lab.consent = {"en": "Written by an organiser."}
    lab._history_user = writer
    lab.save()
    lab._history_user = f.UserFactory()
    lab.title = {"en": "Another title"}
    lab.save()
    assert current_version(Lab.objects.get(pk=lab.pk)).created_by == writer


def test_whoever_read_another_text_is_asked_to_agree_again(client: Client) -> None:
    session = f.SessionFactory()
    page = client.get(f"/labs/{session.lab.slug}/register/")
    [shown] = form_of(page).filled()["consent_shown"]
    assert shown == mark_of(session.lab)
    lab = reworded(session.lab, "Other words.")

    answer = send(client, lab, answers(session, consent_shown=shown))

    assert (answer.status_code, Registration.objects.count()) == (422, 0)
    html = text_of(answer)
    assert "The text below has changed since you opened the form." in html
    assert "Other words." in html
    form = form_of(answer)
    assert "consent" not in form.filled()
    sent = client.post(
        f"/labs/{lab.slug}/register/", form.filled(consent="on"), headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert sent.status_code == 200
    assert Registration.objects.get().consent_text == "Other words."


def test_an_api_that_read_another_text_is_refused(client: Client) -> None:
    session = f.SessionFactory()
    address = f"/api/v1/labs/{session.lab.slug}"
    shown = client.get(f"{address}/registration-form").json()["consent_shown"]
    reworded(session.lab, "Other words.")
    body = {
        "name": "Demo participant 17",
        "email": "participant17@example.org",
        "sessions": [session.slug],
        "language": "en",
        "time_zone": "Europe/Sofia",
        "consent": True,
    }

    def register(**more: str) -> int:
        path = f"{address}/registrations"
        answer = client.post(
            path,
            body | more,
            content_type="application/json",
            headers={"Idempotency-Key": f"key of ours {more}"},
        )
        return answer.status_code

    assert register(consent_shown=shown) == 422
    assert register(consent_shown=mark_of(Lab.objects.get())) == 202
    assert register() == 202


def test_the_person_reads_what_he_or_she_agreed_to(client: Client) -> None:
    person = f.RegistrationFactory()
    reworded(person.lab, "Other words.")
    html = text_of(client.get(link(person, "manage")))
    assert "The organisers may keep my answers." in html
    assert "Other words." not in html


def test_organisers_see_the_versions_with_how_many_agreed_to_each() -> None:
    lab = f.LabFactory()
    f.RegistrationFactory.create_batch(2, lab=lab)
    f.RegistrationFactory(lab=lab, state="unconfirmed", confirmed_at=None)
    f.RegistrationFactory(lab=f.LabFactory())
    lab = reworded(lab, "Other words.")
    page = client_of(f.StaffFactory(lab=lab).user).get(f"/organise/labs/{lab.slug}/personal-data/consents/")
    html = text_of(page)
    assert ("Other words." in html, "The organisers may keep my answers." in html) == (True, True)
    answer = Client().get(f"/api/v1/labs/{lab.slug}/consent-texts", headers=bearer(organiser_of(lab)))
    rows = [(row["number"], row["accepted"], row["is_current"]) for row in answer.json()["items"]]
    assert rows == [(1, 2, False)]


def test_a_lab_with_versions_can_be_deleted() -> None:
    person = f.RegistrationFactory()
    person.lab.delete()
    assert not ConsentText.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_register_first_write_one_version() -> None:
    lab = f.LabFactory()
    ConsentText.objects.all().delete()
    assert all_at_once([lambda: current_version(lab)] * 4) == []
    assert ConsentText.objects.count() == 1
