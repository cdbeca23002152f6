"""The administration, for superusers: what no page of the console does. Accounts, cities and programmes are changed
here; roles, API keys, emails and tasks of all labs are only looked at. Labs and their parts are in the console.
"""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField, I18nTextField
from i18nfield.forms import I18nTextarea, I18nTextInput

from core.accounts.models import User
from core.jobs.models import Task, WorkerBeat
from core.mail.models import Message
from core.web.email_addresses import account_address
from core.web.forms.base import LanguagesMixin
from labs.models import ApiToken, City, Delegate, Lab, Programme, Staff
from labs.revisions import touch_all


class EditableAdmin(admin.ModelAdmin):
    """Shows an input for each language of multilingual texts."""

    show_facets = admin.ShowFacets.NEVER
    formfield_overrides = {
        I18nCharField: {"widget": I18nTextInput},
        I18nTextField: {"widget": I18nTextarea, "widget_kwargs": {"attrs": {"rows": 4}}},
    }


class ReadOnlyAdmin(EditableAdmin):
    """For rows that only the service or the console may change. `fields` are those that a person understands."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class UserAdminForm(ModelForm):
    """Normalises the email address, so that a duplicate is reported at its field."""

    def clean_email(self) -> str:
        return account_address(self.cleaned_data["email"])


@admin.register(User)
class UserAdmin(EditableAdmin):
    """Accounts. People choose their passwords through an emailed link."""

    form = UserAdminForm

    fields = ("email", "name", "language", "time_zone", "is_active", "is_staff", "is_superuser")
    list_display = ("email", "name", "is_active", "is_superuser")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "name")

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        # Histories refer to accounts: deactivate instead of deleting.
        return False


class CityAdminForm(ModelForm):
    class Meta:
        labels = {"slug": _("Address"), "name": _("Name")}


@admin.register(City)
class CityAdmin(EditableAdmin):
    form = CityAdminForm
    list_display = ("slug", "name", "country", "time_zone")
    search_fields = ("slug", "name")

    def save_model(self, request: HttpRequest, obj: City, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        touch_all(Lab.objects.filter(programme__cities=obj), sessions=())


class ProgrammeAdminForm(LanguagesMixin, ModelForm):
    """Languages as check boxes with a default, instead of JSON."""

    class Meta:
        labels = {
            "slug": _("Address"),
            "name": _("Name"),
            "organiser": _("Organiser"),
            "description": _("Description"),
            "runs": _("Dates"),
            "participation": _("Who may attend, and what it costs"),
            "imprint": _("Legal name and address"),
            "visibility": _("Who can see it"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["default_language"] = self.instance.default_language


@admin.register(Programme)
class ProgrammeAdmin(EditableAdmin):
    """Programmes are usually edited in the console."""

    form = ProgrammeAdminForm
    list_display = ("slug", "name", "visibility")
    exclude = ("cities",)  # chosen in the console

    def save_model(self, request: HttpRequest, obj: Programme, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        touch_all(Lab.objects.filter(programme=obj))

    def has_delete_permission(self, request: HttpRequest, obj: Programme | None = None) -> bool:
        # No cascade to labs.
        return obj is not None and not obj.labs.exists() and super().has_delete_permission(request, obj)


@admin.register(Staff)
class StaffAdmin(ReadOnlyAdmin):
    fields = ("user", "role", "programme", "lab")
    list_display = ("user", "role", "programme", "lab")
    list_filter = ("role",)
    list_select_related = ("user", "programme", "lab")
    search_fields = ("user__email",)


@admin.register(Delegate)
class DelegateAdmin(ReadOnlyAdmin):
    fields = ("user", "programme", "city")
    list_display = ("user", "programme", "city")
    list_select_related = ("user", "programme", "city")
    search_fields = ("user__email",)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "user", "lab", "created_at", "expires_at", "revoked_at")
    list_select_related = ("user", "lab")
    fields = ("name", "user", "scopes", "lab", "created_at", "expires_at", "revoked_at")


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("occasion", "to_email", "state", "lab", "created_at", "attempts")
    list_select_related = ("lab",)
    list_filter = ("state", "occasion")
    search_fields = ("to_email", "message_id")
    fields = (
        "lab",
        "occasion",
        "state",
        "to_name",
        "to_email",
        "language",
        "subject",
        "text",
        "created_at",
        "run_at",
        "attempts",
        "last_error",
        "finished_at",
        "message_id",
        "smtp_code",
        "provider_id",
    )


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    list_display = ("name", "state", "run_at", "attempts", "finished_at")
    list_filter = ("state", "name")
    fields = (
        "name",
        "arguments",
        "key",
        "state",
        "created_at",
        "run_at",
        "lease_until",
        "attempts",
        "last_error",
        "finished_at",
    )


@admin.register(WorkerBeat)
class WorkerBeatAdmin(ReadOnlyAdmin):
    list_display = fields = ("worker", "started_at", "beat_at")
