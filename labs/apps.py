from django.apps import AppConfig


class LabsConfig(AppConfig):
    name = "labs"

    def ready(self) -> None:
        """Connect what listens: start-up checks, reports of e-mail providers, links in mails."""
        from labs import accounts, checks, tracking  # noqa: F401
