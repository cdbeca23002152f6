"""`manage.py calendar_texts` writes calendar entries that differ from their sessions; `--check` only counts them."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from sessions import calendar_texts
from sessions.models import Session


class Command(BaseCommand):
    help = "Update the calendar entries of all sessions that differ from the sessions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing; exit with an error if any entry differs"
        )

    def handle(self, *args: object, check: bool, **options: object) -> None:
        differing = calendar_texts.write_lab_by_lab(Session.objects.all(), dry=check)
        if check and differing:
            raise CommandError(f"{differing} entries differ from their sessions.")
        self.stdout.write(f"{differing} entries differed.")
