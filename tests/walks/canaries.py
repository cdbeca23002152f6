"""Words that name a secret and a field: where one comes to light, it tells by itself what was shown."""

import re
from collections.abc import Iterable

_CANARY = re.compile(r"canary([a-z]+?)q([a-z]+?)q")

# What a hidden session consists of, and where each text may legitimately come to light.
OF_SESSION = frozenset(
    {
        "title",
        "abstract",
        "slug",
        "uid",
        "itemtitle",
        "itemabstract",
        "speakername",
        "speakerslug",
        "affiliation",
    }
    | {"biography", "website", "track", "trackslug", "room", "address", "day", "question", "photo", "slides"}
)
JOIN = frozenset({"link", "roomlink"})  # for people with a seat, and for organisers
OF_CONTACT = frozenset({"speakeremail"})  # how organisers write to a speaker
OF_PERSON = frozenset({"name", "email", "citytext", "organisation", "answer"})
OF_NEEDS = frozenset({"need"})  # shown to the person, and to readers who ask for them by POST
OF_NOTES = frozenset({"note", "tag"})  # what organisers write about a person
OF_IMPORT = frozenset({"file", "entry", "cell"})  # its name, a session in its preview, a cell of its table
OF_MAIL = frozenset({"toname", "toemail", "subject", "text", "html"})
OF_TEXTS = frozenset({"closing", "announcement"})  # of emails, as a lab has changed them
OF_HOOK = frozenset({"hookurl", "hookdescription", "hookbody", "hookreply"})
OF_SIGNER = frozenset({"signatory", "signature"})  # of certificates, before one is issued
OF_LAB = frozenset({"labtitle", "theme", "labdescription", "venue", "contact", "consent", "labslug", "logo"})
OF_PROGRAMME = frozenset(
    {
        "programmename",
        "programmedescription",
        "programmeslug",
        "group",
        "imprint",
        "participation",
        "grant",
        "logoalt",
    }
)

Canary = tuple[str, str]  # (secret, field)


def canary(secret: str, name: str) -> str:
    return f"canary{secret}q{name}q"


def canaries_in(text: str) -> set[Canary]:
    """Find canaries, also in calendars (whose lines are folded) and whatever the case."""
    return {(secret, name) for secret, name in _CANARY.findall(re.sub(r"\r\n[ \t]", "", text).casefold())}


def all_of(secret: str, *fields: Iterable[str]) -> frozenset[Canary]:
    return frozenset((secret, name) for some in fields for name in some)
