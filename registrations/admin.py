"""Registrations in the administration, read-only."""

from django.contrib import admin

from labs.admin import ReadOnlyAdmin
from registrations.models import Attendance, Registration, Seat


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "name", "lab", "state", "created_at")
    list_select_related = ("lab",)
    list_filter = ("state", "lab")
    search_fields = ("name", "email")


@admin.register(Seat)
class SeatAdmin(ReadOnlyAdmin):
    list_display = ("registration", "session", "state", "queue_position", "changed_at")
    list_select_related = ("registration__lab", "session")
    list_filter = ("state",)


@admin.register(Attendance)
class AttendanceAdmin(ReadOnlyAdmin):
    list_display = ("registration", "session", "taken_at", "taken_by")
    list_select_related = ("registration__lab", "session", "taken_by")
