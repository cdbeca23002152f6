"""Registering for three sessions through the full stack: a real server, 16 clients of another process."""

import json
import os
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks import volume, world
from benchmarks.measuring import Line, Rounds, cpu_of_server
from benchmarks.serving import serving
from core.web.idempotency import new_form_key
from core.web.signed_links import make_token
from labs.models import Lab, Programme
from registrations.models import Choice, Question, QuestionSet, Quota, Registration

CLIENTS = 16
ROUNDS, PEOPLE = 4, 200  # people in each round
SESSIONS = 3


Form = Callable[[int, str], dict[str, object]]


def registering(of: Programme) -> list[Line]:
    lab = world.lab(of, "bench-register", 9, seats=None)
    forms, confirms = series(lab, form_of)
    bare, bare_rate = _bare_transaction(lab.pk)
    form, confirmation, both = cpu_of(forms, confirms)
    asked, answered = _statements(lab, form_of)
    reached = both.median <= 30 and asked + answered <= 18
    return [
        Line("registering, the form (3 sessions)", str(form), _speed(forms), queries=str(asked), rounds=form),
        Line(
            "registering, the confirmation",
            str(confirmation),
            _speed(confirms),
            queries=str(answered),
            rounds=confirmation,
        ),
        Line(
            "registering, both",
            f"{both} ({both.median / bare:.1f} ×)",
            f"bare transaction {bare:.1f} ms, {bare_rate:.0f}/s",
            "at most 30 ms of server CPU, 18 statements",
            reached,
            f"{asked + answered}, without BEGIN and COMMIT",
            both,
        ),
    ]


def with_all(of: Programme) -> tuple[Lab, Form]:
    """Return a lab with hybrid sessions, quotas of cities, groups and modes, and questions; and its form filled in."""
    lab = world.lab(of, f"bench-all-{secrets.token_hex(3)}", 9, seats=None)
    lab.sessions.update(format="hybrid", room_capacity=100_000, online_capacity=100_000)
    for city in of.cities.all():
        Quota.objects.create(lab=lab, city=city, limit=100_000)
    for group in of.stakeholder_groups.all():
        Quota.objects.create(lab=lab, stakeholder_group=group, mode="room", limit=100_000)
    for session in lab.sessions.all():
        Quota.objects.create(lab=lab, session=session, mode="room", limit=100_000)
    asked = QuestionSet.objects.create(lab=lab, slug="needs", title={"en": "Your needs"})
    for place, kind in enumerate(("short", "one", "yes_no", "number")):
        label = {"en": f"Question {place}", "bg": f"Въпрос {place}"}
        question = Question.objects.create(
            lab=lab, question_set=asked, slug=f"q{place}", kind=kind, label=label, position=place
        )
        if kind == "one":
            for number in range(4):
                Choice.objects.create(question=question, slug=f"c{number}", label={"en": f"Choice {number}"})

    def form(number: int, who: str) -> dict[str, object]:
        modes = {f"mode:session-{place}": ("room", "online")[number % 2] for place in range(SESSIONS)}
        answers = {"q-q0": "No nuts", "q-q1": f"c{number % 4}", "q-q2": "yes", "q-q3": "3"}
        return form_of(number, who) | modes | answers

    return lab, form


def registering_with_all(of: Programme) -> list[Line]:
    """Form and confirmation in a lab with quotas, modes and questions."""
    lab, form = with_all(of)
    forms, confirms = series(lab, form)
    return [line_of("registering with quotas, modes and questions", lab, form, forms, confirms)]


def registering_beside_many(of: Programme) -> list[Line]:
    """The same, before and after so many registrations are stored: `BENCH_STORED`, 1,000,000 where none is named."""
    stored = int(os.environ.get("BENCH_STORED", "1000000"))
    lab, form = with_all(of)
    before = series(lab, form)
    volume.fill(of, stored)
    other, form_of_other = with_all(of)
    after = series(other, form_of_other)
    one, many = cpu_of(*before)[2].median, cpu_of(*after)[2].median
    return [
        line_of("registering, few stored", lab, form, *before),
        line_of(f"registering, {stored:,} stored", other, form_of_other, *after),
        Line(
            f"registering beside {stored:,} others",
            f"{many / one - 1:+.0%} CPU",
            limit="at most 20 % more",
            reached=many <= 1.2 * one,
        ),
    ]


Measured = list[tuple[float, float, float]]


def line_of(what: str, lab: Lab, form: Form, forms: Measured, confirms: Measured) -> Line:
    both = cpu_of(forms, confirms)[2]
    people = statistics.median(
        1 / (1 / one[1] + 1 / other[1]) for one, other in zip(forms, confirms, strict=True)
    )
    asked, answered = _statements(lab, form)
    return Line(
        what,
        f"{both}, {people:.0f} people/s",
        f"form {_speed(forms)}; confirmation {_speed(confirms)}; load {os.getloadavg()[0]:.1f}",
        "at most 35 ms of server CPU, at least 50 people/s",
        both.median <= 35 and people >= 50,
        f"{asked} + {answered}",
        both,
    )


