"""URLs of this app's console pages below organise/: overview, people, attendance."""

from django.urls import path

from registrations.views import (
    console_adding,
    console_announcements,
    console_answers,
    console_approvals,
    console_attendance,
    console_bulk,
    console_documents,
    console_duplicates,
    console_email_templates,
    console_fewer_seats,
    console_invitations,
    console_move,
    console_nominations,
    console_overview,
    console_person,
    console_photos,
    console_privacy,
    console_proof,
    console_question,
    console_questions,
    console_registrations,
    console_reminders,
    console_rules,
    console_statistics,
    console_tags,
    console_transfers,
    console_unannounced,
)

PERSON = "labs/<slug:lab>/registrations/<uuid:registration>/"
ANNOUNCE = "labs/<slug:lab>/announce/"
ANNOUNCEMENTS = "labs/<slug:lab>/mail/announcements/"
ANNOUNCEMENT = f"{ANNOUNCEMENTS}<uuid:announcement>/"
TEXTS = "labs/<slug:lab>/mail/texts/"
TEXT = f"{TEXTS}<slug:occasion>/<slug:language>/"
FORM = "labs/<slug:lab>/form/"
NOMINATIONS = "labs/<slug:lab>/nominations/"
DOCUMENTS = "labs/<slug:lab>/documents/"
PRIVACY = "labs/<slug:lab>/personal-data/"
DOOR = "labs/<slug:lab>/attendance/<slug:session>/"

