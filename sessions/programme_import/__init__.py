"""The programme file: JSON bytes to models, with every problem found and said where it stands.

`docs/programme-file.md` describes the file for people. Nothing is read from the database here; what only it can
know (whose address a lab has, how many seats are taken) is checked by `sessions.programme_import.importer`.
"""

from collections.abc import Collection
from contextlib import suppress

from pydantic import ValidationError

from sessions.programme_import.context import Reading
from sessions.programme_import.json_document import parse
from sessions.programme_import.problems import Problem, Problems, ProgrammeFileError
from sessions.programme_import.schema import ProgrammeFile

__all__ = ["Problem", "ProgrammeFile", "ProgrammeFileError", "read"]


def read(content: bytes, known_cities: Collection[str] = ()) -> ProgrammeFile:
    """Return what the file says. `known_cities` may be referred to without standing in the file.

    Raises ProgrammeFileError with all that is wrong.
    """
    problems = Problems()
    document = parse(content, problems)
    if document is None:
        raise ProgrammeFileError(problems.found)
    sources = document.get("sources")
    reading = Reading(known_cities, sources if isinstance(sources, dict) else None, problems)
    with suppress(ValidationError):  # its problems are noted
        file = ProgrammeFile.model_validate(document, context=reading)
    if problems:
        raise ProgrammeFileError(problems.found, problems.unlisted)
    file._notices = tuple(reading.notices)
    return file
