from __future__ import annotations

import sqlite3
import ssl

import pytest

from bakeoff_schemas.database_errors import connecting_failed, translate
from bakeoff_schemas.database_url import Family
from bakeoff_schemas.errors import (
    BrokenReference,
    ConnectionLost,
    Contended,
    ContractError,
    DuplicateKey,
    EmailTaken,
    IsbnTaken,
    Unavailable,
    UsernameTaken,
)


@pytest.mark.parametrize(
    ("family", "code", "expected"),
    [
        ("postgresql", "08P01", ConnectionLost),
        ("postgresql", "25P03", ConnectionLost),
        ("postgresql", "53400", Unavailable),
        ("postgresql", "57P04", ConnectionLost),
        ("postgresql", "58030", Unavailable),
        ("postgresql", "55000", Unavailable),
        ("postgresql", "42501", Unavailable),
        ("postgresql", "57014", Unavailable),
        ("postgresql", "40P01", Contended),
        ("mysql", 2027, ConnectionLost),
        ("mysql", 3118, Unavailable),
        ("mysql", 1142, Unavailable),
        ("mysql", 1969, Unavailable),
        ("mysql", 1213, Contended),
        ("sqlite", sqlite3.SQLITE_INTERRUPT, Unavailable),
        ("sqlite", sqlite3.SQLITE_BUSY_SNAPSHOT, Contended),
        ("sqlite", sqlite3.SQLITE_IOERR_WRITE, Unavailable),
    ],
)
def test_a_code_has_one_meaning(family: Family, code: object, expected: type[Exception]) -> None:
    assert type(translate(family, code, location="host:1/db")) is expected


@pytest.mark.parametrize(
    ("family", "code"),
    [("postgresql", "22003"), ("postgresql", None), ("mysql", 1264), ("mysql", "a text"),
     ("mysql", None), ("sqlite", sqlite3.SQLITE_ERROR)],
)  # fmt: skip
def test_what_is_our_own_fault_has_no_meaning(family: Family, code: object) -> None:
    assert translate(family, code, location="host:1/db") is None


@pytest.mark.parametrize(
    ("family", "code", "message", "expected"),
    [
        ("mysql", 1062, "Duplicate entry 'x' for key 'books.uq_books_isbn'", IsbnTaken),
        ("mysql", 1062, "Duplicate entry 'x' for key 'uq_users_email'", EmailTaken),
        ("mysql", 1062, "Duplicate entry 'for key 'uq_x'' for key 'PRIMARY'", DuplicateKey),
        ("sqlite", 2067, "UNIQUE constraint failed: users.username_key", UsernameTaken),
        ("sqlite", 2067, "UNIQUE constraint failed: order_lines.order_id, order_lines.book_id",
         DuplicateKey),
    ],
)  # fmt: skip
def test_a_unique_key_is_known_by_its_name_or_its_column(
    family: Family, code: int, message: str, expected: type[ContractError]
) -> None:
    assert type(translate(family, code, location="", message=message)) is expected


def test_a_foreign_key_is_named_where_the_database_names_it() -> None:
    message = (
        "Cannot add or update a child row: a foreign key constraint fails "
        "(`shop`.`books`, CONSTRAINT `fk_books_author_id` FOREIGN KEY (`author_id`) REFERENCES …)"
    )
    for error, expected in (
        (translate("mysql", 1452, location="", message=message), "fk_books_author_id"),
        (translate("postgresql", "23503", location="", constraint="fk_a"), "fk_a"),
        (translate("sqlite", 787, location="", message="FOREIGN KEY constraint failed"), None),
    ):
        assert isinstance(error, BrokenReference)
        assert error.constraint == expected


def test_no_message_repeats_a_value() -> None:
    error = translate("mysql", 1062, location="", message="Duplicate entry 'secret' for key 'x'")
    assert "secret" not in str(error)


def test_a_failure_to_connect_says_which_setting_to_look_at_and_is_no_lost_connection() -> None:
    refused = translate("mysql", 1045, location="h:1/d")
    lost = translate("mysql", 2013, location="h:1/d")
    for error, known, text in (
        (TimeoutError(), None, "BAKEOFF_CONNECT_TIMEOUT"),
        (ssl.SSLError("x"), None, "BAKEOFF_TLS"),
        (ConnectionRefusedError(), None, "BAKEOFF_DATABASE_URL"),
        (Exception(), refused, "refuses this log-in"),
        (Exception(), lost, "cannot be reached"),
    ):
        found = connecting_failed(error, known, location="h:1/d")
        assert text in str(found)
        assert not isinstance(found, ConnectionLost)


def test_a_certificate_is_refused_with_what_is_wrong_however_deep_a_layer_has_wrapped_it() -> None:
    expired = ssl.SSLCertVerificationError("secret")
    expired.verify_message = "certificate has expired"
    try:
        try:
            try:
                raise expired
            except OSError as error:
                raise RuntimeError("the driver's") from error
        except RuntimeError:
            raise LookupError("the layer's")  # noqa: B904 - as one that does not care does
    except LookupError as error:
        # One may lead to itself.
        expired.__context__ = error
        found = connecting_failed(error, None, location="h:1/d")
    assert str(found) == (
        "the certificate of h:1/d is not to be trusted: certificate has expired "
        "(BAKEOFF_TLS, BAKEOFF_TLS_CA)"
    )
