"""The one way out: an HTTP POST to a URL that somebody typed, and only to a server on the public internet.

The host's name is looked up once, and the connection is made to the address that was found and checked, with the name
in SNI, certificate check and Host header: what the name resolves to a moment later does not matter. No redirect is
followed, no proxy of the environment is used, and the whole exchange has a deadline.
"""

import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

import idna
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.web.errors import RuleViolation
from core.webhooks.models import MAX_URL_LENGTH

CONNECT_SECONDS = 5.0  # to one address; also the longest pause between two reads
TOTAL_SECONDS = 15.0  # from connecting to the end of the answer
MAX_ADDRESSES = 3  # of one name that are tried
MAX_REPLY = 4096  # bytes of the answer that are read

# What stands in paths and queries as it is (RFC 3986).
_SAFE = "/%:@!$&'()*+,;=~?"
# A name with a dot whose last label begins with a letter: no address in any notation, and no name of the own network.
_NAME = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
# All but public unicast, by the IANA special-purpose registries (RFC 6890) and what leads on to other networks.
_NOT_PUBLIC_V4 = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    "168.63.129.16/32",  # the metadata service of one provider of virtual machines
)  # fmt: skip
# Only this block is assigned for public unicast; mapped, compatible, NAT64, unique local and link-local addresses are
# outside it. Inside are Teredo and other protocol assignments, documentation, 6to4 and AS112.
_PUBLIC_V6 = ipaddress.ip_network("2000::/3")
_NOT_PUBLIC_V6 = ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
_NOT_PUBLIC = tuple(map(ipaddress.ip_network, (*_NOT_PUBLIC_V4, *_NOT_PUBLIC_V6)))

# A family of addresses, and an address as sockets of that family take it.
Address = tuple[int, Any]


class EgressError(Exception):
    """The request got no answer. `code` is one of ERRORS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


ERRORS: dict[str, str | Promise] = {
    "address": _("The address is not allowed."),
    "not_found": _("The host was not found."),
    "not_public": _("The host is not on the public internet, so it is not contacted."),
    "connect": _("The server could not be reached."),
    "tls": _("The server’s certificate is not valid."),
    "timeout": _("The server did not answer in time."),
    "protocol": _("The answer was not valid HTTP."),
}


class AddressRefused(RuleViolation):
    """The URL is not one that requests are sent to."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__("address", message, "url")


@dataclass(frozen=True)
class Target:
    """A URL in parts. `host` is in ASCII; `path` has the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_trusted(self) -> bool:
        """Whether the operator allows this server by name, wherever it is and without encryption."""
        return f"{self.host}:{self.port}" in settings.WEBHOOK_TRUSTED_HOSTS


@dataclass(frozen=True)
class Reply:
    """An answer: its status, and the beginning of its body."""

    status: int
    text: str


def parse(url: str) -> Target:
    """Read a URL as it was typed; nothing is looked up. Raises AddressRefused."""
    if not url or len(url) > MAX_URL_LENGTH:
        raise AddressRefused(_("Enter an address of at most 500 characters."))
    # Before parsing: parsers disagree about these, and some leave them out.
    if "\\" in url or any(ord(sign) <= 32 or 127 <= ord(sign) < 160 for sign in url):
        raise AddressRefused(_("Enter an address without spaces, backslashes and control characters."))
    try:
        parts = urlsplit(url)
        port = parts.port
        host = idna.encode(parts.hostname or "", uts46=True).decode().lower()
    except (ValueError, UnicodeError):
        raise AddressRefused(_("Enter an address like https://example.org/hook.")) from None
    if parts.scheme not in ("http", "https") or not host:
        raise AddressRefused(_("Enter an address like https://example.org/hook."))
    if "@" in parts.netloc:
        raise AddressRefused(_("Enter an address without a user name or password."))
    if parts.fragment or "#" in url:
        raise AddressRefused(_("Enter an address without “#”."))
    path = quote(parts.path or "/", safe=_SAFE)
    if parts.query:
        path += f"?{quote(parts.query, safe=_SAFE)}"
    target = Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)
    if target.is_trusted:
        return target
    if target.scheme != "https":
        raise AddressRefused(_("Enter an address that begins with https://."))
    if not _NAME.fullmatch(host):
        raise AddressRefused(_("Enter an address with the full name of a public server, like example.org."))
    if target.port not in settings.WEBHOOK_PORTS:
        raise AddressRefused(_("Enter an address with the usual port for https (443)."))
    return target


def is_public(address: str) -> bool:
    """Tell whether an IP address is public unicast, and in no network that the operator refuses."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if found.version == 6 and found not in _PUBLIC_V6:
        return False
    refused = (*_NOT_PUBLIC, *map(ipaddress.ip_network, settings.WEBHOOK_REFUSED_NETWORKS))
    return not any(found in network for network in refused)


