"""How the rules of registering say no."""

from django.utils.functional import Promise


class Refused(Exception):
    """The registration cannot be made or changed like this. `code` names the rule, `message` says it to people."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
