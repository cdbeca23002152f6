"""Which personal data a lab holds: why, who reads it, how much there is, until when.

The report of retention, the notice to participants (Article 13) and the record (Article 30) are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import cast

from django.db.models import Count, Min
from django.utils.translation import gettext

from core.mail.models import Message
from core.web.localized_fields import text_of
from labs.models import Lab
from labs.viewer import Viewer
from registrations.models import (
    Answer,
    AnswersView,
    Attendance,
    CityContact,
    HeldProof,
    Invitation,
    Nomination,
    NominationPlaces,
    PrivacyNotice,
    ProofView,
    QuestionSet,
    Registration,
)
from registrations.models.rules import rules_of
from registrations.privacy_notice import notice_of
from registrations.proof import proof_rules_of
from registrations.questionnaire import kept_until
from registrations.signals import certificates_counted
from sessions.models import Session, Speaker


@dataclass(frozen=True)
class Holding:
    """One kind of data, with how much there is. `until` is the last day in the lab's zone, None where no day is set."""

    key: str
    what: str
    purpose: str
    basis: str
    readers: str
    until: date | None
    count: int = 0


def holdings(lab: Lab, language: str, own: PrivacyNotice | None = None) -> list[Holding]:
    """Return every kind of data with how much there is. At most seventeen queries, and one for each section.

    `own` is what the lab says itself, by default what is stored (`privacy_notice.notice_of`).
    """
    basis = (own or notice_of(lab)).get_legal_basis_display()
    people = Registration.objects.filter(lab=lab, erased_at__isnull=True)
    until = lab.answers_kept_until
    organisers = gettext("Organisers")
    details = gettext("Name, email, city, organisation, language, time zone, consent, seats and history")
    if rules_of(lab).asks_photos:
        details += ", " + gettext("choice about photos and recordings")
    if rules_of(lab).has_documents:
        details += ", " + gettext("accepted documents")
    unconfirmed = people.filter(state=Registration.State.UNCONFIRMED).count()
    return [
        Holding(
            "registrations",
            details,
            gettext("To give out seats and tell people about changes"),
            basis,
            gettext("Organisers; door staff see names and cities"),
            until,
            people.count() - unconfirmed,
        ),
        Holding(
            "unconfirmed",
            gettext("Registrations that were not confirmed; deleted after 7 days"),
            gettext("To confirm the email address"),
            basis,
            organisers,
            None,
            unconfirmed,
        ),
        *_sections(lab, language, list(lab.question_sets.order_by("-stage", "position", "pk")), basis),
        Holding(
            "emails",
            gettext("Emails that were sent"),
            gettext("To show what people were told, and whether it arrived"),
            basis,
            organisers,
            until,
            Message.objects.filter(registration__in=people).count(),
        ),
        Holding(
            "attendance",
            gettext("Attendance"),
            gettext("To issue certificates"),
            basis,
            gettext("Organisers and door staff"),
            until,
            Attendance.objects.filter(registration__in=people).count(),
        ),
        Holding(
            "certificates",
            gettext(
                "Names on certificates, and their files; codes can still be checked later, without a name"
            ),
            gettext("To issue certificates"),
            basis,
            organisers,
            until,
            sum(cast(int, count) for _receiver, count in certificates_counted.send(sender=Lab, lab=lab)),
        ),
        Holding(
            "invitations",
            gettext("Addresses of people who were invited by email"),
            gettext("To invite people"),
            _interest(),
            organisers,
            until,
            Invitation.objects.filter(lab=lab).exclude(email_key="").count(),
        ),
        *_nominations(lab, basis),
        *_speakers(lab),
        *_proof(lab, language),
        Holding(
            "log",
            gettext("Log of who opened protected answers and held proof"),
            gettext("To show who read protected data"),
            _interest(),
            organisers,
            None,
            AnswersView.objects.filter(lab=lab).count() + ProofView.objects.filter(lab=lab).count(),
        ),
    ]


