"""Who and what the story is about."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

OPERATOR, OWNER = "operator@example.org", "owner@example.org"
DELEGATE, DOOR = "delegate@example.org", "door@example.org"
FIRST, SECOND = "first@example.org", "second@example.org"
FIRST_NAME, SECOND_NAME = "Демо Участничка Ъглова", "Демо Участник Щъркелов"
LAB = "Лаборатория на градовете"
PLENARY, WORKSHOP, INNER = "Откриване и разговор", "Работилница за умения", "Вътрешна среща на София"
JOIN_LINK = "https://meet.example.org/plenary-hall"


def spring_forward() -> date:
    """Return the next day on which clocks in Sofia jump from 3:00 to 4:00, at least three weeks ahead."""
    earliest = datetime.now(UTC).date() + timedelta(days=21)
    for year in (earliest.year, earliest.year + 1):
        last = date(year, 3, 31)
        last -= timedelta(days=(last.weekday() + 1) % 7)
        if last >= earliest:
            return last
    raise AssertionError("the last Sunday of March comes every year")


JUMP = spring_forward()
DAY = JUMP + timedelta(days=2)


@dataclass
class Programme:
    """Where the story's pages are; addresses are learnt from the browser, as people do."""

    lab: str = ""
    plenary: str = ""
    workshop: str = ""
    inner: str = ""

    def page(self, session: str = "") -> str:
        return f"/labs/{self.lab}/" + (f"sessions/{session}/" if session else "")

    def console(self, rest: str = "") -> str:
        return f"/organise/labs/{self.lab}/{rest}"
