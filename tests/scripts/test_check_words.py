"""The checker of words finds those that texts do not use, and lets others pass."""

import pytest

from scripts.check_words import EXCEPTIONS, WORDS, words_in


@pytest.mark.parametrize(
    ("language", "text", "word"),
    [
        ("en", "2 mails bounced", "mails"),
        ("en", "Your e-mail address", "e-mail"),
        ("en", "The room is made.", "is made"),
        ("en", "Whoever attended", "Whoever"),
        ("bg", "Минали издания", "издания"),
        ("bg", "Запази сесията", "Запази"),
        ("bg", "дигитален преход", "дигитален"),
        ("el", "Μετατροπή σε πρόχειρη", "πρόχειρη"),
        ("el", "Γράψτε το όνομά σας", "Γράψτε"),
    ],
)
def test_an_unused_word_is_found(language: str, text: str, word: str) -> None:
    assert [found.split("”")[0] for found in words_in(text, language)][-1] == f"“{word}"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Emails to %(mails)s people: enter an email address."),
        ("en", "The name in Latin letters"),
        ("bg", "Пето издание на ICC City Lab"),
        ("bg", "Запазете промените, изпратихме имейл"),
        ("el", "Δημιουργήθηκε ως πρόχειρο. Γράψτε στους διοργανωτές."),
    ],
)
def test_other_texts_pass(language: str, text: str) -> None:
    assert list(words_in(text, language)) == []


@pytest.mark.parametrize("phrase", EXCEPTIONS)
def test_each_exception_is_needed(phrase: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(EXCEPTIONS, phrase)
    assert any(list(words_in(phrase, language)) for language in WORDS)