urlpatterns = [
    path("", console_overview.organise, name="organise"),
    path("labs/<slug:lab>/", console_overview.lab, name="console_lab"),
    path("labs/<slug:lab>/move/", console_move.move, name="console_lab_move"),
    path(ANNOUNCE, console_unannounced.unannounced, name="console_unannounced"),
    path(
        f"{ANNOUNCE}<uuid:registration>/body/",
        console_unannounced.unannounced_email,
        name="console_unannounced_email",
    ),
    path(FORM, console_questions.form, name="console_questions"),
    path(f"{FORM}preview/", console_questions.preview, name="console_questions_preview"),
    path(f"{FORM}move/", console_questions.move, name="console_questions_move"),
    path(f"{FORM}ready-made/", console_questions.block, name="console_questions_block"),
    path(f"{FORM}new-section/", console_questions.set_new, name="console_question_set_new"),
    path(f"{FORM}sections/<slug:question_set>/", console_questions.set_edit, name="console_question_set"),
    path(
        f"{FORM}sections/<slug:question_set>/delete/",
        console_questions.set_delete,
        name="console_question_set_delete",
    ),
    path(
        f"{FORM}sections/<slug:question_set>/send/",
        console_questions.set_open,
        name="console_question_set_open",
    ),
    path(
        f"{FORM}sections/<slug:question_set>/new-question/",
        console_question.question_new,
        name="console_question_new",
    ),
    path(f"{FORM}sections/<slug:question_set>/answers/", console_answers.all_answers, name="console_answers"),
    path(
        f"{FORM}sections/<slug:question_set>/answers.csv",
        console_answers.all_answers_csv,
        name="console_answers_csv",
    ),
    path(f"{FORM}questions/<slug:question>/", console_question.question_edit, name="console_question"),
    path(
        f"{FORM}questions/<slug:question>/delete/",
        console_question.question_delete,
        name="console_question_delete",
    ),
    path("labs/<slug:lab>/registrations/", console_registrations.registrations, name="console_registrations"),
    path(
        "labs/<slug:lab>/registrations.csv",
        console_registrations.registrations_csv,
        name="console_registrations_csv",
    ),
    path(
        "labs/<slug:lab>/registrations.xlsx",
        console_registrations.registrations_xlsx,
        name="console_registrations_xlsx",
    ),
    path("labs/<slug:lab>/statistics/", console_statistics.lab_statistics, name="console_statistics"),
    path("labs/<slug:lab>/registrations/print/", console_registrations.printed, name="console_people_print"),
    path("labs/<slug:lab>/registrations/new/", console_adding.add, name="console_registration_new"),
    path("labs/<slug:lab>/registrations/filters/", console_tags.save_filter, name="console_filters"),
    path("labs/<slug:lab>/registrations/bulk/", console_bulk.bulk_action, name="console_bulk"),
    path(
        "labs/<slug:lab>/registrations/bulk/<uuid:action>/",
        console_bulk.progress,
        name="console_bulk_progress",
    ),
    path(
        "labs/<slug:lab>/registrations/bulk/<uuid:action>/undo/", console_bulk.undo, name="console_bulk_undo"
    ),
    path(PRIVACY, console_privacy.report, name="console_privacy"),
    path(f"{PRIVACY}proof/", console_proof.rules, name="console_proof_rules"),
    path(f"{PRIVACY}proof/held/", console_proof.held, name="console_proof"),
    path(f"{PRIVACY}proof/held.csv", console_proof.held_csv, name="console_proof_csv"),
    path(DOCUMENTS, console_documents.listed, name="console_documents"),
    path(f"{DOCUMENTS}<slug:document>/", console_documents.edit, name="console_document"),
    path(
        f"{DOCUMENTS}<slug:document>/withdraw/", console_documents.withdraw, name="console_document_withdraw"
    ),
    path(f"{PRIVACY}notice/", console_privacy.notice, name="console_privacy_notice"),
    path(f"{PRIVACY}consents/", console_privacy.consents, name="console_consents"),
    path("labs/<slug:lab>/duplicates/", console_duplicates.listed, name="console_duplicates"),
    path(
        "labs/<slug:lab>/sessions/<slug:session>/fewer-seats/",
        console_fewer_seats.fewer,
        name="console_fewer_seats",
    ),
    path("labs/<slug:lab>/approvals/", console_approvals.pending, name="console_approvals"),
    path("labs/<slug:lab>/rules/", console_rules.rules, name="console_rules"),
    path("labs/<slug:lab>/invitations/", console_invitations.listed, name="console_invitations"),
    path(
        "labs/<slug:lab>/invitations/<int:invitation>/revoke/",
        console_invitations.revoke,
        name="console_invitation_revoke",
    ),
    path(NOMINATIONS, console_nominations.board, name="console_nominations"),
    path("labs/<slug:lab>/nominations.csv", console_nominations.table, name="console_nominations_csv"),
    path(f"{NOMINATIONS}invite/", console_nominations.invite, name="console_nominations_invite"),
    path(f"{NOMINATIONS}remind/", console_nominations.remind, name="console_nominations_remind"),
    path(f"{NOMINATIONS}cities/<slug:city>/", console_nominations.city, name="console_nominations_city"),
    path(f"{NOMINATIONS}contacts/<int:contact>/", console_nominations.contact, name="console_city_contact"),
    path(
        f"{NOMINATIONS}contacts/<int:contact>/link/",
        console_nominations.renew,
        name="console_city_contact_link",
    ),
    path(
        f"{NOMINATIONS}contacts/<int:contact>/remove/",
        console_nominations.remove,
        name="console_city_contact_remove",
    ),
    path("labs/<slug:lab>/quotas/", console_rules.quotas, name="console_quotas"),
    path("labs/<slug:lab>/quotas/<int:quota>/", console_rules.quota, name="console_quota"),
    path(
        "labs/<slug:lab>/quotas/<int:quota>/remove/", console_rules.remove_quota, name="console_quota_remove"
    ),
    path(PERSON, console_person.registration, name="console_registration"),
    path(f"{PERSON}photos/", console_photos.choice, name="console_registration_photos"),
    path(f"{PERSON}edit/", console_person.edit, name="console_registration_edit"),
    path(f"{PERSON}transfer/end/", console_transfers.end_transfer, name="console_transfer_end"),
    path(f"{PERSON}address/", console_person.address, name="console_registration_address"),
    path(f"{PERSON}link/", console_person.send_link, name="console_registration_link"),
    path(f"{PERSON}data/", console_privacy.export_person, name="console_registration_export"),
    path(f"{PERSON}cancel/", console_person.cancel, name="console_registration_cancel"),
    path(f"{PERSON}merge/<uuid:other>/", console_duplicates.merge, name="console_merge"),
    path(f"{PERSON}erase/", console_person.erase, name="console_registration_erase"),
    path(
        f"{PERSON}answers/<slug:question_set>/", console_answers.person_answers, name="console_person_answers"
    ),
    path(
        f"{PERSON}answers/<slug:question_set>/change/",
        console_answers.change_answers,
        name="console_answers_change",
    ),
    path(f"{PERSON}files/<slug:question>/", console_answers.person_file, name="console_person_file"),
    path(
        f"{PERSON}protected-files/<slug:question>/",
        console_answers.protected_file,
        name="console_protected_file",
    ),
    path(f"{PERSON}tags/", console_tags.tag, name="console_registration_tag"),
    path(f"{PERSON}notes/", console_tags.note, name="console_registration_note"),
    path(f"{PERSON}notes/<int:note>/delete/", console_tags.delete_note, name="console_note_delete"),
    path(f"{PERSON}seats/", console_person.give_seat, name="console_registration_give_seat"),
    path(f"{PERSON}seats/<slug:session>/", console_person.take_back, name="console_registration_take_back"),
    path("labs/<slug:lab>/attendance/", console_attendance.attendances, name="console_attendance"),
    path("labs/<slug:lab>/mail/reminders/", console_reminders.rules, name="console_reminders"),
    path(
        "labs/<slug:lab>/mail/reminders/<int:reminder>/remove/",
        console_reminders.remove,
        name="console_reminder_remove",
    ),
    path(ANNOUNCEMENTS, console_announcements.announcements, name="console_announcements"),
    path(f"{ANNOUNCEMENTS}new/", console_announcements.new, name="console_announcement_new"),
    path(ANNOUNCEMENT, console_announcements.announcement, name="console_announcement"),
    path(f"{ANNOUNCEMENT}edit/", console_announcements.edit, name="console_announcement_edit"),
    path(f"{ANNOUNCEMENT}send/", console_announcements.send, name="console_announcement_send"),
    path(f"{ANNOUNCEMENT}take-back/", console_announcements.take_back, name="console_announcement_take_back"),
    path(f"{ANNOUNCEMENT}delete/", console_announcements.delete, name="console_announcement_delete"),
    path(
        f"{ANNOUNCEMENT}<slug:language>/body/",
        console_announcements.preview,
        name="console_announcement_preview",
    ),
    path(
        f"{ANNOUNCEMENT}<slug:language>/test/", console_announcements.test, name="console_announcement_test"
    ),
    path(TEXTS, console_email_templates.templates, name="console_email_templates"),
    path(TEXT, console_email_templates.template, name="console_email_template"),
    path(f"{TEXT}body/", console_email_templates.preview, name="console_email_template_preview"),
    path(f"{TEXT}test/", console_email_templates.test, name="console_email_template_test"),
    path(f"{TEXT}reset/", console_email_templates.reset, name="console_email_template_reset"),
    path(DOOR, console_attendance.attendance_of_session, name="console_attendance_session"),
    path(f"{DOOR}all/", console_attendance.attendance_of_all, name="console_attendance_all"),
    path(f"{DOOR}undo/", console_attendance.attendance_undo, name="console_attendance_undo"),
]
