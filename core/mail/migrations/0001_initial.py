import core.jobs.database_clock
import core.search
import core.web.localized_fields
import django.db.models.deletion
import django.utils.timezone
import simple_history.models
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("labs", "0001_initial"),
        ("registrations", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SendingPace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider", models.CharField(max_length=40, unique=True)),
                ("next_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="HistoricalEmailTemplate",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("occasion", models.CharField(max_length=40, verbose_name="occasion")),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("bg", "Български"), ("el", "Ελληνικά")],
                        max_length=5,
                        verbose_name="language",
                    ),
                ),
                (
                    "subject",
                    models.CharField(
                        blank=True,
                        max_length=150,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="subject",
                    ),
                ),
                (
                    "introduction",
                    models.TextField(
                        blank=True,
                        max_length=4000,
                        validators=[core.web.localized_fields.no_control_characters],
                        verbose_name="introduction",
                    ),
                ),
                (
                    "closing",
                    models.TextField(
                        blank=True,
                        max_length=4000,
                        validators=[core.web.localized_fields.no_control_characters],
                        verbose_name="closing",
                    ),
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
                        verbose_name="lab",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical email template",
                "verbose_name_plural": "historical email templates",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="EmailTemplate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("occasion", models.CharField(max_length=40, verbose_name="occasion")),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("bg", "Български"), ("el", "Ελληνικά")],
                        max_length=5,
                        verbose_name="language",
                    ),
                ),
                (
                    "subject",
                    models.CharField(
                        blank=True,
                        max_length=150,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="subject",
                    ),
                ),
                (
                    "introduction",
                    models.TextField(
                        blank=True,
                        max_length=4000,
                        validators=[core.web.localized_fields.no_control_characters],
                        verbose_name="introduction",
                    ),
                ),
                (
                    "closing",
                    models.TextField(
                        blank=True,
                        max_length=4000,
                        validators=[core.web.localized_fields.no_control_characters],
                        verbose_name="closing",
                    ),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="email_templates",
                        to="labs.lab",
                        verbose_name="lab",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("lab", "occasion", "language"), name="email_template_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closing", ""), ("introduction", ""), ("subject", ""), _negated=True
                        ),
                        name="email_template_changes_something",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "run_at",
                    models.DateTimeField(default=core.jobs.database_clock.DatabaseNow, verbose_name="due at"),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("lease_until", models.DateTimeField(blank=True, null=True, verbose_name="claimed until")),
                ("fence", models.PositiveIntegerField(default=0)),
                ("last_error", models.TextField(blank=True, max_length=2000, verbose_name="last error")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="created at"),
                ),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("occasion", models.CharField(max_length=40, verbose_name="occasion")),
                ("key", models.CharField(max_length=200)),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("bg", "Български"), ("el", "Ελληνικά")],
                        max_length=5,
                        verbose_name="language",
                    ),
                ),
                ("to_name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                (
                    "to_email",
                    core.web.localized_fields.EmailAddressField(max_length=254, verbose_name="email"),
                ),
                ("from_name", models.CharField(blank=True, max_length=80)),
                ("reply_to", core.web.localized_fields.EmailAddressField(blank=True, max_length=254)),
                ("recipient_key", core.search.SearchKeyField("to_name", "to_email")),
                ("budget_key", models.CharField(blank=True, editable=False, max_length=254)),
                ("subject", models.CharField(max_length=300, verbose_name="subject")),
                ("context", models.JSONField(blank=True, default=dict)),
                ("text", models.TextField(blank=True, verbose_name="text")),
                ("html", models.TextField(blank=True)),
                ("links", models.JSONField(default=dict)),
                ("calendar", models.TextField(blank=True)),
                ("message_id", models.CharField(max_length=200, verbose_name="Message-ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("delivered", "Delivered"),
                            ("failed", "Failed"),
                            ("bounced", "Bounced"),
                            ("complained", "Marked as spam"),
                        ],
                        default="queued",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("is_urgent", models.BooleanField(default=True)),
                (
                    "smtp_code",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="server response"),
                ),
                (
                    "provider_id",
                    models.CharField(blank=True, max_length=200, verbose_name="provider message ID"),
                ),
                (
                    "attention",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(state__in=["failed", "bounced", "complained"], then=models.Value(0)),
                            models.When(
                                models.Q(
                                    ("state__in", ["queued", "sending"]),
                                    models.Q(("last_error", ""), _negated=True),
                                ),
                                then=models.Value(1),
                            ),
                            default=models.Value(2),
                        ),
                        output_field=models.SmallIntegerField(),
                    ),
                ),
                (
                    "invitation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="registrations.invitation",
                        verbose_name="invitation",
                    ),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="labs.lab",
                        verbose_name="lab",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="registrations.person",
                        verbose_name="person",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="registrations.registration",
                        verbose_name="registration",
                    ),
                ),
                (
                    "transfer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="registrations.transfer",
                        verbose_name="transfer",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="messages",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "verbose_name": "email",
                "verbose_name_plural": "emails",
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("registration__isnull", False)),
                        fields=["registration"],
                        name="message_of_registration",
                    ),
                    models.Index(
                        condition=models.Q(("user__isnull", False)),
                        fields=["user"],
                        name="message_of_account",
                    ),
                    models.Index(fields=["provider_id"], name="message_of_provider"),
                    models.Index(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=["lab", "created_at", "run_at", "occasion", "state"],
                        name="message_unsent",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["failed", "bounced", "complained"])),
                        fields=["lab", "occasion", "state"],
                        name="message_in_trouble",
                    ),
                    models.Index(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=["-is_urgent", "run_at"],
                        name="message_due",
                    ),
                    models.Index(fields=["lab", "attention", "-created_at", "-id"], name="message_list"),
                    models.Index(fields=["lab", "finished_at"], name="message_finished"),
                    models.Index(
                        condition=models.Q(("budget_key", ""), _negated=True),
                        fields=["budget_key", "created_at"],
                        name="message_budget",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("key",), name="message_once"),
                    models.UniqueConstraint(fields=("message_id",), name="message_id_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("state__in", ["queued", "sending"])),
                            models.Q(
                                ("finished_at__isnull", False),
                                ("state__in", ["sent", "delivered", "failed", "bounced", "complained"]),
                            ),
                            _connector="OR",
                        ),
                        name="message_unsent_is_not_finished",
                    ),
                ],
            },
        ),
    ]
