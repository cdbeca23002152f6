"""`manage.py refresh_instants` reports what moves by new time zone rules; `--apply` moves it."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from core.timezones import formatting, zone_hours
from core.timezones.wall_clock import wall
from core.timezones.zones import city_of
from core.web.errors import RuleViolation
from core.web.localized_fields import text_and_language
from labs.models import City
from sessions import refreshing, zone_rules
from sessions.models import Session


class Command(BaseCommand):
    help = (
        "After a new release of tzdata: report the sessions whose hours mean another instant, and with --apply give "
        "them that instant. Everybody's clock in the session's zone stays; calendars follow."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--apply", action="store_true", help="move what the report lists")
        parser.add_argument(
            "--tell", action="store_true", help="with --apply: email the people concerned at once"
        )
        parser.add_argument(
            "--city", action="append", default=[], help="also show the hours in this city (its slug)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["tell"] and not options["apply"]:
            raise CommandError(_("--tell goes with --apply: without it nothing is changed."))
        with override(settings.LANGUAGE_CODE):
            try:
                cities = refreshing.cities_of(options["city"])
            except RuleViolation as error:
                raise CommandError(error.message) from error
            # The old hours can be told only before the new rules are stored.
            old = zone_rules.stored_rules()
            found = refreshing.refresh(tell=options["tell"]) if options["apply"] else refreshing.report()
            self._say(found, cities, old, applied=options["apply"])
        if found.problems:
            raise CommandError(
                ngettext(
                    "%(count)d session or lab cannot follow the new rules. Change it in the console.",
                    "%(count)d sessions or labs cannot follow the new rules. Change them in the console.",
                    len(found.problems),
                )
                % {"count": len(found.problems)}
            )

    def _say(
        self, found: refreshing.Report, cities: list[City], old: zone_rules.Rules | None, *, applied: bool
    ) -> None:
        versions = {"was": found.version_was or "?", "now": found.version_now}
        self.stdout.write(_("Stored instants: tzdata %(was)s. This process: tzdata %(now)s.") % versions)
        for one in found.moved:
            self.stdout.write(f"\n{one.session.lab.slug}/{one.session.slug}: {_title(one.session)}")
            self.stdout.write(f"  {_utc(*one.was)} → {_utc(*one.now)}")
            zones = {one.session.time_zone: city_of(one.session.time_zone, settings.LANGUAGE_CODE)}
            zones |= {city.time_zone: text_and_language(city.name, "en")[0] for city in cities}
            for zone, name in zones.items():
                before = (
                    _told(one.was, zone, old) if zone != one.session.time_zone else _wall_span(one.session)
                )
                after = zone_hours.hours(*one.now, zone, "en", with_offset=True)
                self.stdout.write(f"  {name}: {before} → {after}")
        for opening in found.openings:
            self.stdout.write(f"\n{opening.lab.slug}: {opening.column}")
            self.stdout.write(f"  {_utc(opening.was)} → {_utc(opening.now)}")
        for problem in found.problems:
            self.stdout.write(f"\n{problem.about}: {problem.message}")
        if found.changes_nothing:
            self.stdout.write(_("Nothing moves."))
        elif not applied:
            self.stdout.write("\n" + _("Nothing has been changed. Run it again with --apply."))
        else:
            self.stdout.write(
                "\n"
                + _("Applied. Organisers see what their participants have not been told, and announce it.")
            )


def _title(session: Session) -> str:
    return text_and_language(session.title, "en", session.lab.default_language)[0]


def _utc(*instants: datetime) -> str:
    first = instants[0]
    hours = "–".join(f"{at:%H:%M}" for at in instants)
    return f"{first:%Y-%m-%d} {hours} UTC"


def _wall_span(session: Session) -> str:
    return formatting.hours(session.start_time, session.end_time)


def _told(was: tuple[datetime, datetime], zone: str, old: zone_rules.Rules | None) -> str:
    """Return the hours in a zone by the rules before."""
    clocks = []
    for at in was:
        offset = old.offset_at(at, zone) if old else None
        local = wall(at, zone).replace(tzinfo=None)
        clocks.append(local if offset is None else (at + timedelta(seconds=offset)).replace(tzinfo=None))
    return formatting.hours(*clocks)
