"""What organisers may write in braces in the texts of emails: names from a list for each occasion, replaced once.

A text is Markdown first: its HTML is made while the names still stand in it, and what replaces them is never parsed,
neither as Markdown nor as HTML nor for further names.
"""

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.mail.models import Message
from core.web import markdown

PLACEHOLDERS: dict[str, str | Promise] = {
    "name": _("Name of the person"),
    "registration": _("Number of the registration"),
    "lab": _("Title of the lab"),
    "programme": _("Name of the programme"),
    "contact": _("Organisers’ email"),
    "session": _("Title of the session"),
    "day": _("Day of the session"),
    "hours": _("Time of the session"),
    "days": _("Number of days for which the link works"),
    "until": _("End of the offer, or the deadline"),
    "code": _("Code of the certificate"),
}
_OF_LAB = ("lab", "programme", "contact")
_OF_PERSON = ("name", "registration", *_OF_LAB)
_OF_SESSION = (*_OF_PERSON, "session", "day", "hours")
_OF_CERTIFICATE = (*_OF_PERSON, "code")
# What may stand in the emails of each occasion, in the order of a person's way.
OF_OCCASION: dict[str, tuple[str, ...]] = {
    # To an address that nobody has confirmed: nothing that the sender of the form typed.
    "confirm_address": (*_OF_LAB, "days"),
    "confirm_reminder": (*_OF_LAB, "days"),
    "invitation": _OF_LAB,
    "contact_invited": ("name", *_OF_LAB, "until"),
    "contact_reminded": ("name", *_OF_LAB, "until"),
    "contact_deadline": ("name", *_OF_LAB, "until"),
    "speaker_asked": ("name", *_OF_LAB, "until"),
    "speaker_reminded": ("name", *_OF_LAB, "until"),
    "nominee_asked": (*_OF_LAB, "until"),
    "nominee_declined": ("name", *_OF_LAB, "until"),
    "confirmation": _OF_PERSON,
    "registration_changed": _OF_PERSON,
    "registration_cancelled": _OF_PERSON,
    "nomination_ended": _OF_PERSON,
    "transfer_offered": (*_OF_LAB, "until"),
    "transfer_accepted": _OF_PERSON,
    "transfer_ended": _OF_PERSON,
    "further_questions": _OF_PERSON,
    "seat_is_yours": _OF_SESSION,
    "seat_is_offered": (*_OF_SESSION, "until"),
    "offer_expired": _OF_SESSION,
    "seats_refused": _OF_PERSON,
    "session_moved": _OF_PERSON,
    "session_reminder": _OF_SESSION,
    "still_coming": _OF_PERSON,
    "session_cancelled": _OF_SESSION,
    "session_restored": _OF_SESSION,
    "already_registered": _OF_PERSON,
    "registration_link": _OF_PERSON,
    "certificate": _OF_CERTIFICATE,
    "certificate_revoked": _OF_CERTIFICATE,
    "certificate_restored": _OF_CERTIFICATE,
    "announcement": _OF_PERSON,
}
# The occasions whose texts a lab may change; an announcement is a text of the lab's own.
CHANGEABLE = tuple(occasion for occasion in OF_OCCASION if occasion != "announcement")
# Any pair of braces on one line is meant as a placeholder.
_IN_BRACES = re.compile(r"\{([^{}\n]*)\}")
# The same, doubled braces, and what is left of a pair with the word beside it. Each sign is looked at once.
_MEANT = re.compile(r"\{+[^{}\n]*\}+|\{+[^\s{}]*|(?<![^\s{}])[^\s{}]*\}+")
_ADDRESS = re.compile(r"https?://[^\s<>{}]+")
AFTER_AN_ADDRESS = ".,;:!?)]\"'”»"
_TAGS = re.compile(r"(<[^>]*>)")

