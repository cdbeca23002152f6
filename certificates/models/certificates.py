"""Certificates: one person, one lab, checkable for ever."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.web.history import History
from labs.models import Lab
from registrations.models import Attendance, Registration
from sessions.models import Session


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def compared(self) -> "CertificateQuerySet":
        """Annotate, as booleans, what is different today from what each certificate says.

        `not_held`: a session was cancelled, deleted or withdrawn into the drafts; `not_attended`: an attendance was
        taken back; `other_hours`: a session begins or ends at another instant; `other_name`: the person's name was
        corrected. `attended_more` makes nothing on the certificate wrong: the person attended a further session. Of a
        person who was erased nothing is known but the sessions.
        """
        said = AttestedSession.objects.filter(certificate=OuterRef("pk"))
        there = Attendance.objects.filter(
            registration=OuterRef("certificate__registration"), session=OuterRef("session")
        )
        listed = AttestedSession.objects.filter(
            certificate=OuterRef(OuterRef("pk")), session=OuterRef("session")
        )
        more = Attendance.objects.ended().filter(registration=OuterRef("registration"))
        known = said.filter(session__isnull=False)
        same_hours = Q(starts_at=F("session__starts_at"), ends_at=F("session__ends_at"))
        return self.annotate(
            not_held=Exists(
                said.filter(Q(session__isnull=True) | ~Q(session__in=Session.objects.taking_place()))
            ),
            not_attended=Exists(known.filter(certificate__registration__isnull=False).exclude(Exists(there))),
            other_hours=Exists(known.exclude(same_hours)),
            other_name=Exists(
                Registration.objects.filter(pk=OuterRef("registration")).exclude(
                    name=OuterRef("registered_name")
                )
            ),
            attended_more=Exists(more.exclude(Exists(listed))),
        )

    def outdated(self) -> "CertificateQuerySet":
        """Return the valid ones that attest what is no longer so, annotated as by `compared`."""
        differs = Q(not_held=True) | Q(not_attended=True) | Q(other_hours=True) | Q(other_name=True)
        return self.compared().filter(differs, state=Certificate.State.VALID)


class Certificate(models.Model):
    """What was issued, as it was issued.

    `content` holds everything that is printed except the name (titles, dates, minutes, colours), so that the
    check page needs neither the lab's present texts nor the registration. `registered_name` is the name as the
    registration had it, before it was made ready for print. Erasing the person empties both names and the file;
    `holder_hash` (salted) still lets the name on a shown certificate be compared.
    """

    class State(models.TextChoices):
        VALID = "valid", _("Valid")
        REPLACED = "replaced", _("Replaced")
        REVOKED = "revoked", _("Revoked")

    lab = models.ForeignKey(Lab, models.PROTECT, related_name="certificates", verbose_name=_("lab"))
    registration = models.ForeignKey(
        Registration,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="certificates",
        verbose_name=_("registration"),
    )
    code = models.CharField(_("code"), max_length=14, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.VALID)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES)
    holder_name = models.CharField(_("name"), max_length=200, blank=True)
    holder_hash = models.CharField(max_length=130)
    registered_name = models.CharField(_("name in the registration"), max_length=200, blank=True)
    content = models.JSONField()
    minutes = models.PositiveIntegerField(_("minutes"))
    issued_at = models.DateTimeField(_("issued at"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("issued by"),
    )
    pdf = models.FileField(upload_to="certificates/%Y/", blank=True)
    pdf_sha256 = models.CharField(max_length=64, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    revoked_reason = models.CharField(_("reason"), max_length=300, blank=True)
    replaced_by = models.OneToOneField(
        "self", models.SET_NULL, null=True, blank=True, related_name="replaces", verbose_name=_("replaced by")
    )
    history = History(excluded_fields=["pdf", "registered_name"])
    objects = CertificateQuerySet.as_manager()
    _history_user: "User | None"
    skip_history_when_saving: bool
    # Of those that `compared` and `outdated` return.
    not_held: bool
    not_attended: bool
    other_hours: bool
    other_name: bool
    attended_more: bool

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        ordering = ("-issued_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["registration"], condition=Q(state="valid"), name="certificate_once_per_registration"
            ),
            models.CheckConstraint(
                name="certificate_revoked_has_instant",
                condition=~Q(state="revoked") | Q(revoked_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.code

    @property
    def is_outdated(self) -> bool:
        """Tell whether it is valid and says what is no longer so. Asks nothing: `compared` has to have annotated it."""
        differs = self.not_held or self.not_attended or self.other_hours or self.other_name
        return differs and self.state == self.State.VALID

    @property
    def public_state(self) -> str:
        """Return the state that everybody is told: "outdated" for a valid one that says what is no longer so."""
        return "outdated" if self.is_outdated else self.state


class AttestedSessionQuerySet(models.QuerySet["AttestedSession"]):
    def compared(self) -> "AttestedSessionQuerySet":
        """Annotate whether each session is `held` today and its person still `attended` it, as far as that is known."""
        there = Attendance.objects.filter(
            registration=OuterRef("certificate__registration"), session=OuterRef("session")
        )
        erased = Q(certificate__registration__isnull=True)
        return self.select_related("session").annotate(
            attended=Q(Exists(there)) | erased, held=Q(session__in=Session.objects.taking_place())
        )


class AttestedSession(models.Model):
    """A session that a certificate says was attended: the one in this place of its `content["sessions"]`.

    The instants are those at which it was issued; what differs from the session today is no longer so.
    """

    certificate = models.ForeignKey(Certificate, models.CASCADE, related_name="attested")
    position = models.PositiveSmallIntegerField()
    session = models.ForeignKey(Session, models.SET_NULL, null=True, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    objects = AttestedSessionQuerySet.as_manager()
    # Of those that `compared` returns.
    held: bool | None
    attended: bool

    class Meta:
        ordering = ("certificate", "position")
        constraints = (
            models.UniqueConstraint(fields=["certificate", "position"], name="attested_once_in_place"),
        )

    def __str__(self) -> str:
        return f"{self.certificate_id} {self.position}"


class NotIssued(models.Model):
    """Why the last run of issuing made no certificate for a person. Gone as soon as there is one."""

    class Code(models.TextChoices):
        """What stood in the way, and what to do; a run never meets the last two."""

        NO_GLYPHS = (
            "no-glyphs",
            _(
                "Certificates cannot show: %(characters)s. Ask the person to give the name in Latin, Greek or Cyrillic "
                "letters, and correct the registration."
            ),
        )
        TEXTS = (
            "texts",
            _("The certificate cannot be created: one of the lab’s texts is empty or too long for the page."),
        )
        NOT_PRINTED = (
            "not-printed",
            _(
                "The certificate could not be created. Try again in a minute. If it happens again, use a "
                "simpler logo or shorter texts for the lab."
            ),
        )
        NOT_REGISTERED = "not-registered", _("Only registered people can get a certificate.")
        TOO_FEW = (
            "too-few",
            _(
                "The person attended fewer sessions than the lab requires. A session counts once it has ended."
            ),
        )
        NOT_VALID = "not-valid", _("Only a valid certificate of a registered person can be replaced.")
        CHANGED = "changed", _("Someone else has just changed this certificate. Open the list again.")
        REPLACED = (
            "replaced",
            _("A replaced certificate cannot be revoked. Revoke the one that replaced it."),
        )
        NEWER = "newer", _("The person has a newer certificate. Revoke that one first.")

    registration = models.OneToOneField(Registration, models.CASCADE, related_name="not_issued")
    code = models.CharField(max_length=20, choices=Code)
    details = models.JSONField(default=dict)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.registration_id}: {self.code}"
