"""How often somebody may ask for codes: enough for an employer with a pile of papers, too little for guessing."""

from django.http import HttpRequest

from core.web.rate_limits import allow, client_address

CHECKS, PER_SECONDS = 60, 600


def may_ask(request: HttpRequest) -> bool:
    """Count one question from this address, whether by page, file or API; False once there were too many."""
    return allow("certificate-check", client_address(request), CHECKS, PER_SECONDS)
