"""A question or an update that is put together once does what the query itself does."""

import secrets
import uuid
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.db.models import Count, F, Q, Value
from django.db.models.functions import Upper
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from labs import prepared
from labs.models import Lab
from labs.prepared import SHAPES_KEPT, Prepared, PreparedUpdate
from labs.viewer import VISITOR, Viewer
from registrations.models import Registration
from sessions.models import AgendaItem, Session
from tests import factories as f
from tests.registrations.crowds import all_at_once

COLUMNS = ("pk", "revision", "revised_at", "languages", "title")
HOSTILE = ("no-such-lab", "' OR 1=1 --", "%s", "%", "%(slug)s", "")
NOW = datetime(2027, 4, 6, 9, 30, tzinfo=UTC)


def columns_of(slug: str):
    return Lab.objects.visible_to(VISITOR).filter(slug=slug).order_by().values_list(*COLUMNS)


def whole(viewer: Viewer, slug: str):
    return Lab.objects.visible_to(viewer).select_related("programme").filter(slug=slug).order_by()


@pytest.mark.django_db
def test_it_gives_the_same_values_for_each_lab_and_none_where_there_is_none():
    labs = [f.LabFactory(languages=["bg", "en"]), f.LabFactory(), f.LabFactory(visibility="draft")]
    told = Prepared(columns_of)

    for lab in labs * 2:
        assert told.first(lab.slug) == columns_of(lab.slug).first()
        assert told.all(lab.slug) == list(columns_of(lab.slug))
    assert told.first(labs[2].slug) is None
    for hostile in HOSTILE:
        assert told.first(hostile) is None


@pytest.mark.django_db
def test_it_gives_whole_rows_with_the_rows_they_belong_to_in_one_query():
    labs = [f.LabFactory(), f.LabFactory()]
    told = Prepared(whole)

    for lab in labs * 2:
        with CaptureQueriesContext(connection) as captured:
            found = told.first(VISITOR, lab.slug)
            seen = {**vars(found.programme), "_state": None}
        assert len(captured) == 1
        assert seen == {**vars(lab.programme.__class__.objects.get(pk=lab.programme_id)), "_state": None}
        assert (found, found.title, found.revised_at) == (
            lab,
            lab.title,
            Lab.objects.get(pk=lab.pk).revised_at,
        )
        assert (found._state.adding, found._state.db) == (False, "default")


@pytest.mark.django_db
def test_what_is_put_off_is_fetched_when_it_is_asked_for():
    session = f.SessionFactory(abstract={"en": "Long"}, room=None)
    told = Prepared(
        lambda ids: Session.objects.filter(pk__in=ids).select_related("room").only("slug", "room")
    )

    found = told.first([session.pk])

    assert found.get_deferred_fields() >= {"abstract", "title"}
    assert (found.slug, found.room, found.abstract) == (session.slug, None, session.abstract)


@pytest.mark.django_db
def test_rights_are_part_of_the_question_however_many_people_ask():
    draft, public = f.LabFactory(visibility="draft"), f.LabFactory()
    told = Prepared(whole)

    assert told.first(VISITOR, draft.slug) is None
    assert told.first(Viewer(user_id=1, organised_labs=frozenset([draft.pk])), draft.slug) == draft
    assert told.first(Viewer(user_id=2, organised_labs=frozenset([public.pk])), draft.slug) is None
    assert (
        told.first(Viewer(user_id=3, owned_programmes=frozenset([draft.programme_id])), draft.slug) == draft
    )
    for number in range(4, SHAPES_KEPT * 3):
        assert told.first(Viewer(user_id=number, door_labs=frozenset([number + 10**6])), draft.slug) is None
    assert told.first(VISITOR, draft.slug) is None
    assert told.first(Viewer(user_id=1, organised_labs=frozenset([draft.pk])), draft.slug) == draft


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [list, tuple, set, frozenset])
def test_any_number_of_values_may_be_asked_about(kind):
    sessions = f.SessionFactory.create_batch(4)
    ids = [session.pk for session in sessions]
    told = Prepared(
        lambda ids: Session.objects.filter(pk__in=ids).order_by("pk").values_list("pk", flat=True)
    )

    for many in (4, 1, 3, 0, 4):
        assert told.all(kind(ids[:many])) == ids[:many]
    assert told.all([ids[0], ids[0], 10**12]) == [ids[0]]


@pytest.mark.django_db
def test_instants_and_identifiers_are_written_as_the_database_keeps_them():
    early = f.RegistrationFactory(consent_at=NOW)
    late = f.RegistrationFactory(lab=early.lab, consent_at=NOW + timedelta(microseconds=1))
    told = Prepared(
        lambda who, since: Registration.objects.filter(public_id__in=who, consent_at__gt=since).order_by("pk")
    )

    both = [early.public_id, late.public_id]
    assert told.all(both, NOW - timedelta(microseconds=1)) == [early, late]
    assert told.all(both, NOW) == [late]
    assert told.all(both, NOW + timedelta(microseconds=1)) == []
    assert told.all([uuid.uuid4(), early.public_id], datetime(1, 1, 2, tzinfo=UTC)) == [early]


