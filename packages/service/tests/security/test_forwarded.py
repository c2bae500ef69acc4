"""What a proxy says of a request is believed of a trusted proxy alone, and of it not everything."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from bakeoff.app import create_app
from bakeoff.cli import server
from bakeoff.settings import Settings

Exchange = Callable[..., list[bytes]]

# Test requests come from 127.0.0.1.
TRUSTED, UNTRUSTED = "127.0.0.1,10.0.0.0/8", "10.0.0.0/8"


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, backend="memory", **values)  # type: ignore[call-arg]


async def tell(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what the service is told of the request."""
    told = {name: scope[name] for name in ("method", "path", "root_path", "scheme")}
    content = json.dumps({**told, "client": scope["client"][0]}).encode()
    headers = [(b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def request(*headers: bytes, path: bytes = b"/books") -> bytes:
    lines = [b"GET " + path + b" HTTP/1.1", b"Host: a", *headers, b"Connection: close"]
    return b"\r\n".join([*lines, b"", b""])


def told(exchange: Exchange, *headers: bytes, trusted: str = TRUSTED) -> dict[str, Any]:
    serving: uvicorn.Server = server.Server(tell, settings(forwarded_allow_ips=trusted))
    [answered] = exchange(serving, request(*headers))
    head, _, body = answered.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    found: dict[str, Any] = json.loads(body)
    return found


@pytest.mark.parametrize(
    "headers",
    [
        [b"X-Forwarded-For: 198.51.100.7"],
        # What the client has sent itself stands before what the proxies have added.
        [b"X-Forwarded-For: 203.0.113.9, 198.51.100.7"],
        [b"X-Forwarded-For: 127.0.0.1, 198.51.100.7"],
        [b"X-Forwarded-For: 10.9.9.9, 198.51.100.7, 10.1.2.3"],
        # HAProxy adds a line of its own.
        [b"X-Forwarded-For: 203.0.113.9", b"X-Forwarded-For: 198.51.100.7"],
        [b"X-Forwarded-For: unknown, \xff, 198.51.100.7"],
    ],
)
def test_the_client_is_the_nearest_address_that_is_no_proxy(
    exchange: Exchange, headers: list[bytes]
) -> None:
    assert told(exchange, *headers)["client"] == "198.51.100.7"
    assert told(exchange, *headers, trusted=UNTRUSTED)["client"] == "127.0.0.1"


@pytest.mark.parametrize("scheme", [b"javascript", b"https\t,http", b"HTTPS://", b"file", b""])
def test_a_scheme_that_is_none_of_the_webs_is_ignored(exchange: Exchange, scheme: bytes) -> None:
    assert told(exchange, b"X-Forwarded-Proto: " + scheme)["scheme"] == "http"


@pytest.mark.parametrize("trusted", [TRUSTED, UNTRUSTED])
@pytest.mark.parametrize(
    "header",
    [
        b"Forwarded: for=203.0.113.9;host=evil.example;proto=https",
        b"X-Real-IP: 203.0.113.9",
        b"X-Client-IP: 203.0.113.9",
        b"True-Client-IP: 203.0.113.9",
        b"X-Forwarded-Host: evil.example",
        b"X-Forwarded-Port: 443",
        b"X-Forwarded-Prefix: /evil",
        b"X-Forwarded-Path: /users",
        b"X-Script-Name: /evil",
        b"X-Original-URL: /users",
        b"X-Rewrite-URL: /users",
        b"X-HTTP-Method-Override: DELETE",
        b"X-HTTP-Method: DELETE",
        b"X-Method-Override: DELETE",
    ],
)
def test_no_other_header_says_where_a_request_comes_from_or_what_it_asks(
    exchange: Exchange, header: bytes, trusted: str
) -> None:
    plain = {"method": "GET", "path": "/books", "root_path": "", "scheme": "http"}
    assert told(exchange, header, trusted=trusted) == {**plain, "client": "127.0.0.1"}


def status_of(exchange: Exchange, *headers: bytes, **values: Any) -> list[int]:
    """Three requests of one connection, the addresses of which differ by their header."""
    chosen = settings(**values)
    serving: uvicorn.Server = server.Server(create_app(chosen), chosen)
    sent = b"".join(request(header) for header in headers)
    sent = sent.replace(b"Connection: close\r\n", b"", len(headers) - 1)
    [answered] = exchange(serving, sent)
    return [int(part[:3]) for part in answered.split(b"HTTP/1.1 ")[1:]]


def test_who_is_no_trusted_proxy_does_not_get_around_a_limit(exchange: Exchange) -> None:
    addresses = [b"X-Forwarded-For: 198.51.100.%d" % number for number in range(3)]
    limit = {"rate_limit": "1 per day"}
    assert status_of(exchange, *addresses, forwarded_allow_ips=TRUSTED, **limit) == [200] * 3
    found = status_of(exchange, *addresses, forwarded_allow_ips=UNTRUSTED, **limit)
    assert found == [200, 429, 429]


def test_the_hosts_that_are_allowed_are_those_of_the_request_and_of_no_proxy(
    exchange: Exchange,
) -> None:
    forwarded = b"X-Forwarded-Host: shop.example"
    assert status_of(exchange, forwarded, allowed_hosts="shop.example") == [400]
    assert status_of(exchange, forwarded, allowed_hosts="a") == [200]
