"""Sessions and speakers in the administration, read-only: they are changed in the console."""

from django.contrib import admin

from labs.admin import ReadOnlyAdmin
from sessions.models import AgendaItem, Appearance, Session, Speaker


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    list_display = (
        "slug",
        "title",
        "lab",
        "starts_at",
        "visibility",
        "status",
        "seats_taken",
        "seats_waiting",
    )
    list_select_related = ("lab",)
    list_filter = ("visibility", "status", "lab")
    readonly_fields = (
        "starts_at",
        "ends_at",
        "uid",
        "sequence",
        "seats_taken",
        "seats_waiting",
        "last_queue_position",
    )


@admin.register(AgendaItem)
class AgendaItemAdmin(ReadOnlyAdmin):
    list_display = ("title", "session", "starts_at")
    list_select_related = ("session",)


@admin.register(Speaker)
class SpeakerAdmin(ReadOnlyAdmin):
    list_display = ("name", "programme", "city")
    list_select_related = ("programme", "city")


@admin.register(Appearance)
class AppearanceAdmin(ReadOnlyAdmin):
    list_display = ("speaker", "session", "role")
    list_select_related = ("speaker", "session")
