"""Whether orders, their cancellations and the stock are as the answers say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from bakeoff_contract.faults.call import Call
from bakeoff_contract.faults.catalogue import Catalogue
from bakeoff_contract.faults.findings import Findings
from bakeoff_contract.faults.readback import Stored


def judge_orders(calls: Sequence[Call], stored: Stored, found: Findings) -> None:
    """Every acknowledged order is there, once, however often its key was sent."""
    asked: defaultdict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.sent.kind == "order" and call.sent.key is not None:
            asked[call.sent.key].append(call)
    there: defaultdict[str | None, list[str]] = defaultdict(list)
    for id_, order in stored.orders.items():
        there[order.key].append(id_)
    for key, attempts in asked.items():
        _judge_key(key, attempts, there[key], stored, found)
    for stored_key, orders in there.items():
        if stored_key not in asked:
            found.phantom += [f"the order {id_} is there, and nobody has placed it" for id_ in orders]


def _judge_key(
    key: str, attempts: Sequence[Call], there: Sequence[str], stored: Stored, found: Findings
) -> None:
    shown = {
        call.shown.order
        for call in attempts
        if call.is_acknowledged and call.shown is not None and call.shown.order is not None
    }
    found.lost += [
        f"the order {id_} ({key}) was acknowledged, and is not there"
        for id_ in sorted(shown.difference(there))
    ]
    twice = max(len(there), len(shown)) - 1
    if twice > 0:
        found.phantom += [f"the order {key} was placed {twice + 1} times"] * twice
    if there and all(call.is_refused for call in attempts):
        found.phantom.append(
            f"the order {key} was answered with {attempts[-1].outcome}, and is there"
        )
    sent = attempts[0].sent
    for id_ in there:
        if stored.orders[id_].copies != {sent.book: sent.quantity}:
            found.other.append(
                f"the order {key} of {sent.quantity} of book {sent.book} has "
                f"{dict(stored.orders[id_].copies)}"
            )


def judge_cancellations(calls: Sequence[Call], stored: Stored, found: Findings) -> None:
    """An order is cancelled if that was acknowledged, and only if somebody asked for it."""
    asked: defaultdict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.sent.kind == "cancel" and call.sent.order is not None:
            asked[call.sent.order].append(call)
    for id_, order in stored.orders.items():
        attempts = asked[id_]
        is_cancelled = order.status == "cancelled"
        if any(call.is_acknowledged for call in attempts):
            if not is_cancelled:
                found.lost.append(f"the order {id_} was cancelled, and is {order.status}")
        elif is_cancelled and all(call.is_refused for call in attempts):
            answered = attempts[-1].outcome if attempts else "nothing, for nobody asked"
            found.phantom.append(f"the order {id_} is cancelled, which was answered with {answered}")


def judge_stock(catalogue: Catalogue, stored: Stored, found: Findings) -> None:
    """The stock is what there was, less the copies of the orders that are placed."""
    for book, initial in catalogue.stock.items():
        if book not in stored.books:
            continue
        sold = sum(
            order.copies.get(book, 0)
            for order in stored.orders.values()
            if order.status == "placed"
        )
        stock = stored.books[book].stock
        sentence = f"book {book} had {initial} copies, orders took {sold}, and there are {stock}"
        if stock > initial - sold:
            found.lost.append(sentence)
        elif stock < initial - sold:
            found.phantom.append(sentence)
