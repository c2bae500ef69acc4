from __future__ import annotations

from typing import Any

import httpx
import pytest

from bakeoff_contract.interop import texts, traps
from bakeoff_contract.interop.comparing import difference
from bakeoff_contract.interop.outcome import Outcome
from bakeoff_contract.interop.reading import Answer, first_difference


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2.0}, {"b": 2, "a": 1.0}),
        ([1e300, None, True, "é"], [1e300, None, True, "é"]),
        ({"zero": -0.0}, {"zero": 0}),
    ],
)
def test_the_order_of_members_and_the_spelling_of_numbers_are_no_difference(
    one: Any, other: Any
) -> None:
    assert difference(one, other) is None


@pytest.mark.parametrize(
    ("one", "other", "where"),
    [
        ({"a": {"b": [0, 1]}}, {"a": {"b": [0, True]}}, "a.b[1]: 1 became true"),
        ({"a": None}, {"a": False}, "a: null became false"),
        ({"a": "1"}, {"a": 1}, 'a: "1" became 1'),
        ({"a": 1}, {}, "a: 1 is missing"),
        ({}, {"a": 1}, "a: 1 was not expected"),
        ([1, 2], [1], "2 items became 1"),
        ("caf\u00e9", "cafe\u0301", '"caf\\u00e9" became "cafe\\u0301"'),
        ({"items": [{}]}, {"items": {}}, "items: [{}] became {}"),
    ],
)
def test_the_first_difference_is_named_with_its_place(one: Any, other: Any, where: str) -> None:
    found = difference(one, other)
    assert found is not None
    assert where in found


def answer(content: bytes, *, status: int = 200, **headers: str) -> Answer:
    headers = {"content-type": "application/json"} | headers
    return Answer.of(httpx.Response(status, content=content, headers=headers))


def test_answers_are_compared_byte_for_byte() -> None:
    one = answer(b'{"a": 1, "b": 2}')
    assert one.difference(answer(b'{"a": 1, "b": 2}')) is None
    assert "b: 2 became 3" in str(one.difference(answer(b'{"a": 1, "b": 3}')))
    assert "equal as JSON, but at byte 2" in str(one.difference(answer(b'{"b": 2, "a": 1}')))
    assert "200 became 404" in str(one.difference(answer(b"{}", status=404)))
    assert "etag: None became" in str(one.difference(answer(b'{"a": 1, "b": 2}', etag='"1"')))


def test_a_line_that_an_export_lacks_is_a_difference() -> None:
    found = answer(b'{"id": 1}\n{"id": 2}\n').difference(answer(b'{"id": 1}\n'))
    assert found == "the body: 2 items became 1"


def test_a_list_that_ends_too_early_or_too_late_is_a_difference() -> None:
    page = answer(b"{}")
    two = {"/books": page, "/books (page 2)": page}
    assert first_difference(two, dict(two)) is None
    assert "ended before it" in str(first_difference(two, {"/books": page}))
    assert "a page too many" in str(first_difference({"/books": page}, two))


def test_nothing_has_passed_before_somebody_said_so() -> None:
    done, begun = (Outcome.expected("sqlite", ["a", "b", "c"]) for _ in range(2))
    assert (len(done.pairs), len(done.fleets)) == (9, 3)
    for result in done.results:
        result.complete()
    for result in begun.pairs:
        result.complete()
    assert [outcome.passed for outcome in (done, begun, Outcome())] == [True, False, False]


def test_a_service_that_fails_is_held_against_all_it_had_a_part_in() -> None:
    outcome = Outcome.expected("sqlite", ["a", "b", "c"])
    outcome.blame({"b": "did not start: no such thing"})
    for result in outcome.results:
        result.complete()
        assert (result.status == "failed") == ("b" in result.backends)
    assert outcome.pairs[1].why == "b did not start: no such thing"


def test_the_data_set_has_every_trap_and_no_row_twice() -> None:
    rows = traps.books(author_ids=[1, 2])
    assert {row.sent["title"] for row in rows} == set(texts.TITLES.values())
    isbns = [isbn for row in rows if (isbn := row.answered["isbn"]) is not None]
    assert len(set(isbns)) == len(isbns)
    assert all(len(isbn) == 13 for isbn in isbns)
    for name, values in (
        ("attributes", traps.ATTRIBUTES),
        ("tags", texts.TAGS),
        ("release_year", traps.YEARS),
        ("stock", traps.STOCKS),
    ):
        sent = [row.sent[name] for row in rows]
        assert all(value in sent for value in values), name
    assert [row.sent["price"] for row in rows][: len(traps.PRICES)] == [p for p, _ in traps.PRICES]


def test_the_names_and_keys_of_two_writers_differ() -> None:
    users = [trap.answered for writer in ("a", "b") for trap in traps.users(writer)]
    assert len({user["email"] for user in users}) == len(users)
    assert len({user["username"].casefold() for user in users}) == len(users)
    keys = {traps.key(writer, number) for writer in ("a", "b") for number in range(3)}
    assert len(keys) == 6
    assert {len(key) for key in keys} == {traps.LONGEST_KEY}
