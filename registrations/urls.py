"""URLs of the registration form and of participants' private links."""

from django.urls import include, path

from registrations.views import calendar, managing, registering

urlpatterns = [
    path("labs/<slug:lab>/register/", registering.register, name="register"),
    path("labs/<slug:lab>/register/sent/", registering.register_sent, name="register_sent"),
    path(
        "labs/<slug:lab>/sessions/<slug:session>/register/",
        registering.session_register,
        name="session_register",
    ),
    path("registrations/link/", registering.registration_link, name="registration_link"),
    path("registrations/erased/", registering.erased, name="registration_erased"),
    path("registrations/<str:token>/", managing.registration, name="registration"),
    path("registrations/<str:token>/confirm/", managing.registration_confirm, name="registration_confirm"),
    path("registrations/<str:token>/edit/", managing.registration_edit, name="registration_edit"),
    path("registrations/<str:token>/sessions/", managing.registration_sessions, name="registration_sessions"),
    path(
        "registrations/<str:token>/sessions/<slug:session>/give-up/",
        managing.registration_give_up,
        name="registration_give_up",
    ),
    path("registrations/<str:token>/cancel/", managing.registration_cancel, name="registration_cancel"),
    path("registrations/<str:token>/erase/", managing.registration_erase, name="registration_erase"),
    path("registrations/<str:token>/leave/", managing.registration_leave, name="registration_leave"),
    path("registrations/<str:token>/feed/", managing.registration_renew_feed, name="registration_renew_feed"),
    path("organise/", include("registrations.console_urls")),
    path("calendars/<str:token>.ics", calendar.personal_feed, name="personal_feed"),
]
