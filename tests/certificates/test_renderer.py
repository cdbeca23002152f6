"""The process that prints: long-lived, replaced, killed, hung, gone mad; and what the rest of the service sees."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from certificates import issuing
from certificates.issuing import NotPrinted
from certificates.models import Certificate
from certificates.pdf import render
from core.jobs.leases import claim, run_task
from core.jobs.models import Task
from core.jobs.worker import Worker
from core.mail.models import Message
from core.pdf import renderer as renderers
from core.pdf.renderer import Picture, Renderer, RendererFailed
from registrations.models import Registration
from tests import factories as f
from tests.api.asking import bearer
from tests.api.problems import told
from tests.certificates.samples import certificate
from tests.core.pdf.renderers import OBEDIENT, ROOT, changed_renderer
from tests.pages import client_of, form_of, send

EMPTY = '<!doctype html><html lang="en"><title>x</title><p>x</html>'


@pytest.fixture(scope="module")
def obedient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Renderer]:
    """A renderer that does whatever its page says; three seconds for each."""
    with changed_renderer(tmp_path_factory.mktemp("obedient"), OBEDIENT, seconds=3) as made:
        yield made


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[Renderer]:
    """The real program, in a process of this test's own."""
    made = Renderer()
    monkeypatch.setattr(renderers, "shared_renderer", made)
    yield made
    made.close()


def pid_of(one: Renderer) -> int:
    assert one.process is not None
    return one.process.pid


