"""A session that some may not see: each of its texts is a canary."""

from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from labs.models import Lab
from sessions.models import Session, Slides, Speaker
from tests import factories as f
from tests.walks.canaries import canary
from tests.walks.questions import question_set


def texts(word: str) -> dict[str, str]:
    return {"en": f"Title {word}", "bg": f"Заглавие {word}"}


def photographed(speaker: Speaker, word: str) -> None:
    """Give the speaker a photo, in both sizes, whose content is this word."""
    for column in (speaker.photo, speaker.small_photo):
        column.save("walk.jpg", ContentFile(word.encode()), save=False)
    speaker.save()


def slides_of(speaker: Speaker, session: Session, word: str) -> Slides:
    """Slides with this word, on the page of the session."""
    made = Slides(speaker=speaker, session=session, name="walk.pdf", media_type="application/pdf", size=9)
    made.sent_at, made.is_published = timezone.now(), True
    made.file.save("walk.bin", ContentFile(f"%PDF {word}".encode()))
    return made


def hidden_session(lab: Lab, secret: str, visibility: str, days: int, **more: Any) -> Session:
    """A session of which every text, the room's and the track's, its speaker's and its day's, is a secret."""

    def said(name: str) -> dict[str, str]:
        return texts(canary(secret, name))

    track = f.TrackFactory(lab=lab, name=said("track"), slug=canary(secret, "trackslug"))
    room = f.RoomFactory(
        lab=lab,
        name=said("room"),
        online=False,
        address=f"Street {canary(secret, 'address')}",
        join_link=f"https://meet.example.org/{canary(secret, 'roomlink')}",
    )
    on = lab.starts_on + timedelta(days=days)
    session = f.SessionFactory(
        lab=lab,
        slug=canary(secret, "slug"),
        uid=f"{canary(secret, 'uid')}@citylabs.example.org",
        visibility=visibility,
        title=said("title"),
        abstract=said("abstract"),
        track=track,
        room=room,
        start_date=on,
        join_link=f"https://meet.example.org/{canary(secret, 'link')}",
        capacity=20,
        **more,
    )
    f.LabDayFactory(lab=lab, on=on, title=said("day"))
    # A second session in the room, without a link of its own, tells the room's link.
    item = f.AgendaItemFactory(session=session, title=said("itemtitle"), abstract=said("itemabstract"))
    speaker = f.SpeakerFactory(
        programme=lab.programme,
        slug=canary(secret, "speakerslug"),
        name=said("speakername"),
        affiliation=said("affiliation"),
        biography=said("biography"),
        website=f"https://{canary(secret, 'website')}.example.org/",
    )
    photographed(speaker, canary(secret, "photo"))
    slides_of(speaker, session, canary(secret, "slides"))
    f.AppearanceFactory(session=session, speaker=speaker, agenda_item=item)
    f.AppearanceFactory(session=session, speaker=speaker)
    f.QuestionFactory(
        question_set=question_set(lab), session=session, slug=f"about-{secret}", label=said("question")
    )
    return session
