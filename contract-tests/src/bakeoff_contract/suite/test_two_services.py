"""Two services on one database at the same time, as when one is being replaced by the next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bakeoff_contract.api import Api, new_isbn, order_body, statuses
from bakeoff_contract.fault_injection import FaultInjection
from bakeoff_contract.problems import assert_problem

pytestmark = pytest.mark.needs("second service")

Pair = tuple[Api, Api]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test once with every peer; a run without peers has one other service."""
    if "services" in metafunc.fixturenames:
        peers = metafunc.config.getoption("--peer-url")
        metafunc.parametrize("services", range(max(1, len(peers))), indirect=True, scope="module")


@pytest.fixture(scope="module")
def services(api: Api, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """The service and a peer; without one, another service of the same backend."""
    if api.peers:
        with Api(str(api.base_url)) as alone:
            yield alone, api.peers[request.param]
        return
    faults: FaultInjection = request.getfixturevalue("faults")
    with faults.service() as second:
        yield api, second


def test_each_sees_at_once_what_the_other_wrote(services: Pair) -> None:
    api, other = services
    book = api.book(tags=["a"], attributes={"a": 1})
    path = f"/books/{book['id']}"
    assert other.seen(path) == book
    for stock in range(1, 6):
        writer, reader = (api, other) if stock % 2 else (other, api)
        changed = writer.patch(path, json={"stock": stock}).json()
        assert reader.seen(path) == changed


def test_each_understands_the_cursors_of_the_other(services: Pair) -> None:
    api, other = services
    author = api.author()["id"]
    books = api.books(api.book_body(author_id=author) for _ in range(4))
    page = api.seen("/books", author_id=author, limit=2)
    rest = other.seen("/books", author_id=author, limit=2, cursor=page["next_cursor"])
    assert page["items"] + rest["items"] == books


def test_both_write_at_the_same_moment_without_an_error(services: Pair) -> None:
    api, other = services
    author = api.author()["id"]
    answers = api.together(
        client.build_request("POST", "/books", json=api.book_body(author_id=author, tags=["both"]))
        for client in [api, other] * 10
    )
    assert statuses(answers) == [201] * 20
    assert len(api.items("/books", author_id=author)) == 20


def test_both_sell_no_more_than_there_is(services: Pair) -> None:
    api, other = services
    user, book = api.user(), api.book(stock=10)
    answers = api.together(
        client.build_request("POST", "/orders", json=order_body(user, (book, 1)))
        for client in [api, other] * 15
    )
    assert statuses(answers) == [201] * 10 + [409] * 20
    assert other.stock(book) == 0


def test_both_replay_one_order(services: Pair) -> None:
    api, other = services
    user, book = api.user(), api.book(stock=10)
    headers = {"idempotency-key": api.unique()}
    answers = api.together(
        client.build_request("POST", "/orders", json=order_body(user, (book, 1)), headers=headers)
        for client in [api, other] * 6
    )
    assert statuses(answers) == [201] * 12
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert api.stock(book) == 9


def test_both_upsert_one_book(services: Pair) -> None:
    api, other = services
    isbn = new_isbn()
    author = api.author()["id"]
    answers = api.together(
        client.build_request(
            "PUT",
            f"/books/by-isbn/{isbn}",
            json=api.book_body(author_id=author, tags=[api.unique()]),
        )
        for client in [api, other] * 10
    )
    assert statuses(answers) == [200] * 19 + [201]
    last = max((answer.json() for answer in answers), key=lambda book: book["version"])
    assert api.items("/books", author_id=author) == [last]


def test_each_refuses_a_change_that_is_stale_because_of_the_other(services: Pair) -> None:
    book = services[0].book()
    path = f"/books/{book['id']}"
    for first, second in (services, services[::-1]):
        tag = {"if-match": first.get(path).headers["etag"]}
        assert first.patch(path, json={}, headers=tag).status_code == 200
        assert_problem(second.patch(path, json={}, headers=tag), "stale")
        assert_problem(second.delete(path, headers=tag), "stale")
