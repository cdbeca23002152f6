from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "lab_sessions"  # Django's own session app has the plain name

    def ready(self) -> None:
        from labs import picture_files
        from sessions import receivers, zone_rules  # importing registers the others
        from sessions.models import Slides, Speaker

        for model, column in ((Speaker, "photo"), (Speaker, "small_photo"), (Slides, "file")):
            picture_files.look_after(model, column)

        post_migrate.connect(receivers.write_outdated_calendar_texts, sender=self)
        post_migrate.connect(zone_rules.store_first, sender=self)
