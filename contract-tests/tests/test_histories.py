"""The checker of histories finds faults that were planted, and takes nothing else for one."""

from __future__ import annotations

import itertools

import pytest

from bakeoff_contract.histories.checking import Verdict, assert_linearizable, check
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

BOOK = 7
STALE = Refused("stale")
TOO_FEW = Refused("insufficient-stock")
CANCELLED = Refused("order-already-cancelled")


class History:
    """Operations one after the other, a second each, unless a test gives them times."""

    def __init__(self, stock: int) -> None:
        self.operations: list[Operation] = []
        self._now = itertools.count()
        self.add(Create(stock), Done(1, stock))

    def add(
        self,
        action: Action,
        answer: Done | Refused | None = None,
        *,
        at: tuple[float, float] | None = None,
    ) -> Operation:
        """Without an answer it has no end."""
        begin = next(self._now)
        called, returned = at or (begin, begin + 0.9)
        end = None if answer is None else returned
        made = Operation(
            client=len(self.operations),
            book=BOOK,
            action=action,
            called=called,
            returned=end,
            answer=answer,
        )
        self.operations.append(made)
        return made

    def verdict(self) -> Verdict:
        (verdict,) = check(self.operations)
        return verdict


def assert_contradiction(history: History, *operations: Operation) -> None:
    verdict = history.verdict()
    assert verdict.outcome is Outcome.VIOLATED
    assert verdict.because == (history.operations[0], *operations), str(verdict)


def assert_linear(history: History) -> None:
    verdict = history.verdict()
    assert verdict.outcome is Outcome.LINEARIZABLE, str(verdict)


# --- planted faults -------------------------------------------------------------------------------


def test_a_lost_update_is_found() -> None:
    history = History(stock=5)
    for version in range(1, 10):
        history.add(Change(if_match=version), Done(version + 1))
        history.add(Read(), Done(version + 1, 5))
    first = history.add(Change(if_match=10), Done(11), at=(30, 32))
    second = history.add(Change(if_match=10), Done(11), at=(31, 33))
    assert_contradiction(history, first, second)


def test_an_update_lost_without_a_condition_is_found() -> None:
    history = History(stock=5)
    first = history.add(Change(stock=3), Done(2, 3), at=(10, 12))
    second = history.add(Change(stock=4), Done(2, 4), at=(11, 13))
    history.add(Read(), Done(2, 4), at=(14, 15))
    assert_contradiction(history, first, second)


def test_a_stale_read_is_found() -> None:
    history = History(stock=5)
    history.add(Change(), Done(2))
    history.add(Change(), Done(3))
    read = history.add(Read(), Done(2))
    history.add(Read(), Done(3))
    verdict = history.verdict()
    assert verdict.outcome is Outcome.VIOLATED
    assert verdict.because == (history.operations[0], history.operations[2], read), str(verdict)


def test_a_read_of_what_was_never_written_is_found() -> None:
    history = History(stock=5)
    history.add(Change(), Done(2))
    read = history.add(Read(), Done(3))
    history.add(Change(), Done(3))
    assert_contradiction(history, read)


def test_reads_that_see_a_change_and_then_not_are_found() -> None:
    history = History(stock=5)
    history.add(Change(), Done(2), at=(10, 20))
    later = history.add(Read(), Done(2), at=(11, 12))
    earlier = history.add(Read(), Done(1), at=(13, 14))
    assert_contradiction(history, later, earlier)


def test_a_double_sale_is_found() -> None:
    history = History(stock=1)
    history.add(Read(), Done(1, 1))
    first = history.add(Order("a", 1), Done(), at=(10, 12))
    second = history.add(Order("b", 1), Done(), at=(11, 13))
    history.add(Order("c", 1), TOO_FEW, at=(14, 15))
    assert_contradiction(history, first, second)


def test_a_sale_that_took_nothing_is_found() -> None:
    history = History(stock=5)
    order = history.add(Order("a", 2), Done())
    read = history.add(Read(), Done(None, 5))
    assert_contradiction(history, order, read)


def test_a_cancellation_that_counts_twice_is_found() -> None:
    history = History(stock=5)
    history.add(Order("a", 2), Done())
    history.add(Cancel("a"), Done())
    history.add(Cancel("a"), CANCELLED)
    read = history.add(Read(), Done(None, 7))
    assert_contradiction(history, read)


def test_two_cancellations_of_one_order_that_both_succeed_are_found() -> None:
    history = History(stock=5)
    history.add(Order("a", 2), Done())
    first = history.add(Cancel("a"), Done(), at=(10, 12))
    second = history.add(Cancel("a"), Done(), at=(11, 13))
    assert_contradiction(history, first, second)


def test_a_replay_that_sells_again_is_found() -> None:
    history = History(stock=5)
    history.add(Order("a", 2), Done())
    history.add(Order("a", 2), Done())
    read = history.add(Read(), Done(None, 1))
    assert_contradiction(history, read)


def test_an_order_that_is_refused_although_there_are_enough_is_found() -> None:
    history = History(stock=2)
    refused = history.add(Order("a", 2), TOO_FEW)
    assert_contradiction(history, refused)


def test_a_change_that_is_refused_although_its_version_is_current_is_found() -> None:
    history = History(stock=2)
    refused = history.add(Change(if_match=1), STALE)
    assert_contradiction(history, refused)


def test_a_read_of_a_new_version_with_the_old_stock_is_found() -> None:
    history = History(stock=2)
    history.add(Change(stock=9), Done(2, 9))
    torn = history.add(Read(), Done(2, 2))
    assert_contradiction(history, torn)


