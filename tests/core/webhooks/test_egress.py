"""The one way out: which URLs and addresses it takes, and how it talks to servers that behave badly."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.webhooks import egress
from tests.receiver import HOST, PUBLIC, Receiver, certificate, internet, names, receiving


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with receiving() as found:
        settings.WEBHOOK_TRUSTED_HOSTS = [found.place]
        yield found


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.org", ("https", "example.org", 443, "/")),
        ("https://Example.ORG:8443/a/b?c=d&e", ("https", "example.org", 8443, "/a/b?c=d&e")),
        ("https://δήμος.example/γεια?ά=1", ("https", "xn--jxalzmp.example", 443, "/%CE%B3%CE%B5%CE%B9%CE%B1?%CE%AC=1")),
        ("https://a-b.c1.example.org/%2e%2e/", ("https", "a-b.c1.example.org", 443, "/%2e%2e/")),
    ],
)  # fmt: skip
def test_a_url_is_read_once_into_its_parts(url: str, target: tuple[object, ...]) -> None:
    found = egress.parse(url)
    assert (found.scheme, found.host, found.port, found.path) == target


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org", "ftp://example.org/", "file:///etc/passwd", "http://example.org/", "https://", "https:///x",
        "https://example.org:22/", "https://example.org:99999/", "https://example.org:x/", "https://example.org/#a",
        "https://user@example.org/", "https://user:password@example.org/", "https://example.org\\@127.0.0.1/",
        "https://exa mple.org/", "https://example.org/\r\nX: y", "https://example.org/\t", "https://localhost/",
        "https://intranet/", "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/",
        "https://0177.0.0.1/", "https://0x7f.0.0.1/", "https://１２７.0.0.1/", "https://127。0。0。1/", "https://[::1]/",
        "https://[::ffff:127.0.0.1]/", "https://a..example.org/", "https://-a.example.org/", "https://example.org./",
        "https://" + "a" * 64 + ".example.org/", "https://example.org/" + "a" * 500, "javascript:alert(1)",
    ],
)  # fmt: skip
def test_what_is_no_url_of_a_public_server_is_refused_without_looking_anything_up(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = names(monkeypatch, [PUBLIC])
    with pytest.raises(egress.AddressRefused) as refused:
        egress.check(url)
    assert (refused.value.field, bool(refused.value.message), asked) == ("url", True, [])


@pytest.mark.parametrize(
    "address", [PUBLIC, "8.8.8.8", "1.1.1.1", "223.255.255.254", "2606:4700::1111", "2a00:1450::1"]
)
def test_public_addresses_are_public(address: str) -> None:
    assert egress.is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1",
        "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::808:808", "64:ff9b:1::a00:1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1", "2002:7f00:1::1", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1",
        "fe80::1%eth0", "fec0::1", "ff02::1",
    ],
)  # fmt: skip
def test_every_other_address_is_not(address: str) -> None:
    assert not egress.is_public(address)


def test_networks_of_the_operator_are_refused_too(settings: Any) -> None:
    settings.WEBHOOK_REFUSED_NETWORKS = ["93.184.0.0/16", "2606:4700::/32"]
    assert [egress.is_public(each) for each in (PUBLIC, "2606:4700::1111", "8.8.8.8")] == [False, False, True]


def test_a_request_is_one_post_and_its_answer_is_read_as_text(receiver: Receiver) -> None:
    receiver.status, receiver.body = 202, b"caf\xc3\xa9 \xff\0"
    reply = egress.post(receiver.url + "?a=b", b'{"x":1}', {"webhook-id": "msg_1"})
    assert (reply.status, reply.text) == (202, "café �")
    [received] = receiver.received
    assert (received.path, received.body) == ("/hook?a=b", b'{"x":1}')
    assert received.headers["webhook-id"] == "msg_1"
    assert (received.headers["host"], received.headers["content-length"]) == (receiver.place, "7")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.headers = status, {"Location": receiver.url + "/elsewhere"}
    assert egress.post(receiver.url, b"", {}).status == status
    assert [each.path for each in receiver.received] == ["/hook"]


def test_of_a_long_answer_only_the_beginning_is_read(receiver: Receiver) -> None:
    receiver.status, receiver.body = 200, b"x" * 50_000_000
    assert egress.post(receiver.url, b"", {}).text == "x" * egress.MAX_REPLY


def test_a_length_that_is_a_lie_or_a_compressed_answer_costs_nothing(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 200, {"Content-Length": "9" * 18, "Content-Encoding": "gzip"}
    receiver.body = b"x" * 5000
    assert egress.post(receiver.url, b"", {}).text == "x" * egress.MAX_REPLY


def test_no_proxy_of_the_environment_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    assert egress.post(receiver.url, b"", {}).status == 204


@pytest.mark.parametrize(
    "ill",
    [
        {"is_silent": True},
        {"drip": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 400},
        {"drip": b"HTTP/1.1 100 Continue\r\n\r\n"},
        {"drip": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 400},
    ],
)
def test_a_slow_answer_ends_with_the_deadline(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, ill: dict[str, Any]
) -> None:
    """Each byte comes before the time-out of a read: only the deadline of the whole ends it."""
    monkeypatch.setattr(egress, "TOTAL_SECONDS", 0.6)
    for name, value in ill.items():
        setattr(receiver, name, value)
    with pytest.raises(egress.EgressError) as failed:
        egress.post(receiver.url, b"", {})
    assert failed.value.code == "timeout"


@pytest.mark.parametrize(
    ("answer", "code"), [(b"SSH-2.0-OpenSSH\r\n", "protocol"), (b"x" * 70_000, "protocol")]
)
def test_what_is_no_http_is_told(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, answer: bytes, code: str
) -> None:
    import socket
    import threading

    listening = socket.create_server(("127.0.0.1", 0))

    def answer_once() -> None:
        connection, _peer = listening.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)

    thread = threading.Thread(target=answer_once)
    thread.start()
    place = f"127.0.0.1:{listening.getsockname()[1]}"
    monkeypatch.setattr("django.conf.settings.WEBHOOK_TRUSTED_HOSTS", [place])
    with pytest.raises(egress.EgressError) as failed:
        egress.post(f"http://{place}/", b"{}", {})
    thread.join()
    listening.close()
    assert failed.value.code == code


def test_a_server_that_is_not_there_is_told(receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOK_TRUSTED_HOSTS = ["127.0.0.1:1"]
    with pytest.raises(egress.EgressError) as failed:
        egress.post("http://127.0.0.1:1/", b"", {})
    assert failed.value.code == "connect"


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A server of the public internet with a certificate that this process trusts."""
    context, chain = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    egress._tls.cache_clear()
    with receiving(context) as found:
        yield found
    egress._tls.cache_clear()


