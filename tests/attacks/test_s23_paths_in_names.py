"""S23 (pretalx PYSEC-2023-40, -41; Django CVE-2025-59682, CVE-2024-39330): names that lead out of their folder.

Names of uploads, of labs and people, of addresses and of members of an archive try to write, and to read, somewhere
else. Files are named by numbers and codes alone. Archives' own tests are in tests/core/backup/test_archive.py.
"""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from core.backup import archive
from labs.models import Lab
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of, form_of
from tests.walks.exploring import body_of

pytestmark = pytest.mark.django_db

SETTINGS = "/organise/labs/lab/settings/"
NAMES = (
    "../../evil.png", "..\\..\\evil.png", "/etc/evil.png", "C:\\evil.png", "logos/../../evil.png", "....//evil.png",
    "%2e%2e%2fevil.png", "evil.png\0.svg", "evil.php", "evil.png;x=.html", 'evil".png\r\nX-Evil: 1', "~/.evil",
    "\u202egnp.live", "CON", "." * 150, ".htaccess", "ев\u2215ил.png",
)  # fmt: skip
PATHS = (
    "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "..\\..\\etc\\passwd", "....//etc/passwd",
    "%252e%252e%252fetc/passwd", "..%c0%af..%c0%afetc/passwd", "/etc/passwd", "x%00.png",
)  # fmt: skip


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "var" / "media"
    folder.mkdir(parents=True)
    settings.MEDIA_ROOT = folder
    return folder


@pytest.fixture
def lab(media: Path) -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", NAMES)
def test_an_upload_is_stored_under_a_name_of_ours(
    client: Client, lab: Lab, media: Path, tmp_path: Path, name: str
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (9, 9)).save(picture, "PNG")
    form = form_of(client.get(SETTINGS)).filled(logo_alt_0="Demo", logo_alt_1="Demo")
    upload = SimpleUploadedFile("x.png", picture.getvalue())
    upload.__dict__["_name"] = name  # as sent, before Django has looked at it
    assert client.post(SETTINGS, form | {"logo": upload}).status_code == 302
    lab.refresh_from_db()
    assert [lab.logo.name] == files_below(media)
    assert lab.logo.name.startswith(f"logos/lab-{lab.pk}")
    assert len(files_below(tmp_path)) == 1
    answer = Client().get("/labs/lab/logo")
    assert "evil" not in str(answer.headers).lower()


@pytest.mark.parametrize("path", PATHS)
def test_no_address_reads_a_file_elsewhere(client: Client, lab: Lab, media: Path, path: str) -> None:
    (media.parent / "secret-key").write_text("CANARY-S23")
    for start in (
        "/labs/{}/logo", "/labs/{}/theme.css", "/certificates/{}.pdf", "/calendars/{}.ics", "/static/{}", "/media/{}",
        "/organise/labs/lab/registrations.csv/{}", "/labs/lab/sessions/{}/calendar.ics", "/{}",
        "/files-are-served-by-views-only/{}",
    ):  # fmt: skip
        for target in (path, path.replace("etc/passwd", "secret-key")):
            address = start.format(target).replace("//", "/%2f")  # two strokes would name another host
            answer = client.get(address)
            body = body_of(answer)
            assert answer.status_code in (400, 404, 301), start
            assert b"root:" not in body
            assert b"CANARY-S23" not in body


@pytest.mark.parametrize("path", ["../../secret-key", "/etc/passwd", "logos/../../../secret-key"])
def test_not_even_a_name_in_the_database_reads_a_file_elsewhere(lab: Lab, media: Path, path: str) -> None:
    """Were such a name ever stored: the storage keeps to its folder."""
    (media.parent / "secret-key").write_text("CANARY-S23")
    Lab.objects.update(logo=path + ".png")
    (media.parent / "secret-key.png").write_text("CANARY-S23")
    answer = Client(raise_request_exception=False).get("/labs/lab/logo")
    assert answer.status_code in (400, 404)
    assert b"CANARY-S23" not in body_of(answer)


@pytest.mark.parametrize(
    "title", ["../../evil", "..\\..\\evil", "/etc/evil", "", ".", "x/../y", "\r\nX-Evil: 1"]
)
def test_titles_make_addresses_without_paths(client: Client, lab: Lab, title: str) -> None:
    address = "/organise/labs/lab/new-session/"
    form = form_of(client.get(address)).filled(
        title_0=title,
        title_1=title,
        start_date=lab.starts_on.isoformat(),
        start_time="10:00",
        end_time="11:00",
    )
    assert client.post(address, form).status_code in (302, 422)
    for slug in Session.objects.values_list("slug", flat=True):
        assert slug.strip("abcdefghijklmnopqrstuvwxyz0123456789-") == ""
        headers = Client().get(f"/labs/lab/sessions/{slug}/calendar.ics").headers
        assert "X-Evil" not in headers


@pytest.mark.parametrize(
    "name",
    ["../evil", "/evil", "files/../../evil", "files/logos/../../../evil", "files\\..\\evil", "files/\0evil"],
)
def test_no_member_of_an_archive_is_written_elsewhere(tmp_path: Path, name: str) -> None:
    path = tmp_path / "backup.zip"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("manifest.json", "{}")
        target.writestr(name, b"evil")
    with pytest.raises(archive.BackupError):
        archive.check(path, 10_000_000, free=10_000_000)
    assert files_below(tmp_path) == ["backup.zip"]
