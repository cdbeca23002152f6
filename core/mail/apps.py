from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "core.mail"
    label = "mail"

    def ready(self) -> None:
        """Connect what listens: reports of email providers, links in emails, the worker's lanes."""
        from core.mail import account_emails, delivery, receivers  # noqa: F401
