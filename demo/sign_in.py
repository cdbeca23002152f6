"""The accounts of the demonstration. Their random passwords are stored in a file that only its owner can read."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core.accounts.models import User
from labs.models import City, Delegate, Lab, Programme, Staff

# Without characters that are easily confused.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

ACCOUNTS = {
    "organiser@example.org": gettext_noop("Organiser and owner of both programmes"),
    "lab-organiser@example.org": gettext_noop("Organiser of the upcoming lab"),
    "door@example.org": gettext_noop("Door staff of the upcoming lab"),
    "delegate-sofia@example.org": gettext_noop("Delegate of Sofia"),
    "delegate-trikala@example.org": gettext_noop("Delegate of Trikala"),
}
DELEGATES = {"delegate-sofia@example.org": "sofia", "delegate-trikala@example.org": "trikala"}
LANGUAGES = {"delegate-sofia@example.org": "bg", "delegate-trikala@example.org": "el"}


@dataclass(frozen=True)
class SignIn:
    """An account with its initial password."""

    email: str
    password: str
    role: str


def sign_in_file() -> Path:
    return Path(settings.VAR_DIR) / "demo-signin.txt"


def sign_ins() -> tuple[SignIn, ...]:
    """Return the sign-ins of the demo's accounts that exist; an account missing in the file gets a new password."""
    passwords = _read()
    users = {user.email: user for user in User.objects.filter(email__in=ACCOUNTS)}
    lost = [user for email, user in users.items() if email not in passwords]
    for user in lost:
        passwords[user.email] = _new_password()
        user.set_password(passwords[user.email])
        user.save(update_fields=["password"])
    if lost:
        _write(passwords)
    return tuple(
        SignIn(email, passwords[email], _(role)) for email, role in ACCOUNTS.items() if email in users
    )


def make_accounts(coming: Lab) -> dict[str, User]:
    """Create missing accounts, with their roles in the programmes and in the coming lab."""
    passwords = _read()
    users = {}
    for number, email in enumerate(ACCOUNTS, start=1):
        user = User.objects.filter(email=email).first()
        if user is None:
            passwords.setdefault(email, _new_password())
            user = User.objects.create_user(
                email, passwords[email], name=f"Demo account {number}", language=LANGUAGES.get(email, "en")
            )
        users[email] = user
    _write(passwords)
    for programme in Programme.objects.filter(slug__in=["icc", "dcc"]):
        Staff.objects.get_or_create(
            user=users["organiser@example.org"], role=Staff.Role.OWNER, programme=programme
        )
    for email, role in (
        ("lab-organiser@example.org", Staff.Role.ORGANISER),
        ("door@example.org", Staff.Role.DOOR),
    ):
        Staff.objects.get_or_create(user=users[email], role=role, lab=coming)
    for email, city in DELEGATES.items():
        Delegate.objects.get_or_create(
            user=users[email], programme=coming.programme, city=City.objects.get(slug=city)
        )
    return users


def _new_password() -> str:
    """Return 16 random characters (79 bits) in groups of four."""
    return "-".join("".join(secrets.choice(ALPHABET) for _sign in range(4)) for _group in range(4))


def _read() -> dict[str, str]:
    try:
        lines = sign_in_file().read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(
        line.split(maxsplit=1) for line in lines if len(line.split()) == 2 and not line.startswith("#")
    )


def _write(passwords: dict[str, str]) -> None:
    path = sign_in_file()
    partial = path.with_suffix(f".{os.getpid()}")
    lines = ["# Sign-ins of the demonstration, made when it was loaded.", *map(" ".join, passwords.items())]
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    partial.replace(path)
