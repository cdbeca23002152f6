import uuid
import sessions.languages
import core.timezones.zones
import core.web.localized_fields
import django.db.models.deletion
import django.utils.timezone
import i18nfield.fields
import sessions.models.agenda
import sessions.models.groups
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("jobs", "0001_initial"),
        ("labs", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalSession",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("online", "Online"),
                            ("in-person", "In person"),
                            ("hybrid", "In person and online"),
                        ],
                        max_length=10,
                    ),
                ),
                ("room_capacity", models.PositiveIntegerField(blank=True, null=True)),
                ("online_capacity", models.PositiveIntegerField(blank=True, null=True)),
                ("waiting_list", models.BooleanField(default=True)),
                ("needs_approval", models.BooleanField(default=False)),
                ("slug", models.SlugField(max_length=80, verbose_name="address")),
                (
                    "title",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(300),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "abstract",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(10000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "join_link",
                    models.URLField(
                        blank=True,
                        max_length=500,
                        validators=[core.web.localized_fields.web_address],
                        verbose_name="join link",
                    ),
                ),
                ("start_date", models.DateField(verbose_name="date")),
                ("start_time", models.TimeField(verbose_name="starts")),
                ("end_date", models.DateField(verbose_name="last date")),
                ("end_time", models.TimeField(verbose_name="ends")),
                ("start_fold", models.PositiveSmallIntegerField(default=0)),
                ("end_fold", models.PositiveSmallIntegerField(default=0)),
                (
                    "time_zone",
                    models.CharField(
                        max_length=64,
                        validators=[core.timezones.zones.validate_zone],
                        verbose_name="time zone",
                    ),
                ),
                ("starts_at", models.DateTimeField(editable=False)),
                ("ends_at", models.DateTimeField(editable=False)),
                ("is_placed", models.BooleanField(default=True, verbose_name="in the schedule")),
                (
                    "visibility",
                    models.CharField(
                        choices=[("draft", "Draft"), ("public", "Public"), ("internal", "Internal")],
                        default="draft",
                        max_length=10,
                        verbose_name="visibility",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("scheduled", "Scheduled"), ("cancelled", "Cancelled")],
                        default="scheduled",
                        max_length=10,
                    ),
                ),
                ("cancelled_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "cancel_reason",
                    i18nfield.fields.I18nCharField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(300),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                    ),
                ),
                (
                    "uid",
                    models.CharField(
                        db_index=True, default=sessions.models.agenda.new_uid, editable=False, max_length=255
                    ),
                ),
                ("sequence", models.PositiveIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(blank=True, editable=False)),
                ("revised_at", models.DateTimeField(editable=False)),
                (
                    "content_revised_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
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
                    "lab",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="labs.lab",
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="labs.room",
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="labs.track",
                    ),
                ),
                (
                    "captioned_languages",
                    models.JSONField(
                        blank=True, default=list, validators=[sessions.languages.validate_spoken]
                    ),
                ),
                (
                    "interpretation_order_by",
                    models.DateField(blank=True, null=True),
                ),
                (
                    "interpretation_ordered_on",
                    models.DateField(blank=True, null=True),
                ),
                (
                    "interpreted_languages",
                    models.JSONField(
                        blank=True, default=list, validators=[sessions.languages.validate_spoken]
                    ),
                ),
                (
                    "sign_languages",
                    models.JSONField(blank=True, default=list, validators=[sessions.languages.validate_sign]),
                ),
                (
                    "spoken_languages",
                    models.JSONField(
                        blank=True, default=list, validators=[sessions.languages.validate_spoken]
                    ),
                ),
            ],
            options={
                "verbose_name": "historical session",
                "verbose_name_plural": "historical sessions",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("online", "Online"),
                            ("in-person", "In person"),
                            ("hybrid", "In person and online"),
                        ],
                        max_length=10,
                    ),
                ),
                ("room_capacity", models.PositiveIntegerField(blank=True, null=True)),
                ("room_taken", models.PositiveIntegerField(default=0, editable=False)),
                ("room_held", models.PositiveIntegerField(default=0, editable=False)),
                ("room_waiting", models.PositiveIntegerField(default=0, editable=False)),
                ("online_capacity", models.PositiveIntegerField(blank=True, null=True)),
                ("online_taken", models.PositiveIntegerField(default=0, editable=False)),
                ("online_held", models.PositiveIntegerField(default=0, editable=False)),
                ("online_waiting", models.PositiveIntegerField(default=0, editable=False)),
                ("waiting_list", models.BooleanField(default=True)),
                ("needs_approval", models.BooleanField(default=False)),
                ("last_queue_position", models.PositiveIntegerField(default=0, editable=False)),
                ("slug", models.SlugField(max_length=80, verbose_name="address")),
                (
                    "title",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(300),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "abstract",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(10000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "join_link",
                    models.URLField(
                        blank=True,
                        max_length=500,
                        validators=[core.web.localized_fields.web_address],
                        verbose_name="join link",
                    ),
                ),
                ("start_date", models.DateField(verbose_name="date")),
                ("start_time", models.TimeField(verbose_name="starts")),
                ("end_date", models.DateField(verbose_name="last date")),
                ("end_time", models.TimeField(verbose_name="ends")),
                ("start_fold", models.PositiveSmallIntegerField(default=0)),
                ("end_fold", models.PositiveSmallIntegerField(default=0)),
                (
                    "time_zone",
                    models.CharField(
                        max_length=64,
                        validators=[core.timezones.zones.validate_zone],
                        verbose_name="time zone",
                    ),
                ),
                ("starts_at", models.DateTimeField(editable=False)),
                ("ends_at", models.DateTimeField(editable=False)),
                ("is_placed", models.BooleanField(default=True, verbose_name="in the schedule")),
                (
                    "visibility",
                    models.CharField(
                        choices=[("draft", "Draft"), ("public", "Public"), ("internal", "Internal")],
                        default="draft",
                        max_length=10,
                        verbose_name="visibility",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("scheduled", "Scheduled"), ("cancelled", "Cancelled")],
                        default="scheduled",
                        max_length=10,
                    ),
                ),
                ("cancelled_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "cancel_reason",
                    i18nfield.fields.I18nCharField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(300),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                    ),
                ),
                (
                    "uid",
                    models.CharField(
                        default=sessions.models.agenda.new_uid, editable=False, max_length=255, unique=True
                    ),
                ),
                ("sequence", models.PositiveIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("revised_at", models.DateTimeField(editable=False)),
                (
                    "content_revised_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "audience",
                    models.ManyToManyField(blank=True, related_name="internal_sessions", to="labs.city"),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sessions", to="labs.lab"
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="sessions",
                        to="labs.room",
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="sessions",
                        to="labs.track",
                    ),
                ),
                (
                    "captioned_languages",
                    models.JSONField(
                        blank=True, default=list, validators=[sessions.languages.validate_spoken]
                    ),
                ),
                (
                    "interpretation_order_by",
                    models.DateField(blank=True, null=True),
                ),
                (
                    "interpretation_ordered_on",
                    models.DateField(blank=True, null=True),
                ),
                (
                    "interpreted_languages",
                    models.JSONField(
                        blank=True, default=list, validators=[sessions.languages.validate_spoken]
                    ),
                ),
                (
                    "sign_languages",
                    models.JSONField(blank=True, default=list, validators=[sessions.languages.validate_sign]),
                ),
                (
                    "spoken_languages",
                    models.JSONField(
                        blank=True, default=list, validators=[sessions.languages.validate_spoken]
                    ),
                ),
            ],
            options={
                "ordering": ("starts_at", "id"),
                "indexes": [models.Index(fields=["lab", "starts_at"], name="session_of_lab")],
                "constraints": [
                    models.UniqueConstraint(fields=("lab", "slug"), name="session_once_per_lab"),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="session_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("room_capacity__isnull", True),
                            ("room_taken__lte", models.F("room_capacity")),
                            _connector="OR",
                        ),
                        name="session_room_never_oversold",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("online_capacity__isnull", True),
                            ("online_taken__lte", models.F("online_capacity")),
                            _connector="OR",
                        ),
                        name="session_online_never_oversold",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("format", "hybrid"),
                            models.Q(("format", "in-person"), ("online_taken", 0), ("online_waiting", 0)),
                            models.Q(("format", "online"), ("room_taken", 0), ("room_waiting", 0)),
                            _connector="OR",
                        ),
                        name="session_seats_are_of_its_format",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cancelled_at__isnull", False), ("status", "cancelled")),
                            models.Q(("cancelled_at__isnull", True), ("status", "scheduled")),
                            _connector="OR",
                        ),
                        name="session_cancelled_has_instant",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_placed", True), ("visibility", "draft"), _connector="OR"),
                        name="session_not_placed_is_draft",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("end_fold__lte", 1), ("start_fold__lte", 1)), name="session_folds"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalSession_audience",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("m2m_history_id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "city",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_tablespace="",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="labs.city",
                    ),
                ),
                (
                    "history",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="lab_sessions.historicalsession",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_tablespace="",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="lab_sessions.session",
                    ),
                ),
            ],
            options={
                "verbose_name": "HistoricalSession_audience",
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalAgendaItem",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                (
                    "title",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(300),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "abstract",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(10000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                ("start_time", models.TimeField(blank=True, null=True, verbose_name="starts")),
                ("end_time", models.TimeField(blank=True, null=True, verbose_name="ends")),
                ("starts_at", models.DateTimeField(editable=False, null=True)),
                ("ends_at", models.DateTimeField(editable=False, null=True)),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
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
            ],
            options={
                "verbose_name": "historical agenda item",
                "verbose_name_plural": "historical agenda items",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="CalendarText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("language", models.CharField(max_length=10)),
                ("text", models.TextField()),
                ("zone", models.CharField(blank=True, max_length=64)),
                ("first_on", models.DateField()),
                ("last_on", models.DateField()),
                ("made_by", models.CharField(max_length=64)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calendar_texts",
                        to="lab_sessions.session",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("session", "language"), name="calendar_text_once_per_language"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AgendaItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "title",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(300),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "abstract",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(10000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                ("start_time", models.TimeField(blank=True, null=True, verbose_name="starts")),
                ("end_time", models.TimeField(blank=True, null=True, verbose_name="ends")),
                ("starts_at", models.DateTimeField(editable=False, null=True)),
                ("ends_at", models.DateTimeField(editable=False, null=True)),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="agenda",
                        to="lab_sessions.session",
                    ),
                ),
            ],
            options={
                "ordering": ("session", "position", "id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ends_at__isnull", True), ("starts_at__isnull", True)),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="agenda_both_times_or_none",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Speaker",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("slug", models.SlugField(max_length=80, verbose_name="address")),
                (
                    "name",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(200),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "affiliation",
                    i18nfield.fields.I18nCharField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(200),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                    ),
                ),
                (
                    "biography",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(10000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "website",
                    models.URLField(
                        blank=True,
                        max_length=300,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.web_address,
                        ],
                        verbose_name="website",
                    ),
                ),
                (
                    "city",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="speakers",
                        to="labs.city",
                    ),
                ),
                (
                    "programme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="speakers",
                        to="labs.programme",
                    ),
                ),
                (
                    "languages",
                    models.JSONField(
                        blank=True, default=list, validators=[sessions.languages.validate_spoken]
                    ),
                ),
                ("asked_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("consent", models.TextField(blank=True, editable=False, max_length=2000)),
                ("consent_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("consent_language", models.CharField(blank=True, editable=False, max_length=5)),
                ("contact_since", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "email",
                    core.web.localized_fields.EmailAddressField(
                        blank=True, max_length=254, verbose_name="email"
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        choices=[("en", "English"), ("bg", "Български"), ("el", "Ελληνικά")],
                        max_length=5,
                        verbose_name="language",
                    ),
                ),
                ("link_version", models.PositiveIntegerField(default=0, editable=False)),
                ("photo", models.FileField(blank=True, upload_to="speakers/")),
                (
                    "photo_alt",
                    i18nfield.fields.I18nCharField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(200),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                    ),
                ),
                ("reminded_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("small_photo", models.FileField(blank=True, upload_to="speakers/")),
            ],
            options={
                "ordering": ("programme", "slug"),
                "constraints": [
                    models.UniqueConstraint(fields=("programme", "slug"), name="speaker_once_per_programme")
                ],
            },
        ),
        migrations.CreateModel(
            name="Appearance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("speaker", "Speaker"),
                            ("moderator", "Moderator"),
                            ("panellist", "Panellist"),
                            ("host", "Host"),
                        ],
                        default="speaker",
                        max_length=10,
                        verbose_name="role",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                (
                    "agenda_item",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="appearances",
                        to="lab_sessions.agendaitem",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="appearances",
                        to="lab_sessions.session",
                    ),
                ),
                (
                    "speaker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="appearances",
                        to="lab_sessions.speaker",
                    ),
                ),
            ],
            options={
                "ordering": ("session", "position", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("agenda_item__isnull", True)),
                        fields=("speaker", "session", "role"),
                        name="appearance_once_in_session",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("agenda_item__isnull", False)),
                        fields=("speaker", "agenda_item", "role"),
                        name="appearance_once_in_item",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UnannouncedChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("was", models.JSONField()),
                ("since", models.DateTimeField(auto_now_add=True)),
                (
                    "session",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="unannounced_change",
                        to="lab_sessions.session",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SpeakerAvailability",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "speaker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="availability",
                        to="lab_sessions.speaker",
                    ),
                ),
            ],
            options={
                "ordering": ("speaker", "starts_at"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="availability_ends_after_start",
                    ),
                    models.UniqueConstraint(fields=("speaker", "starts_at"), name="availability_starts_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportColumns",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("columns", models.JSONField(default=dict)),
                (
                    "lab",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="import_columns",
                        to="labs.lab",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ScheduleImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("language", models.CharField(max_length=10)),
                ("file_name", models.CharField(max_length=200)),
                ("format", models.CharField(max_length=20)),
                ("content", models.BinaryField()),
                ("sheets", models.JSONField(default=list)),
                ("columns", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("columns", "Match the columns"),
                            ("previewing", "Being read"),
                            ("previewed", "Ready to apply"),
                            ("applying", "Being applied"),
                            ("applied", "Applied"),
                            ("failed", "Cannot be imported"),
                        ],
                        default="previewing",
                        max_length=10,
                    ),
                ),
                ("position", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("findings", models.JSONField(default=list)),
                ("message", models.TextField(blank=True, max_length=2000)),
                ("counts", models.JSONField(default=dict)),
                ("undo", models.JSONField(default=dict)),
                ("undone", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("applied_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "by",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="schedule_imports",
                        to="labs.lab",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="jobs.task",
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [models.Index(fields=["lab", "-created_at"], name="schedule_import_of_lab")],
            },
        ),
        migrations.CreateModel(
            name="ImportEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("error", "Errors"),
                            ("new", "New"),
                            ("changed", "Changed"),
                            ("missing", "Not in the file"),
                            ("unchanged", "Unchanged"),
                        ],
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(blank=True, max_length=255)),
                ("label", models.CharField(max_length=400)),
                ("place", models.CharField(blank=True, max_length=200)),
                ("when", models.CharField(blank=True, max_length=200)),
                ("differences", models.JSONField(default=list)),
                ("errors", models.JSONField(default=list)),
                ("notes", models.JSONField(default=list)),
                ("can_choose", models.BooleanField(default=False)),
                ("is_chosen", models.BooleanField(default=False)),
                ("fingerprint", models.CharField(max_length=64)),
                (
                    "of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="lab_sessions.scheduleimport",
                    ),
                ),
            ],
            options={
                "ordering": ("of", "position"),
                "constraints": [
                    models.UniqueConstraint(fields=("of", "position"), name="import_entry_position")
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportedKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=20)),
                ("kind", models.CharField(max_length=10)),
                ("key", models.CharField(max_length=255)),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imported_keys",
                        to="labs.lab",
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imported_keys",
                        to="labs.room",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imported_keys",
                        to="lab_sessions.session",
                    ),
                ),
                (
                    "speaker",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imported_keys",
                        to="lab_sessions.speaker",
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imported_keys",
                        to="labs.track",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("lab", "source", "kind", "key"), name="imported_key_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "track"), ("track__isnull", False)),
                            models.Q(("kind", "room"), ("room__isnull", False)),
                            models.Q(("kind", "speaker"), ("speaker__isnull", False)),
                            models.Q(("kind", "session"), ("session__isnull", False)),
                            _connector="OR",
                        ),
                        name="imported_key_of_one_row",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ZoneRules",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.CharField(max_length=20)),
                ("stored_at", models.DateTimeField(auto_now_add=True)),
                ("offsets", models.JSONField()),
            ],
            options={
                "ordering": ("-pk",),
            },
        ),
        migrations.CreateModel(
            name="ChangeDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("is_told", models.BooleanField()),
                ("people", models.PositiveIntegerField(default=0)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        max_length=300,
                        validators=[core.web.localized_fields.no_control_characters],
                        verbose_name="reason",
                    ),
                ),
                ("was", models.JSONField()),
                ("now", models.JSONField()),
                (
                    "by",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="change_decisions",
                        to="lab_sessions.session",
                    ),
                ),
            ],
            options={
                "ordering": ("-at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="PublicChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("was", models.JSONField(null=True)),
                ("now", models.JSONField()),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="public_changes",
                        to="lab_sessions.session",
                    ),
                ),
            ],
            options={
                "ordering": ("-updated_at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="AppearanceReply",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_confirmed", models.BooleanField()),
                ("replied_at", models.DateTimeField()),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="speaker_replies",
                        to="lab_sessions.session",
                    ),
                ),
                (
                    "speaker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="replies",
                        to="lab_sessions.speaker",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Slides",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file", models.FileField(upload_to="slides/")),
                (
                    "name",
                    models.CharField(
                        max_length=100, validators=[core.web.localized_fields.no_control_characters]
                    ),
                ),
                ("media_type", models.CharField(max_length=100)),
                ("size", models.PositiveIntegerField()),
                ("sent_at", models.DateTimeField()),
                ("is_published", models.BooleanField(default=False)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slides",
                        to="lab_sessions.session",
                    ),
                ),
                (
                    "speaker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slides",
                        to="lab_sessions.speaker",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="speaker",
            constraint=models.CheckConstraint(
                condition=models.Q(("email", ""), ("contact_since__isnull", False), _connector="OR"),
                name="speaker_contact_has_a_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="appearancereply",
            constraint=models.UniqueConstraint(fields=("speaker", "session"), name="appearance_reply_once"),
        ),
        migrations.AddConstraint(
            model_name="slides",
            constraint=models.UniqueConstraint(fields=("speaker", "session"), name="slides_once"),
        ),
        migrations.CreateModel(
            name="AppearanceChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("was", models.JSONField()),
                ("now", models.JSONField()),
                (
                    "by",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="appearance_changes",
                        to="lab_sessions.session",
                    ),
                ),
            ],
            options={
                "ordering": ("-at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="Grouping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "name",
                    models.CharField(
                        max_length=100,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="name",
                    ),
                ),
                ("seed", models.PositiveIntegerField(default=1)),
                ("settings", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("final_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="groupings", to="labs.lab"
                    ),
                ),
            ],
            options={
                "ordering": ("lab", "created_at", "id"),
            },
        ),
        migrations.CreateModel(
            name="CityGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "session",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="city_group",
                        to="lab_sessions.session",
                    ),
                ),
                (
                    "grouping",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="groups",
                        to="lab_sessions.grouping",
                    ),
                ),
            ],
            options={
                "ordering": ("grouping", "number"),
            },
        ),
        migrations.CreateModel(
            name="CityProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "languages",
                    models.JSONField(
                        blank=True,
                        default=list,
                        validators=[sessions.languages.validate_spoken],
                        verbose_name="working languages",
                    ),
                ),
                (
                    "interests",
                    models.JSONField(
                        blank=True,
                        default=list,
                        validators=[sessions.models.groups.validate_interests],
                        verbose_name="interests",
                    ),
                ),
                ("is_mentor", models.BooleanField(default=False, verbose_name="can be a mentor")),
                (
                    "city",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="profiles", to="labs.city"
                    ),
                ),
                (
                    "programme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="city_profiles",
                        to="labs.programme",
                    ),
                ),
            ],
            options={
                "ordering": ("programme", "city"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("programme", "city"), name="city_profile_once_per_programme"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CityGroupMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_mentor", models.BooleanField(default=False)),
                ("is_fixed", models.BooleanField(default=False)),
                (
                    "city",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="group_memberships",
                        to="labs.city",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="members",
                        to="lab_sessions.citygroup",
                    ),
                ),
                (
                    "grouping",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="lab_sessions.grouping",
                    ),
                ),
            ],
            options={
                "ordering": ("grouping", "city"),
                "constraints": [
                    models.UniqueConstraint(fields=("grouping", "city"), name="city_once_per_grouping")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="citygroup",
            constraint=models.UniqueConstraint(fields=("grouping", "number"), name="group_number_once"),
        ),
        migrations.AddConstraint(
            model_name="citygroup",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1)), name="group_numbers_from_one"
            ),
        ),
    ]
