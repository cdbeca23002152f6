"""Registrations in the administration, read-only."""

from django.contrib import admin

from labs.admin import ReadOnlyAdmin
from registrations.models import Registration


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "name", "lab", "state", "created_at")
    list_select_related = ("lab",)
    list_filter = ("state", "lab")
    search_fields = ("name", "email")
    fields = (
        "lab",
        "public_id",
        "state",
        "name",
        "email",
        "city",
        "city_text",
        "organisation",
        "stakeholder_group",
        "language",
        "time_zone",
        "consent_version",
        "consent_language",
        "consent_at",
        "created_at",
        "confirmed_at",
        "cancelled_at",
        "erased_at",
    )
