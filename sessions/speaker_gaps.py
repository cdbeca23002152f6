"""What is missing of a lab's speakers: address, photo, biography by language, replies, slides.

For the console's list, reminders and the API, in a constant number of queries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.web.localized_fields import languages_of, text_of
from labs.models import Lab
from sessions.appearance_replies import Reply, reply_of
from sessions.languages import language_name
from sessions.models import Appearance, AppearanceReply, Session, Slides, Speaker

# Who hands in slides; who moderates or hosts speaks without.
_WITH_SLIDES = (Appearance.Role.SPEAKER, Appearance.Role.PANELLIST)


class Gap(models.TextChoices):
    """What may be missing. In the order in which it is listed."""

    DECLINED = "declined", _("Declined")
    NO_REPLY = "no-reply", _("Not confirmed")
    NO_EMAIL = "no-email", _("No email address")
    NO_PHOTO = "no-photo", _("No photo")
    NO_BIOGRAPHY = "no-biography", _("No biography")
    NO_SLIDES = "no-slides", _("No slides")


# What a speaker can mend by the private link, so that a reminder makes sense.
MENDED_BY_SPEAKER = (Gap.NO_REPLY, Gap.NO_PHOTO, Gap.NO_BIOGRAPHY, Gap.NO_SLIDES)


@dataclass(frozen=True)
class Missing:
    """One thing that is missing: of the profile in some `languages`, or for some `sessions` of the lab."""

    gap: Gap
    languages: tuple[str, ...] = ()
    sessions: tuple[Session, ...] = ()

    def in_words(self, language: str) -> str:
        """Return "No slides: Opening; Closing" in `language`, which is the active one."""
        parts = [language_name(code, language) for code in self.languages]
        parts += [text_of(session.title, language, session.lab) for session in self.sessions]
        # Titles have commas of their own.
        between = "; " if self.sessions else ", "
        return f"{self.gap.label}: {between.join(parts)}" if parts else str(self.gap.label)


@dataclass
class SpeakerOfLab:
    """A speaker in a lab: appearances in the order of time, replies and slides by session, and what is missing."""

    speaker: Speaker
    appearances: list[Appearance] = field(default_factory=list)
    replies: dict[int, AppearanceReply] = field(default_factory=dict)
    slides: dict[int, Slides] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)

    @property
    def sessions(self) -> list[Session]:
        """The sessions in which the speaker appears, each once, in the order of time."""
        return list({one.session_id: one.session for one in self.appearances}.values())

    def reply_in(self, session: Session) -> Reply:
        return reply_of(self.replies.get(session.pk))

    @property
    def gaps(self) -> list[Gap]:
        return [one.gap for one in self.missing]

    @property
    def to_mend(self) -> list[Missing]:
        """What the speaker can mend by the private link."""
        return [one for one in self.missing if one.gap in MENDED_BY_SPEAKER]


def speakers_of(lab: Lab, now: datetime, speakers: Sequence[Speaker] | None = None) -> list[SpeakerOfLab]:
    """Return who appears in the lab (or these of them), with what is missing, by id of the speaker. Four queries."""
    appearances = Appearance.objects.filter(session__lab=lab).select_related("session", "agenda_item")
    if speakers is not None:
        appearances = appearances.filter(speaker__in=speakers)
    found: dict[int, SpeakerOfLab] = {}
    in_order = list(appearances.order_by("session__starts_at", "session", "position", "pk"))
    rows = Speaker.objects.filter(pk__in={one.speaker_id for one in in_order}).select_related("city")
    by_id = {speaker.pk: speaker for speaker in rows.order_by("pk")}
    for appearance in in_order:
        speaker = by_id.get(appearance.speaker_id)
        if speaker is None:  # deleted in between
            continue
        appearance.session.lab = lab
        appearance.speaker = speaker
        found.setdefault(speaker.pk, SpeakerOfLab(speaker)).appearances.append(appearance)
    for reply in AppearanceReply.objects.filter(session__lab=lab, speaker__in=found).select_related(
        "session"
    ):
        found[reply.speaker_id].replies[reply.session_id] = reply
    for slides in Slides.objects.filter(session__lab=lab, speaker__in=found):
        found[slides.speaker_id].slides[slides.session_id] = slides
    for one in found.values():
        one.missing = _missing(one, lab, now)
    return [found[pk] for pk in sorted(found)]


def _missing(one: SpeakerOfLab, lab: Lab, now: datetime) -> list[Missing]:
    speaker = one.speaker
    coming = [
        session
        for session in one.sessions
        if session.is_placed and not session.is_cancelled and not session.is_over(now)
    ]
    by_reply: defaultdict[Reply, list[Session]] = defaultdict(list)
    for session in coming:
        by_reply[one.reply_in(session)].append(session)
    open_replies = [session for session in coming if one.reply_in(session) in (Reply.NONE, Reply.OTHER_HOURS)]
    with_slides = {each.session_id for each in one.appearances if each.role in _WITH_SLIDES}
    # Who declined is not asked for slides.
    without = [
        session
        for session in coming
        if session.pk in with_slides
        and session.pk not in one.slides
        and session not in by_reply[Reply.DECLINED]
    ]
    biography = languages_of(speaker.biography)
    lacking = tuple(code for code in lab.languages if not biography.get(code))
    found = {
        Gap.DECLINED: (by_reply[Reply.DECLINED], ()),
        Gap.NO_REPLY: (open_replies, ()),
        Gap.NO_SLIDES: (without, ()),
        Gap.NO_BIOGRAPHY: ([], lacking),
    }
    missing = [
        Missing(gap, languages, tuple(sessions))
        for gap, (sessions, languages) in found.items()
        if sessions or languages
    ]
    if not speaker.email:
        missing.append(Missing(Gap.NO_EMAIL))
    if not speaker.photo:
        missing.append(Missing(Gap.NO_PHOTO))
    order = list(Gap)
    return sorted(missing, key=lambda each: order.index(each.gap))
