"""Emails: one to one person."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext_lazy as _

from core.jobs.models import LeasedWork
from core.search import SearchKeyField
from core.web.edit_conflicts import Versioned
from core.web.history import History
from core.web.localized_fields import EmailAddressField, no_control_characters, one_line

# The file that a message's `calendar` becomes.
CALENDAR_NAME = "sessions.ics"
CALENDAR_TYPE = "text/calendar; charset=utf-8"


class MessageQuerySet(models.QuerySet["Message"]):
    def without_content(self) -> Self:
        """Leave out what an email says, apart from its subject: for lists."""
        return self.defer("context", "text", "html", "links", "calendar")


class Message(LeasedWork):
    """One email to one person, in one language.

    What it tells is frozen in `context` when it is queued, as plain data. `text` and `html` are empty until the worker
    renders them before the first try; from then on they are kept, and `context` is empty (`core.mail.rendering`).

    Private links are not in the stored text: it holds marks such as `[[manage-5f0c…]]`, which `links` explains
    ({"manage": {"mark": …, "purpose": …, "subject": …, "version": …}}) and which are replaced once, when it is sent.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        BOUNCED = "bounced", _("Bounced")
        # It arrived, and its reader marked it as unwanted.
        COMPLAINED = "complained", _("Marked as spam")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lab = models.ForeignKey(
        "labs.Lab", models.CASCADE, null=True, blank=True, related_name="messages", verbose_name=_("lab")
    )
    # What the email is about: a registration, or an account. Indexed below, without those that are about none.
    registration = models.ForeignKey(
        "registrations.Registration",
        models.CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="messages",
        verbose_name=_("registration"),
    )
    invitation = models.ForeignKey(
        "registrations.Invitation",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="messages",
        verbose_name=_("invitation"),
    )
    person = models.ForeignKey(
        "registrations.Person",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="messages",
        verbose_name=_("person"),
    )
    transfer = models.ForeignKey(
        "registrations.Transfer",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="messages",
        verbose_name=_("transfer"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="messages",
        verbose_name=_("account"),
    )
    occasion = models.CharField(_("occasion"), max_length=40)
    key = models.CharField(max_length=200)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES)
    to_name = models.CharField(_("name"), max_length=200, blank=True)
    to_email = EmailAddressField(_("email"))
    # The sender's name beside the service's own address; empty for the service's own name.
    from_name = models.CharField(max_length=80, blank=True)
    reply_to = EmailAddressField(blank=True)
    recipient_key = SearchKeyField("to_name", "to_email")
    # Which address's budget this counts in (`core.mail.address_budget`); empty for an email that nobody could just ask
    # for.
    budget_key = models.CharField(max_length=254, blank=True, editable=False)
    subject = models.CharField(_("subject"), max_length=300)
    context = models.JSONField(default=dict, blank=True)
    text = models.TextField(_("text"), blank=True)
    html = models.TextField(blank=True)
    links = models.JSONField(default=dict)
    # An iCalendar file that travels with the email; empty where none does.
    calendar = models.TextField(blank=True)
    message_id = models.CharField(_("Message-ID"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    is_urgent = models.BooleanField(default=True)
    smtp_code = models.PositiveSmallIntegerField(_("server response"), null=True, blank=True)
    provider_id = models.CharField(_("provider message ID"), max_length=200, blank=True)
    # The order of lists: those in trouble first, then those that are tried again, then all others.
    attention = models.GeneratedField(
        expression=Case(
            When(state__in=["failed", "bounced", "complained"], then=Value(0)),
            When(Q(state__in=["queued", "sending"]) & ~Q(last_error=""), then=Value(1)),
            default=Value(2),
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )

    objects = MessageQuerySet.as_manager()

    CLAIMED = State.SENDING
    DUE_ORDER = ("-is_urgent", "run_at", "pk")

    class Meta:
        verbose_name = _("email")
        verbose_name_plural = _("emails")
        ordering = ("-created_at", "-id")
        # Named here and not at the fields, where each would bring a second index, for LIKE, on PostgreSQL.
        constraints = (
            models.UniqueConstraint(fields=["key"], name="message_once"),
            models.UniqueConstraint(fields=["message_id"], name="message_id_once"),
            # By which partial indexes know what has not left.
            models.CheckConstraint(
                name="message_unsent_is_not_finished",
                condition=Q(state__in=["queued", "sending"], finished_at__isnull=True)
                | Q(
                    state__in=["sent", "delivered", "failed", "bounced", "complained"],
                    finished_at__isnull=False,
                ),
            ),
        )
        indexes = (
            models.Index(
                fields=["registration"],
                name="message_of_registration",
                condition=Q(registration__isnull=False),
            ),
            models.Index(fields=["user"], name="message_of_account", condition=Q(user__isnull=False)),
            models.Index(fields=["provider_id"], name="message_of_provider"),
            # All that counts of unsent emails ask for.
            models.Index(
                fields=["lab", "created_at", "run_at", "occasion", "state"],
                name="message_unsent",
                condition=Q(finished_at__isnull=True),
            ),
            models.Index(
                fields=["lab", "occasion", "state"],
                name="message_in_trouble",
                condition=Q(state__in=["failed", "bounced", "complained"]),
            ),
            models.Index(
                fields=["-is_urgent", "run_at"], name="message_due", condition=Q(finished_at__isnull=True)
            ),
            models.Index(fields=["lab", "attention", "-created_at", "-id"], name="message_list"),
            models.Index(fields=["lab", "finished_at"], name="message_finished"),
            models.Index(
                fields=["budget_key", "created_at"], name="message_budget", condition=~Q(budget_key="")
            ),
        )

    def __str__(self) -> str:
        return f"{self.occasion} {self.public_id}"


class SendingPace(models.Model):
    """When the next email may leave, for all workers together, where a provider takes so many in a time."""

    provider = models.CharField(max_length=40, unique=True)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.provider


class EmailTemplate(Versioned):
    """What organisers of a lab changed of the emails of one occasion in one language. What is empty is as standard.

    `introduction` and `closing` are Markdown. All three may hold placeholders (`core.mail.placeholders`).
    """

    TEXT_LENGTH = 4000

    lab = models.ForeignKey("labs.Lab", models.CASCADE, related_name="email_templates", verbose_name=_("lab"))
    occasion = models.CharField(_("occasion"), max_length=40)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES)
    subject = models.CharField(
        _("subject"), max_length=150, blank=True, validators=[no_control_characters, one_line]
    )
    introduction = models.TextField(
        _("introduction"), max_length=TEXT_LENGTH, blank=True, validators=[no_control_characters]
    )
    closing = models.TextField(
        _("closing"), max_length=TEXT_LENGTH, blank=True, validators=[no_control_characters]
    )

    history = History(excluded_fields=["version"])

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["lab", "occasion", "language"], name="email_template_once"),
            models.CheckConstraint(
                name="email_template_changes_something",
                condition=~Q(subject="", introduction="", closing=""),
            ),
        )

    def __str__(self) -> str:
        return f"{self.occasion} {self.language}"
