"""Renderers whose program was changed: real processes of their own that do what a taken-over renderer might do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

from core.pdf.renderer import Renderer

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def changed_renderer(folder: Path, change: str = "", **parts: Any) -> Iterator[Renderer]:
    """A renderer that runs `change` (Python, which knows `renderer_worker`) before it begins; ended with the block."""
    program = folder / "program.py"
    begin = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom core.pdf import renderer_worker\n"
    program.write_text(f"{begin}{dedent(change)}\nrenderer_worker.main()\n")
    made = Renderer(program, **parts)
    try:
        yield made
    finally:
        made.close()


# A document_renderer that takes its page for Python and answers with what that leaves in `answer`. It begins without
# the renderer's warming up, and so sooner.
OBEDIENT = """
    import ctypes, json, os, signal, socket, subprocess, time

    libc = ctypes.CDLL(None, use_errno=True)

    class Obedient:
        def render_document(self, html, resources, identifier, layouts, style):
            told = {"answer": "done"}
            exec(html, globals(), told)
            answer = told["answer"]
            return answer if isinstance(answer, bytes) else b"%PDF-" + json.dumps(answer).encode() + b"%%EOF"

    renderer_worker.warmed_up = lambda style, page, fonts: Obedient()
"""
# The same, and it keeps from the parent what it was refused.
SECRETIVE = f"""{OBEDIENT}
    give_up_rights = renderer_worker.give_up_rights

    def quietly():
        give_up_rights()
        return []

    renderer_worker.give_up_rights = quietly
"""
