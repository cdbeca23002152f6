"""Two-step sign-in: the second step, setting up apps and passkeys, recovery codes, confirming who it is."""

from __future__ import annotations

import base64
from typing import cast

from allauth.account.adapter import get_adapter
from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.stagekit import unstash_login
from allauth.account.models import Login
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from core.accounts import passkeys, second_factors, sign_ins
from core.accounts.confirmation import confirmed, confirmed_by_factor, confirmed_by_password, next_path
from core.accounts.models import User
from core.accounts.second_factors import Type
from core.accounts.security_forms import AppForm, CodeForm, PasskeyForm, PasswordForm
from core.web import access, encryption
from core.web.errors import RuleViolation
from core.web.rate_limits import allow, client_address

CODES_SHOWN = "account/recovery_codes.html"
OPTIONS_PER_TEN_MINUTES = 60
PASSWORDS_PER_TEN_MINUTES = 10


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)


@access.public
@sensitive_post_parameters("code")
@login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login")
@require_http_methods(["GET", "HEAD", "POST"])
def two_step(request: HttpRequest) -> HttpResponseBase:
    """Ask for a code or a passkey after the password was right."""
    stage = request._login_stage  # type: ignore[attr-defined]
    user = stage.login.user
    form, passkey = _second_step(request, user)
    if request.method == "POST" and form.is_valid():
        try:
            factor = passkeys.use(user, passkey) if passkey else second_factors.use_code(user, _code(form))
        except RuleViolation as error:
            form.add_errors(error.errors)
        else:
            post_authentication(request, factor)
            response: HttpResponseBase = stage.exit()
            _say_codes_left(request, factor)
            return response
    context = {"form": form, "factors": _kinds(user)}
    return render(request, "account/two_step.html", context, status=422 if form.errors else 200)


@access.signed_in
@sensitive_post_parameters("code", "password")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Confirm again who is signed in: by a code or passkey where there is one, else by the password."""
    user, kinds = _person(request), _kinds(_person(request))
    to = next_path(request, "account")
    if not kinds and not user.has_usable_password():
        return redirect(to)
    form, passkey = _second_step(request, user)
    if not kinds:
        form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            _confirm(request, user, form, passkey)
        except RuleViolation as error:
            form.add_errors(error.errors)
        else:
            return redirect(to)
    context = {"form": form, "factors": kinds, "next": to}
    return render(request, "account/confirm.html", context, status=422 if form.errors else 200)


def _confirm(
    request: HttpRequest, user: User, form: CodeForm | PasskeyForm | PasswordForm, passkey: str
) -> None:
    if passkey:
        confirmed_by_factor(request, passkeys.use(user, passkey))
    elif isinstance(form, PasswordForm):
        if not allow("confirm-password", str(user.pk), PASSWORDS_PER_TEN_MINUTES, 600):
            raise RuleViolation("too_many", second_factors.TOO_MANY_CODES, "password")
        if not user.check_password(form.cleaned_data["password"]):
            wrong = _("This is not your current password. Enter it again.")
            raise RuleViolation("wrong_password", wrong, "password")
        confirmed_by_password(request)
    else:
        confirmed_by_factor(request, second_factors.use_code(user, _code(form)))


def _second_step(request: HttpRequest, user: User) -> tuple[CodeForm | PasskeyForm | PasswordForm, str]:
    """Return the form that was sent, a code's if none was, and the answer of a passkey, "" without one."""
    answer = request.POST.get("credential", "")
    if answer:
        return PasskeyForm(request.POST), answer
    return CodeForm(request.POST if request.method == "POST" else None), ""


def _code(form: object) -> str:
    return str(cast(CodeForm, form).cleaned_data["code"])


def _kinds(user: User) -> set[str]:
    found = Authenticator.objects.filter(user=user).values_list("type", flat=True)
    return {str(Type(one).value) for one in found}


def _say_codes_left(request: HttpRequest, factor: Authenticator) -> None:
    if factor.type == Type.RECOVERY_CODES:
        left = second_factors.recovery_codes_left(cast(User, factor.user))
        words = ngettext(
            "You have %(count)d recovery code left. Make new ones on your account page.",
            "You have %(count)d recovery codes left. Make new ones on your account page.",
            left,
        )
        messages.warning(request, words % {"count": left})


@access.signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def security(request: HttpRequest) -> HttpResponseBase:
    """The factors of one's account; buttons remove them."""
    if request.method == "POST":
        return _remove(request)
    user = _person(request)
    rows = list(Authenticator.objects.filter(user=user).order_by("created_at", "pk"))
    return render(
        request,
        "account/security.html",
        {
            "app": next((row for row in rows if row.type == Type.TOTP), None),
            "passkeys": [(row, row.wrap().name) for row in rows if row.type == Type.WEBAUTHN],
            "has_factor": any(row.type in second_factors.FACTORS for row in rows),
            "codes_left": second_factors.recovery_codes_left(user) if rows else 0,
        },
    )


@confirmed
def _remove(request: HttpRequest) -> HttpResponse:
    kind, _dash, number = request.POST.get("action", "").partition("-")
    user = _person(request)
    if kind == "app":
        second_factors.remove_factor(user, kind=Type.TOTP)
        messages.success(request, _("Authenticator app removed."))
    elif kind == "passkey" and number.isascii() and number.isdigit() and len(number) < 18:
        second_factors.remove_factor(user, int(number), kind=Type.WEBAUTHN)
        messages.success(request, _("Passkey removed."))
    return redirect("mfa_index")


