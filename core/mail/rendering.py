"""Rendering of emails: the text and HTML of a message, from the context that was frozen when it was queued.

The templates of an occasion are `templates/emails/<occasion>.subject.txt`, `.txt` and `.html`; the bodies extend
`emails/base.txt` and `emails/base.html`. Nothing that people typed is ever parsed as a template.

A standard subject is rendered when the message is queued, because lists show it. The bodies are rendered by the worker
before the first try and kept, with the texts that the lab has changed by then (`core.mail.email_templates`), also the
subject; until then pages that show the message render it for themselves and store nothing.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template import Context, engines
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext

from core.jobs.leases import error_text
from core.mail.links import address_of, with_marks_replaced
from core.mail.models import EmailTemplate, Message
from core.mail.placeholders import (
    AFTER_AN_ADDRESS,
    OF_OCCASION,
    addresses_in,
    as_html,
    as_line,
    as_text,
    values_of,
)
from core.web.localized_html import html_with_language

SUBJECT_LENGTH = 200
# What emails of a lab that are rendered together have in common, by what it is.
Memo = dict[tuple[object, ...], Any]
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
    return _linked(message, _content(message), reveal=reveal)


def rendered_with(message: Message, template: EmailTemplate | None) -> Rendered:
    """Return what an email that has no text yet would say with these texts, its private links masked.

    Raises NotRenderable.
    """
    return _linked(message, _render(message, template), reveal=False)


def _linked(message: Message, content: Rendered, *, reveal: bool) -> Rendered:
    subject, text, html = content.subject, content.text, content.html
    if reveal:
        addresses = {link["mark"]: address_of(link) for link in message.links.values()}
        text = with_marks_replaced(text, addresses)
        html = with_marks_replaced(html, {mark: escape(address) for mark, address in addresses.items()})
        return Rendered(subject, text, html)
    with translation.override(message.language):
        masks = {link["mark"]: gettext("[private link]") for link in message.links.values()}
    anchors = {f'href="{mark}"': 'href="#"' for mark in masks}
    html = with_marks_replaced(html, {**anchors, **masks})
    return Rendered(subject, with_marks_replaced(text, masks), html)


def render_once(
    message: Message, template: EmailTemplate | None = None, memo: Memo | None = None
) -> dict[str, object]:
    """Render the content onto a message that has none yet; return the columns to store with it, if any.

    With the texts of `template`, or those that its lab has now; emails that are rendered together share a `memo`. The
    context is then no longer needed, and is emptied. Raises NotRenderable.
    """
    if message.text:
        return {}
    memo = {} if memo is None else memo
    content = _render(message, template or template_of(message, memo), memo)
    message.subject, message.text, message.html = content.subject, content.text, content.html
    message.context = {}
    return {"subject": content.subject, "text": content.text, "html": content.html, "context": {}}


def render_subject(message: Message) -> str:
    """Return the subject, one line of at most SUBJECT_LENGTH characters. Raises what the template raises."""
    with translation.override(message.language):
        filled = _filled(f"{message.occasion}.subject.txt", _context(message), autoescape=False)
    if own := message.context.get("texts"):
        filled = as_line(own["subject"], values_of(message))
    return _as_subject(message, filled)


def _as_subject(message: Message, text: str) -> str:
    subject = one_line(text)
    if message.context.get("is_test"):
        with translation.override(message.language):
            subject = gettext("Test: %(subject)s") % {"subject": subject}
    return subject if len(subject) <= SUBJECT_LENGTH else subject[: SUBJECT_LENGTH - 1].rstrip() + "…"


def template_of(message: Message, memo: Memo | None = None) -> EmailTemplate | None:
    """Return what the message's lab has changed of its texts, or has written for it.

    One query, none where nothing can be changed.
    """
    if message.lab_id is None or message.occasion not in OF_OCCASION:
        return None
    if own := message.context.get("texts"):
        return EmailTemplate(occasion=message.occasion, language=message.language, **own)
    key = ("template", message.lab_id, message.occasion, message.language)
    memo = {} if memo is None else memo
    if key not in memo:
        found = EmailTemplate.objects.filter(
            lab=message.lab_id, occasion=message.occasion, language=message.language
        )
        memo[key] = found.first()
    return memo[key]


def _content(message: Message) -> Rendered:
    """Return subject, text and HTML with marks for private links: those that are stored, else rendered."""
    if message.text:
        return Rendered(message.subject, message.text, message.html)
    return _render(message, template_of(message))


def _render(message: Message, template: EmailTemplate | None, memo: Memo | None = None) -> Rendered:
    """Render subject, text and HTML from the context, with the texts of the template in place of the standard ones."""
    subject, leads_to, ours = message.subject, message.context.get("leads_to", ()), set[str]()
    in_text: dict[str, object] = {}
    in_html: dict[str, object] = {}
    try:
        if template is not None:
            values = values_of(message)
            own = {"introduction": template.introduction, "closing": template.closing}
            in_text = {name: as_text(words, values) for name, words in own.items()}
            in_html = {name: as_html(words, values) for name, words in own.items()}
            ours = addresses_in(*own.values())
            if template.subject:
                subject = _as_subject(message, as_line(template.subject, values)) or subject
        with translation.override(message.language):
            context = _context(message) | {"subject": subject, "memo": {} if memo is None else memo}
            text = _filled(f"{message.occasion}.txt", context | in_text, autoescape=False)
            html = _filled(f"{message.occasion}.html", context | in_html)
    except Exception as error:
        raise NotRenderable(f"The email could not be rendered. {error_text(error)}"[:1000]) from error
    return Rendered(
        subject,
        _without_foreign_links(_tidy(text), ours.union(leads_to)),
        _without_foreign_links_in_html(html.strip() + "\n", ours),
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
            or address.rstrip(AFTER_AN_ADDRESS) in leads_to
            or found["mail"]
            or address.lower() == own_host
            or address == settings.BASE_URL
        ):
            return address
        if address.startswith(tuple(settings.BASE_URL + sign for sign in "/?#")):
            return address
        return address.replace("://", f":{NO_LINK}//").replace(".", f".{NO_LINK}")

    return LINK_LIKE.sub(kept_or_broken, text)


def _without_foreign_links_in_html(html: str, leads_to: Collection[str] = ()) -> str:
    """The same between the tags; the tags themselves are ours alone, since templates escape what people typed."""
    parts = NOT_TEXT.split(html)
    return "".join(
        part if place % 2 else _without_foreign_links(part, leads_to) for place, part in enumerate(parts)
    )
