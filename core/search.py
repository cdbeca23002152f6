"""Search and sort names independent of spelling variants and of the database's collation.

A searchable row has a column with its names folded: without case, accents, apostrophes and punctuation, in one Unicode
form. Search terms are folded the same way.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Collate
from django.utils.translation import get_language

# Letters that Unicode does not decompose into a base letter and a mark, as people without them type them.
_PLAIN = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "ŋ": "n", "þ": "th", "æ": "ae", "œ": "oe", "ŧ": "t",
     "ǥ": "g", "ə": "e", "ɖ": "d", "ƙ": "k", "ɓ": "b", "ɗ": "d", "ґ": "г"}
)  # fmt: skip
# A letter of its own in the alphabet, not an и with a mark.
_NOT_DECOMPOSED = "й"
# First and last letter of the alphabets that readers of a language expect before all others.
_ALPHABETS = {"bg": ("Ѐ", "ӿ"), "el": ("Ͱ", "Ͽ")}


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return the words of a text in lower case without marks, separated by single spaces.

    Apostrophes are dropped ("d’Orme" is "dorme"), all other punctuation separates words ("Jean-Luc" is "jean luc").
    """
    found = []
    for sign in unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold()):
        if sign == _NOT_DECOMPOSED:
            found.append(sign)
            continue
        for part in unicodedata.normalize("NFD", sign):
            kind = unicodedata.category(part)
            if kind[0] in "LN" and kind != "Lm":
                found.append(part)
            elif kind[0] not in "ML" and kind != "Cf" and part not in "'’‘‛`´′＇":
                found.append(" ")
    return " ".join("".join(found).translate(_PLAIN).split())


def search_text(*texts: str) -> str:
    """Return the text that `matches` searches: the first text as words, the sort key, then each without spaces."""
    words = [fold(text) for text in texts]
    return "\n".join([words[0], *(each.replace(" ", "") for each in words)])


class SearchKeyField(models.TextField):
    """A column computed from others of its row: their `search_text`, written by every save that writes them.

    Its model's `save` passes `update_fields` through `with_search_keys`; `QuerySet.update()` does not change it.
    """

    def __init__(self, *sources: str, **options: Any) -> None:
        self.sources = sources
        super().__init__(**{**options, "editable": False, "default": ""})

    def deconstruct(self) -> Any:
        name, path, _positional, named = super().deconstruct()
        return (
            name,
            path,
            self.sources,
            {key: named[key] for key in named if key not in ("editable", "default")},
        )

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = search_text(*(getattr(model_instance, source) for source in self.sources))
        setattr(model_instance, self.attname, value)
        return value


def with_search_keys(row: models.Model, update_fields: Iterable[str]) -> set[str]:
    """Return the fields to save, with the search keys computed from any of them."""
    wanted = set(update_fields)
    keys = [field for field in row._meta.concrete_fields if isinstance(field, SearchKeyField)]
    return wanted | {key.name for key in keys if not wanted.isdisjoint(key.sources)}


def matches(text: str, *columns: str) -> Q:
    """Return the condition that each word occurs in one of the columns. Text without letters matches nothing."""
    words = [piece for word in text.split() if (piece := fold(word).replace(" ", ""))]
    if not words:
        return Q(pk__in=[])
    return Q(*(Q(*((f"{column}__contains", word) for column in columns), _connector=Q.OR) for word in words))


def by_name(*, descending: bool = False, column: str = "name_key") -> list[Combinable]:
    """Return the `order_by` expressions of a list of names in the active language: its own alphabet first."""
    order: list[Any] = [_CodePoints(F(column))]
    if own_letters := _ALPHABETS.get(get_language() or ""):
        first, last = own_letters
        own = When(**{f"{column}__regex": f"^[{first}-{last}]"}, then=Value(0))
        order.insert(0, Case(own, default=Value(1), output_field=models.SmallIntegerField()))
    return [each.desc() if descending else each.asc() for each in order]


class _CodePoints(Collate):
    """A text column in the order of code points, which sorts the folded letters of one alphabet.

    SQLite's default; PostgreSQL's is the collation that its database was created with.
    """

    def __init__(self, expression: Any) -> None:
        super().__init__(expression, "C")

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return compiler.compile(self.source_expressions[0])


def alphabetical_key(text: str) -> tuple[bool, str, str]:
    """Return the key for `sorted` that gives the order of `by_name`."""
    words = fold(text)
    first, last = _ALPHABETS.get(get_language() or "", ("", "\U0010ffff"))
    return not first <= words[:1] <= last, words, text
