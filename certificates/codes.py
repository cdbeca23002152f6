"""Codes of certificates: hard to guess, easy to read aloud, forgiving to type."""

import re
import secrets

from django.http import HttpRequest

from core.web.rate_limits import allow, client_address

# Crockford's base 32: no I, L, O, U, which eyes and ears take for others.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS, GROUP_LENGTH = 3, 4  # 60 bits
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
# Questions about codes: enough for an employer with a pile of certificates, too few for guessing.
CHECKS, PER_SECONDS = 60, 600
_CODE = re.compile(rf"[{ALPHABET}]{{{GROUPS * GROUP_LENGTH}}}")


def new_code() -> str:
    """Return a random code such as 7K3M-Q9TX-2W8H."""
    return _grouped("".join(secrets.choice(ALPHABET) for _ in range(GROUPS * GROUP_LENGTH)))


def tidy(typed: str) -> str | None:
    """Return what somebody typed in the code's own form, or None if it cannot be a code.

    Case, spaces and dashes do not matter; the letters O, I and L are taken for the digits they look like. Of the
    address that stands on a certificate its end is the code.
    """
    if len(typed) > 300:
        return None
    end = typed.strip().rstrip("/").rpartition("/")[2]
    plain = re.sub(r"[\s\u2010-\u2015-]", "", end.upper()).translate(_LOOKALIKES)
    return _grouped(plain) if _CODE.fullmatch(plain) else None


def _grouped(plain: str) -> str:
    return "-".join(plain[start : start + GROUP_LENGTH] for start in range(0, len(plain), GROUP_LENGTH))


def may_ask(request: HttpRequest) -> bool:
    """Count one question from this address, whether by page, file or API; False once there were too many."""
    return allow("certificate-check", client_address(request), CHECKS, PER_SECONDS)
