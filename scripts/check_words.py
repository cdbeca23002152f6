"""Report words that this service does not use in texts for people, with the words to use instead.

Reads the catalogues in locale/: the English source texts and their translations. docs/translating.md has the words for
each thing.
"""

import re
import sys
from collections.abc import Iterator

from babel.messages.pofile import read_po

from scripts.check_translations import PLACEHOLDER, ROOT, texts

SOURCE = "en"
WORDS = {
    "en": {
        r"mails?": "email",
        r"e-mails?": "email",
        r"(is|are|was|were|been) made": "created",
        r"whoever": "everyone who, people who, anyone who",
        r"somebody": "someone",
        r"anybody": "anyone",
        r"everybody": "everyone",
        r"(a|the|this|our) letters?": "email",
        r"keys? for programs": "API key",
        r"tokens?": "API key",
        r"hours? of (opening|closing|start)": "opening time, closing time, start",
        r"stakeholder groups?": "type of organisation",
        r"(is|are) queued": "will be sent",
        r"is written to": "is notified",
        r"once more": "again",
        r"anew": "again",
        r"at present": "now, at the moment",
        r"meanwhile": "in the meantime",
        r"for ever": "permanently",
        r"one press|press once": "confirm, select",
        r"square code": "QR code",
        r"(take|takes|taken|took) (away|back|off)": "remove, removed",
        r"tries": "attempts",
        r"(^|(?<=[.:;] ))(write|say) (a|an|at least|at most|in|it|the|this|what|when|your)": "enter",
        r"please|successfully": "nothing: leave it out",
    },
    "bg": {
        r"(?<!Пето )(?<!Четвърто )издани(е|ето|я|ята)": "събитие",
        r"дигитал\w*": "цифров",
        r"(е-)?мейл\w*": "имейл",
        r"токен\w*": "API ключ",
        r"пощенски\w* процес\w*": "имейлите се изпращат, се бавят, са спрени",
        r"опашка\w*": "ще бъде изпратен до минути, за изпращане",
        r"заинтересован\w+ груп\w+": "вид организация",
        r"месторабота": "организация",
        r"участник в панела": "панелист",
        r"изчезва\w*": "ще бъде изтрито, се премахва",
        r"^(виж|вземи|върни|дай|добави|замени|запази|избери|издай|изпрати|изтрий|копирай|махни|направи|отвори|отмени"
        r"|опитай|покажи|поискай|потвърди|премахни|промени(?= \w)|публикувай|създай|търси|анулирай|филтрирай)": (
            "a noun"
        ),
    },
    "el": {
        r"πρόχειρ(η|ης|ες|ων)": "πρόχειρο",
        r"διεργασί\w+": "υπηρεσία· τα email αποστέλλονται, καθυστερούν",
        r"(σε|στην) ουρά": "προς αποστολή, θα σταλεί",
        r"μ[ηή]ν[υύ]μα\w*": "email",
        r"e-mail": "email",
        r"διακριτικ\w+": "κλειδί API",
        r"χαρτί": "έγγραφο",
        r"οικοδεσπότ\w+": "παρουσίαση",
        r"για πάντα": "οριστικά",
        r"κατηγορί\w+ ενδιαφερομένων": "είδος φορέα",
        r"γράψτε(?! στ)": "συμπληρώστε",
    },
}
# Phrases in which a word above is right, and why.
EXCEPTIONS = {
    "mail server": "a program, not a message",
    "decision about you is made": "as laws on data protection say",
    "Промени и отмяна": "changes, a noun",
}


def words_in(text: str, language: str) -> Iterator[str]:
    """Yield what is wrong with the words of one text."""
    plain = PLACEHOLDER.sub("", text)
    for phrase in EXCEPTIONS:
        plain = plain.replace(phrase, "")
    for pattern, instead in WORDS[language].items():
        if found := re.search(rf"(?<![\w-])(?:{pattern})(?![\w-])", plain, re.IGNORECASE):
            yield f"“{found[0]}” (instead: {instead}): {text}"


def problems_in(language: str) -> Iterator[str]:
    """Yield the problems of one language's catalogue and of its source texts, one line each."""
    catalogue = ROOT / "locale" / language / "LC_MESSAGES" / "django.po"
    with catalogue.open("rb") as file:
        messages = [message for message in read_po(file, locale=language) if message.id]
    for message in messages:
        place = message.locations[0][0] if message.locations else "?"
        for text in texts(message.string):
            yield from (f"{language}: {place}: {found}" for found in words_in(text, language))
        for text in texts(message.id):
            yield from (f"{SOURCE}: {place}: {found}" for found in words_in(text, SOURCE))


def main() -> int:
    """Print each problem once; exit code 1 if there are any."""
    found = dict.fromkeys(
        problem for language in WORDS if language != SOURCE for problem in problems_in(language)
    )
    print("\n".join(found) or "No unused words.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
