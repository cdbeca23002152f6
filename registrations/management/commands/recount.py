from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.mail import message_counts
from registrations import choice_places, recounting, statistics
from sessions.models.seating import COUNTERS


class Command(BaseCommand):
    help = (
        "Compare every counter with what it counts: seats, quotas, places of choices, people and emails of labs. "
        "--repair corrects the counters and gives free seats to the waiting list."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="correct the counters")

    def handle(self, *args: Any, **options: Any) -> None:
        found = recounting.recount(repair=options["repair"])
        for difference in found:
            self.stdout.write(
                f"session {difference.session_id}: "
                + ", ".join(
                    f"{name} {counted}, stored {stored}"
                    for name, counted, stored in zip(
                        COUNTERS, difference.counted, difference.stored, strict=True
                    )
                    if counted != stored
                )
            )
        exceeded = recounting.recount_quotas(repair=options["repair"])
        for quota, counted, stored in exceeded:
            self.stdout.write(f"quota {quota}: taken {counted}, stored {stored}")
        tallies = {**statistics.recount(options["repair"]), **message_counts.recount(options["repair"])}
        for (lab_id, name, part), (counted, stored) in tallies.items():
            self.stdout.write(f"lab {lab_id}: {name} {part}".rstrip() + f" {counted}, stored {stored}")
        choices = choice_places.recount(options["repair"])
        for choice in choices:
            self.stdout.write(f"choice {choice.choice_id}: places {choice.counted}, stored {choice.stored}")
        differ = len(found) + len(exceeded) + len(tallies) + len(choices)
        if not differ:
            self.stdout.write("All counters are correct.")
        elif options["repair"]:
            self.stdout.write(f"{differ} counters corrected.")
        else:
            raise CommandError(f"{differ} counters are wrong. Run again with --repair.")
