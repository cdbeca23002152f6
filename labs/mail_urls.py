"""Addresses of the console’s outbox: a lab’s mails, and those of no lab."""

from django.urls import path

from labs.views import console_emails

urlpatterns = [
    path("organise/labs/<slug:lab>/mail/", console_emails.mails, name="console_mail"),
    path("organise/labs/<slug:lab>/mail/retry/", console_emails.retry_failed, name="console_mail_retry"),
    path("organise/labs/<slug:lab>/mail/<uuid:message>/", console_emails.message, name="console_message"),
    path(
        "organise/labs/<slug:lab>/mail/<uuid:message>/body/",
        console_emails.message_html,
        name="console_message_html",
    ),
    path(
        "organise/labs/<slug:lab>/mail/<uuid:message>/retry/",
        console_emails.retry,
        name="console_message_retry",
    ),
    path("organise/mail/", console_emails.mails_without_lab, name="console_mail_without_lab"),
    path(
        "organise/mail/<uuid:message>/",
        console_emails.message_without_lab,
        name="console_message_without_lab",
    ),
    path(
        "organise/mail/<uuid:message>/body/",
        console_emails.message_html_without_lab,
        name="console_message_html_without_lab",
    ),
    path(
        "organise/mail/<uuid:message>/retry/",
        console_emails.retry_without_lab,
        name="console_message_retry_without_lab",
    ),
]
