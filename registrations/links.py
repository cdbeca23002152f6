"""The private links of a registration: purposes, URLs and lookup."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils.translation import gettext, override

from core.mail.links import Link
from core.web import signed_links
from core.web.localized_fields import text_and_language
from registrations.models import Registration
from sessions.calendar_links import CalendarAddress


@dataclass(frozen=True)
class Purpose:
    """The purpose in a link's token, the name of its URL, and the version field that revokes it.

    `fragment` is the URL's fragment or its query, `scheme` replaces https in emails.
    """

    name: str
    route: str
    version: str = "link_version"
    fragment: str = ""
    scheme: str = ""


CONFIRM: Final = Purpose("registration.confirm", "registration_confirm")
MANAGE: Final = Purpose("registration.manage", "registration")
SESSIONS: Final = Purpose("registration.manage", "registration_sessions")
CANCEL: Final = Purpose("registration.manage", "registration_cancel")
COMING: Final = Purpose("registration.manage", "registration_coming")
LEAVE: Final = Purpose("registration.leave", "registration_leave")
FEED: Final = Purpose("registration.feed", "personal_feed", "feed_version")
NOMINEE: Final = Purpose("registration.nomination", "nomination")
SUBSCRIBE: Final = Purpose("registration.feed", "personal_feed", "feed_version", scheme="webcal")
UNSUBSCRIBE: Final = Purpose("registration.unsubscribe", "registration_unsubscribe")
CALENDAR: Final = Purpose("registration.manage", "registration", fragment="#calendar")
ANSWERS: Final = Purpose("registration.manage", "registration", fragment="#answers")

# The parameter with the sessions that the page of sessions shows as selected, beside those of the person.
ADD: Final = "add"

# Stands in for the token while Django builds the address; a token is 48 characters of the same alphabet.
_TOKEN_PLACEHOLDER = "-" * 48


def adding(slugs: Iterable[str]) -> Purpose:
    """Return the purpose of the page of sessions with these, by slug, selected to be added."""
    query = QueryDict(mutable=True)
    query.setlist(ADD, list(slugs))
    return replace(SESSIONS, fragment=f"?{query.urlencode()}")


def token_of(registration: Registration, purpose: Purpose) -> str:
    """Return the token of this registration for this purpose."""
    return signed_links.make_token(
        purpose.name, registration.public_id, getattr(registration, purpose.version)
    )


def path_of(registration: Registration, purpose: Purpose) -> str:
    """Return the link's path on this site."""
    return reverse(purpose.route, args=[token_of(registration, purpose)])


def url_of(registration: Registration, purpose: Purpose) -> str:
    """Return the link's absolute URL, built from BASE_URL and never from a request."""
    return settings.BASE_URL + path_of(registration, purpose)


def email_link(registration: Registration, purpose: Purpose) -> Link:
    """Return the link as a message keeps it: without its token."""
    version = getattr(registration, purpose.version)
    path = _path_without_token(purpose.route) + purpose.fragment
    return Link(purpose.name, registration.public_id, version, path, purpose.scheme)


@cache
def _path_without_token(route: str) -> str:
    return reverse(route, args=[_TOKEN_PLACEHOLDER]).replace(_TOKEN_PLACEHOLDER, "{token}")


def find(token: str, purpose: Purpose) -> Registration:
    """Return the registration of a token for this purpose, with its lab.

    Raises Http404 for an invalid or revoked token, and for one of a deleted registration.
    """
    found = Registration.objects.filter(public_id=subject_of(token)).order_by()
    related = ("lab__programme", "lab__registration_rules", "consent_version", "transfer")
    return opened(token, purpose, found.select_related(*related))


def subject_of(token: str) -> UUID:
    """Return the public id that a token names, before anything else of it is checked. Raises Http404 without one."""
    subject = signed_links.subject_of(token)
    if subject is None:
        raise Http404
    return subject


def opened(token: str, purpose: Purpose, among: Iterable[Registration]) -> Registration:
    """Return which of these registrations the token opens for this purpose. Raises Http404 for none."""
    for row in among:
        if row.erased_at is None and signed_links.is_valid(
            token, purpose.name, row.public_id, getattr(row, purpose.version)
        ):
            return row
    raise Http404


def subscription(registration: Registration) -> CalendarAddress:
    """Return the URL of this registration's calendar."""
    return CalendarAddress(calendar_name(registration), url_of(registration, FEED))


def calendar_name(registration: Registration) -> str:
    """Return the calendar's name, in the person's language."""
    lab, language = registration.lab, registration.language
    with override(language):
        return gettext("%(lab)s, my sessions") % {
            "lab": text_and_language(lab.title, language, lab.default_language)[0]
        }
