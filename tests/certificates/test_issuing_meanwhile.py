"""What happens while a certificate is printed, and that nothing is left over of what was not kept."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import timezone

from certificates import issuing
from certificates.issuing import Code, NotIssuable, NotPrinted
from certificates.models import Certificate, NotIssued
from core.jobs.leases import Lease, LeaseLost, claim
from core.jobs.models import Task
from core.mail.models import Message
from core.pdf.renderer import RendererFailed
from registrations import managing
from registrations.erasure import erase
from registrations.models import Registration
from sessions.models import Session
from tests import factories as f
from tests.certificates.attending import attended

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 %%EOF"


class Press:
    """Prints at once what is no paper, does `meanwhile` while it prints the next, and fails for “Fatal”."""

    meanwhile: Callable[[], object] | None = None
    tried = 0

    def __call__(self, html: str, *_document: object, style: str) -> bytes:
        self.tried += 1
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        if "Fatal" in html:
            raise RendererFailed("the renderer ended")
        return PDF


@pytest.fixture(autouse=True)
def press(monkeypatch: pytest.MonkeyPatch) -> Press:
    press = Press()
    monkeypatch.setattr("certificates.pdf.render_document", press)
    return press


@pytest.fixture(autouse=True)
def folder(settings: LazySettings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def files(folder: Path) -> int:
    return len(list(folder.rglob("*.pdf")))


def told() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("occasion", flat=True))


def test_of_two_who_issue_at_once_both_get_the_one_that_was_kept_first(press: Press, folder: Path) -> None:
    lab = f.LabFactory()
    issuing.issue(attended(lab=lab))
    registration = attended(lab=lab)
    issuing.revoke(issuing.issue(registration), "Wrong person")
    before = files(folder)
    first: list[Certificate] = []
    press.meanwhile = lambda: first.append(issuing.issue(registration))

    assert [issuing.issue(registration)] == first
    assert registration.certificates.filter(state="valid").count() == 1
    assert files(folder) == before + 1
    assert told().count("certificate") == 3


@pytest.mark.parametrize("change", ["renamed", "left", "erased"])
@pytest.mark.parametrize("is_replaced", [False, True])
def test_nothing_is_kept_for_who_is_another_by_the_time_it_is_printed(
    press: Press, folder: Path, change: str, is_replaced: bool
) -> None:
    registration = attended(name="Demo participant 1")
    attended(name="Demo participant 1", lab=registration.lab)  # somebody else of this name stays
    old = issuing.issue(registration) if is_replaced else None
    before = (Certificate.objects.count(), told(), files(folder))
    row = Registration.objects.get(pk=registration.pk)
    press.meanwhile = {
        "renamed": lambda: Registration.objects.filter(pk=row.pk).update(name="Demo participant 2"),
        "left": lambda: managing.cancel(row),
        "erased": lambda: erase(row),
    }[change]

    with pytest.raises(NotIssuable) as refused:
        issuing.reissue(old) if old else issuing.issue(registration)

    assert refused.value.code == Code.CHANGED
    if change == "renamed":
        assert (Certificate.objects.count(), told(), files(folder)) == before
    assert not Certificate.objects.exclude(state="valid").exists()
    assert Certificate.objects.count() == before[0]


def test_of_two_who_replace_at_once_the_second_is_refused(press: Press) -> None:
    old = issuing.issue(attended())
    beside = issuing.issue(attended(lab=old.lab))
    press.meanwhile = lambda: issuing.reissue(Certificate.objects.get(pk=old.pk))

    with pytest.raises(NotIssuable) as refused:
        issuing.reissue(old)

    assert refused.value.code == Code.CHANGED
    assert sorted(one.state for one in Certificate.objects.all()) == ["replaced", "valid", "valid"]
    beside.refresh_from_db()
    assert beside.state == "valid"


def test_nothing_is_half_replaced_where_the_email_cannot_be_queued(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = issuing.issue(attended())

    def fail(*_asked: object, **_more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("certificates.emails.certificate_issued", fail)
    with pytest.raises(ZeroDivisionError):
        issuing.reissue(old)
    assert [(one.pk, one.state) for one in Certificate.objects.all()] == [(old.pk, "valid")]
    assert files(folder) == 1


def test_each_state_of_a_certificate_can_become_some_others_and_the_history_says_by_whom() -> None:
    by = f.UserFactory()
    registration, other = attended(), attended()
    old = issuing.issue(registration)
    new = issuing.reissue(old, by)
    for deed in (issuing.reissue, issuing.restore, lambda one: issuing.revoke(one, "Wrong person")):
        with pytest.raises(NotIssuable):
            deed(Certificate.objects.get(pk=old.pk))
    assert issuing.restore(new).state == "valid"
    issuing.revoke(new, "Wrong person", by)
    with pytest.raises(NotIssuable) as refused:
        issuing.reissue(Certificate.objects.get(pk=new.pk))
    assert (refused.value.code, refused.value.errors) == (Code.NOT_VALID, {"": [refused.value.message]})
    issuing.restore(new, by)

    row = Certificate.objects.get(pk=old.pk)
    assert (row.state, row.replaced_by) == ("replaced", new)
    latest = row.history.latest()
    assert (latest.history_user, latest.state) == (by, "replaced")
    assert [(one.state, one.history_user) for one in new.history.order_by("history_date", "history_id")] == [
        ("valid", None), ("revoked", by), ("valid", by),
    ]  # fmt: skip
    # Who has none of them is told nothing.
    assert told() == ["certificate", "certificate", "certificate_revoked", "certificate_restored"]
    assert {mail.to_email for mail in Message.objects.all()} == {registration.email}
    assert not other.certificates.exists()


def test_a_certificate_without_a_person_is_revoked_and_restored_but_not_replaced() -> None:
    registration = attended()
    certificate = issuing.issue(registration)
    erase(registration)
    Message.objects.all().delete()
    certificate.refresh_from_db()
    assert issuing.revoke(certificate, "Wrong person").state == "revoked"
    assert issuing.restore(certificate).state == "valid"
    with pytest.raises(NotIssuable) as refused:
        issuing.reissue(certificate)
    assert refused.value.code == Code.NOT_VALID
    assert told() == []


def test_who_left_or_was_erased_gets_none_though_the_sessions_were_attended() -> None:
    over = f.LabFactory(starts_on=timezone.now().date() - timedelta(days=40), registration_opens_at=None)
    left, erased = attended(), attended(lab=over)
    managing.cancel(left)
    erase(erased)
    for registration in (left, erased):
        registration.refresh_from_db()
        with pytest.raises(NotIssuable) as refused:
            issuing.issue(registration)
        assert refused.value.code == Code.NOT_REGISTERED


def test_a_text_that_the_paper_has_no_room_for_is_the_labs_matter() -> None:
    registration = attended()
    Session.objects.update(title={"en": "x" * 600})
    with pytest.raises(NotIssuable) as refused:
        issuing.issue(registration)
    assert refused.value.code == Code.TEXTS


def test_around_what_was_attended_stand_the_labs_other_public_sessions() -> None:
    registration = attended()
    lab = registration.lab
    hours = {}
    for number, facts in enumerate(
        [
            {"lab": lab},
            {"lab": lab, "visibility": "internal"},
            {"lab": lab, "status": "cancelled", "cancelled_at": timezone.now()},
            {},
        ]
    ):
        on = timezone.now().date() + timedelta(days=number)
        hours[f.SessionFactory(start_date=on, **facts).start_date.isoformat()] = number
    content = issuing.issue(registration).content
    assert [hours[one["on"]] for one in content["others"]] == [0]
    assert len(content["sessions"]) == 1


def claimed() -> Lease:
    [(_task, lease)] = claim(Task, 5, timedelta(seconds=30))
    assert isinstance(lease, Lease)
    return lease


def test_a_run_goes_past_whom_the_press_fails_for_and_stops_at_three_on_end(press: Press) -> None:
    lab = f.LabFactory()
    for name in ("1 Fatal", "2 Fatal", "3 Demo", "4 Fatal", "5 Fatal", "6 Demo", "7 Fatal", "8 Fatal",
                 "9 Fatal", "Demo who waits"):  # fmt: skip
        attended(lab=lab, name=name)
    issuing.start_issuing(lab)

    with pytest.raises(NotPrinted) as failed:
        issuing.issue_all(lab, None, claimed())

    assert "Try again in a minute" in failed.value.message
    assert failed.value.code == Code.NOT_PRINTED
    assert sorted(Certificate.objects.values_list("holder_name", flat=True)) == ["3 Demo", "6 Demo"]
    assert set(NotIssued.objects.values_list("code", flat=True)) == {Code.NOT_PRINTED}
    assert (NotIssued.objects.count(), press.tried) == (7, 9)


def test_one_who_cannot_be_printed_at_the_moment_brings_the_run_back() -> None:
    lab = f.LabFactory()
    for name in ("1 Demo", "2 Fatal"):
        attended(lab=lab, name=name)
    issuing.start_issuing(lab)
    with pytest.raises(NotPrinted):
        issuing.issue_all(lab, None, claimed())
    Registration.objects.update(name="Demo")
    assert issuing.issue_all(lab, None, Lease(Task, Task.objects.get().pk, 1, timedelta(seconds=30))) == 1
    assert not NotIssued.objects.exists()


def test_who_lost_the_work_to_another_worker_issues_nothing() -> None:
    lab = attended().lab
    issuing.start_issuing(lab)
    lease = claimed()
    Task.objects.update(fence=lease.fence + 1)
    with pytest.raises(LeaseLost):
        issuing.issue_all(lab, None, lease)
    assert not Certificate.objects.exists()


def test_asking_again_tries_at_once_what_waits_for_another_try_and_nothing_else() -> None:
    lab, other = f.LabFactory(), f.LabFactory()
    by = f.UserFactory()
    now = timezone.now()
    later, earlier = now + timedelta(hours=1), now - timedelta(hours=1)
    work, beside = issuing.start_issuing(lab, by), issuing.start_issuing(other)
    assert (work.arguments["by"], beside.arguments["by"]) == (by.pk, None)
    Task.objects.update(run_at=later)

    assert issuing.start_issuing(lab) == work

    rows = {task.pk: task for task in Task.objects.all()}
    assert (rows[work.pk].run_at < later, rows[beside.pk].run_at) == (True, later)
    for facts in ({"run_at": earlier}, {"run_at": later, "state": Task.State.WORKING}):
        Task.objects.filter(pk=work.pk).update(**facts)
        assert issuing.start_issuing(lab) == work
        work.refresh_from_db()
        assert work.run_at == facts["run_at"]


def test_an_erased_persons_certificates_lose_name_and_file_and_nobody_elses_do(
    folder: Path, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    gone, stays = attended(name="Demo participant 1"), attended(name="Demo participant 2")
    for registration in (gone, stays):
        issuing.revoke(issuing.issue(registration), "Wrong spelling")
        issuing.issue(registration)
        NotIssued.objects.create(registration=registration, code="not-printed", at=timezone.now())
    without_file = Certificate.objects.filter(registration=gone).first()
    assert without_file is not None
    without_file.pdf.delete()
    before = Certificate.history.count()

    with django_capture_on_commit_callbacks(execute=True):
        erase(gone)

    for rows in (Certificate.objects, Certificate.history):
        assert set(rows.values_list("holder_name", "registration")) == {
            ("", None), ("Demo participant 2", stays.pk),
        }  # fmt: skip
    assert [one.registration for one in NotIssued.objects.all()] == [stays]
    assert Certificate.history.count() == before
    assert (files(folder), Certificate.objects.filter(pdf="").count()) == (2, 2)
    assert set(Certificate.objects.values_list("registered_name", flat=True)) == {"", "Demo participant 2"}
