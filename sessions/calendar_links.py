"""URLs of calendars for calendar programs, and the private ones of delegates."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from core.accounts.models import User
from core.web import signed_links
from labs.current_viewer import viewer_for
from labs.viewer import Viewer


@dataclass(frozen=True)
class CalendarAddress:
    """The URL of a calendar, and its name for programs that need one."""

    name: str
    address: str

    @property
    def webcal(self) -> str:
        """Return the webcal URL, with which devices subscribe instead of downloading once."""
        return "webcal://" + self.address.partition("://")[2]

    @property
    def google(self) -> str:
        """Return the URL that adds it to Google Calendar, which subscribes to webcal URLs only."""
        return f"https://calendar.google.com/calendar/r?{urlencode({'cid': self.webcal})}"

    @property
    def outlook(self) -> str:
        """Return the URL that adds it to Outlook.com."""
        return self._outlook("outlook.live.com")

    @property
    def office(self) -> str:
        """Return the URL that adds it to Outlook of Microsoft 365."""
        return self._outlook("outlook.office.com")

    def _outlook(self, host: str) -> str:
        return f"https://{host}/calendar/0/addfromweb?{urlencode({'url': self.address, 'name': self.name})}"


def public_calendar(route: str, *parts: str, language: str, default: str, name: str = "") -> CalendarAddress:
    """Return a public calendar in the reader's language, without `?lang=` if that is the `default`."""
    suffix = f"?lang={language}" if language != default else ""
    return CalendarAddress(name, f"{settings.BASE_URL}{reverse(route, args=parts)}{suffix}")


DELEGATE_FEED = "delegate.feed"
# Renewing changes the account's `feed_id` itself.
_VERSION = 1


def delegate_calendar_url(user: User) -> str:
    """Return the absolute URL of the user's calendar, built from BASE_URL and never from a request."""
    token = signed_links.make_token(DELEGATE_FEED, user.feed_id, _VERSION)
    return f"{settings.BASE_URL}{reverse('personal_feed', args=[token])}"


def user_of_delegate_token(token: str) -> User | None:
    """Return the user whose calendar the token is for; None if it is invalid or revoked."""
    subject = signed_links.subject_of(token)
    if subject is None or not signed_links.is_valid(token, DELEGATE_FEED, subject, _VERSION):
        return None
    return User.objects.filter(feed_id=subject, is_active=True).first()


def renew_delegate_calendar_url(user: User) -> None:
    """Replace the user's calendar link, which revokes the old one."""
    user.feed_id = uuid.uuid4()
    user.save(update_fields=["feed_id"])


def as_delegate(user: User) -> Viewer:
    """Return the user's viewer without console roles: calendars contain no drafts."""
    return Viewer(user_id=user.pk, delegations=viewer_for(user).delegations)
