"""Mails: from an occasion and a person to a frozen message, and from the message to what leaves the house.

The templates of an occasion are `templates/emails/<occasion>.subject.txt`, `.txt` and `.html`; the bodies extend
`mail/base.txt` and `mail/base.html`. Nothing that people typed is ever parsed as a template.

Private links never stand in the database: a body holds marks (`{{ links.manage }}` in a template), each with a
number that nobody can know beforehand, and each is replaced once, when the message leaves.
"""

import re
import secrets
import unicodedata
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from email.encoders import encode_base64
from email.message import EmailMessage as PolicyMessage
from email.mime.base import MIMEBase
from email.policy import default as default_policy
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.template import Context, engines
from django.utils import translation
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from core.mail.message_format import OutgoingMail, mailbox
from core.mail.models import Attachment, Message
from core.web import signed_links
from core.web.email_addresses import address_key, ascii_address, clean_address
from core.web.localized_fields import reading
from core.web.localized_html import marked
from core.web.palette import DEFAULT_COLOURS

SUBJECT_LENGTH = 200


@dataclass(frozen=True)
class Link:
    """A private link in a mail. `path` is the address on this site, with `{token}` where the token goes.

    `scheme` stands in place of that of the site where another program than a browser is to open it ("webcal").

    Most purposes open by a token of `core.web.signed_links` for `subject` and `version`; `link_maker` registers the
    others.
    """

    purpose: str
    subject: uuid.UUID | str
    version: int
    path: str
    scheme: str = ""


