"""Who signs, issues and funds a certificate: as it was when it was issued, in the file and on the check page."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from certificates import issuing
from certificates.models import Certificate
from certificates.printable import lost_characters
from labs.lab_editing import set_logo, set_signature
from labs.models import Lab
from registrations.models import Registration
from tests import factories as f
from tests.certificates.attending import attended
from tests.certificates.reading import PROFILES, failures, read, structure, words
from tests.certificates.samples import SIGNATORY

pytestmark = pytest.mark.django_db


@pytest.fixture
def registration(settings: Any, tmp_path: Path) -> Registration:
    settings.MEDIA_ROOT = tmp_path
    lab = f.LabFactory(
        signatory_name="Demo signatory",
        signatory_function={"en": "Head of Unit", "bg": "Началник на отдел"},
        programme__eu_funded=True,
        programme__grant_number="101012345",
    )
    assert SIGNATORY.signature
    set_signature(lab, SIGNATORY.signature.content)
    return attended(lab=lab)


def change(lab: Lab) -> None:
    """Another signatory, who has not signed yet, of another institution, and no funding any longer."""
    lab.signatory_name, lab.signatory_function = "Other signatory", {"en": "Mayor"}
    lab.save()
    set_signature(lab, None)
    programme = lab.programme
    programme.organiser, programme.eu_funded, programme.grant_number = {"en": "Other institution"}, False, ""
    programme.save()


def pdf_of(certificate: Certificate) -> bytes:
    return Client().get(f"/certificates/{certificate.code}.pdf").content


def pictures_of(certificate: Certificate) -> list[str]:
    return pictures_of_file(pdf_of(certificate))


def pictures_of_file(file: bytes) -> list[str]:
    described = [one["/Alt"] for one in structure(read(file)) if one["/S"] == "/Figure"]
    return [each for each in described if not each.startswith("QR")]


def issued_by(certificate: Certificate) -> str:
    """What the check page says of who issued it."""
    page = Client().get(f"/certificates/{certificate.code}/").content.decode()
    said = re.search(r"<dt>Issued by</dt>(.*?)</div>", page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", said[1]).split()) if said else ""


def test_a_certificate_says_for_ever_who_stood_behind_it_when_it_was_issued(
    registration: Registration,
) -> None:
    first = issuing.issue(registration)
    file = pdf_of(first)
    change(registration.lab)
    first = Certificate.objects.compared().get(pk=first.pk)

    assert first.public_state == "valid"
    assert {
        name: first.content[name]
        for name in ("signatory_name", "signatory_function", "organiser_name", "eu_funded", "grant_number")
    } == {
        "signatory_name": "Demo signatory",
        "signatory_function": {"en": "Head of Unit", "bg": "Началник на отдел"},
        "organiser_name": {"en": "European Commission", "bg": "Европейска комисия"},
        "eu_funded": True,
        "grant_number": "101012345",
    }
    assert pdf_of(first) == file
    said = "European Commission Demo signatory Head of Unit Funded by the European Union Grant agreement No 101012345"
    assert said in words(file)
    assert pictures_of(first) == ["Signature of Demo signatory", "Emblem of the European Union"]
    assert issued_by(first) == "European Commission Demo signatory, Head of Unit"


def test_a_certificate_shows_the_logos_of_the_lab_and_of_its_programme(registration: Registration) -> None:
    lab = registration.lab
    set_logo(lab, f.LOGO)
    lab.logo_alt = {"en": "Demo city"}
    lab.save()
    for position, name in enumerate(("First", "Second", "Third", "Fourth")):
        f.ProgrammeLogoFactory(programme=lab.programme, alt={"en": name}, position=position)
    file = pdf_of(issuing.issue(Registration.objects.get(pk=registration.pk)))

    # The lab's comes first; a head has room for four.
    assert pictures_of_file(file)[:4] == ["Demo city", "First", "Second", "Third"]
    assert "Fourth" not in pictures_of_file(file)
    assert {profile: failures(file, profile) for profile in PROFILES} == {"3a": [], "ua1": []}


def test_one_that_replaces_it_says_who_stands_behind_it_now(registration: Registration) -> None:
    first = issuing.issue(registration)
    change(registration.lab)
    second = issuing.reissue(first)

    assert "Other institution Other signatory Mayor Issued on" in words(pdf_of(second))
    assert pictures_of(second) == []
    assert issued_by(second) == "Other institution Other signatory, Mayor"
    assert issued_by(first) == "European Commission Demo signatory, Head of Unit"


def test_a_certificate_that_nobody_signs_names_the_institution_alone(registration: Registration) -> None:
    lab = registration.lab
    change(lab)
    lab.signatory_name, lab.signatory_function = "", ""
    lab.save()
    certificate = issuing.issue(Registration.objects.get(pk=registration.pk))

    assert "Other institution Issued on" in words(pdf_of(certificate))
    assert issued_by(certificate) == "Other institution"


def test_letters_of_the_signatory_that_no_font_has_are_told_before(registration: Registration) -> None:
    lab = registration.lab
    lab.signatory_name, lab.signatory_function = "Demo 王", {"en": "Head of Unit", "bg": "明 отдел"}
    lab.save()

    assert [(lost.text, lost.printed) for lost in lost_characters(lab)] == [
        ("Demo 王", "Demo ?"),
        ("明 отдел", "? отдел"),
    ]
    assert "Demo ? Head of Unit" in words(pdf_of(issuing.issue(Registration.objects.get(pk=registration.pk))))
