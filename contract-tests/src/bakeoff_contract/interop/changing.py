"""Changes through one backend what another wrote, and looks at it through the other."""

from __future__ import annotations

from typing import Any

from bakeoff_contract import isbns
from bakeoff_contract.api import Json, order_body
from bakeoff_contract.interop import traps, writing
from bakeoff_contract.interop.asking import Asker
from bakeoff_contract.interop.comparing import difference
from bakeoff_contract.interop.shelf import Lot, Shelf
from bakeoff_contract.interop.traps import Trap


def change(changer: Asker, owner: Asker, shelf: Shelf, *, turn: int) -> None:
    """Change every book of the shelf and what is in the lot of the changer.

    `turn` tells which change falls on which book, so that each turn is another one.

    :raises AssertionError: an answer of either is not what it must be.
    """
    _patch_books(changer, shelf, turn=turn)
    _owner_sees(owner, shelf)
    lot = shelf.lots[changer.backend]
    _change_author(changer, owner, lot)
    _replace(changer, owner, lot, shelf, turn=turn)
    _upsert(changer, owner, lot, shelf, turn=turn)
    _replay_and_cancel(changer, owner, lot)


def _patch_books(changer: Asker, shelf: Shelf, *, turn: int) -> None:
    """One field of each book; all the others, which another layer wrote, must stay as they are."""
    for number, book in enumerate(shelf.books):
        changes = _changes(shelf)
        trap = changes[(number + turn) % len(changes)]
        path = f"/books/{book['id']}"
        tag = {"if-match": f'"{book["version"]}"'} if number % 2 else None
        patched = changer.ask("PATCH", path, body=trap.sent, headers=tag)
        shelf.books[number] = changed(book, trap, patched)
    stale = {"if-match": f'"{shelf.books[0]["version"] - 1}"'}
    path = f"/books/{shelf.books[0]['id']}"
    changer.refused("stale", "PATCH", path, body={}, headers=stale)


def _changes(shelf: Shelf) -> list[Trap]:
    other = shelf.authors[1]
    author = Trap("another author", {"author_id": other["id"]})
    author.respelt["author"] = {"id": other["id"], "name": other["name"]}
    isbn = isbns.isbn13()
    return [
        author,
        Trap("an ISBN", {"isbn": f"{isbn[:3]}-{isbn[3:]}"}, {"isbn": isbn}),
        Trap("no ISBN", {"isbn": None}),
        Trap("a price", {"price": 0.3}, {"price": "0.30"}),
        Trap("tags", {"tags": ["\u1e9e", "Ss", "%", "late"]}, {"tags": ["%", "late", "ss"]}),
        Trap("no tags", {"tags": []}),
        Trap("attributes", {"attributes": {"1": 1e-7, "0": [1.5, {"\u2028": "\\u0000"}]}}),
        Trap("a year", {"release_year": -4000}),
        Trap("no year", {"release_year": None}),
        Trap("a stock", {"stock": 2**31 - 1}),
        Trap("out of print", {"in_print": False}),
        Trap("a title", {"title": "\ufb01n\u0307 \U0010ffff \\%"}),
        Trap("nothing", {}),
    ]


def changed(before: Json, trap: Trap, after: Json) -> Json:
    """The row after a change: what was sent, one version more, and nothing else.

    :raises AssertionError: it is another.
    """
    expected = before | trap.answered | {"version": before["version"] + 1}
    expected["updated_at"] = after.get("updated_at")
    if found := difference(expected, after):
        raise AssertionError(f"a change of {trap.name} to book {before['id']}: {found}")
    if not after["updated_at"] >= before["updated_at"]:
        raise AssertionError(f"book {before['id']} was changed before it was written")
    return after


def _owner_sees(owner: Asker, shelf: Shelf) -> None:
    """Who wrote the books and has read them sees at once what another has made of them."""
    listed: dict[Any, Json] = {}
    for author in shelf.authors[:4]:
        page = owner.ask("GET", f"/books?limit=100&author_id={author['id']}")
        listed |= {book["id"]: book for book in page["items"]}
    for book in shelf.books:
        if found := difference(book, listed.get(book["id"])):
            raise AssertionError(f"{owner.backend}: book {book['id']} in the list: {found}")


