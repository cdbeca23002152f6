"""Everything that is stored about one registered person: as data, as a page, and as a ZIP with the files."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext, override

from core.accounts.models import User
from core.mail.message_list import occasion_in_words
from core.mail.models import Message
from core.mail.rendering import NotRenderable, rendered
from core.web.encryption import Undecipherable, decrypt
from core.web.localized_fields import text_of
from labs.viewer import Viewer
from registrations import answers, changes, documents, protected_answers
from registrations.export_sections import Entry, Section, Value, further_sections, invitations_to
from registrations.models import Answer, AnswersView, QuestionSet, Registration, SeatMovement
from registrations.questionnaire import questionnaire_of
from registrations.signals import person_exported

# The content of a file, read when its turn comes.
Read = Callable[[], bytes]


@dataclass
class PersonalData:
    """Everything about one person; `files` by their name in the archive."""

    registration: Registration
    sections: list[Section] = field(default_factory=list)
    files: dict[str, Read] = field(default_factory=dict)

    @property
    def data(self) -> dict[str, list[dict[str, str | None]]]:
        """The sections as JSON; instants in UTC."""
        return {
            one.key: [{entry.key: _plain(entry.value) for entry in row} for row in one.rows]
            for one in self.sections
        }


def _plain(value: Value) -> str | None:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def own_export(registration: Registration, language: str) -> PersonalData:
    """Return everything that the person may read: all answers, but not what organisers noted for themselves."""
    return _collect(registration, language, None, by_organiser=False)


@transaction.atomic
def export_for(registration: Registration, viewer: Viewer, by: User) -> PersonalData:
    """Return what an organiser hands to the person who asks for it.

    Protected answers are in it only where `by` is one of their readers, which is recorded for each set.
    """
    readable = protected_answers.readable_sets(viewer, registration.lab)
    given = registration.answers.filter(question__question_set__in=readable)
    opened = set(given.values_list("question__question_set", flat=True))
    for one in readable:
        if one.pk in opened:
            protected_answers.record(one, AnswersView.What.EXPORT, by, registration)
    return _collect(registration, by.language, opened, by_organiser=True)


def _collect(
    registration: Registration, language: str, opened: Collection[int] | None, *, by_organiser: bool
) -> PersonalData:
    """Gather everything; of protected sets only those `opened`, None for all.

    What organisers wrote for themselves goes to them alone, what concerns all labs to the person alone.
    """
    found = PersonalData(registration)
    with override(language):
        found.sections = [
            _registration(registration),
            _consents(registration),
            _documents(registration, language),
            *_sessions(registration, language),
            _answers(registration, language, opened, found.files),
            *further_sections(registration, language, by_organiser=by_organiser),
            _emails(registration, by_organiser=by_organiser),
            _changes(registration, language),
            *([_notes(registration)] if by_organiser else []),
        ]
        for _receiver, more in person_exported.send(sender=Registration, registration=registration):
            part = cast("tuple[list[Section], dict[str, Read]]", more)
            found.sections += part[0]
            found.files |= part[1]
    found.sections = [one for one in found.sections if one.rows]
    return found


def _registration(person: Registration) -> Section:
    lab = person.lab
    city = text_of(person.city.name, person.language, lab) if person.city else person.city_text
    group = person.stakeholder_group
    rows = [
        Entry("number", gettext("Number of the registration"), person.reference),
        Entry("lab", gettext("Lab"), text_of(lab.title, person.language, lab)),
        Entry("state", gettext("Status"), person.get_state_display()),
        Entry("name", gettext("Name"), person.name),
        Entry("email", gettext("Email"), person.email),
        Entry("city", gettext("City"), city),
        Entry("organisation", gettext("Organisation"), person.organisation),
        Entry(
            "type_of_organisation",
            gettext("Type of organisation"),
            text_of(group.name, person.language, lab) if group else "",
        ),
        Entry("language", gettext("Language"), person.language),
        Entry("time_zone", gettext("Time zone"), person.time_zone),
        Entry(
            "photos", gettext("Photos and recordings"), person.get_photos_display() if person.photos else ""
        ),
        Entry("created_at", gettext("Submitted"), person.created_at),
        Entry("confirmed_at", gettext("Confirmed"), person.confirmed_at),
        Entry("cancelled_at", gettext("Cancelled"), person.cancelled_at),
        Entry("cancelled_as", gettext("Cancelled by"), person.get_cancelled_as_display()),
        Entry("unsubscribed_at", gettext("Unsubscribed"), person.unsubscribed_at),
        Entry("kept_until", gettext("Kept until"), person.kept_until.isoformat()),
    ]
    return Section("registration", gettext("Registration"), [[entry for entry in rows if entry.value]])


def _consents(person: Registration) -> Section:
    rows = [
        [
            Entry("version", gettext("Version"), str(person.consent_version.number)),
            Entry("text", gettext("Text"), person.consent_text),
            Entry("language", gettext("Language"), person.consent_language),
            Entry("at", gettext("Time"), person.consent_at),
        ]
    ]
    for one in person.needs_consents.order_by("given_at"):
        rows.append(
            [
                Entry("text", gettext("Text"), one.text),
                Entry("language", gettext("Language"), one.language),
                Entry("at", gettext("Time"), one.given_at),
            ]
        )
    return Section("consents", gettext("Consent"), rows)


def _documents(person: Registration, language: str) -> Section:
    rows = [
        [
            Entry("document", gettext("Document"), text_of(one.version.title, language, person.lab)),
            Entry("version", gettext("Version"), str(one.version.number)),
            Entry("text", gettext("Text"), text_of(one.version.text, one.language, person.lab)),
            Entry("address", gettext("Web address"), one.version.address),
            Entry("language", gettext("Language"), one.language),
            Entry("at", gettext("Time"), one.at),
        ]
        for one in documents.accepted_by(person)
    ]
    return Section("documents", gettext("Accepted documents"), [[e for e in row if e.value] for row in rows])


def _sessions(person: Registration, language: str) -> Iterator[Section]:
    def title(session: Any) -> Entry:
        return Entry("session", gettext("Session"), text_of(session.title, language, person.lab))

    held = person.seats.select_related("session").order_by("session__starts_at", "pk")
    yield Section(
        "seats",
        gettext("Sessions"),
        [
            [
                title(seat.session),
                Entry("state", gettext("Status"), seat.get_state_display()),
                Entry("mode", gettext("Attendance"), seat.get_mode_display()),
            ]
            for seat in held
        ],
    )
    moved = SeatMovement.objects.filter(seat__registration=person).select_related("seat__session")
    yield Section(
        "seat_history",
        gettext("History of seats"),
        [
            [
                title(one.seat.session),
                Entry("at", gettext("Time"), one.at),
                Entry("state", gettext("Status"), one.get_after_display()),
                Entry("reason", gettext("Reason"), one.get_reason_display()),
                *([Entry("note", gettext("Note"), one.note)] if one.note else []),
            ]
            for one in moved
        ],
    )
    came = person.attendances.select_related("session").order_by("session__starts_at", "pk")
    yield Section(
        "attendance",
        gettext("Attended sessions"),
        [[title(one.session), Entry("at", gettext("Recorded"), one.taken_at)] for one in came],
    )


def _answers(
    person: Registration, language: str, opened: Collection[int] | None, files: dict[str, Read]
) -> Section:
    given = person.answers.select_related("question__question_set")
    kept = [
        one
        for one in given
        if opened is None
        or one.question.question_set.protection == QuestionSet.Protection.ORDINARY
        or one.question.question_set_id in opened
    ]
    rows = []
    for one in answers.read(kept, questionnaire_of(person.lab), language) if kept else []:
        if one.answer is None:
            continue
        row = [
            Entry("question", gettext("Question"), text_of(one.question.label, language, person.lab)),
            Entry("answer", gettext("Answer"), one.words),
            Entry("at", gettext("Time"), one.answer.answered_at),
        ]
        if one.has_file and (name := _file_name(one.answer)):
            files[name] = _reader(one.answer)
            row.append(Entry("file", gettext("File"), name))
        rows.append(row)
    return Section("answers", gettext("Answers"), rows)


def _file_name(answer: Answer) -> str:
    try:
        facts = answers.value_of(answer)
    except Undecipherable:
        return ""
    return f"files/{answer.question.slug}-{facts['name']}"


def _reader(answer: Answer) -> Read:
    def read() -> bytes:
        with answer.file.open("rb") as stored:
            return decrypt(stored.read())

    return read


def _emails(person: Registration, *, by_organiser: bool) -> Section:
    wanted = Q(registration=person) | Q(invitation__in=invitations_to(person))
    if person.person_id is not None and not by_organiser:
        wanted |= Q(person=person.person_id)
    rows = []
    for message in Message.objects.filter(wanted).order_by("created_at", "pk"):
        try:
            text = rendered(message, reveal=False).text
        except NotRenderable:
            text = ""
        rows.append(
            [
                Entry("subject", gettext("Subject"), message.subject),
                Entry("occasion", gettext("Type"), occasion_in_words(message.occasion)),
                Entry("to", gettext("Email"), message.to_email),
                Entry("state", gettext("Status"), message.get_state_display()),
                Entry("at", gettext("Time"), message.created_at),
                Entry("text", gettext("Text"), text),
            ]
        )
    return Section("emails", gettext("Emails"), rows)


def _changes(person: Registration, language: str) -> Section:
    rows = []
    for change in changes.changes_of(person, language):
        if change.words:
            rows.append(
                [Entry("at", gettext("Time"), change.at), Entry("field", gettext("What"), change.words)]
            )
        rows += [
            [
                Entry("at", gettext("Time"), change.at),
                Entry("field", gettext("What"), str(one.label)),
                Entry("before", gettext("Before"), str(one.before)),
                Entry("after", gettext("After"), str(one.after)),
            ]
            for one in change.differences
        ]
    return Section("changes", gettext("Changes"), rows)


def _notes(person: Registration) -> Section:
    """Tags and notes, without who wrote them."""
    rows = [[Entry("tag", gettext("Tag"), name)] for name in person.tags.values_list("name", flat=True)]
    rows += [
        [Entry("note", gettext("Note"), one.text), Entry("at", gettext("Time"), one.at)]
        for one in person.notes.order_by("at")
    ]
    return Section("notes", gettext("Notes of the organisers"), rows)


class _Pieces:
    """What a ZIP file is written into: bytes that are taken out again, piece by piece."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing to do: `take` empties it."""

    def take(self) -> bytes:
        taken, self._held = bytes(self._held), bytearray()
        return taken


def archive(found: PersonalData, language: str) -> Iterator[bytes]:
    """Yield a ZIP with `data.json`, `readable.html` and the files, one entry at a time."""
    with override(language):
        page = render_to_string("registrations/personal_data.html", {"found": found, "now": timezone.now()})
    entries: dict[str, Read] = {
        "data.json": lambda: json.dumps(found.data, ensure_ascii=False, indent=2).encode(),
        "readable.html": page.encode,
        **found.files,
    }
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED) as packed:  # type: ignore[call-overload]
        for name, read in entries.items():
            try:
                content = read()
            except (FileNotFoundError, Undecipherable):
                continue
            packed.writestr(name, content)
            yield pieces.take()
    yield pieces.take()


def file_name(found: PersonalData) -> str:
    """Return the name of the archive, without the person's."""
    return f"{found.registration.lab.slug}-{found.registration.reference}.zip"
