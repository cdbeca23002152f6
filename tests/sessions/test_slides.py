"""Slides that speakers hand in: what is taken, and who gets it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.web.errors import RuleViolation
from labs.models import Lab
from sessions import slides
from sessions.models import Session, Slides, Speaker
from sessions.slides import InvalidSlides, check, hand_in, publish
from tests import factories as f
from tests.pages import client_of, forms_of
from tests.sessions.speaker_files import PDF, archive, odp, pptx


def checked(content: bytes, name: str = "Talk.pdf") -> slides.CheckedSlides:
    return check(SimpleUploadedFile(name, content, "text/html"))


class TestChecking:
    @pytest.mark.parametrize(("content", "kind"), [(PDF, "pdf"), (pptx(), "pptx"), (odp(), "odp")])
    def test_the_kind_is_that_of_the_content(self, content: bytes, kind: str) -> None:
        found = checked(content, "../../Talk <b>.html")
        assert (found.kind, found.name, found.content) == (kind, f"Talk_b.{kind}", content)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "no PDF"),
            (b"<html>", "no PDF"),
            (b"%PDF-1.7 cut off", "cannot be read"),
            (b"PK\x03\x04 broken", "cannot be read"),
            (archive(**{"word/document.xml": b""}), "no PDF"),
            (archive(mimetype=b"application/vnd.oasis.opendocument.text"), "no PDF"),
            (archive(**{"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": b""}), "no PDF"),
            (pptx(**{"ppt/vbaProject.bin": b"macro"}), "has macros"),
            (odp(**{"Basic/script.xml": b"macro"}), "has macros"),
            (pptx(bomb=b"0" * (201 * 1024 * 1024)), "too many parts"),
            (b"%PDF-" + b"0" * slides.MAX_BYTES, "larger than 9 MB"),
        ],
    )
    def test_anything_else_is_refused_in_words(self, content: bytes, said: str) -> None:
        with pytest.raises(InvalidSlides, match=said):
            checked(content)

    def test_a_name_is_ours(self) -> None:
        names = ("x", "a" * 300 + ".pdf", "Презентация 1.pptx", 'x"\r\ny.pdf', "\u202efdp.exe")
        found = [checked(PDF, name).name for name in names]
        assert found == [
            "slides.pdf", "a" * 80 + ".pdf", "Презентация_1.pdf", "xy.pdf", "fdp.pdf",
        ]  # fmt: skip


@pytest.mark.django_db
class TestHandingIn:
    @pytest.fixture
    def lab(self, settings: Any, tmp_path: Path) -> Lab:
        settings.MEDIA_ROOT = tmp_path
        lab: Lab = f.LabFactory(slug="lab")
        return lab

    @pytest.fixture
    def session(self, lab: Lab) -> Session:
        session: Session = f.SessionFactory(lab=lab, slug="opening")
        return session

    @pytest.fixture
    def speaker(self, session: Session) -> Speaker:
        speaker: Speaker = f.SpeakerFactory(programme=session.lab.programme, slug="eleni")
        f.AppearanceFactory(session=session, speaker=speaker)
        return speaker

    def test_only_organisers_get_them_until_they_are_published(
        self, client: Client, lab: Lab, session: Session, speaker: Speaker
    ) -> None:
        row = hand_in(speaker, session, checked(PDF))
        public = reverse("session_slides", args=["lab", "opening", "eleni"])
        private = reverse("console_speaker_slides", args=["lab", "eleni", "opening"])
        page = reverse("session", args=["lab", "opening"])
        organiser = client_of(f.StaffFactory(lab=lab).user)
        stranger = client_of(f.StaffFactory().user)
        assert [each.get(public).status_code for each in (client, organiser, stranger)] == [404, 404, 404]
        assert stranger.get(private).status_code == 404
        assert "Slides" not in client.get(page).content.decode()
        answer = organiser.get(private)
        assert (answer.status_code, answer.content) == (200, PDF)
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"] == 'attachment; filename="Talk.pdf"'
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["X-Content-Type-Options"] == "nosniff"

        [form] = [
            one
            for one in forms_of(organiser.get(reverse("console_speaker", args=["lab", "eleni"])))
            if "/slides/" in one.action
        ]
        revision = Lab.objects.get(pk=lab.pk).public_revision
        assert organiser.post(private, form.filled(action="publish")).status_code == 302
        assert Lab.objects.get(pk=lab.pk).public_revision > revision
        assert public in client.get(page).content.decode()
        assert client.get(public).content == PDF
        Session.objects.update(visibility="internal")
        assert client.get(public).status_code == 404
        Session.objects.update(visibility="public")
        organiser.post(private, form.filled(action="unpublish"))
        assert client.get(public).status_code == 404
        organiser.post(private, form.filled(action="delete"))
        assert not Slides.objects.filter(pk=row.pk).exists()

    def test_a_file_in_place_of_a_published_one_is_published_anew(
        self, session: Session, speaker: Speaker
    ) -> None:
        row = hand_in(speaker, session, checked(PDF))
        assert publish(row, True)
        assert not publish(row, True)
        again = hand_in(speaker, session, checked(odp(), "New.odp"))
        assert (again.pk, again.is_published, again.name) == (row.pk, False, "New.odp")

    def test_nobody_hands_in_for_a_session_of_others(self, lab: Lab, speaker: Speaker) -> None:
        with pytest.raises(RuleViolation):
            hand_in(speaker, f.SessionFactory(lab=lab), checked(PDF))
