"""What the tables do, where a catalogue would only promise it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import psycopg2
import pymysql
import pytest

from bakeoff_schemas import migrate

ERRORS: dict[str, type[Exception]] = {
    "sqlite": sqlite3.IntegrityError,
    "postgresql": psycopg2.IntegrityError,
    # pymysql counts a failed check among its OperationalErrors.
    "mysql": pymysql.DatabaseError,
    "mariadb": pymysql.DatabaseError,
}

USER = "'00000000-0000-4000-8000-000000000001'"
ORDER = "'00000000-0000-4000-8000-000000000002'"


class Till:
    """One transaction in a migrated database, which is never committed."""

    def __init__(self, family: str, cursor: Any) -> None:
        self.family = family
        # An offset where the type knows of them, so that the session's time zone plays no part.
        offset = "+00:00" if family == "postgresql" else ""
        self.now = f"'2024-05-06 07:08:09.123456{offset}'"
        self.true = "true" if family == "postgresql" else "1"
        self._cursor = cursor

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement and give its rows."""
        self._cursor.execute(statement)
        return [tuple(row) for row in self._cursor.fetchall()] if self._cursor.description else []

    def refusal(self, statement: str) -> str:
        """The rule that the statement would break; the transaction goes on without it."""
        self.run("SAVEPOINT attempt")
        with pytest.raises(ERRORS[self.family]) as refused:
            self.run(statement)
        self.run("ROLLBACK TO SAVEPOINT attempt")
        return str(refused.value)

    def add_book(self, *, book_id: int, stock: int = 1, title: str = "t") -> str:
        """The statement that adds a book of the first author."""
        attributes = '{"deep": [1, "😀"]}'
        return (
            "INSERT INTO books (id, title, title_key, author_id, price, stock, in_print, "
            "attributes, version, created_at, updated_at) VALUES "
            f"({book_id}, '{title}', '{title}', 1, 99999999.99, {stock}, {self.true}, "
            f"'{attributes}', 1, {self.now}, {self.now})"
        )


