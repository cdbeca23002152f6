"""When people are reminded of a lab's sessions, in the console."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.web.errors import RuleViolation
from labs import access
from labs.models import Lab
from labs.views import form_posts
from registrations import reminders
from registrations.email_forms import ReminderForm


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The lab's reminders, and adding one."""
    form = ReminderForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            reminders.add_rule(lab, form.hours)
        except RuleViolation as error:
            form.add_errors(error.errors)
        else:
            messages.success(request, _("Reminder added."))
            return redirect("console_reminders", lab.slug)
    coming = reminders.next_due(lab, timezone.now())
    context = {
        "lab": lab,
        "section": "mail",
        "tab": "reminders",
        "form": form,
        "rules": list(lab.reminder_rules.all()),
        "next_session": coming and coming[0],
        "next_at": coming and coming[0].starts_at - timedelta(hours=coming[1].hours),
        "zone": lab.time_zone,
        "now": timezone.now(),
    }
    return render(
        request, "registrations/console/reminders.html", context, status=422 if form.errors else 200
    )


@access.organiser
@require_POST
def remove(request: HttpRequest, lab: Lab, reminder: int) -> HttpResponse:
    """Send this reminder no longer; it can be undone."""
    rule = get_object_or_404(lab.reminder_rules, pk=reminder)
    back = reverse("console_reminders", args=[lab.slug])
    form_posts.delete_or_say(request, rule, rule.delete, _("Reminder removed."), back, lab=lab)
    return redirect(back)
