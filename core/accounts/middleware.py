"""Notes that sessions are in use."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from core.accounts.sign_ins import note_use


class SignInMiddleware:
    """Note the use of a session after the response, if the request asked who is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        note_use(request)
        return response
