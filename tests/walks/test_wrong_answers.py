"""Wrong answers to every form, in three languages: what comes back is in the house's words, stands beside the field,
is linked from the summary, and has kept what was typed.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import ModuleType
from typing import Any

import allauth.account.adapter
import allauth.account.forms
import django.contrib.auth.forms
import django.core.validators
import django.db.models
import django.forms
import django.forms.formsets
import django.forms.models
import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.utils import translation
from django.utils.functional import Promise

from core.web.idempotency import FIELD
from tests.pages import VOID, Form, forms_of
from tests.walks import world as w
from tests.walks.exploring import walked
from tests.walks.routes import Route

pytestmark = pytest.mark.django_db

HERE = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
OURS = {FIELD, "csrfmiddlewaretoken"}
# One answer to all questions at once.
WRONG: dict[str, str | None] = {
    "missing": None,
    "a word": "no-such-thing",
    "no web address": "javascript:alert(1)",
    "too long": "x" * 20_001,
    "a NUL": "a\0b",
    "below nought": "-1",
    "beyond": "99999999999",
}


def sentences_of(module: ModuleType) -> Iterator[Any]:
    """Yield the sentences with which the classes of a module refuse something."""
    for one in vars(module).values():
        if isinstance(one, type):
            for name in ("default_error_messages", "error_messages"):
                said = getattr(one, name, None)
                yield from said.values() if isinstance(said, dict) else ()
            if isinstance(getattr(one, "message", None), str | Promise):
                yield one.message  # type: ignore[attr-defined]


LIBRARIES = (
    django.core.validators,
    django.db.models,
    django.forms,
    django.forms.formsets,
    django.forms.models,
    django.contrib.auth.forms,
    allauth.account.adapter,
    allauth.account.forms,
)
# Written where they are raised, or with a plural.
MORE = (
    "You must type the same password each time.",
    "The password is too similar to the %(verbose_name)s.",
    "This password is too common.",
    "This password is entirely numeric.",
)
# Said in Django's own words, which are plain.
AS_WE_SAY_IT = ("Enter a whole number.", "Enter a number.")
PLURALS = (
    "This password is too short. It must contain at least %(min_length)d character.",
    "Ensure this value has at least %(limit_value)d character (it has %(show_value)d).",
    "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
    "Please submit at most %(num)d form.",
    "Please submit at least %(num)d form.",
)


def of_libraries(language: str) -> re.Pattern[str]:
    """Return a pattern of everything that Django and allauth would say, in this language and in English."""
    found: set[str] = set()
    for code in (language, "en"):
        with translation.override(code):
            for module in LIBRARIES:
                found |= {str(one) for one in sentences_of(module) if not hasattr(one, "_get_number_value")}
            found |= {translation.gettext(one) for one in MORE}
            for one in PLURALS:
                many = one.replace("character", "characters").replace("form.", "forms.")
                found |= {translation.ngettext(one, many, number) for number in (1, 2)}
            found -= {translation.gettext(one) for one in AS_WE_SAY_IT}
    placeholder = re.compile(r"%(?:\\\(\w+\\\))?[dsr]")
    return re.compile(
        "|".join(placeholder.sub(".+", re.escape(one)) for one in sorted(found) if len(one) > 5)
    )


@dataclass
class Answer:
    """What stands on a page: ids, the errors by the ids of their boxes, who points to them, and the summary's links."""

    ids: set[str] = field(default_factory=set)
    errors: dict[str, str] = field(default_factory=dict)
    described: set[str] = field(default_factory=set)
    summary: list[tuple[str, str]] = field(default_factory=list)
    has_summary: bool = False
    counted: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.answer = Answer()
        self.depth = 0
        self.box: tuple[str, int] | None = None
        self.in_summary = 0
        self.in_title = 0
        self.link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self.depth += 1
        self.answer.ids.add(said.get("id", ""))
        self.answer.described.update(said.get("aria-describedby", "").split())
        classes = said.get("class", "").split()
        if "error-summary" in classes:
            self.in_summary, self.answer.has_summary = self.depth, True
        if "errors" in classes:
            self.box = (said.get("id", ""), self.depth)
            self.answer.errors[self.box[0]] = ""
        if said.get("id") == "problems-title":
            self.in_title = self.depth
        if self.in_summary and tag == "li":
            self.answer.summary.append(("", ""))
        if self.in_summary and tag == "a":
            self.answer.summary[-1] = (said.get("href", ""), "")

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self.box and self.depth == self.box[1]:
            self.box = None
        if self.in_summary == self.depth:
            self.in_summary = 0
        if self.in_title == self.depth:
            self.in_title = 0
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        if self.box:
            self.answer.errors[self.box[0]] += " " + data.strip()
        if self.in_title:
            self.answer.counted += data.strip()
        if self.in_summary and self.answer.summary:
            link, words = self.answer.summary[-1]
            self.answer.summary[-1] = (link, f"{words} {data.strip()}".strip())


