"""Certificates in the administration: only looked at. `certificates.issuing` issues, replaces and revokes them."""

from django.contrib import admin

from certificates.models import Certificate
from labs.admin import ReadOnlyAdmin


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin):
    list_display = ("code", "holder_name", "lab", "state", "issued_at")
    list_select_related = ("lab",)
    list_filter = ("state", "lab")
    search_fields = ("code", "holder_name")
    # Without the file: files are served by views that ask who is there.
    fields = (
        "lab",
        "registration",
        "code",
        "state",
        "language",
        "holder_name",
        "registered_name",
        "minutes",
        "issued_at",
        "issued_by",
        "revoked_at",
        "revoked_reason",
        "replaced_by",
    )