@pytest.mark.django_db
def test_a_value_may_stand_in_the_question_more_than_once():
    session = f.SessionFactory()
    told = Prepared(
        lambda ids, at: (
            Session.objects.filter(pk__in=ids, starts_at__lte=at)
            .visible_to(Viewer(seated_sessions=frozenset(ids)))
            .exclude(ends_at__lt=at)
        )
    )

    assert told.all([session.pk, 1], session.starts_at) == [session]
    assert told.all([session.pk, 1], session.ends_at + timedelta(seconds=1)) == []
    assert told.all([10**6, 10**7], session.starts_at) == []


@pytest.mark.django_db
def test_what_was_counted_beside_a_row_is_there():
    lab = f.LabFactory()
    f.SessionFactory.create_batch(2, lab=lab)
    told = Prepared(lambda slug: Lab.objects.filter(slug=slug).annotate(n=Count("sessions")))

    assert told.first(lab.slug).n == 2


@pytest.mark.django_db
def test_it_sees_every_change_at_once():
    lab = f.LabFactory()
    told = Prepared(columns_of)
    before = told.first(lab.slug)

    Lab.objects.filter(pk=lab.pk).update(revision=7)

    assert (before[1], told.first(lab.slug)[1]) == (1, 7)
    Lab.objects.filter(pk=lab.pk).update(visibility="draft")
    assert told.first(lab.slug) is None


@pytest.mark.django_db
def test_a_question_that_changes_its_values_is_refused():
    f.LabFactory(slug="spring")

    for question in (
        lambda slug: Lab.objects.filter(slug__contains=slug),
        lambda slug: Lab.objects.filter(slug=slug.upper()),
        lambda slug: Lab.objects.all(),
    ):
        with pytest.raises(ValueError, match="does not stand in it"):
            Prepared(question).all("spring")
    for question in (
        lambda slug: Lab.objects.filter(Q(slug=slug) | Q(slug__contains=slug)),
        lambda slug: Lab.objects.filter(slug=slug, revised_at__lt=timezone.now()),
        lambda slug: Lab.objects.filter(slug=slug).annotate(also=Value(secrets.token_hex(4))),
    ):
        with pytest.raises(ValueError, match="depends on its values"):
            Prepared(question).all("spring")
    for question in (
        lambda slug: Lab.objects.filter(slug=slug).prefetch_related("sessions"),
        lambda slug: Lab.objects.filter(slug=slug).values("pk"),
    ):
        with pytest.raises(ValueError, match="prepared question"):
            Prepared(question).all("spring")


@pytest.mark.django_db
def test_what_it_cannot_keep_apart_is_refused():
    lab = f.LabFactory()

    for value in (lab, [lab.pk, None], [lab.pk, str(lab.pk)], [Lab.Visibility.PUBLIC]):
        with pytest.raises(TypeError):
            Prepared(lambda value: Lab.objects.filter(pk__in=[value])).all(value)
    assert Prepared(lambda seen: Lab.objects.filter(visibility=seen)).all(Lab.Visibility.PUBLIC) == [lab]
    for kind in (int, str, uuid.UUID, datetime):
        assert len(set(prepared._stand_in(prepared._Of(kind, 300_000)))) == 300_000


@pytest.mark.django_db
def test_numbers_find_what_the_query_itself_finds_however_large_or_small_the_column_is():
    item = f.AgendaItemFactory(position=7)
    at, since = (
        Prepared(lambda n: AgendaItem.objects.filter(position=n)),
        Prepared(lambda n: AgendaItem.objects.filter(position__gte=n)),
    )
    moved = PreparedUpdate(lambda n: AgendaItem.objects.filter(position=n), position=F("position") + 1)

    for told in (at, since):
        assert told.all(7) == [item]
        assert told.first(8) is None
    for huge in (2**63, 10**30):
        assert (at.all(huge), since.all(huge), since.all(-huge)) == ([], [], [item])
    assert [moved.carry_out(n) for n in (6, 7, 7, 10**30)] == [0, 1, 0, 0]


