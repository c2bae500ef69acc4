"""The reads of the port, in its order, and the variants of them that may cost differently."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bakeoff_contract.statements.operations import Operation, read
from bakeoff_contract.statements.samples import NOW
from bakeoff_schemas.records import BookFilter, Keyset, Window

_EVERYTHING = BookFilter(
    author_id=1,
    tags=("fantasy", "islands"),
    text="title",
    year_from=1,
    year_to=3000,
    min_price=Decimal(1),
    max_price=Decimal(90),
    in_print=True,
)
_ISLANDS = BookFilter(tags=("islands",))


def _authors(**window: Any) -> Operation:
    return read(lambda store, _: store.authors.list(window=Window(**window)))


def _books(**options: Any) -> Operation:
    return read(lambda store, samples: samples.list_books(store, **options))


def _users(**window: Any) -> Operation:
    return read(lambda store, _: store.users.list(window=Window(**window)))


def _orders(**window: Any) -> Operation:
    return read(lambda store, _: store.orders.list(customer_id=None, window=Window(**window)))


def _failed(**window: Any) -> Operation:
    return read(lambda store, _: store.outbox.list_failed(window=Window(**window)))


READS: dict[str, Operation] = {
    "authors.get": read(lambda store, samples: store.authors.get(samples.authors[7])),
    "authors.list": _authors(),
    "authors.list[limit=1]": _authors(limit=1),
    "authors.list[limit=100]": _authors(limit=100),
    "authors.list[include_total]": _authors(include_total=True),
    "authors.list[cursor]": read(
        lambda store, samples: store.authors.list(
            window=Window(after=Keyset(value=samples.authors[10], id=samples.authors[10]))
        )
    ),
    "authors.find_names": read(lambda store, _: store.authors.find_names(["author 1"])),
    "authors.find_names[100]": read(
        lambda store, _: store.authors.find_names([f"author {number}" for number in range(100)])
    ),
    "authors.find_ids": read(lambda store, samples: store.authors.find_ids(samples.authors[:1])),
    "authors.find_ids[100]": read(
        lambda store, samples: store.authors.find_ids(samples.authors[:100])
    ),
    "books.get": read(lambda store, samples: store.books.get(samples.books[7].id)),
    "books.list": _books(),
    "books.list[limit=1]": _books(limit=1),
    "books.list[limit=100]": _books(limit=100),
    "books.list[include_total]": _books(include_total=True),
    "books.list[cursor]": read(
        lambda store, samples: samples.list_books(store, after=samples.after(samples.books[10].id))
    ),
    "books.list[offset]": _books(offset=40),
    "books.list[author]": read(
        lambda store, samples: samples.list_books(
            store, where=BookFilter(author_id=samples.authors[7])
        )
    ),
    "books.list[tag]": _books(where=_ISLANDS),
    "books.list[tag, include_total, limit=1]": _books(where=_ISLANDS, include_total=True, limit=1),
    "books.list[tag, include_total, limit=100]": _books(
        where=_ISLANDS, include_total=True, limit=100
    ),
    "books.list[every filter]": _books(where=_EVERYTHING),
    "books.list[nothing found]": _books(offset=1_000_000, include_total=True),
    "books.list[by title]": _books(key="title"),
    "books.list[by title, cursor]": read(
        lambda store, samples: samples.list_books(
            store, key="title", after=samples.after(samples.books[10].title)
        )
    ),
    "books.list[by release_year, limit=1]": _books(key="release_year", limit=1),
    "books.list[by release_year, limit=100]": _books(key="release_year", limit=100),
    "books.list[by release_year, also those without]": _books(
        key="release_year", limit=40, offset=90
    ),
    "books.list[by release_year, cursor]": read(
        lambda store, samples: samples.list_books(
            store, key="release_year", after=samples.after(1910)
        )
    ),
    "books.list[by release_year descending, cursor among those without]": read(
        lambda store, samples: samples.list_books(
            store, key="release_year", descending=True, after=samples.after(None)
        )
    ),
    "books.list[by price]": _books(key="price"),
    "books.export": read(lambda store, _: store.books.export(after=0, limit=20)),
    "books.export[limit=1]": read(lambda store, _: store.books.export(after=0, limit=1)),
    "books.export[limit=100]": read(lambda store, _: store.books.export(after=0, limit=100)),
    "books.find_isbns": read(lambda store, _: store.books.find_isbns(["9780547773742"])),
    "books.find_isbns[100]": read(
        lambda store, _: store.books.find_isbns([f"97805477{number:05}" for number in range(100)])
    ),
    "books.find_identities": read(lambda store, _: store.books.find_identities(["Tehanu"])),
    "books.find_identities[100]": read(
        lambda store, samples: store.books.find_identities(
            [book.title for book in samples.books[:100]]
        )
    ),
    "users.get": read(lambda store, samples: store.users.get(samples.users[7])),
    "users.list": _users(),
    "users.list[limit=1]": _users(limit=1),
    "users.list[limit=100]": _users(limit=100),
    "users.list[include_total]": _users(include_total=True),
    "users.list[cursor]": read(
        lambda store, samples: store.users.list(
            window=Window(after=Keyset(value=NOW, id=samples.users[7]))
        )
    ),
    "users.find_login": read(
        lambda store, samples: store.users.find_login(samples.username_keys[7])
    ),
    "users.get_login": read(lambda store, samples: store.users.get_login(samples.users[7])),
    "orders.get": read(lambda store, samples: store.orders.get(samples.orders[7].id)),
    "orders.list": _orders(),
    "orders.list[limit=1]": _orders(limit=1),
    "orders.list[limit=100]": _orders(limit=100),
    "orders.list[customer, include_total]": read(
        lambda store, samples: store.orders.list(
            customer_id=samples.users[0], window=Window(include_total=True)
        )
    ),
    "orders.list[cursor]": read(
        lambda store, samples: store.orders.list(
            customer_id=None, window=Window(after=Keyset(value=NOW, id=samples.orders[7].id))
        )
    ),
    "reports.sales_by_author": read(
        lambda store, _: store.reports.sales_by_author(since=None, until=None, limit=20)
    ),
    "reports.sales_by_author[since, until]": read(
        lambda store, _: store.reports.sales_by_author(since=NOW, until=NOW, limit=20)
    ),
    "reports.prices_by_tag": read(lambda store, _: store.reports.prices_by_tag()),
    "outbox.since": read(lambda store, _: store.outbox.since(7, limit=20)),
    "outbox.since[limit=1]": read(lambda store, _: store.outbox.since(7, limit=1)),
    "outbox.since[limit=100]": read(lambda store, _: store.outbox.since(7, limit=100)),
    "outbox.last_position": read(lambda store, _: store.outbox.last_position()),
    "outbox.list_failed": _failed(),
    "outbox.list_failed[limit=1]": _failed(limit=1),
    "outbox.list_failed[limit=100]": _failed(limit=100),
    "outbox.list_failed[include_total]": _failed(include_total=True),
    "outbox.list_failed[cursor]": read(
        lambda store, samples: store.outbox.list_failed(
            window=Window(after=Keyset(value=NOW, id=samples.letters[7]))
        )
    ),
}