# --- what is no fault -----------------------------------------------------------------------------


def test_a_read_during_a_change_may_see_either_version() -> None:
    for seen in (1, 2):
        history = History(stock=2)
        history.add(Change(), Done(2), at=(10, 20))
        history.add(Read(), Done(seen), at=(11, 12))
        assert_linear(history)


def test_operations_that_touch_in_one_moment_may_come_in_either_order() -> None:
    history = History(stock=2)
    history.add(Change(), Done(2), at=(10, 20))
    history.add(Read(), Done(1), at=(20, 21))
    assert_linear(history)


@pytest.mark.parametrize(("version", "stock"), [(1, 5), (2, 3)])
def test_an_order_without_an_outcome_may_have_happened_or_not(version: int, stock: int) -> None:
    history = History(stock=5)
    history.add(Order("a", 2))
    history.add(Read(), Done(version, stock))
    assert_linear(history)


def test_an_operation_without_an_outcome_may_happen_later_but_not_before_its_call() -> None:
    late = History(stock=5)
    late.add(Change(stock=3))
    late.add(Read(), Done(1, 5))
    late.add(Read(), Done(2, 3))
    assert_linear(late)
    early = History(stock=5)
    read = early.add(Read(), Done(2, 3))
    early.add(Change(stock=3))
    assert_contradiction(early, read)


def test_an_operation_without_an_outcome_happens_once_at_most() -> None:
    history = History(stock=5)
    history.add(Change())
    read = history.add(Read(), Done(3))
    verdict = history.verdict()
    assert verdict.outcome is Outcome.VIOLATED
    assert verdict.because == (history.operations[0], read)
    assert verdict.others == 1


def test_an_order_may_be_repeated_by_its_key_until_its_outcome_is_known() -> None:
    history = History(stock=2)
    history.add(Order("a", 2))
    history.add(Order("a", 2), Done())
    history.add(Order("a", 2), Done())
    history.add(Order("b", 1), TOO_FEW)
    history.add(Cancel("a"), Done())
    history.add(Order("a", 2), Done())
    history.add(Read(), Done(3, 2))
    assert_linear(history)


# --- how it decides -------------------------------------------------------------------------------


def test_many_orders_without_an_outcome_are_decided_in_few_states() -> None:
    history = History(stock=1000)
    for number in range(40):
        history.add(Order(f"open {number}", 3))
        history.add(Change())
    for number in range(40):
        history.add(Order(f"order {number}", 2), Done(), at=(100, 200))
    history.add(Read(), Done(1 + 40 + 9 + 5, 1000 - 2 * 40 - 3 * 9), at=(300, 301))
    assert_linear(history)
    assert history.verdict().states < 5000


def test_what_needs_more_states_than_allowed_is_undecided_and_no_proof() -> None:
    history = History(stock=100)
    for number in range(8):
        history.add(Order(f"{number}", number + 1), Done(), at=(10, 20))
    history.add(Read(), Done(None, 64), at=(30, 31))
    (verdict,) = check(history.operations, limit=2)
    assert verdict.outcome is Outcome.UNDECIDED
    assert str(verdict) == "book 7: undecided after 2 states"
    with pytest.raises(AssertionError, match="undecided after 2 states"):
        assert_linearizable(history.operations, limit=2)
    assert_linearizable(history.operations)


def test_each_book_has_a_verdict_of_its_own() -> None:
    good, bad = History(stock=1), History(stock=1)
    bad.add(Order("a", 2), Done())
    others = [
        Operation(
            client=one.client,
            book=3,
            action=one.action,
            called=one.called,
            returned=one.returned,
            answer=one.answer,
        )
        for one in bad.operations
    ]
    verdicts = check([*others, *good.operations])
    assert [(one.book, one.outcome) for one in verdicts] == [
        (3, Outcome.VIOLATED),
        (BOOK, Outcome.LINEARIZABLE),
    ]


def test_a_counter_example_is_told_in_lines() -> None:
    history = History(stock=1)
    history.add(Change(if_match=1, stock=1), Done(2, 1))
    history.add(Order("a", 1), Done(), at=(10, 10.0125))
    history.add(Order("b", 1), Done(), at=(10.01, 10.02))
    history.add(Cancel("b"), CANCELLED, at=(11, 12))
    with pytest.raises(AssertionError) as failure:
        assert_linearizable(history.operations)
    assert str(failure.value).splitlines() == [
        "book 7: no order explains these answers, whenever 1 other change of the book took place:",
        "       0.000 …    900.000 ms  client 0: create, version 1, stock 1 → version 1, stock 1",
        "   10000.000 …  10012.500 ms  client 2: order a, quantity 1 → done",
        "   10010.000 …  10020.000 ms  client 3: order b, quantity 1 → done",
    ]


def test_a_history_that_does_not_begin_with_its_book_is_refused() -> None:
    history = History(stock=1)
    with pytest.raises(ValueError, match="book 7 must begin with the one Create"):
        check([*history.operations, *history.operations])
    history.add(Read(), Done(1))
    with pytest.raises(ValueError, match="book 7 must begin with the one Create"):
        check(history.operations[1:])


def test_an_answer_without_its_time_is_refused() -> None:
    with pytest.raises(ValueError, match="belong together"):
        Operation(client=1, book=BOOK, action=Read(), called=1.0, answer=Done(1))
    with pytest.raises(ValueError, match="before it was asked"):
        Operation(client=1, book=BOOK, action=Read(), called=1.0, returned=0.5, answer=Done(1))
