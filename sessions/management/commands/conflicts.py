from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labs.models import Lab
from sessions.conflict_words import in_words
from sessions.conflicts import conflicts_of


class Command(BaseCommand):
    help = "List what is wrong in the schedules of labs, one a line. Ends with an error if a session cannot be held."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "labs", nargs="*", metavar="LAB", help="slugs of labs; all of them if none is named"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        labs = Lab.objects.order_by("slug")
        if asked := options["labs"]:
            labs = labs.filter(slug__in=asked)
            if unknown := sorted(set(asked) - set(labs.values_list("slug", flat=True))):
                raise CommandError(f"no such lab: {', '.join(unknown)}")
        errors = 0
        for lab in labs:
            for one in conflicts_of(lab):
                errors += one.is_error
                severity = "error" if one.is_error else "warning"
                self.stdout.write(f"{lab.slug}\t{severity}\t{one.kind.value}\t{in_words(one)}")
        if errors:
            raise CommandError(f"{errors} errors in schedules")
