"""Rendering of emails: the text and HTML of a message, from the context that was frozen when it was queued.

The templates of an occasion are `templates/emails/<occasion>.subject.txt`, `.txt` and `.html`; the bodies extend
`emails/base.txt` and `emails/base.html`. Nothing that people typed is ever parsed as a template.

The subject is rendered when the message is queued, because lists show it. The bodies are rendered by the worker before
the first try and kept; until then pages that show the message render it for themselves and store nothing.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.template import Context, engines
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext

from core.jobs.leases import error_text
from core.mail.links import address_of, with_marks_replaced
from core.mail.models import Message
from core.web.localized_html import html_with_language

SUBJECT_LENGTH = 200
# Lists of emails show some 150 characters from the start; these take room and show nothing.
PREHEADER_FILLER = "\u200c\u00a0" * 80


@dataclass(frozen=True)
class Rendered:
    """What a reader of the email sees. `html` is empty where it has only text."""

    subject: str
    text: str
    html: str


class NotRenderable(Exception):
    """A template raised an error, which the message names."""


def rendered(message: Message, *, reveal: bool) -> Rendered:
    """Return what the email says, with its private links (`reveal`, for sending) or with them masked (to show).

    Raises NotRenderable where the bodies are not stored yet and a template fails.
    """
    text, html = _bodies(message)
    if reveal:
        addresses = {link["mark"]: address_of(link) for link in message.links.values()}
        text = with_marks_replaced(text, addresses)
        html = with_marks_replaced(html, {mark: escape(address) for mark, address in addresses.items()})
        return Rendered(message.subject, text, html)
    with translation.override(message.language):
        masks = {link["mark"]: gettext("[private link]") for link in message.links.values()}
    anchors = {f'href="{mark}"': 'href="#"' for mark in masks}
    html = with_marks_replaced(html, {**anchors, **masks})
    return Rendered(message.subject, with_marks_replaced(text, masks), html)


def render_once(message: Message) -> dict[str, object]:
    """Render the bodies onto a message that has none yet; return the columns to store with them, if any.

    The context is then no longer needed, and is emptied. Raises NotRenderable.
    """
    if message.text:
        return {}
    text, html = _bodies(message)
    message.text, message.html, message.context = text, html, {}
    return {"text": text, "html": html, "context": {}}


def render_subject(message: Message) -> str:
    """Return the subject, one line of at most SUBJECT_LENGTH characters. Raises what the template raises."""
    with translation.override(message.language):
        filled = _filled(f"{message.occasion}.subject.txt", _context(message), autoescape=False)
    subject = one_line(filled)
    return subject if len(subject) <= SUBJECT_LENGTH else subject[: SUBJECT_LENGTH - 1].rstrip() + "…"


def _bodies(message: Message) -> tuple[str, str]:
    """Return text and HTML with marks for private links: those that are stored, else rendered from the context."""
    if message.text:
        return message.text, message.html
    try:
        with translation.override(message.language):
            context = _context(message)
            text = _filled(f"{message.occasion}.txt", context, autoescape=False)
            html = _filled(f"{message.occasion}.html", context)
    except Exception as error:
        raise NotRenderable(f"The email could not be rendered. {error_text(error)}"[:1000]) from error
    leads_to = message.context.get("leads_to", ())
    return (
        _without_foreign_links(_tidy(text), leads_to),
        _without_foreign_links_in_html(html.strip() + "\n"),
    )


def _context(message: Message) -> dict[str, object]:
    lab = message.context.get("lab")
    return {
        **message.context,
        "lab": lab and _lab_names(lab, message.language),
        "lab_id": message.lab_id,
        "links": {name: link["mark"] for name, link in message.links.items()},
        "to_name": message.to_name,
        "contact": message.reply_to,
        "preheader_filler": PREHEADER_FILLER,
        "language": message.language,
        "subject": message.subject,
        "base_url": settings.BASE_URL,
        # By the name that it keeps: emails are read years later.
        "emblem_address": f"{settings.BASE_URL}{settings.STATIC_URL}site/eu-emblem.png",
        "site_name": gettext("City Labs"),
    }


def _lab_names(lab: Mapping[str, tuple[str, str]], language: str) -> dict[str, str]:
    """Return each name of a lab twice: as plain text, and as HTML that says in which language it is."""
    names: dict[str, str] = {}
    for name, (words, came_in) in lab.items():
        names |= {name: words, f"{name}_marked": html_with_language(words, came_in, language)}
    return names


def _filled(template: str, context: dict[str, object], *, autoescape: bool = True) -> str:
    engine = engines["django"].engine  # type: ignore[attr-defined]
    return str(engine.get_template(f"emails/{template}").render(Context(context, autoescape=autoescape)))


def one_line(text: str) -> str:
    """Return the text without line breaks, control characters and characters that change its direction."""
    kept = (" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in text)
    return " ".join("".join(sign for sign in kept if unicodedata.bidirectional(sign) not in TURNING).split())


TURNING = frozenset(["LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"])


def _tidy(text: str) -> str:
    """Drop the empty lines that template tags leave: at most one in a row. "-- " opens a signature (RFC 3676, 4.3)."""
    lines = [line if line == "-- " else line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


# What mail programs make a link of by themselves: an address with a scheme, an email, a bare host name.
LINK_LIKE = re.compile(
    r"(?P<url>\b[a-z][a-z0-9+.-]*://\S+)|(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<host>(?:[\w-]+\.)+[^\W\d_]{2,})",
    re.I,
)
NOT_TEXT = re.compile(r"(<style\b.*?</style>|<[^>]*>)", re.S | re.I)
NO_LINK = "\u200b"  # a space without width: nothing to see, and mail programs make no link across it


def _without_foreign_links(text: str, leads_to: Collection[str] = ()) -> str:
    """Keep mail programs from making links of addresses in names and titles: all links but `leads_to` are ours."""
    if "." not in text and "://" not in text:
        return text  # most pieces between the tags of an email
    own_host = urlsplit(settings.BASE_URL).hostname

    def kept_or_broken(found: re.Match[str]) -> str:
        address = found[0]
        if (
            address in leads_to
            or found["mail"]
            or address.lower() == own_host
            or address == settings.BASE_URL
        ):
            return address
        if address.startswith(tuple(settings.BASE_URL + sign for sign in "/?#")):
            return address
        return address.replace("://", f":{NO_LINK}//").replace(".", f".{NO_LINK}")

    return LINK_LIKE.sub(kept_or_broken, text)


def _without_foreign_links_in_html(html: str) -> str:
    """The same between the tags; the tags themselves are ours alone, since templates escape what people typed."""
    parts = NOT_TEXT.split(html)
    return "".join(part if place % 2 else _without_foreign_links(part) for place, part in enumerate(parts))
