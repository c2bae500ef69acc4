from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI

Ask = Callable[..., httpx.Response]
Service = Callable[..., FastAPI]

ALLOWED = ["shop.example", "*.shop.example", "[::1]", "10.0.0.1"]


@pytest.mark.parametrize(
    "host",
    [
        *("shop.example", "SHOP.example", "shop.example.", "shop.example:8000", "shop.example.:80"),
        *("api.shop.example", "a.b.shop.example", "[::1]", "[::1]:8000", "10.0.0.1:8000"),
    ],
)
def test_a_host_that_was_named_is_answered(service: Service, ask: Ask, host: str) -> None:
    assert ask(service(allowed_hosts=ALLOWED), headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("other.example", "shop.example.evil", "evilshop.example", ".shop.example", ""),
        *("shop.example, other.example", "shop.example@evil.example", "::1", "[::2]", "10.0.0.10"),
        *("shop.example:80:80", "http://shop.example"),
    ],
)
def test_any_other_host_is_a_problem_that_does_not_repeat_it(
    service: Service, ask: Ask, host: str
) -> None:
    answer = ask(service(allowed_hosts=ALLOWED), headers={"host": host})
    assert answer.status_code == 400
    assert answer.json()["type"].endswith(":misdirected")
    assert not host or host not in answer.text
    assert answer.headers["x-request-id"]


def test_two_hosts_are_none(service: Service, ask: Ask) -> None:
    twice = [("host", "shop.example"), ("host", "shop.example")]
    assert ask(service(allowed_hosts=ALLOWED), headers=twice).status_code == 400


def test_a_probe_may_ask_by_any_name(service: Service, ask: Ask) -> None:
    app = service(allowed_hosts=ALLOWED)
    for path in ("/health/live", "/health/ready", "/metrics"):
        assert ask(app, path, headers={"host": "10.1.2.3:8000"}).status_code == 200


def test_what_was_meant_for_another_host_does_not_count_against_a_limit(
    service: Service, ask: Ask
) -> None:
    app = service(allowed_hosts=ALLOWED, rate_limit="1 per day")
    for _ in range(3):
        assert ask(app, headers={"host": "other.example"}).status_code == 400
    assert ask(app, headers={"host": "shop.example"}).status_code == 200
    assert ask(app, headers={"host": "shop.example"}).status_code == 429


def test_a_script_of_another_origin_may_read_the_refusal(service: Service, ask: Ask) -> None:
    app = service(allowed_hosts=ALLOWED, cors_origins=["https://shop.example"])
    answer = ask(app, headers={"host": "other.example", "origin": "https://shop.example"})
    assert answer.status_code == 400
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


def test_any_host_is_answered_where_none_was_named(service: Service, ask: Ask) -> None:
    assert ask(service(), headers={"host": "other.example"}).status_code == 200
