"""The forms in which programs take the address of a calendar, for public and private calendars alike."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse


@dataclass(frozen=True)
class CalendarAddress:
    """Where a calendar is found, under the name that it has in programs which ask for one."""

    name: str
    address: str

    @property
    def webcal(self) -> str:
        """Return the address by which devices subscribe, where https would download a file of today's state."""
        return "webcal://" + self.address.partition("://")[2]

    @property
    def google(self) -> str:
        """Return where Google Calendar adds it; it takes the webcal form alone for a subscription."""
        return f"https://calendar.google.com/calendar/r?{urlencode({'cid': self.webcal})}"

    @property
    def outlook(self) -> str:
        """Return where Outlook.com adds it."""
        return self._outlook("outlook.live.com")

    @property
    def office(self) -> str:
        """Return where Outlook of Microsoft 365 adds it."""
        return self._outlook("outlook.office.com")

    def _outlook(self, host: str) -> str:
        return f"https://{host}/calendar/0/addfromweb?{urlencode({'url': self.address, 'name': self.name})}"


def public_calendar(route: str, *parts: str, language: str, default: str, name: str = "") -> CalendarAddress:
    """Return a public calendar in the reader's language. Programs that fetch it tell none, and get the `default`."""
    suffix = f"?lang={language}" if language != default else ""
    return CalendarAddress(name, f"{settings.BASE_URL}{reverse(route, args=parts)}{suffix}")
