"""What a certificate says that is no longer so: which fact, as it was printed and as it is now."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import get_language, gettext

from certificates.candidates import minutes_in_all
from certificates.models import AttestedSession, Certificate
from core.timezones import formatting
from core.timezones.wall_clock import wall
from core.web.localized_fields import languages_of, text_and_language
from labs.models import Lab
from registrations.models import Attendance
from sessions.models import Session


def _said_by(certificates: Iterable[int]) -> dict[int, list[AttestedSession]]:
    """Return for each certificate its sessions in their order, annotated by `compared`. One query."""
    said: dict[int, list[AttestedSession]] = defaultdict(list)
    for row in AttestedSession.objects.filter(certificate__in=list(certificates)).compared():
        said[row.certificate_id].append(row)
    return said


def _has_other_hours(said: AttestedSession) -> bool:
    session = said.session
    return session is not None and (session.starts_at, session.ends_at) != (said.starts_at, said.ends_at)


def attested_now(certificate: Certificate) -> tuple[list[dict[str, Any]], int]:
    """Return what is still so of the sessions that a certificate lists, and their minutes in all.

    The sessions are as in its `content`; of one that was revoked there are none. The certificate is annotated by
    `compared`. One query where it is outdated, else none.
    """
    listed = certificate.content.get("sessions", [])
    if certificate.state == Certificate.State.REVOKED:
        return [], 0
    if not certificate.is_outdated:
        return listed, certificate.minutes
    said = _said_by([certificate.pk])[certificate.pk]
    still = [each for each in said if each.held and each.attended and not _has_other_hours(each)]
    minutes = minutes_in_all((each.starts_at, each.ends_at) for each in still)
    return [listed[each.position] for each in still], minutes


def differences(certificates: Iterable[Certificate], lab: Lab) -> dict[int, list[str]]:
    """Return for each of the lab's certificates what is different today, as sentences in the reader's language.

    At most three queries, none where no certificate is outdated or lacks a session. The certificates are annotated
    by `compared`.
    """
    differing = {one.pk: one for one in certificates if one.is_outdated or one.attended_more}
    if not differing:
        return {}
    said = _said_by(differing)
    rows = Certificate.objects.filter(pk__in=differing).values("pk", "content", "registration__name")
    now = {row["pk"]: row for row in rows}
    more = _attended_since(differing.values())
    return {
        pk: [
            *(
                [gettext("The name is now %(name)s") % {"name": now[pk]["registration__name"]}]
                if certificate.other_name
                else []
            ),
            *(sentence for each in said[pk] if (sentence := _about_session(each, now[pk]["content"], lab))),
            *(
                gettext("Attended since: %(session)s") % {"session": _reading(session.title, lab)}
                for session in more[pk]
            ),
        ]
        for pk, certificate in differing.items()
    }


def _attended_since(certificates: Iterable[Certificate]) -> dict[int, list[Session]]:
    """Return for each certificate the sessions that its person attended and that it does not list."""
    holders = {
        one.registration_id: one.pk for one in certificates if one.registration_id and one.attended_more
    }
    listed = AttestedSession.objects.filter(
        certificate__registration=OuterRef("registration"),
        certificate__in=holders.values(),
        session=OuterRef("session"),
    )
    rows = (
        Attendance.objects.ended()
        .filter(registration__in=list(holders))
        .exclude(Exists(listed))
        .select_related("session")
        .order_by("session__starts_at", "pk")
        if holders
        else ()
    )
    found: dict[int, list[Session]] = defaultdict(list)
    for row in rows:
        found[holders[row.registration_id]].append(row.session)
    return found


def _about_session(said: AttestedSession, content: Mapping[str, Any], lab: Lab) -> str:
    title = {"session": _reading(content["sessions"][said.position]["titles"], lab)}
    if said.session is None:
        return gettext("Session deleted: %(session)s") % title
    if said.session.is_cancelled:
        return gettext("Cancelled: %(session)s") % title
    if not said.held:
        return gettext("Draft again: %(session)s") % title
    if not said.attended:
        return gettext("Attendance removed: %(session)s") % title
    if _has_other_hours(said):
        language = get_language() or "en"
        was, now = (
            formatting.short_span(
                wall(one.starts_at, content["time_zone"]), wall(one.ends_at, content["time_zone"]), language
            )
            for one in (said, said.session)
        )
        return gettext("Time changed: %(session)s (was %(was)s, is now %(now)s)") % {
            **title, "was": was, "now": now,
        }  # fmt: skip
    return ""


def _reading(text: object, lab: Lab) -> str:
    return text_and_language(languages_of(text), get_language() or "en", lab.default_language)[0]
