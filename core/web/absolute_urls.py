"""Absolute addresses of pages and feeds, for emails, calendars, search engines and the API."""

from django.conf import settings
from django.urls import reverse


def absolute_url(name: str, *parts: str) -> str:
    """Return the absolute address of a page or feed, built from BASE_URL and never from a request."""
    return settings.BASE_URL + reverse(name, args=parts)
