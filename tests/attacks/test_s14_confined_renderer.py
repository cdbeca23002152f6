"""S14 (Indico CVE-2026-33046, CVE-2025-27516), the other half: the renderer read files and ran code when it was fooled.

Here it is taken over altogether: a renderer that does whatever the document says, in the process in which documents are
printed. It finds no secret there, opens no file and no connection, starts nothing, and is ended when it takes too much.
"""

import errno
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from core.pdf.renderer import Renderer, RendererFailed
from tests.core.pdf.renderers import OBEDIENT, SECRETIVE, changed_renderer

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the system's own limits are set on Linux only")


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Renderer]:
    """A renderer that was taken over, and hides what it was refused. Started with secrets in its parent's hands."""
    folder = tmp_path_factory.mktemp("captured")
    with pytest.MonkeyPatch.context() as patch, changed_renderer(folder, SECRETIVE) as made:
        for name in ("SECRET_KEY", "DATABASE_URL", "EMAIL_URL", "ANYMAIL_API_KEY", "PGPASSWORD"):
            patch.setenv(name, "CANARY-S14")
        tell(made, "pass")
        yield made


def tell(captured: Renderer, program: str) -> Any:
    """Have the program run there; return what it left in `answer`."""
    said = captured.render_document(program, {}, "x")
    return json.loads(said.removeprefix(b"%PDF-").removesuffix(b"%%EOF"))


def attempt(captured: Renderer, deed: str) -> str:
    """Return what comes of one deed there: the name of the error, or "done"."""
    return tell(captured, f"try: {deed}\nexcept BaseException as error: answer = type(error).__name__")


def test_no_secret_is_in_its_environment(captured: Renderer) -> None:
    environment = tell(captured, "answer = dict(os.environ)")
    assert set(environment) <= {
        "FONTCONFIG_FILE", "LC_CTYPE", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
    }  # fmt: skip
    assert "CANARY-S14" not in str(environment)


def test_nothing_of_the_service_is_in_its_memory(captured: Renderer) -> None:
    loaded = tell(captured, "answer = sorted(name.partition('.')[0] for name in sys.modules)")
    assert {"weasyprint", "PIL"} <= set(loaded)
    assert {"django", "config", "labs", "sessions", "registrations", "environ", "psycopg"} & set(
        loaded
    ) == set()
    assert tell(captured, "answer = sorted(n for n in sys.modules if n.startswith('core.pdf.'))") == [
        "core.pdf.renderer_worker"
    ]


@on_linux
def test_it_holds_no_descriptor_of_its_parent(captured: Renderer) -> None:
    """Two pipes and a place where nothing goes: no database, no log, no listening socket."""
    with socket.socket() as listening:
        os.set_inheritable(listening.fileno(), True)
        held = "\n".join(
            (
                "answer = {}",
                "for number in range(256):",
                "    try: answer[number] = os.readlink(f'/proc/self/fd/{number}').partition(':')[0]",
                "    except OSError: pass",
            )
        )
        captured.close()
        assert tell(captured, held) == {"0": "pipe", "1": "pipe", "2": "/dev/null"}


DEEDS = (
    "open('/etc/passwd')",
    "open('{environment}')",
    "open('{here}')",
    "open('{here}.new', 'w')",
    "os.open('/etc/passwd', os.O_RDONLY)",
    "os.listdir('/')",
    "os.remove('{here}')",
    "import xmlrpc.client, this",
    "socket.socket()",
    "socket.getaddrinfo('example.org', 80)",
    "socket.create_connection(('127.0.0.1', {port}))",
    "os.system('id')",
    "os.fork()",
    "os.posix_spawn('/bin/sh', ['sh', '-c', 'id'], dict())",
    "os.execv('/bin/sh', ['sh', '-c', 'id'])",
    "subprocess.run(['id'])",
    "os.kill(os.getppid(), 9)",
    "ctypes.CDLL('libm.so.6')",
)


@pytest.mark.parametrize("deed", DEEDS)
def test_what_it_asks_python_for_is_refused(captured: Renderer, tmp_path, deed: str) -> None:
    here = tmp_path / "file"
    here.write_text("CANARY-S14")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        asked = deed.format(
            environment=f"/proc/{os.getpid()}/environ", here=here, port=listening.getsockname()[1]
        )
        assert attempt(captured, asked) == "PermissionError"
    assert list(tmp_path.iterdir()) == [here]


@on_linux
@pytest.mark.parametrize(
    "deed",
    [
        "libc.open(b'/etc/passwd', 0)",
        "libc.socket(2, 1, 0)",
        "libc.socket(1, 1, 0)",
        "libc.memfd_create(b'x', 0)",
        "libc.dup(0)",
        "libc.epoll_create1(0)",
    ],
)
def test_what_libraries_in_c_ask_the_system_for_is_refused_too(captured: Renderer, deed: str) -> None:
    """Python's hook sees nothing of these; the system's limit does."""
    assert tell(captured, f"answer = [{deed}, ctypes.get_errno()]") == [-1, errno.EMFILE]


def test_the_same_deeds_are_done_by_a_process_that_was_not_confined(tmp_path) -> None:
    """The positive control: the harness does what it is told; only the confinement refuses."""
    free = f"{OBEDIENT}\n    renderer_worker.give_up_rights = lambda: []\n"
    here = tmp_path / "file"
    here.write_text("CANARY-S14")
    with changed_renderer(tmp_path, free) as made:
        assert tell(made, f"answer = open({str(here)!r}).read()") == "CANARY-S14"
        assert attempt(made, "socket.socket().close()") == "done"
        assert attempt(made, "subprocess.run(['true'])") == "done"
        assert attempt(made, "held = bytearray(2 ** 30)") == "done"


def test_a_renderer_that_asks_for_a_file_prints_nothing_even_if_it_goes_on(tmp_path) -> None:
    with changed_renderer(tmp_path, OBEDIENT) as made:
        with pytest.raises(RendererFailed, match="asked for open"):
            attempt(made, "open('/etc/passwd')")
        assert tell(made, "answer = 'well'") == "well"


@on_linux
@pytest.mark.parametrize(
    "bomb",
    [
        "held = bytearray(2 ** 30)",
        "held = []\nwhile True: held.append(bytes(10_000_000))",
        "held = '9'\nwhile True: held += held",
    ],
)
def test_a_bomb_of_memory_is_ended(captured: Renderer, bomb: str) -> None:
    with pytest.raises(RendererFailed, match="MemoryError"):
        tell(captured, bomb)
    assert tell(captured, "answer = 'well'") == "well"


def test_a_bomb_of_time_is_ended(captured: Renderer, monkeypatch) -> None:
    monkeypatch.setattr(captured, "seconds", 1)
    begun = time.monotonic()
    with pytest.raises(RendererFailed, match="longer than 1 s"):
        tell(captured, "signal.setitimer(signal.ITIMER_REAL, 0)\nwhile True: pass")
    assert time.monotonic() - begun < 10
    assert tell(captured, "answer = 'well'") == "well"


@on_linux
def test_a_crash_leaves_no_picture_of_its_memory(captured: Renderer) -> None:
    assert tell(captured, "import resource; answer = resource.getrlimit(resource.RLIMIT_CORE)") == [0, 0]
