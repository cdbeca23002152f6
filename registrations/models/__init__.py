from registrations.models.announcements import Announcement
from registrations.models.answers import Answer, AnswersView, NeedsConsent, TakenPlace
from registrations.models.attendance import Attendance
from registrations.models.bulk import BulkAction
from registrations.models.consents import ConsentText
from registrations.models.documents import Document, DocumentAcceptance, DocumentVersion
from registrations.models.invitations import Invitation
from registrations.models.nominations import CityContact, Nomination, NominationPlaces
from registrations.models.openings import EarlierDraw, Opening, QueueNumber
from registrations.models.people import Registration
from registrations.models.persons import Person
from registrations.models.privacy import PrivacyNotice
from registrations.models.proof import HeldProof, ProofRules, ProofView
from registrations.models.questions import Choice, Question, QuestionSet
from registrations.models.quotas import Quota
from registrations.models.reminders import Reminder, ReminderRule
from registrations.models.rules import RegistrationRules
from registrations.models.seats import Seat, SeatMovement
from registrations.models.still_coming import StillComing
from registrations.models.tags import Note, SavedFilter, Tag, Tagging
from registrations.models.transfers import Transfer

__all__ = [
    "Announcement",
    "Answer",
    "AnswersView",
    "Attendance",
    "BulkAction",
    "Choice",
    "CityContact",
    "ConsentText",
    "Document",
    "DocumentAcceptance",
    "DocumentVersion",
    "EarlierDraw",
    "HeldProof",
    "Invitation",
    "NeedsConsent",
    "Nomination",
    "NominationPlaces",
    "Note",
    "Opening",
    "Person",
    "PrivacyNotice",
    "ProofRules",
    "ProofView",
    "Question",
    "QuestionSet",
    "QueueNumber",
    "Quota",
    "Registration",
    "RegistrationRules",
    "Reminder",
    "ReminderRule",
    "SavedFilter",
    "Seat",
    "SeatMovement",
    "StillComing",
    "Tag",
    "Tagging",
    "TakenPlace",
    "Transfer",
]