@dataclass(frozen=True)
class File:
    """An attachment. `content_type` may carry parameters, as `text/calendar; charset=utf-8`."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Rendered:
    """What a reader of the mail sees. `html` is empty where the mail has only text."""

    subject: str
    text: str
    html: str


class Programme(Protocol):
    name: Any


class Sender(Protocol):
    """The lab in whose name an email is sent: what emails say of it."""

    pk: Any
    title: Any
    theme_values: Any

    @property
    def default_language(self) -> str: ...

    @property
    def programme(self) -> Programme: ...


_makers: dict[str, Callable[[str], str]] = {}


def link_maker(purpose: str) -> Callable[[Callable[[str], str]], Callable[[str], str]]:
    """Register who makes the token of a purpose (from the link's subject), where it is not `core.web.signed_links`."""

    def register(make: Callable[[str], str]) -> Callable[[str], str]:
        _makers[purpose] = make
        return make

    return register


# What goes to many people at once and waits for nobody: it leaves after what somebody has just asked for.
TO_MANY = frozenset({"session_moved", "session_cancelled", "session_restored", "certificate"})


def queue(
    occasion: str,
    *,
    key: str,
    language: str,
    to_name: str,
    to_email: str,
    context: Mapping[str, Any],
    lab: Sender | None = None,
    about: str = "",
    links: Mapping[str, Link] | None = None,
    leads_to: Collection[str] = (),
    attachments: Sequence[File] = (),
    is_first: bool = False,
    is_asked_for: bool = False,
) -> Message:
    """Write a message in the current transaction, wholly in `language`; a worker sends it after the commit.

    One message per `key`: a second call returns the first one unchanged. `is_first` says that the caller's own
    locks leave no room for a second call, which saves asking.
    `about` names what it concerns, as "registration:<uuid>". `leads_to` are addresses elsewhere that may be links in
    the text, such as that of a meeting; no other is left one. `is_asked_for` says that anybody could have asked for it,
    and counts it in the budget of the address (`core.mail.address_budget`). Raises ValidationError for an address that
    is none, TemplateDoesNotExist for an occasion without templates.
    """
    to_email = clean_address(to_email)
    name = one_line(to_name)[:200]
    marks = {link: f"[[{link}-{secrets.token_hex(8)}]]" for link in links or {}}
    own = {
        "lab": lab and _named(lab, language),
        "to_name": name,
        "language": language,
        "colours": _colours(lab),
    }
    with translation.override(language):
        content = _render(occasion, {**context, **own, "links": marks}, frozenset(leads_to))
    public_id = uuid.uuid4()
    message = Message(
        public_id=public_id,
        message_id=f"<{public_id}@{settings.SITE_DOMAIN}>",
        lab_id=lab.pk if lab else None,
        about=about,
        occasion=occasion,
        is_urgent=occasion not in TO_MANY,
        key=key,
        language=language,
        to_name=name,
        to_email=to_email,
        budget_key=address_key(to_email) if is_asked_for else "",
        subject=content.subject,
        text=content.text,
        html=content.html,
        links={
            name: {
                "mark": marks[name],
                "purpose": link.purpose,
                "subject": str(link.subject),
                "version": link.version,
                "path": link.path,
                "scheme": link.scheme,
            }
            for name, link in (links or {}).items()
        },
    )
    if is_first:
        message.save(force_insert=True)
    else:
        # Whoever comes second with the same key writes nothing, and needs no savepoint to find that out.
        Message.objects.bulk_create([message], ignore_conflicts=True)
        pk, kept = Message.objects.order_by().values_list("pk", "public_id").get(key=key)
        if kept != public_id:
            return Message.objects.get(pk=pk)
        message.pk, message._state.adding = pk, False
    Attachment.objects.bulk_create(
        Attachment(message=message, name=file.name, content_type=file.content_type, content=file.content)
        for file in attachments
    )
    return message


def one_line(text: str) -> str:
    """Return the text without line breaks, control characters and signs that turn its direction."""
    kept = (" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in text)
    return " ".join("".join(sign for sign in kept if unicodedata.bidirectional(sign) not in TURNING).split())


TURNING = frozenset(["LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"])


@dataclass(frozen=True)
class _LabNames:
    """A lab as mails name it: in bare words, and as HTML that says which language they are in."""

    title: str
    programme: str
    title_marked: SafeString
    programme_marked: SafeString


def _named(lab: Sender, language: str) -> _LabNames:
    title, programme = (
        reading(text, language, lab.default_language) for text in (lab.title, lab.programme.name)
    )
    return _LabNames(title[0], programme[0], marked(*title, language), marked(*programme, language))


def _colours(lab: Sender | None) -> dict[str, str]:
    """Return the colours of the band: the lab's own, as `labs.theme` computed them, or those of the house."""
    computed = lab.theme_values if lab else {}
    kept = {name: value for name in DEFAULT_COLOURS if COLOUR.fullmatch(value := str(computed.get(name, "")))}
    return {**DEFAULT_COLOURS, **kept}


COLOUR = re.compile(r"#[0-9a-f]{6}")


def _render(occasion: str, context: dict[str, Any], leads_to: frozenset[str] = frozenset()) -> Rendered:
    """Fill the three templates of an occasion, in the active language."""
    context = {**context, "base_url": settings.BASE_URL, "site_name": gettext("City Labs")}
    subject = one_line(_filled(f"{occasion}.subject.txt", context, autoescape=False))
    if len(subject) > SUBJECT_LENGTH:
        subject = subject[: SUBJECT_LENGTH - 1].rstrip() + "…"
    context["subject"] = subject
    text = _filled(f"{occasion}.txt", context, autoescape=False)
    html = _filled(f"{occasion}.html", context)
    return Rendered(
        subject,
        _without_foreign_links(_tidy(text), leads_to),
        _without_foreign_links_in_html(html.strip() + "\n"),
    )


def _filled(template: str, context: dict[str, Any], *, autoescape: bool = True) -> str:
    engine = engines["django"].engine  # type: ignore[attr-defined]
    return str(engine.get_template(f"emails/{template}").render(Context(context, autoescape=autoescape)))


def _tidy(text: str) -> str:
    """Drop the empty lines that template tags leave: at most one in a row. "-- " opens a signature (RFC 3676, 4.3)."""
    lines = [line if line == "-- " else line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


# What mail programs make a link of by themselves: an address with a scheme, an e-mail, a bare host name.
LINK_LIKE = re.compile(
    r"(?P<url>\b[a-z][a-z0-9+.-]*://\S+)|(?P<mail>[\w.+-]+@[\w.-]+)|(?P<host>(?:[\w-]+\.)+[^\W\d_]{2,})", re.I
)
NOT_TEXT = re.compile(r"(<style\b.*?</style>|<[^>]*>)", re.S | re.I)
NO_LINK = "\u200b"  # a space without width: nothing to see, and mail programs make no link across it


def _without_foreign_links(text: str, leads_to: Collection[str] = ()) -> str:
    """Keep mail programs from making links of addresses in names and titles: all links but `leads_to` are ours."""
    if "." not in text and "://" not in text:
        return text  # most pieces of a letter
    own_host = urlsplit(settings.BASE_URL).hostname

    def kept_or_broken(found: re.Match[str]) -> str:
        said = found[0]
        if said in leads_to or found["mail"] or said.lower() == own_host or said == settings.BASE_URL:
            return said
        if said.startswith(tuple(settings.BASE_URL + sign for sign in "/?#")):
            return said
        return said.replace("://", f":{NO_LINK}//").replace(".", f".{NO_LINK}")

    return LINK_LIKE.sub(kept_or_broken, text)


def _without_foreign_links_in_html(html: str) -> str:
    """The same between the tags; the tags themselves are ours alone, since templates escape what people typed."""
    parts = NOT_TEXT.split(html)
    return "".join(part if place % 2 else _without_foreign_links(part) for place, part in enumerate(parts))


def address_of(link: Mapping[str, Any]) -> str:
    """Return the full address of a message's private link, its token made now."""
    if maker := _makers.get(link["purpose"]):
        token = maker(link["subject"])
    else:
        token = signed_links.make(link["purpose"], uuid.UUID(link["subject"]), link["version"])
    own, _, host = settings.BASE_URL.partition("://")
    return f"{link['scheme'] or own}://{host}" + str(link["path"]).replace("{token}", token)


def rendered(message: Message, *, reveal: bool) -> Rendered:
    """Return what the mail says, with its private links (`reveal`, for sending) or with them masked (to show)."""
    if reveal:
        addresses = {link["mark"]: address_of(link) for link in message.links.values()}
        text = _with_marks_replaced(message.text, addresses)
        html = _with_marks_replaced(
            message.html, {mark: escape(address) for mark, address in addresses.items()}
        )
        return Rendered(message.subject, text, html)
    with translation.override(message.language):
        masks = {link["mark"]: gettext("[private link]") for link in message.links.values()}
    anchors = {f'href="{mark}"': 'href="#"' for mark in masks}
    html = _with_marks_replaced(message.html, {**anchors, **masks})
    return Rendered(message.subject, _with_marks_replaced(message.text, masks), html)


def _with_marks_replaced(body: str, replacements: Mapping[str, str]) -> str:
    """Replace every mark in one pass, so that nothing that was put in is looked at again."""
    if not replacements:
        return body
    longest_first = sorted(replacements, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda found: replacements[found[0]], body)


def outgoing(message: Message) -> OutgoingMail:
    """Build the mail that leaves the house, the same at every try."""
    content = rendered(message, reveal=True)
    mail = OutgoingMail(
        subject=content.subject,
        body=content.text,
        to=[mailbox(message.to_name, ascii_address(message.to_email))],
        reply_to=[ascii_address(message.lab.contact_email)]
        if message.lab and message.lab.contact_email
        else None,
        headers={
            "Message-ID": message.message_id,
            "Auto-Submitted": "auto-generated",
            "Content-Language": message.language,
        },
    )
    if content.html:
        mail.attach_alternative(content.html, "text/html")
    for attachment in message.attachments.order_by("pk"):
        _attach(mail, attachment)
    return mail


def _attach(mail: OutgoingMail, attachment: Attachment) -> None:
    """Attach a file under its full content type.

    A calendar is never an alternative of the body: Exchange would show the entry in place of the text.
    """
    kind = PolicyMessage(policy=default_policy)
    kind["Content-Type"] = attachment.content_type
    parameters = dict(kind["Content-Type"].params)
    part = MIMEBase(kind.get_content_maintype(), kind.get_content_subtype(), **parameters)
    part.set_payload(bytes(attachment.content))
    encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=attachment.name)
    mail.attach(part)
