"""`manage.py reset_second_factor EMAIL`: lets somebody sign in with the password alone who lost phone and codes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.accounts import second_factors, sign_ins
from core.accounts.models import User


class Command(BaseCommand):
    help = "Remove all second factors of an account and end its sign-ins. The holder is told by email."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError("There is no account with this address.")
        count = second_factors.reset(user)
        sign_ins.end(user)
        self.stdout.write(f"{user.email}: {count} second factors removed, all sign-ins ended.")
