"""The console, the probes and the export with 1,000,000 registrations and 2,000,000 emails in the database."""

import http.client
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client

from benchmarks import bulk_rows, world
from benchmarks.measuring import Line, Rounds, Server, cpu_of_process, cpu_of_processes, queries_of
from benchmarks.query_plans import explained
from benchmarks.serving import serving
from core.accounts.models import User
from core.jobs.models import WorkerBeat
from core.mail import health
from core.mail.models import Message
from labs.models import Lab, Programme, Staff
from registrations.consent import current_version
from registrations.models import Attendance, Registration, Seat, SeatMovement
from sessions.models import Session

LABS = 50
PEOPLE = 20_000  # in each lab
EXPORTED = 100_000  # in one more
SESSIONS = 30
ROUNDS, REQUESTS = 5, 6


def volume(of: Programme) -> tuple[list[Line], list[str]]:
    """Return the lines of the table, and the plans of the slowest statements in short form."""
    labs = [_lab(of, number) for number in range(LABS)]
    _fill(labs)
    WorkerBeat.objects.create(worker="bench", started_at="2026-01-01T00:00Z", beat_at="2026-01-01T00:00Z")
    client = Client()
    client.force_login(_organiser(labs))
    console, plans = _console(labs[0], client)
    return [*console, *_probes(), *_export(labs[0], of, client)], plans


def _lab(of: Programme, number: int) -> Lab:
    return world.lab(of, f"volume-{number}", SESSIONS, seats=None)


def _organiser(labs: list[Lab]) -> User:
    """Return an organiser of all these labs, so that the console's home shows the figures of each."""
    user = User.objects.create(email="organiser@example.org", name="Organiser")
    Staff.objects.bulk_create(Staff(user=user, role=Staff.Role.ORGANISER, lab=lab) for lab in labs)
    return user


