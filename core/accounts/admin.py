"""Django's administration, with the service's own sign-in."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse


class Administration(AdminSite):
    site_title = "City Labs"
    enable_nav_sidebar = False

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the one page for signing in, which limits how often one may try."""
        return secure_admin_login(super().login)(request, extra_context)
