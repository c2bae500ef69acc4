"""Authentication above the port: the same with every backend, and nothing when it is off."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher, extract_parameters
from fastapi import FastAPI

from bakeoff.backends import make_layer
from bakeoff_contract.api import Api, Json, ids, order_body, statuses
from bakeoff_contract.leaks import assert_nothing_left
from bakeoff_contract.logged_in import (
    KEYS,
    PASSWORD,
    LoggedIn,
    Person,
    add_user,
    ask_for_tokens,
    ask_to_refresh,
    log_in,
    logged_in,
    refresh,
)
from bakeoff_contract.problems import assert_problem
from bakeoff_contract.server import serving
from bakeoff_contract.service import application
from bakeoff_contract.throwaway import Throwaway
from bakeoff_schemas.ports import DataLayer
from bakeoff_schemas.records import Login

SOMEBODY = "4e4e2d5e-6f0e-4b0e-8f0e-3a3a3a3a3a3a"
READS = [
    "/books",
    "/books/1",
    "/books/export",
    "/authors",
    "/authors/1",
    "/orders",
    f"/orders/{SOMEBODY}",
    "/reports/sales-by-author",
    "/reports/prices-by-tag",
]
CUSTOMERS = ["/users", "/users/me", f"/users/{SOMEBODY}"]
CHANGES = [
    ("POST", "/books"),
    ("POST", "/books/bulk"),
    ("PUT", "/books/by-isbn/9780140268867"),
    ("PUT", "/books/1"),
    ("PATCH", "/books/1"),
    ("DELETE", "/books/1"),
    ("POST", "/authors"),
    ("PATCH", "/authors/1"),
    ("DELETE", "/authors/1"),
    ("POST", "/orders"),
    ("POST", f"/orders/{SOMEBODY}/cancel"),
    ("DELETE", f"/users/{SOMEBODY}"),
    ("DELETE", "/users/me"),
]
OPEN = ["/health/live", "/health/ready", "/info", "/metrics", "/openapi.json", "/docs", "/"]

pytestmark = pytest.mark.above_the_port
needs_settings = pytest.mark.needs("settings")


class Services:
    """Further services of the backend under test, on its database."""

    def __init__(self, backend: str, database: Throwaway | None) -> None:
        """The backend `memory` has no database: each service has its own data."""
        self.backend = backend
        self.url = database.url if database else None

    def logged_in(self, **settings: Any) -> AbstractContextManager[LoggedIn]:
        """A service with these settings besides those of authentication."""
        return logged_in(self.backend, self.url, **settings)

    def application(self, **settings: Any) -> FastAPI:
        """A service that does not run yet."""
        return application(self.backend, self.url, auth="all", auth_keys=KEYS, **settings)


@pytest.fixture(scope="module")
def services(pytestconfig: pytest.Config, database: Throwaway | None) -> Services:
    return Services(pytestconfig.getoption("--backend"), database)


@pytest.fixture(scope="module")
def guarded(services: Services) -> Iterator[LoggedIn]:
    """A service that asks for a token wherever it can."""
    with services.logged_in() as made:
        yield made
        assert_nothing_left(made.anonymous)


@pytest.fixture
def customer(guarded: LoggedIn) -> Person:
    return guarded.customer()


def body(method: str) -> Json | None:
    """No field at all, where there may be some."""
    return {} if method in ("POST", "PUT", "PATCH") else None


def challenge(response: httpx.Response) -> str:
    value: str = response.headers["www-authenticate"]
    assert value.startswith("Bearer ")
    return value


# --- off ------------------------------------------------------------------------------------------


def test_what_is_switched_off_is_not_found_and_names_its_setting(
    api: Api, subtests: pytest.Subtests
) -> None:
    for method, path, form in [
        ("POST", "/auth/token", {"username": "ged", "password": PASSWORD}),
        ("POST", "/auth/token", {}),
        ("POST", "/auth/refresh", {"grant_type": "refresh_token", "refresh_token": "x"}),
        ("POST", "/auth/revoke", {"token": "x"}),
        ("GET", "/users/me", None),
        ("DELETE", "/users/me", None),
    ]:
        with subtests.test(method=method, path=path):
            problem = assert_problem(api.request(method, path, data=form), "feature-off")
            assert "BAKEOFF_AUTH" in problem["detail"]


def test_a_token_makes_no_difference_where_none_is_asked_for(api: Api) -> None:
    book = api.book()
    headers = {"authorization": "Bearer nonsense"}
    assert api.get(f"/books/{book['id']}", headers=headers).json() == book
    assert api.patch(f"/books/{book['id']}", json={}, headers=headers).status_code == 200


# --- what needs a token ---------------------------------------------------------------------------


@needs_settings
def test_without_a_token_only_what_is_open_answers(
    guarded: LoggedIn, subtests: pytest.Subtests
) -> None:
    for method, path in [*(("GET", path) for path in READS + CUSTOMERS), *CHANGES]:
        with subtests.test(method=method, path=path):
            response = guarded.anonymous.request(method, path, json=body(method))
            assert_problem(response, "unauthenticated")
            # No error code where nothing was shown (RFC 6750, section 3.1).
            assert challenge(response) == 'Bearer realm="bakeoff"'
    for path in OPEN:
        with subtests.test(path=path):
            assert guarded.anonymous.get(path).status_code == 200


@needs_settings
def test_with_writes_only_what_changes_something_needs_a_token_and_customers_are_private(
    services: Services, subtests: pytest.Subtests
) -> None:
    with services.logged_in(auth="writes") as guarded:
        for path in READS:
            with subtests.test(path=path):
                assert guarded.anonymous.get(path).status_code in (200, 404)
        for method, path in [*(("GET", path) for path in CUSTOMERS), *CHANGES]:
            with subtests.test(method=method, path=path):
                response = guarded.anonymous.request(method, path, json=body(method))
                assert_problem(response, "unauthenticated")
        book = guarded.administrator.api.book(stock=1)
        someone, other = guarded.customer(), guarded.customer()
        order = someone.api.order(someone.user, (book, 1))
        assert guarded.anonymous.seen(f"/orders/{order['id']}") == order
        assert_problem(other.api.post(f"/orders/{order['id']}/cancel"), "not-found")
        assert someone.api.post(f"/orders/{order['id']}/cancel").status_code == 200


@needs_settings
def test_what_is_no_good_token_is_refused_and_said_to_be(
    guarded: LoggedIn, customer: Person, subtests: pytest.Subtests
) -> None:
    token: str = customer.tokens["access_token"]
    head, claims, signature = token.split(".")
    for wrong in [
        "nonsense",
        "a.b.c",
        f"{head}.{claims}.",
        f"{head}.{claims}.{signature[:-4]}AAAA",
        f"{head}.{claims[:-4]}AAAA.{signature}",
        customer.tokens["refresh_token"],
        "x" * 10_000,
    ]:
        with subtests.test(wrong=wrong[:40]):
            response = guarded.client(wrong).get("/books")
            assert_problem(response, "unauthenticated")
            assert 'error="invalid_token"' in challenge(response)
    for scheme in ("Basic", "Token", ""):
        headers = {"authorization": f"{scheme} {token}".strip()}
        response = guarded.anonymous.get("/books", headers=headers)
        assert_problem(response, "unauthenticated")
    headers = {"authorization": f"bEARER   {token}"}
    assert guarded.anonymous.get("/books", headers=headers).status_code == 200


# --- logging in -----------------------------------------------------------------------------------


@needs_settings
def test_who_logs_in_gets_tokens_that_nobody_may_store_and_that_work(guarded: LoggedIn) -> None:
    user = guarded.anonymous.user(password=PASSWORD)
    response = ask_for_tokens(guarded.anonymous, user["username"])
    tokens = response.json()
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 900)
    assert tokens["scope"] == "orders:write"
    assert guarded.client(tokens["access_token"]).seen("/users/me") == user


@needs_settings
def test_a_name_is_known_in_whatever_case_and_a_password_only_as_it_is(guarded: LoggedIn) -> None:
    name = f"Straße-{secrets.token_hex(4)}"
    guarded.anonymous.user(username=name, password="  Ünïcode \U0001f40e &=+% ")
    other = f" {name.upper()} "
    assert log_in(guarded.anonymous, other, "  Ünïcode \U0001f40e &=+% ")
    for wrong in ["Ünïcode \U0001f40e &=+%", "  ünïcode \U0001f40e &=+% ", ""]:
        assert ask_for_tokens(guarded.anonymous, name, wrong).status_code in (401, 422)


@needs_settings
def test_an_unknown_user_and_a_wrong_password_get_the_same_answer(
    guarded: LoggedIn, customer: Person
) -> None:
    answers = [
        ask_for_tokens(guarded.anonymous, customer.user["username"], "a wrong password"),
        ask_for_tokens(guarded.anonymous, guarded.anonymous.unique("nobody"), PASSWORD),
        ask_for_tokens(guarded.anonymous, "\x00", PASSWORD),
        ask_for_tokens(guarded.anonymous, "x" * 5000, PASSWORD),
    ]
    for answer in answers:
        assert_problem(answer, "unauthenticated")
        assert 'error="invalid_grant"' in challenge(answer)
    assert len({answer.content for answer in answers}) == 1
    assert len({challenge(answer) for answer in answers}) == 1


@needs_settings
def test_what_is_no_form_of_a_log_in_is_invalid_and_not_repeated(
    guarded: LoggedIn, subtests: pytest.Subtests
) -> None:
    form = {"username": "ged", "password": "canary"}
    wrong: list[Json] = [
        {"data": {"username": "ged"}},
        {"data": {"password": "canary"}},
        {"data": form | {"grant_type": "refresh_token"}},
        {"json": form},
        {"content": b"canary", "headers": {"content-type": "multipart/form-data"}},
        {},
    ]
    for options in wrong:
        with subtests.test(options=options):
            response = guarded.anonymous.post("/auth/token", **options)
            assert_problem(response, "invalid")
            assert "canary" not in response.text
    large = form | {"scope": "x" * 40_000}
    assert_problem(guarded.anonymous.post("/auth/token", data=large), "too-large")


@needs_settings
def test_who_tries_too_often_has_to_wait_and_nobody_else_does(services: Services) -> None:
    with services.logged_in(auth_attempts="3 per hour") as guarded:
        someone, other = guarded.customer(), guarded.customer()
        name = someone.user["username"]
        for _ in range(3):
            wrong = ask_for_tokens(guarded.anonymous, name, "a wrong password")
            assert_problem(wrong, "unauthenticated")
        right = ask_for_tokens(guarded.anonymous, name)
        assert_problem(right, "too-many-requests")
        assert 0 < int(right.headers["retry-after"]) <= 3600
        assert_problem(ask_for_tokens(guarded.anonymous, name.upper()), "too-many-requests")
        assert ask_for_tokens(guarded.anonymous, other.user["username"]).status_code == 200
        assert someone.api.get("/users/me").status_code == 200


@needs_settings
def test_one_address_cannot_try_ever_more_names(services: Services) -> None:
    with services.logged_in(auth_attempts="3 per hour") as guarded:
        answers = [
            ask_for_tokens(guarded.anonymous, guarded.anonymous.unique("name")).status_code
            for _ in range(31)
        ]
        # One of the thirty was the administrator's.
        assert answers == [401] * 29 + [429] * 2


@pytest.fixture
def shared() -> Iterator[dict[str, Any]]:
    """The settings of services that count together, under keys that are removed again."""
    from redis import Redis

    url = os.environ["BAKEOFF_TEST_REDIS_URL"]
    prefix = f"bakeoff-test-{secrets.token_hex(8)}:"
    yield {"redis_url": url, "cache_prefix": prefix}
    with Redis.from_url(url) as client:
        for key in client.scan_iter(match=f"{prefix}*"):
            client.delete(key)


@pytest.mark.needs("redis")
def test_services_that_share_a_redis_count_attempts_together(
    services: Services, shared: dict[str, Any]
) -> None:
    settings = {"auth_attempts": "3 per hour"} | shared
    with services.logged_in(**settings) as one, services.logged_in(**settings) as other:
        name = one.anonymous.unique("somebody")
        for service in (one, other, one):
            wrong = ask_for_tokens(service.anonymous, name, "a wrong password")
            assert_problem(wrong, "unauthenticated")
        for service in (one, other):
            assert_problem(ask_for_tokens(service.anonymous, name), "too-many-requests")


@needs_settings
def test_a_hash_of_another_cost_is_made_anew_by_the_next_log_in(services: Services) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=32).hash(PASSWORD)
    name = f"cheap-{secrets.token_hex(4)}"
    app = services.application(argon2_time_cost=2)
    asyncio.run(add_user(app, name, password_hash=cheap))
    assert stored(app, name).password_hash == cheap
    with serving(app) as base_url, Api(base_url) as client:
        assert ask_for_tokens(client, name, "a wrong password").status_code == 401
        log_in(client, name)
        log_in(client, name)
    made_anew = stored(app, name).password_hash
    assert made_anew != cheap
    assert extract_parameters(made_anew).time_cost == 2


def stored(app: FastAPI, name: str) -> Login:
    """What the database holds of a user; while the service does not run."""

    async def scenario() -> Login | None:
        layer: DataLayer = app.state.layer
        if layer.uses_database:
            settings = app.state.settings
            layer = make_layer(settings.backend, settings.layer_config())
            await layer.open()
        try:
            async with layer.reading() as store:
                return await store.users.find_login(name)
        finally:
            if layer.uses_database:
                await layer.close()

    found = asyncio.run(scenario())
    assert found is not None
    return found


# --- scopes ---------------------------------------------------------------------------------------


@needs_settings
def test_a_customer_cannot_change_the_catalogue_or_see_other_customers(
    guarded: LoggedIn, customer: Person, subtests: pytest.Subtests
) -> None:
    other = guarded.customer().user["id"]
    catalogue = [
        (method, path, "catalogue:write")
        for method, path in CHANGES
        if path.startswith(("/books", "/authors"))
    ]
    users = [
        ("GET", "/users", "users:admin"),
        ("GET", f"/users/{other}", "users:admin"),
        ("DELETE", f"/users/{other}", "users:admin"),
        ("GET", f"/users/{SOMEBODY}", "users:admin"),
    ]
    for method, path, scope in catalogue + users:
        with subtests.test(method=method, path=path):
            response = customer.api.request(method, path, json=body(method))
            assert_problem(response, "forbidden")
            assert 'error="insufficient_scope"' in challenge(response)
            assert f'scope="{scope}"' in challenge(response)
    assert customer.api.get("/books").status_code == 200
    mine = f"/users/{customer.user['id']}"
    assert customer.api.seen(mine) == customer.api.seen("/users/me") == customer.user


@needs_settings
def test_an_administrator_may_do_everything(guarded: LoggedIn, customer: Person) -> None:
    admin = guarded.administrator
    assert set(admin.tokens["scope"].split()) == {"catalogue:write", "orders:write", "users:admin"}
    book = admin.api.book(stock=5)
    assert admin.api.patch(f"/books/{book['id']}", json={"stock": 6}).status_code == 200
    assert admin.api.seen(f"/users/{customer.user['id']}") == customer.user
    order = admin.api.order(customer.user, (book, 1))
    assert admin.api.seen(f"/orders/{order['id']}") == order
    assert order in admin.api.items("/orders", customer_id=customer.user["id"])
    assert admin.api.post(f"/orders/{order['id']}/cancel").status_code == 200
    gone = guarded.customer()
    assert admin.api.delete(f"/users/{gone.user['id']}").status_code == 204
    assert admin.api.seen("/users", limit=1)["items"]


@needs_settings
def test_a_customer_orders_for_oneself_and_sees_no_order_of_others(
    guarded: LoggedIn, customer: Person
) -> None:
    other = guarded.customer()
    book = guarded.administrator.api.book(stock=10)
    mine = customer.api.order(customer.user, (book, 1))
    theirs = other.api.order(other.user, (book, 1))
    for_them = customer.api.post("/orders", json=order_body(other.user, (book, 1)))
    assert_problem(for_them, "forbidden")
    assert customer.api.stock(book) == 8
    assert customer.api.seen(f"/orders/{mine['id']}") == mine
    unknown = customer.api.get(f"/orders/{SOMEBODY}").json()
    for path, method in [
        (f"/orders/{theirs['id']}", "GET"),
        (f"/orders/{theirs['id']}/cancel", "POST"),
    ]:
        problem = assert_problem(customer.api.request(method, path), "not-found")
        assert problem["detail"] == unknown["detail"].replace(SOMEBODY, theirs["id"])
    assert ids(customer.api.items("/orders")) == [mine["id"]]
    assert ids(customer.api.items("/orders", customer_id=customer.user["id"])) == [mine["id"]]
    listed = customer.api.get("/orders", params={"customer_id": other.user["id"]})
    assert_problem(listed, "forbidden")
    assert other.api.seen(f"/orders/{theirs['id']}")["status"] == "placed"


@needs_settings
def test_pages_of_ones_own_orders_follow_each_other(guarded: LoggedIn, customer: Person) -> None:
    book = guarded.administrator.api.book(stock=10)
    orders = [customer.api.order(customer.user, (book, 1)) for _ in range(3)]
    assert customer.api.walk("/orders", limit=1) == orders


@needs_settings
def test_a_log_in_can_ask_for_less_and_a_refresh_does_not_give_more(guarded: LoggedIn) -> None:
    name = guarded.administrator.user["username"]
    narrow = guarded.person(name, scope="orders:write nonsense")
    assert narrow.tokens["scope"] == "orders:write"
    assert_problem(narrow.api.post("/authors", json={"name": "Ged"}), "forbidden")
    assert_problem(narrow.api.get("/users"), "forbidden")
    for asked in ("", "catalogue:write orders:write users:admin"):
        narrow_still = refresh(guarded.anonymous, narrow.tokens["refresh_token"], scope=asked)
        assert narrow_still["scope"] == "orders:write"
        narrow.tokens.update(narrow_still)


@needs_settings
def test_a_refresh_can_ask_for_less_once(guarded: LoggedIn) -> None:
    wide = guarded.person(guarded.administrator.user["username"])
    less = refresh(guarded.anonymous, wide.tokens["refresh_token"], scope="users:admin")
    assert less["scope"] == "users:admin"
    again = refresh(guarded.anonymous, less["refresh_token"])
    assert again["scope"] == wide.tokens["scope"]


# --- refresh and revocation -----------------------------------------------------------------------


@needs_settings
def test_a_refresh_gives_new_tokens_and_those_of_before_go_on_until_they_expire(
    guarded: LoggedIn, customer: Person
) -> None:
    response = ask_to_refresh(guarded.anonymous, customer.tokens["refresh_token"])
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    tokens = response.json()
    assert tokens["refresh_token"] != customer.tokens["refresh_token"]
    assert guarded.client(tokens["access_token"]).seen("/users/me") == customer.user
    assert customer.api.seen("/users/me") == customer.user
    assert refresh(guarded.anonymous, tokens["refresh_token"])


@needs_settings
def test_a_refresh_token_that_comes_twice_ends_its_log_in_and_no_other(
    guarded: LoggedIn, customer: Person
) -> None:
    elsewhere = log_in(guarded.anonymous, customer.user["username"])
    stolen = customer.tokens["refresh_token"]
    tokens = refresh(guarded.anonymous, stolen)
    again = ask_to_refresh(guarded.anonymous, stolen)
    assert_problem(again, "unauthenticated")
    assert 'error="invalid_grant"' in challenge(again)
    followed = ask_to_refresh(guarded.anonymous, tokens["refresh_token"])
    assert_problem(followed, "unauthenticated")
    assert refresh(guarded.anonymous, elsewhere["refresh_token"])


@needs_settings
def test_of_many_refreshes_at_once_with_one_token_at_most_one_gets_tokens(
    guarded: LoggedIn, customer: Person
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": customer.tokens["refresh_token"]}
    answers = guarded.anonymous.together(
        guarded.anonymous.build_request("POST", "/auth/refresh", data=form) for _ in range(8)
    )
    assert statuses(answers) == [200] + [401] * 7
    for answer in answers:
        if answer.status_code == 200:
            follower = ask_to_refresh(guarded.anonymous, answer.json()["refresh_token"])
            assert_problem(follower, "unauthenticated")


@needs_settings
def test_what_is_no_refresh_token_is_refused_alike(guarded: LoggedIn, customer: Person) -> None:
    answers = [
        ask_to_refresh(guarded.anonymous, wrong)
        for wrong in (
            "nonsense",
            "x" * 5000,
            "\x00",
            customer.tokens["access_token"],
            customer.tokens["refresh_token"] + ".users:admin",
        )
    ]
    for answer in answers:
        assert_problem(answer, "unauthenticated")
    assert len({answer.content for answer in answers}) == 1
    assert refresh(guarded.anonymous, customer.tokens["refresh_token"])


@needs_settings
def test_a_refresh_token_ends_with_its_lifetime(services: Services) -> None:
    with services.logged_in(auth_refresh_lifetime=1) as guarded:
        time.sleep(1.1)
        expired = guarded.administrator.tokens["refresh_token"]
        assert_problem(ask_to_refresh(guarded.anonymous, expired), "unauthenticated")


@needs_settings
def test_who_logs_out_cannot_refresh_and_logging_out_always_works(
    guarded: LoggedIn, customer: Person
) -> None:
    elsewhere = log_in(guarded.anonymous, customer.user["username"])
    tokens = refresh(guarded.anonymous, customer.tokens["refresh_token"])
    for token in (tokens["refresh_token"], tokens["refresh_token"], "nonsense", "\x00"):
        response = guarded.anonymous.post(
            "/auth/revoke", data={"token": token, "token_type_hint": "refresh_token"}
        )
        assert (response.status_code, response.content) == (200, b"")
    assert_problem(ask_to_refresh(guarded.anonymous, tokens["refresh_token"]), "unauthenticated")
    assert refresh(guarded.anonymous, elsewhere["refresh_token"])


# --- leaving --------------------------------------------------------------------------------------


@needs_settings
def test_who_removes_their_account_is_logged_out_everywhere(
    guarded: LoggedIn, customer: Person
) -> None:
    elsewhere = log_in(guarded.anonymous, customer.user["username"])
    response = customer.api.delete("/users/me")
    assert (response.status_code, response.content) == (204, b"")
    for tokens in (customer.tokens, elsewhere):
        answer = ask_to_refresh(guarded.anonymous, tokens["refresh_token"])
        assert_problem(answer, "unauthenticated")
    for method in ("GET", "DELETE"):
        gone = customer.api.request(method, "/users/me")
        assert_problem(gone, "unauthenticated")
        assert 'error="invalid_token"' in challenge(gone)
    again = ask_for_tokens(guarded.anonymous, customer.user["username"])
    assert_problem(again, "unauthenticated")


@needs_settings
def test_who_has_orders_stays(guarded: LoggedIn, customer: Person) -> None:
    customer.api.order(customer.user, (guarded.administrator.api.book(stock=1), 1))
    assert_problem(customer.api.delete("/users/me"), "user-has-orders")
    assert refresh(guarded.anonymous, customer.tokens["refresh_token"])


# --- keys -----------------------------------------------------------------------------------------


@needs_settings
def test_a_new_key_signs_while_tokens_of_the_old_one_go_on(
    services: Services, guarded: LoggedIn
) -> None:
    new = f"new:{'1' * 32}"
    token_of_old: str = guarded.administrator.tokens["access_token"]
    with services.logged_in(auth_keys=f"{new},{KEYS}") as rotated:
        assert rotated.client(token_of_old).get("/books").status_code == 200
        token_of_new: str = rotated.administrator.tokens["access_token"]
        assert_problem(guarded.client(token_of_new).get("/books"), "unauthenticated")
    with services.logged_in(auth_keys=new) as later:
        assert later.client(token_of_new).get("/books").status_code == 200
        assert_problem(later.client(token_of_old).get("/books"), "unauthenticated")


@needs_settings
def test_a_token_for_somebody_else_is_refused(services: Services, guarded: LoggedIn) -> None:
    with services.logged_in(auth_audience="another shop") as other:
        token: str = other.administrator.tokens["access_token"]
        assert_problem(guarded.client(token).get("/books"), "unauthenticated")
        assert other.client(token).get("/books").status_code == 200


@pytest.mark.needs("fault_injection")
def test_a_log_in_at_one_service_is_one_at_the_other(
    services: Services, guarded: LoggedIn, customer: Person
) -> None:
    with services.logged_in() as second:
        client = second.client(customer.tokens["access_token"])
        assert client.seen("/users/me") == customer.user
        tokens = refresh(second.anonymous, customer.tokens["refresh_token"])
        again = ask_to_refresh(guarded.anonymous, customer.tokens["refresh_token"])
        assert_problem(again, "unauthenticated")
        followed = ask_to_refresh(second.anonymous, tokens["refresh_token"])
        assert_problem(followed, "unauthenticated")


# --- secrets --------------------------------------------------------------------------------------


@needs_settings
def test_neither_passwords_nor_tokens_reach_a_log(
    guarded: LoggedIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = f"canary {secrets.token_hex(8)}"
    user = guarded.anonymous.user(password=canary)
    tokens = log_in(guarded.anonymous, user["username"], canary)
    wrong = f"{canary} wrong"
    assert_problem(ask_for_tokens(guarded.anonymous, user["username"], wrong), "unauthenticated")
    assert guarded.client(tokens["access_token"]).get("/users/me").status_code == 200
    following = refresh(guarded.anonymous, tokens["refresh_token"])
    reused = ask_to_refresh(guarded.anonymous, tokens["refresh_token"])
    assert_problem(reused, "unauthenticated")
    assert "a refresh token came twice" in caplog.text
    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    for secret in (
        canary,
        tokens["access_token"],
        tokens["refresh_token"],
        following["refresh_token"],
        KEYS.partition(":")[2],
    ):
        assert secret not in logged + caplog.text
