import core.timezones.zones
import core.web.localized_fields
import django.db.models.deletion
import i18nfield.fields
import labs.models.identity
import labs.models.programmes
import simple_history.models
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="City",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("slug", models.SlugField(max_length=60, unique=True, verbose_name="address")),
                (
                    "name",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(100),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="name",
                    ),
                ),
                (
                    "country",
                    models.CharField(help_text="Two letters, like BG", max_length=2, verbose_name="country"),
                ),
                (
                    "time_zone",
                    models.CharField(
                        max_length=64,
                        validators=[core.timezones.zones.validate_zone],
                        verbose_name="time zone",
                    ),
                ),
            ],
            options={
                "verbose_name": "city",
                "verbose_name_plural": "cities",
                "ordering": ("slug",),
            },
        ),
        migrations.CreateModel(
            name="Lab",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("slug", models.SlugField(max_length=60, unique=True, verbose_name="address")),
                (
                    "title",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(200),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "theme",
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
                    "description",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(10000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="first day")),
                ("ends_on", models.DateField(verbose_name="last day")),
                (
                    "time_zone",
                    models.CharField(
                        max_length=64,
                        validators=[core.timezones.zones.validate_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "languages",
                    models.JSONField(
                        default=labs.models.programmes.default_languages,
                        validators=[labs.models.programmes.validate_languages],
                    ),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("online", "Online"),
                            ("in-person", "In person"),
                            ("hybrid", "In person and online"),
                        ],
                        default="online",
                        max_length=10,
                        verbose_name="format",
                    ),
                ),
                (
                    "venue",
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
                    "contact_email",
                    core.web.localized_fields.EmailAddressField(
                        blank=True, max_length=254, verbose_name="organisers’ email"
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[("draft", "Draft"), ("public", "Public")], default="draft", max_length=10
                    ),
                ),
                (
                    "registration_opens_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="registration opens"),
                ),
                (
                    "registration_closes_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="registration closes"),
                ),
                (
                    "consent",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(2000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "retention_days",
                    models.PositiveIntegerField(
                        default=365, verbose_name="days to keep answers after the lab"
                    ),
                ),
                (
                    "certificate_min_sessions",
                    models.PositiveSmallIntegerField(
                        default=1, verbose_name="sessions required for a certificate"
                    ),
                ),
                (
                    "signatory_name",
                    models.CharField(
                        blank=True,
                        max_length=100,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="signatory",
                    ),
                ),
                (
                    "signatory_function",
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
                ("signature", models.FileField(blank=True, upload_to="signatures/")),
                ("colour", models.CharField(blank=True, max_length=7, verbose_name="colour")),
                ("theme_values", models.JSONField(default=dict, editable=False)),
                ("logo", models.FileField(blank=True, upload_to="logos/")),
                (
                    "logo_alt",
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
                ("revised_at", models.DateTimeField(auto_now_add=True)),
                ("public_revised_at", models.DateTimeField(editable=False, null=True)),
                ("public_revision", models.PositiveIntegerField(default=0, editable=False)),
            ],
            options={
                "ordering": ("-starts_on", "slug"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_on__gte", models.F("starts_on"))),
                        name="lab_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("registration_closes_at__isnull", True),
                            ("registration_opens_at__isnull", True),
                            ("registration_closes_at__gt", models.F("registration_opens_at")),
                            _connector="OR",
                        ),
                        name="lab_registration_closes_after_opening",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("certificate_min_sessions__gte", 1)),
                        name="lab_certificate_needs_a_session",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalOperator",
            fields=[
                ("id", models.PositiveSmallIntegerField(db_index=True, default=1, editable=False)),
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
                    "address",
                    models.TextField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(500),
                            core.web.localized_fields.no_control_characters,
                        ],
                        verbose_name="postal address",
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        max_length=2,
                        validators=[labs.models.identity.validate_country],
                        verbose_name="country",
                    ),
                ),
                ("email", core.web.localized_fields.EmailAddressField(max_length=254, verbose_name="email")),
                (
                    "phone",
                    models.CharField(
                        blank=True,
                        max_length=40,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="telephone",
                    ),
                ),
                (
                    "accessibility_email",
                    core.web.localized_fields.EmailAddressField(
                        blank=True, max_length=254, verbose_name="email for questions of accessibility"
                    ),
                ),
                (
                    "enforcement_body",
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
                    "enforcement_address",
                    models.URLField(
                        blank=True,
                        max_length=500,
                        validators=[core.web.localized_fields.web_address],
                        verbose_name="web address of the enforcement body",
                    ),
                ),
                (
                    "legal_notice",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(10000),
                            core.web.localized_fields.no_control_characters,
                        ],
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
            ],
            options={
                "verbose_name": "historical operator",
                "verbose_name_plural": "historical operators",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalProgramme",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("slug", models.SlugField(max_length=60, verbose_name="address")),
                (
                    "name",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(200),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="name",
                    ),
                ),
                (
                    "organiser",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(200),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "description",
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
                    "runs",
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
                    "cities_total",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="total number of cities"),
                ),
                (
                    "participation",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(500),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "contact_email",
                    core.web.localized_fields.EmailAddressField(
                        blank=True, max_length=254, verbose_name="the organiser's email"
                    ),
                ),
                (
                    "imprint",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(2000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "eu_funded",
                    models.BooleanField(default=False, verbose_name="funded by the European Union"),
                ),
                (
                    "grant_number",
                    models.CharField(
                        blank=True,
                        max_length=60,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="number of the grant agreement",
                    ),
                ),
                (
                    "languages",
                    models.JSONField(
                        default=labs.models.programmes.default_languages,
                        validators=[labs.models.programmes.validate_languages],
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[("draft", "Draft"), ("public", "Public")],
                        default="draft",
                        max_length=10,
                        verbose_name="visibility",
                    ),
                ),
                (
                    "requires_second_factor",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="two-step sign-in required"
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
            ],
            options={
                "verbose_name": "historical programme",
                "verbose_name_plural": "historical programmes",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalTrack",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("slug", models.SlugField(max_length=60, verbose_name="address")),
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
            ],
            options={
                "verbose_name": "historical track",
                "verbose_name_plural": "historical tracks",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("scopes", models.JSONField(default=list, verbose_name="permissions")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="expires at")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked at")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_tokens",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_tokens",
                        to="labs.lab",
                        verbose_name="lab",
                    ),
                ),
            ],
            options={
                "verbose_name": "API key",
                "verbose_name_plural": "API keys",
            },
        ),
        migrations.CreateModel(
            name="Operator",
            fields=[
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
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
                    "address",
                    models.TextField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(500),
                            core.web.localized_fields.no_control_characters,
                        ],
                        verbose_name="postal address",
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        max_length=2,
                        validators=[labs.models.identity.validate_country],
                        verbose_name="country",
                    ),
                ),
                ("email", core.web.localized_fields.EmailAddressField(max_length=254, verbose_name="email")),
                (
                    "phone",
                    models.CharField(
                        blank=True,
                        max_length=40,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="telephone",
                    ),
                ),
                (
                    "accessibility_email",
                    core.web.localized_fields.EmailAddressField(
                        blank=True, max_length=254, verbose_name="email for questions of accessibility"
                    ),
                ),
                (
                    "enforcement_body",
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
                    "enforcement_address",
                    models.URLField(
                        blank=True,
                        max_length=500,
                        validators=[core.web.localized_fields.web_address],
                        verbose_name="web address of the enforcement body",
                    ),
                ),
                (
                    "legal_notice",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(10000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_operator")],
            },
        ),
        migrations.CreateModel(
            name="Programme",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("slug", models.SlugField(max_length=60, unique=True, verbose_name="address")),
                (
                    "name",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(200),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="name",
                    ),
                ),
                (
                    "organiser",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(200),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "description",
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
                    "runs",
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
                    "cities_total",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="total number of cities"),
                ),
                (
                    "participation",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(500),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "contact_email",
                    core.web.localized_fields.EmailAddressField(
                        blank=True, max_length=254, verbose_name="the organiser's email"
                    ),
                ),
                (
                    "imprint",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(2000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "eu_funded",
                    models.BooleanField(default=False, verbose_name="funded by the European Union"),
                ),
                (
                    "grant_number",
                    models.CharField(
                        blank=True,
                        max_length=60,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="number of the grant agreement",
                    ),
                ),
                (
                    "languages",
                    models.JSONField(
                        default=labs.models.programmes.default_languages,
                        validators=[labs.models.programmes.validate_languages],
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[("draft", "Draft"), ("public", "Public")],
                        default="draft",
                        max_length=10,
                        verbose_name="visibility",
                    ),
                ),
                (
                    "requires_second_factor",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="two-step sign-in required"
                    ),
                ),
                ("revised_at", models.DateTimeField(auto_now=True)),
                ("cities", models.ManyToManyField(blank=True, related_name="programmes", to="labs.city")),
            ],
            options={
                "verbose_name": "programme",
                "verbose_name_plural": "programmes",
                "ordering": ("slug",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("eu_funded", True), ("grant_number", ""), _connector="OR"),
                        name="grant_of_funded_programme",
                        violation_error_message="Tick that the European Union funds this programme, or delete the number.",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="lab",
            name="programme",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="labs", to="labs.programme"
            ),
        ),
        migrations.CreateModel(
            name="HistoricalProgrammeLogo",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("picture", models.TextField(max_length=100)),
                (
                    "alt",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(200),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "link",
                    models.URLField(
                        blank=True,
                        max_length=500,
                        validators=[core.web.localized_fields.web_address],
                        verbose_name="web address",
                    ),
                ),
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
                    "programme",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="labs.programme",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical programme logo",
                "verbose_name_plural": "historical programme logos",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalLab",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("slug", models.SlugField(max_length=60, verbose_name="address")),
                (
                    "title",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(200),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "theme",
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
                    "description",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(10000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="first day")),
                ("ends_on", models.DateField(verbose_name="last day")),
                (
                    "time_zone",
                    models.CharField(
                        max_length=64,
                        validators=[core.timezones.zones.validate_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "languages",
                    models.JSONField(
                        default=labs.models.programmes.default_languages,
                        validators=[labs.models.programmes.validate_languages],
                    ),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("online", "Online"),
                            ("in-person", "In person"),
                            ("hybrid", "In person and online"),
                        ],
                        default="online",
                        max_length=10,
                        verbose_name="format",
                    ),
                ),
                (
                    "venue",
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
                    "contact_email",
                    core.web.localized_fields.EmailAddressField(
                        blank=True, max_length=254, verbose_name="organisers’ email"
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[("draft", "Draft"), ("public", "Public")], default="draft", max_length=10
                    ),
                ),
                (
                    "registration_opens_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="registration opens"),
                ),
                (
                    "registration_closes_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="registration closes"),
                ),
                (
                    "consent",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(2000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "retention_days",
                    models.PositiveIntegerField(
                        default=365, verbose_name="days to keep answers after the lab"
                    ),
                ),
                (
                    "certificate_min_sessions",
                    models.PositiveSmallIntegerField(
                        default=1, verbose_name="sessions required for a certificate"
                    ),
                ),
                (
                    "signatory_name",
                    models.CharField(
                        blank=True,
                        max_length=100,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="signatory",
                    ),
                ),
                (
                    "signatory_function",
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
                ("signature", models.TextField(blank=True, max_length=100)),
                ("colour", models.CharField(blank=True, max_length=7, verbose_name="colour")),
                ("theme_values", models.JSONField(default=dict, editable=False)),
                ("logo", models.TextField(blank=True, max_length=100)),
                (
                    "logo_alt",
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
                    "programme",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="labs.programme",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical lab",
                "verbose_name_plural": "historical labs",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Delegate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "city",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="delegates",
                        to="labs.city",
                        verbose_name="city",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="delegations",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
                (
                    "programme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="delegates",
                        to="labs.programme",
                        verbose_name="programme",
                    ),
                ),
            ],
            options={
                "verbose_name": "delegate",
                "verbose_name_plural": "delegates",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "programme", "city"), name="delegate_once_per_city"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ProgrammeLogo",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("picture", models.FileField(upload_to="logos/")),
                (
                    "alt",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(200),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "link",
                    models.URLField(
                        blank=True,
                        max_length=500,
                        validators=[core.web.localized_fields.web_address],
                        verbose_name="web address",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                (
                    "programme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="logos", to="labs.programme"
                    ),
                ),
            ],
            options={
                "ordering": ("programme", "position", "id"),
            },
        ),
        migrations.CreateModel(
            name="Room",
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
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(100),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "address",
                    models.CharField(
                        blank=True,
                        max_length=200,
                        validators=[core.web.localized_fields.no_control_characters],
                        verbose_name="street and town",
                    ),
                ),
                ("online", models.BooleanField(default=False, verbose_name="online")),
                (
                    "join_link",
                    models.URLField(
                        blank=True,
                        max_length=500,
                        validators=[core.web.localized_fields.web_address],
                        verbose_name="join link",
                    ),
                ),
                ("capacity", models.PositiveIntegerField(blank=True, null=True, verbose_name="capacity")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rooms", to="labs.lab"
                    ),
                ),
            ],
            options={
                "ordering": ("lab", "position", "id"),
            },
        ),
        migrations.CreateModel(
            name="Staff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Programme owner"),
                            ("organiser", "Lab organiser"),
                            ("door", "Door staff"),
                        ],
                        max_length=10,
                        verbose_name="role",
                    ),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff",
                        to="labs.lab",
                        verbose_name="lab",
                    ),
                ),
                (
                    "programme",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff",
                        to="labs.programme",
                        verbose_name="programme",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff_roles",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "verbose_name": "role in a lab or programme",
                "verbose_name_plural": "roles in labs and programmes",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lab__isnull", True), ("programme__isnull", False), ("role", "owner")),
                            models.Q(
                                ("lab__isnull", False),
                                ("programme__isnull", True),
                                ("role__in", ["organiser", "door"]),
                            ),
                            _connector="OR",
                        ),
                        name="staff_role_fits_place",
                    ),
                    models.UniqueConstraint(
                        fields=("user", "role", "programme"), name="staff_once_per_programme"
                    ),
                    models.UniqueConstraint(fields=("user", "role", "lab"), name="staff_once_per_lab"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StakeholderGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60)),
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
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "programme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stakeholder_groups",
                        to="labs.programme",
                    ),
                ),
            ],
            options={
                "ordering": ("programme", "position", "id"),
                "constraints": [
                    models.UniqueConstraint(fields=("programme", "slug"), name="group_once_per_programme")
                ],
            },
        ),
        migrations.CreateModel(
            name="Track",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60, verbose_name="address")),
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
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tracks", to="labs.lab"
                    ),
                ),
            ],
            options={
                "ordering": ("lab", "position", "id"),
                "constraints": [models.UniqueConstraint(fields=("lab", "slug"), name="track_once_per_lab")],
            },
        ),
        migrations.CreateModel(
            name="LabDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on", models.DateField(verbose_name="day")),
                (
                    "title",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(200),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="days", to="labs.lab"
                    ),
                ),
            ],
            options={
                "ordering": ("lab", "on"),
                "constraints": [models.UniqueConstraint(fields=("lab", "on"), name="day_once_per_lab")],
            },
        ),
        migrations.CreateModel(
            name="RoleInvitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("link_version", models.PositiveIntegerField(default=0)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Programme owner"),
                            ("organiser", "Lab organiser"),
                            ("door", "Door staff"),
                            ("delegate", "Delegate of a city"),
                        ],
                        max_length=10,
                        verbose_name="role",
                    ),
                ),
                (
                    "email",
                    core.web.localized_fields.EmailAddressField(
                        db_index=True, max_length=254, verbose_name="email"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        blank=True,
                        max_length=200,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="name",
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
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("sent_at", models.DateTimeField(verbose_name="sent at")),
                ("expires_at", models.DateTimeField(verbose_name="expires at")),
                ("accepted_at", models.DateTimeField(blank=True, null=True, verbose_name="accepted at")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked at")),
                (
                    "city",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="role_invitations",
                        to="labs.city",
                        verbose_name="city",
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="role_invitations",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="invited by",
                    ),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="role_invitations",
                        to="labs.lab",
                        verbose_name="lab",
                    ),
                ),
                (
                    "programme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="role_invitations",
                        to="labs.programme",
                        verbose_name="programme",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation to a role",
                "verbose_name_plural": "invitations to roles",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("city__isnull", True), ("lab__isnull", True), ("role", "owner")),
                            models.Q(
                                ("city__isnull", True),
                                ("lab__isnull", False),
                                ("role__in", ["organiser", "door"]),
                            ),
                            models.Q(("city__isnull", False), ("lab__isnull", True), ("role", "delegate")),
                            _connector="OR",
                        ),
                        name="role_invitation_fits_place",
                    )
                ],
            },
        ),
    ]
