"""URLs of this app's console pages below organise/: programmes, people, tokens, emails."""

from django.urls import path

from labs.views import console_cities, console_emails, console_people, console_programme, undo

EMAILS = "labs/<slug:lab>/mail/"
CITIES = "programmes/<slug:programme>/cities/"

urlpatterns = [
    path("new-programme/", console_programme.new, name="console_programme_new"),
    path("programmes/<slug:programme>/", console_programme.programme, name="console_programme"),
    path("programmes/<slug:programme>/groups/", console_programme.groups, name="console_groups"),
    path("programmes/<slug:programme>/people/", console_programme.people, name="console_programme_people"),
    path(CITIES, console_cities.cities, name="console_cities"),
    path(CITIES + "new/", console_cities.new, name="console_city_new"),
    path(CITIES + "<slug:city>/edit/", console_cities.edit, name="console_city"),
    path("labs/<slug:lab>/people/", console_people.lab_people, name="console_people"),
    path("undo/<str:undo>/", undo.undo, name="console_undo"),
    path("tokens/", console_people.keys, name="console_tokens"),
    path(EMAILS, console_emails.emails, name="console_mail"),
    path(EMAILS + "retry/", console_emails.retry_failed, name="console_mail_retry"),
    path(EMAILS + "<uuid:message>/", console_emails.message, name="console_message"),
    path(EMAILS + "<uuid:message>/body/", console_emails.message_html, name="console_message_html"),
    path(EMAILS + "<uuid:message>/retry/", console_emails.retry, name="console_message_retry"),
    path("mail/", console_emails.emails_without_lab, name="console_mail_without_lab"),
    path("mail/<uuid:message>/", console_emails.message_without_lab, name="console_message_without_lab"),
    path(
        "mail/<uuid:message>/body/",
        console_emails.message_html_without_lab,
        name="console_message_html_without_lab",
    ),
    path(
        "mail/<uuid:message>/retry/",
        console_emails.retry_without_lab,
        name="console_message_retry_without_lab",
    ),
]