_INK = "color:#0f1b1d"
_TEXT = f"{_INK};font-size:17px;line-height:26px"
# Emails cannot rely on style sheets. Headings of what people write stay below those of the email.
_STYLES = {
    "p": f"margin:14px 0 0;{_TEXT}",
    "ul": f"margin:14px 0 0;padding:0 0 0 22px;{_TEXT}",
    "ol": f"margin:14px 0 0;padding:0 0 0 26px;{_TEXT}",
    "li": "margin:4px 0 0",
    "blockquote": "margin:14px 0 0;padding:0 0 0 16px;border-left:3px solid #cbd2cc",
    "pre": f"margin:14px 0 0;white-space:pre-wrap;{_TEXT}",
    "hr": "margin:20px 0 6px;border:0;border-top:1px solid #cbd2cc",
    "a": _INK,
    **{
        f"h{level}": f"margin:22px 0 0;{_INK};font-size:17px;line-height:24px;font-weight:bold"
        for level in (2, 3, 4, 5, 6)
    },
}
_OPENING = re.compile(rf"<({'|'.join(_STYLES)})\b")
_RULES = {"blockquote": "rule", "hr": "rule"}


def wrong_placeholders(text: str, occasion: str) -> list[str]:
    """Return what stands in braces in a text, or has one of them alone, and cannot be replaced in emails of this
    occasion, as it is typed.
    """
    known = OF_OCCASION[occasion]
    return [
        typed
        for typed in dict.fromkeys(_MEANT.findall(text))
        if not ((whole := _IN_BRACES.fullmatch(typed)) and whole[1].strip() in known)
    ]


def wrong_in_words(text: str, occasion: str) -> str:
    """Return "{nam} is not a placeholder of this email. Choose from the list.", or "" where nothing is wrong."""
    wrong = wrong_placeholders(text, occasion)
    if not wrong:
        return ""
    words = ngettext(
        "%(names)s is not a placeholder of this email. Choose from the list.",
        "%(names)s are not placeholders of this email. Choose from the list.",
        len(wrong),
    )
    return words % {"names": ", ".join(one[:42] for one in wrong[:5])}


def values_of(message: Message) -> dict[str, str]:
    """Return what replaces each placeholder in this email, from what was frozen when it was queued."""
    facts = message.context
    lab = facts.get("lab") or {}
    line: Mapping[str, object] = next(iter(facts.get("lines") or ()), {})
    known = {
        "name": message.to_name,
        "registration": facts.get("reference", ""),
        "lab": lab.get("title", ("",))[0],
        "programme": lab.get("programme", ("",))[0],
        "contact": message.reply_to,
        "session": facts.get("session_title", ""),
        "day": line.get("day", ""),
        "hours": line.get("hours", ""),
        "days": facts.get("days", ""),
        "until": facts.get("until", ""),
        "code": facts.get("code", ""),
    }
    return {name: " ".join(str(known[name]).split()) for name in OF_OCCASION.get(message.occasion, ())}


def as_line(text: str, values: Mapping[str, str]) -> str:
    """Return a subject with its placeholders replaced."""
    return _replaced(text, values)


def as_text(text: str, values: Mapping[str, str]) -> str:
    """Return Markdown as plain text with its placeholders replaced."""
    return _replaced(markdown.plain_paragraphs(text), values)


def as_html(text: str, values: Mapping[str, str]) -> SafeString:
    """Return Markdown as HTML for an email, its styles inline, with its placeholders replaced between the tags."""
    styled = _OPENING.sub(_with_style, markdown.render(text, top=2))
    escaped = {name: escape(value) for name, value in values.items()}
    pieces = _TAGS.split(styled)
    return SafeString(
        "".join(piece if place % 2 else _replaced(piece, escaped) for place, piece in enumerate(pieces))
    )


def addresses_in(*texts: str) -> set[str]:
    """Return the addresses in these texts in Markdown: what their links lead to, and those that stand as they are."""
    targets = {address for text in texts for address in markdown.link_targets(text)}
    return targets | {found.rstrip(AFTER_AN_ADDRESS) for text in texts for found in _ADDRESS.findall(text)}


def _replaced(text: str, values: Mapping[str, str]) -> str:
    """Replace the known names in one pass, so that nothing that was put in is looked at again."""
    return _IN_BRACES.sub(lambda found: values.get(found[1].strip(), found[0]), text)


def _with_style(found: re.Match[str]) -> str:
    return f'<{found[1]} class="{_RULES.get(found[1], "ink")}" style="{_STYLES[found[1]]}"'
