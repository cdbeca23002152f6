from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "lab_sessions"  # Django's own session app has the plain name

    def ready(self) -> None:
        from sessions import receivers, zone_rules  # importing registers the others

        post_migrate.connect(receivers.write_outdated_calendar_texts, sender=self)
        post_migrate.connect(zone_rules.store_first, sender=self)
