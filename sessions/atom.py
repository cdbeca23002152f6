"""Writes Atom feeds (RFC 4287) of what changed: plain data in, bytes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.feedgenerator import Atom1Feed

CONTENT_TYPE = "application/atom+xml; charset=utf-8"


@dataclass(frozen=True)
class AtomEntry:
    """One entry. `public_id` never changes; `updated_at` does when the entry says something else (§4.2.15)."""

    public_id: UUID
    title: str
    text: str
    link: str
    published_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class AtomFeed:
    """A feed. `link` is the page with the same contents, `own_link` the feed's own address (§4.2.7)."""

    title: str
    subtitle: str
    author: str
    language: str
    link: str
    own_link: str
    updated_at: datetime


class _Feed(Atom1Feed):
    """Django's, with the date that it is given: its own is the latest entry's, or now without any."""

    def latest_post_date(self) -> datetime:
        found: datetime = self.feed["updated_at"]
        return found


def feed_bytes(feed: AtomFeed, entries: Iterable[AtomEntry]) -> bytes:
    """Return the feed in UTF-8. The feed's id is its own address (§4.2.6), those of entries are UUIDs (RFC 9562)."""
    written = _Feed(
        title=feed.title,
        subtitle=feed.subtitle,
        link=feed.link,
        description="",
        language=feed.language,
        author_name=feed.author,
        feed_url=feed.own_link,
        feed_guid=feed.own_link,
        updated_at=feed.updated_at,
    )
    for entry in entries:
        written.add_item(
            title=entry.title,
            link=entry.link,
            description=entry.text,
            pubdate=entry.published_at,
            updateddate=entry.updated_at,
            unique_id=entry.public_id.urn,
        )
    return str(written.writeString("utf-8")).encode()
