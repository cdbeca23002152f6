"""The programme file: JSON bytes to facts, with every problem found and said where it stands.

`docs/programme-file.md` describes the form for people. Nothing is read from the database here; what only it can
know (whose address a lab has, how many seats are taken) is checked by `sessions.programme_import.importer`.
"""

from collections.abc import Collection

from sessions.programme_import.document import Problem, Problems, parse
from sessions.programme_import.facts import FileFacts
from sessions.programme_import.ground import Ground
from sessions.programme_import.programmes import document_facts

__all__ = ["FileFacts", "Problem", "ProgrammeFileError", "read"]


class ProgrammeFileError(Exception):
    """The file cannot be loaded. `problems` says why, each with its path; `unlisted` more were found."""

    def __init__(self, problems: Collection[Problem], unlisted: int = 0) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
        self.unlisted = unlisted


def read(content: bytes, known_cities: Collection[str] = ()) -> FileFacts:
    """Return what the file says. `known_cities` may be referred to without standing in the file.

    Raises ProgrammeFileError with all that is wrong.
    """
    problems = Problems()
    facts = FileFacts()
    document = parse(content, problems)
    if document is not None:
        facts = document_facts(document, Ground(problems, set(known_cities)))
    if problems:
        raise ProgrammeFileError(problems.found, problems.unlisted)
    return facts
