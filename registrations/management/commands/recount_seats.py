from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registrations import seats


class Command(BaseCommand):
    help = "Compare every session's counters with its seats; --repair writes the counted values and seats who waits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        found = seats.recount(repair=options["repair"])
        for difference in found:
            self.stdout.write(
                f"session {difference.session_id}: seats {difference.counted[0]}, waiting {difference.counted[1]}, "
                f"stored {difference.stored[0]} and {difference.stored[1]}"
            )
        if not found:
            self.stdout.write("Every counter agrees with its seats.")
        elif options["repair"]:
            self.stdout.write(f"Repaired {len(found)}.")
        else:
            raise CommandError(f"{len(found)} sessions differ. Run again with --repair.")
