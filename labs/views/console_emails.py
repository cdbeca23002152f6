"""The console's outbox: every email of a lab with its state and what it says, and sending one again.

Without a lab, the same of emails about accounts, which belong to none. `labs.console_urls` declares who may use which.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.mail import delivery, folder_backend, health, message_list
from core.mail.forms import MessageSearchForm
from core.mail.message_counts import IN_TROUBLE, NOT_ARRIVED, MessageCounts, counts_of, messages_of
from core.mail.models import CALENDAR_NAME, CALENDAR_TYPE, Message
from core.mail.rendering import NotRenderable, Rendered, rendered
from core.timezones import formatting
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab

PER_PAGE = 100
# A message is shown as a document of its own: it loads nothing but our pictures, runs nothing, and acts for no origin.
MESSAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; sandbox allow-popups"
)


@dataclass(frozen=True)
class Row:
    """One email of the list. `registration` is the public id of whom it is about, if it is about a registration."""

    message: Message
    occasion: str
    registration: UUID | None


@dataclass(frozen=True)
class Beat:
    """How the worker does, in words. `advice` says what to do where something is wrong."""

    title: str
    is_late: bool
    seen: str
    waiting: str
    advice: str = ""


@dataclass(frozen=True)
class Piece:
    """A piece of a mail's text; `address` where it is one that may be opened."""

    words: str
    address: str = ""


@require_safe
def emails(request: HttpRequest, lab: Lab | None = None) -> HttpResponse:
    """The emails, those in trouble first; `?q=`, `?occasion=` and `?state=` narrow the list."""
    now = timezone.now()
    counts = counts_of(_id(lab))
    form = MessageSearchForm(request.GET, occasions=counts.occasions)
    search = form.search
    pages = Paginator(message_list.find(_id(lab), search), PER_PAGE)
    if not search.to:
        pages.count = counts.of(*message_list.TABS.get(search.tab, ()), occasion=search.occasion)
    found = pages.get_page(request.GET.get("page"))
    context = {
        "lab": lab,
        "section": "mail",
        "form": form,
        "invalid": bool(form.errors),
        "search": search,
        "page_obj": found,
        "rows": [
            Row(
                message,
                message_list.occasion_in_words(message.occasion),
                message.registration_public_id,  # type: ignore[attr-defined]
            )
            for message in found
        ],
        "tabs": [
            (tab, _tab_in_words(tab), counts.of(*message_list.TABS.get(tab, ())), tab in IN_TROUBLE)
            for tab in ("", *message_list.TABS)
        ],
        "total": counts.of(),
        "failed": counts.of(Message.State.FAILED),
        "beat": _beat(counts),
        "last_hour": message_list.last_hour(_id(lab), now),
        "zone": lab.time_zone if lab else "UTC",
        "now": now,
        "sees_all": viewer_of(request).is_superuser,
    }
    return render(request, "labs/console/emails.html", context)


def _tab_in_words(tab: str) -> str:
    return {
        "": _("All"),
        "queued": pgettext("emails", "Queued"),
        "sent": pgettext("emails", "Sent"),
        "delivered": pgettext("emails", "Delivered"),
        "failed": pgettext("emails", "Failed"),
        "bounced": pgettext("emails", "Bounced"),
        "complained": pgettext("emails", "Marked as spam"),
    }[tab]


def _beat(counts: MessageCounts) -> Beat:
    """Say whether the worker lives and whether it keeps up."""
    language = get_language() or "en"
    figures = delivery.summary_of(counts)
    seen = formatting.ago(figures.beat_age, language) if figures.beat_age else ""
    waiting = formatting.age(figures.oldest_unsent_age, language) if figures.oldest_unsent_age else ""
    if figures.beat_age is None or figures.beat_age > health.BEAT_IS_LATE:
        return Beat(
            _("Email is not being sent"),
            True,
            seen,
            waiting,
            _(
                "Emails are kept until sending starts again; none is lost. Tell the people who run this "
                "service."
            ),
        )
    overdue = health.mail_is_overdue_by()
    if overdue is not None and overdue > health.MAIL_IS_LATE:
        return Beat(
            _("Email is delayed"),
            True,
            seen,
            waiting,
            _("Emails are sent later than they should be. Tell the people who run this service."),
        )
    return Beat(_("Email is being sent"), False, seen, waiting)


@require_safe
def message(request: HttpRequest, lab: Lab | None = None, *, message: UUID) -> HttpResponse:
    """One email: its way so far, and what it says."""
    found = _of(lab, message)
    content, is_revealed = _content(found)
    context = {
        "lab": lab,
        "section": "mail",
        "message": found,
        "occasion": message_list.occasion_in_words(found.occasion),
        "registration": found.registration and found.registration.public_id,
        "pieces": _pieces(content.text) if is_revealed else [Piece(content.text)],
        "subject": content.subject,
        "has_html": bool(content.html),
        "is_revealed": is_revealed,
        "has_links": bool(found.links),
        "attached": found.calendar and (CALENDAR_NAME, CALENDAR_TYPE, len(found.calendar.encode())),
        "is_in_trouble": found.state in NOT_ARRIVED,
        "is_tried_again": found.state == Message.State.QUEUED and bool(found.last_error),
        "zone": lab.time_zone if lab else "UTC",
        "now": timezone.now(),
    }
    return render(request, "labs/console/message.html", context)


@require_safe
def message_html(request: HttpRequest, lab: Lab | None = None, *, message: UUID) -> HttpResponse:
    """The email as its reader sees it, as a document of its own that can do nothing."""
    content, _is_revealed = _content(_of(lab, message))
    if not content.html:
        raise Http404
    return HttpResponse(
        content.html,
        headers={
            "Content-Security-Policy": MESSAGE_POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex",
        },
    )


@require_POST
def retry(request: HttpRequest, lab: Lab | None = None, *, message: UUID) -> HttpResponse:
    """Put one email that failed, bounced or waits for its next try back to the front of the queue."""
    try:
        delivery.retry(_of(lab, message))
    except delivery.NotRetryable as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The email will be sent again with the same text, to the same address."))
    if lab is None:
        return redirect("console_message_without_lab", message)
    return redirect("console_message", lab.slug, message)


@access.organiser
@require_POST
def retry_failed(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Put all that failed back into the queue."""
    count = delivery.retry_failed(lab.pk)
    if count:
        words = ngettext("%(count)d email will be sent again.", "%(count)d emails will be sent again.", count)
        messages.success(request, words % {"count": count})
    else:
        messages.info(request, _("No emails have failed."))
    return redirect("console_mail", lab.slug)


def _of(lab: Lab | None, public_id: UUID) -> Message:
    return get_object_or_404(messages_of(_id(lab)), public_id=public_id)


def _content(found: Message) -> tuple[Rendered, bool]:
    """Return what the email says, and whether its private links are in it; no text where it cannot be rendered.

    They are masked, except where emails go into a folder on this machine: there this page is the mailbox.
    """
    copy = folder_backend.delivered_copy(found)
    if copy is not None:
        return copy, True
    try:
        return rendered(found, reveal=False), False
    except NotRenderable:
        return Rendered(found.subject, "", ""), False


def _pieces(text: str) -> list[Piece]:
    """Cut a text into words and addresses of this service; any other address stays words."""
    own = re.compile(rf"({re.escape(settings.BASE_URL)}/[^\s<>\"']*[^\s<>\"'.,;:!?)])")
    return [Piece(part, part if place % 2 else "") for place, part in enumerate(own.split(text)) if part]


def _id(lab: Lab | None) -> int | None:
    return lab.pk if lab else None
