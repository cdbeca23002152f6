import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("lab_sessions", "0001_initial"),
        ("labs", "0001_initial"),
        ("registrations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Certificate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=14, unique=True, verbose_name="code")),
                (
                    "state",
                    models.CharField(
                        choices=[("valid", "Valid"), ("replaced", "Replaced"), ("revoked", "Revoked")],
                        default="valid",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("bg", "Български"), ("el", "Ελληνικά")],
                        max_length=5,
                        verbose_name="language",
                    ),
                ),
                ("holder_name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                ("holder_hash", models.CharField(max_length=130)),
                (
                    "registered_name",
                    models.CharField(blank=True, max_length=200, verbose_name="name in the registration"),
                ),
                ("content", models.JSONField()),
                ("minutes", models.PositiveIntegerField(verbose_name="minutes")),
                ("issued_at", models.DateTimeField(verbose_name="issued at")),
                ("pdf", models.FileField(blank=True, upload_to="certificates/%Y/")),
                ("pdf_sha256", models.CharField(blank=True, max_length=64)),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked at")),
                ("revoked_reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "issued_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="issued by",
                    ),
                ),
                (
                    "lab",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="certificates",
                        to="labs.lab",
                        verbose_name="lab",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="certificates",
                        to="registrations.registration",
                        verbose_name="registration",
                    ),
                ),
                (
                    "replaced_by",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="replaces",
                        to="certificates.certificate",
                        verbose_name="replaced by",
                    ),
                ),
            ],
            options={
                "verbose_name": "certificate",
                "verbose_name_plural": "certificates",
                "ordering": ("-issued_at", "-id"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "valid")),
                        fields=("registration",),
                        name="certificate_once_per_registration",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "revoked"), _negated=True),
                            ("revoked_at__isnull", False),
                            _connector="OR",
                        ),
                        name="certificate_revoked_has_instant",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AttestedSession",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "session",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="lab_sessions.session",
                    ),
                ),
                (
                    "certificate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attested",
                        to="certificates.certificate",
                    ),
                ),
            ],
            options={
                "ordering": ("certificate", "position"),
                "constraints": [
                    models.UniqueConstraint(fields=("certificate", "position"), name="attested_once_in_place")
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalCertificate",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("code", models.CharField(db_index=True, max_length=14, verbose_name="code")),
                (
                    "state",
                    models.CharField(
                        choices=[("valid", "Valid"), ("replaced", "Replaced"), ("revoked", "Revoked")],
                        default="valid",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("bg", "Български"), ("el", "Ελληνικά")],
                        max_length=5,
                        verbose_name="language",
                    ),
                ),
                ("holder_name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                ("holder_hash", models.CharField(max_length=130)),
                ("content", models.JSONField()),
                ("minutes", models.PositiveIntegerField(verbose_name="minutes")),
                ("issued_at", models.DateTimeField(verbose_name="issued at")),
                ("pdf_sha256", models.CharField(blank=True, max_length=64)),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked at")),
                ("revoked_reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
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
                    "issued_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="issued by",
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
                    "registration",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registrations.registration",
                        verbose_name="registration",
                    ),
                ),
                (
                    "replaced_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="certificates.certificate",
                        verbose_name="replaced by",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical certificate",
                "verbose_name_plural": "historical certificates",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="NotIssued",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        choices=[
                            (
                                "no-glyphs",
                                "Certificates cannot show: %(characters)s. Ask the person to give the name in Latin, Greek or Cyrillic letters, and correct the registration.",
                            ),
                            (
                                "texts",
                                "The certificate cannot be created: one of the lab’s texts is empty or too long for the page.",
                            ),
                            (
                                "not-printed",
                                "The certificate could not be created. Try again in a minute. If it happens again, use a simpler logo or shorter texts for the lab.",
                            ),
                            ("not-registered", "Only registered people can get a certificate."),
                            (
                                "too-few",
                                "The person attended fewer sessions than the lab requires. A session counts once it has ended.",
                            ),
                            ("not-valid", "Only a valid certificate of a registered person can be replaced."),
                            (
                                "changed",
                                "Someone else has just changed this certificate. Open the list again.",
                            ),
                            (
                                "replaced",
                                "A replaced certificate cannot be revoked. Revoke the one that replaced it.",
                            ),
                            ("newer", "The person has a newer certificate. Revoke that one first."),
                        ],
                        max_length=20,
                    ),
                ),
                ("details", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                (
                    "registration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="not_issued",
                        to="registrations.registration",
                    ),
                ),
            ],
        ),
    ]
