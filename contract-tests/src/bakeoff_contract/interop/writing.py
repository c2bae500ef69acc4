"""Writes the data set through one backend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bakeoff_contract import isbns
from bakeoff_contract.api import Json, order_body
from bakeoff_contract.interop import traps
from bakeoff_contract.interop.asking import Asker
from bakeoff_contract.interop.comparing import difference
from bakeoff_contract.interop.shelf import Lot, Shelf
from bakeoff_contract.interop.traps import Trap

PASSWORD = "correct horse battery"


def write(asker: Asker, *, changers: Iterable[str]) -> Shelf:
    """The data set under the writer's name, with a lot for each of the changers.

    :raises AssertionError: an answer is not what was sent.
    """
    shelf = Shelf(asker.backend)
    for trap in traps.authors():
        shelf.authors.append(_made(asker, "/authors", trap))
    for trap in traps.users(shelf.writer):
        with_password = Trap(trap.name, trap.sent | {"password": PASSWORD}, trap.respelt)
        shelf.users.append(_made(asker, "/users", with_password))
    shelf.books += _books(asker, [author["id"] for author in shelf.authors[:3]])
    shelf.orders += _orders(asker, shelf)
    for number, changer in enumerate(changers):
        shelf.lots[changer] = _lot(asker, number)
    return shelf


def _made(asker: Asker, path: str, trap: Trap) -> Json:
    row = asker.ask("POST", path, body=trap.sent, status=201)
    hold(trap, row)
    return row


def hold(trap: Trap, row: Json) -> None:
    """A row is what was sent, as it must be spelt.

    :raises AssertionError: it is not.
    """
    expected = {name: value for name, value in trap.answered.items() if name != "password"}
    got = {name: row.get(name) for name in expected}
    if found := difference(expected, got):
        raise AssertionError(f"{trap.name}: {found}")


def _books(asker: Asker, author_ids: list[int]) -> list[Json]:
    """One by one, in bulk, and by ISBN: three ways of writing that a layer may do differently."""
    rows = traps.books(author_ids=author_ids)
    at_once = [trap for number, trap in enumerate(rows) if number % 2]
    bulk: Any = asker.ask("POST", "/books/bulk", body=[trap.sent for trap in at_once], status=201)
    written: list[Json] = bulk
    for trap, book in zip(at_once, written, strict=True):
        hold(trap, book)
    for trap in rows[::2]:
        if (isbn := trap.answered["isbn"]) is None:
            written.append(_made(asker, "/books", trap))
        else:
            path = f"/books/by-isbn/{isbn}"
            written.append(asker.ask("PUT", path, body=trap.sent, status=201))
            hold(trap, written[-1])
    return sorted(written, key=lambda book: int(book["id"]))


def _orders(asker: Asker, shelf: Shelf) -> list[Json]:
    """Many lines in another order than that of ids, the greatest total, and one taken back."""
    author_id = shelf.authors[3]["id"]
    prices = ["99999999.99", "0.01", "0", "3.33"]
    books = [_book(asker, author_id, price=price, stock=1000) for price in prices]
    first, second = shelf.users[:2]
    backwards = [(book, number + 1) for number, book in enumerate(books)][::-1]
    placed = [
        _placed(asker, first, backwards),
        _placed(asker, first, [(books[0], 900)], key=traps.key(shelf.writer, 0)),
        _placed(asker, second, [(books[3], 7), (books[1], 1)]),
        _placed(asker, second, [(books[2], 1)]),
    ]
    path = f"/orders/{placed[2]['id']}/cancel"
    placed[2] = asker.ask("POST", path, expected=placed[2] | {"status": "cancelled"})
    # What was sold stays sold at the price of that moment.
    asker.ask("PATCH", f"/books/{books[3]['id']}", body={"price": "4.44"})
    shelf.books += [asker.ask("GET", f"/books/{book['id']}") for book in books]
    return placed


def _lot(asker: Asker, number: int) -> Lot:
    names = [f"{asker.backend} {number} {kind}" for kind in ("with a book", "without")]
    author, bare_author = (
        asker.ask("POST", "/authors", body={"name": name}, status=201) for name in names
    )
    customer, bare_customer = (
        _customer(asker, f"{asker.backend} {number} {kind} \u1e9e") for kind in ("buys", "leaves")
    )
    sold, replaced, upserted, deleted = (
        _book(asker, author["id"], isbn=isbns.isbn13(), stock=10, tags=["lot"], price="3.33")
        for _ in range(4)
    )
    key = traps.key(asker.backend, number + 1)
    order = _placed(asker, customer, [(sold, 4)], key=key)
    return Lot(
        author=author,
        bare_author=bare_author,
        customer=customer,
        bare_customer=bare_customer,
        sold=asker.ask("GET", f"/books/{sold['id']}"),
        replaced=replaced,
        upserted=upserted,
        deleted=deleted,
        key=key,
        order=order,
    )


def _customer(asker: Asker, username: str) -> Json:
    email = f"{username.encode().hex()}@example.com"
    body = {"username": username, "email": email, "password": PASSWORD}
    return asker.ask("POST", "/users", body=body, status=201)


def _book(asker: Asker, author_id: int, **fields: object) -> Json:
    body = {"title": "t", "author_id": author_id, **fields}
    return asker.ask("POST", "/books", body=body, status=201)


def _placed(
    asker: Asker, customer: Json, lines: Sequence[tuple[Json, int]], *, key: str | None = None
) -> Json:
    headers = {"idempotency-key": key} if key is not None else None
    order = asker.ask(
        "POST", "/orders", body=order_body(customer, *lines), status=201, headers=headers
    )
    sent = [
        {"book_id": book["id"], "quantity": copies, "unit_price": book["price"]}
        for book, copies in lines
    ]
    hold(Trap("an order", {"lines": sent, "status": "placed", "total": total(sent)}), order)
    return order


def total(lines: list[Json]) -> str:
    """What the lines of an order add up to."""
    cents = sum(int(line["unit_price"].replace(".", "")) * line["quantity"] for line in lines)
    return f"{cents // 100}.{cents % 100:02}"
