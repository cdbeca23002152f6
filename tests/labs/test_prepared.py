"""A query that is put together once gives what the query itself gives."""

from threading import Thread

import pytest
from django.db import connection

from labs.models import Lab
from labs.prepared import PreparedRow
from labs.viewer import VISITOR
from tests import factories as f

COLUMNS = ("pk", "revision", "revised_at", "languages", "title")


def question(slug: str):
    return Lab.objects.visible_to(VISITOR).filter(slug=slug).order_by().values_list(*COLUMNS)


@pytest.mark.django_db
def test_it_gives_the_same_values_for_each_lab_and_none_where_there_is_none():
    labs = [f.LabFactory(languages=["bg", "en"]), f.LabFactory(), f.LabFactory(visibility="draft")]
    told = PreparedRow(question)

    for lab in labs * 2:
        assert told.find(lab.slug) == question(lab.slug).first()
    assert told.find(labs[2].slug) is None
    for hostile in ("no-such-lab", "' OR 1=1 --", "%s", "%", ""):
        assert told.find(hostile) is None


@pytest.mark.django_db
def test_it_sees_every_change_at_once():
    lab = f.LabFactory()
    told = PreparedRow(question)
    before = told.find(lab.slug)

    Lab.objects.filter(pk=lab.pk).update(revision=7)

    assert (before[1], told.find(lab.slug)[1]) == (1, 7)
    Lab.objects.filter(pk=lab.pk).update(visibility="draft")
    assert told.find(lab.slug) is None


@pytest.mark.django_db(transaction=True)
def test_it_serves_threads_with_connections_of_their_own():
    lab = f.LabFactory()
    told = PreparedRow(question)
    found = []

    def ask() -> None:
        found.append(told.find(lab.slug))
        connection.close()

    for _number in range(3):
        thread = Thread(target=ask)
        thread.start()
        thread.join()

    assert found == [question(lab.slug).first()] * 3
