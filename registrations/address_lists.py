"""Lists of email addresses that organisers paste or upload: decoded, and read line by line."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.web.email_addresses import address_key, clean_address

ADDRESSES_LIMIT = 500
ERRORS_SAID = 10
MAX_BYTES = 256 * 1024
TOO_LONG = _("The file is larger than 256 kB. Invite at most 500 people at once.")
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_NOT_A_LIST = _("This file is not a list of addresses. Save the table as CSV and choose that file.")


def decoded(data: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 or an old encoding with one byte a letter. Raises ValidationError.

    Which old encoding it is does not matter: only addresses are read, and of those only such in ASCII.
    """
    if len(data) > MAX_BYTES:
        raise ValidationError(TOO_LONG)
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = data.decode("utf-16")
        else:
            text = data.decode("utf-8-sig")
        is_certain = True
    except UnicodeDecodeError:
        text, is_certain = data.decode("latin-1"), False
    if _BINARY.search(text):
        raise ValidationError(_NOT_A_LIST)
    for number, line in enumerate([] if is_certain else text.splitlines(), 1):
        if any("@" in cell and not cell.isascii() for cell in re.split(r"[,;\t]", line)):
            raise ValidationError(
                _("Line %(number)d: this address is not readable. Save the file as CSV UTF-8."),
                params={"number": number},
            )
    return text


def clean_addresses(typed: str) -> list[str]:
    """Return the addresses in a text: one a line, or the first column that holds one of a CSV with commas, semicolons
    or tabs. Raises ValidationError with the numbers of the first lines that are wrong.
    """
    found: dict[str, str] = {}
    errors: list[ValidationError] = []
    for number, line in enumerate(typed.splitlines(), 1):
        cells = [_bare(cell) for cell in line.replace(";", ",").replace("\t", ",").split(",")]
        cell = next((cell for cell in cells if "@" in cell), "")
        if not cell:
            if not line.strip() or number == 1:  # the names of columns
                continue
            message = _("Line %(number)d has no email address.")
            errors.append(ValidationError(message, params={"number": number}))
        else:
            try:
                address = clean_address(cell)
            except ValidationError as error:
                message = _("Line %(number)d: %(error)s")
                errors.append(ValidationError(message, params={"number": number, "error": error.messages[0]}))
            else:
                found.setdefault(address_key(address), address)
        if len(found) > ADDRESSES_LIMIT:
            raise ValidationError(
                _("Invite at most %(limit)d people at once."), params={"limit": ADDRESSES_LIMIT}
            )
        if len(errors) == ERRORS_SAID:
            break
    if errors:
        raise ValidationError(errors)
    if not found:
        raise ValidationError(_("Enter at least one email address."))
    return list(found.values())


def _bare(cell: str) -> str:
    """Return a cell without the quotation marks around it, but with those of an address such as "a b"@example.org."""
    cell = re.sub('"+', '"', cell.strip(" '")).rstrip(" \"'")
    return cell if '"@' in cell else cell.lstrip(" \"'")
