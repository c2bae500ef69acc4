from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI

from bakeoff.limits.clients import address_of

Ask = Callable[..., httpx.Response]
Service = Callable[..., FastAPI]

# By the day: a test that ran while a shorter window ends would see it slide.
RATE = "3 per day"
DAY = 24 * 60 * 60


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def remaining(answer: httpx.Response) -> dict[str, int]:
    items = re.findall(r'"([a-z]+-\d+)";r=(\d+);t=\d+(?:, |$)', answer.headers["ratelimit"])
    return {name: int(left) for name, left in items}


def test_every_answer_says_what_is_allowed_and_what_is_left(service: Service, ask: Ask) -> None:
    app = service(rate_limit=RATE)
    answers = [ask(app), ask(app, "/books/1"), ask(app, "/no/such/place")]
    assert [answer.status_code for answer in answers] == [200, 404, 404]
    assert [remaining(answer) for answer in answers] == [{f"address-{DAY}": n} for n in (2, 1, 0)]
    assert {a.headers["ratelimit-policy"] for a in answers} == {f'"address-{DAY}";q=3;w={DAY}'}


def test_what_is_too_much_is_a_problem_that_says_when_to_come_back(
    service: Service, ask: Ask
) -> None:
    app = service(rate_limit=RATE)
    for _ in range(3):
        assert ask(app).status_code == 200
    answer = ask(app)
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith(":too-many-requests")
    assert "3 requests" in answer.json()["detail"]
    assert remaining(answer) == {f"address-{DAY}": 0}
    wait = int(answer.headers["retry-after"])
    assert 1 <= wait <= DAY
    assert answer.headers["ratelimit"].endswith(f";t={wait}")
    assert answer.headers["x-request-id"]


def test_one_address_does_not_use_up_the_limit_of_another(service: Service, ask: Ask) -> None:
    app = service(rate_limit="1 per day")
    assert ask(app, address="192.0.2.1").status_code == 200
    assert ask(app, address="192.0.2.1").status_code == 429
    assert ask(app, address="192.0.2.2").status_code == 200


def test_a_token_is_limited_wherever_it_is_used(service: Service, ask: Ask) -> None:
    app = service(rate_limit="2 per day")
    for address in ("192.0.2.1", "192.0.2.2"):
        answer = ask(app, address=address, headers=bearer("one"))
        assert answer.status_code == 200
    assert remaining(answer) == {f"address-{DAY}": 1, f"token-{DAY}": 0}
    assert f'"token-{DAY}";q=2;w={DAY}' in answer.headers["ratelimit-policy"]
    refused = ask(app, address="192.0.2.3", headers={"authorization": "bearer  one "})
    assert refused.status_code == 429
    assert "One token may send 2 requests" in refused.json()["detail"]
    assert ask(app, address="192.0.2.3").status_code == 200


def test_tokens_that_were_made_up_gain_nothing_and_take_no_room(service: Service, ask: Ask) -> None:
    app = service(rate_limit="2 per day")
    answers = [ask(app, headers=bearer(f"token-{number}")) for number in range(10)]
    assert [answer.status_code for answer in answers] == [200] * 2 + [429] * 8
    keys = list(app.state.rate_limit_storage.storage)
    assert len([key for key in keys if "/token/" in key]) == 2


def test_the_storage_and_the_answers_hold_no_token(service: Service, ask: Ask) -> None:
    app = service(rate_limit="1 per day")
    answers = [ask(app, headers=bearer("hunter2")) for _ in range(2)]
    for answer in answers:
        assert "hunter2" not in answer.text + str(answer.headers)
    assert "hunter2" not in str(app.state.rate_limit_storage.storage)


def test_other_credentials_are_no_token(service: Service, ask: Ask) -> None:
    answer = ask(service(rate_limit=RATE), headers={"authorization": "Basic YTpi"})
    assert remaining(answer) == {f"address-{DAY}": 2}


def test_of_two_limits_the_shorter_one_refuses_first_and_the_longer_one_is_not_charged(
    service: Service, ask: Ask
) -> None:
    app = service(rate_limit="5 per 30 days; 1 per day")
    assert remaining(ask(app)) == {f"address-{DAY}": 0, f"address-{30 * DAY}": 4}
    assert [ask(app).status_code for _ in range(3)] == [429] * 3
    stored = {key: n for key, n in app.state.rate_limit_storage.storage.items() if "/30/" in key}
    assert list(stored.values()) == [1]


@pytest.mark.parametrize("root_path", ["", "/shop"])
def test_whoever_watches_the_service_is_not_counted(
    service: Service, ask: Ask, root_path: str
) -> None:
    app = service(rate_limit="1 per day", root_path=root_path)
    assert ask(app, f"{root_path}/info").status_code == 200
    assert ask(app, f"{root_path}/info").status_code == 429
    for path in ("/health/live", "/health/ready", "/metrics"):
        answer = ask(app, root_path + path)
        assert answer.status_code == 200
        assert "ratelimit" not in answer.headers
    assert 'status="429"' in ask(app, f"{root_path}/metrics").text


def test_what_only_looks_like_a_probe_is_counted_and_meant_for_a_host(
    service: Service, ask: Ask
) -> None:
    app = service(rate_limit="1 per day")
    paths = ("/health/none", "/health/", "/health/live/x", "/metrics/")
    assert [ask(app, path).status_code for path in paths] == [404, 429, 429, 429]
    named = service(allowed_hosts="shop.example")
    assert ask(named, "/health/none").status_code == 400


def test_a_preflight_is_not_counted_and_a_script_may_read_where_it_stands(
    service: Service, ask: Ask
) -> None:
    app = service(rate_limit="1 per day", cors_origins=["https://shop.example"])
    headers = {"origin": "https://shop.example"}
    preflight = {**headers, "access-control-request-method": "GET"}
    assert ask(app, method="OPTIONS", headers=preflight).status_code == 200
    for status in (200, 429):
        answer = ask(app, headers=headers)
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        exposed = set(answer.headers["access-control-expose-headers"].split(", "))
        assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= exposed


def test_without_a_limit_nothing_is_said_and_the_library_is_not_even_loaded(
    service: Service, ask: Ask
) -> None:
    assert not {"ratelimit", "ratelimit-policy"} & set(ask(service()).headers)
    code = (
        "import sys; from bakeoff.app import create_app; from bakeoff.settings import Settings; "
        "create_app(Settings(_env_file=None, backend='memory')); print('limits' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert shown.stdout == "False\n"


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("not:an:address", "not:an:address"),
        ("unknown", "unknown"),
    ],
)
def test_an_address_of_ipv6_counts_as_its_network(host: str, client: str) -> None:
    assert address_of((host, 1)) == client


def test_a_unix_socket_is_one_client() -> None:
    assert address_of(None) == "local"
