from typing import Any

from django.core.management.base import BaseCommand

from registrations import answers


class Command(BaseCommand):
    help = (
        "Encrypt protected answers and files of participants with the current key. Run it after DATA_KEY or SECRET_KEY "
        "has changed; then the old one is no longer needed for them."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = last = 0
        while found := answers.encrypt_anew(last):
            count, last = count + len(found), found[-1]
        self.stdout.write(f"{count} answers encrypted.")
