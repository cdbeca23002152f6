"""`manage.py load_demo`: fills an installation so that everything can be tried at once, and prints the sign-ins."""

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from demo.loader import COMING, PAST, SEMINAR, load_demo
from demo.sign_in import sign_in_file
from sessions.programme_import import ProgrammeFileError


class Command(BaseCommand):
    help = "Load the demonstration data and print its addresses and sign-ins. Loading them again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--admin", action="store_true", help="print how to create an account for the administration"
        )

    def handle(self, *args: object, **options: object) -> None:
        try:
            demo = load_demo(timezone.now())
        except ProgrammeFileError as error:
            for problem in error.problems:
                self.stderr.write(str(problem))
            raise CommandError(_("The demonstration data conflict with what is in this database.")) from None
        self.stdout.write(
            ngettext(
                "Demonstration data with %(count)d fictitious registration for the upcoming lab",
                "Demonstration data with %(count)d fictitious registrations for the upcoming lab",
                demo.registrations,
            )
            % {"count": demo.registrations}
        )
        self._table(
            (_("Upcoming lab"), f"{settings.BASE_URL}/labs/{COMING}/"),
            (_("Past lab"), f"{settings.BASE_URL}/labs/{PAST}/"),
            (_("Seminar"), f"{settings.BASE_URL}/labs/{SEMINAR}/"),
        )
        self.stdout.write("")
        self.stdout.write(_("Sign in at %(address)s") % {"address": f"{settings.BASE_URL}/accounts/login/"})
        self._table(*((sign_in.email, sign_in.password, sign_in.role) for sign_in in demo.sign_ins))
        self.stdout.write(_("  saved in %(file)s") % {"file": sign_in_file()})
        if options["admin"]:
            self.stdout.write("")
            self.stdout.write(
                _("To use the administration at %(address)s, create an account:")
                % {"address": f"{settings.BASE_URL}/admin/"}
            )
            self.stdout.write("  python manage.py createsuperuser --email you@example.org")

    def _table(self, *rows: tuple[str, ...]) -> None:
        widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))] if rows else []
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            self.stdout.write(f"  {'   '.join(cells).rstrip()}")
