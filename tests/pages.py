"""Reading pages and sending forms as a browser does, also with somebody signed in."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client

from core.accounts.models import User

VOID = {"input", "br", "img", "link", "meta", "hr"}


@dataclass
class Form:
    """A form: where it is sent, the values of its fields, and the buttons (name, value) it can be sent with.

    `names` are those of all controls, also of boxes that are not ticked and of files.
    """

    action: str = ""
    method: str = "get"
    values: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def filled(self, **changes: Any) -> dict[str, Any]:
        """Return the data of a submission, with some answers changed; None leaves a field out.

        Names may be written with __ for the hyphen of prefixes: `agenda__0__row`.
        """
        data: dict[str, Any] = dict(self.values)
        for name, value in changes.items():
            name = name.replace("__", "-")
            if value is None:
                data.pop(name, None)
            else:
                data[name] = value
        return data


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = ""
        self._options: list[tuple[str, bool]] = []
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(said.get("action", ""), said.get("method", "get").lower())
            self.forms.append(self._form)
        if self._form is None:
            return
        name = said.get("name", "")
        if name and tag in ("input", "select", "textarea"):
            self._form.names.add(name)
        if tag == "button" and said.get("type") == "submit":
            self._form.buttons.append((name, said.get("value", "")))
        elif tag == "input" and name:
            if said.get("type") in ("checkbox", "radio"):
                if "checked" in said:
                    self._form.values.setdefault(name, []).append(said.get("value", "on"))
            elif said.get("type") != "file":
                self._form.values.setdefault(name, []).append(said.get("value", ""))
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option" and self._select:
            self._options.append((said.get("value", ""), "selected" in said))
        elif tag == "textarea":
            self._area = name
            self._form.values[name] = [""]

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._area:
            self._form.values[self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if self._form is None:
            return
        if tag == "form":
            self._form = None
        elif tag == "select" and self._select:
            chosen = [value for value, selected in self._options if selected] or [
                value for value, _selected in self._options[:1]
            ]
            self._form.values[self._select] = chosen
            self._select = ""
        elif tag == "textarea" and self._area:
            # A first line break belongs to the tag.
            self._form.values[self._area][0] = self._form.values[self._area][0].removeprefix("\n")
            self._area = ""


def forms_of(response: HttpResponse) -> list[Form]:
    """Return the POST forms of a page, without the one that signs out."""
    reader = _Reader()
    reader.feed(response.content.decode())
    return [form for form in reader.forms if form.method == "post" and "logout" not in form.action]


def form_of(response: HttpResponse, place: int = 0) -> Form:
    """Return one POST form of a page."""
    return forms_of(response)[place]


def client_of(user: User) -> Client:
    """Return a browser in which this person is signed in."""
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    """Return the source of a page, its white space folded."""
    return " ".join(response.content.decode().split())


def send(client: Client, address: str, /, **answers: Any) -> Any:
    """Open a page, fill in its first form and send it to the page's own address."""
    return client.post(address, form_of(client.get(address)).filled(**answers))
