"""Photos of speakers: what is taken, what is left of it, and who sees it."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from PIL import Image

from labs.models import Lab
from sessions.models import Speaker
from sessions.speaker_photos import MAX_BYTES, InvalidPhoto, read_photo
from sessions.speaker_pictures import initials
from tests import factories as f
from tests.pages import client_of, form_of
from tests.sessions.speaker_files import photo

ADDRESS = "/labs/lab/speakers/eleni/photo"


def decoded(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


class TestReading:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_it_becomes_two_squares_of_the_upper_part(self, kind: str) -> None:
        read = read_photo(photo(800, 1600, kind))
        assert (decoded(read.large).size, decoded(read.small).size) == ((640, 640), (160, 160))
        assert decoded(read.large).format == "JPEG"
        top: Any = decoded(read.large).getpixel((320, 100))
        assert top[0] > 200

    def test_a_small_photo_is_not_blown_up(self) -> None:
        assert decoded(read_photo(photo(200, 300)).large).size == (200, 200)

    def test_what_a_phone_writes_beside_the_picture_is_gone(self) -> None:
        exif = Image.Exif()
        exif[0x010E] = "a secret place"  # ImageDescription
        exif.get_ifd(0x8825)[1] = "N"  # GPSInfo
        data = photo(exif=exif, comment=b"a secret comment")
        assert b"secret" in data
        for content in vars(read_photo(data + b"a secret trailer\xff\xd9")).values():
            assert b"secret" not in content
            assert not decoded(content).getexif()
            assert set(decoded(content).info) <= {
                "jfif",
                "jfif_version",
                "jfif_unit",
                "jfif_density",
                "progressive",
                "progression",
            }

    def test_it_is_turned_upright(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned by 90 degrees
        read = read_photo(photo(1000, 1000, exif=exif))
        left, right = (decoded(read.large).getpixel((x, 320)) for x in (60, 580))
        assert (left[2] > 200, right[0] > 200) == (True, True)  # type: ignore[index]

    def test_what_is_transparent_becomes_white(self) -> None:
        top: Any = decoded(read_photo(photo(400, 400, "PNG", "RGBA")).large).getpixel((200, 40))
        assert top[0] > 240
        assert 100 < top[1] < 160

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "no JPEG, PNG or WebP"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no JPEG, PNG or WebP"),
            (b"GIF89a" + b"0" * 100, "no JPEG, PNG or WebP"),
            (photo()[:2000], "cannot be read"),
            (b"\xff\xd8\xff" + b"0" * 100 + b"\xff\xd9", "cannot be read"),
            (photo(159, 400), "too small"),
            (b"\xff\xd8\xff" + b"0" * MAX_BYTES, "larger than 9 MB"),
        ],
    )
    def test_what_is_no_photo_is_refused_in_words(self, data: bytes, said: str) -> None:
        with pytest.raises(InvalidPhoto, match=said):
            read_photo(data)

    def test_a_bomb_of_pixels_is_refused_before_it_is_decoded(self) -> None:
        def chunk(kind: bytes, content: bytes) -> bytes:
            body = kind + content
            return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

        head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
        bomb = (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", head)
            + chunk(b"IDAT", zlib.compress(b""))
            + chunk(b"IEND", b"")
        )
        with pytest.raises(InvalidPhoto):
            read_photo(bomb)


def test_initials() -> None:
    assert [initials(name) for name in ("Maria del Mar Ivanova", "Елена", "", "ß", "— 7 x")] == [
        "MI", "Е", "", "SS", "X",
    ]  # fmt: skip


@pytest.mark.django_db
class TestShowing:
    @pytest.fixture
    def lab(self, settings: Any, tmp_path: Path) -> Lab:
        settings.MEDIA_ROOT = tmp_path
        lab: Lab = f.LabFactory(slug="lab")
        return lab

    @pytest.fixture
    def speaker(self, lab: Lab) -> Speaker:
        speaker: Speaker = f.SpeakerFactory(programme=lab.programme, slug="eleni", name={"en": "Eleni Demo"})
        client = client_of(f.StaffFactory(lab=lab).user)
        address = reverse("console_speaker", args=["lab", "eleni"])
        form = form_of(client.get(address))
        upload = SimpleUploadedFile("../me.jpg", photo(), "image/svg+xml")
        answer = client.post(address, form.filled(photo=upload, photo_alt_0="Eleni laughs"))
        assert answer.status_code == 302
        speaker.refresh_from_db()
        return speaker

    def test_its_files_are_named_by_their_content(self, speaker: Speaker) -> None:
        assert speaker.photo.name.startswith(f"speakers/speaker-{speaker.public_id.hex}-")
        assert speaker.small_photo.name != speaker.photo.name

    def test_only_who_sees_the_speaker_sees_the_photo(
        self, lab: Lab, speaker: Speaker, client: Client
    ) -> None:
        assert client.get(ADDRESS).status_code == 404
        session = f.SessionFactory(lab=lab, visibility="internal")
        f.AppearanceFactory(session=session, speaker=speaker)
        assert client.get(ADDRESS).status_code == 404
        organiser = client_of(f.StaffFactory(lab=lab).user)
        assert organiser.get(ADDRESS)["Cache-Control"] == "private, no-store"
        session.visibility = "public"
        session.save()
        answer = client.get(ADDRESS + "?size=small")
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
        assert decoded(answer.content).size == (160, 160)
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["Cache-Control"] == "public, max-age=300"
        assert client.get(ADDRESS, headers={"If-None-Match": client.get(ADDRESS)["ETag"]}).status_code == 304

    def test_pages_show_it_with_its_text_and_else_initials(
        self, lab: Lab, speaker: Speaker, client: Client
    ) -> None:
        session = f.SessionFactory(lab=lab, slug="opening")
        f.AppearanceFactory(session=session, speaker=speaker)
        f.AppearanceFactory(
            session=session, speaker=f.SpeakerFactory(programme=lab.programme, name={"en": "Ivan Demo"})
        )
        for address in ("/labs/lab/", "/labs/lab/speakers/", "/labs/lab/sessions/opening/"):
            page = client.get(address).content.decode()
            assert f'src="{ADDRESS}?size=small&amp;v=' in page
            assert 'alt="Eleni laughs"' in page
            assert '<span class="portrait" aria-hidden="true">ID</span>' in page
        page = client.get("/labs/lab/speakers/eleni/").content.decode()
        assert f'class="portrait portrait-large" src="{ADDRESS}?v=' in page
        with override("en"):
            assert (
                client.get("/api/v1/labs/lab/speakers/eleni")
                .json()["photo"]
                .startswith(f"http://testserver{ADDRESS}?v=")
            )

    def test_a_broken_photo_is_said_beside_the_field_and_changes_nothing(
        self, lab: Lab, speaker: Speaker
    ) -> None:
        client = client_of(f.StaffFactory(lab=lab).user)
        address = reverse("console_speaker", args=["lab", "eleni"])
        was = speaker.photo.name
        upload = SimpleUploadedFile("me.jpg", b"no photo", "image/jpeg")
        answer = client.post(address, form_of(client.get(address)).filled(name_0="Other", photo=upload))
        assert answer.status_code == 422
        assert "no JPEG, PNG or WebP" in answer.content.decode()
        speaker.refresh_from_db()
        assert (speaker.photo.name, str(speaker)) == (was, "Eleni Demo")

    def test_it_is_removed(self, lab: Lab, speaker: Speaker) -> None:
        client = client_of(f.StaffFactory(lab=lab).user)
        address = reverse("console_speaker", args=["lab", "eleni"])
        assert (
            client.post(address, form_of(client.get(address)).filled(without_photo="on")).status_code == 302
        )
        speaker.refresh_from_db()
        assert (speaker.photo.name, speaker.small_photo.name) == ("", "")
