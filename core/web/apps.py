from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "core.web"
    label = "web"

    def ready(self) -> None:
        """Register system checks by importing them.

        Raises ImproperlyConfigured unless zones follow the pinned rules.
        """
        from core.web import checks

        checks.refuse_other_zone_rules()
