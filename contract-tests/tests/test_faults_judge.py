"""The judge finds what is planted in a run, and has nothing against a run in which all is well."""

from __future__ import annotations

from dataclasses import replace

import pytest
from faults_scenario import CHANGED, SOLD, Scenario

from bakeoff_contract.faults.call import Shown
from bakeoff_contract.faults.findings import Findings
from bakeoff_contract.faults.judging_answers import Downtime
from bakeoff_contract.faults.readback import StoredOrder


@pytest.fixture
def run() -> Scenario:
    """A run in which all is well."""
    scenario = Scenario()
    scenario.create("a")
    scenario.change()
    scenario.read()
    scenario.order("first")
    scenario.order("second")
    scenario.cancel("second")
    scenario.read(SOLD)
    return scenario


def counts(found: Findings) -> tuple[int, int]:
    assert not found.unexpected
    return len(found.lost), len(found.phantom)


# --- all is well ------------------------------------------------------------------------------


def test_nothing_is_found_where_all_is_well(run: Scenario) -> None:
    assert run.judged().sentences() == []


@pytest.mark.parametrize("is_done", [True, False])
def test_what_was_answered_with_503_may_have_been_done_or_not(
    run: Scenario, is_done: bool
) -> None:
    run.create("b", status=503, is_there=is_done)
    run.change(status=503, is_done=is_done)
    run.order("third", status=503, is_there=is_done)
    run.cancel("first", status=503, is_done=is_done)
    assert run.judged().sentences() == []


def test_a_write_that_is_tried_again_after_a_503_may_find_itself_done(run: Scenario) -> None:
    run.order("third", status=503)
    run.order("third")
    run.cancel("third", status=503)
    run.cancel("third", status=409, problem="order-already-cancelled")
    assert run.judged().sentences() == []


def test_refusals_of_the_contract_are_no_fault(run: Scenario) -> None:
    run.call("change", 412, problem="stale", book=CHANGED, title="none", if_match=1)
    run.call(
        "order", 409, problem="insufficient-stock", book=SOLD, key="much", quantity=999
    )
    assert run.judged().sentences() == []


# --- lost -------------------------------------------------------------------------------------


def test_an_acknowledged_book_that_is_not_there_is_lost(run: Scenario) -> None:
    run.create("b", is_there=False)
    assert counts(run.judged()) == (1, 0)


def test_an_acknowledged_book_with_another_title_is_lost(run: Scenario) -> None:
    id_ = run.create("b")
    run.books[id_] = replace(run.books[id_], title="another")
    assert counts(run.judged()) == (1, 0)


def test_an_acknowledged_change_that_is_not_there_is_lost(run: Scenario) -> None:
    run.change(is_done=False)
    found = run.judged()
    assert counts(found) == (1, 0)
    assert found.lost[0].startswith("book 1 had version 3")


def test_a_change_that_another_one_wrote_over_is_lost(run: Scenario) -> None:
    before = run.books[CHANGED]
    run.change()
    run.books[CHANGED] = before
    run.change()
    found = run.judged()
    assert found.lost == [
        "2 changes of book 1 were answered with version 3",
        f"book 1 was {run.calls[-2].sent.title} in version 3, and is {run.calls[-1].sent.title}",
    ]


def test_an_acknowledged_order_that_is_not_there_is_lost(run: Scenario) -> None:
    run.order("third", is_there=False)
    assert counts(run.judged()) == (1, 0)


def test_an_acknowledged_cancellation_that_is_not_there_is_lost(run: Scenario) -> None:
    run.cancel("first", is_done=False)
    assert counts(run.judged()) == (1, 0)


def test_copies_that_an_order_did_not_take_are_lost(run: Scenario) -> None:
    run.books[SOLD] = replace(run.books[SOLD], stock=run.books[SOLD].stock + 2)
    assert run.judged().lost == ["book 2 had 100 copies, orders took 2, and there are 100"]


# --- phantoms ---------------------------------------------------------------------------------


def test_a_refused_book_that_is_there_is_a_phantom(run: Scenario) -> None:
    run.create("b", status=None, no_answer="refused")
    assert len(run.judged().phantom) == 1


def test_a_book_that_nobody_has_created_is_a_phantom(run: Scenario) -> None:
    run.books[999] = replace(run.books[CHANGED], isbn="of nobody")
    assert counts(run.judged()) == (0, 1)


def test_a_refused_change_that_is_there_is_a_phantom(run: Scenario) -> None:
    run.change(status=412, problem="stale")
    # The title is that of a refused change, and there is a version that nobody has made.
    assert counts(run.judged()) == (0, 2)


