from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "lab_sessions"  # Django's own session app has the plain name

    def ready(self) -> None:
        from sessions import receivers  # noqa: F401  (importing registers them)
