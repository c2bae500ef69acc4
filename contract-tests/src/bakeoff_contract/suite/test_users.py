"""Users: one name whatever its case, addresses in lower case, passwords never seen again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from bakeoff_contract.api import Api
from bakeoff_contract.problems import assert_problem, assert_refused, assert_unknown


def test_a_new_user_is_answered_with_201_and_a_location_that_works(api: Api) -> None:
    body = api.user_body()
    response = api.post("/users", json=body)
    assert response.status_code == 201
    user = response.json()
    assert set(user) == {"id", "username", "email", "created_at"}
    assert user["username"] == body["username"]
    assert str(UUID(user["id"])) == user["id"]
    assert response.headers["location"] == f"/users/{user['id']}"
    assert api.seen(response.headers["location"]) == user


def test_a_password_is_never_answered(api: Api) -> None:
    body = api.user_body(password="correct horse \u202b\U0001f40e battery")
    first = api.post("/users", json=body)
    user = first.json()
    again = api.post("/users", json=body)
    assert_problem(again, "username-taken")
    total = api.seen("/users", limit=1, include_total="true")["total"]
    answers = [
        first,
        again,
        api.get(f"/users/{user['id']}"),
        api.get("/users", params={"offset": total - 1}),
        api.post("/users", json=body | {"username": "x"}),
        api.delete(f"/users/{user['id']}"),
    ]
    for answer in answers:
        for secret in ("horse", "password_hash", "argon2", "$argon"):
            assert secret not in answer.text.lower()


def test_what_is_no_password_is_refused_without_being_repeated(
    api: Api, subtests: pytest.Subtests
) -> None:
    passwords: list[Any] = ["1234567", "\U0001f600" * 7, "x" * 1025, 12345678, ["abcdefgh"]]
    for password in passwords:
        with subtests.test(password=password):
            response = api.post("/users", json=api.user_body(password=password))
            problem = assert_refused(response, "body", "password")
            assert str(password) not in str(problem)
    nothings: list[Any] = ["", None, [], {}]
    for nothing in nothings:
        response = api.post("/users", json=api.user_body(password=nothing))
        assert_refused(response, "body", "password")


def test_a_password_of_8_to_1024_code_points_is_taken_as_it_is(
    api: Api, subtests: pytest.Subtests
) -> None:
    for password in ["12345678", "\U0001f600" * 8, " " * 8, "x" * 1024, "é" * 1024]:
        with subtests.test(password=password):
            assert api.user(password=password)["id"]


def test_everything_is_required(api: Api, subtests: pytest.Subtests) -> None:
    for field in ["username", "email", "password"]:
        with subtests.test(field=field):
            body = api.user_body()
            del body[field]
            assert_refused(api.post("/users", json=body), "body", field)
            assert_refused(api.post("/users", json=body | {field: None}), "body", field)


@pytest.mark.trap(31)
def test_names_that_differ_only_in_case_are_one_name(api: Api, subtests: pytest.Subtests) -> None:
    for first, second in [
        ("Ged", "gED"),
        ("Straße", "STRASSE"),
        ("\u0130stanbul", "i\u0307stanbul"),
        ("ΟΔΟΣ", "οδος"),
        ("ÉTÉ", "été"),
        ("\ufb01n", "FIN"),
        ("Я", "я"),
        ("\U00010400x", "\U00010428x"),
    ]:
        with subtests.test(first=first, second=second):
            suffix = api.unique()
            user = api.user(username=f"{first}{suffix}")
            assert user["username"] == f"{first}{suffix}"
            response = api.post("/users", json=api.user_body(username=f"{second}{suffix.upper()}"))
            assert_problem(response, "username-taken")


@pytest.mark.trap(31)
def test_names_that_only_look_alike_are_two_names(api: Api, subtests: pytest.Subtests) -> None:
    for first, second in [
        ("ana", "aña"),
        ("resume", "résumé"),
        ("caf\u00e9", "cafe\u0301"),
        ("abc", "\uff41bc"),
        ("i", "ı"),
        ("a", "a\x01"),
        ("o", "0"),
    ]:
        with subtests.test(first=first, second=second):
            prefix = api.unique()
            one, other = (api.user(username=f"{prefix}{name}") for name in (first, second))
            assert (one["username"], other["username"]) == (f"{prefix}{first}", f"{prefix}{second}")


def test_an_address_is_kept_in_lower_case_and_belongs_to_one_user(api: Api) -> None:
    name = api.unique()
    user = api.user(email=f"  {name.upper()}@Example.COM ")
    assert user["email"] == f"{name}@example.com"
    assert api.seen(f"/users/{user['id']}")["email"] == f"{name}@example.com"
    response = api.post("/users", json=api.user_body(email=f"{name}@EXAMPLE.com"))
    assert_problem(response, "email-taken")


def test_addresses_that_only_look_alike_are_two_addresses(api: Api) -> None:
    name = api.unique()
    for local in ("ana", "aña", "an\u0303a"):
        assert api.user(email=f"{local}.{name}@example.com")["email"].startswith(f"{local}.")


def test_what_is_no_address_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    for email in [
        "",
        "none",
        "@example.com",
        "a@",
        "a@b",
        "a@.com",
        "a@b.",
        "a@b..com",
        "a b@example.com",
        "a@exam ple.com",
        "a@b@example.com",
        "a@example.com\nbcc:x@example.com",
        "x" * 250 + "@b.co",
        1,
        [],
    ]:
        with subtests.test(email=email):
            assert_refused(api.post("/users", json=api.user_body(email=email)), "body", "email")


def test_an_address_of_254_characters_is_kept(api: Api) -> None:
    name = api.unique()
    email = name + "x" * (254 - len(name) - 5) + "@b.co"
    assert api.user(email=email)["email"] == email


def test_where_name_and_address_are_both_taken_the_name_is_reported(api: Api) -> None:
    one, other = api.user(), api.user()
    both = api.user_body(username=one["username"].upper(), email=other["email"])
    assert_problem(api.post("/users", json=both), "username-taken")


def test_of_many_users_with_one_name_at_once_one_is_made(api: Api) -> None:
    name = api.unique()
    answers = api.together(
        api.build_request(
            "POST",
            "/users",
            json=api.user_body(username=name.upper() if number % 2 else name),
        )
        for number in range(10)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    for answer in answers:
        if answer.status_code == 409:
            assert_problem(answer, "username-taken")


def test_of_many_users_with_one_address_at_once_one_is_made(api: Api) -> None:
    email = f"{api.unique()}@example.com"
    answers = api.together(
        api.build_request("POST", "/users", json=api.user_body(email=email)) for _ in range(10)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


def test_a_removed_user_is_gone_and_their_name_is_free(api: Api) -> None:
    user = api.user()
    path = f"/users/{user['id']}"
    response = api.delete(path)
    assert (response.status_code, response.content) == (204, b"")
    assert_problem(api.get(path), "not-found")
    assert_problem(api.delete(path), "not-found")
    again = api.user(username=user["username"], email=user["email"])
    assert again["id"] != user["id"]


def test_a_user_with_orders_stays_even_when_they_were_cancelled(api: Api) -> None:
    user = api.user()
    order = api.order(user, (api.book(stock=1), 1))
    path = f"/users/{user['id']}"
    assert_problem(api.delete(path), "user-has-orders")
    api.post(f"/orders/{order['id']}/cancel")
    assert_problem(api.delete(path), "user-has-orders")
    assert api.seen(path) == user


def test_nobody_can_order_for_a_user_who_is_gone(api: Api) -> None:
    user, book = api.user(), api.book(stock=1)
    api.delete(f"/users/{user['id']}")
    line = {"book_id": book["id"], "quantity": 1}
    response = api.post("/orders", json={"customer_id": user["id"], "lines": [line]})
    assert_unknown(response, "body", "customer_id")
    assert api.seen(f"/books/{book['id']}") == book
