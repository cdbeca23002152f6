"""Fixtures that all tests share."""

import os

# Playwright's synchronous driver runs an event loop in the test's own thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_configure() -> None:
    """Serve static files under their own names: tests run without `collectstatic`."""
    from django.conf import settings

    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


def pytest_runtest_setup() -> None:
    """Begin every test in the source's language: Django's test client leaves that of its last page active."""
    from django.utils import translation

    translation.deactivate()
