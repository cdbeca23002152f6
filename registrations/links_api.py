"""The API for links that people ask for again."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.errors import Throttled
from pydantic import ConfigDict, Field

from core.api.api import FOR_EVERYBODY
from core.web.rate_limits import allow, client_address
from labs.api_authentication import reader_of
from labs.current_viewer import get_visible_lab_or_404
from registrations import asking_for_links

router = Router(tags=["Registrations and attendance"])


class LinksIn(Schema):
    model_config = ConfigDict(extra="forbid")

    email: str = Field(min_length=3, max_length=254)
    lab: str | None = Field(
        None,
        max_length=80,
        description="Slug of a lab. If omitted, one link to the registrations in all labs",
    )


class AskedOut(Schema):
    detail: str = Field(description="Next step, in the caller's language")


@router.post(
    "/registration-links",
    response={202: AskedOut},
    url_name="registration_links",
    openapi_extra=FOR_EVERYBODY,
)
def registration_links(request: HttpRequest, form: LinksIn) -> Status[dict[str, str]]:
    """Email an address the link to its registrations.

    The response does not say whether the email is registered. No API key needed.
    """
    lab = get_visible_lab_or_404(reader_of(request), form.lab) if form.lab else None
    if not allow("registration-link", client_address(request), asking_for_links.PER_HOUR, 3600):
        raise Throttled(wait=3600)
    asking_for_links.queue_links(form.email, lab)
    detail = _(
        "If this address is registered, you will get an email with the link. To protect privacy, we can’t say whether "
        "an address is registered."
    )
    return Status(202, {"detail": detail})
