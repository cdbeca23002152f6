"""URLs of this app's console pages: labs with their parts, sessions, speakers."""

from django.urls import path

from sessions.views import (
    console_conflicts,
    console_export,
    console_import,
    console_lab,
    console_lab_parts,
    console_publishing,
    console_schedule,
    console_sessions,
    console_slots,
    console_speaker_requests,
    console_speakers,
    console_zone,
)

LAB = "labs/<slug:lab>/"
RUN = LAB + "import/<uuid:run>/"
SESSION = LAB + "sessions/<slug:session>/"

urlpatterns = [
    path("programmes/<slug:programme>/new-lab/", console_lab.new, name="console_lab_new"),
    path(LAB + "settings/", console_lab.edit, name="console_lab_edit"),
    path(LAB + "publish/", console_lab.publish, name="console_lab_publish"),
    path(LAB + "unpublish/", console_lab.unpublish, name="console_lab_unpublish"),
    path(LAB + "delete/", console_lab.delete, name="console_lab_delete"),
    path(LAB + "time-zone/", console_zone.lab_zone, name="console_lab_zone"),
    path(LAB + "days/", console_lab_parts.days, name="console_days"),
    path(LAB + "tracks/", console_lab_parts.tracks, name="console_tracks"),
    path(LAB + "rooms/", console_lab_parts.rooms, name="console_rooms"),
    path(LAB + "rooms/new/", console_lab_parts.room_new, name="console_room_new"),
    path(LAB + "rooms/<int:room>/", console_lab_parts.room_edit, name="console_room"),
    path(LAB + "rooms/<int:room>/delete/", console_lab_parts.room_delete, name="console_room_delete"),
    path(LAB + "speakers/", console_speakers.speakers, name="console_speakers"),
    path(LAB + "new-speaker/", console_speakers.new, name="console_speaker_new"),
    path(LAB + "speakers/<slug:speaker>/", console_speakers.edit, name="console_speaker"),
    path(LAB + "speakers/<slug:speaker>/delete/", console_speakers.delete, name="console_speaker_delete"),
    path(LAB + "speaker-reminders/", console_speaker_requests.reminders, name="console_speaker_reminders"),
    path(LAB + "speakers/<slug:speaker>/link/", console_speaker_requests.link, name="console_speaker_link"),
    path(
        LAB + "speakers/<slug:speaker>/availability/",
        console_speaker_requests.availability,
        name="console_speaker_availability",
    ),
    path(
        LAB + "speakers/<slug:speaker>/slides/<slug:session>/",
        console_speaker_requests.speaker_slides,
        name="console_speaker_slides",
    ),
    path(LAB + "sessions/", console_sessions.sessions, name="console_sessions"),
    path(LAB + "schedule/", console_schedule.schedule, name="console_schedule"),
    path(LAB + "import/", console_import.upload, name="console_import"),
    path(LAB + "import/sample.csv", console_import.sample, {"kind": "csv"}, name="console_import_csv"),
    path(LAB + "import/sample.xlsx", console_import.sample, {"kind": "xlsx"}, name="console_import_xlsx"),
    path(RUN, console_import.run, name="console_import_run"),
    path(RUN + "columns/", console_import.columns, name="console_import_columns"),
    path(RUN + "choose/", console_import.choose, name="console_import_choose"),
    path(RUN + "apply/", console_import.apply, name="console_import_apply"),
    path(RUN + "undo/", console_import.undo, name="console_import_undo"),
    path(RUN + "delete/", console_import.delete, name="console_import_delete"),
    path(LAB + "conflicts/", console_conflicts.conflicts, name="console_conflicts"),
    path(LAB + "slots/", console_slots.slots, name="console_slots"),
    path(LAB + "export/", console_export.export, name="console_export"),
    path(LAB + "new-session/", console_sessions.new, name="console_session_new"),
    path(SESSION, console_sessions.edit, name="console_session_edit"),
    path(SESSION + "history/", console_sessions.history, name="console_session_history"),
    path(SESSION + "move/", console_schedule.move, name="console_session_move"),
    path(SESSION + "time-zone/", console_zone.session_zone, name="console_session_zone"),
    path(SESSION + "publish/", console_publishing.publish, name="console_session_publish"),
    path(SESSION + "internal/", console_publishing.internal, name="console_session_internal"),
    path(SESSION + "unpublish/", console_publishing.unpublish, name="console_session_unpublish"),
    path(SESSION + "cancel/", console_publishing.cancel, name="console_session_cancel"),
    path(SESSION + "delete/", console_publishing.delete, name="console_session_delete"),
    path(SESSION + "restore/", console_publishing.restore, name="console_session_restore"),
]
