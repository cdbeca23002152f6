"""Every page that a person can open: who opens it here, and what stands for the parts of its address."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from tests.browser.world import CODES, World
from tests.walks.routes import routes


@dataclass(frozen=True)
class Page:
    """A page by the name of its address, with its namespace. `ask` is put behind it.

    A part may go by another name in the world.
    """

    name: str
    ask: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    status: int = 200


def page(name: str, ask: str = "", status: int = 200, **parts: str) -> Page:
    return Page(name, ask, tuple(parts.items()), status)


PUBLIC = (
    page("home"),
    page("programme"),
    page("city"),
    page("lab"),
    page("lab", "?tz=Europe/Rome"),
    page("lab", "?track=track-0"),
    page("session"),
    page("session", session="=workshop"),
    page("session", session="=called-off"),
    page("session", status=404, session="=no-such-session"),
    page("speakers"),
    page("speaker"),
    page("subscribe"),
    page("register", "?session=plenary&session=workshop"),
    page("register_sent"),
    page("registration_link"),
    page("registration_link", "?sent"),
    page("registration_erased"),
    page("certificate_check"),
    page("certificate_check", "?code=short", status=400),
    page("certificate"),
    page("certificate", code=f"={CODES['revoked']}"),
    page("certificate", code=f"={CODES['replaced']}"),
    page("certificate", status=404, code="=0000-0000-0000"),
    page("contact"),
    page("help"),
    page("accessibility"),
    page("privacy"),
    page("api:openapi-view"),
    page("admin:login"),
    page("account_login"),
    page("account_inactive"),
    page("account_reset_password"),
    page("account_reset_password_done"),
    page("account_reset_password_from_key_done"),
)
PERSONAL = (
    page("registration"),
    page("registration", "?done=confirmed"),
    page("registration", token="waiting_token"),
    page("registration", token="cancelled_token"),
    page("registration_confirm", token="confirm_token"),
    page("registration_edit"),
    page("registration_sessions"),
    page("registration_give_up"),
    page("registration_cancel"),
    page("registration_erase"),
    page("registration_erase", token="cancelled_token"),
    page("registration_leave", token="leave_token"),
    page("registration", status=404, token="=no-longer-valid"),
    page("account_reset_password_from_key"),
)
ORGANISER = (
    page("organise"),
    page("console_help"),
    page("console_lab"),
    page("console_lab_edit"),
    page("console_lab_publish"),
    page("console_lab_unpublish"),
    page("console_days"),
    page("console_tracks"),
    page("console_rooms"),
    page("console_room_new"),
    page("console_room"),
    page("console_room_delete", room="spare_room"),
    page("console_speakers"),
    page("console_speaker_new"),
    page("console_speaker"),
    page("console_speaker_delete", speaker="unused_speaker"),
    page("console_sessions"),
    page("console_unannounced"),
    page("console_session_new"),
    page("console_session_edit"),
    page("console_session_edit", session="=called-off"),
    page("console_session_history"),
    page("console_session_publish", session="=still-a-draft"),
    page("console_session_internal"),
    page("console_session_unpublish"),
    page("console_session_cancel"),
    page("console_session_restore", session="=called-off"),
    page("console_session_delete"),
    page("console_lab_move"),
    page("console_lab_move", "?first_day=2027-05-04"),
    page("console_registrations"),
    page("console_registrations", "?q=nobody-is-called-this"),
    page("console_registration"),
    page("console_registration", registration="waiting"),
    page("console_registration", registration="cancelled"),
    page("console_registration_edit"),
    page("console_registration_address"),
    page("console_registration_cancel"),
    page("console_registration_erase"),
    page("console_registration_take_back"),
    page("console_attendance"),
    page("console_certificates"),
    page("console_certificate_revoke"),
    page("console_certificate_replace"),
    page("console_certificates_replace"),
    page("console_people"),
    page("console_mail"),
    page("console_message"),
    page("console_message", message="failed"),
    page("lab"),
    page("session", session="=still-a-draft"),
)
OWNER = (
    page("organise"),
    page("console_lab_new"),
    page("console_lab_delete"),
    page("console_programme"),
    page("console_cities"),
    page("console_city_new"),
    page("console_city"),
    page("console_groups"),
    page("console_programme_people"),
    page("console_logos"),
    page("console_logo_new"),
    page("console_logo"),
)
OPERATOR = (
    page("organise"),
    page("console_programme_new"),
    page("console_organisation"),
    page("console_mail_without_lab"),
    page("console_message_without_lab", message="of_account"),
    page("admin:index"),
    page("admin:app_list"),
    page("admin:accounts_user_changelist"),
    page("admin:accounts_user_changelist", "?is_active__exact=1&q=example&o=2.-1"),
    page("admin:accounts_user_add"),
    page("admin:accounts_user_change", object_id="user_id"),
    page("admin:labs_city_changelist"),
    page("admin:labs_city_delete", object_id="city_id"),
    page("admin:labs_city_history", object_id="city_id"),
    page("admin:labs_programme_change", object_id="programme_id"),
    page("admin:labs_programme_delete", object_id="programme_id", status=403),
    page("admin:mail_message_changelist"),
    page("admin:mail_message_change", object_id="message_id"),
)
DOOR = (
    page("organise"),
    page("console_attendance"),
    page("console_attendance_session"),
    page("console_attendance_session", "?q=participant"),
    page("console_attendance_all"),
    page("console_tokens"),
    page("components"),
    page("account_change_password"),
    page("account_logout"),
    page("console_lab", status=404),
)
OPENED_BY = {
    "visitor": PUBLIC,
    "participant": PERSONAL,
    "organiser": ORGANISER,
    "owner": OWNER,
    "operator": OPERATOR,
    "door": DOOR,
}

_FILE = "a file for programs, not a page"
_POST = "changes something: it is only ever sent by a form"
_BODY = "the text of a mail, as it was sent, for the frame of the page that shows it"
NOT_PAGES = {
    "certificate_pdf": _FILE,
    "console_registrations_csv": _FILE,
    "lab_feed": _FILE,
    "lab_logo": _FILE,
    "console_signature": _FILE,
    "lab_picture": _FILE,
    "lab_theme": _FILE,
    "personal_feed": _FILE,
    "programme_logo": _FILE,
    "programme_feed": _FILE,
    "robots": _FILE,
    "security_txt": _FILE,
    "session_feed": _FILE,
    "sitemap": _FILE,
    "track_feed": _FILE,
    "health_live": _FILE,
    "health_ready": _FILE,
    "metrics": _FILE,
    "console_attendance_undo": _POST,
    "console_certificate_issue": _POST,
    "console_certificate_restore": _POST,
    "console_certificates_issue": _POST,
    "console_logo_remove": _POST,
    "console_mail_retry": _POST,
    "console_message_retry": _POST,
    "console_message_retry_without_lab": _POST,
    "console_registration_give_seat": _POST,
    "console_undo": _POST,
    "console_registration_link": _POST,
    "registration_renew_feed": _POST,
    "renew_calendar": _POST,
    "console_message_html": _BODY,
    "console_message_html_without_lab": _BODY,
    "session_register": "leads on to the form with this session selected",
}
_LIBRARIES = ("admin/", "api/v1/")  # Django's own pages and the API's


def address(page: Page, world: World) -> str:
    """Return the path of a page. `=word` stands for itself, another word for what the world knows by it."""
    route = next(each for each in routes() if each.name == page.name.rpartition(":")[2])
    parts = {name: world.values.get(name) for name in route.parameters}
    for name, word in page.parts:
        parts[name] = word[1:] if word.startswith("=") else world.values[word]
    return reverse(page.name, kwargs=parts) + page.ask


def addresses(who: str, world: World) -> Iterator[tuple[str, int]]:
    """Yield path and status of each page that this viewer opens."""
    for each in OPENED_BY[who]:
        yield address(each, world), each.status


def names_of_all_pages() -> set[str]:
    return {route.name for route in routes() if route.name and not route.path.startswith(_LIBRARIES)}
