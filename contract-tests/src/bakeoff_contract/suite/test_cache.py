"""Services with a cache: faster, and never older than an acknowledged write of any of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest

from bakeoff_contract.api import Api, Json, new_isbn, order_body
from bakeoff_contract.cache_load import CacheLoad, hits
from bakeoff_contract.problems import assert_problem
from bakeoff_contract.service import service
from bakeoff_contract.throwaway import Throwaway

pytestmark = [pytest.mark.above_the_port, pytest.mark.needs("redis")]

Services = tuple[Api, Api]
# How long the mixed load lasts; 30 s and more before a release (docs/cache.md).
SECONDS = float(os.environ.get("BAKEOFF_TEST_CACHE_SECONDS", "1.5"))


@pytest.fixture(scope="module")
def services(
    pytestconfig: pytest.Config, database: Throwaway | None, shared_redis: dict[str, str]
) -> Iterator[Services]:
    """Two services over one database and one Redis; one that is both if there is no database."""
    backend: str = pytestconfig.getoption("--backend")
    url = database.url if database else None
    with service(backend, url, cache="on", **shared_redis) as first:
        if database is None:
            yield first, first
            return
        with service(backend, url, cache="on", **shared_redis) as second:
            yield first, second


def path(book: Json) -> str:
    return f"/books/{book['id']}"


def seen(api: Api, url: str) -> Json:
    """What is there; `api.seen` would take the query off the URL."""
    answer = api.get(url)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


def kept(api: Api, url: str) -> None:
    """Read it twice: the first read fills the cache, from which the second one is answered."""
    seen(api, url)
    before = hits([api]).total()
    seen(api, url)
    assert hits([api]).total() == before + 1, f"{url} is not kept"


def stored(api: Api, book: Json) -> list[Json]:
    """The books of this book's author, past the cache: pages with a total are never kept."""
    return api.items("/books", author_id=book["author_id"], include_total=True)


# --- what is kept looks the same ---


