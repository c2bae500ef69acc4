"""The checker against histories of a book that was really operated one request after the other.

The book here is written a second time and in another way, and the orders are tried one by one: so
no mistake of the checker can hide in what it is compared with.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from bakeoff_contract.histories.checking import check
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
from bakeoff_contract.histories.search import Outcome

Answer = Done | Refused

_NAMES = st.sampled_from(["a", "b", "c", "d"])
_ACTIONS = st.one_of(
    st.just(Read()),
    st.builds(
        Change,
        if_match=st.sampled_from([None, None, 1, 2, 3, 4]),
        stock=st.sampled_from([None, 0, 1, 3]),
    ),
    st.builds(Order, order=_NAMES, quantity=st.integers(1, 2)),
    st.builds(Cancel, order=_NAMES),
)
# What a client may be shown of a book: all, the version, the stock, or that it was done.
_SHOWN = st.sampled_from([(True, True), (True, False), (False, True), (False, False)])
_FEW = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_MANY = settings(_FEW, max_examples=60)


@dataclass
class Shelf:
    """A book that is operated one request after the other."""

    stock: int
    version: int = 1
    quantities: dict[str, int] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)

    def asked(self, action: Action) -> Answer | None:
        """The answer to a request; None if it is one that no history contains."""
        if isinstance(action, Change):
            if action.if_match is not None and action.if_match != self.version:
                return Refused("stale")
            self._move(self.stock if action.stock is None else action.stock)
        elif isinstance(action, Order) and action.order not in self.quantities:
            if action.quantity > self.stock:
                return Refused("insufficient-stock")
            self.quantities[action.order] = action.quantity
            self._move(self.stock - action.quantity)
        elif isinstance(action, Order) and self.quantities[action.order] != action.quantity:
            return None
        elif isinstance(action, Cancel):
            if action.order in self.cancelled:
                return Refused("order-already-cancelled")
            if action.order not in self.quantities:
                return None
            self.cancelled.add(action.order)
            self._move(self.stock + self.quantities[action.order])
        return Done(self.version, self.stock)

    def _move(self, stock: int) -> None:
        self.version, self.stock = self.version + 1, stock


@st.composite
def histories(
    draw: st.DrawFn, *, size: int, overlap: bool, with_open: bool = False
) -> list[Operation]:
    """A history that took place one operation after the other, whatever the clients saw of it.

    Operation n takes effect at second n. With `overlap` its client waits for up to three seconds
    before and after that. `with_open` leaves some of them without an outcome, and adds such as
    never happened.
    """
    stock = draw(st.integers(0, 4))
    shelf = Shelf(stock)
    made = [_operation(0, Create(stock), -5.0, -5.0, Done(1, stock))]
    around = st.floats(0, 3) if overlap else st.just(0.0)
    for number, action in enumerate(draw(st.lists(_ACTIONS, min_size=1, max_size=size)), start=1):
        called, returned = number - draw(around), number + draw(around)
        fate = draw(st.sampled_from(["answered", "answered", "open", "never"]))
        if with_open and fate == "never":
            made.append(_operation(number, action, called, None, None))
            continue
        answer = shelf.asked(action)
        if answer is None:
            continue
        if with_open and fate == "open":
            made.append(_operation(number, action, called, None, None))
        else:
            made.append(_operation(number, action, called, returned, _shown(draw, answer)))
    return made


def _operation(
    client: int, action: Action, called: float, returned: float | None, answer: Answer | None
) -> Operation:
    return Operation(
        client=client, book=1, action=action, called=called, returned=returned, answer=answer
    )


def _shown(draw: st.DrawFn, answer: Answer) -> Answer:
    if isinstance(answer, Refused):
        return answer
    version, stock = draw(_SHOWN)
    return Done(answer.version if version else None, answer.stock if stock else None)


def outcome(history: list[Operation]) -> Outcome:
    (verdict,) = check(history)
    return verdict.outcome


# --- every order, one by one ----------------------------------------------------------------------


def some_order_explains(history: list[Operation]) -> bool:
    """Whether one of all orders does, with any of those that have no outcome left out."""
    create, *rest = history
    assert isinstance(create.action, Create)
    answered = [one for one in rest if one.returned is not None]
    without = [one for one in rest if one.returned is None]
    return any(
        _explains(order, create.action.stock)
        for count in range(len(without) + 1)
        for happened in itertools.combinations(without, count)
        for order in itertools.permutations([*answered, *happened])
    )


def _explains(order: tuple[Operation, ...], stock: int) -> bool:
    for early, late in itertools.combinations(order, 2):
        if late.returned is not None and late.returned < early.called:
            return False
    shelf = Shelf(stock)
    for one in order:
        answer = shelf.asked(one.action)
        if answer is None or (one.answer is not None and not _fits(answer, one.answer)):
            return False
    return True


def _fits(answer: Answer, shown: Answer) -> bool:
    if isinstance(answer, Refused) or isinstance(shown, Refused):
        return answer == shown
    pairs = [(shown.version, answer.version), (shown.stock, answer.stock)]
    return all(seen in (None, true) for seen, true in pairs)


# --- one answer changed ---------------------------------------------------------------------------


def other_answers(operation: Operation) -> Iterator[Operation]:
    """The operation with another answer, each in one way."""
    answer, action = operation.answer, operation.action
    if isinstance(action, Create) or answer is None:
        return
    if isinstance(answer, Refused):
        yield replace(operation, answer=Done())
        return
    if answer.version is not None:
        for step in (-1, 1):
            yield replace(operation, answer=replace(answer, version=answer.version + step))
    if answer.stock is not None:
        yield replace(operation, answer=replace(answer, stock=answer.stock + 1))
    refusals = {Change: "stale", Order: "insufficient-stock", Cancel: "order-already-cancelled"}
    if type(action) in refusals:
        yield replace(operation, answer=Refused(refusals[type(action)]))


def with_one_other_answer(history: list[Operation]) -> Iterator[list[Operation]]:
    """The history with one answer changed, in every way and at every place."""
    for place, operation in enumerate(history):
        for other in other_answers(operation):
            yield [*history[:place], other, *history[place + 1 :]]


# --- what must hold -------------------------------------------------------------------------------


@_MANY
@given(histories(size=60, overlap=True))
def test_what_took_place_is_always_accepted(history: list[Operation]) -> None:
    assert outcome(history) is Outcome.LINEARIZABLE


@_MANY
@given(histories(size=40, overlap=True, with_open=True))
def test_what_took_place_is_accepted_where_outcomes_are_missing(history: list[Operation]) -> None:
    assert outcome(history) is Outcome.LINEARIZABLE


@_MANY
@given(histories(size=12, overlap=False))
def test_without_overlap_every_other_answer_is_refused(history: list[Operation]) -> None:
    for changed in with_one_other_answer(history):
        assert outcome(changed) is Outcome.VIOLATED


@_FEW
@given(histories(size=5, overlap=True, with_open=True), st.data())
def test_with_overlap_an_answer_is_refused_exactly_where_no_order_explains_it(
    history: list[Operation], data: st.DataObject
) -> None:
    changed = data.draw(st.sampled_from([history, *with_one_other_answer(history)]))
    explained = some_order_explains(changed)
    event(f"explained: {explained}, changed: {changed is not history}")
    assert outcome(changed) is (Outcome.LINEARIZABLE if explained else Outcome.VIOLATED)


@_MANY
@given(histories(size=40, overlap=True), st.data())
def test_a_read_of_a_version_that_was_over_before_its_call_is_refused(
    history: list[Operation], data: st.DataObject
) -> None:
    known = [one.answer.version or 0 for one in history if isinstance(one.answer, Done)]
    assume(max(known) > 1)
    read = Done(data.draw(st.integers(1, max(known) - 1)))
    late = _operation(99, Read(), 1000.0, 1001.0, read)
    assert outcome([*history, late]) is Outcome.VIOLATED


@_MANY
@given(histories(size=30, overlap=True))
def test_a_counter_example_has_nothing_that_it_does_not_need(history: list[Operation]) -> None:
    wrong = [*history, _operation(99, Read(), 1000.0, 1001.0, Done(1000))]
    (verdict,) = check(wrong)
    assert verdict.outcome is Outcome.VIOLATED
    # No number of changes makes a thousand versions: the read is wrong by itself.
    assert [type(one.action) for one in verdict.because] == [Create, Read]
