"""Guess which provider of mailboxes a mistyped domain means."""

from core.web.email_addresses import ascii_address

# Where most people of the participating countries have their mailboxes.
PROVIDERS = (
    "gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "protonmail.com", "yahoo.gr", "hotmail.gr",
    "otenet.gr", "abv.bg", "mail.bg", "ec.europa.eu",
)  # fmt: skip
# One slip away from these, and no slips: each has mailboxes of its own.
_OTHERS = frozenset(
    {"ymail.com", "mail.com", "email.com", "gmx.com", "mail.be", "mail.de", "mail.ee", "mail.gr", "abv.gr"}
)


def meant_address(address: str) -> str | None:
    """Return the address with the provider's domain if one letter of it is missing, added, wrong or in its place.

    None if the domain is that of a provider, or like none.
    """
    local, _at, domain = ascii_address(address).lower().rpartition("@")
    if domain in PROVIDERS or domain in _OTHERS:
        return None
    meant = next((provider for provider in PROVIDERS if _is_one_slip(domain, provider)), None)
    return f"{address[: len(local)]}@{meant}" if meant else None


def _is_one_slip(typed: str, meant: str) -> bool:
    """Tell whether one letter was left out, added or replaced, or two beside each other are swapped."""
    if len(typed) != len(meant):
        longer, shorter = (typed, meant) if len(typed) > len(meant) else (meant, typed)
        return any(longer[:place] + longer[place + 1 :] == shorter for place in range(len(longer)))
    wrong = [place for place in range(len(typed)) if typed[place] != meant[place]]
    is_swap = len(wrong) == 2 and wrong[1] - wrong[0] == 1 and sorted(typed) == sorted(meant)
    return len(wrong) == 1 or is_swap
