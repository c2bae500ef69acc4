from __future__ import annotations

import json
import sqlite3
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_schemas import money

amounts = st.integers(0, 9_999_999_999).map(money.from_cents)


@given(amounts)
def test_an_amount_survives_being_written_and_parsed(amount: Decimal) -> None:
    assert money.parse(str(amount)) == amount
    assert str(money.parse(str(amount))) == str(amount)


@given(amounts)
def test_a_json_number_means_the_digits_that_were_written(amount: Decimal) -> None:
    number = json.loads(str(amount), parse_float=money.NumberLiteral)
    assert money.parse(number) == amount


@given(amounts)
def test_sqlite_keeps_an_amount_to_the_cent(amount: Decimal) -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE prices (price NUMERIC(10, 2))")
        connection.execute("INSERT INTO prices VALUES (?)", (str(amount),))
        [(stored,)] = connection.execute("SELECT price FROM prices").fetchall()
    connection.close()
    assert str(money.from_database(stored)) == str(amount)


@given(st.lists(st.integers(0, 9_999_999_999), min_size=1, max_size=50))
def test_an_average_is_the_exact_mean_rounded_half_even(cents: list[int]) -> None:
    exact = Decimal(sum(cents)) / len(cents)
    expected = exact.quantize(Decimal(1), ROUND_HALF_EVEN).scaleb(-2)
    assert money.average(sum(cents), len(cents)) == expected


def test_an_average_in_the_middle_goes_to_the_even_cent() -> None:
    assert str(money.average(1 + 2, 2)) == "0.02"
    assert str(money.average(2 + 3, 2)) == "0.02"
    assert str(money.average(0, 7)) == "0.00"


@pytest.mark.parametrize(
    "literal", ["12.345", "12.500", "12.3400000000000001", "1e-3", "100000000.00", "-0.01", "1e400"]
)
def test_a_number_out_of_range_or_too_precise_is_refused(literal: str) -> None:
    with pytest.raises(ValueError):
        money.parse(money.NumberLiteral(literal))


@pytest.mark.parametrize(
    "written",
    ["", " ", "1e2", "+1", "-1", "1.", ".5", "1.234", "NaN", "Infinity", "1_0", "1,50", "١", "1\n"],
)
def test_text_that_is_no_plain_amount_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        money.parse(written)


@pytest.mark.parametrize("value", [True, None, [], {}, float("nan"), float("inf"), 10**400])
def test_what_is_neither_text_nor_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        money.parse(value)


def test_a_negative_zero_is_a_plain_zero() -> None:
    assert str(money.parse(money.NumberLiteral("-0.0"))) == "0.00"


def test_exponents_of_numbers_count_by_their_value() -> None:
    assert str(money.parse(money.NumberLiteral("1e2"))) == "100.00"
