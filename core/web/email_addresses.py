"""Clean, compare and encode email addresses.

An address is stored with its domain in Unicode (`δήμος.example`), and sent to and compared by the domain's ASCII name
(`xn--…`), after IDNA 2008 (RFC 5891) with the mapping of UTS 46 and without its transitional rules, which would change
`faß.example` and `σίγμας.example` to other domains. The local part is ASCII: too few mail servers support SMTPUTF8
(RFC 6531).
"""

import re
import unicodedata

import idna
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _

ADDRESS_LENGTH = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
LOCAL_PART_LENGTH = 64  # RFC 5321 §4.5.3.1.1

UNFINISHED = _("Enter an email address like name@example.org.")
LOCAL_PART_REFUSED = _(
    "Email cannot reach this address: the part before the @ has letters or signs outside the English alphabet. "
    "Enter another address."
)
QUOTES_REFUSED = _(
    "This service cannot send email to an address that has quotation marks before the @. Enter another address."
)
LOCAL_PART_TOO_LONG = _("The part before the @ is longer than an email address can have. Check the address.")
DOMAIN_REFUSED = _("“%(domain)s” is not a valid domain. Check the part after the @.")

# Pasted from pages and documents: soft hyphen, zero-width spaces, word joiner, byte order mark.
_WITHOUT_WIDTH = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
_AT_SIGNS = str.maketrans("＠﹫", "@@")
_DOMAIN = EmailValidator.domain_regex
_DOT_ATOM = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)


def clean_address(typed: str) -> str:
    """Return the address as it is stored: without invisible characters, its domain in lower case Unicode.

    Raises ValidationError (codes: invalid, local_part, domain) with a message for the person.
    """
    if len(typed) > 4 * ADDRESS_LENGTH:
        # Some steps below take time that grows with the square of the length.
        raise ValidationError(UNFINISHED, "invalid")
    address = _without_invisible_ends(typed.translate(_WITHOUT_WIDTH)).translate(_AT_SIGNS)
    local, at, domain = address.rpartition("@")
    local = unicodedata.normalize("NFKC", local)
    if quoted := _QUOTED.fullmatch(local):
        # Quotes that quote nothing are the same mailbox (RFC 5321 §4.1.2). Of the others, Python's email package drops
        # some on the way (of "a..b", and "" becomes the empty sender), and few mail servers take any.
        if not _DOT_ATOM.fullmatch(quoted[1]):
            raise ValidationError(QUOTES_REFUSED, "local_part")
        local = quoted[1]
    if not (local and at and domain) or "@" in local or any(map(str.isspace, domain)):
        raise ValidationError(UNFINISHED, "invalid")
    if not local.isascii():
        raise ValidationError(LOCAL_PART_REFUSED, "local_part")
    if not _DOT_ATOM.fullmatch(local):
        raise ValidationError(UNFINISHED, "invalid")
    if len(local) > LOCAL_PART_LENGTH:
        raise ValidationError(LOCAL_PART_TOO_LONG, "local_part")
    ascii_domain = _ascii_domain(domain)
    if len(local) + 1 + len(ascii_domain) > ADDRESS_LENGTH:
        raise ValidationError(DOMAIN_REFUSED, "domain", {"domain": domain[:60]})
    return f"{local}@{_readable_domain(ascii_domain)}"


def ascii_address(address: str) -> str:
    """Return a stored address with the ASCII name of its domain, for mail servers, headers and URIs."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{_ascii_domain(domain)}" if at else address


def address_key(typed: str) -> str:
    """Return the key by which addresses are compared, independent of case and of the domain's encoding.

    An invalid address gets a key that no valid one has.
    """
    try:
        return ascii_address(clean_address(typed)).lower()
    except ValidationError:
        return typed.strip().lower()[:ADDRESS_LENGTH]


def account_address(typed: str) -> str:
    """Return the address as accounts store it, in lower case. Raises ValidationError as `clean_address` does."""
    return clean_address(typed).lower()


def _without_invisible_ends(text: str) -> str:
    """Return the text without spaces, control and format characters at either end."""
    visible = [place for place, sign in enumerate(text) if unicodedata.category(sign)[0] not in "CZ"]
    return text[visible[0] : visible[-1] + 1] if visible else ""


def _ascii_domain(domain: str) -> str:
    """Return the ASCII name of a domain, in lower case. Raises ValidationError if it is invalid."""
    found = domain.lower()
    if not domain.isascii() or "xn--" in found:
        try:
            found = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            raise ValidationError(DOMAIN_REFUSED, "domain", {"domain": domain[:60]}) from None
    if not _DOMAIN.fullmatch(found) or len(found) > 253:
        # A name without a dot is unfinished, any other is invalid.
        if "." not in found and re.fullmatch(r"[a-z0-9-]+", found):
            raise ValidationError(UNFINISHED, "invalid")
        raise ValidationError(DOMAIN_REFUSED, "domain", {"domain": domain[:60]})
    return found


def _readable_domain(ascii_domain: str) -> str:
    if "xn--" not in ascii_domain:
        return ascii_domain
    return idna.decode(ascii_domain, uts46=True, std3_rules=True)
