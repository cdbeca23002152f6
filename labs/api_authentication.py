"""The API class and its authentication by token. Session cookies are ignored, which rules out CSRF."""

from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from core.accounts.models import User
from core.api.problems import Problem
from core.web.signed_links import API_PREFIX, api_token_hash
from labs.current_viewer import viewer_for_token, viewer_of
from labs.models import ApiToken, Lab, Programme
from labs.viewer import VISITOR, Viewer


class BearerToken(HttpBearer):
    """Sets the request's viewer from the bearer token, else to VISITOR. An invalid token is an error."""

    def __call__(self, request: HttpRequest) -> Viewer:
        if "\0" in request.path or any(
            "\0" in value for values in request.GET.lists() for value in values[1]
        ):
            raise Http404  # no slug has a NUL, and PostgreSQL rejects it
        header = request.headers.get("Authorization", "")
        if not header:
            request._viewer = VISITOR  # type: ignore[attr-defined]
            return VISITOR
        kind, _space, token = header.partition(" ")
        if kind.lower() != "bearer":
            raise AuthenticationError
        viewer = self.authenticate(request, token.strip())
        request._viewer = viewer  # type: ignore[attr-defined]
        return viewer

    def authenticate(self, request: HttpRequest, token: str) -> Viewer:
        if not token.startswith(API_PREFIX):
            raise AuthenticationError
        found = (
            ApiToken.objects.select_related("user", "lab")
            .filter(
                Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()),
                token_hash=api_token_hash(token),
                revoked_at__isnull=True,
                user__is_active=True,
            )
            .first()
        )
        if found is None:
            raise AuthenticationError
        return viewer_for_token(found)


def reader_of(request: HttpRequest) -> Viewer:
    """Return the viewer for reading: VISITOR for a token without the scope “read”."""
    viewer = viewer_of(request)
    return viewer if viewer.scopes is None or ApiToken.Scope.READ.value in viewer.scopes else VISITOR


def account_of(request: HttpRequest) -> User | None:
    """Return the caller's account, for the history; None for a visitor."""
    user_id = viewer_of(request).user_id
    return None if user_id is None else User.objects.filter(pk=user_id).first()


def lab_of_organiser(request: HttpRequest, slug: str, scope: ApiToken.Scope) -> Lab:
    """Return the lab for an organiser's operation; 404 to others, 403 to a token without the scope."""
    return _get_lab_with_scope(request, slug, scope, organisers_only=True)


def programme_of_owner(request: HttpRequest, slug: str, scope: ApiToken.Scope) -> Programme:
    """Return the programme for an owner's operation; 404 to others, 403 to a token without the scope.

    A token that is limited to one lab owns no programme.
    """
    viewer = viewer_of(request)
    programme = Programme.objects.filter(slug=slug).first()
    if programme is None or not viewer.owns(programme.pk):
        raise _refusal(viewer, programme.pk if programme else None)
    _require_scope(viewer, scope)
    return programme


def lab_of_door(request: HttpRequest, slug: str, scope: ApiToken.Scope) -> Lab:
    """Return the lab for an operation of door staff and organisers; 404 and 403 as `lab_of_organiser`."""
    return _get_lab_with_scope(request, slug, scope, organisers_only=False)


def _get_lab_with_scope(
    request: HttpRequest, slug: str, scope: ApiToken.Scope, *, organisers_only: bool
) -> Lab:
    viewer = viewer_of(request)
    lab = Lab.objects.select_related("programme").filter(slug=slug).first()
    if lab is None or not (viewer.organises(lab) if organisers_only else viewer.is_door_staff_of(lab)):
        raise _refusal(viewer, lab.programme_id if lab else None)
    _require_scope(viewer, scope)
    return lab


def _require_scope(viewer: Viewer, scope: ApiToken.Scope) -> None:
    if viewer.scopes is None or scope.value not in viewer.scopes:
        detail = _("This API key does not have the permission “%(scope)s”.") % {"scope": scope.value}
        raise Problem(detail, status=403)


def _refusal(viewer: Viewer, programme_id: int | None) -> Exception:
    """Return 404, or 403 with a reason where only the second factor of the key's account is missing."""
    if programme_id is None or programme_id not in viewer.withheld:
        return Http404()
    return Problem(
        _("This programme requires two-step sign-in. The account of this API key has no second step."),
        status=403,
    )
