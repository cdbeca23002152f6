from certificates import issuing
from core.accounts.models import User
from core.jobs.leases import Lease, task
from labs.models import Lab


@task("certificates.issue", is_long=True)
def issue_to_lab(lease: Lease, lab: int, by: int | None) -> None:
    issuing.issue_all(Lab.objects.get(pk=lab), _account(by), lease)


@task("certificates.replace", is_long=True)
def replace_in_lab(lease: Lease, lab: int, by: int | None) -> None:
    issuing.issue_all(Lab.objects.get(pk=lab), _account(by), lease, replacing=True)


def _account(pk: int | None) -> User | None:
    return User.objects.filter(pk=pk).first() if pk else None
