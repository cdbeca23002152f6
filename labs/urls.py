"""Addresses of sign-in, of a lab's look, and of the two statements."""

from django.urls import URLPattern, URLResolver, include, path

from labs.views import look

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("labs.accounts_urls")),
    path("labs/<slug:lab>/theme.css", look.lab_theme, name="lab_theme"),
    path("labs/<slug:lab>/logo", look.lab_logo, name="lab_logo"),
    path("accessibility/", look.accessibility, name="accessibility"),
    path("privacy/", look.privacy, name="privacy"),
]
