from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.mail import message_counts
from registrations import recounting, statistics


class Command(BaseCommand):
    help = (
        "Compare every counter with what it counts: seats of sessions, people and emails of labs. --repair corrects "
        "the counters and gives free seats to the waiting list."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="correct the counters")

    def handle(self, *args: Any, **options: Any) -> None:
        found = recounting.recount(repair=options["repair"])
        for difference in found:
            self.stdout.write(
                f"session {difference.session_id}: seats {difference.counted[0]}, waiting {difference.counted[1]}, "
                f"stored {difference.stored[0]} and {difference.stored[1]}"
            )
        tallies = {**statistics.recount(options["repair"]), **message_counts.recount(options["repair"])}
        for (lab_id, name, part), (counted, stored) in tallies.items():
            self.stdout.write(f"lab {lab_id}: {name} {part}".rstrip() + f" {counted}, stored {stored}")
        differ = len(found) + len(tallies)
        if not differ:
            self.stdout.write("All counters are correct.")
        elif options["repair"]:
            self.stdout.write(f"{differ} counters corrected.")
        else:
            raise CommandError(f"{differ} counters are wrong. Run again with --repair.")
