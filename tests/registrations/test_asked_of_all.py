"""What a lab asks of all who register is asked of nominees and colleagues, too, and by email of whom others entered."""

import pytest
from django.test import Client

from core.mail.models import Message
from core.mail.rendering import rendered
from core.web.errors import RuleViolation
from labs.models import Lab
from labs.viewer import VISITOR
from registrations import documents, links, nominees, seats, transfers
from registrations.documents import DocumentPlan
from registrations.models import Document, DocumentAcceptance, Nomination, Registration, Transfer
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of, form_of, text_of
from tests.registrations.form_posts import post
from tests.registrations.nominating import contact_of, name
from tests.registrations.test_transfers import NAME, SAID, answered

pytestmark = pytest.mark.django_db
TO_ACCEPT = "Read and accept 1 document of the organisers on your registration page."
TO_CHOOSE = "Say on your registration page whether photos and recordings of you may be taken."


@pytest.fixture
def session() -> Session:
    """A session of a lab that asks about photos and for a document, and offers another one."""
    session = f.SessionFactory(capacity=2)
    documents.add(session.lab, DocumentPlan({"en": "House rules"}, {"en": "Be *kind*."}))
    documents.add(session.lab, DocumentPlan({"en": "Newsletter"}, {"en": "News"}, "", False))
    session.lab.registration_rules.asks_photos = True
    session.lab.registration_rules.save()
    session.lab = Lab.objects.get(pk=session.lab_id)
    return session


@pytest.fixture
def nominee(session: Session) -> Registration:
    return person_of(name(*contact_of(session), session))


@pytest.fixture
def giver(session: Session) -> Registration:
    found = f.RegistrationFactory(lab=session.lab, name="Maria Petrova", photos="yes")
    seats.take(found, {session.pk: session.modes[0]})
    transfers.offer(found, NAME, "ivan@example.org")
    return found


def person_of(nomination: Nomination) -> Registration:
    assert nomination.registration is not None
    return nomination.registration


def accepted(person: Registration) -> list[tuple[str, int, str]]:
    rows = documents.accepted_by(person)
    return [(row.version.document.slug, row.version.number, row.language) for row in rows]


def test_a_nominee_accepts_documents_and_chooses_about_photos(client: Client, nominee: Registration) -> None:
    path = links.path_of(nominee, links.NOMINEE)
    page = client.get(path)
    assert "I accept: House rules" in text_of(page)
    assert form_of(page).filled().get("photos") is None
    typed = {"answer": "accept", "consent": "on", "document-newsletter": "1", "photos": "no"}

    refused = post(client, path, typed)

    nominee.refresh_from_db()
    assert (refused.status_code, nominee.state, DocumentAcceptance.objects.count()) == (422, "unconfirmed", 0)
    assert "You need to accept this to register." in text_of(refused)
    assert 'href="#id_document-house-rules"' in refused.content.decode()
    kept = form_of(refused).filled()
    assert (kept["document-newsletter"], kept["photos"], kept["consent"]) == (["1"], ["no"], ["on"])

    typed |= {"document-house-rules": "1"}
    without = {key: value for key, value in typed.items() if key != "photos"}
    assert 'href="#id_photos_0"' in post(client, path, without).content.decode()
    assert post(client, path, typed).status_code == 302
    nominee.refresh_from_db()
    assert (nominee.state, nominee.photos) == ("confirmed", "no")
    assert accepted(nominee) == [("house-rules", 1, "en"), ("newsletter", 1, "en")]
    assert nominee.history.first().photos == "no"


def test_a_nominee_is_not_held_back_from_declining(client: Client, nominee: Registration) -> None:
    said = {"answer": "decline", "confirmed": "yes"}
    assert post(client, links.path_of(nominee, links.NOMINEE), said).status_code == 302
    nominee.refresh_from_db()
    assert (nominee.state, nominee.photos) == ("cancelled", "")


def test_a_colleague_accepts_documents_and_chooses_about_photos(client: Client, giver: Registration) -> None:
    path = f"/registrations/transfer/{transfers.token_of(Transfer.objects.get())}/"
    page = client.get(path)
    assert "I accept: House rules" in text_of(page)
    assert form_of(page).filled().get("photos") is None

    refused = post(client, path, answered(photos="no", organisation="Theirs"))

    assert (refused.status_code, Registration.objects.count()) == (422, 1)
    assert 'href="#id_document-house-rules"' in refused.content.decode()
    kept = form_of(refused).filled()
    assert (kept["photos"], kept["organisation"]) == (["no"], ["Theirs"])

    documents.change(
        Document.objects.get(slug="house-rules"), DocumentPlan({"en": "House rules"}, {"en": "New"})
    )
    earlier = post(client, path, answered(photos="no", **{"document-house-rules": "1"}))
    assert (earlier.status_code, Registration.objects.count()) == (422, 1)
    assert "This document has changed since you opened the form." in text_of(earlier)

    assert post(client, path, answered(photos="no", **{"document-house-rules": "2"})).status_code == 302
    new = Registration.objects.get(name=NAME)
    assert (new.photos, accepted(new)) == ("no", [("house-rules", 2, "en")])


def test_the_rule_holds_without_a_form(nominee: Registration, giver: Registration) -> None:
    with pytest.raises(RuleViolation) as photos:
        nominees.accept(nominee, VISITOR, consent=True, consent_language="en")
    with pytest.raises(RuleViolation) as missing:
        nominees.accept(nominee, VISITOR, consent=True, consent_language="en", photos="yes")
    with pytest.raises(RuleViolation) as taking_over:
        transfers.accept(transfers.token_of(Transfer.objects.get()), VISITOR, SAID)
    codes = [one.value.code for one in (photos, missing, taking_over)]
    assert codes == ["no_photos", "document_missing", "no_photos"]


def test_the_email_to_whom_an_organiser_entered_says_what_is_left(session: Session) -> None:
    console = client_of(f.StaffFactory(lab=session.lab).user)
    address = f"/organise/labs/{session.lab.slug}/registrations/new/"
    form = form_of(console.get(address)).filled(
        name="Maria Demo",
        email="maria@example.org",
        session=[session.slug],
        how="at-once",
        consent="on",
    )
    assert console.post(address, form).status_code == 302
    said = rendered(Message.objects.get(occasion="confirmation"), reveal=False)
    for body in (said.text, said.html):
        assert (TO_ACCEPT in body, TO_CHOOSE in body) == (True, True)


def test_the_email_to_whom_the_form_asked_says_nothing_of_it(client: Client, nominee: Registration) -> None:
    path = links.path_of(nominee, links.NOMINEE)
    typed = {"answer": "accept", "consent": "on", "photos": "yes", "document-house-rules": "1"}
    assert post(client, path, typed).status_code == 302
    said = rendered(Message.objects.get(occasion="confirmation"), reveal=False)
    assert (TO_ACCEPT in said.text, TO_CHOOSE in said.text) == (False, False)
