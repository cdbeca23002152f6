from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LabsConfig(AppConfig):
    name = "labs"
    verbose_name = _("Programmes and labs")

    def ready(self) -> None:
        """Connect what listens; hold superusers without a second factor back from the administration as from labs."""
        from core.accounts.admin import Administration
        from labs import receivers  # noqa: F401
        from labs.current_viewer import viewer_for

        Administration.is_held_back = staticmethod(lambda user: bool(viewer_for(user).withheld))
