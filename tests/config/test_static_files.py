"""Static files as an installation serves them: under hashed names, and under those that emails keep."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

from registrations import emails
from tests import factories as f
from tests.emails import with_bodies


@pytest.mark.django_db
def test_the_emblem_of_an_email_is_served_under_the_name_that_it_keeps(tmp_path: Path) -> None:
    lab = f.LabFactory(programme=f.ProgrammeFactory(eu_funded=True))
    message = with_bodies(emails.already_registered(f.RegistrationFactory(lab=lab)))
    [name] = re.findall(rf'src="{settings.BASE_URL}{settings.STATIC_URL}([^"]+)"', message.html)
    production = {**settings.STORAGES, "staticfiles": {"BACKEND": "config.static.StaticStorage"}}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=production):
        call_command("collectstatic", interactive=False, verbosity=0)
    assert (tmp_path / name).read_bytes() == (settings.BASE_DIR / "static" / name).read_bytes()