def fill(of: Programme, registrations: int) -> None:
    """Store so many registrations, in labs of 20,000."""
    labs = [
        world.lab(of, f"stored-{number}", SESSIONS, seats=None)
        for number in range(-(-registrations // PEOPLE))
    ]
    _fill(labs, min(PEOPLE, registrations))


def _fill(labs: list[Lab], people: int = PEOPLE) -> None:
    """Make the rows of these labs by SQL, three seats a person in the first and one in the others."""
    bulk_rows.without_foreign_key_checks()
    for number, lab in enumerate(labs):
        _fill_lab(lab, people, 1 if number else 3)
    bulk_rows.execute(
        "UPDATE lab_sessions_session s SET online_taken = c.n, last_queue_position = c.n FROM"
        " (SELECT session_id, count(*) n FROM registrations_seat GROUP BY 1) c WHERE c.session_id = s.id"
        f" AND s.lab_id IN ({', '.join(str(lab.pk) for lab in labs)})"
    )
    call_command("recount", repair=True, stdout=io.StringIO())
    bulk_rows.execute("VACUUM ANALYZE")


def _fill_lab(lab: Lab, people: int, seats: int) -> None:
    """4 % have not confirmed, 4 % cancelled; the others have so many seats each, and most came to one session."""
    cities = list(lab.programme.cities.values_list("pk", flat=True))
    first = Session.objects.filter(lab=lab).order_by("pk").values_list("pk", flat=True)[0]
    key = f"'p' || n || '@lab{lab.pk}.example.org'"
    at = "now() - n * interval '3 minutes'"
    state = "(CASE n % 25 WHEN 0 THEN 'unconfirmed' WHEN 1 THEN 'cancelled' ELSE 'confirmed' END)"
    bulk_rows.insert(
        Registration(
            lab=lab,
            language="en",
            time_zone="Europe/Sofia",
            consent_version=current_version(lab),
            consent_language="en",
        ),
        f"generate_series(1, {people}) n",
        public_id="gen_random_uuid()",
        state=state,
        name="'Person ' || n",
        name_key="'person ' || n || E'\\nperson' || n",
        contact_key=f"{key} || E'\\n' || {key}",
        organisation="'Organisation ' || n % 400",
        email=key,
        email_key=key,
        city_id=f"(ARRAY{cities})[1 + n % {len(cities)}]",
        consent_at=at,
        created_at=at,
        revised_at=at,
        confirmed_at=f"CASE WHEN n % 25 > 0 THEN {at} END",
        cancelled_at=f"CASE WHEN n % 25 = 1 THEN {at} END",
    )
    mine = f"r.lab_id = {lab.pk} AND r.state = 'confirmed'"
    bulk_rows.insert(
        Seat(state=Seat.State.CONFIRMED, sequence=1),
        f"registrations_registration r, generate_series(1, {seats}) k WHERE {mine}",
        registration_id="r.id",
        session_id=f"{first} + (r.id + k * 7) % {SESSIONS}",
        queue_position=f"row_number() OVER (PARTITION BY (r.id + k * 7) % {SESSIONS} ORDER BY r.id)",
        changed_at="r.confirmed_at",
    )
    bulk_rows.insert(
        SeatMovement(before="requested", after="confirmed", reason="chosen"),
        f"registrations_seat s JOIN registrations_registration r ON s.registration_id = r.id WHERE {mine}",
        seat_id="s.id",
        at="s.changed_at",
    )
    bulk_rows.insert(
        Attendance(),
        f"registrations_registration r WHERE {mine} AND r.id % 3 > 0",
        registration_id="r.id",
        session_id=f"{first} + r.id % {SESSIONS}",
        taken_at="now()",
    )
    bulk_rows.insert(
        Message(lab=lab, language="en", subject="You are registered", text="You are registered"),
        "registrations_registration r, unnest(ARRAY['confirm_address', 'confirmation']) kind"
        f" WHERE r.lab_id = {lab.pk}",
        public_id="gen_random_uuid()",
        registration_id="r.id",
        occasion="kind",
        key="kind || r.public_id",
        message_id="'<' || kind || r.public_id || '@example.org>'",
        to_name="r.name",
        to_email="r.email",
        recipient_key="r.contact_key",
        budget_key="CASE kind WHEN 'confirm_address' THEN r.email_key ELSE '' END",
        # Of a thousand one waits, two failed, one bounced; a tenth is known to have arrived.
        state="CASE r.id % 1000 WHEN 0 THEN 'queued' WHEN 1 THEN 'failed' WHEN 2 THEN 'failed' WHEN 3 THEN 'bounced'"
        " ELSE CASE r.id % 10 WHEN 4 THEN 'delivered' ELSE 'sent' END END",
        finished_at="CASE WHEN r.id % 1000 > 0 THEN r.created_at END",
        created_at="r.created_at",
        run_at="r.created_at",
    )


@dataclass(frozen=True)
class Costs:
    """CPU of this process and of the database, in milliseconds per request; statements of one request."""

    cpu: Rounds
    database: Rounds
    both: Rounds
    queries: int


def costs(work: Callable[[], object]) -> Costs:
    """Measure the work, with the CPU of the PostgreSQL process of this connection, which must run on this machine."""
    connection.close()
    connection.settings_dict["CONN_MAX_AGE"] = None  # one connection for all rounds
    bulk_rows.execute("SET max_parallel_workers_per_gather = 0")  # so that one process does all of it
    work()
    backend = connection.connection.info.backend_pid
    cpu, database = [], []
    for _round in range(ROUNDS):
        own, theirs = time.process_time(), cpu_of_process(backend)
        for _request in range(REQUESTS):
            work()
        cpu.append((time.process_time() - own) * 1000 / REQUESTS)
        database.append((cpu_of_process(backend) - theirs) * 1000 / REQUESTS)
    total = ROUNDS * REQUESTS
    both = tuple(one + other for one, other in zip(cpu, database, strict=True))
    return Costs(
        Rounds(tuple(cpu), total), Rounds(tuple(database), total), Rounds(both, total), queries_of(work)
    )


def _cookie(client: Client) -> str:
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


def _console(lab: Lab, client: Client) -> tuple[list[Line], list[str]]:
    server, cookie = Server(), _cookie(client)
    session = Session.objects.filter(lab=lab).order_by("pk")[0]
    base = f"/organise/labs/{lab.slug}/"
    pages = {
        "overview": base,
        "registrations": f"{base}registrations/",
        "attendance": f"{base}attendance/",
        "attendance of a session": f"{base}attendance/{session.slug}/",
        "mail": f"{base}mail/",
        "home, 50 labs": "/organise/",
    }
    lines, plans = [], []
    for name, path in pages.items():

        def ask(path: str = path) -> None:
            status, _headers, _content = server.get(path, HTTP_COOKIE=cookie)
            assert status == 200, (path, status)

        ask()
        found = costs(ask)
        lines.append(
            Line(
                f"console, {name}",
                str(found.both),
                f"CPU {found.cpu}, database {found.database}",
                "at most 100 ms together, 12 queries",
                found.both.median <= 100 and found.queries <= 12,
                str(found.queries),
                found.both,
            )
        )
        plans += explained(name, ask)
    return lines, plans


def _probes() -> list[Line]:
    lines = []
    for name, work in {"/health/ready": health.readiness, "/metrics": health.gauges}.items():
        work()
        found = costs(work)
        lines.append(
            Line(
                f"{name} with {2 * LABS * PEOPLE:,} emails",
                f"{found.database} of the database",
                f"CPU {found.cpu}",
                "at most 10 ms of the database",
                found.database.median <= 10,
                str(found.queries),
                found.database,
            )
        )
    return lines


def _export(lab: Lab, of: Programme, client: Client) -> list[Line]:
    """Read the CSV of one more lab from the web server; then again, while another client asks for a page."""
    big = world.lab(of, "volume-export", SESSIONS, seats=None)
    _fill([big], EXPORTED)
    Staff.objects.create(user=User.objects.get(email="organiser@example.org"), role="organiser", lab=big)
    cookie = {"Cookie": _cookie(client)}
    path = f"/organise/labs/{big.slug}/registrations.csv"
    with serving(workers=1) as (port, pids):
        server = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        for warm in (f"/organise/labs/{lab.slug}/registrations.csv?q=nobody", f"/labs/{big.slug}/"):
            server.request("GET", warm, headers=cookie)
            server.getresponse().read()
        cpu, grown, rows = [], [], 0
        for _round in range(3):
            Path(f"/proc/{pids[1]}/clear_refs").write_text("5")
            resident, start = _peak(pids[1]), cpu_of_processes(pids)
            server.request("GET", path, headers=cookie)
            answer = server.getresponse()
            assert answer.status == 200, answer.status
            rows = sum(1 for _line in answer)
            cpu.append((cpu_of_processes(pids) - start) * 1000)
            grown.append(_peak(pids[1]) - resident)
    assert rows == EXPORTED + 1, rows
    found = Rounds(tuple(cpu), len(cpu))
    return [
        Line(
            f"CSV of {EXPORTED:,} registrations, {SESSIONS} sessions",
            str(found),
            f"memory +{max(grown)} MB",
            "at most 8,000 ms, +40 MB",
            found.median <= 8000 and max(grown) <= 40,
            rounds=found,
        )
    ]


def _peak(pid: int) -> int:
    """Return the highest resident size of a process since it was last reset, in MB."""
    [line] = [one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmHWM")]
    return int(line.split()[1]) // 1024
