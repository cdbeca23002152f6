"""Private links in emails: marks in what is stored, addresses with tokens only in what is sent.

A template writes `{{ links.manage }}`, for which a rendered body holds a mark with a number that nobody can know
beforehand. Each mark is replaced once, when the message is sent.
"""

import re
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from core.web import signed_links


@dataclass(frozen=True)
class Link:
    """A private link in an email. `path` is the address on this site, with `{token}` where the token goes.

    `scheme` stands in place of that of the site where another program than a browser is to open it ("webcal").

    Most purposes open by a token of `core.web.signed_links` for `subject` and `version`; `link_maker` registers the
    others.
    """

    purpose: str
    subject: uuid.UUID | str
    version: int
    path: str
    scheme: str = ""


_makers: dict[str, Callable[[str], str]] = {}


def link_maker(purpose: str) -> Callable[[Callable[[str], str]], Callable[[str], str]]:
    """Register who makes the token of a purpose (from the link's subject), where it is not `core.web.signed_links`."""

    def register(make: Callable[[str], str]) -> Callable[[str], str]:
        _makers[purpose] = make
        return make

    return register


def as_stored(links: Mapping[str, Link]) -> dict[str, dict[str, object]]:
    """Return the links by name as a message stores them: without tokens, each with a mark of its own."""
    return {
        name: {"mark": f"[[{name}-{secrets.token_hex(8)}]]", **vars(link), "subject": str(link.subject)}
        for name, link in links.items()
    }


def address_of(link: Mapping[str, Any]) -> str:
    """Return the full address of a message's private link, its token made now."""
    if maker := _makers.get(link["purpose"]):
        token = maker(link["subject"])
    else:
        token = signed_links.make_token(link["purpose"], uuid.UUID(link["subject"]), link["version"])
    own, _, host = settings.BASE_URL.partition("://")
    return f"{link['scheme'] or own}://{host}" + str(link["path"]).replace("{token}", token)


def with_marks_replaced(body: str, replacements: Mapping[str, str]) -> str:
    """Replace every mark in one pass, so that nothing that was put in is looked at again."""
    if not replacements:
        return body
    longest_first = sorted(replacements, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda found: replacements[found[0]], body)
