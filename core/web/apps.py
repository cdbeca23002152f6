from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "core.web"
    label = "web"

    def ready(self) -> None:
        """Connect start-up checks. Raises ImproperlyConfigured where zones follow other rules than the pinned ones."""
        from core.web import checks

        checks.refuse_other_zone_rules()
