from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "lab_sessions"  # Django's own session app has the plain name
    verbose_name = "Sessions"  # the heading in the admin

    def ready(self) -> None:
        from sessions import receivers  # noqa: F401  (importing registers them)
