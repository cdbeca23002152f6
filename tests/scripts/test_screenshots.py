"""The pictures of README and tour: each one that is shown is there and can be taken anew, and none is left over."""

import re

import pytest

from scripts.screenshots import DOCUMENTS, PICTURES, SCREENSHOTS, named_pictures


def test_the_documents_name_all_pictures_and_no_other() -> None:
    assert sorted(file.stem for file in SCREENSHOTS.iterdir()) == sorted(named_pictures())


def test_it_is_known_how_each_picture_is_taken() -> None:
    assert set(PICTURES) == named_pictures()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_picture_that_is_shown_has_an_alternative_text(document) -> None:
    shown = re.findall(r"!\[(.*?)\]\(", document.read_text(encoding="utf-8"))
    assert shown
    assert [text for text in shown if not text.strip()] == []