def notice(lab: Lab, viewer: Viewer, language: str, own: PrivacyNotice) -> list[Holding]:
    """Return what a reader of the lab's notice is told: without numbers, and without what he or she may not see.

    `own` as in `holdings`.
    """
    seen = Session.objects.visible_to(viewer).filter(lab=lab)
    shown = set(
        lab.question_sets.filter(questions__session__isnull=True, questions__isnull=False).values_list(
            "pk", flat=True
        )
    ) | set(lab.question_sets.filter(questions__session__in=seen).values_list("pk", flat=True))
    hidden = {
        f"answers.{one.slug}" for one in lab.question_sets.all() if one.pk not in shown or not one.is_asked
    }
    return [one for one in holdings(lab, language, own) if one.key not in hidden]


def next_deletion(rows: list[Holding]) -> Holding | None:
    """Return what the daily job deletes next of what there is."""
    dated = [one for one in rows if one.count and one.until is not None]
    return min(dated, key=lambda one: (one.until or date.max, one.key), default=None)


def _sections(lab: Lab, language: str, sets: list[QuestionSet], basis: str) -> list[Holding]:
    counts = dict(
        Answer.objects.filter(question__question_set__in=sets)
        .order_by()
        .values_list("question__question_set")
        .annotate(n=Count("registration", distinct=True))
    )
    rows = []
    for one in sets:
        one.lab = lab
        title = text_of(one.title, language, lab)
        readers = (
            gettext("People whom the lab names; each view is recorded")
            if one.is_protected
            else gettext("Organisers")
        )
        rows.append(
            Holding(
                f"answers.{one.slug}",
                gettext("Answers, with files: %(title)s") % {"title": title},
                gettext("To make your participation possible")
                if one.is_needs
                else gettext("As each question says"),
                gettext("Explicit consent, Article 9(2)(a)") if one.is_needs else basis,
                readers,
                kept_until(lab, one),
                counts.get(one.pk, 0),
            )
        )
    return rows


def _nominations(lab: Lab, basis: str) -> list[Holding]:
    contacts = CityContact.objects.filter(lab=lab).count()
    named = Nomination.objects.filter(places__lab=lab, registration__erased_at__isnull=True)
    people = named.filter(registration__isnull=False).count()
    if not contacts and not people and not NominationPlaces.objects.filter(lab=lab).exists():
        return []
    return [
        Holding(
            "city_contacts",
            gettext("Names and email addresses of the contacts of cities, and the emails to them"),
            gettext("To let cities nominate people"),
            _interest(),
            gettext("Organisers"),
            lab.answers_kept_until,
            contacts,
        ),
        Holding(
            "nominees",
            gettext("Names and email addresses of people whom a city named, and what they answered"),
            gettext("To ask people whom a city named, and to keep their seats"),
            gettext("%(before)s; from when they accept: %(basis)s") % {"before": _interest(), "basis": basis},
            gettext("Organisers; the contact of the city sees names and answers"),
            lab.answers_kept_until,
            people,
        ),
    ]


def _speakers(lab: Lab) -> list[Holding]:
    known = Speaker.objects.filter(appearances__session__lab=lab).exclude(email="").distinct().count()
    if not known:
        return []
    return [
        Holding(
            "speakers",
            gettext("Speakers: email address, emails, replies, hours when they can appear, and slides"),
            gettext("To agree with speakers on their sessions"),
            _interest(),
            gettext("Organisers; everyone sees the profile, and the slides that are published"),
            lab.answers_kept_until,
            known,
        )
    ]


def _proof(lab: Lab, language: str) -> list[Holding]:
    rules, held = proof_rules_of(lab), HeldProof.objects.filter(lab=lab)
    known = held.aggregate(n=Count("pk"), first=Min("until"))
    if not rules.is_held and not known["n"]:
        return []
    return [
        Holding(
            "proof",
            gettext("Proof of attendance, also after personal data is deleted"),
            gettext("For audits by a funder"),
            text_of(rules.legal_basis, language, lab),
            gettext("People whom the lab names; each view is recorded"),
            known["first"] or rules.until,
            known["n"],
        )
    ]


def _interest() -> str:
    return gettext("Public task or legitimate interest, Article 6(1)(e) or (f)")
