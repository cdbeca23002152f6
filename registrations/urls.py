"""URLs of the registration form and of participants' private links."""

from django.urls import include, path

from registrations.views import (
    calendar,
    coming,
    managing,
    my_registrations,
    nominating,
    nominee,
    opening,
    own_answers,
    own_data,
    registering,
    transfers,
    unsubscribing,
)

urlpatterns = [
    path("labs/<slug:lab>/register/", registering.register, name="register"),
    path("labs/<slug:lab>/register/seen/", registering.form_seen, name="register_seen"),
    path("labs/<slug:lab>/register/queue/", opening.queue, name="register_queue"),
    path("labs/<slug:lab>/register/queue/<str:queue_number>/", opening.waiting, name="register_queue_number"),
    path("labs/<slug:lab>/register/draw/", opening.draw, name="register_draw"),
    path("labs/<slug:lab>/register/draw.csv", opening.draw_csv, name="register_draw_csv"),
    path("labs/<slug:lab>/register/sent/", registering.register_sent, name="register_sent"),
    path(
        "labs/<slug:lab>/sessions/<slug:session>/register/",
        registering.session_register,
        name="session_register",
    ),
    path("labs/<slug:lab>/privacy/", own_data.lab_privacy, name="lab_privacy"),
    path("registrations/link/", registering.registration_link, name="registration_link"),
    path("registrations/erased/", registering.erased, name="registration_erased"),
    path("registrations/mine/<str:token>/", my_registrations.my_registrations, name="my_registrations"),
    path("registrations/transfer/<str:token>/", transfers.transfer, name="transfer"),
    path("registrations/transfer/<str:token>/decline/", transfers.transfer_decline, name="transfer_decline"),
    path(
        "registrations/<str:token>/transfer/", transfers.registration_transfer, name="registration_transfer"
    ),
    path(
        "registrations/<str:token>/transfer/take-back/",
        transfers.registration_transfer_take_back,
        name="registration_transfer_take_back",
    ),
    path("registrations/<str:token>/", managing.registration, name="registration"),
    path("registrations/<str:token>/confirm/", managing.registration_confirm, name="registration_confirm"),
    path("registrations/<str:token>/edit/", managing.registration_edit, name="registration_edit"),
    path("registrations/<str:token>/sessions/", managing.registration_sessions, name="registration_sessions"),
    path(
        "registrations/<str:token>/answers/<slug:question_set>/",
        own_answers.registration_answers,
        name="registration_answers",
    ),
    path(
        "registrations/<str:token>/files/<slug:question>/",
        own_answers.registration_answer_file,
        name="registration_answer_file",
    ),
    path(
        "registrations/<str:token>/sessions/<slug:session>/give-up/",
        managing.registration_give_up,
        name="registration_give_up",
    ),
    path(
        "registrations/<str:token>/sessions/<slug:session>/accept/",
        managing.registration_accept,
        name="registration_accept",
    ),
    path("registrations/<str:token>/data/", own_data.registration_export, name="registration_export"),
    path(
        "registrations/<str:token>/documents/", own_data.registration_documents, name="registration_documents"
    ),
    path("registrations/<str:token>/photos/", own_data.registration_photos, name="registration_photos"),
    path("registrations/<str:token>/coming/", coming.registration_coming, name="registration_coming"),
    path("registrations/<str:token>/cancel/", managing.registration_cancel, name="registration_cancel"),
    path("registrations/<str:token>/erase/", managing.registration_erase, name="registration_erase"),
    path("registrations/<str:token>/leave/", managing.registration_leave, name="registration_leave"),
    path(
        "registrations/<str:token>/unsubscribe/",
        unsubscribing.unsubscribe,
        name="registration_unsubscribe",
    ),
    path("registrations/<str:token>/all/", my_registrations.registration_all, name="registration_all"),
    path("registrations/<str:token>/feed/", managing.registration_renew_feed, name="registration_renew_feed"),
    path("nominations/<str:token>/", nominee.nomination, name="nomination"),
    path("nominating/<str:token>/", nominating.contact, name="nominating"),
    path("nominating/<str:token>/places/<int:places>/", nominating.nominate, name="nominating_people"),
    path("nominating/<str:token>/profile/", nominating.profile, name="nominating_profile"),
    path(
        "nominating/<str:token>/people/<int:nomination>/replace/",
        nominating.replace,
        name="nominating_replace",
    ),
    path(
        "nominating/<str:token>/people/<int:nomination>/withdraw/",
        nominating.withdraw,
        name="nominating_withdraw",
    ),
    path("organise/", include("registrations.console_urls")),
    path("calendars/<str:token>.ics", calendar.personal_feed, name="personal_feed"),
]
