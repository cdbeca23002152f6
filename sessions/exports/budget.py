"""How many printed programmes and posters one network gets: they take the renderer seconds."""

from django.http import HttpRequest

from core.web.rate_limits import allow, client_address

# Enough for an office with one address, too few to keep the renderer busy.
PRINTED, PER_SECONDS = 60, 600


def may_print(request: HttpRequest) -> bool:
    """Count one printed file, from a page or the API; False once there were too many."""
    return allow("printed-programme", client_address(request), PRINTED, PER_SECONDS)
