"""Words for verdicts: who asked what and was answered what, in milliseconds of the history."""

from __future__ import annotations

from collections.abc import Sequence

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


def contradiction(because: Sequence[Operation], others: int) -> str:
    """The operations that contradict each other, a line each, in the order of their calls."""
    begin = min(one.called for one in because)
    count = f"{others} other {'change' if others == 1 else 'changes'}"
    lines = [f"no order explains these answers, whenever {count} of the book took place:"]
    lines += [f"  {_line(one, begin)}" for one in sorted(because, key=lambda one: one.called)]
    return "\n".join(lines)


def _line(operation: Operation, begin: float) -> str:
    assert operation.returned is not None
    called, returned = (1000 * (t - begin) for t in (operation.called, operation.returned))
    times = f"{called:10.3f} … {returned:10.3f} ms"
    return f"{times}  client {operation.client}: {_asked(operation.action)} → {_answer(operation)}"


def _asked(action: Action) -> str:
    match action:
        case Create(stock=stock, version=version):
            return f"create, version {version}, stock {stock}"
        case Read():
            return "read"
        case Change(if_match=if_match, stock=stock):
            condition = "" if if_match is None else f", If-Match {if_match}"
            return f"change{condition}" + ("" if stock is None else f", stock {stock}")
        case Order(order=order, quantity=quantity):
            return f"order {order}, quantity {quantity}"
        case Cancel(order=order):
            return f"cancel {order}"


def _answer(operation: Operation) -> str:
    match operation.answer:
        case Refused(reason=reason):
            return reason
        case Done(version=version, stock=stock):
            shown = {"version": version, "stock": stock}
            parts = [f"{name} {value}" for name, value in shown.items() if value is not None]
            return ", ".join(parts) or "done"
        case None:
            return "no answer"
