"""Pages of the API's lists."""

from typing import Any

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
