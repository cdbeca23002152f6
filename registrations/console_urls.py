"""URLs of this app's console pages below organise/: overview, people, attendance."""

from django.urls import path

from registrations.views import (
    console_attendance,
    console_move,
    console_overview,
    console_person,
    console_registrations,
    console_unannounced,
)

PERSON = "labs/<slug:lab>/registrations/<uuid:registration>/"
DOOR = "labs/<slug:lab>/attendance/<slug:session>/"

urlpatterns = [
    path("", console_overview.organise, name="organise"),
    path("labs/<slug:lab>/", console_overview.lab, name="console_lab"),
    path("labs/<slug:lab>/move/", console_move.move, name="console_lab_move"),
    path("labs/<slug:lab>/changes-to-tell/", console_unannounced.unannounced, name="console_unannounced"),
    path("labs/<slug:lab>/registrations/", console_registrations.registrations, name="console_registrations"),
    path(
        "labs/<slug:lab>/registrations.csv",
        console_registrations.registrations_csv,
        name="console_registrations_csv",
    ),
    path(PERSON, console_person.registration, name="console_registration"),
    path(f"{PERSON}edit/", console_person.edit, name="console_registration_edit"),
    path(f"{PERSON}address/", console_person.address, name="console_registration_address"),
    path(f"{PERSON}link/", console_person.send_link, name="console_registration_link"),
    path(f"{PERSON}cancel/", console_person.cancel, name="console_registration_cancel"),
    path(f"{PERSON}erase/", console_person.erase, name="console_registration_erase"),
    path(f"{PERSON}seats/", console_person.give_seat, name="console_registration_give_seat"),
    path(f"{PERSON}seats/<slug:session>/", console_person.take_back, name="console_registration_take_back"),
    path("labs/<slug:lab>/attendance/", console_attendance.attendances, name="console_attendance"),
    path(DOOR, console_attendance.attendance_of_session, name="console_attendance_session"),
    path(f"{DOOR}all/", console_attendance.attendance_of_all, name="console_attendance_all"),
    path(f"{DOOR}undo/", console_attendance.attendance_undo, name="console_attendance_undo"),
]
