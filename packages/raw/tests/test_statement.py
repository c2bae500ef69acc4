from __future__ import annotations

import pytest

from bakeoff_raw.sql.statement import statement


def test_asyncpg_gets_numbers_and_the_parameters_in_their_order() -> None:
    made = statement("SELECT :b, :a, :b")
    assert made.postgresql == "SELECT $1, $2, $1"
    assert made.positions({"a": 1, "b": 2, "c": 3}) == (2, 1)


@pytest.mark.parametrize(("text", "values"), [("SELECT 1", ()), ("SELECT :a", ([1],))])
def test_no_parameter_and_a_single_one_are_tuples_too(
    text: str, values: tuple[object, ...]
) -> None:
    assert statement(text).positions({"a": [1]}) == values


def test_a_type_is_for_postgresql_alone() -> None:
    made = statement("SELECT :year_2::bigint")
    assert made.postgresql == "SELECT $1::bigint"
    assert made.mysql == "SELECT %(year_2)s"
    assert made.sqlite == ("SELECT :year_2",)


def test_a_cast_of_postgresql_is_no_parameter() -> None:
    assert statement(postgresql="SELECT (x ->> 0)::int").postgresql == "SELECT (x ->> 0)::int"


def test_a_list_is_one_parameter_everywhere() -> None:
    made = statement("DELETE FROM t WHERE id IN :ids AND x IN (SELECT 1)")
    assert made.postgresql == "DELETE FROM t WHERE id = ANY($1) AND x IN (SELECT 1)"
    assert made.mysql == "DELETE FROM t WHERE id IN %(ids)s AND x IN (SELECT 1)"
    assert made.sqlite == (
        "DELETE FROM t WHERE id IN (SELECT value FROM json_each(:ids)) AND x IN (SELECT 1)",
    )


def test_a_percent_sign_survives_the_formatting_of_the_mysql_drivers() -> None:
    assert statement("SELECT 7 % :n").mysql % {"n": 3} == "SELECT 7 % 3"


def test_statements_in_a_row_are_one_packet_or_one_hop_each() -> None:
    made = statement("INSERT 1; SELECT 2")
    assert (made.mysql, made.mysql_results) == ("INSERT 1; SELECT 2", 2)
    assert made.sqlite == ("INSERT 1", "SELECT 2")


def test_equal_texts_are_translated_once() -> None:
    assert statement("SELECT :once") is statement("SELECT :once")
