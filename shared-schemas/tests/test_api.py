from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from bakeoff_schemas import api

BOOK = {"title": "A Wizard of Earthsea", "author_id": 1, "price": "12.50"}


def places(model: type[api.BaseModel], value: dict[str, Any]) -> set[tuple[int | str, ...]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(value)
    return {error["loc"] for error in caught.value.errors()}


def test_a_book_takes_its_defaults() -> None:
    data = api.BookBody.model_validate(BOOK).data()
    assert (data.isbn, data.release_year, data.stock, data.in_print) == (None, None, 0, True)
    assert (data.tags, data.attributes, data.price) == ([], {}, Decimal("12.50"))
    assert data.title_key == "a wizard of earthsea"


@pytest.mark.parametrize("value", ["1", 1.0, True, None, 0, 2**63])
def test_an_id_is_a_json_integer_in_range(value: object) -> None:
    assert places(api.BookBody, BOOK | {"author_id": value}) == {("author_id",)}


def test_unknown_fields_are_refused() -> None:
    assert places(api.BookBody, BOOK | {"colour": "red"}) == {("colour",)}


@pytest.mark.parametrize(
    "name", ["title", "author_id", "price", "stock", "in_print", "tags", "attributes"]
)
def test_a_patch_cannot_clear_what_is_not_nullable(name: str) -> None:
    assert places(api.BookPatch, {name: None}) == {(name,)}


def test_a_patch_holds_what_was_sent_and_what_follows_from_it() -> None:
    patch = api.BookPatch.model_validate({"title": "ÉTÉ", "isbn": None})
    assert patch.changes() == {"title": "ÉTÉ", "title_key": "été", "isbn": None}
    assert api.BookPatch.model_validate({}).changes() == {}
    assert api.AuthorPatch.model_validate({"born": None}).changes() == {"born": None}


@pytest.mark.parametrize("born", [0, 946684800, "946684800", "2000-01-01T00:00:00", "2000-1-1", ""])
def test_a_day_is_written_in_one_way_only(born: object) -> None:
    assert places(api.AuthorBody, {"name": "x", "born": born}) == {("born",)}


def test_a_password_is_not_shown_by_the_model() -> None:
    user = api.UserBody.model_validate(
        {"username": "ged", "email": "Ged@Example.COM", "password": "hunter2hunter2"}
    )
    assert "hunter2" not in repr(user)
    assert user.email == "ged@example.com"


@pytest.mark.parametrize("email", ["", "a", "a@b", "a b@c.de", "@c.de", "a@.de", "a@c.", "a@c..de"])
def test_what_is_no_address_is_refused(email: str) -> None:
    body = {"username": "ged", "email": email, "password": "long enough"}
    assert places(api.UserBody, body) == {("email",)}


def test_cursor_and_offset_exclude_each_other() -> None:
    assert places(api.ListQuery, {"cursor": "x", "offset": "0"}) == {()}


@pytest.mark.parametrize("value", ["1_0", " 1", "1.0", "+1", "١", "", "0", "101"])
def test_a_limit_is_a_plain_number_in_range(value: str) -> None:
    assert places(api.ListQuery, {"limit": value}) == {("limit",)}


@pytest.mark.parametrize("value", ["1", "yes", "TRUE", "on", ""])
def test_a_query_boolean_is_true_or_false(value: str) -> None:
    api.ListQuery.model_validate({"include_total": "true"})
    assert places(api.ListQuery, {"include_total": value}) == {("include_total",)}
