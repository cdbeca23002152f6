from certificates import issuing
from labs.models import Lab, User
from labs.work import Lease, task


@task("certificates.issue")
def issue_to_lab(lease: Lease, lab: int, by: int | None) -> None:
    issuing.issue_all(Lab.objects.get(pk=lab), User.objects.filter(pk=by).first() if by else None, lease)
