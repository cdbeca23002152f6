"""The renderer as this process sees it: another process, which this one starts, asks, watches and replaces.

Whatever a name or a logo may do to WeasyPrint, it does it in `core.pdf.renderer_worker`, a program that holds no
secret and can open nothing. From here it gets an almost empty environment and so many seconds for a document, and its
answer is a PDF or none.
"""

import atexit
import base64
import json
import logging
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.pdf.fonts import fallback_families, own_fonts, sample_of

logger = logging.getLogger(__name__)

PROGRAM = Path(__file__).with_name("renderer_worker.py")
NO_FONTS = Path(__file__).with_name("fonts.conf")

START_SECONDS = 60.0  # importing WeasyPrint takes one to three, and much longer on a machine that is busy
SECONDS = (
    30.0  # for one document; a certificate takes a twentieth of one, a programme of 300 sessions about three
)
DOCUMENTS = 500  # until the process is replaced: its memory grows a little with each
MOST_BYTES = 64 * 1024 * 1024
# Where WeasyPrint's libraries lie, on systems that do not know it by themselves, and where temporary files may lie.
PASSED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "TMPDIR")

_LENGTH = struct.Struct(">I")


@dataclass(frozen=True)
class Picture:
    """An image made or checked by ourselves: its bytes and its media type."""

    content: bytes
    media_type: str


class RendererFailed(Exception):
    """There is no PDF: the renderer took too long, ended, gave up, or answered with what is no PDF.

    The message holds nothing of the document. The next document gets a new process, so another try is worth it.
    """


class Renderer:
    """One process that renders, started with its first document. Threads that ask at once take turns.

    `program` is what runs in it, `seconds` the time that a document may take, `documents` how many it renders before
    it is replaced.
    """

    def __init__(
        self, program: Path = PROGRAM, *, seconds: float = SECONDS, documents: int = DOCUMENTS
    ) -> None:
        self.program = program
        self.seconds = seconds
        self.documents = documents
        self.rendered = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.turn = threading.Lock()

    def render_document(
        self,
        html: str,
        pictures: Mapping[str, Picture],
        identifier: str,
        layouts: Sequence[str] = (),
        *,
        style: str = "",
        seconds: float | None = None,
    ) -> bytes:
        """Return the page as a PDF, as `renderer_worker.DocumentRenderer.render_document` does. Raises RendererFailed.

        `pictures` are named by the addresses under which the page mentions them (`own:…`); `style` is the page's style
        sheet, which knows the fonts of `core.pdf.fonts` by their families; `seconds` may be more than usual for a
        long one.
        """
        seconds = seconds or self.seconds
        document = {
            "html": html,
            "identifier": identifier,
            "layouts": layouts,
            "style": style,
            "seconds": seconds,
            "resources": _packed(pictures),
        }
        with self.turn:
            try:
                process = self._ready()
                pdf = self._ask(process, document, seconds)
                if not pdf.startswith(b"%PDF-") or not pdf.rstrip().endswith(b"%%EOF"):
                    raise RendererFailed("the renderer answered with what is no PDF")
            except BaseException:
                # Also where this thread is told to stop: the next document would get this one's answer.
                self._end()
                raise
            self.rendered += 1
        return pdf

    def close(self) -> None:
        """End the process, if there is one; the next document starts another."""
        with self.turn:
            self._end()

    def _ready(self) -> subprocess.Popen[bytes]:
        """Return the process that runs, or a new one that has loaded its fonts."""
        if self.process is not None and self.process.poll() is None and self.rendered < self.documents:
            return self.process
        self._end()
        self.rendered = 0
        # A new interpreter, not a fork: nothing of this process's memory goes along, and no descriptor but the two.
        try:
            self.process = subprocess.Popen(  # noqa: S603  (our own program, no argument of anybody's)
                [sys.executable, "-I", "-X", "utf8", "-W", "ignore", str(self.program)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=_environment(),
                cwd="/",
            )
        except OSError as error:
            raise RendererFailed(f"the renderer cannot be started: {error}") from error
        self._ask(self.process, _fonts_and_page(), START_SECONDS)
        return self.process

    def _ask(self, process: subprocess.Popen[bytes], message: Mapping[str, object], seconds: float) -> bytes:
        """Send a message and return what is answered within so many seconds."""
        assert process.stdin is not None  # noqa: S101  (both are pipes)
        assert process.stdout is not None  # noqa: S101
        late = threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        watch = threading.Timer(seconds, give_up)
        watch.daemon = True
        watch.start()
        try:
            packed = json.dumps(message).encode()
            process.stdin.write(_LENGTH.pack(len(packed)) + packed)
            process.stdin.flush()
            head = process.stdout.read(_LENGTH.size)
            length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
            if length > MOST_BYTES:
                raise RendererFailed("the renderer answered with what is no PDF")
            answer = process.stdout.read(length)
        except OSError:
            answer = b""
        finally:
            watch.cancel()
        if late.is_set():
            raise RendererFailed(f"the renderer took longer than {seconds:g} s")
        if not answer or len(answer) < length:
            raise RendererFailed("the renderer ended")
        if answer[:1] != b"+":
            raise RendererFailed(f"the renderer gave up: {answer[1:200]!r}")
        return answer[1:]

    def _end(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):  # what was not yet written finds nobody who reads
                if pipe is not None:
                    pipe.close()
        process.wait()


shared_renderer = Renderer()


def render_document(
    html: str,
    pictures: Mapping[str, Picture],
    identifier: str,
    layouts: Sequence[str] = (),
    *,
    style: str = "",
    seconds: float | None = None,
) -> bytes:
    """Render with this process's own renderer; see `Renderer.render_document`."""
    return shared_renderer.render_document(html, pictures, identifier, layouts, style=style, seconds=seconds)


def pid() -> int | None:
    """Return the process that renders for this one, if it runs."""
    return shared_renderer.process.pid if shared_renderer.process else None


def close() -> None:
    """End this process's own renderer, if it has started one."""
    shared_renderer.close()


def _new_renderer() -> None:
    global shared_renderer
    shared_renderer = Renderer()


atexit.register(close)
# A process that was forked off has a lock that perhaps nobody lets go, and pipes that are not its own.
os.register_at_fork(after_in_child=_new_renderer)


def _environment() -> dict[str, str]:
    """What the renderer's process gets of this one's environment."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {"FONTCONFIG_FILE": str(NO_FONTS), **passed_on}


def _fonts_and_page() -> dict[str, object]:
    """Return the rules that name the fonts, every font file, and a page that uses each, so that each is in memory."""
    fonts = {
        f"own:font/{file.path.stem}": file
        for family in (own_fonts(), *fallback_families())
        for file in family
    }
    rules = "".join(
        f'@font-face {{ font-family: "{file.family}"; font-weight: {file.weight}; src: url("{address}") }}\n'
        for address, file in fonts.items()
    )
    samples = "".join(
        f'<p style="font-family: {file.family}; font-weight: {file.weight}">{sample_of(file)}</p>'
        for file in fonts.values()
    )
    return {
        "style": rules,
        "page": f'<!doctype html><html lang="en"><title>x</title>{samples}</html>',
        "resources": _packed(
            {address: Picture(file.path.read_bytes(), "font/ttf") for address, file in fonts.items()}
        ),
    }


def _packed(resources: Mapping[str, Picture]) -> dict[str, list[str]]:
    return {
        address: [one.media_type, base64.b64encode(one.content).decode()]
        for address, one in resources.items()
    }
