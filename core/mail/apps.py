from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailConfig(AppConfig):
    name = "core.mail"
    label = "mail"
    verbose_name = _("Emails")

    def ready(self) -> None:
        """Connect what listens: reports of email providers, links in emails, the worker's lanes."""
        from core.mail import account_emails, delivery, receivers  # noqa: F401