def test_a_version_that_nobody_has_made_is_a_phantom(run: Scenario) -> None:
    run.change(status=503)
    run.books[CHANGED] = replace(run.books[CHANGED], version=run.books[CHANGED].version + 2)
    assert counts(run.judged()) == (0, 2)


def test_a_refused_order_that_is_there_is_a_phantom(run: Scenario) -> None:
    run.order("third", status=409, problem="insufficient-stock")
    assert counts(run.judged()) == (0, 1)


def test_an_order_that_was_placed_twice_with_one_key_is_a_phantom(run: Scenario) -> None:
    run.order("third", status=503)
    run.order("third")
    run.orders["again"] = StoredOrder(status="placed", copies={SOLD: 2}, key="third")
    run.sell(2)
    assert run.judged().phantom == ["the order third was placed 2 times"]


def test_two_acknowledgements_of_one_key_that_name_two_orders_are_a_phantom(run: Scenario) -> None:
    run.order("third")
    again = Shown(order="another")
    run.call("order", 201, shown=again, book=SOLD, key="third", quantity=2)
    assert counts(run.judged()) == (1, 1)


def test_an_order_that_nobody_has_placed_is_a_phantom(run: Scenario) -> None:
    run.orders["of nobody"] = StoredOrder(status="placed", copies={SOLD: 2})
    run.sell(2)
    assert counts(run.judged()) == (0, 1)


def test_a_cancellation_that_nobody_has_asked_for_is_a_phantom(run: Scenario) -> None:
    run.orders["id-first"] = replace(run.orders["id-first"], status="cancelled")
    run.sell(-2)
    assert counts(run.judged()) == (0, 1)


def test_copies_that_were_sold_without_an_order_are_a_phantom(run: Scenario) -> None:
    run.sell(1)
    assert run.judged().phantom == ["book 2 had 100 copies, orders took 2, and there are 97"]


def test_an_order_with_other_copies_than_were_asked_for_is_told(run: Scenario) -> None:
    run.orders["id-first"] = replace(run.orders["id-first"], copies={SOLD: 3})
    run.sell(1)
    assert run.judged().other == ["the order first of 2 of book 2 has {2: 3}"]


# --- answers ----------------------------------------------------------------------------------


def test_an_answer_that_took_too_long_is_told_with_the_slowest(run: Scenario) -> None:
    for seconds in (5.1, 7.25, 4.9):
        run.call("page", 503, called=100.0, ended=100.0 + seconds)
    (sentence,) = run.judged().sentences()
    assert sentence.startswith("2 answers took longer than 5 s, the slowest 7.2 s: page")


@pytest.mark.parametrize(
    ("kind", "status", "problem"),
    [
        ("read", 500, "internal"),
        ("read", 404, "not-found"),
        ("create", 409, "isbn-taken"),
        ("change", 409, "insufficient-stock"),
        ("cancel", 409, "order-already-cancelled"),
        ("page", 204, None),
    ],
)
def test_a_status_that_the_operation_may_not_have_is_counted(
    run: Scenario, kind: str, status: int, problem: str | None
) -> None:
    run.call(kind, status, problem=problem, order="id-first" if kind == "cancel" else None)  # type: ignore[arg-type]
    found = run.judged()
    assert found.unexpected == {str(status): 1}
    assert found.sentences()[0].startswith(f"1 × {status}, which the contract does not name")


def test_a_503_that_breaks_the_rules_of_all_answers_is_counted(run: Scenario) -> None:
    run.call("read", 503, malformed="KeyError: 'retry-after'")
    assert "retry-after" in run.judged().sentences()[0]


@pytest.mark.parametrize("no_answer", ["closed", "refused"])
def test_only_a_service_that_was_ended_may_close_and_refuse_connections(
    run: Scenario, no_answer: str
) -> None:
    call = run.call("read", None, no_answer=no_answer, book=CHANGED)
    assert run.judged().unexpected == {no_answer: 1}
    assert run.judged(down=Downtime(call.called + 0.05, call.ended + 9)).sentences() == []
    assert run.judged(down=Downtime(call.ended + 0.1, call.ended + 9)).unexpected


def test_no_service_may_let_a_client_wait_in_vain(run: Scenario) -> None:
    call = run.call("read", None, no_answer="timed out", book=CHANGED)
    found = run.judged(down=Downtime(call.called, call.ended))
    assert found.unexpected == {"timed out": 1}


def test_only_some_examples_are_told_of_a_long_list(run: Scenario) -> None:
    for number in range(10):
        run.create(f"b{number}", is_there=False)
    sentences = run.judged().sentences()
    assert len(sentences) == 4
    assert sentences[-1] == "lost: 7 more"
