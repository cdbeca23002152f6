"""The checker of translations finds what would break a page or mislead a reader, and nothing else."""

import pytest
from babel.messages.catalog import Message

from scripts.check_translations import problems_of

PLURAL = ("%(count)s seat left", "%(count)s seats left")


def complaints(
    source: str | tuple[str, str], translation: str | tuple[str, ...], flags: tuple[str, ...] = ()
) -> list[str]:
    return list(problems_of(Message(source, translation, flags=flags)))


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("Register", "Записване"),
        ("Until %(date)s in %(zone)s", "В %(zone)s до %(date)s"),
        ("See {name}", "Вижте {name}"),
        (PLURAL, ("Остава %(count)s място", "Остават %(count)s места")),
        (("One seat left", "%(count)s seats left"), ("Остава едно място", "Остават %(count)s места")),
        ('<a href="%(url)s">Terms</a>', '<a href="%(url)s">Условия</a>'),
        ("100 % free", "100 % безплатно"),
    ],
)
def test_a_faithful_translation_passes(
    source: str | tuple[str, str], translation: str | tuple[str, ...]
) -> None:
    assert complaints(source, translation) == []


def test_a_missing_translation_is_reported() -> None:
    assert complaints("Register", "") == ["has no translation"]


def test_a_missing_plural_form_is_reported() -> None:
    assert complaints(PLURAL, ("Остава %(count)s място", "")) == ["has no translation"]


def test_a_fuzzy_translation_is_reported() -> None:
    assert complaints("Register", "Записване", ("fuzzy",)) == [
        "is marked fuzzy: the source text changed, read the translation again"
    ]


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("Until %(date)s", "До %(day)s"),
        ("Until %(date)s", "До края"),
        ("See {name}", "Вижте {име}"),
        (PLURAL, ("Остава %(count)s място", "Остават места")),
    ],
)
def test_other_placeholders_are_reported(
    source: str | tuple[str, str], translation: str | tuple[str, ...]
) -> None:
    (complaint,) = complaints(source, translation)
    assert complaint.startswith("has other placeholders than the source")


def test_a_lost_tag_is_reported() -> None:
    (complaint,) = complaints("Read <strong>this</strong>", "Прочетете това")
    assert complaint.startswith("has other tags than the source (</strong <strong)")
