"""Certificates for tests: the 4th City Lab, complete; say only what the test is about."""

from datetime import date, datetime, timedelta
from typing import Any

from certificates.content import AttendedSession, CertificateContent, Colours, Logo, Signatory
from core.pdf.renderer import Picture

NAMES = {
    "en": "Demo participant 17",
    "bg": "Демонстрационен участник 17",
    "el": "Συμμετέχων επίδειξης 17",
}
CODE = "7K3M-Q9TX-2W8H"
ADDRESS = f"citylabs.example.org/certificates/{CODE}"
SESSIONS = (
    AttendedSession(
        titles={
            "en": "Public session, part II: Reskilling, funding opportunities for cities",
            "bg": "Публична сесия, част II – Преквалификация: възможности за финансиране на градовете",
        },
        minutes=60,
        starts=datetime(2021, 11, 30, 13),
        ends=datetime(2021, 11, 30, 14),
    ),
    AttendedSession(
        titles={
            "en": "Dialogue with Thierry Breton and mayors from the EU",
            "bg": "Диалог с Тиери Бретон и кметове от ЕС",
        },
        minutes=120,
        starts=datetime(2021, 12, 2, 15, 30),
        ends=datetime(2021, 12, 2, 17, 30),
    ),
    AttendedSession(
        titles={"en": "Tech4Good Marketplace"},
        minutes=90,
        starts=datetime(2021, 12, 10, 14),
        ends=datetime(2021, 12, 10, 15, 30),
    ),
)

LOGO = Logo(
    Picture(
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 16" width="60" height="16">'
        b'<rect width="60" height="16" fill="#003399"/></svg>',
        "image/svg+xml",
    ),
    {"en": "Demo City", "bg": "Демонстрационен град"},
)


SIGNATORY = Signatory(
    "Demo signatory",
    {"en": "Head of Unit", "bg": "Началник на отдел", "el": "Προϊστάμενος μονάδας"},
    Picture(
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 7" width="30" height="7">'
        b'<path d="M1 6C5 0 9 0 12 4S20 7 29 1" fill="none" stroke="#0f1b1d"/></svg>',
        "image/svg+xml",
    ),
)
# What a certificate says beside the ordinary: who signs it, and who funds it.
SIGNED_AND_FUNDED: dict[str, Any] = {"signatory": SIGNATORY, "eu_funded": True, "grant_number": "101012345"}


def certificate(language: str = "en", **changes: Any) -> CertificateContent:
    """The content of a complete certificate in that language, with these parts changed."""
    parts: dict[str, Any] = {
        "code": CODE,
        "check_url": f"https://{ADDRESS}",
        "language": language,
        "second_language": None if language == "en" else "en",
        "holder_name": NAMES.get(language, NAMES["en"]),
        "lab_title": {"en": "4th ICC City Lab", "bg": "Четвърто издание на ICC City Lab"},
        "programme_name": {
            "en": "Intelligent Cities Challenge",
            "bg": "Предизвикателство 100 интелигентни града",
            "el": "Πρόκληση 100 Ευφυών Πόλεων",
        },
        "organiser_name": {
            "en": "European Commission",
            "bg": "Европейска комисия",
            "el": "Ευρωπαϊκή Επιτροπή",
        },
        "place": {"en": "online", "bg": "онлайн", "el": "διαδικτυακά"},
        "first_day": date(2021, 11, 30),
        "last_day": date(2021, 12, 10),
        "sessions": SESSIONS,
        "issued_on": date(2021, 12, 13),
        "zone": {
            "en": "Sofia time (UTC+2)",
            "bg": "часова зона София (UTC+2)",
            "el": "ώρα Σόφιας (UTC+2)",
        },
        "colours": Colours("#8f3219", "#e8937a", "#f6d4ca"),
        "other_sessions": ((datetime(2021, 12, 10, 15, 30), datetime(2021, 12, 10, 16)),),
    }
    parts |= changes
    # No two at the same time, unless the test says so.
    parts.setdefault("minutes", sum(session.minutes for session in parts["sessions"]))
    return CertificateContent(**parts)


def many_sessions(count: int) -> tuple[AttendedSession, ...]:
    """So many sessions of an hour, on 28 days of a month."""
    starts = (datetime(2021, 11, 1 + number % 28, 9 + number % 9) for number in range(count))
    return tuple(
        AttendedSession(
            titles={"en": f"Session {number:03d}", "bg": f"Сесия {number:03d}"},
            minutes=60,
            starts=at,
            ends=at + timedelta(hours=1),
        )
        for number, at in enumerate(starts)
    )
