from __future__ import annotations

from collections.abc import Callable

import httpx
from fastapi import FastAPI

Ask = Callable[..., httpx.Response]
Service = Callable[..., FastAPI]

ADDED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "frame-ancestors 'none'",
}


def test_every_answer_has_them_errors_and_preflights_included(service: Service, ask: Ask) -> None:
    app = service(
        security_headers="on",
        rate_limit="3 per day",
        allowed_hosts=["bookstore"],
        cors_origins=["https://shop.example"],
    )
    preflight = {"origin": "https://shop.example", "access-control-request-method": "GET"}
    answers = [
        ask(app),
        ask(app, "/books/0"),
        ask(app, "/no/such/place"),
        ask(app),
        ask(app, headers={"host": "other.example"}),
        ask(app, method="OPTIONS", headers=preflight),
        ask(app, "/metrics", method="HEAD"),
    ]
    assert [answer.status_code for answer in answers] == [200, 422, 404, 429, 400, 200, 200]
    for answer in answers:
        assert ADDED.items() <= dict(answer.headers).items()


def test_pages_keep_the_stricter_policy_they_have(service: Service, ask: Ask) -> None:
    app = service(security_headers="on")
    for path in ("/", "/docs"):
        [policy] = ask(app, path).headers.get_list("content-security-policy")
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy


def test_only_https_is_promised_to_stay_https(service: Service, ask: Ask) -> None:
    app = service(security_headers="on")
    assert "strict-transport-security" not in ask(app).headers
    answer = ask(app, base_url="https://bookstore")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_they_are_off_unless_they_are_set(service: Service, ask: Ask) -> None:
    assert not ADDED.keys() & set(ask(service(), base_url="https://bookstore").headers)
