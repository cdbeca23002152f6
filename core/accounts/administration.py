"""The app of Django's administration, in place of its own configuration."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    default_site = "core.accounts.admin.Administration"

    def ready(self) -> None:
        """Leave out what libraries register and nobody needs: rights come from roles, an account has one address,
        and its factors are its holder's."""
        super().ready()
        from allauth.account.models import EmailAddress
        from allauth.mfa.models import Authenticator
        from django.contrib import admin
        from django.contrib.auth.models import Group

        admin.site.unregister([Group, EmailAddress, Authenticator])
