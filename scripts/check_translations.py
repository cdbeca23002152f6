"""Report source texts without a translation or with an invalid one.

Extraction runs in a copy of the tree; with --write it updates the catalogues in locale/ instead (new texts empty,
changed ones marked fuzzy).
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE_SUFFIXES = (".py", ".html", ".txt", ".po")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sdif]|(?<!\{)\{\w*\}(?!\})")
TAG = re.compile(r"</?\w+")


def source_files() -> list[str]:
    """Files of the tree that may hold texts: tracked ones and new ones, without what is ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(
        name
        for name in set(listed.split("\0"))
        if name.endswith(SOURCE_SUFFIXES) and not name.startswith(("tests/", "requirements/", "scripts/"))
    )


def copy_sources(target: Path) -> None:
    """Copy the source files to another folder, keeping their places."""
    for name in source_files():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)


def extract(tree: Path, languages: list[str]) -> None:
    """Run Django's makemessages in a tree that holds source files only."""
    from django.core.management import call_command

    (tree / "locale").mkdir(exist_ok=True)
    before = Path.cwd()
    os.chdir(tree)
    try:
        call_command(
            "makemessages",
            locale=languages,
            extensions=["html", "txt", "py"],
            add_location="file",
            no_obsolete=True,
            no_wrap=True,
            verbosity=0,
        )
    finally:
        os.chdir(before)


def texts(value: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """A message's text, or its plural forms, as a list."""
    return [value] if isinstance(value, str) else list(value or [""])


def problems_of(message: Message) -> Iterator[str]:
    """Yield the problems of one translation."""
    sources, translations = texts(message.id), texts(message.string)
    if not all(translations):
        yield "has no translation"
        return
    if message.fuzzy:
        yield "is marked fuzzy: the source text changed, read the translation again"
    for pattern, what in ((PLACEHOLDER, "placeholders"), (TAG, "tags")):
        allowed = [Counter(pattern.findall(source)) for source in sources]
        for translation in translations:
            found = Counter(pattern.findall(translation))
            if found not in allowed:
                wanted = " ".join(sorted(allowed[-1].elements())) or "none"
                yield f"has other {what} than the source ({wanted}): {translation}"


def problems_in(catalogue: Path, language: str) -> Iterator[str]:
    """Yield the problems of one language's catalogue, one line each."""
    with catalogue.open("rb") as file:
        messages = [message for message in read_po(file, locale=language) if message.id]
    for message in messages:
        for problem in problems_of(message):
            place = message.locations[0][0] if message.locations else "?"
            yield f"{language}: “{texts(message.id)[0]}” ({place}) {problem}"
    # msgfmt checks format flags, line breaks at the ends and the number of plural forms.
    command = ["msgfmt", "--check-format", "--check-header", "-o", os.devnull, str(catalogue)]
    complaint = subprocess.run(command, capture_output=True, text=True)
    if complaint.returncode:
        yield from (f"{language}: {line}" for line in complaint.stderr.strip().splitlines())


def configured_languages() -> list[str]:
    """The languages of the pages, without the one the source is written in."""
    from config import settings

    return [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def main() -> int:
    """Check or write; exit code 1 when a check finds something."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="bring locale/ up to date instead of checking")
    options = parser.parse_args()

    sys.path.insert(0, str(ROOT))
    languages = configured_languages()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder).resolve()
        copy_sources(tree)

        import django
        from django.conf import settings

        # The project's applications are not needed for reading its texts.
        settings.configure(LOCALE_PATHS=[tree / "locale"], USE_I18N=True)
        django.setup()
        extract(tree, languages)

        found: list[str] = []
        for language in languages:
            place = Path("locale") / language / "LC_MESSAGES" / "django.po"
            found += problems_in(tree / place, language)
            if options.write:
                (ROOT / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(tree / place, ROOT / place)
    print("\n".join(found))
    if found:
        print(f"{len(found)} problems in translations.")
    return 0 if options.write else int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
