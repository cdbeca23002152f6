"""Answers to the questions of a lab, places that they take, consent to needs, and who viewed protected answers."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labs.models import Lab
from registrations.models.people import Registration
from registrations.models.questions import Choice, Question, QuestionSet


class Answer(models.Model):
    """What one person answered to one question: `value` as `registrations.answer_values` writes it, or `secret`.

    `secret` is the JSON of the value, encrypted, where the set is protected. `full` are the slugs of choices that were
    full when the address was confirmed, until the person answers again. `file` holds the encrypted content of a file;
    the value then is its name, media type and size.
    """

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, models.CASCADE, related_name="answers")
    value = models.JSONField(null=True, blank=True)
    secret = models.BinaryField(null=True, blank=True)
    full = models.JSONField(default=list, blank=True)
    file = models.FileField(upload_to="answers/", blank=True)
    answered_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["registration", "question"], name="answer_once"),
            models.CheckConstraint(
                name="answer_is_plain_or_encrypted",
                condition=Q(value__isnull=True) | Q(secret__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.registration_id} {self.question_id}"


class TakenPlace(models.Model):
    """A place of a choice that a confirmed registration holds."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="taken_places")
    choice = models.ForeignKey(Choice, models.CASCADE, related_name="taken_places")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["registration", "choice"], name="place_taken_once"),)

    def __str__(self) -> str:
        return f"{self.registration_id} {self.choice_id}"


class NeedsConsent(models.Model):
    """The explicit consent of one person to keeping his or her answers of a set of needs."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="needs_consents")
    question_set = models.ForeignKey(QuestionSet, models.CASCADE, related_name="consents")
    text = models.TextField(max_length=2000)
    language = models.CharField(max_length=5)
    given_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["registration", "question_set"], name="needs_consent_once"),
        )

    def __str__(self) -> str:
        return f"{self.registration_id} {self.question_set_id}"


class AnswersView(models.Model):
    """The log of protected answers: who opened whose, when. `registration` is None for all people of the lab."""

    class What(models.TextChoices):
        PERSON = "person", _("Answers of one person")
        FILE = "file", _("File of one person")
        LIST = "list", _("Answers of all people")
        EXPORT = "export", _("Export of all answers")
        API = "api", _("Answers through the API")

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="answers_views")
    question_set = models.ForeignKey(QuestionSet, models.SET_NULL, null=True, related_name="views")
    set_title = models.CharField(max_length=200)
    registration = models.ForeignKey(
        Registration, models.SET_NULL, null=True, blank=True, related_name="answers_views"
    )
    what = models.CharField(max_length=10, choices=What)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=["lab", "-at", "-id"], name="answers_view_list"),)

    def __str__(self) -> str:
        return f"{self.what} {self.at}"
