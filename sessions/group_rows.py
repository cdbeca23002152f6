"""Groups as rows for pages and tables: names and sentences in the reader's language."""

from __future__ import annotations

from typing import Any

from core.search import alphabetical_key
from labs.models import Lab
from sessions.group_words import broken_in_words, city_name, common_in_words, why_in_words
from sessions.grouping_report import GroupingReport
from sessions.languages import language_names


def group_rows(report: GroupingReport, lab: Lab) -> list[dict[str, Any]]:
    """Return each group with its cities by name, and what it shares and breaks in words."""
    found = []
    for one in report.groups:
        mentors = {city.pk for city in one.mentors}
        cities = [
            {
                "member": member,
                "name": city_name(member.city, lab),
                "is_mentor": member.city_id in mentors,
            }
            for member in one.members
        ]
        cities.sort(key=lambda row: alphabetical_key(str(row["name"])))
        found.append(
            {
                "group": one.group,
                "cities": cities,
                "countries": one.countries,
                "languages": language_names(one.languages),
                "interests": ", ".join(one.interests),
                "mentors": ", ".join(city_name(city, lab) for city in one.mentors),
                "common": common_in_words(one, lab),
                "broken": broken_in_words(one, lab),
            }
        )
    return found


def left_rows(report: GroupingReport, lab: Lab) -> list[dict[str, Any]]:
    """Return the cities that are left over, by name, each with the reason."""
    rows = [
        {"member": one.member, "name": city_name(one.member.city, lab), "why": why_in_words(one)}
        for one in report.left_over
    ]
    return sorted(rows, key=lambda row: alphabetical_key(str(row["name"])))
