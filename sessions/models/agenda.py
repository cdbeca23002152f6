"""Sessions, their agendas, speakers and appearances.

`SessionQuerySet.visible_to` alone decides who may see a session, for pages, lists, search, feeds, API, sitemap,
JSON-LD, emails and exports.
"""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Prefetch, Q
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from core.timezones.zones import validate_zone
from core.web.edit_conflicts import Versioned
from core.web.history import History
from core.web.localized_fields import localized_line, localized_text, no_control_characters, web_address
from labs.models import City, Lab, Programme, Room, Track
from labs.viewer import Viewer
from sessions.languages import validate_spoken
from sessions.models.seating import COUNTERS, SeatingMixin
from sessions.models.session_languages import SessionLanguages
from sessions.models.speaker_contacts import SpeakerContact

if TYPE_CHECKING:
    from datetime import datetime


def new_uid() -> str:
    """Return a random calendar UID (RFC 7986 §5.3), the same in pages, emails and feeds."""
    return f"{uuid.uuid4()}@{settings.SITE_DOMAIN}"


# The condition of sessions that people with a seat in them may see.
SEEN_WITH_A_SEAT = ~Q(visibility="draft") & Q(lab__visibility="public")


def to_come(now: "datetime") -> Q:
    """Return the condition of sessions that take place and are not over: neither cancelled nor drafts."""
    return Q(status="scheduled", ends_at__gt=now) & ~Q(visibility="draft")


def visible_sessions(viewer: Viewer) -> Q:
    """Return the condition of sessions that this viewer may see.

    Public: everyone. Internal: delegates of the programme, or only of the audience's cities where it has any;
    people who hold a seat in it. Draft: organisers of the lab and owners of its programme. Door staff see what is
    not a draft. Nothing of a lab that is itself a draft, except for its organisers. Nobody sees a session that is not
    placed yet: the console alone lists it.
    """
    if viewer.within is not None:
        return visible_sessions(replace(viewer, within=None)) & visible_sessions(viewer.within)
    if viewer.is_superuser:
        return Q(is_placed=True)
    condition = Q(lab__visibility="public", visibility="public")
    if viewer.delegations:
        audience = Session.audience.through.objects.filter(session=OuterRef("pk"))
        for programme, cities in viewer.cities_by_programme.items():
            condition |= Q(lab__visibility="public", visibility="internal", lab__programme=programme) & (
                ~Exists(audience) | Exists(audience.filter(city__in=cities))
            )
    if viewer.seated_sessions:
        condition |= SEEN_WITH_A_SEAT & Q(pk__in=viewer.seated_sessions)
    if viewer.door_labs:
        condition |= ~Q(visibility="draft") & Q(lab__in=viewer.door_labs)
    if viewer.organised_labs:
        condition |= Q(is_placed=True, lab__in=viewer.organised_labs)
    if viewer.owned_programmes:
        condition |= Q(is_placed=True, lab__programme__in=viewer.owned_programmes)
    return condition


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, viewer: Viewer) -> Self:
        """Keep only the sessions that this viewer may see."""
        return self.filter(visible_sessions(viewer))

    def of_speaker(self, speaker_id: int) -> Self:
        """Keep only the sessions that a speaker's own link shows: those in which he or she appears.

        Drafts too, once they have a day and time: speakers are asked before anything is published.
        """
        return self.filter(
            is_placed=True, pk__in=Appearance.objects.filter(speaker=speaker_id).values("session")
        )

    def in_language(self, code: str) -> Self:
        """Keep only the sessions that one can follow in this language: spoken in it, or interpreted into it."""
        # As text, for databases without a containment of JSON. Codes are letters, and those stored are of a list.
        if not code.isascii() or not code.isalpha():
            return self.none()
        columns = ("spoken_languages", "interpreted_languages", "sign_languages")
        quoted = {name: Cast(name, models.TextField()) for name in columns}
        found = self.alias(**{f"{name}_text": text for name, text in quoted.items()})
        condition = Q()
        for name in columns:
            condition |= Q(**{f"{name}_text__contains": f'"{code}"'})
        return found.filter(condition)

    def taking_place(self) -> Self:
        """Keep only the sessions that take place: neither cancelled nor drafts."""
        return self.filter(status="scheduled").exclude(visibility="draft")

    def ended(self) -> Self:
        """Keep only the sessions that took place and have ended, which certificates attest."""
        return self.taking_place().filter(ends_at__lte=timezone.now())

    def for_pages(self) -> Self:
        """Fetch the related rows that pages and calendars of sessions show, in a constant number of queries.

        Lab and programme need two more unless set: `lab.sessions` sets its lab.
        """
        return self._with_parts(AgendaItem.objects.all(), Speaker.objects.all())

    def for_lists(self) -> Self:
        """Like `for_pages`, without the long texts and other fields that lists do not show."""
        return self.for_short_lists()._with_parts(
            AgendaItem.objects.defer("abstract"), Speaker.objects.defer("biography", "website")
        )

    def for_short_lists(self) -> Self:
        """Like `for_lists`, without agenda and people."""
        return self.select_related("track", "room").defer(
            "abstract", "uid", "join_link", "created_at", "cancelled_at", "room__join_link"
        )

    def _with_parts(
        self, agenda: "models.QuerySet[AgendaItem]", speakers: "models.QuerySet[Speaker]"
    ) -> Self:
        # One object per speaker, however often he or she appears.
        appearances = Appearance.objects.prefetch_related(Prefetch("speaker", queryset=speakers))
        return self.select_related("track", "room").prefetch_related(
            "lab__programme",
            Prefetch("agenda", queryset=agenda.order_by("position", "id"), to_attr="agenda_items"),
            Prefetch(
                "appearances", queryset=appearances.order_by("position", "id"), to_attr="all_appearances"
            ),
        )