def test_a_book_looks_the_same_from_the_cache(services: Services) -> None:
    writer, reader = services
    book = writer.book(tags=["ä"], attributes={"a": [1, None]}, release_year=-500)
    answers = [reader.get(path(book)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json() == book
    for name in ("content-type", "content-length", "etag"):
        assert len({answer.headers[name] for answer in answers}) == 1
    assert answers[2].headers["etag"] == '"1"'


def test_a_book_is_kept_for_every_service(services: Services) -> None:
    writer, reader = services
    book = writer.book()
    writer.seen(path(book))
    before = hits([reader])["book"]
    assert reader.seen(path(book)) == book
    assert hits([reader])["book"] == before + 1


def test_a_client_that_has_the_version_is_told_so_from_the_cache(services: Services) -> None:
    writer, reader = services
    book = writer.book()
    kept(reader, path(book))
    before = hits([reader])["book"]
    same = reader.get(path(book), headers={"if-none-match": '"1", "7"'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", '"1"')
    other = reader.get(path(book), headers={"if-none-match": '"2"'})
    assert (other.status_code, other.json()) == (200, book)
    wrong = reader.get(path(book), headers={"if-none-match": "1"})
    assert_problem(wrong, "invalid", loc=["header", "if-none-match"])
    assert hits([reader])["book"] == before + 3


def test_a_head_of_a_book_has_no_body_from_the_cache_either(services: Services) -> None:
    writer, reader = services
    book = writer.book()
    kept(reader, path(book))
    head = reader.head(path(book))
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", '"1"')


def test_a_book_that_is_not_there_is_not_kept(services: Services) -> None:
    writer, reader = services
    book = writer.book()
    assert writer.delete(path(book)).status_code == 204
    before = hits([reader])["book"]
    for _ in range(3):
        assert_problem(reader.get(path(book)), "not-found")
    assert hits([reader])["book"] == before


def test_first_pages_are_kept_and_no_others(services: Services) -> None:
    writer, reader = services
    author = writer.author()["id"]
    books = writer.books(writer.book_body(author_id=author) for _ in range(3))
    first = f"/books?author_id={author}&limit=2"
    kept(reader, first)
    page = seen(reader, first)
    assert page["items"] == books[:2]
    before = hits([reader])["page"]
    for _ in range(2):
        assert seen(reader, f"{first}&cursor={page['next_cursor']}")["items"] == books[2:]
        assert seen(reader, f"{first}&offset=1")["items"] == books[1:]
        assert seen(reader, f"{first}&include_total=true")["total"] == 3
    assert hits([reader])["page"] == before


def test_a_page_is_kept_for_one_filter_one_order_and_one_limit(services: Services) -> None:
    writer, reader = services
    author, tag = writer.author()["id"], writer.unique()
    first, second = writer.books(
        writer.book_body(author_id=author, price=price, tags=[tag]) for price in ("2.00", "1.00")
    )
    for _ in range(2):
        assert reader.seen("/books", author_id=author)["items"] == [first, second]
        assert reader.seen("/books", tag=tag)["items"] == [first, second]
        assert reader.seen("/books", author_id=author, sort="price")["items"] == [second, first]
        assert reader.seen("/books", author_id=author, limit=1)["items"] == [first]
        assert reader.seen("/books", author_id=author, max_price="1.00")["items"] == [second]
        assert reader.seen("/books", author_id=author, q="nowhere")["items"] == []


def test_a_kept_page_leads_to_the_next_one(services: Services) -> None:
    writer, reader = services
    author = writer.author()["id"]
    books = writer.books(writer.book_body(author_id=author) for _ in range(5))
    for _ in range(2):
        assert reader.walk("/books", author_id=author, limit=2) == books


# --- what is kept is never older than a write ---


def patched(api: Api, book: Json) -> None:
    assert api.patch(path(book), json={"title": api.unique()}).status_code == 200


def replaced(api: Api, book: Json) -> None:
    body = api.book_body(author_id=book["author_id"])
    assert api.put(path(book), json=body).status_code == 200


def upserted(api: Api, book: Json) -> None:
    body = api.book_body(author_id=book["author_id"])
    assert api.put(f"/books/by-isbn/{book['isbn']}", json=body).status_code == 200


def ordered(api: Api, book: Json) -> None:
    assert api.order(api.user(), (book, 2))["status"] == "placed"


def ordered_again(api: Api, book: Json) -> None:
    body, headers = order_body(api.user(), (book, 1)), {"idempotency-key": api.unique()}
    for _ in range(2):
        assert api.post("/orders", json=body, headers=headers).status_code == 201


def cancelled(api: Api, book: Json) -> None:
    order = api.order(api.user(), (book, 2))
    api.seen(path(book))
    assert api.post(f"/orders/{order['id']}/cancel").status_code == 200


def renamed(api: Api, book: Json) -> None:
    body = {"name": api.unique("author")}
    assert api.patch(f"/authors/{book['author_id']}", json=body).status_code == 200


@pytest.mark.parametrize(
    "change", [patched, replaced, upserted, ordered, ordered_again, cancelled, renamed]
)
def test_a_change_is_seen_at_once_by_every_service(
    services: Services, change: Callable[[Api, Json], None]
) -> None:
    writer, reader = services
    book = writer.book(isbn=new_isbn(), stock=9)
    page = f"/books?author_id={book['author_id']}"
    for url in (path(book), page):
        kept(reader, url)
    change(writer, book)
    (now,) = stored(writer, book)
    assert now != book
    for api in (reader, writer):
        assert api.seen(path(book)) == now
        assert seen(api, page)["items"] == [now]


def added(api: Api, book: Json) -> None:
    api.book(author_id=book["author_id"])


def added_in_bulk(api: Api, book: Json) -> None:
    api.books([api.book_body(author_id=book["author_id"])])


def added_by_isbn(api: Api, book: Json) -> None:
    body = api.book_body(author_id=book["author_id"])
    assert api.put(f"/books/by-isbn/{new_isbn()}", json=body).status_code == 201


@pytest.mark.parametrize("change", [added, added_in_bulk, added_by_isbn])
def test_a_new_book_is_seen_at_once_by_every_service(
    services: Services, change: Callable[[Api, Json], None]
) -> None:
    writer, reader = services
    book = writer.book()
    page = f"/books?author_id={book['author_id']}"
    kept(reader, page)
    change(writer, book)
    books = stored(writer, book)
    assert len(books) == 2
    for api in (reader, writer):
        assert seen(api, page)["items"] == books


def test_a_book_that_was_removed_is_gone_at_once_for_every_service(services: Services) -> None:
    writer, reader = services
    book = writer.book()
    page = f"/books?author_id={book['author_id']}"
    for url in (path(book), page):
        kept(reader, url)
    assert writer.delete(path(book)).status_code == 204
    for api in (reader, writer):
        assert_problem(api.get(path(book)), "not-found")
        assert seen(api, page)["items"] == []


def test_what_is_refused_leaves_everything_kept(services: Services) -> None:
    writer, reader = services
    book = writer.book()
    kept(reader, path(book))
    assert_problem(writer.patch(path(book), json={"author_id": 2**60}), "unknown-reference")
    stale = writer.patch(path(book), json={}, headers={"if-match": '"9"'})
    assert_problem(stale, "stale")
    before = hits([reader])["book"]
    assert reader.seen(path(book)) == book
    assert hits([reader])["book"] == before + 1


def test_of_many_readers_at_once_one_asks_the_database(services: Services) -> None:
    writer, reader = services
    book = writer.book()
    before = hits([reader])["book"]
    answers = reader.together(reader.build_request("GET", path(book)) for _ in range(30))
    assert [answer.json() for answer in answers] == [book] * 30
    assert hits([reader])["book"] == before + 29


@pytest.mark.needs("second service")
def test_under_mixed_load_no_read_is_older_than_a_write_acknowledged_before_it(
    services: Services,
) -> None:
    before = hits(services)
    CacheLoad(services).run(lambda: time.sleep(SECONDS))
    found = hits(services) - before
    assert found["book"] > 0, "the cache was of no use, so nothing is proven"