def _change_author(changer: Asker, owner: Asker, lot: Lot) -> None:
    path = f"/authors/{lot.author['id']}"
    owner.ask("GET", path, expected=lot.author)
    for change in ({"born": "9999-12-31"}, {"name": "\u1e9e\U0010ffff"}, {"born": None}, {}):
        lot.author = changer.ask("PATCH", path, body=change, expected=lot.author | change)
        owner.ask("GET", path, expected=lot.author)
    # Books carry the name of their author.
    name = {"author": {"id": lot.author["id"], "name": lot.author["name"]}}
    for kind in ("sold", "replaced", "upserted", "deleted"):
        book = getattr(lot, kind) | name
        setattr(lot, kind, owner.ask("GET", f"/books/{book['id']}", expected=book))


def _replace(changer: Asker, owner: Asker, lot: Lot, shelf: Shelf, *, turn: int) -> None:
    trap = _whole(lot, shelf, turn)
    path = f"/books/{lot.replaced['id']}"
    headers = {"if-match": f'"{lot.replaced["version"]}"'}
    replaced = changer.ask("PUT", path, body=trap.sent, headers=headers)
    lot.replaced = changed(lot.replaced, trap, replaced)
    owner.ask("GET", path, expected=lot.replaced)
    changer.refused("stale", "PUT", path, body=trap.sent, headers=headers)
    taken = {"isbn": lot.upserted["isbn"]}
    changer.refused("isbn-taken", "PATCH", path, body=taken)
    items = [{"title": "t", "price": 1, "author_id": lot.author["id"]}] * 2
    changer.refused("isbn-taken", "POST", "/books/bulk", body=[items[0], items[1] | taken])


def _upsert(changer: Asker, owner: Asker, lot: Lot, shelf: Shelf, *, turn: int) -> None:
    trap = _whole(lot, shelf, turn + 1)
    isbn = lot.upserted["isbn"]
    trap.sent["isbn"] = trap.respelt["isbn"] = isbn
    upserted = changer.ask("PUT", f"/books/by-isbn/{isbn}", body=trap.sent)
    lot.upserted = changed(lot.upserted, trap, upserted)
    owner.ask("GET", f"/books/{lot.upserted['id']}", expected=lot.upserted)


def _whole(lot: Lot, shelf: Shelf, turn: int) -> Trap:
    """A whole book to put in the place of another."""
    rows = traps.books(author_ids=[lot.author["id"]])
    trap = rows[(7 * turn + len(shelf.writer)) % len(rows)]
    trap.respelt["author"] = {"id": lot.author["id"], "name": lot.author["name"]}
    return trap


def _replay_and_cancel(changer: Asker, owner: Asker, lot: Lot) -> None:
    """An order of the owner's is answered again, added to, and taken back by the changer."""
    (line,) = lot.order["lines"]
    path, book_path = f"/orders/{lot.order['id']}", f"/books/{lot.sold['id']}"
    headers = {"idempotency-key": lot.key}
    body = order_body(lot.customer, (lot.sold, line["quantity"]))
    replay = changer.send("POST", "/orders", body=body, headers=headers)
    assert replay.status_code == 201, f"{changer.backend}: a replay: {replay.text}"
    assert replay.headers.get("idempotency-replayed") == "true", f"{changer.backend}: sold again"
    if found := difference(lot.order, replay.json()):
        raise AssertionError(f"{changer.backend}: a replay: {found}")
    other = order_body(lot.customer, (lot.sold, line["quantity"] + 1))
    changer.refused("idempotency-key-reused", "POST", "/orders", body=other, headers=headers)
    stock = lot.sold["stock"]
    too_many = order_body(lot.customer, (lot.sold, stock + 1))
    changer.refused("insufficient-stock", "POST", "/orders", body=too_many)
    rest = changer.ask(
        "POST", "/orders", body=order_body(lot.customer, (lot.sold, stock)), status=201
    )
    assert rest["total"] == writing.total(rest["lines"]), f"{changer.backend}: {rest}"
    owner.ask("GET", f"/orders/{rest['id']}", expected=rest)
    cancelled = lot.order | {"status": "cancelled"}
    changer.ask("POST", f"{path}/cancel", expected=cancelled)
    owner.ask("GET", path, expected=cancelled)
    owner.refused("order-already-cancelled", "POST", f"{path}/cancel")
    # A replay answers the order as it is now.
    owner.ask("POST", "/orders", body=body, status=201, headers=headers, expected=cancelled)
    lot.order = cancelled
    # The sale of the rest and the cancellation have each changed the book once.
    sums = Trap("the stock", {"stock": line["quantity"], "version": lot.sold["version"] + 2})
    after = owner.ask("GET", book_path)
    lot.sold = changed(lot.sold | {"version": lot.sold["version"] + 1}, sums, after)