def test_the_connection_goes_to_the_address_that_was_checked_under_the_name_that_was_typed(
    tls: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up = names(monkeypatch, [PUBLIC], ["127.0.0.1"])
    connected = internet(monkeypatch, lambda _address: ("127.0.0.1", tls.port))
    assert egress.post(f"https://{HOST}/hook", b"{}", {}).status == 204
    assert (looked_up, connected) == ([HOST], [(PUBLIC, 443)])
    assert (tls.names, tls.received[0].headers["host"]) == ([HOST], HOST)


def test_an_address_that_does_not_answer_gives_way_to_the_next(
    tls: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, ["8.8.8.8", "10.0.0.1", PUBLIC])
    connected = internet(monkeypatch, lambda address: ("127.0.0.1", tls.port if address[0] == PUBLIC else 1))
    assert egress.post(f"https://{HOST}/hook", b"{}", {}).status == 204
    assert connected == [("8.8.8.8", 443), (PUBLIC, 443)]


def test_a_certificate_of_another_name_is_refused(tls: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, [PUBLIC])
    internet(monkeypatch, lambda _address: ("127.0.0.1", tls.port))
    with pytest.raises(egress.EgressError) as failed:
        egress.post("https://other.example.org/hook", b"{}", {})
    assert (failed.value.code, tls.received) == ("tls", [])


def test_a_certificate_that_nobody_vouches_for_is_refused(
    tls: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path / "other")[1]))
    egress._tls.cache_clear()
    names(monkeypatch, [PUBLIC])
    internet(monkeypatch, lambda _address: ("127.0.0.1", tls.port))
    with pytest.raises(egress.EgressError) as failed:
        egress.post(f"https://{HOST}/hook", b"{}", {})
    assert (failed.value.code, tls.received) == ("tls", [])


def test_encryption_that_never_begins_ends_with_the_deadline(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that takes the connection and says nothing, on the port for https."""
    monkeypatch.setattr(egress, "TOTAL_SECONDS", 0.4)
    with pytest.raises(egress.EgressError) as failed:
        egress.post(receiver.url.replace("http:", "https:"), b"", {})
    assert failed.value.code in ("timeout", "tls", "connect")