def look_up(target: Target) -> list[Address]:
    """Return the public addresses of the host. Raises EgressError where there is none."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise EgressError("not_found") from None
    addresses: list[Address] = [(family, address) for family, _kind, _protocol, _name, address in found]
    allowed = [one for one in addresses if target.is_trusted or is_public(one[1][0])]
    if not allowed:
        raise EgressError("not_public")
    return allowed[:MAX_ADDRESSES]


def check(url: str) -> None:
    """Read a URL and look its host up, so that a URL that cannot work is refused as soon as it is typed.

    Call it outside of transactions. Raises AddressRefused.
    """
    target = parse(url)
    try:
        look_up(target)
    except EgressError:
        # The same for both: nobody learns which names the own network has.
        message = _("“%(host)s” was not found on the public internet. Check the address.")
        raise AddressRefused(message % {"host": target.host}) from None


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Send a POST request. Raises EgressError where there is no answer."""
    try:
        target = parse(url)
    except AddressRefused:
        raise EgressError("address") from None
    deadline = time.monotonic() + TOTAL_SECONDS
    connected = _connect(look_up(target))
    with _closed_at(deadline, connected) as is_late:
        sock: socket.socket = connected
        try:
            if target.scheme == "https":
                sock = _tls().wrap_socket(connected, server_hostname=target.host)
            return _exchange(target, sock, body, headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EgressError(_code(error, is_late.is_set())) from None
        finally:
            sock.close()


def _code(error: Exception, is_late: bool) -> str:
    if is_late or isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, OSError) and not isinstance(error, http.client.RemoteDisconnected):
        return "connect"
    return "protocol"


def _connect(addresses: list[Address]) -> socket.socket:
    """Connect to the first of these addresses that takes a connection. Raises EgressError."""
    code = "connect"
    for family, address in addresses:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(CONNECT_SECONDS)
        try:
            sock.connect(address)
        except OSError as error:
            sock.close()
            code = "timeout" if isinstance(error, TimeoutError) else "connect"
        else:
            return sock
    raise EgressError(code)


@contextmanager
def _closed_at(deadline: float, sock: socket.socket) -> Iterator[threading.Event]:
    """End the connection at the deadline, whatever is being read or written then; the event tells whether it was.

    Time-outs of sockets are for one read: a server that sends a byte every second would never meet them.
    """
    is_late = threading.Event()
    # Encryption takes the socket's descriptor over; a second one shuts the same connection down.
    handle = sock.dup()

    def shut() -> None:
        is_late.set()
        with suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(deadline - time.monotonic(), 0), shut)
    timer.daemon = True
    timer.start()
    try:
        yield is_late
    finally:
        timer.cancel()
        timer.join()
        handle.close()


def _exchange(target: Target, sock: socket.socket, body: bytes, headers: Mapping[str, str]) -> Reply:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = sock
    is_usual = target.port == (443 if target.scheme == "https" else 80)
    host = target.host if is_usual else f"{target.host}:{target.port}"
    connection.request("POST", target.path, body, {"Host": host, "Connection": "close", **headers})
    answer = connection.getresponse()
    text = answer.read(MAX_REPLY).decode(errors="replace").replace("\0", "")
    return Reply(answer.status, text)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
