"""What a certificate says, frozen when it is issued: from rows to plain JSON, and from there to what is printed."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, pgettext

from certificates.content import AttendedSession, CertificateContent, Colours, Logo, Signatory
from certificates.models import Certificate
from core.pdf.renderer import Picture
from core.timezones.wall_clock import wall
from core.timezones.zone_hours import zone_words
from core.web.localized_fields import languages_of, text_and_language
from labs.models import Lab
from sessions.models import Session


def frozen_content(lab: Lab, attended: Iterable[Session], others: Iterable[Session]) -> dict[str, object]:
    """Return what the certificate says of lab and sessions; days and hours are wall time in the lab's zone.

    `others` are the lab's public sessions that the person did not attend, drawn faintly in the timetable.
    """
    sessions = list(attended)
    programme = lab.programme
    instants = [at for session in sessions for at in (session.starts_at, session.ends_at)]
    values = lab.theme_values or {}
    colours = Colours()
    return {
        "lab_title": languages_of(lab.title),
        "programme_name": languages_of(programme.name),
        "organiser_name": languages_of(programme.organiser),
        "signatory_name": lab.signatory_name,
        "signatory_function": languages_of(lab.signatory_function),
        "eu_funded": programme.eu_funded,
        "grant_number": programme.grant_number,
        "place": _place(lab),
        "first_day": lab.starts_on.isoformat(),
        "last_day": lab.ends_on.isoformat(),
        "time_zone": lab.time_zone,
        "zone": {
            code: zone_words(lab.time_zone, instants, code, with_abbreviation=False)
            for code, _name in settings.LANGUAGES
        },
        "sessions": [{**_hours(session, lab), "titles": languages_of(session.title)} for session in sessions],
        "others": [_hours(session, lab) for session in others],
        "colours": {
            "ground": values.get("lab", colours.ground),
            "lift": values.get("lab_lift", colours.lift),
            "soft": values.get("on_lab_2", colours.soft),
        },
    }


def _place(lab: Lab) -> dict[str, str]:
    """Return where the lab takes place, by language: its venue, online, or both."""
    venue = languages_of(lab.venue)
    if lab.format == Lab.Format.IN_PERSON:
        return venue
    words = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            if lab.format == Lab.Format.ONLINE:
                words[language] = pgettext("place, within a sentence", "online")
            elif there := text_and_language(lab.venue, language, lab.default_language)[0]:
                words[language] = gettext("{venue} and online").format(venue=there)
    return words


def _hours(session: Session, lab: Lab) -> dict[str, object]:
    starts, ends = wall(session.starts_at, lab.time_zone), wall(session.ends_at, lab.time_zone)
    # One that ends with its day ends on that day.
    last = max((ends - timedelta(minutes=1)).date(), starts.date())
    return {
        "on": starts.date().isoformat(),
        "until": last.isoformat(),
        "starts": starts.replace(tzinfo=None).isoformat(),
        "ends": ends.replace(tzinfo=None).isoformat(),
        "minutes": int(session.duration.total_seconds() // 60),
    }


def check_url(code: str) -> str:
    """Return the public address at which a certificate is checked for ever."""
    return f"{settings.BASE_URL}/certificates/{code}/"


def languages_on(certificate: Certificate) -> tuple[str, ...]:
    """Return the languages of the printed certificate: the person's, and English beside any other."""
    return tuple(dict.fromkeys((certificate.language, "en")))


def printed_content(
    certificate: Certificate, logos: tuple[Logo, ...] = (), signature: Picture | None = None
) -> CertificateContent:
    """Return the content of the printed certificate. Raises ValueError for what cannot be printed."""
    said = certificate.content
    signatory = Signatory(said["signatory_name"], said["signatory_function"], signature)
    return CertificateContent(
        code=certificate.code,
        check_url=check_url(certificate.code),
        language=certificate.language,
        second_language=languages_on(certificate)[1] if len(languages_on(certificate)) > 1 else None,
        holder_name=certificate.holder_name,
        lab_title=said["lab_title"],
        programme_name=said["programme_name"],
        organiser_name=said["organiser_name"],
        signatory=signatory if signatory.name else None,
        eu_funded=said["eu_funded"],
        grant_number=said["grant_number"],
        place=said["place"],
        first_day=date.fromisoformat(said["first_day"]),
        last_day=date.fromisoformat(said["last_day"]),
        sessions=tuple(
            AttendedSession(
                titles=each["titles"],
                minutes=each["minutes"],
                starts=datetime.fromisoformat(each["starts"]),
                ends=datetime.fromisoformat(each["ends"]),
            )
            for each in said["sessions"]
        ),
        minutes=certificate.minutes,
        issued_on=wall(certificate.issued_at, said["time_zone"]).date(),
        zone=said["zone"],
        colours=Colours(**said["colours"]),
        logos=logos,
        other_sessions=tuple(
            (datetime.fromisoformat(each["starts"]), datetime.fromisoformat(each["ends"]))
            for each in said["others"]
        ),
    )
