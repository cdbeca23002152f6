"""Rate limits: counters in the cache, under hashed keys."""

import hashlib
import hmac
import ipaddress
import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest


def allow(action: str, key: str, limit: int, seconds: int) -> bool:
    """Count one more `action` by `key` (an IP or email address); return False above `limit` in this window.

    Windows are fixed spans of `seconds`. With the default cache each process counts separately.
    """
    window = int(time.time() // seconds)
    secret = settings.SECRET_KEY.encode()
    name = "throttle:" + hmac.new(secret, f"{action}\0{key}\0{window}".encode(), hashlib.sha256).hexdigest()
    if cache.add(name, 1, timeout=seconds + 1):
        return limit >= 1
    try:
        return cache.incr(name) <= limit
    except ValueError:  # evicted between the two calls
        cache.add(name, 1, timeout=seconds + 1)
        return limit >= 1


def client_address(request: HttpRequest) -> str:
    """Return the key of a request's client: an IPv4 address, or the /64 network of an IPv6 one.

    X-Forwarded-For is trusted as far as the service's proxies wrote it: with TRUSTED_PROXIES = n, the n-th entry from
    the right. Entries that a client adds are further left.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES > 0:
        entries = [entry.strip() for entry in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if len(entries) >= settings.TRUSTED_PROXIES:
            address = _network(entries[-settings.TRUSTED_PROXIES]) or address
    return _network(address) or address


def _network(address: str) -> str | None:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found.packed, 64), strict=False))
