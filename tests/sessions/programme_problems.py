"""What is wrong with a programme file, for tests."""

import pytest

from sessions.programme_import import ProgrammeFileError, read
from tests.sessions.programme_documents import as_bytes


def problems_of(document) -> list[str]:
    content = document if isinstance(document, bytes) else as_bytes(document)
    with pytest.raises(ProgrammeFileError) as caught:
        read(content)
    return [str(problem) for problem in caught.value.problems]


def paths_of(document) -> list[str]:
    return [line.partition(": ")[0] for line in problems_of(document)]