def runs(pid: int) -> bool:
    """Tell whether that process still runs; one that ended and waits for its parent does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def ends(pid: int, within: float = 15.0) -> bool:
    deadline = time.monotonic() + within
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not runs(pid)


# --- one process for many documents ---


def test_one_process_prints_many_and_is_replaced_after_so_many(own: Renderer) -> None:
    own.documents = 2
    first = own.render_document(EMPTY, {}, "x")
    pid = pid_of(own)
    assert own.render_document(EMPTY, {}, "x") == first
    assert pid_of(own) == pid
    assert own.render_document(EMPTY, {}, "x") == first
    assert pid_of(own) != pid
    assert not runs(pid)


def test_a_renderer_that_died_between_two_documents_is_replaced_without_a_word(own: Renderer) -> None:
    expected = render(certificate("bg"))
    os.kill(pid_of(own), signal.SIGKILL)
    assert ends(pid_of(own))
    assert render(certificate("bg")) == expected


def test_the_web_process_itself_never_loads_the_renderer() -> None:
    program = (
        "import django, sys; django.setup(); import config.urls, certificates.tasks;"
        "print(sorted({'weasyprint', 'pydyf', 'core.pdf.renderer_worker'} & set(sys.modules)))"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_threads_take_turns_and_each_gets_its_own_answer(obedient: Renderer) -> None:
    got: dict[int, bytes] = {}

    def work(number: int) -> None:
        got[number] = obedient.render_document(f"time.sleep(0.05); answer = {number}", {}, "x")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {number: f"%PDF-{number}%%EOF".encode() for number in range(8)}


def test_a_stop_meant_for_the_service_does_not_stop_a_document(obedient: Renderer) -> None:
    """Ctrl-C in a terminal, or systemd stopping a unit: every process gets the signal, and the worker finishes."""
    obedient.render_document("pass", {}, "x")
    pid = pid_of(obedient)
    asked = (
        "os.getpid(); [signal.raise_signal(one) for one in (signal.SIGINT, signal.SIGTERM)]; answer = 'whole'"
    )
    assert obedient.render_document(asked, {}, "x") == b'%PDF-"whole"%%EOF'
    assert pid_of(obedient) == pid


# --- what goes wrong in it ---


@pytest.mark.parametrize(
    ("misdeed", "told"),
    [
        ("ctypes.pythonapi.abort()", "the renderer ended"),
        ("signal.raise_signal(signal.SIGKILL)", "the renderer ended"),
        ("sys.exit()", "the renderer ended"),
        ("sys.stdout.buffer.write(b'\\0\\0'); sys.stdout.flush(); os._exit(0)", "the renderer ended"),
        ("time.sleep(60)", "the renderer took longer than 3 s"),
        ("while True: pass", "the renderer took longer than 3 s"),
        ("answer = b''", "the renderer answered with what is no PDF"),
        ("answer = b'%PDF-1.7 and then it broke off'", "the renderer answered with what is no PDF"),
        ("answer = b'\\x80\\x04\\x95.'", "the renderer answered with what is no PDF"),
        ("sys.stdout.buffer.write(b'\\xff' * 8)", "the renderer answered with what is no PDF"),
        ("sys.stdout.buffer.write(b'\\0\\0\\1\\0Demo participant')", "the renderer took longer than 3 s"),
        ("1 / 0", "the renderer gave up: b'ZeroDivisionError in <module>, line 1'"),
        ("raise ValueError('Demo participant')", "the renderer gave up: b'ValueError in <module>, line 1'"),
    ],
)
def test_a_document_that_ends_its_renderer_fails_and_the_next_is_printed(
    obedient: Renderer, misdeed: str, told: str
) -> None:
    with pytest.raises(RendererFailed) as failed:
        obedient.render_document(misdeed, {}, "x")
    assert str(failed.value) == told
    assert obedient.process is None
    assert obedient.render_document("answer = 'well'", {}, "x") == b'%PDF-"well"%%EOF'


def test_a_renderer_that_is_killed_while_it_prints_fails_at_once(obedient: Renderer) -> None:
    obedient.render_document("pass", {}, "x")
    killer = threading.Timer(0.3, os.kill, (pid_of(obedient), signal.SIGKILL))
    killer.start()
    with pytest.raises(RendererFailed, match=r"^the renderer ended$"):
        obedient.render_document("time.sleep(2)", {}, "x")
    killer.join()


def test_a_renderer_that_ends_before_it_has_read_a_large_document_fails_like_any_other(
    tmp_path: Path,
) -> None:
    with changed_renderer(
        tmp_path, f"{OBEDIENT}\n    renderer_worker.serve = lambda document_renderer, refused: None"
    ) as absent:
        with pytest.raises(RendererFailed, match=r"^the renderer ended$"):
            absent.render_document(EMPTY, {"own:logo": Picture(bytes(1024 * 1024), "image/png")}, "x")
        assert absent.process is None


def test_a_renderer_that_never_begins_fails_like_any_other(tmp_path: Path) -> None:
    with changed_renderer(tmp_path, "raise OSError('cannot load library')") as broken:
        with pytest.raises(RendererFailed, match=r"^the renderer ended$"):
            broken.render_document(EMPTY, {}, "x")
        assert broken.process is None


@pytest.mark.parametrize("asked", ["time.sleep(60)", "pass"], ids=["at work", "idle"])
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_renderer_ends_with_its_parent_however_that_ends(tmp_path: Path, asked: str) -> None:
    with changed_renderer(tmp_path, OBEDIENT) as made:
        program = (
            f"import sys, os; sys.path.insert(0, {str(ROOT)!r})\n"
            "import django; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; django.setup()\n"
            "from pathlib import Path; from core.pdf.renderer import Renderer\n"
            f"made = Renderer(Path({str(made.program)!r}), seconds=1)\n"
            "made.render_document('pass', {}, 'x'); print(made.process.pid, flush=True)\n"
            f"made.seconds = 2; made.render_document({asked!r}, {{}}, 'x'); sys.stdin.read()\n"
        )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert runs(pid)
        time.sleep(0.5)
        parent.kill()
    assert ends(pid)


# --- what the organiser, the worker and the tables see of it ---


def attended(name: str, **person: object) -> Registration:
    registration = f.RegistrationFactory(name=name, **person)
    f.AttendanceFactory(registration=registration)
    return registration


@pytest.fixture
def fails_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Renderer]:
    """The real program, which is killed when it is to print “Fatal”."""
    change = """
        import os, signal
        real = renderer_worker.DocumentRenderer.render_document

        def render_document(self, html, *more):
            if "Fatal" in html:
                os.abort()
            return real(self, html, *more)

        renderer_worker.DocumentRenderer.render_document = render_document
    """
    with changed_renderer(tmp_path, change) as made:
        monkeypatch.setattr(renderers, "shared_renderer", made)
        yield made


@pytest.mark.django_db
def test_nothing_is_half_issued_when_the_renderer_fails(fails_for_one: Renderer) -> None:
    registration = attended("Fatal participant")
    before = len(default_storage.listdir("certificates")[1]) if default_storage.exists("certificates") else 0
    with pytest.raises(NotPrinted):
        issuing.issue(registration)
    assert (Certificate.objects.count(), Message.objects.count()) == (0, 0)
    after = len(default_storage.listdir("certificates")[1]) if default_storage.exists("certificates") else 0
    assert after == before


@pytest.mark.django_db
def test_the_worker_goes_on_with_the_next_person_and_comes_back_for_the_one(fails_for_one: Renderer) -> None:
    lab = f.LabFactory()
    unlucky = attended("Fatal participant", lab=lab)
    for name in ("Demo participant 1", "Demo participant 3"):
        attended(name, lab=lab)
    work = issuing.start_issuing(lab)

    Worker().drain()

    assert set(Certificate.objects.values_list("holder_name", flat=True)) == {
        "Demo participant 1",
        "Demo participant 3",
    }
    work.refresh_from_db()
    assert (work.state, work.attempts) == (Task.State.QUEUED, 1)
    assert work.run_at > timezone.now()
    assert work.last_error.startswith("NotPrinted in ")  # a message could name somebody

    # The organiser mends what there was and presses the button: nobody waits for the next try.
    Registration.objects.filter(pk=unlucky.pk).update(name="Demo participant 2")
    assert issuing.start_issuing(lab) == work
    Worker().drain()

    work.refresh_from_db()
    assert work.state == Task.State.DONE
    assert Certificate.objects.count() == Message.objects.filter(occasion="certificate").count() == 3


@pytest.mark.django_db
def test_a_renderer_that_fails_for_everybody_does_not_try_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def render_document(
        html: str, pictures: object, identifier: str, layouts: object, *, style: str
    ) -> bytes:
        asked.append(identifier)
        raise RendererFailed("the renderer ended")

    monkeypatch.setattr("certificates.pdf.render_document", render_document)
    lab = f.LabFactory()
    for number in range(6):
        attended(f"Demo participant {number}", lab=lab)
    issuing.start_issuing(lab)
    [(task, lease)] = claim(Task, 1, timedelta(seconds=30))
    run_task(task, lease)
    assert len(asked) == issuing.ENOUGH_FAILURES
    task.refresh_from_db()
    assert task.state == Task.State.QUEUED


@pytest.mark.django_db
def test_the_organiser_is_told_to_try_again(fails_for_one: Renderer) -> None:
    registration = attended("Fatal participant")
    lab = registration.lab
    organiser = client_of(f.StaffFactory(lab=lab).user)
    address = f"/organise/labs/{lab.slug}/certificates/"
    issue = f"{address}issue/{registration.public_id}/"
    page = organiser.post(issue)
    assert (page.status_code, page["Retry-After"]) == (503, "60")
    assert "The certificate could not be created. Try again in a minute." in page.content.decode()

    # The page's own button tries the same again; by then the name was mended.
    form = form_of(page)
    assert form.action in ("", issue)
    Registration.objects.filter(pk=registration.pk).update(name="Demo participant 2")
    again = organiser.post(issue, form.filled())
    assert (again.status_code, again["Location"]) == (302, address)
    assert Certificate.objects.get().holder_name == "Demo participant 2"


@pytest.mark.django_db
def test_a_certificate_stays_valid_whose_replacement_was_not_printed(fails_for_one: Renderer) -> None:
    registration = attended("Demo participant 1")
    certificate = issuing.issue(registration)
    Registration.objects.filter(pk=registration.pk).update(name="Fatal participant")
    organiser = client_of(f.StaffFactory(lab=registration.lab).user)
    address = f"/organise/labs/{registration.lab.slug}/certificates/{certificate.code}/replace/"
    page = send(organiser, address)
    assert (page.status_code, page["Retry-After"]) == (503, "60")
    certificate.refresh_from_db()
    assert (certificate.state, Certificate.objects.count()) == ("valid", 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "title"), [("en", "Service Unavailable"), ("bg", "Услугата не е достъпна")]
)
def test_a_program_is_told_to_try_again(fails_for_one: Renderer, language: str, title: str) -> None:
    registration = attended("Fatal participant")
    address = f"/api/v1/labs/{registration.lab.slug}/registrations/{registration.public_id}/certificate"
    headers = bearer(f.StaffFactory(lab=registration.lab).user, ["certificates"])
    answer = Client().post(address, headers={**headers, "Accept-Language": language})
    problem = told(answer, 503, language)
    assert (problem["title"], answer["Retry-After"]) == (title, "60")
    assert language != "en" or problem["detail"].startswith("The certificate could not be created.")
    assert Certificate.objects.count() == 0
    Registration.objects.filter(pk=registration.pk).update(name="Demo participant 2")
    assert Client().post(address, headers=headers).status_code == 200
