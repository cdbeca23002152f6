"""Pagination of the API's lists."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings as service
from django.http import HttpRequest
from ninja import Field, Schema
from ninja.conf import settings
from ninja.pagination import LimitOffsetPagination

MAX_LIMIT = 1000
MAX_OFFSET = 2**31 - 1  # a larger number is an error of some databases, not an empty page


@dataclass(frozen=True)
class Listing:
    """What an operation with pages returns: all rows, and the function that makes the data of those of one page."""

    rows: Any  # a QuerySet or a list
    data: Callable[[Any], Iterable[dict[str, Any]]]


class BoundedPagination(LimitOffsetPagination):
    """Pagination by `limit` and `offset`, both bounded."""

    class Input(Schema):
        limit: int = Field(
            settings.PAGINATION_PER_PAGE,
            ge=1,
            le=MAX_LIMIT,
            description="Maximum number of entries in the response",
        )
        offset: int = Field(0, ge=0, le=MAX_OFFSET, description="Number of entries to skip")

    class Output(Schema):
        items: list[Any]
        count: int = Field(description="Total number of entries")

    def paginate_queryset(self, queryset: Any, pagination: Any, request: HttpRequest, **params: Any) -> Any:
        """Return one page of a `Listing`."""
        listing: Listing = queryset
        page = super().paginate_queryset(listing.rows, pagination, request=request, **params)
        page["items"] = listing.data(page["items"])
        limit, offset = pagination.limit, pagination.offset
        offsets = {}
        if offset + limit < page["count"]:
            offsets["next"] = offset + limit
        if offset:
            offsets["prev"] = max(offset - limit, 0)
        request._page_links = (limit, offsets)  # type: ignore[attr-defined]
        return page


def link_header(request: HttpRequest) -> str:
    """Return the `Link` header (RFC 8288) to a list's next and previous page; empty for any other response."""
    limit, offsets = getattr(request, "_page_links", (0, {}))
    links = []
    for relation, offset in offsets.items():
        query = request.GET.copy()
        query["limit"], query["offset"] = str(limit), str(offset)
        links.append(f'<{service.BASE_URL}{request.path}?{query.urlencode()}>; rel="{relation}"')
    return ", ".join(links)