def cpu_of(forms: Measured, confirms: Measured) -> tuple[Rounds, Rounds, Rounds]:
    """Return the CPU of the form, of the confirmation, and of both."""
    form, confirmation = (_rounds([cpu for cpu, _rate, _p95 in found]) for found in (forms, confirms))
    return (
        form,
        confirmation,
        _rounds([one[0] + other[0] for one, other in zip(forms, confirms, strict=True)]),
    )


def series(lab: Lab, form: Form) -> tuple[Measured, Measured]:
    """Register people in several rounds; return what the forms and what the confirmations cost."""
    register = f"/labs/{lab.slug}/register/"
    forms, confirms = [], []
    with serving() as (port, pids):
        fire(port, [(register, form(number, "warm")) for number in range(32)], CLIENTS)
        fire(port, confirmations(lab.pk, "warm"), CLIENTS)
        for number in range(ROUNDS):
            who = f"round{number}-"
            forms.append(_measured(port, pids, [(register, form(n, who)) for n in range(PEOPLE)]))
            posts = confirmations(lab.pk, who)
            if len(posts) != PEOPLE:
                raise RuntimeError(f"{len(posts)} of {PEOPLE} registrations were written")
            confirms.append(_measured(port, pids, posts))
    confirmed = Registration.objects.filter(lab=lab, state="confirmed", email__startswith="round").count()
    if confirmed != ROUNDS * PEOPLE:
        raise RuntimeError(f"{confirmed} of {ROUNDS * PEOPLE} registrations were confirmed")
    return forms, confirms


def _rounds(times: list[float]) -> Rounds:
    return Rounds(tuple(times), len(times) * PEOPLE)


def _speed(found: list[tuple[float, float, float]]) -> str:
    rate, slowest = (statistics.median(one[place] for one in found) for place in (1, 2))
    return f"{rate:.0f}/s, p95 {slowest:.0f} ms"


def _statements(lab: Lab, form: Form) -> tuple[int, int]:
    """Return how many statements the form and the confirmation send, beside those that begin and end transactions."""
    client = Client(SERVER_NAME="127.0.0.1", headers={"Origin": "http://127.0.0.1"})
    sent = form(0, "counted")
    asked = _sent(lambda: client.post(f"/labs/{lab.slug}/register/", sent), 200)
    [post] = confirmations(lab.pk, "counted")
    return asked, _sent(lambda: client.post(*post), 302)


def _sent(post: Callable[[], Any], status: int) -> int:
    with CaptureQueriesContext(connection) as captured:
        found = post().status_code
    if found != status:
        raise RuntimeError(f"status {found}")
    ends = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return sum(not query["sql"].startswith(ends) for query in captured.captured_queries)


def confirmations(lab_id: int, who: str) -> list[tuple[str, dict[str, object]]]:
    """The button behind the link in each email that asks to confirm."""
    waiting = Registration.objects.filter(lab=lab_id, email__startswith=who, state="unconfirmed")
    return [
        (
            f"/registrations/{make_token('registration.confirm', row.public_id, row.link_version)}/confirm/",
            {"form_key": new_form_key()},
        )
        for row in waiting
    ]


def form_of(number: int, who: str) -> dict[str, object]:
    return {
        "form_key": new_form_key(),
        "name": f"Bench participant {number}",
        "email": f"{who}{number}@example.org",
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
    before = cpu_of_server(pids)
    found = fire(port, posts, CLIENTS)
    cpu = (cpu_of_server(pids) - before) * 1000 / len(posts)
    return cpu, len(posts) / found["took"], statistics.quantiles(found["times"], n=20)[18]


def fire(
    port: int, posts: list[tuple[str, dict[str, object]]], clients: int, **options: object
) -> dict[str, Any]:
    """Send the posts from another process; see `benchmarks.load` for the options and what is returned."""
    work = json.dumps(
        {
            "port": port,
            "clients": clients,
            "posts": [[path, urlencode(form, doseq=True)] for path, form in posts],
            **options,
        }
    )
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"], input=work.encode(), stdout=subprocess.PIPE, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _bare_transaction(lab_id: int) -> tuple[float, float]:
    """The same rows by bare SQL, a transaction each: CPU ms of this process, and transactions per second."""
    rows: list[tuple[str, list[str], list[object]]] = []
    with connection.cursor() as cursor:
        person = Registration.objects.filter(lab_id=lab_id, state="confirmed").latest("pk")
        seats = f"SELECT id FROM registrations_seat WHERE registration_id = {person.pk}"
        mails = f"SELECT id FROM mail_message WHERE registration_id = {person.pk}"
        for table, condition in {
            "registrations_registration": f"id = {person.pk}",
            "registrations_historicalregistration": f"id = {person.pk}",
            "registrations_seat": f"id IN ({seats})",
            "registrations_seatmovement": f"seat_id IN ({seats})",
            "mail_message": f"id IN ({mails})",
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
