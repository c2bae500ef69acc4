"""What holds for the statements of every operation, on every backend and every database."""

from __future__ import annotations

import pytest

from bakeoff_contract.statements import caps
from bakeoff_contract.statements.reads import READS
from bakeoff_contract.statements.recorder import OPERATIONS, Recorder
from bakeoff_contract.statements.writes import WRITES

# Of the same list, with nothing else that differs.
_PAGES = {
    name.replace("limit=100", "limit=1"): name for name in READS if name.endswith("limit=100]")
}
# For each of these, much is to be written.
_LONG = {
    "books.create[tags]": "books.create[tags=20]",
    "books.replace[tags]": "books.replace[tags=20]",
    "orders.place": "orders.place[lines=50]",
    "orders.cancel": "orders.cancel[lines=50]",
    "outbox.add": "outbox.add[100]",
    "outbox.publish": "outbox.publish[100]",
    "outbox.claim": "outbox.claim[100]",
}
_MANY = {name.removesuffix("[100]"): name for name in READS if name.endswith("[100]")}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_keeps_within_its_cap(recorded: Recorder, name: str) -> None:
    """Statements and round trips, each."""
    seen = recorded.of(name)
    assert seen.statements, "nothing was recorded"
    assert len(seen.statements) <= caps.of(name), seen.statements
    assert seen.round_trips <= caps.of(name), seen.statements


@pytest.mark.parametrize("name", READS)
def test_a_read_is_no_transaction_and_sets_and_pings_nothing(recorded: Recorder, name: str) -> None:
    """A read is its statements and nothing else."""
    assert [text for text in recorded.of(name).statements if caps.is_overhead(text)] == []


@pytest.mark.parametrize("name", WRITES)
def test_a_write_is_begun_and_committed_once_and_nothing_else(
    recorded: Recorder, name: str
) -> None:
    """No savepoint, and nothing after the COMMIT."""
    overhead = [caps.verb(text) for text in recorded.of(name).statements if caps.is_overhead(text)]
    assert overhead in (["BEGIN", "COMMIT"], ["START", "COMMIT"])
    assert caps.verb(recorded.of(name).statements[-1]) == "COMMIT"


@pytest.mark.parametrize("name", [name for name in WRITES if name.startswith("orders.place")])
def test_an_order_does_not_look_its_customer_up(recorded: Recorder, name: str) -> None:
    """The foreign key finds an unknown customer, and costs no statement."""
    assert [text for text in recorded.of(name).statements if caps.reads_users(text)] == []


@pytest.mark.parametrize(("one", "hundred"), (_PAGES | _MANY).items())
def test_a_hundred_rows_cost_as_much_as_one(recorded: Recorder, one: str, hundred: str) -> None:
    """The same statements, but for the values in them: there is no N+1."""
    few, many = recorded.of(one), recorded.of(hundred)
    assert many.statements == few.statements
    assert many.round_trips == few.round_trips


@pytest.mark.parametrize(("short", "long"), _LONG.items())
def test_many_rows_cost_as_much_as_few(recorded: Recorder, short: str, long: str) -> None:
    """There is no N+1 in writes either."""
    few, many = recorded.of(short), recorded.of(long)
    assert many.statements == few.statements
    assert many.round_trips == few.round_trips


def test_a_unit_of_work_costs_nothing_to_read_and_begin_and_commit_to_write(
    recorded: Recorder,
) -> None:
    """Whatever is done in it."""
    assert recorded.of("reading").round_trips == 0
    assert recorded.of("writing").round_trips <= 2


def test_a_ping_is_one_round_trip(recorded: Recorder) -> None:
    """It is what readiness costs."""
    assert recorded.of("ping").round_trips == 1


def test_a_description_is_one_statement(recorded: Recorder) -> None:
    """The server is asked for its version, and for nothing else."""
    assert len(recorded.of("describe").statements) == 1
