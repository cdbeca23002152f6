"""A press for tests that look at what is attested, and not at the paper."""

import pytest


@pytest.fixture
def quick_press(monkeypatch: pytest.MonkeyPatch) -> None:
    """Print at once what is no paper, without the process that prints."""
    monkeypatch.setattr("certificates.pdf.render_document", lambda *_document, **_style: b"%PDF-1.7 %%EOF")
