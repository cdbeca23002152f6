"""Registering for three sessions through the full stack: a real server, 16 clients of another process."""

import json
import statistics
import subprocess
import sys
import time
from urllib.parse import urlencode

from django.db import connection, connections

from benchmarks import world
from benchmarks.measuring import Line, cpu_of_processes
from benchmarks.serving import serving
from core.web.idempotency import new_form_key
from core.web.signed_links import make_token
from labs.models import Programme
from registrations.models import Registration

CLIENTS = 16
PEOPLE = 320
SESSIONS = 3


def registering(of: Programme) -> list[Line]:
    lab = world.lab(of, "bench-register", 9, seats=None)
    with serving() as (port, pids):
        register = f"/labs/{lab.slug}/register/"
        _fire(port, [(register, _form(number, warm=True)) for number in range(32)])
        submit_cpu, submit_rate, submit_p95 = _measured(
            port, pids, [(register, _form(n)) for n in range(PEOPLE)]
        )
        _fire(port, _confirmations(lab.pk, "warm"))
        confirms = _confirmations(lab.pk, "bench")
        if len(confirms) != PEOPLE:
            raise RuntimeError(f"{len(confirms)} of {PEOPLE} registrations were written")
        confirm_cpu, confirm_rate, confirm_p95 = _measured(port, pids, confirms)
    confirmed = Registration.objects.filter(lab=lab, state="confirmed", email__startswith="bench").count()
    if confirmed != PEOPLE:
        raise RuntimeError(f"{confirmed} of {PEOPLE} registrations were confirmed")
    bare, bare_rate = _bare_transaction(lab.pk)
    both = submit_cpu + confirm_cpu
    against = f"bare transaction {bare:.1f} ms, {bare_rate:.0f}/s"
    return [
        Line(
            "registering, the form (3 sessions)",
            f"{submit_cpu:.1f} ms CPU, {submit_rate:.0f}/s, p95 {submit_p95:.0f} ms",
        ),
        Line(
            "registering, the confirmation",
            f"{confirm_cpu:.1f} ms CPU, {confirm_rate:.0f}/s, p95 {confirm_p95:.0f} ms",
        ),
        Line("registering, both", f"{both:.1f} ms CPU", against, "at most 25 ms of server CPU", both <= 25),
    ]


def _confirmations(lab_id: int, who: str) -> list[tuple[str, dict[str, object]]]:
    """The button behind the link in each mail that asks to confirm."""
    waiting = Registration.objects.filter(lab=lab_id, email__startswith=who, state="unconfirmed")
    return [
        (
            f"/registrations/{make_token('registration.confirm', row.public_id, row.link_version)}/confirm/",
            {"form_key": new_form_key()},
        )
        for row in waiting
    ]


def _form(number: int, *, warm: bool = False) -> dict[str, object]:
    name = "warm" if warm else "bench"
    return {
        "form_key": new_form_key(),
        "name": f"Bench participant {number}",
        "email": f"{name}{number}@example.org",
        "city": f"city-{number % 18}",
        "group": f"group-{number % 6}",
        "language": ("en", "bg", "el")[number % 3],
        "time_zone": "Europe/Athens",
        "session": [f"session-{place}" for place in range(SESSIONS)],
        "consent": "on",
    }


def _measured(
    port: int, pids: list[int], posts: list[tuple[str, dict[str, object]]]
) -> tuple[float, float, float]:
    """Return CPU ms of the server per post, posts per second, and the 95th percentile of the answer in ms."""
    before, start = cpu_of_processes(pids), time.monotonic()
    times = _fire(port, posts)
    took = time.monotonic() - start
    cpu = (cpu_of_processes(pids) - before) * 1000 / len(posts)
    return cpu, len(posts) / took, statistics.quantiles(times, n=20)[18]


def _fire(port: int, posts: list[tuple[str, dict[str, object]]]) -> list[float]:
    """Send the posts from another process with 16 clients; none may be refused."""
    work = json.dumps(
        {
            "port": port,
            "clients": CLIENTS,
            "posts": [[path, urlencode(form, doseq=True)] for path, form in posts],
        }
    )
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"], input=work.encode(), stdout=subprocess.PIPE, check=True
    )
    times: list[float] = json.loads(done.stdout)
    return times


def _bare_transaction(lab_id: int) -> tuple[float, float]:
    """The same rows by bare SQL, a transaction each: CPU ms of this process, and transactions per second."""
    rows: list[tuple[str, list[str], list[object]]] = []
    with connection.cursor() as cursor:
        person = Registration.objects.filter(lab_id=lab_id, state="confirmed").latest("pk")
        seats = f"SELECT id FROM registrations_seat WHERE registration_id = {person.pk}"
        mails = f"SELECT id FROM mail_message WHERE about = 'registration:{person.public_id}'"
        for table, condition in {
            "registrations_registration": f"id = {person.pk}",
            "registrations_historicalregistration": f"id = {person.pk}",
            "registrations_seat": f"id IN ({seats})",
            "registrations_seatmovement": f"seat_id IN ({seats})",
            "mail_message": f"id IN ({mails})",
            "mail_attachment": f"message_id IN ({mails})",
            "web_idempotentrequest": "TRUE LIMIT 1",
        }.items():
            cursor.execute(f"CREATE TABLE bare_{table} AS SELECT * FROM {table} WHERE {condition}")
            cursor.execute(f"SELECT * FROM bare_{table}")
            columns = [column.name for column in cursor.description]
            rows.extend((f"bare_{table}", columns, list(row)) for row in cursor.fetchall())
    connections.close_all()
    raw = connection.get_new_connection(connection.get_connection_params())
    raw.autocommit = False
    statements = [
        (f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})", values)
        for table, columns, values in rows
    ]
    repeat = 300
    cpu, start = time.process_time(), time.monotonic()
    for _number in range(repeat):
        with raw.cursor() as cursor:
            for statement, values in statements:
                cursor.execute(
                    statement, [json.dumps(v) if isinstance(v, (dict, list)) else v for v in values]
                )
        raw.commit()
    took = time.monotonic() - start
    used = (time.process_time() - cpu) * 1000 / repeat
    raw.close()
    return used, repeat / took
