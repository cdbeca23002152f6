"""Questions of a lab's registration form: sets, questions, and what can be chosen."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.web.edit_conflicts import Versioned
from core.web.history import History
from core.web.localized_fields import localized_line, localized_text
from labs.models import Lab
from sessions.models import Session

MAX_LABEL_LENGTH = 300
MAX_HELP_LENGTH = 1000


class QuestionSet(Versioned):
    """Questions that are asked at one time, and read by the same people until the same day.

    `protection` other than ordinary: answers are encrypted, only the `readers` see them, and each view is logged. Needs
    are optional as well, and stored only with the person's explicit consent. `retention_days` are days after the lab's
    last day, None for the lab's own. A set that is asked after acceptance is asked since `opened_at`.
    """

    # A lab without registrations can be deleted with its questions (`labs.lab_editing.is_used`).
    goes_with_owner = True

    class Stage(models.TextChoices):
        REGISTERING = "registering", _("In the registration form")
        ACCEPTED = "accepted", _("After a seat is confirmed")

    class Protection(models.TextChoices):
        ORDINARY = "ordinary", _("All organisers of the lab")
        NAMED = "named", _("Only people you name")
        NEEDS = "needs", _("Only people you name, as personal needs")

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="question_sets")
    slug = models.SlugField(max_length=60)
    title = localized_line()
    introduction = localized_text(limit=MAX_HELP_LENGTH)
    stage = models.CharField(_("asked"), max_length=12, choices=Stage, default=Stage.REGISTERING)
    protection = models.CharField(
        _("who can read the answers"), max_length=10, choices=Protection, default=Protection.ORDINARY
    )
    retention_days = models.PositiveIntegerField(
        _("days to keep answers after the lab"), null=True, blank=True
    )
    position = models.PositiveSmallIntegerField(default=0)
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)
    readers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="readable_question_sets", blank=True
    )

    history = History(excluded_fields=["version"], m2m_fields=[readers])

    class Meta:
        ordering = ("lab", "stage", "position", "id")
        constraints = (
            models.UniqueConstraint(fields=["lab", "slug"], name="question_set_once_per_lab"),
            models.CheckConstraint(
                name="question_set_opens_after_acceptance",
                condition=Q(stage="accepted") | Q(opened_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return str(self.title)

    @property
    def is_protected(self) -> bool:
        return self.protection != self.Protection.ORDINARY

    @property
    def is_needs(self) -> bool:
        return self.protection == self.Protection.NEEDS

    @property
    def is_asked(self) -> bool:
        return self.stage == self.Stage.REGISTERING or self.opened_at is not None


class Question(Versioned):
    """One question. With a `session` it is asked only where that is chosen, with `shown_if` only if that answer is so.

    `shown_if_value` is the slug of a choice, or "yes" or "no". `minimum` and `maximum` limit numbers, characters of
    texts, or how many choices; the largest size of a file is fixed.
    """

    goes_with_owner = True

    class Kind(models.TextChoices):
        SHORT = "short", _("Short text")
        LONG = "long", _("Long text")
        ONE = "one", _("One choice")
        SEVERAL = "several", _("Several choices")
        YES_NO = "yes_no", _("Yes or no")
        NUMBER = "number", _("Number")
        DATE = "date", _("Date")
        EMAIL = "email", _("Email address")
        PHONE = "phone", _("Telephone number")
        URL = "url", _("Web address")
        COUNTRY = "country", _("Country")
        CITY = "city", _("City")
        FILE = "file", _("File (PDF, PNG or JPEG)")

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="questions", editable=False)
    question_set = models.ForeignKey(QuestionSet, models.CASCADE, related_name="questions")
    session = models.ForeignKey(
        Session, models.CASCADE, null=True, blank=True, related_name="questions", verbose_name=_("session")
    )
    slug = models.SlugField(max_length=60)
    kind = models.CharField(_("kind of answer"), max_length=10, choices=Kind)
    label = localized_line(limit=MAX_LABEL_LENGTH)
    help = localized_text(limit=MAX_HELP_LENGTH)
    required = models.BooleanField(_("required"), default=False)
    position = models.PositiveSmallIntegerField(default=0)
    shown_if = models.ForeignKey(
        "self", models.RESTRICT, null=True, blank=True, related_name="shows", verbose_name=_("shown if")
    )
    shown_if_value = models.CharField(max_length=60, blank=True)
    minimum = models.DecimalField(_("minimum"), max_digits=15, decimal_places=3, null=True, blank=True)
    maximum = models.DecimalField(_("maximum"), max_digits=15, decimal_places=3, null=True, blank=True)
    retention_days = models.PositiveIntegerField(
        _("days to keep answers after the lab"), null=True, blank=True
    )

    history = History(excluded_fields=["version"])

    class Meta:
        ordering = ("question_set", "position", "id")
        constraints = (
            models.UniqueConstraint(fields=["lab", "slug"], name="question_once_per_lab"),
            models.CheckConstraint(
                name="question_condition_is_whole",
                condition=Q(shown_if__isnull=True, shown_if_value="")
                | Q(shown_if__isnull=False) & ~Q(shown_if_value=""),
            ),
            models.CheckConstraint(
                name="question_limits_in_order",
                condition=Q(minimum__isnull=True) | Q(maximum__isnull=True) | Q(maximum__gte=F("minimum")),
            ),
        )

    def __str__(self) -> str:
        return str(self.label)

    @property
    def has_choices(self) -> bool:
        return self.kind in (self.Kind.ONE, self.Kind.SEVERAL)

    @property
    def decides(self) -> bool:
        """Whether other questions can depend on the answer."""
        return self.has_choices or self.kind == self.Kind.YES_NO


class Choice(models.Model):
    """What can be chosen as an answer. `places` limits how many people can; `taken` counts those who did.

    Only `registrations.choice_places` changes `taken`: a place is taken when the registration is confirmed.
    """

    question = models.ForeignKey(Question, models.CASCADE, related_name="choices")
    slug = models.SlugField(max_length=60)
    label = localized_line(limit=MAX_LABEL_LENGTH)
    position = models.PositiveSmallIntegerField(default=0)
    places = models.PositiveIntegerField(_("places"), null=True, blank=True)
    taken = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ("question", "position", "id")
        constraints = (
            models.UniqueConstraint(fields=["question", "slug"], name="choice_once_per_question"),
            models.CheckConstraint(
                name="choice_taken_within_places",
                condition=Q(places__isnull=True) | Q(taken__lte=F("places")),
            ),
        )

    def __str__(self) -> str:
        return str(self.label)

    @property
    def places_left(self) -> int | None:
        return None if self.places is None else max(self.places - self.taken, 0)
