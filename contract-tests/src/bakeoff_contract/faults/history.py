"""The calls of a load as a history, book by book, for the checker of linearizability."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bakeoff_contract.faults.call import Call
from bakeoff_contract.faults.catalogue import Catalogue
from bakeoff_contract.faults.readback import Stored
from bakeoff_contract.histories.operation import (
    Action,
    Cancel,
    Change,
    Create,
    Done,
    Operation,
    Order,
    Read,
    Refused,
)


def operations(calls: Sequence[Call], catalogue: Catalogue, stored: Stored) -> list[Operation]:
    """All that was asked of the books of the catalogue, and last of all what is stored.

    Calls without an outcome that are known to have done nothing are left out: the search would have
    to try each of them everywhere.
    """
    began = min(call.called for call in calls)
    ended = max(call.ended for call in calls)
    history = [
        Operation(
            client=0,
            book=book,
            action=Create(stock=stock),
            called=began,
            returned=began,
            answer=Done(version=1, stock=stock),
        )
        for book, stock in catalogue.stock.items()
    ]
    idle = _IdleCalls(calls, stored)
    for call in calls:
        action = _action(call)
        if action is not None and call.sent.book is not None and not idle.include(call):
            history.append(_operation(call, call.sent.book, action))
    return [*history, *_final_reads(catalogue, stored, ended)]


class _IdleCalls:
    """Which calls without an outcome have done nothing, as far as what is stored tells.

    A title is unique, and every version of a book has one: a change has done nothing if its version
    was seen with the title of another one, or never came to be.
    """

    def __init__(self, calls: Iterable[Call], stored: Stored) -> None:
        self._titles = {
            (call.shown.book, call.shown.version): call.shown.title
            for call in calls
            if call.shown is not None and call.shown.version is not None
        }
        for id_, book in stored.books.items():
            self._titles[id_, book.version] = book.title
        self._versions = {id_: book.version for id_, book in stored.books.items()}
        self._keys = {order.key for order in stored.orders.values()}
        self._cancelled = {
            order.key for order in stored.orders.values() if order.status == "cancelled"
        }

    def include(self, call: Call) -> bool:
        if not call.is_indefinite:
            return False
        sent = call.sent
        if sent.kind == "order":
            return sent.key not in self._keys
        if sent.kind == "cancel":
            return sent.key not in self._cancelled
        if sent.kind != "change" or sent.book is None:
            # A read that was not answered says nothing.
            return True
        if sent.if_match is None:
            return sent.title not in self._titles.values()
        version = sent.if_match + 1
        seen = self._titles.get((sent.book, version), sent.title)
        return version > self._versions.get(sent.book, 0) or seen != sent.title


def _action(call: Call) -> Action | None:
    """None for what is no part of a history: creates, pages, and what never reached the service."""
    sent = call.sent
    if call.no_answer == "refused" or (call.is_refused and _refusal(call) is None):
        return None
    if sent.kind == "read":
        return Read()
    if sent.kind == "change":
        return Change(if_match=sent.if_match)
    if sent.kind == "order" and sent.key is not None and sent.quantity is not None:
        return Order(order=sent.key, quantity=sent.quantity)
    if sent.kind == "cancel" and sent.key is not None:
        return Cancel(order=sent.key)
    return None


def _operation(call: Call, book: int, action: Action) -> Operation:
    answer: Done | Refused | None = None
    if call.is_acknowledged:
        shown = call.shown
        answer = Done() if shown is None else Done(version=shown.version, stock=shown.stock)
    elif call.is_refused:
        answer = _refusal(call)
    return Operation(
        client=call.client,
        book=book,
        action=action,
        called=call.called,
        returned=None if answer is None else call.ended,
        answer=answer,
    )


def _refusal(call: Call) -> Refused | None:
    match call.problem:
        case "stale" | "insufficient-stock" | "order-already-cancelled" as reason:
            return Refused(reason)
        case _:
            return None


def _final_reads(catalogue: Catalogue, stored: Stored, ended: float) -> Iterator[Operation]:
    for book in catalogue.stock:
        if book in stored.books:
            found = stored.books[book]
            yield Operation(
                client=0,
                book=book,
                action=Read(),
                called=ended,
                returned=ended,
                answer=Done(version=found.version, stock=found.stock),
            )
