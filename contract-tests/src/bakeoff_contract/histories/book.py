"""What one book does when operations come one after the other: the contract as a function."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bakeoff_contract.histories.operation import (
    Action,
    Cancel,
    Change,
    Create,
    Done,
    Order,
    Read,
    Refused,
)

NOBODY_ASKS = ""
"""The name of an order that no other operation names, and that need not be remembered."""


@dataclass(frozen=True, slots=True)
class Book:
    """A book's version, which is 0 before it is created, its stock, and its orders.

    An order is its name and how many copies it took; `cancelled` ones gave them back.
    """

    version: int = 0
    stock: int = 0
    placed: frozenset[tuple[str, int]] = frozenset()
    cancelled: frozenset[tuple[str, int]] = frozenset()


def apply(book: Book, action: Action) -> tuple[Book, Done | Refused | None]:
    """The book afterwards, and the answer; None if it would be one that is in no history.

    Every change of a book adds to its version, at least one.
    """
    if isinstance(action, Create):
        if book.version:
            return book, None
        return _done(replace(book, version=action.version, stock=action.stock))
    if not book.version:
        return book, None
    match action:
        case Read():
            return _done(book)
        case Change():
            return _change(book, action)
        case Order():
            return _order(book, action)
        case Cancel():
            return _cancel(book, action)


def agrees(answer: Done | Refused | None, shown: Done | Refused | None) -> bool:
    """Whether a client may have been shown this where the book answers that."""
    if isinstance(answer, Done) and isinstance(shown, Done):
        return shown.version in (None, answer.version) and shown.stock in (None, answer.stock)
    return answer is not None and answer == shown


def _done(book: Book) -> tuple[Book, Done]:
    return book, Done(book.version, book.stock)


def _change(book: Book, action: Change) -> tuple[Book, Done | Refused]:
    if action.if_match not in (None, book.version):
        return book, Refused("stale")
    stock = book.stock if action.stock is None else action.stock
    return _done(replace(book, version=book.version + 1, stock=stock))


def _order(book: Book, action: Order) -> tuple[Book, Done | Refused | None]:
    name, quantity = action.order, action.quantity
    if name != NOBODY_ASKS and (first := _named(book.placed | book.cancelled, name)):
        # A replay answers the first order, even after that was cancelled, and takes nothing. The
        # key with another body is an error of the client.
        return _done(book) if first == (name, quantity) else (book, None)
    if book.stock < quantity:
        return book, Refused("insufficient-stock")
    placed = book.placed if name == NOBODY_ASKS else book.placed | {(name, quantity)}
    stock = book.stock - quantity
    return _done(replace(book, version=book.version + 1, stock=stock, placed=placed))


def _cancel(book: Book, action: Cancel) -> tuple[Book, Done | Refused | None]:
    if _named(book.cancelled, action.order):
        return book, Refused("order-already-cancelled")
    order = _named(book.placed, action.order)
    if order is None:
        return book, None
    return _done(
        replace(
            book,
            version=book.version + 1,
            stock=book.stock + order[1],
            placed=book.placed - {order},
            cancelled=book.cancelled | {order},
        )
    )


def _named(orders: frozenset[tuple[str, int]], name: str) -> tuple[str, int] | None:
    return next((order for order in orders if order[0] == name), None)