class SpeakerQuerySet(models.QuerySet["Speaker"]):
    def visible_to(self, viewer: Viewer) -> Self:
        """Keep only speakers in a session that this viewer may see, or of a programme that the viewer owns."""
        if viewer.is_superuser:
            return self
        visible = Appearance.objects.filter(session__in=Session.objects.visible_to(viewer))
        condition = Q(pk__in=visible.values("speaker"))
        if viewer.owned_programmes:
            condition |= Q(programme__in=viewer.owned_programmes)
        if viewer.organised_labs:
            organised = Lab.objects.filter(pk__in=viewer.organised_labs)
            condition |= Q(programme__in=organised.values("programme"))
        return self.filter(condition)


class Session(SeatingMixin, SessionLanguages, Versioned):
    """A session that people register for.

    `start_date`, `start_time`, `end_date`, `end_time` are wall-clock times in `time_zone`, which are authoritative;
    the folds (0 or 1, PEP 495) resolve ambiguous ones. `starts_at` and `ends_at` are the UTC instants derived from
    them by `sessions.plans`, stored for sorting and joins. Of a session that is not `is_placed` the length alone
    counts, until it gets its place in the schedule; it is a draft. Only `registrations.seats` changes the counters of
    seats. `content_revised_at` is the last change that every viewer of the session sees, `revised_at` includes changes
    of join links.
    """

    class Visibility(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLIC = "public", _("Public")
        INTERNAL = "internal", _("Internal")

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        CANCELLED = "cancelled", _("Cancelled")

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="sessions")
    slug = models.SlugField(_("address"), max_length=80)
    title = localized_line(limit=300)
    abstract = localized_text()
    track = models.ForeignKey(Track, models.SET_NULL, null=True, blank=True, related_name="sessions")
    room = models.ForeignKey(Room, models.SET_NULL, null=True, blank=True, related_name="sessions")
    join_link = models.URLField(_("join link"), max_length=500, blank=True, validators=[web_address])

    start_date = models.DateField(_("date"))
    start_time = models.TimeField(_("starts"))
    end_date = models.DateField(_("last date"))
    end_time = models.TimeField(_("ends"))
    start_fold = models.PositiveSmallIntegerField(default=0)
    end_fold = models.PositiveSmallIntegerField(default=0)
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_zone])
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(editable=False)
    is_placed = models.BooleanField(_("in the schedule"), default=True)

    visibility = models.CharField(
        _("visibility"), max_length=10, choices=Visibility, default=Visibility.DRAFT
    )
    audience = models.ManyToManyField(City, related_name="internal_sessions", blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.SCHEDULED)
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancel_reason = localized_line(limit=300, blank=True)

    uid = models.CharField(max_length=255, unique=True, default=new_uid, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    revised_at = models.DateTimeField(editable=False)
    content_revised_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SessionQuerySet.as_manager()
    history = History(
        m2m_fields=[audience],
        excluded_fields=["version", *COUNTERS],
    )

    class Meta:
        ordering = ("starts_at", "id")
        constraints = (
            models.UniqueConstraint(fields=["lab", "slug"], name="session_once_per_lab"),
            models.CheckConstraint(name="session_ends_after_start", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(
                name="session_room_never_oversold",
                condition=Q(room_capacity__isnull=True) | Q(room_taken__lte=F("room_capacity")),
            ),
            models.CheckConstraint(
                name="session_online_never_oversold",
                condition=Q(online_capacity__isnull=True) | Q(online_taken__lte=F("online_capacity")),
            ),
            models.CheckConstraint(
                name="session_seats_are_of_its_format",
                condition=Q(format=Lab.Format.HYBRID)
                | Q(format=Lab.Format.IN_PERSON, online_taken=0, online_waiting=0)
                | Q(format=Lab.Format.ONLINE, room_taken=0, room_waiting=0),
            ),
            models.CheckConstraint(
                name="session_cancelled_has_instant",
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | Q(status="scheduled", cancelled_at__isnull=True),
            ),
            models.CheckConstraint(
                name="session_not_placed_is_draft", condition=Q(is_placed=True) | Q(visibility="draft")
            ),
            models.CheckConstraint(name="session_folds", condition=Q(start_fold__lte=1, end_fold__lte=1)),
        )
        indexes = (models.Index(fields=["lab", "starts_at"], name="session_of_lab"),)

    def __str__(self) -> str:
        return str(self.title)

    @property
    def is_cancelled(self) -> bool:
        return self.status == self.Status.CANCELLED

    @property
    def is_public(self) -> bool:
        """Whether visitors see it, as soon as its lab is public."""
        return self.visibility == self.Visibility.PUBLIC

    @property
    def is_internal(self) -> bool:
        return self.visibility == self.Visibility.INTERNAL

    @property
    def duration(self) -> timedelta:
        """The session's true length, across clock changes."""
        return self.ends_at - self.starts_at

    @cached_property
    def agenda_items(self) -> "list[AgendaItem]":
        """The agenda in order. `for_pages` fetches it for many sessions at once."""
        return list(self.agenda.all())

    @cached_property
    def all_appearances(self) -> "list[Appearance]":
        """Everyone in the session and in its agenda. `for_pages` fetches them, with their speakers, at once."""
        return list(self.appearances.select_related("speaker"))

    def appearances_in(self, item: "AgendaItem | None" = None) -> "list[Appearance]":
        """Return the appearances in this agenda item, or in the session itself."""
        wanted = item.pk if item else None
        return [appearance for appearance in self.all_appearances if appearance.agenda_item_id == wanted]

    def overlaps(self, other: "Session") -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def is_over(self, now: "datetime") -> bool:
        return self.ends_at <= now


class AgendaItem(models.Model):
    """A panel or a slot inside a session. Times, where known, are wall time in the session's zone."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="agenda")
    title = localized_line(limit=300)
    abstract = localized_text()
    start_time = models.TimeField(_("starts"), null=True, blank=True)
    end_time = models.TimeField(_("ends"), null=True, blank=True)
    starts_at = models.DateTimeField(null=True, editable=False)
    ends_at = models.DateTimeField(null=True, editable=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    history = History()

    class Meta:
        ordering = ("session", "position", "id")
        constraints = (
            models.CheckConstraint(
                name="agenda_both_times_or_none",
                condition=Q(starts_at__isnull=True, ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
            ),
        )

    def __str__(self) -> str:
        return str(self.title)


class Speaker(SpeakerContact, Versioned):
    """A person's profile, kept for all labs of a programme."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="speakers")
    slug = models.SlugField(_("address"), max_length=80)
    name = localized_line()
    affiliation = localized_line(blank=True)
    biography = localized_text()
    city = models.ForeignKey(City, models.SET_NULL, null=True, blank=True, related_name="speakers")
    website = models.URLField(
        _("website"), max_length=300, blank=True, validators=[no_control_characters, web_address]
    )
    languages = models.JSONField(default=list, blank=True, validators=[validate_spoken])

    objects = SpeakerQuerySet.as_manager()

    class Meta:
        ordering = ("programme", "slug")
        constraints = (
            models.UniqueConstraint(fields=["programme", "slug"], name="speaker_once_per_programme"),
            *SpeakerContact.Meta.constraints,
        )

    def __str__(self) -> str:
        return str(self.name)


class Appearance(models.Model):
    """A speaker in a session, or in one item of its agenda, in a role."""

    class Role(models.TextChoices):
        SPEAKER = "speaker", _("Speaker")
        MODERATOR = "moderator", _("Moderator")
        PANELLIST = "panellist", _("Panellist")
        HOST = "host", _("Host")

    speaker = models.ForeignKey(Speaker, models.CASCADE, related_name="appearances")
    session = models.ForeignKey(Session, models.CASCADE, related_name="appearances")
    agenda_item = models.ForeignKey(
        AgendaItem, models.CASCADE, null=True, blank=True, related_name="appearances"
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.SPEAKER)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ("session", "position", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["speaker", "session", "role"],
                condition=Q(agenda_item__isnull=True),
                name="appearance_once_in_session",
            ),
            models.UniqueConstraint(
                fields=["speaker", "agenda_item", "role"],
                condition=Q(agenda_item__isnull=False),
                name="appearance_once_in_item",
            ),
        )

    def __str__(self) -> str:
        return f"{self.speaker} · {self.session}"
