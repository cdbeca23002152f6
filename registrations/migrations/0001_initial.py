import core.search
import core.timezones.zones
import core.web.localized_fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import django.utils.timezone
import i18nfield.fields
import registrations.models.openings
import simple_history.models
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("jobs", "0001_initial"),
        ("lab_sessions", "0001_initial"),
        ("labs", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Opening",
            fields=[
                (
                    "lab",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="opening",
                        serialize=False,
                        to="labs.lab",
                    ),
                ),
                (
                    "seed",
                    models.CharField(
                        default=registrations.models.openings.new_seed, editable=False, max_length=64
                    ),
                ),
                ("last_number", models.PositiveIntegerField(default=0, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name="PrivacyNotice",
            fields=[
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "lab",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="privacy_notice",
                        serialize=False,
                        to="labs.lab",
                    ),
                ),
                (
                    "controller",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(1000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "data_protection_officer",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(1000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "paragraphs",
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
                    "legal_basis",
                    models.CharField(
                        choices=[
                            ("consent", "Consent, Article 6(1)(a)"),
                            ("contract", "Contract, Article 6(1)(b)"),
                            ("public_task", "Public task, Article 6(1)(e)"),
                            ("legitimate_interest", "Legitimate interest, Article 6(1)(f)"),
                        ],
                        default="consent",
                        max_length=20,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
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
                ("nominated_until", models.DateTimeField(blank=True, editable=False, null=True)),
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
                ("consent_language", models.CharField(max_length=5, verbose_name="language of the consent")),
                ("consent_at", models.DateTimeField(verbose_name="consent given at")),
                (
                    "photos",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("yes", "Yes, photos and recordings of me may be taken and published"),
                            ("no", "No, do not photograph or record me"),
                        ],
                        max_length=3,
                        verbose_name="photos and recordings",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed at")),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="cancelled at")),
                (
                    "cancelled_as",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("by-person", "By the participant"),
                            ("by-organiser", "By an organiser"),
                            ("transferred", "Place given to a colleague"),
                            ("replaced", "The city named someone else"),
                            ("withdrawn", "The city withdrew the nomination"),
                        ],
                        editable=False,
                        max_length=12,
                    ),
                ),
                (
                    "unsubscribed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="unsubscribed at"),
                ),
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
            ],
            options={
                "verbose_name": "registration",
                "verbose_name_plural": "registrations",
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(fields=["email_key"], name="registration_of_address"),
                    models.Index(
                        condition=models.Q(("state", "unconfirmed")),
                        fields=["created_at"],
                        name="registration_unconfirmed",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
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
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RegistrationRules",
            fields=[
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "lab",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="registration_rules",
                        serialize=False,
                        to="labs.lab",
                    ),
                ),
                (
                    "access",
                    models.CharField(
                        choices=[
                            ("everyone", "Everyone"),
                            ("delegates", "Delegates of the programme’s cities, signed in"),
                            ("invited", "People with an invitation"),
                        ],
                        default="everyone",
                        max_length=10,
                        verbose_name="who may register",
                    ),
                ),
                ("email_domains", models.JSONField(blank=True, default=list, verbose_name="email domains")),
                (
                    "needs_approval",
                    models.BooleanField(default=False, verbose_name="organisers approve each seat"),
                ),
                (
                    "hold_minutes",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                        verbose_name="minutes for which a seat is held until the email is confirmed",
                    ),
                ),
                (
                    "offer_hours",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(336),
                        ],
                        verbose_name="hours to accept a seat that became free",
                    ),
                ),
                (
                    "promotion",
                    models.CharField(
                        choices=[
                            ("arrival", "In the order of arrival"),
                            (
                                "city",
                                "Cities with the fewest seats in the session first, then in the order of arrival",
                            ),
                        ],
                        default="arrival",
                        max_length=10,
                        verbose_name="order of the waiting list",
                    ),
                ),
                (
                    "overlaps",
                    models.CharField(
                        choices=[
                            ("warn", "Warn, and let participants decide"),
                            ("refuse", "Do not allow them"),
                        ],
                        default="warn",
                        max_length=10,
                        verbose_name="sessions at the same time",
                    ),
                ),
                (
                    "asks_photos",
                    models.BooleanField(
                        default=False, verbose_name="participants choose about photos and recordings"
                    ),
                ),
                ("has_documents", models.BooleanField(default=False, editable=False)),
                (
                    "coming_days",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(3),
                            django.core.validators.MaxValueValidator(60),
                        ],
                        verbose_name="days before the first session when people are asked whether they still come",
                    ),
                ),
                (
                    "coming_releases",
                    models.BooleanField(
                        default=False, verbose_name="seats of people who do not answer are released"
                    ),
                ),
                (
                    "opening_draw",
                    models.BooleanField(default=False, verbose_name="registration opens with a draw"),
                ),
                (
                    "people_per_minute",
                    models.PositiveIntegerField(
                        default=120,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000),
                        ],
                        verbose_name="people let in each minute",
                    ),
                ),
            ],
            options={
                "verbose_name": "rules of registration",
                "verbose_name_plural": "rules of registration",
            },
        ),
        migrations.CreateModel(
            name="CityContact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("link_version", models.PositiveIntegerField(default=1)),
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
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("bg", "Български"), ("el", "Ελληνικά")],
                        default="en",
                        max_length=5,
                        verbose_name="language",
                    ),
                ),
                ("deadline", models.DateTimeField(verbose_name="deadline")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("invited_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("reminded_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "city",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contacts",
                        to="labs.city",
                        verbose_name="city",
                    ),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="city_contacts",
                        to="labs.lab",
                    ),
                ),
            ],
            options={
                "verbose_name": "city contact",
                "verbose_name_plural": "city contacts",
                "ordering": ("lab", "city", "pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("lab", "city", "email_key"), name="city_contact_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsentText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("texts", models.JSONField()),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("created_at", models.DateTimeField()),
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consent_texts",
                        to="labs.lab",
                    ),
                ),
            ],
            options={
                "ordering": ["lab", "-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("lab", "number"), name="consent_version_once"),
                    models.UniqueConstraint(fields=("lab", "digest"), name="consent_texts_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("slug", models.SlugField(max_length=60)),
                ("is_required", models.BooleanField(default=True)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("number", models.PositiveIntegerField(default=1)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="documents", to="labs.lab"
                    ),
                ),
            ],
            options={
                "ordering": ["lab", "position", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("lab", "slug"), name="document_once_per_lab")
                ],
            },
        ),
        migrations.CreateModel(
            name="DocumentVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
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
                    "text",
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
                    "address",
                    models.URLField(
                        blank=True,
                        default="",
                        max_length=500,
                        validators=[core.web.localized_fields.web_address],
                    ),
                ),
                ("created_at", models.DateTimeField()),
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
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="registrations.document",
                    ),
                ),
            ],
            options={
                "ordering": ["document", "-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("document", "number"), name="document_version_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="HeldProof",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("secret", models.BinaryField()),
                ("until", models.DateField(db_index=True)),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="held_proofs", to="labs.lab"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="HistoricalPrivacyNotice",
            fields=[
                (
                    "controller",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(1000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "data_protection_officer",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(1000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "paragraphs",
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
                    "legal_basis",
                    models.CharField(
                        choices=[
                            ("consent", "Consent, Article 6(1)(a)"),
                            ("contract", "Contract, Article 6(1)(b)"),
                            ("public_task", "Public task, Article 6(1)(e)"),
                            ("legitimate_interest", "Legitimate interest, Article 6(1)(f)"),
                        ],
                        default="consent",
                        max_length=20,
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
                    ),
                ),
            ],
            options={
                "verbose_name": "historical privacy notice",
                "verbose_name_plural": "historical privacy notices",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalProofRules",
            fields=[
                ("is_held", models.BooleanField(default=False)),
                (
                    "legal_basis",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(1000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                ("until", models.DateField(blank=True, null=True)),
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
                "verbose_name": "historical proof rules",
                "verbose_name_plural": "historical proof ruless",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalQuestionSet",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("slug", models.SlugField(max_length=60)),
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
                    "introduction",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(1000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("registering", "In the registration form"),
                            ("accepted", "After a seat is confirmed"),
                        ],
                        default="registering",
                        max_length=12,
                        verbose_name="asked",
                    ),
                ),
                (
                    "protection",
                    models.CharField(
                        choices=[
                            ("ordinary", "All organisers of the lab"),
                            ("named", "Only people you name"),
                            ("needs", "Only people you name, as personal needs"),
                        ],
                        default="ordinary",
                        max_length=10,
                        verbose_name="who can read the answers",
                    ),
                ),
                (
                    "retention_days",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="days to keep answers after the lab"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("opened_at", models.DateTimeField(blank=True, editable=False, null=True)),
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
                "verbose_name": "historical question set",
                "verbose_name_plural": "historical question sets",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalQuota",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                (
                    "mode",
                    models.CharField(
                        blank=True,
                        choices=[("room", "In person"), ("online", "Online")],
                        max_length=10,
                        verbose_name="attendance",
                    ),
                ),
                ("limit", models.PositiveIntegerField(verbose_name="at most")),
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
                        verbose_name="session",
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
            ],
            options={
                "verbose_name": "historical quota",
                "verbose_name_plural": "historical quotas",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalRegistrationRules",
            fields=[
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "access",
                    models.CharField(
                        choices=[
                            ("everyone", "Everyone"),
                            ("delegates", "Delegates of the programme’s cities, signed in"),
                            ("invited", "People with an invitation"),
                        ],
                        default="everyone",
                        max_length=10,
                        verbose_name="who may register",
                    ),
                ),
                ("email_domains", models.JSONField(blank=True, default=list, verbose_name="email domains")),
                (
                    "needs_approval",
                    models.BooleanField(default=False, verbose_name="organisers approve each seat"),
                ),
                (
                    "hold_minutes",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                        verbose_name="minutes for which a seat is held until the email is confirmed",
                    ),
                ),
                (
                    "offer_hours",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(336),
                        ],
                        verbose_name="hours to accept a seat that became free",
                    ),
                ),
                (
                    "promotion",
                    models.CharField(
                        choices=[
                            ("arrival", "In the order of arrival"),
                            (
                                "city",
                                "Cities with the fewest seats in the session first, then in the order of arrival",
                            ),
                        ],
                        default="arrival",
                        max_length=10,
                        verbose_name="order of the waiting list",
                    ),
                ),
                (
                    "overlaps",
                    models.CharField(
                        choices=[
                            ("warn", "Warn, and let participants decide"),
                            ("refuse", "Do not allow them"),
                        ],
                        default="warn",
                        max_length=10,
                        verbose_name="sessions at the same time",
                    ),
                ),
                (
                    "asks_photos",
                    models.BooleanField(
                        default=False, verbose_name="participants choose about photos and recordings"
                    ),
                ),
                ("has_documents", models.BooleanField(default=False, editable=False)),
                (
                    "coming_days",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(3),
                            django.core.validators.MaxValueValidator(60),
                        ],
                        verbose_name="days before the first session when people are asked whether they still come",
                    ),
                ),
                (
                    "coming_releases",
                    models.BooleanField(
                        default=False, verbose_name="seats of people who do not answer are released"
                    ),
                ),
                (
                    "opening_draw",
                    models.BooleanField(default=False, verbose_name="registration opens with a draw"),
                ),
                (
                    "people_per_minute",
                    models.PositiveIntegerField(
                        default=120,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000),
                        ],
                        verbose_name="people let in each minute",
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
                    ),
                ),
            ],
            options={
                "verbose_name": "historical rules of registration",
                "verbose_name_plural": "historical rules of registration",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("link_version", models.PositiveIntegerField(default=1)),
                (
                    "email",
                    core.web.localized_fields.EmailAddressField(
                        blank=True, max_length=254, verbose_name="email"
                    ),
                ),
                ("email_key", models.CharField(blank=True, editable=False, max_length=254)),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("bg", "Български"), ("el", "Ελληνικά")],
                        default="en",
                        max_length=5,
                    ),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True,
                        max_length=200,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="note",
                    ),
                ),
                ("uses", models.PositiveIntegerField(default=1, verbose_name="people")),
                ("used", models.PositiveIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="labs.lab"
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation",
                "verbose_name_plural": "invitations",
                "ordering": ("-created_at", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("used__lte", models.F("uses"))), name="invitation_used_at_most"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("revoked_at__isnull", True), models.Q(("email_key", ""), _negated=True)
                        ),
                        fields=("lab", "email_key"),
                        name="invited_once_per_address",
                    ),
                ],
            },
        ),
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
                ("nominated_until", models.DateTimeField(blank=True, editable=False, null=True)),
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
                ("consent_language", models.CharField(max_length=5, verbose_name="language of the consent")),
                ("consent_at", models.DateTimeField(verbose_name="consent given at")),
                (
                    "photos",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("yes", "Yes, photos and recordings of me may be taken and published"),
                            ("no", "No, do not photograph or record me"),
                        ],
                        max_length=3,
                        verbose_name="photos and recordings",
                    ),
                ),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="created at")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed at")),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="cancelled at")),
                (
                    "cancelled_as",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("by-person", "By the participant"),
                            ("by-organiser", "By an organiser"),
                            ("transferred", "Place given to a colleague"),
                            ("replaced", "The city named someone else"),
                            ("withdrawn", "The city withdrew the nomination"),
                        ],
                        editable=False,
                        max_length=12,
                    ),
                ),
                (
                    "unsubscribed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="unsubscribed at"),
                ),
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
                    "consent_version",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registrations.consenttext",
                        verbose_name="consent",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
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
                (
                    "invitation",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registrations.invitation",
                        verbose_name="invitation",
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
            name="NominationPlaces",
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
                        blank=True,
                        choices=[
                            ("", "Anyone"),
                            ("practitioner", "Practitioner"),
                            ("politician", "Politician"),
                            ("expert", "Expert"),
                            ("press", "Press"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="role",
                    ),
                ),
                ("day", models.DateField(blank=True, null=True, verbose_name="day")),
                ("limit", models.PositiveIntegerField(verbose_name="places")),
                ("used", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "city",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="nomination_places",
                        to="labs.city",
                    ),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="nomination_places",
                        to="labs.lab",
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="labs.track",
                        verbose_name="track",
                    ),
                ),
            ],
            options={
                "verbose_name": "places of a city",
                "verbose_name_plural": "places of cities",
                "ordering": ("day", "track", "role", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("day__isnull", True), ("track__isnull", True)),
                        fields=("lab", "city", "role"),
                        name="nomination_places_once_whole",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("day__isnull", False), ("track__isnull", True)),
                        fields=("lab", "city", "role", "day"),
                        name="nomination_places_once_day",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("day__isnull", True), ("track__isnull", False)),
                        fields=("lab", "city", "role", "track"),
                        name="nomination_places_once_track",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("day__isnull", False), ("track__isnull", False)),
                        fields=("lab", "city", "role", "day", "track"),
                        name="nomination_places_once_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("used__lte", models.F("limit"))), name="nominated_at_most"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("link_version", models.PositiveIntegerField(default=1)),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("name_key", models.CharField(editable=False, max_length=400)),
                ("email", core.web.localized_fields.EmailAddressField(max_length=254, verbose_name="email")),
                ("email_key", models.CharField(editable=False, max_length=254)),
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
                ("organisation", models.CharField(blank=True, max_length=200, verbose_name="organisation")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "city",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="labs.city",
                        verbose_name="city",
                    ),
                ),
            ],
            options={
                "verbose_name": "person",
                "verbose_name_plural": "people",
                "constraints": [
                    models.UniqueConstraint(fields=("email_key", "name_key"), name="person_once_per_address")
                ],
            },
        ),
        migrations.CreateModel(
            name="ProofRules",
            fields=[
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "lab",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="proof_rules",
                        serialize=False,
                        to="labs.lab",
                    ),
                ),
                ("is_held", models.BooleanField(default=False)),
                (
                    "legal_basis",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(1000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                ("until", models.DateField(blank=True, null=True)),
                (
                    "readers",
                    models.ManyToManyField(blank=True, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("is_held", False), ("until__isnull", False), _connector="OR"),
                        name="proof_has_an_end",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalProofRules_readers",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("m2m_history_id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "history",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="registrations.historicalproofrules",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_tablespace="",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proofrules",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_tablespace="",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registrations.proofrules",
                    ),
                ),
            ],
            options={
                "verbose_name": "HistoricalProofRules_readers",
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="ProofView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "what",
                    models.CharField(
                        choices=[("list", "List"), ("export", "Export"), ("api", "Api")], max_length=10
                    ),
                ),
                ("at", models.DateTimeField()),
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="proof_views", to="labs.lab"
                    ),
                ),
            ],
            options={
                "ordering": ("-at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="Question",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("slug", models.SlugField(max_length=60)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("short", "Short text"),
                            ("long", "Long text"),
                            ("one", "One choice"),
                            ("several", "Several choices"),
                            ("yes_no", "Yes or no"),
                            ("number", "Number"),
                            ("date", "Date"),
                            ("email", "Email address"),
                            ("phone", "Telephone number"),
                            ("url", "Web address"),
                            ("country", "Country"),
                            ("city", "City"),
                            ("file", "File (PDF, PNG or JPEG)"),
                        ],
                        max_length=10,
                        verbose_name="kind of answer",
                    ),
                ),
                (
                    "label",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(300),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "help",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(1000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                ("required", models.BooleanField(default=False, verbose_name="required")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("shown_if_value", models.CharField(blank=True, max_length=60)),
                (
                    "minimum",
                    models.DecimalField(
                        blank=True, decimal_places=3, max_digits=15, null=True, verbose_name="minimum"
                    ),
                ),
                (
                    "maximum",
                    models.DecimalField(
                        blank=True, decimal_places=3, max_digits=15, null=True, verbose_name="maximum"
                    ),
                ),
                (
                    "retention_days",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="days to keep answers after the lab"
                    ),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="questions",
                        to="labs.lab",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="questions",
                        to="lab_sessions.session",
                        verbose_name="session",
                    ),
                ),
                (
                    "shown_if",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="shows",
                        to="registrations.question",
                        verbose_name="shown if",
                    ),
                ),
            ],
            options={
                "ordering": ("question_set", "position", "id"),
                "constraints": [
                    models.UniqueConstraint(fields=("lab", "slug"), name="question_once_per_lab"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("shown_if__isnull", True), ("shown_if_value", "")),
                            models.Q(
                                ("shown_if__isnull", False), models.Q(("shown_if_value", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="question_condition_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("minimum__isnull", True),
                            ("maximum__isnull", True),
                            ("maximum__gte", models.F("minimum")),
                            _connector="OR",
                        ),
                        name="question_limits_in_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Choice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60)),
                (
                    "label",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(300),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("places", models.PositiveIntegerField(blank=True, null=True, verbose_name="places")),
                ("taken", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="choices",
                        to="registrations.question",
                    ),
                ),
            ],
            options={
                "ordering": ("question", "position", "id"),
                "constraints": [
                    models.UniqueConstraint(fields=("question", "slug"), name="choice_once_per_question"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("places__isnull", True), ("taken__lte", models.F("places")), _connector="OR"
                        ),
                        name="choice_taken_within_places",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QuestionSet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("slug", models.SlugField(max_length=60)),
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
                    "introduction",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(1000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("registering", "In the registration form"),
                            ("accepted", "After a seat is confirmed"),
                        ],
                        default="registering",
                        max_length=12,
                        verbose_name="asked",
                    ),
                ),
                (
                    "protection",
                    models.CharField(
                        choices=[
                            ("ordinary", "All organisers of the lab"),
                            ("named", "Only people you name"),
                            ("needs", "Only people you name, as personal needs"),
                        ],
                        default="ordinary",
                        max_length=10,
                        verbose_name="who can read the answers",
                    ),
                ),
                (
                    "retention_days",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="days to keep answers after the lab"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("opened_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="question_sets",
                        to="labs.lab",
                    ),
                ),
                (
                    "readers",
                    models.ManyToManyField(
                        blank=True, related_name="readable_question_sets", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ("lab", "stage", "position", "id"),
                "constraints": [
                    models.UniqueConstraint(fields=("lab", "slug"), name="question_set_once_per_lab"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stage", "accepted"), ("opened_at__isnull", True), _connector="OR"
                        ),
                        name="question_set_opens_after_acceptance",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="question",
            name="question_set",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="questions",
                to="registrations.questionset",
            ),
        ),
        migrations.CreateModel(
            name="HistoricalQuestionSet_readers",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("m2m_history_id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "history",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="registrations.historicalquestionset",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_tablespace="",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "questionset",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_tablespace="",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registrations.questionset",
                    ),
                ),
            ],
            options={
                "verbose_name": "HistoricalQuestionSet_readers",
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalQuestion",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("slug", models.SlugField(max_length=60)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("short", "Short text"),
                            ("long", "Long text"),
                            ("one", "One choice"),
                            ("several", "Several choices"),
                            ("yes_no", "Yes or no"),
                            ("number", "Number"),
                            ("date", "Date"),
                            ("email", "Email address"),
                            ("phone", "Telephone number"),
                            ("url", "Web address"),
                            ("country", "Country"),
                            ("city", "City"),
                            ("file", "File (PDF, PNG or JPEG)"),
                        ],
                        max_length=10,
                        verbose_name="kind of answer",
                    ),
                ),
                (
                    "label",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(300),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "help",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(1000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                ("required", models.BooleanField(default=False, verbose_name="required")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("shown_if_value", models.CharField(blank=True, max_length=60)),
                (
                    "minimum",
                    models.DecimalField(
                        blank=True, decimal_places=3, max_digits=15, null=True, verbose_name="minimum"
                    ),
                ),
                (
                    "maximum",
                    models.DecimalField(
                        blank=True, decimal_places=3, max_digits=15, null=True, verbose_name="maximum"
                    ),
                ),
                (
                    "retention_days",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="days to keep answers after the lab"
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
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="labs.lab",
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
                        verbose_name="session",
                    ),
                ),
                (
                    "shown_if",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registrations.question",
                        verbose_name="shown if",
                    ),
                ),
                (
                    "question_set",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registrations.questionset",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical question",
                "verbose_name_plural": "historical questions",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="QueueNumber",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("at", models.DateTimeField()),
                ("uses", models.PositiveSmallIntegerField(default=0)),
                (
                    "opening",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="numbers",
                        to="registrations.opening",
                    ),
                ),
            ],
            options={
                "ordering": ("opening", "number"),
                "indexes": [models.Index(fields=["opening", "at"], name="queue_number_at")],
                "constraints": [
                    models.UniqueConstraint(fields=("opening", "number"), name="queue_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="queue_number_from_one"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Quota",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        blank=True,
                        choices=[("room", "In person"), ("online", "Online")],
                        max_length=10,
                        verbose_name="attendance",
                    ),
                ),
                ("limit", models.PositiveIntegerField(verbose_name="at most")),
                ("taken", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "city",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="quotas",
                        to="labs.city",
                        verbose_name="city",
                    ),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="quotas", to="labs.lab"
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="quotas",
                        to="lab_sessions.session",
                        verbose_name="session",
                    ),
                ),
                (
                    "stakeholder_group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="quotas",
                        to="labs.stakeholdergroup",
                        verbose_name="type of organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "quota",
                "verbose_name_plural": "quotas",
                "ordering": ("lab", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("lab"),
                        django.db.models.functions.comparison.Coalesce("session", 0),
                        models.F("mode"),
                        django.db.models.functions.comparison.Coalesce("city", 0),
                        django.db.models.functions.comparison.Coalesce("stakeholder_group", 0),
                        name="quota_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("taken__lte", models.F("limit"))), name="quota_never_exceeded"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StillComing",
            fields=[
                (
                    "registration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="still_coming",
                        serialize=False,
                        to="registrations.registration",
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("release_at", models.DateTimeField(blank=True, null=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("kept", models.BooleanField(blank=True, null=True)),
                ("released_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("answered_at__isnull", True),
                            ("release_at__isnull", False),
                            ("released_at__isnull", True),
                        ),
                        fields=["release_at"],
                        name="still_coming_silent",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at__isnull", True), ("kept__isnull", True)),
                            models.Q(("answered_at__isnull", False), ("kept__isnull", False)),
                            _connector="OR",
                        ),
                        name="still_coming_answer_has_instant",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="registration",
            name="consent_version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="registrations",
                to="registrations.consenttext",
                verbose_name="consent",
            ),
        ),
        migrations.AddField(
            model_name="registration",
            name="entered_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="entered by",
            ),
        ),
        migrations.AddField(
            model_name="registration",
            name="invitation",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="registrations",
                to="registrations.invitation",
                verbose_name="invitation",
            ),
        ),
        migrations.AddField(
            model_name="registration",
            name="lab",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="registrations",
                to="labs.lab",
                verbose_name="lab",
            ),
        ),
        migrations.AddField(
            model_name="registration",
            name="person",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="registrations",
                to="registrations.person",
                verbose_name="person",
            ),
        ),
        migrations.AddField(
            model_name="registration",
            name="stakeholder_group",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="registrations",
                to="labs.stakeholdergroup",
                verbose_name="type of organisation",
            ),
        ),
        migrations.AddField(
            model_name="registration",
            name="submitted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="account",
            ),
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "text",
                    models.TextField(
                        max_length=2000,
                        validators=[core.web.localized_fields.no_control_characters],
                        verbose_name="note",
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
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
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notes",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "verbose_name": "note",
                "verbose_name_plural": "notes",
                "ordering": ("-at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="Nomination",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ended_as",
                    models.CharField(
                        blank=True,
                        choices=[("withdrawn", "Withdrawn"), ("replaced", "Replaced")],
                        max_length=10,
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="nominations",
                        to="registrations.citycontact",
                    ),
                ),
                (
                    "places",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="nominations",
                        to="registrations.nominationplaces",
                    ),
                ),
                (
                    "registration",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="nomination",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "verbose_name": "nomination",
                "verbose_name_plural": "nominations",
                "ordering": ("created_at", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_as", ""), ("ended_at__isnull", True)),
                            models.Q(("ended_at__isnull", False), models.Q(("ended_as", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="nomination_ends_as",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NeedsConsent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField(max_length=2000)),
                ("language", models.CharField(max_length=5)),
                ("given_at", models.DateTimeField()),
                (
                    "question_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to="registrations.questionset",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="needs_consents",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("registration", "question_set"), name="needs_consent_once"
                    )
                ],
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
            name="DocumentAcceptance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("language", models.CharField(max_length=2)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="acceptances",
                        to="registrations.documentversion",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="document_acceptances",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "ordering": ["registration", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("registration", "version"), name="document_accepted_once")
                ],
            },
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
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("registration", "session"), name="attended_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="AnswersView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("set_title", models.CharField(max_length=200)),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("person", "Answers of one person"),
                            ("file", "File of one person"),
                            ("list", "Answers of all people"),
                            ("export", "Export of all answers"),
                            ("api", "Answers through the API"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField()),
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
                        related_name="answers_views",
                        to="labs.lab",
                    ),
                ),
                (
                    "question_set",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="views",
                        to="registrations.questionset",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="answers_views",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "ordering": ("-at", "-id"),
                "indexes": [models.Index(fields=["lab", "-at", "-id"], name="answers_view_list")],
            },
        ),
        migrations.CreateModel(
            name="Answer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("value", models.JSONField(blank=True, null=True)),
                ("secret", models.BinaryField(blank=True, null=True)),
                ("full", models.JSONField(blank=True, default=list)),
                ("file", models.FileField(blank=True, upload_to="answers/")),
                ("answered_at", models.DateTimeField()),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="registrations.question",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("registration", "question"), name="answer_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("value__isnull", True), ("secret__isnull", True), _connector="OR"
                        ),
                        name="answer_is_plain_or_encrypted",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReminderRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "hours",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                        verbose_name="hours before the session",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="created at"),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reminder_rules",
                        to="labs.lab",
                        verbose_name="lab",
                    ),
                ),
            ],
            options={
                "ordering": ("lab", "-hours"),
                "constraints": [
                    models.UniqueConstraint(fields=("lab", "hours"), name="reminder_rule_once"),
                    models.CheckConstraint(
                        condition=models.Q(("hours__gte", 1), ("hours__lte", 1440)),
                        name="reminder_rule_hours",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=40,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="name",
                    ),
                ),
                ("query", models.CharField(max_length=500)),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="labs.lab"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("name", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("user"),
                        models.F("lab"),
                        django.db.models.functions.text.Lower("name"),
                        name="saved_filter_once",
                    )
                ],
            },
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
                    "mode",
                    models.CharField(choices=[("room", "In person"), ("online", "Online")], max_length=10),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Selected, email not confirmed yet"),
                            ("held", "Held until the email is confirmed"),
                            ("pending", "Waiting for approval"),
                            ("offered", "Seat offered"),
                            ("confirmed", "Seat"),
                            ("waiting", "Waiting list"),
                            ("cancelled", "Given up"),
                        ],
                        default="requested",
                        max_length=10,
                    ),
                ),
                ("queue_position", models.PositiveIntegerField(blank=True, null=True)),
                ("until", models.DateTimeField(blank=True, null=True)),
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["session", "mode", "queue_position"],
                        name="seat_next_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("state", "pending")), fields=["session"], name="seat_pending"
                    ),
                    models.Index(condition=models.Q(("state", "held")), fields=["session"], name="seat_held"),
                    models.Index(
                        condition=models.Q(("until__isnull", False)), fields=["until"], name="seat_until"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("registration", "session"), name="seat_once"),
                    models.UniqueConstraint(
                        fields=("session", "queue_position"), name="seat_queue_position_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["requested", "pending", "cancelled"]),
                            ("queue_position__isnull", False),
                            _connector="OR",
                        ),
                        name="seat_taken_or_waiting_has_place",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["held", "offered"]), ("until__isnull", False)),
                            models.Q(
                                models.Q(("state__in", ["held", "offered"]), _negated=True),
                                ("until__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="seat_for_a_while_has_an_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hours", models.PositiveIntegerField()),
                ("starts_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField()),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reminders",
                        to="registrations.seat",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("seat", "hours", "starts_at"), name="reminder_once")
                ],
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
                            ("held", "Held until the email is confirmed"),
                            ("pending", "Waiting for approval"),
                            ("offered", "Seat offered"),
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
                            ("held", "Held until the email is confirmed"),
                            ("pending", "Waiting for approval"),
                            ("offered", "Seat offered"),
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
                            ("quota", "The places for this group of participants were taken"),
                            ("not-open", "The session was no longer open"),
                            ("switched", "Changed between in person and online"),
                            ("reformatted", "The format of the session changed"),
                            ("held", "Held until the email is confirmed"),
                            ("nominated", "Held for a city until its deadline"),
                            ("replaced", "The city named someone else"),
                            ("withdrawn", "The city withdrew the nomination"),
                            ("city-deadline", "The city’s deadline has passed"),
                            ("hold-expired", "The email was not confirmed in time"),
                            ("approval", "Waits for the organisers’ approval"),
                            ("approved", "Approved by an organiser"),
                            ("refused", "Not approved by the organisers"),
                            (
                                "offered",
                                "A seat became free and is offered to the next person on the waiting list",
                            ),
                            ("offer-accepted", "The offer was accepted"),
                            ("offer-expired", "The offer was not accepted in time"),
                            ("promoted", "A seat became free for the next person on the waiting list"),
                            ("fewer-seats", "The session has fewer seats than before"),
                            ("silent", "Did not answer whether the seat is still needed"),
                            ("given-up", "Given up by the participant"),
                            ("registration-cancelled", "The registration was cancelled"),
                            ("transferred", "Given to a colleague"),
                            ("merged", "Merged with another registration of the same person"),
                            ("session-cancelled", "The session was cancelled"),
                            ("session-restored", "The session is going ahead"),
                            ("by-organiser", "Changed by an organiser"),
                        ],
                        max_length=30,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
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
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=40,
                        validators=[
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ],
                        verbose_name="name",
                    ),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tags", to="labs.lab"
                    ),
                ),
            ],
            options={
                "verbose_name": "tag",
                "verbose_name_plural": "tags",
                "ordering": ("name", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("lab"), django.db.models.functions.text.Lower("name"), name="tag_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Tagging",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="taggings",
                        to="registrations.registration",
                    ),
                ),
                (
                    "tag",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="taggings",
                        to="registrations.tag",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("tag", "registration"), name="tagged_once")],
            },
        ),
        migrations.AddField(
            model_name="tag",
            name="registrations",
            field=models.ManyToManyField(
                related_name="tags", through="registrations.Tagging", to="registrations.registration"
            ),
        ),
        migrations.CreateModel(
            name="TakenPlace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "choice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="taken_places",
                        to="registrations.choice",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="taken_places",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("registration", "choice"), name="place_taken_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
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
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "registration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="transfer",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "verbose_name": "transfer",
                "verbose_name_plural": "transfers",
            },
        ),
        migrations.CreateModel(
            name="Announcement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("audience", models.JSONField(default=dict)),
                (
                    "subject",
                    i18nfield.fields.I18nCharField(
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(150),
                            core.web.localized_fields.no_control_characters,
                            core.web.localized_fields.one_line,
                        ]
                    ),
                ),
                (
                    "body",
                    i18nfield.fields.I18nTextField(
                        blank=True,
                        default="",
                        validators=[
                            core.web.localized_fields.MaxLengthPerLanguage(4000),
                            core.web.localized_fields.no_control_characters,
                        ],
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("waiting", "Will be sent"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="created at"),
                ),
                ("sends_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("sent", models.PositiveIntegerField(default=0)),
                ("last_registration", models.BigIntegerField(default=0)),
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
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="announcements",
                        to="labs.lab",
                        verbose_name="lab",
                    ),
                ),
            ],
            options={
                "ordering": ("lab", "-created_at", "-id"),
                "indexes": [models.Index(fields=["lab", "-created_at", "-id"], name="announcement_list")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sends_at__isnull", True), ("state", "draft")),
                            models.Q(
                                models.Q(("state", "draft"), _negated=True), ("sends_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="announcement_states_have_instants",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BulkAction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("confirm", "Confirm"),
                            ("cancel", "Cancel"),
                            ("give-seat", "Add to a session"),
                            ("send-link", "Resend the link"),
                            ("tag", "Add a tag"),
                            ("untag", "Remove a tag"),
                        ],
                        max_length=10,
                    ),
                ),
                ("tag", models.CharField(blank=True, max_length=40)),
                ("people", models.JSONField(default=list)),
                ("position", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("failures", models.JSONField(default=dict)),
                ("changed", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(null=True)),
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
                        related_name="bulk_actions",
                        to="labs.lab",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="lab_sessions.session",
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
                "indexes": [models.Index(fields=["lab", "-created_at"], name="bulk_action_of_lab")],
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
            index=models.Index(
                condition=models.Q(("erased_at__isnull", True)),
                fields=["lab", "id"],
                name="registration_kept",
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
        migrations.CreateModel(
            name="EarlierDraw",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("opens_at", models.DateTimeField()),
                ("seed", models.CharField(editable=False, max_length=64)),
                ("count", models.PositiveIntegerField(editable=False)),
                (
                    "opening",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="earlier",
                        to="registrations.opening",
                    ),
                ),
            ],
            options={
                "ordering": ("opening", "opens_at", "pk"),
            },
        ),
    ]
