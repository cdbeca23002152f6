"""Files of logos and signatures stay while a row names them or may name them again, and then go."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from core.jobs import leases
from core.jobs.worker import Worker
from labs import picture_files
from labs.lab_editing import delete_lab, set_logo, set_signature
from labs.models import Lab
from labs.programme_logos import LogoPlan, add_logo, change_logo, remove_logo
from tests import factories as f
from tests.pages import client_of, forms_of, send

pytestmark = pytest.mark.django_db

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="{}" height="9"/></svg>'


def picture(width: int = 9) -> bytes:
    return SVG.format(width).encode()


@pytest.fixture
def lab(settings: Any, tmp_path: Path) -> Lab:
    settings.MEDIA_ROOT = tmp_path
    lab: Lab = f.LabFactory(signatory_name="Demo signatory", visibility="draft")
    set_logo(lab, picture())
    set_signature(lab, picture())
    return lab


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., set[str]]:
    """Return the names of the files, after they have grown older by some days and the daily work was done."""

    def stored(*, days: float = 0) -> set[str]:
        then = time.time() - days * 24 * 60 * 60
        for file in tmp_path.rglob("*.svg"):
            os.utime(file, (then, then))
        picture_files.delete_unused()
        return {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.svg")}

    return stored


def test_what_a_row_names_stays(lab: Lab, stored: Callable[..., set[str]]) -> None:
    logo = add_logo(lab.programme, LogoPlan({"en": "A bar"}), picture())
    assert stored(days=1000) == {lab.logo.name, lab.signature.name, logo.picture.name}


def test_what_was_replaced_removed_or_deleted_goes_after_a_day(
    lab: Lab, stored: Callable[..., set[str]]
) -> None:
    logo = add_logo(lab.programme, LogoPlan({"en": "A bar"}), picture())
    change_logo(logo, LogoPlan({"en": "A bar"}), picture(5))
    set_logo(lab, picture(5))
    assert len(stored(days=0.9)) == 5
    assert stored(days=1.1) == {lab.logo.name, lab.signature.name, logo.picture.name}
    remove_logo(logo)
    set_signature(lab, None)
    delete_lab(lab)
    assert stored(days=1.1) == set()


def test_a_lab_whose_deletion_is_undone_has_its_pictures(lab: Lab, stored: Callable[..., set[str]]) -> None:
    owner: Client = client_of(f.OwnerFactory(programme=lab.programme).user)
    page = owner.get(send(owner, f"/organise/labs/{lab.slug}/delete/")["Location"])
    [undo] = [form for form in forms_of(page) if "/undo/" in form.action]
    assert stored() == {lab.logo.name, lab.signature.name}
    owner.post(undo.action, undo.filled())
    assert owner.get(f"/organise/labs/{lab.slug}/signature").status_code == 200


def test_the_worker_deletes_them_daily(lab: Lab, tmp_path: Path) -> None:
    set_signature(lab, None)
    [signature] = (tmp_path / "signatures").iterdir()
    os.utime(signature, (0, 0))
    leases.enqueue_recurring()
    Worker().drain()
    assert not signature.exists()


def test_nothing_was_ever_uploaded(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    picture_files.delete_unused()
    assert list(tmp_path.iterdir()) == []