@pytest.fixture
def till(bookstore: Any) -> Iterator[Till]:
    """A transaction of its own for each test."""
    with closing(bookstore.connect()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN")
        yield Till(bookstore.family, cursor)
        cursor.execute("ROLLBACK")


@pytest.fixture
def stocked(till: Till) -> Till:
    """One row in every table, each with the longest text that it must hold."""
    now, longest = till.now, "😀"
    for table, columns, values in (
        ("authors", "id, name, created_at", f"1, '{longest * 200}', {now}"),
        ("tags", "id, name", f"1, '{longest * 50}'"),
        (
            "users",
            "id, username, username_key, email, password_hash, created_at",
            f"{USER}, '{longest * 50}', '{longest * 150}', '{longest * 254}', 'hash', {now}",
        ),
        (
            "refresh_tokens",
            "digest, family, user_id, created_at, expires_at",
            f"'{longest * 64}', {ORDER}, {USER}, {now}, {now}",
        ),
        (
            "idempotency_keys",
            "token, fingerprint, created_at",
            f"'{longest * 255}', '{'f' * 64}', {now}",
        ),
        (
            "orders",
            "id, customer_id, status, total, placed_at, idempotency_key",
            f"{ORDER}, {USER}, 'cancelled', 4999999999499.50, {now}, '{longest * 255}'",
        ),
        (
            "outbox",
            "id, topic, payload, created_at, position, attempts, error",
            f"{ORDER}, '{longest * 50}', '{{}}', {now}, 1, 0, '{longest * 500}'",
        ),
    ):
        till.run(f"INSERT INTO {table} ({columns}) VALUES ({values})")
    till.run(till.add_book(book_id=1, title=longest * 300))
    till.run(f"UPDATE books SET title_key = '{longest * 5400}'")
    till.run("INSERT INTO book_tags (book_id, tag_id) VALUES (1, 1)")
    till.run(
        "INSERT INTO order_lines (order_id, position, book_id, quantity, unit_price) "
        f"VALUES ({ORDER}, 0, 1, 1000, 99999999.99)"
    )
    return till


def test_text_of_the_greatest_length_comes_back_as_it_was(stocked: Till) -> None:
    assert stocked.run("SELECT title, title_key FROM books") == [("😀" * 300, "😀" * 5400)]
    assert stocked.run("SELECT name FROM authors") == [("😀" * 200,)]
    assert stocked.run("SELECT idempotency_key FROM orders") == [("😀" * 255,)]
    assert stocked.run("SELECT digest FROM refresh_tokens") == [("😀" * 64,)]
    assert stocked.run("SELECT topic, error FROM outbox") == [("😀" * 50, "😀" * 500)]


def test_text_is_equal_only_where_every_code_point_is(till: Till) -> None:
    names = ["a", "A", "a ", "a  ", "á", "a\u0301", "ß", "ss", "", " "]
    for name in names:
        till.run(f"INSERT INTO tags (name) VALUES ('{name}')")
    for name in names:
        assert till.run(f"SELECT name FROM tags WHERE name = '{name}'") == [(name,)]
        message = till.refusal(f"INSERT INTO tags (name) VALUES ('{name}')")
        assert ("tags.name" if till.family == "sqlite" else "uq_tags_name") in message


def test_text_is_ordered_by_code_point(till: Till) -> None:
    # The last two change places where UTF-16 units are compared.
    names = ["a", "a ", "a!", "B", "b", "Z", "é", "z", "\u05d0", "ﾮ", "😀"]
    for name in names:
        till.run(f"INSERT INTO tags (name) VALUES ('{name}')")
    assert [name for (name,) in till.run("SELECT name FROM tags ORDER BY name")] == sorted(names)


def test_microseconds_survive(stocked: Till) -> None:
    if stocked.family == "postgresql":
        stocked.run("SET LOCAL TIME ZONE 'UTC'")
    [(placed_at,)] = stocked.run("SELECT placed_at FROM orders")
    assert str(placed_at).removesuffix("+00:00") == "2024-05-06 07:08:09.123456"


def test_the_largest_amounts_are_exact_to_the_cent(stocked: Till) -> None:
    [(price,)] = stocked.run("SELECT price FROM books")
    [(total,)] = stocked.run("SELECT total FROM orders")
    cent = Decimal("0.01")
    assert Decimal(str(price)).quantize(cent) == Decimal("99999999.99")
    assert Decimal(str(total)).quantize(cent) == Decimal("4999999999499.50")


def test_attributes_are_equal_as_json(stocked: Till) -> None:
    [(attributes,)] = stocked.run("SELECT attributes FROM books")
    found = json.loads(attributes) if isinstance(attributes, str) else attributes
    assert found == {"deep": [1, "😀"]}


def test_attributes_may_have_32_levels(stocked: Till) -> None:
    deep = '{"a": ' * 31 + "{}" + "}" * 31
    stocked.run(f"UPDATE books SET attributes = '{deep}'")


@pytest.mark.parametrize("stock", [-1, -1000])
def test_the_stock_cannot_go_below_zero(stock: int, stocked: Till) -> None:
    assert "ck_books_stock" in stocked.refusal(stocked.add_book(book_id=2, stock=stock))
    assert "ck_books_stock" in stocked.refusal(f"UPDATE books SET stock = {stock}")
    stocked.run("UPDATE books SET stock = 0")


@pytest.mark.parametrize(
    ("key", "statement"),
    [
        ("fk_books_author_id", "UPDATE books SET author_id = 2"),
        ("fk_books_author_id", "DELETE FROM authors"),
        ("fk_book_tags_tag_id", "DELETE FROM tags"),
        ("fk_book_tags_book_id", "INSERT INTO book_tags (book_id, tag_id) VALUES (2, 1)"),
        ("fk_refresh_tokens_user_id", f"UPDATE refresh_tokens SET user_id = {ORDER}"),
        ("fk_orders_customer_id", "DELETE FROM users"),
        ("fk_orders_idempotency_key", "DELETE FROM idempotency_keys"),
        ("fk_orders_idempotency_key", "UPDATE orders SET idempotency_key = 'unknown'"),
        ("fk_order_lines_book_id", "DELETE FROM books"),
        ("fk_order_lines_order_id", f"UPDATE order_lines SET order_id = {USER}"),
    ],
)
def test_a_reference_to_nothing_is_refused(key: str, statement: str, stocked: Till) -> None:
    message = stocked.refusal(statement)
    assert ("FOREIGN KEY" if stocked.family == "sqlite" else key) in message


def test_an_order_takes_its_lines_with_it_and_a_book_its_tags(stocked: Till) -> None:
    stocked.run("DELETE FROM orders")
    assert stocked.run("SELECT * FROM order_lines") == []
    stocked.run("DELETE FROM books")
    assert stocked.run("SELECT * FROM book_tags") == []
    assert stocked.run("SELECT id FROM tags") == [(1,)]


def test_a_user_takes_their_tokens_with_them(stocked: Till) -> None:
    stocked.run("DELETE FROM orders")
    stocked.run("DELETE FROM users")
    assert stocked.run("SELECT * FROM refresh_tokens") == []


def test_nobody_is_an_administrator_unless_it_is_said(stocked: Till) -> None:
    [(is_admin,)] = stocked.run("SELECT is_admin FROM users")
    assert not is_admin


def test_a_position_is_given_once_and_any_number_of_messages_have_none(stocked: Till) -> None:
    insert = "INSERT INTO outbox (id, topic, payload, created_at, position, attempts) VALUES "
    for digit in "34":
        message = USER.replace("0001", f"000{digit}")
        stocked.run(f"{insert} ({message}, 't', '{{}}', {stocked.now}, NULL, 0)")
    refused = stocked.refusal(f"{insert} ({USER}, 't', '{{}}', {stocked.now}, 1, 0)")
    assert ("outbox.position" if stocked.family == "sqlite" else "uq_outbox_position") in refused


def test_the_id_of_a_deleted_row_is_not_given_out_again(till: Till) -> None:
    till.run("INSERT INTO tags (name) VALUES ('first')")
    [(first,)] = till.run("SELECT id FROM tags")
    till.run("DELETE FROM tags")
    till.run("INSERT INTO tags (name) VALUES ('second')")
    [(second,)] = till.run("SELECT id FROM tags")
    assert second > first


def test_an_id_has_63_bits(empty: Any) -> None:
    migrate.upgrade(empty.url)
    largest = 2**63 - 1
    assert empty.run(
        f"INSERT INTO tags (id, name) VALUES ({largest}, 'a')", "SELECT id FROM tags"
    ) == [(largest,)]
