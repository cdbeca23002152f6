"""URLs of sign-in, console, a lab's branding, statements and help, and monitoring."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from core.mail import health_views
from labs.views import branding, role_invitations, statements

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/invitations/<str:token>/", role_invitations.invitation, name="role_invitation"),
    path("accounts/", include("core.accounts.urls")),
    path("organise/", include("labs.console_urls")),
    path("labs/<slug:lab>/theme.css", branding.lab_theme, name="lab_theme"),
    path("labs/<slug:lab>/logo", branding.lab_logo, name="lab_logo"),
    path("programmes/<slug:programme>/logos/<int:logo>", branding.programme_logo, name="programme_logo"),
    path("contact/", statements.contact, name="contact"),
    path("accessibility/", statements.accessibility, name="accessibility"),
    path("help/", statements.participants_help, name="help"),
    path("privacy/", statements.privacy, name="privacy"),
    path("health/live", health_views.live, name="health_live"),
    path("health/ready", health_views.ready, name="health_ready"),
    path("metrics", health_views.metrics, name="metrics"),
]

if settings.ANYMAIL.get("WEBHOOK_SECRET"):
    urlpatterns.append(path("mail/reports/", include("core.mail.urls")))
