"""URLs of this app's console pages below organise/: the organisation, programmes, people, tokens, emails."""

from collections.abc import Callable

from django.urls import URLPattern, path

from core.web.access import View, superuser
from labs.access import organiser
from labs.views import (
    branding,
    console_cities,
    console_emails,
    console_logos,
    console_organisation,
    console_people,
    console_programme,
    console_role_invitations,
    console_webhooks,
    statements,
    undo,
)

EMAILS = "labs/<slug:lab>/mail/"
CITIES = "programmes/<slug:programme>/cities/"
HOOK = "labs/<slug:lab>/webhooks/<uuid:webhook>/"
LOGOS = "programmes/<slug:programme>/logos/"


def _emails(place: str, access: Callable[[View], View], suffix: str) -> list[URLPattern]:
    """Return the pages of emails at this place, for whom `access` lets in; `suffix` is of their names."""
    one = f"{place}<uuid:message>/"
    return [
        path(place, access(console_emails.emails), name=f"console_mail{suffix}"),
        path(one, access(console_emails.message), name=f"console_message{suffix}"),
        path(f"{one}body/", access(console_emails.message_html), name=f"console_message_html{suffix}"),
        path(f"{one}retry/", access(console_emails.retry), name=f"console_message_retry{suffix}"),
    ]


urlpatterns = [
    path("help/", statements.organisers_help, name="console_help"),
    path("organisation/", console_organisation.organisation, name="console_organisation"),
    path("new-programme/", console_programme.new, name="console_programme_new"),
    path("programmes/<slug:programme>/", console_programme.programme, name="console_programme"),
    path("programmes/<slug:programme>/groups/", console_programme.groups, name="console_groups"),
    path("programmes/<slug:programme>/people/", console_programme.people, name="console_programme_people"),
    path(
        "programmes/<slug:programme>/people/list/",
        console_role_invitations.programme_list,
        name="console_programme_people_list",
    ),
    path(CITIES, console_cities.cities, name="console_cities"),
    path(CITIES + "new/", console_cities.new, name="console_city_new"),
    path(CITIES + "list/", console_cities.by_list, name="console_cities_list"),
    path(CITIES + "<slug:city>/edit/", console_cities.edit, name="console_city"),
    path(LOGOS, console_logos.logos, name="console_logos"),
    path(LOGOS + "new/", console_logos.new, name="console_logo_new"),
    path(LOGOS + "<int:logo>/", console_logos.edit, name="console_logo"),
    path(LOGOS + "<int:logo>/remove/", console_logos.remove, name="console_logo_remove"),
    path("labs/<slug:lab>/people/", console_people.lab_people, name="console_people"),
    path("labs/<slug:lab>/people/list/", console_role_invitations.lab_list, name="console_people_list"),
    path("labs/<slug:lab>/webhooks/", console_webhooks.webhooks, name="console_webhooks"),
    path("labs/<slug:lab>/webhooks/new/", console_webhooks.new, name="console_webhook_new"),
    path(HOOK, console_webhooks.webhook, name="console_webhook"),
    path(f"{HOOK}secret/", console_webhooks.secret, name="console_webhook_secret"),
    path(f"{HOOK}test/", console_webhooks.test, name="console_webhook_test"),
    path(f"{HOOK}replay/", console_webhooks.replay_failed, name="console_webhook_replay_failed"),
    path(f"{HOOK}delete/", console_webhooks.delete, name="console_webhook_delete"),
    path(f"{HOOK}log/<uuid:delivery>/", console_webhooks.delivery, name="console_delivery"),
    path(f"{HOOK}log/<uuid:delivery>/replay/", console_webhooks.replay, name="console_delivery_replay"),
    path("labs/<slug:lab>/signature", branding.lab_signature, name="console_signature"),
    path("undo/<str:undo>/", undo.undo, name="console_undo"),
    path("tokens/", console_people.keys, name="console_tokens"),
    path(EMAILS + "retry/", console_emails.retry_failed, name="console_mail_retry"),
    *_emails(EMAILS, organiser, ""),
    *_emails("mail/", superuser, "_without_lab"),
]