@pytest.mark.django_db
def test_values_come_without_what_they_are_ordered_by():
    session = f.SessionFactory(capacity=3)
    told, flat = (
        Prepared(lambda lab: of_lab(lab).values_list("lab")),
        Prepared(lambda lab: of_lab(lab).values_list("lab", flat=True)),
    )

    def of_lab(lab: int):
        return Session.objects.filter(lab=lab).order_by("capacity", "starts_at").distinct()

    assert told.all(session.lab_id) == [(session.lab_id,)]
    assert flat.all(session.lab_id) == [session.lab_id]


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_in_a_transaction_alone():
    lab = f.LabFactory()
    told = Prepared(lambda slug: Lab.objects.select_for_update().filter(slug=slug))

    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        assert told.all(lab.slug) == [lab]
    if connection.features.has_select_for_update:
        assert "FOR UPDATE" in captured[0]["sql"]
        with pytest.raises(TransactionManagementError):
            told.all(lab.slug)
    else:
        assert told.all(lab.slug) == [lab]


@pytest.mark.django_db(transaction=True)
def test_whoever_asks_in_turn_sees_what_those_before_wrote():
    """Each of eight transactions finds the labs of all before it, and leaves one more."""
    programme = f.ProgrammeFactory()
    told = Prepared(lambda pk: Lab.objects.filter(programme=pk).order_by("pk").values_list("slug", flat=True))
    found = []

    def ask_and_write(number: int) -> None:
        with transaction.atomic():
            slugs = told.all_in_turn("a turn", programme.pk)
            found.append(len(slugs))
            f.LabFactory(programme=programme, slug=f"lab-of-turn-{number}")

    assert all_at_once([lambda number=number: ask_and_write(number) for number in range(8)]) == []
    assert sorted(found) == list(range(8))


@pytest.mark.django_db(transaction=True)
def test_a_turn_is_taken_in_a_transaction_alone_and_costs_no_query_of_its_own():
    lab = f.LabFactory()
    told = Prepared(columns_of)
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        assert told.all_in_turn("a turn; %s ' --", lab.slug) == list(columns_of(lab.slug))
        assert told.all_in_turn("a turn; %s ' --", lab.slug) == told.all(lab.slug)
    assert len(captured) == 4
    with pytest.raises(TransactionManagementError):
        told.all_in_turn("a turn", lab.slug)


@pytest.mark.django_db(transaction=True)
def test_a_turn_is_taken_also_where_nothing_can_be_found():
    told = Prepared(lambda ids: Lab.objects.filter(pk__in=ids))

    with transaction.atomic():
        assert told.all_in_turn("a turn", []) == []
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
                )
                assert cursor.fetchall() == [(1,)]
    with pytest.raises(TransactionManagementError):
        told.all_in_turn("a turn", [])


@pytest.mark.postgres
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite's transactions all take one turn")
@pytest.mark.django_db(transaction=True)
def test_other_turns_wait_for_nobody():
    lab = f.LabFactory()
    told, found = Prepared(columns_of), []

    def ask() -> None:
        with transaction.atomic():
            found.append(told.all_in_turn("another turn", lab.slug))
        connection.close()

    with transaction.atomic():
        told.all_in_turn("a turn", lab.slug)
        thread = Thread(target=ask)
        thread.start()
        thread.join(20)
        assert found == [list(columns_of(lab.slug))]


@pytest.mark.django_db(transaction=True)
def test_it_serves_threads_with_connections_of_their_own():
    lab = f.LabFactory()
    told = Prepared(columns_of)
    found = []

    def ask() -> None:
        found.append(told.first(lab.slug))
        connection.close()

    for _number in range(3):
        thread = Thread(target=ask)
        thread.start()
        thread.join()

    assert found == [columns_of(lab.slug).first()] * 3


@pytest.mark.django_db
def test_an_update_writes_what_it_matches_and_says_how_many():
    sessions = f.SessionFactory.create_batch(3, seats_taken=0, capacity=9)
    ids = [session.pk for session in sessions]
    one_more = PreparedUpdate(
        lambda ids, now: Session.objects.filter(pk__in=ids, ends_at__gt=now), seats_taken=F("seats_taken") + 1
    )
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)

    assert one_more.carry_out(ids, long_ago) == 3
    assert one_more.carry_out(ids[:1], long_ago) == 1
    assert one_more.carry_out(ids, datetime(2200, 1, 1, tzinfo=UTC)) == 0
    assert one_more.carry_out([], long_ago) == 0
    assert list(Session.objects.order_by("pk").values_list("seats_taken", flat=True)) == [2, 1, 1]


@pytest.mark.django_db
def test_an_update_of_more_than_one_table_is_refused():
    with pytest.raises(ValueError, match="one table"):
        PreparedUpdate(lambda slug: Session.objects.filter(lab__slug=slug), seats_taken=0).carry_out("spring")
    with pytest.raises(ValueError, match="does not stand in it"):
        PreparedUpdate(lambda slug: Lab.objects.all(), revision=Upper("slug")).carry_out("spring")
    with pytest.raises(ValueError, match="every row"):
        PreparedUpdate(lambda slug: Lab.objects.filter(slug=slug)[:1], revision=0).carry_out("spring")
