from django.apps import AppConfig


class LabsConfig(AppConfig):
    name = "labs"

    def ready(self) -> None:
        """Connect what listens: start-up checks, reports of e-mail providers, links in mails.

        Raises ImproperlyConfigured where time zones follow other rules than the pinned ones.
        """
        from labs import accounts, checks, tracking  # noqa: F401

        checks.refuse_other_zone_rules()
