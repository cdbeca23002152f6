"""Pages of the API's lists."""

from typing import Any

from django.conf import settings as service
from django.http import HttpRequest
from ninja import Field, Schema
from ninja.conf import settings
from ninja.pagination import LimitOffsetPagination

LONGEST = 1000
FARTHEST = 2**31 - 1  # a larger number is an error of some databases, not an empty page


class Pages(LimitOffsetPagination):
    """Cut by `limit` and `offset`, both of them bounded."""

    class Input(Schema):
        limit: int = Field(
            settings.PAGINATION_PER_PAGE, ge=1, le=LONGEST, description="At most so many in this answer"
        )
        offset: int = Field(0, ge=0, le=FARTHEST, description="How many of the list come before this answer")

    class Output(Schema):
        items: list[Any]
        count: int = Field(description="How many the whole list has")

    def paginate_queryset(self, queryset: Any, pagination: Any, request: HttpRequest, **params: Any) -> Any:
        page = super().paginate_queryset(queryset, pagination, request=request, **params)
        limit, offset = pagination.limit, pagination.offset
        beside = {}
        if offset + limit < page["count"]:
            beside["next"] = offset + limit
        if offset:
            beside["prev"] = max(offset - limit, 0)
        request._pages_beside = (limit, beside)  # type: ignore[attr-defined]
        return page


def pages_beside(request: HttpRequest) -> str:
    """Return the `Link` header (RFC 8288) from the page of a list to those beside it; empty for any other answer."""
    limit, beside = getattr(request, "_pages_beside", (0, {}))
    links = []
    for relation, offset in beside.items():
        query = request.GET.copy()
        query["limit"], query["offset"] = str(limit), str(offset)
        links.append(f'<{service.BASE_URL}{request.path}?{query.urlencode()}>; rel="{relation}"')
    return ", ".join(links)
