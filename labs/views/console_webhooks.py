"""The webhooks of a lab in the console: the list, one with its log, and what can be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.web.errors import RuleViolation
from core.web.rate_limits import allow
from core.webhooks import egress, endpoints, log
from core.webhooks.models import SECRETS_OVERLAP, Delivery, Endpoint
from core.webhooks.signing import secret_of
from labs import access
from labs.forms.webhooks import WebhookForm
from labs.models import Lab
from labs.views.form_posts import ask, create_once, create_with, edit_row, form_page, person

PER_PAGE = 50
# Looking a host up takes a thread as long as its name server likes.
LOOK_UPS_PER_HOUR = 60


@dataclass(frozen=True)
class Row:
    """One delivery of the log."""

    delivery: Delivery
    event: str
    failure: str


@access.organiser
@require_safe
def webhooks(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The webhooks of a lab, each with its state and when it last took something."""
    found = Endpoint.objects.filter(lab=lab)
    delivered = Delivery.objects.filter(endpoint__lab=lab, state=Delivery.State.DELIVERED).order_by()
    last = dict(delivered.values_list("endpoint").annotate(Max("finished_at")))
    context = {
        "lab": lab,
        "section": "settings",
        "tab": "webhooks",
        "rows": [(endpoint, last.get(endpoint.pk)) for endpoint in found],
        "now": timezone.now(),
        "zone": lab.time_zone,
    }
    return render(request, "labs/console/webhooks.html", context)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Create a webhook; the answer shows its secret."""
    form = WebhookForm(request.POST or None, refused=_refused(request))

    def create() -> dict[str, object]:
        return {"webhook": str(endpoints.create(lab.pk, form.plan).public_id)}

    if made := create_with(request, form, "console.webhook", create):
        messages.success(request, _("Webhook created."))
        return _page(request, lab, _of(lab, UUID(str(made["webhook"]))), shows_secret=True)
    template = "labs/console/webhook_form.html"
    return form_page(request, template, form, lab=lab, section="settings", tab="webhooks")


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: HttpRequest, lab: Lab, webhook: UUID) -> HttpResponse:
    """One webhook: its form, its log, and buttons for the rest."""
    found = _of(lab, webhook)
    # A look-up takes time, so it comes before the transaction; what stands already can be switched off without one.
    is_same = request.POST.get("url", "").strip() == found.url
    refused = "" if is_same else _refused(request)
    form, is_saved = edit_row(
        request,
        found,
        endpoints.lock,
        lambda data, row: WebhookForm(data, webhook=row, refused=refused),
        lambda form: endpoints.change(found, form.plan),
    )
    if is_saved:
        messages.success(request, _("Webhook saved."))
        return redirect("console_webhook", lab.slug, found.public_id)
    return _page(request, lab, found, form)


def _refused(request: HttpRequest) -> str:
    """Look the host of a typed address up; return what is wrong with it, or nothing."""
    url = request.POST.get("url", "").strip()
    if not url:
        return ""
    try:
        egress.parse(url)
        if not allow("webhook-look-up", str(person(request).pk), LOOK_UPS_PER_HOUR, 3600):
            return _("You have entered too many addresses. Try again in an hour.")
        egress.check(url)
    except egress.AddressRefused as error:
        return error.message
    return ""


def _page(
    request: HttpRequest,
    lab: Lab,
    found: Endpoint,
    form: WebhookForm | None = None,
    *,
    shows_secret: bool = False,
) -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in log.FILTERS else ""
    counts = log.counts_of(found)
    pages = Paginator(log.deliveries_of(found, state), PER_PAGE)
    pages.count = counts[state]
    page = pages.get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "lab": lab,
        "section": "settings",
        "tab": "webhooks",
        "webhook": found,
        "is_on": found.is_active,
        "secret": secret_of(found) if shows_secret else "",
        "hours": int(SECRETS_OVERLAP.total_seconds() // 3600),
        "state": state,
        "tabs": [(name, words, counts[name]) for name, words in _tabs()],
        "counts": counts,
        "page_obj": page,
        "rows": [
            Row(each, log.event_in_words(each.event), log.failure_in_words(each.last_error)) for each in page
        ],
        "now": timezone.now(),
        "zone": lab.time_zone,
    }
    own = form or WebhookForm(None, webhook=found)
    return form_page(request, "labs/console/webhook.html", own, **context)


def _tabs() -> list[tuple[str, str]]:
    return [
        ("", _("All")),
        ("queued", pgettext("emails", "Queued")),
        ("delivered", pgettext("emails", "Delivered")),
        ("failed", pgettext("emails", "Failed")),
    ]


@access.organiser
@require_POST
def secret(request: HttpRequest, lab: Lab, webhook: UUID) -> HttpResponse:
    """Give the webhook a new secret; the answer shows it."""
    found = _of(lab, webhook)

    def rotate() -> dict[str, object]:
        return {"version": endpoints.rotate_secret(found).secret_version}

    try:
        create_once(request, "console.webhook_secret", rotate)
    except RuleViolation as error:
        messages.error(request, error.message)
        return redirect("console_webhook", lab.slug, webhook)
    messages.success(request, _("New secret created."))
    return _page(request, lab, _of(lab, webhook), shows_secret=True)


@access.organiser
@require_POST
def test(request: HttpRequest, lab: Lab, webhook: UUID) -> HttpResponse:
    """Send a test event."""
    found = _of(lab, webhook)

    def send() -> dict[str, object]:
        return {"delivery": str(endpoints.send_test(found, {"lab": lab.slug}).public_id)}

    try:
        sent, _is_new = create_once(request, "console.webhook_test", send)
    except RuleViolation as error:
        messages.error(request, error.message)
        return redirect("console_webhook", lab.slug, webhook)
    messages.success(request, _("A test event is being sent. Reload this page to see what came of it."))
    return redirect("console_delivery", lab.slug, webhook, sent["delivery"])


@access.organiser
@require_POST
def replay_failed(request: HttpRequest, lab: Lab, webhook: UUID) -> HttpResponse:
    """Send everything again that failed."""
    try:
        count = endpoints.replay_failed(_of(lab, webhook))
    except RuleViolation as error:
        messages.error(request, error.message)
    else:
        words = ngettext("%(count)d event will be sent again.", "%(count)d events will be sent again.", count)
        messages.success(request, words % {"count": count})
    return redirect("console_webhook", lab.slug, webhook)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, lab: Lab, webhook: UUID) -> HttpResponse:
    """Ask whether to delete the webhook with its log; by POST, delete it."""
    found = _of(lab, webhook)
    if request.method == "POST":
        endpoints.delete(found)
        messages.success(request, _("Webhook deleted."))
        return redirect("console_webhooks", lab.slug)
    waiting = log.counts_of(found)["queued"]
    facts = [found.url, _("The log is deleted too. This cannot be undone.")]
    if waiting:
        words = ngettext(
            "%(count)d event that waits to be sent is not sent.",
            "%(count)d events that wait to be sent are not sent.",
            waiting,
        )
        facts.append(words % {"count": waiting})
    back = reverse("console_webhook", args=[lab.slug, webhook])
    return ask(
        request, lab, _("Delete this webhook?"), facts, _("Delete the webhook"), danger=True, back=back
    )


@access.organiser
@require_safe
def delivery(request: HttpRequest, lab: Lab, webhook: UUID, delivery: UUID) -> HttpResponse:
    """One event: what was sent, and every try with its answer."""
    found = _delivery(lab, webhook, delivery)
    context = {
        "lab": lab,
        "section": "settings",
        "tab": "webhooks",
        "webhook": found.endpoint,
        "delivery": found,
        "event": log.event_in_words(found.event),
        "failure": log.failure_in_words(found.last_error),
        "attempts": [
            (each, log.failure_in_words(each.error)) for each in found.attempts_made.order_by("-at", "-pk")
        ],
        "now": timezone.now(),
        "zone": lab.time_zone,
    }
    return render(request, "labs/console/delivery.html", context)


@access.organiser
@require_POST
def replay(request: HttpRequest, lab: Lab, webhook: UUID, delivery: UUID) -> HttpResponse:
    """Send one event again, or at once if it waits for its next try."""
    try:
        endpoints.replay(_delivery(lab, webhook, delivery))
    except RuleViolation as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request, _("The event is being sent again. Reload this page to see what came of it.")
        )
    return redirect("console_delivery", lab.slug, webhook, delivery)


def _of(lab: Lab, public_id: UUID) -> Endpoint:
    return get_object_or_404(Endpoint, lab=lab, public_id=public_id)


def _delivery(lab: Lab, webhook: UUID, delivery: UUID) -> Delivery:
    rows = Delivery.objects.select_related("endpoint")
    return get_object_or_404(rows, endpoint=_of(lab, webhook), public_id=delivery)