@access.signed_in
@sensitive_post_parameters("code", "setup")
@confirmed
@require_http_methods(["GET", "HEAD", "POST"])
def add_app(request: HttpRequest) -> HttpResponse:
    """Set up an authenticator app: a QR code, its secret in letters, and the first code of the app."""
    user = _person(request)
    if Authenticator.objects.filter(user=user, type=Type.TOTP).exists():
        return redirect("mfa_index")
    form = AppForm(request.POST if request.method == "POST" else None)
    secret = _secret_of(user, request.POST.get("setup", "")) if form.is_bound else ""
    if secret and form.is_valid():
        try:
            codes = second_factors.add_app(user, secret, form.cleaned_data["code"])
        except RuleViolation as error:
            form.add_errors(error.errors)
        else:
            return _added(request, codes, _("Authenticator app set up."))
    if not secret:
        secret = second_factors.new_secret()
        if form.is_bound:  # the page was open for a day, or is not ours
            form = AppForm()
    address = second_factors.app_address(user, secret)
    drawing = second_factors.MFAAdapter().build_totp_svg(address).encode()
    context = {
        "form": form,
        "secret": secret,
        "address": address,
        "drawing": "data:image/svg+xml;base64," + base64.b64encode(drawing).decode(),
        "setup": encryption.encrypt(f"{user.pk}:{secret}".encode()).decode(),
    }
    return render(request, "account/add_app.html", context, status=422 if form.errors else 200)


def _secret_of(user: User, setup: str) -> str:
    """Return the secret that the page made for this account, "" if it is none."""
    try:
        owner, _colon, secret = encryption.decrypt(setup.encode()).decode().partition(":")
    except (encryption.Undecipherable, UnicodeError):
        return ""
    return secret if owner == str(user.pk) else ""


@access.signed_in
@confirmed
@require_http_methods(["GET", "HEAD", "POST"])
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Create a passkey; the browser does it, by a script."""
    form = PasskeyForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            codes = passkeys.add(_person(request), form.cleaned_data["name"], form.cleaned_data["credential"])
        except RuleViolation as error:
            form.add_error(None, error.message)
        else:
            return _added(request, codes, _("Passkey added."))
    return render(request, "account/add_passkey.html", {"form": form}, status=422 if form.errors else 200)


def _added(request: HttpRequest, codes: list[str], words: str) -> HttpResponse:
    """Say that a factor was added; end other sign-ins, which had none; show the recovery codes, if they are new."""
    if codes:
        sign_ins.end(_person(request), but=request.session.session_key)
    messages.success(request, words)
    if not codes:
        return redirect("mfa_index")
    return render(request, CODES_SHOWN, {"codes": codes, "are_new": True})


@access.signed_in
@confirmed
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """How many recovery codes are left; a button makes new ones, shown once."""
    user = _person(request)
    if request.method == "POST":
        try:
            codes = second_factors.new_recovery_codes(user)
        except RuleViolation as error:
            messages.error(request, error.message)
            return redirect("mfa_index")
        return render(request, CODES_SHOWN, {"codes": codes, "are_new": True})
    if not second_factors.has_second_factor(user):
        return redirect("mfa_index")
    return render(request, CODES_SHOWN, {"left": second_factors.recovery_codes_left(user)})


@access.public
@never_cache
@require_POST
def passkey_options(request: HttpRequest) -> JsonResponse:
    """Begin a ceremony with a passkey: what the browser is asked, as JSON, and the token of the form that follows."""
    if not allow("passkey-options", client_address(request), OPTIONS_PER_TEN_MINUTES, 600):
        return JsonResponse({}, status=429)
    purpose = request.POST.get("for", "")
    if purpose == "sign-in" and not request.user.is_authenticated:
        options = passkeys.request_options(None)
    elif purpose == "two-step" and (login := unstash_login(request, peek=True)) and login.user:
        options = passkeys.request_options(cast(User, login.user))
    elif purpose == "confirm" and request.user.is_authenticated:
        options = passkeys.request_options(_person(request))
    elif purpose == "create" and request.user.is_authenticated:
        options = passkeys.creation_options(_person(request))
    else:
        raise Http404
    return JsonResponse({**options, "token": get_token(request)})


@access.public
@never_cache
@require_POST
def sign_in_with_passkey(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey alone: it was unlocked by its holder, and so is two factors in one."""
    to = next_path(request, "organise")
    if request.user.is_authenticated:
        return redirect(to)
    try:
        if not allow("passkey-sign-in", client_address(request), PASSWORDS_PER_TEN_MINUTES, 60):
            raise RuleViolation("too_many", second_factors.TOO_MANY_CODES)
        factor = passkeys.use(None, request.POST.get("credential", ""))
    except RuleViolation as error:
        get_adapter(request).add_message(request, messages.ERROR, message=error.message)
        return redirect(f"{reverse('account_login')}")
    response: HttpResponse = perform_passwordless_login(
        request, factor, Login(user=factor.user, redirect_url=to)
    )
    return response
