"""Limits that a service is set to: what is refused changes nothing, and says why."""

from __future__ import annotations

import http.client
import ipaddress
import json
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from bakeoff_contract.api import Api
from bakeoff_contract.leaks import assert_nothing_left
from bakeoff_contract.problems import assert_problem

pytestmark = [pytest.mark.above_the_port, pytest.mark.needs("settings")]

Configured = Callable[..., AbstractContextManager[Api]]

ORIGIN = "https://shop.example"
# By the day: a test that ran while a shorter window ends would see it slide.
DAY = 24 * 60 * 60
RATE = 3


@pytest.fixture(scope="module")
def strict(configured: Configured) -> Iterator[Api]:
    """A service with every limit on; it trusts this machine as a proxy, as the others do."""
    with configured(
        rate_limit=f"{RATE} per day",
        allowed_hosts="127.0.0.1,*.shop.example",
        security_headers="on",
        body_timeout=2,
        cors_origins=ORIGIN,
    ) as service:
        yield service
        assert_nothing_left(service)


def somewhere() -> dict[str, str]:
    """The headers of a client that has asked for nothing yet."""
    address = ipaddress.IPv4Address("10.0.0.0") + secrets.randbelow(2**24)
    return {"x-forwarded-for": str(address)}


def token() -> dict[str, str]:
    """The headers of a client with a token; nobody checks it where authentication is off."""
    return {"authorization": f"Bearer {secrets.token_urlsafe(16)}"}


def remaining(answer: httpx.Response) -> dict[str, int]:
    """What is left of each limit."""
    items = re.findall(r'"(\w+-\d+)";r=(\d+);t=\d+', answer.headers["ratelimit"])
    return {name: int(left) for name, left in items}


def test_every_answer_says_where_the_client_stands(strict: Api) -> None:
    client = somewhere()
    for path, left in (("/books?limit=1", 2), ("/books/9223372036854775807", 1), ("/none", 0)):
        answer = strict.get(path, headers=client)
        assert remaining(answer) == {f"address-{DAY}": left}
        assert answer.headers["ratelimit-policy"] == f'"address-{DAY}";q={RATE};w={DAY}'


def test_a_client_that_has_used_up_its_limit_is_told_when_to_come_back(strict: Api) -> None:
    client = somewhere()
    for _ in range(RATE):
        assert strict.get("/books?limit=1", headers=client).status_code == 200
    for method, path in (("GET", "/books"), ("DELETE", "/books/1"), ("GET", "/none")):
        answer = strict.request(method, path, headers=client)
        assert_problem(answer, "too-many-requests")
        assert remaining(answer) == {f"address-{DAY}": 0}
        assert 1 <= int(answer.headers["retry-after"]) <= DAY
    assert strict.get("/books?limit=1", headers=somewhere()).status_code == 200


def test_a_write_that_is_too_much_changes_nothing(strict: Api) -> None:
    client, body = somewhere(), strict.user_body()
    for _ in range(RATE):
        strict.get("/books?limit=1", headers=client)
    assert_problem(strict.post("/users", json=body, headers=client), "too-many-requests")
    # Its name would be taken.
    assert strict.post("/users", json=body, headers=somewhere()).status_code == 201


def test_a_token_has_one_limit_wherever_it_is_used(strict: Api) -> None:
    shared = token()
    for _ in range(RATE):
        answer = strict.get("/books?limit=1", headers=shared | somewhere())
        assert answer.status_code == 200
    answer = strict.get("/books?limit=1", headers=shared | somewhere())
    assert_problem(answer, "too-many-requests")
    assert remaining(answer) == {f"address-{DAY}": RATE - 1, f"token-{DAY}": 0}


def test_many_tokens_do_not_lift_the_limit_of_an_address(strict: Api) -> None:
    client = somewhere()
    for _ in range(RATE):
        assert strict.get("/books?limit=1", headers=client | token()).status_code == 200
    assert_problem(strict.get("/books", headers=client | token()), "too-many-requests")


def test_clients_at_the_same_moment_are_not_given_more(strict: Api) -> None:
    client = somewhere()
    answers = strict.together(
        strict.build_request("GET", "/books?limit=1", headers=client) for _ in range(4 * RATE)
    )
    passed = [answer for answer in answers if answer.status_code == 200]
    assert 1 <= len(passed) <= RATE
    for answer in answers:
        if answer not in passed:
            assert_problem(answer, "too-many-requests")


def test_probes_are_neither_counted_nor_refused(strict: Api) -> None:
    client = somewhere()
    for _ in range(RATE + 1):
        strict.get("/books?limit=1", headers=client)
    for path in ("/health/live", "/health/ready", "/metrics"):
        answer = strict.get(path, headers=client | {"host": "10.1.2.3"})
        assert answer.status_code == 200
        assert "ratelimit" not in answer.headers


def test_only_the_hosts_that_were_named_are_answered(strict: Api) -> None:
    for host, known in (("api.shop.example:8000", True), ("shop.example.evil", False)):
        answer = strict.get("/books?limit=1", headers=somewhere() | {"host": host})
        if known:
            assert answer.status_code == 200
        else:
            assert_problem(answer, "misdirected")
            assert "evil" not in answer.text
            assert "ratelimit" not in answer.headers


def test_what_was_meant_for_another_host_changes_nothing(strict: Api) -> None:
    body = strict.user_body()
    answer = strict.post("/users", json=body, headers=somewhere() | {"host": "other.example"})
    assert_problem(answer, "misdirected")
    assert strict.post("/users", json=body, headers=somewhere()).status_code == 201


def test_a_body_that_does_not_arrive_in_time_changes_nothing(strict: Api) -> None:
    body = strict.user_body()
    content = json.dumps(body).encode()
    url = strict.base_url
    connection = http.client.HTTPConnection(url.host, url.port, timeout=30)
    try:
        connection.putrequest("POST", "/users")
        headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        for name, value in (headers | somewhere()).items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(content[:-1])
        answer = connection.getresponse()
        problem: dict[str, Any] = json.loads(answer.read())
        assert answer.status == problem["status"] == 408
        assert problem["type"].endswith(":request-timeout")
        assert answer.will_close
    finally:
        connection.close()
    assert_nothing_left(strict)
    assert strict.post("/users", json=body, headers=somewhere()).status_code == 201


def test_an_answer_tells_a_browser_to_trust_it_no_further_than_it_needs(strict: Api) -> None:
    client = somewhere()
    for path in ("/books?limit=1", "/none", "/docs", "/openapi.json", "/health/live"):
        headers = strict.get(path, headers=client).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "strict-transport-security" not in headers
    secure = somewhere() | {"x-forwarded-proto": "https"}
    answer = strict.get("/books?limit=1", headers=secure)
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_script_of_an_allowed_origin_may_read_every_refusal(strict: Api) -> None:
    client = somewhere() | {"origin": ORIGIN}
    answers = [strict.get("/books?limit=1", headers=client) for _ in range(RATE + 1)]
    answers.append(strict.get("/books", headers=client | {"host": "other.example"}))
    assert [answer.status_code for answer in answers] == [200] * RATE + [429, 400]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= set(exposed)


def test_without_limits_nothing_is_said_of_any(api: Api) -> None:
    answer = api.get("/books?limit=1", headers={"host": "other.example"} | token())
    assert answer.status_code == 200
    for name in ("ratelimit", "ratelimit-policy", "x-content-type-options", "referrer-policy"):
        assert name not in answer.headers
