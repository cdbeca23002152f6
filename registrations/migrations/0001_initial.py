import core.search
import core.timezones.zones
import core.web.localized_fields
import django.db.models.deletion
import django.db.models.functions.text
import simple_history.models
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("lab_sessions", "0001_initial"),
        ("labs", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalRegistration",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                (
                    "public_id",
                    models.UUIDField(
                        db_index=True, default=uuid.uuid4, editable=False, verbose_name="public ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unconfirmed", "Email not confirmed yet"),
                            ("confirmed", "Registered"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="unconfirmed",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=200,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="name",
                    ),
                ),
                ("email", core.web.localized_fields.EmailAddressField(max_length=254, verbose_name="email")),
                ("email_key", models.CharField(editable=False, max_length=254)),
                (
                    "city_text",
                    models.CharField(
                        blank=True,
                        max_length=100,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="another city",
                    ),
                ),
                (
                    "organisation",
                    models.CharField(
                        blank=True,
                        max_length=200,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="organisation",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("bg", "Български"), ("el", "Ελληνικά")],
                        default="en",
                        max_length=5,
                        verbose_name="language",
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        max_length=64,
                        validators=[core.timezones.zones.validate_readers_zone],
                        verbose_name="time zone",
                    ),
                ),
                ("consent_text", models.TextField(max_length=2000, verbose_name="consent")),
                ("consent_language", models.CharField(max_length=5, verbose_name="language of the consent")),
                ("consent_at", models.DateTimeField(verbose_name="consent given at")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed at")),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="cancelled at")),
                ("erased_at", models.DateTimeField(blank=True, null=True, verbose_name="deleted at")),
                ("link_version", models.PositiveIntegerField(default=1)),
                ("feed_version", models.PositiveIntegerField(default=1)),
                ("revised_at", models.DateTimeField(blank=True, editable=False)),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "city",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="labs.city",
                        verbose_name="city",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="labs.lab",
                        verbose_name="lab",
                    ),
                ),
                (
                    "stakeholder_group",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="labs.stakeholdergroup",
                        verbose_name="type of organisation",
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical registration",
                "verbose_name_plural": "historical registrations",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Registration",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "public_id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, unique=True, verbose_name="public ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unconfirmed", "Email not confirmed yet"),
                            ("confirmed", "Registered"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="unconfirmed",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=200,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="name",
                    ),
                ),
                ("email", core.web.localized_fields.EmailAddressField(max_length=254, verbose_name="email")),
                ("email_key", models.CharField(editable=False, max_length=254)),
                (
                    "city_text",
                    models.CharField(
                        blank=True,
                        max_length=100,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="another city",
                    ),
                ),
                (
                    "organisation",
                    models.CharField(
                        blank=True,
                        max_length=200,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="organisation",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("bg", "Български"), ("el", "Ελληνικά")],
                        default="en",
                        max_length=5,
                        verbose_name="language",
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        max_length=64,
                        validators=[core.timezones.zones.validate_readers_zone],
                        verbose_name="time zone",
                    ),
                ),
                ("consent_text", models.TextField(max_length=2000, verbose_name="consent")),
                ("consent_language", models.CharField(max_length=5, verbose_name="language of the consent")),
                ("consent_at", models.DateTimeField(verbose_name="consent given at")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed at")),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="cancelled at")),
                ("erased_at", models.DateTimeField(blank=True, null=True, verbose_name="deleted at")),
                ("link_version", models.PositiveIntegerField(default=1)),
                ("feed_version", models.PositiveIntegerField(default=1)),
                ("revised_at", models.DateTimeField(auto_now_add=True)),
                ("name_key", core.search.SearchKeyField("name")),
                ("contact_key", core.search.SearchKeyField("email", "organisation")),
                (
                    "city",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="registrations",
                        to="labs.city",
                        verbose_name="city",
                    ),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="registrations",
                        to="labs.lab",
                        verbose_name="lab",
                    ),
                ),
                (
                    "stakeholder_group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="registrations",
                        to="labs.stakeholdergroup",
                        verbose_name="type of organisation",
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "verbose_name": "registration",
                "verbose_name_plural": "registrations",
                "ordering": ("-created_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="HistoricalAttendance",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("taken_at", models.DateTimeField()),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="lab_sessions.session",
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical attendance",
                "verbose_name_plural": "historical attendances",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Attendance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("taken_at", models.DateTimeField()),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attendances",
                        to="lab_sessions.session",
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attendances",
                        to="registrations.registration",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Seat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Selected, email not confirmed yet"),
                            ("confirmed", "Seat"),
                            ("waiting", "Waiting list"),
                            ("cancelled", "Given up"),
                        ],
                        default="requested",
                        max_length=10,
                    ),
                ),
                ("queue_position", models.PositiveIntegerField(blank=True, null=True)),
                ("changed_at", models.DateTimeField()),
                ("sequence", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="seats",
                        to="registrations.registration",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="seats",
                        to="lab_sessions.session",
                    ),
                ),
            ],
            options={
                "ordering": ("session__starts_at", "session_id"),
            },
        ),
        migrations.CreateModel(
            name="SeatMovement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "before",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("requested", "Selected, email not confirmed yet"),
                            ("confirmed", "Seat"),
                            ("waiting", "Waiting list"),
                            ("cancelled", "Given up"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "after",
                    models.CharField(
                        choices=[
                            ("requested", "Selected, email not confirmed yet"),
                            ("confirmed", "Seat"),
                            ("waiting", "Waiting list"),
                            ("cancelled", "Given up"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("chosen", "Selected by the participant"),
                            ("full", "The session was full"),
                            ("closed", "The session was full and has no waiting list"),
                            ("not-open", "The session was no longer open"),
                            ("promoted", "A seat became free for the next person on the waiting list"),
                            ("given-up", "Given up by the participant"),
                            ("registration-cancelled", "The registration was cancelled"),
                            ("session-cancelled", "The session was cancelled"),
                            ("session-restored", "The session is going ahead"),
                            ("by-organiser", "Changed by an organiser"),
                        ],
                        max_length=30,
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="movements",
                        to="registrations.seat",
                    ),
                ),
            ],
            options={
                "ordering": ("at", "id"),
            },
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["lab", "-created_at", "-id"], name="registration_list"),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("state", "confirmed")),
                fields=["lab", "confirmed_at", "city"],
                name="registration_confirmed",
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("state", "confirmed"), _negated=True),
                fields=["lab", "state"],
                name="registration_not_confirmed",
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("erased_at__isnull", False)), fields=["lab"], name="registration_erased"
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["email_key"], name="registration_of_address"),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("erased_at__isnull", True)),
                fields=["lab", "id"],
                name="registration_kept",
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("state", "unconfirmed")),
                fields=["created_at"],
                name="registration_unconfirmed",
            ),
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.UniqueConstraint(
                models.F("lab"),
                models.F("email_key"),
                django.db.models.functions.text.Left("name_key", 400),
                condition=models.Q(("state", "confirmed")),
                name="registered_once_per_lab",
            ),
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("cancelled_at__isnull", True),
                        ("confirmed_at__isnull", True),
                        ("state", "unconfirmed"),
                    ),
                    models.Q(
                        ("cancelled_at__isnull", True),
                        ("confirmed_at__isnull", False),
                        ("state", "confirmed"),
                    ),
                    models.Q(("cancelled_at__isnull", False), ("state", "cancelled")),
                    _connector="OR",
                ),
                name="registration_states_have_instants",
            ),
        ),
        migrations.AddConstraint(
            model_name="attendance",
            constraint=models.UniqueConstraint(fields=("registration", "session"), name="attended_once"),
        ),
        migrations.AddIndex(
            model_name="seat",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["session", "queue_position"],
                name="seat_next_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="seat",
            constraint=models.UniqueConstraint(fields=("registration", "session"), name="seat_once"),
        ),
        migrations.AddConstraint(
            model_name="seat",
            constraint=models.UniqueConstraint(
                fields=("session", "queue_position"), name="seat_queue_position_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="seat",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["confirmed", "waiting"]), _negated=True),
                    ("queue_position__isnull", False),
                    _connector="OR",
                ),
                name="seat_taken_or_waiting_has_place",
            ),
        ),
    ]
