"""The root URLconf. docs/developers.md lists the URLs that people outside rely on."""

from django.contrib import admin
from django.urls import include, path

from config.api import api

urlpatterns = [
    path("", include("sessions.urls")),  # first, since calendar clients poll it
    path("", include("registrations.urls")),
    path("", include("certificates.urls")),
    path("", include("labs.urls")),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
]

handler400 = "core.api.error_views.bad_request"
handler403 = "core.api.error_views.forbidden"
handler404 = "core.api.error_views.not_found"
handler500 = "core.api.error_views.server_error"
