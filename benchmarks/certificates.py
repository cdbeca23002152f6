"""One certificate in a warm process, beside WeasyPrint on an empty page.

Two processes work on a certificate, one that asks and the renderer; what is counted is the CPU time of both.
"""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime

from benchmarks.measuring import Line, cpu_ms
from certificates.content import AttendedSession, CertificateContent


def _content(name: str) -> CertificateContent:
    day = date(2021, 12, 2)
    titles = {
        "en": "Upskilling and reskilling in cities, preparing the local workforce for the jobs of the future",
        "bg": "Повишаване на квалификацията и преквалифициране в градовете",
    }
    return CertificateContent(
        code="7K3M-Q9TX-2W8H",
        check_url="https://citylabs.example.org/certificates/7K3M-Q9TX-2W8H/",
        language="bg",
        second_language="en",
        holder_name=name,
        lab_title={"en": "4th ICC City Lab", "bg": "Четвърто издание на ICC City Lab"},
        programme_name={
            "en": "Intelligent Cities Challenge",
            "bg": "Предизвикателство 100 интелигентни града",
        },
        organiser_name={"en": "European Commission", "bg": "Европейска комисия"},
        place={"en": "online", "bg": "онлайн"},
        first_day=day,
        last_day=day,
        sessions=tuple(
            AttendedSession(
                titles, 90, datetime(2021, 12, 2, 9 + 2 * n), datetime(2021, 12, 2, 10 + 2 * n, 30)
            )
            for n in range(3)
        ),
        minutes=270,
        issued_on=day,
        zone={"en": "Sofia time (UTC+2)", "bg": "часова зона София (UTC+2)"},
    )


def lines() -> list[Line]:
    """Measure in a fresh process, as a worker is one, whose heap no other benchmark has filled."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.certificates"], stdout=subprocess.PIPE, check=True
    )
    first, each, empty = json.loads(done.stdout)
    against = f"empty page {empty:.0f} ms"
    return [
        Line("certificate, first in a warm process", f"{first:.0f} ms", against, "under 150 ms", first < 150),
        Line("certificate, each", f"{each:.0f} ms ({each / empty:.1f} ×)", against),
    ]


def main() -> None:
    """The fresh process: warm up, print one, print more; then print empty pages, without a second process."""
    import django

    django.setup()
    from certificates.pdf import render
    from core.pdf import renderer

    for language in ("en", "bg", "el"):
        render(replace(_content("Участник"), language=language))
    helper = renderer.pid()
    first = cpu_ms(lambda: render(_content("Участник нула")), 1, helper=helper)
    names = iter(f"Участник номер {number}" for number in range(1000))
    each = cpu_ms(lambda: render(_content(next(names))), 15, helper=helper)
    renderer.close()

    from weasyprint import HTML

    empty = cpu_ms(lambda: HTML(string="<!doctype html><html lang=en><title>x</title><p>x").write_pdf(), 15)
    json.dump([first, each, empty], sys.stdout)


if __name__ == "__main__":
    main()