def read(html: str) -> Answer:
    reader = _Reader()
    reader.feed(html)
    return reader.answer


def filled_wrongly(form: Form, wrong: str | None) -> dict[str, Any]:
    """Return a submission in which every answer is this one; what belongs to the form itself stays."""
    kept = {name: values for name, values in form.values.items() if name in OURS or name.endswith("_FORMS")}
    if wrong is None:
        return kept
    return kept | dict.fromkeys(form.names - set(kept), wrong)


def faults(answer: Answer, theirs: re.Pattern[str]) -> Iterator[str]:
    """Yield what is wrong with a page that tells of wrong answers."""
    for place, words in answer.errors.items():
        if place not in answer.described:
            yield f"nothing points to #{place}: {words}"
    said = [*answer.errors.values(), *(words for _link, words in answer.summary)]
    yield from (f"not our words: {words}" for words in said if theirs.search(words))
    for link, words in answer.summary:
        if link and link[1:] not in answer.ids:
            yield f"the summary leads nowhere: {link} {words}"
    if answer.errors and not answer.has_summary:
        yield f"no summary, but {answer.errors}"
    if len(answer.summary) < len(answer.errors):
        yield f"{len(answer.errors)} errors, {len(answer.summary)} lines in the summary"
    for words, times in Counter(words for _link, words in answer.summary).items():
        if times > 1:
            yield f"said {times} times: {words}"
    for link, times in Counter(link for link, _words in answer.summary if link).items():
        if times > 1:
            yield f"{times} lines about one answer: {[words for to, words in answer.summary if to == link]}"
    yield from (f"names no field: {words}" for link, words in answer.summary if link and ": " not in words)
    wrong = len({link or words for link, words in answer.summary})
    if wrong > 1 and str(wrong) not in answer.counted:
        yield f"{wrong} wrong answers, but: {answer.counted}"


def forms_in_reach(world: w.World, client: Client) -> Iterator[tuple[Route, str]]:
    """Yield the addresses with something to fill in: of the main lab, private links, and accounts."""
    person = world.kinds["participant"].tokens
    for route in walked():
        if route.policy in ("api", "provider", "monitoring"):
            continue
        for token in person if "token" in route.parameters else ("",):
            address = route.address({**world.main, "token": token})
            page = client.get(address)
            if page.status_code == 200 and page.headers["Content-Type"].startswith("text/html"):
                yield route, address


@pytest.mark.parametrize("language", ["en", "bg", "el"])
def test_wrong_answers_are_told_in_our_words_beside_the_field_and_in_the_summary(language: str) -> None:
    world = w.build()
    theirs = of_libraries(language)
    found: list[str] = []
    told = set()
    headers = {**HERE, "Accept-Language": language}
    for name in ("superuser", "visitor"):
        client = world.kinds[name].client()
        for route, address in forms_in_reach(world, client):
            cache.clear()
            for form in forms_of(client.get(address, headers=headers)):
                target = form.action or address
                for what, wrong in WRONG.items():
                    cache.clear()
                    with transaction.atomic():
                        page = client.post(target, filled_wrongly(form, wrong), headers=headers)
                        transaction.set_rollback(True)
                    if page.status_code >= 500:
                        found.append(f"{route.path} ({what}): {page.status_code}")
                    if page.status_code in (200, 422) and "text/html" in page.headers["Content-Type"]:
                        answer = read(page.content.decode())
                        if answer.errors or answer.summary:
                            told.add(route.path)
                        found += [f"{route.path} ({what}): {fault}" for fault in faults(answer, theirs)]
    assert "\n".join(sorted(set(found))) == ""
    assert len(told) > 15
