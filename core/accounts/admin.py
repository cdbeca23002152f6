"""Django's administration, with the service's own sign-in."""

from collections.abc import Callable
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse


class Administration(AdminSite):
    site_title = "City Labs"
    enable_nav_sidebar = False
    # Whether an account lacks a second factor that it needs; `labs.apps` knows.
    is_held_back: Callable[[Any], bool] = staticmethod(lambda user: False)

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not self.is_held_back(request.user)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the one page for signing in, which limits how often one may try; or to setting up a second factor."""
        is_staff = request.user.is_authenticated and super().has_permission(request)
        if is_staff and self.is_held_back(request.user):
            return redirect(f"{reverse('mfa_index')}?required")
        return secure_admin_login(super().login)(request, extra_context)
