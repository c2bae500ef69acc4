"""What is timed: every scenario with its name and description, and how answers are compared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Set
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from bakeoff_bench import operations
from bakeoff_bench.inputs import BULK, LINES, Step
from bakeoff_bench.operations import EXPORT_BATCH, REPORT_LIMIT, Do, Work, reading, writing
from bakeoff_schemas import timestamps
from bakeoff_schemas.records import Page

NOTHING: frozenset[str] = frozenset()
NEW = frozenset({"id", "isbn", "version", "created_at", "updated_at", "placed_at"})
"""Fields that the database or the clock sets; the ISBNs of an arm are its own."""
SOLD = NEW | {"stock"}
"""And the stock, which the sales of every arm lower."""


def comparable(answer: Any, *, leaving_out: Set[str]) -> Any:
    """The answer in JSON, without the fields of these names at any depth of its records.

    The keys of a book's `attributes` are data, and stay.

    :raises TypeError: it holds something that is no value of a record.
    """
    if answer is None or isinstance(answer, str | bool | int | float):
        return answer
    if is_dataclass(answer) and not isinstance(answer, type):
        return {
            field.name: comparable(getattr(answer, field.name), leaving_out=leaving_out)
            for field in fields(answer)
            if field.name not in leaving_out
        }
    if isinstance(answer, list | tuple):
        return [comparable(item, leaving_out=leaving_out) for item in answer]
    if isinstance(answer, dict):
        return {key: comparable(item, leaving_out=NOTHING) for key, item in answer.items()}
    if isinstance(answer, datetime):
        return timestamps.write(answer)
    if isinstance(answer, Decimal | UUID | date):
        return str(answer)
    raise TypeError(f"an answer holds a {type(answer).__name__}")


Run = Callable[[Work, Any], Awaitable[Any]]
Prepare = Callable[[Do, Any], Awaitable[Any]]

_ONE = (1,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One operation, or one mix of them.

    `run` does one input by the port; `prepare` completes a drawn input before the clock starts.
    `tasks` are useful numbers of concurrent tasks, `checks` is how many answers are compared,
    `leaves_out` names the fields of an answer that a run cannot repeat.
    """

    name: str
    description: str
    run: Run
    prepare: Prepare | None = None
    writes: bool = False
    tasks: tuple[int, ...] = (1, 8, 32)
    checks: int = 8
    leaves_out: Set[str] = NOTHING

    def comparable(self, answer: Any) -> Any:
        """The answer as JSON that is the same for every arm that does this right.

        :raises TypeError: it holds something that is no value of a record.
        """
        # Tutorial arms answer a plain list where the port has a page.
        if self.name == "page-first" and isinstance(answer, Page):
            answer = answer.items
        return comparable(answer, leaving_out=self.leaves_out)


async def _step(work: Work, step: Step) -> Any:
    return await BY_NAME[step.scenario].run(work, step.input)


async def _prepare_step(do: Do, step: Step) -> Step:
    prepare = BY_NAME[step.scenario].prepare
    if prepare is None:
        return step
    return Step(scenario=step.scenario, input=await prepare(do, step.input))


# Reads come first: checked in this order, no arm reads what another has written.
SCENARIOS = (
    Scenario(
        name="point-read",
        description="One book by its id, with its author and tags.",
        run=reading(lambda store, book_id: store.books.get(book_id)),
    ),
    Scenario(
        name="page-first",
        description="The first 20 books by id, with author and tags.",
        run=reading(operations.page),
        checks=1,
    ),
    Scenario(
        name="page-deep",
        description="20 books by id after a cursor in the middle of all books.",
        run=reading(operations.page),
    ),
    Scenario(
        name="page-filtered",
        description="The first 20 books by id with a certain tag and a price in a certain range.",
        run=reading(operations.page),
        prepare=operations.around,
    ),
    Scenario(
        name="page-sorted",
        description="20 books by title after a cursor somewhere among all titles.",
        run=reading(operations.page),
        prepare=operations.after_title,
    ),
    Scenario(
        name="search",
        description="The first 20 books by id whose title holds a certain word.",
        run=reading(operations.page),
        prepare=operations.with_word,
    ),
    Scenario(
        name="report-sales",
        description=f"The {REPORT_LIMIT} authors whose books brought in most in one year.",
        run=reading(operations.report_sales),
        tasks=_ONE,
        checks=1,
    ),
    Scenario(
        name="report-tags",
        description="Least, greatest and average price of the books under each tag.",
        run=reading(lambda store, _: store.reports.prices_by_tag()),
        tasks=_ONE,
        checks=1,
    ),
    Scenario(
        name="export",
        description=f"All books by id with author and tags, {EXPORT_BATCH} at a time.",
        run=operations.export,
        tasks=_ONE,
        checks=1,
    ),
    Scenario(
        name="create",
        description="One new book with three tags that are there, in one transaction.",
        run=writing(operations.create),
        writes=True,
        leaves_out=NEW,
    ),
    Scenario(
        name="update-noop",
        description="Price and stock of one book, changed to what they are already.",
        run=writing(operations.change),
        prepare=operations.as_it_is,
        writes=True,
        leaves_out=NEW,
    ),
    Scenario(
        name="update",
        description="Price and stock of one book, changed to something else.",
        run=writing(operations.change),
        writes=True,
        leaves_out=NEW,
    ),
    Scenario(
        name="bulk-insert",
        description=f"{BULK} new books with three tags each, in one transaction.",
        run=writing(operations.create_bulk),
        writes=True,
        tasks=_ONE,
        checks=1,
        leaves_out=NEW,
    ),
    Scenario(
        name="upsert",
        description="A book by its ISBN: half of them new, half of them there already.",
        run=writing(operations.upsert),
        prepare=operations.replacement,
        writes=True,
        leaves_out=NEW,
    ),
    Scenario(
        name="order",
        description=f"One order of {LINES} different books by a customer who is there.",
        run=writing(operations.order),
        writes=True,
        leaves_out=SOLD,
    ),
    Scenario(
        name="cancel",
        description=f"An order of {LINES} books, placed before the clock starts, taken back.",
        run=writing(operations.cancel),
        prepare=operations.placed,
        writes=True,
        leaves_out=SOLD,
    ),
    Scenario(
        name="browse",
        description="Of 20 operations 10 read one book, 4 the first page, 3 a page in the middle, "
        "2 search, and 1 changes a book.",
        run=_step,
        prepare=_prepare_step,
        writes=True,
        checks=20,
        leaves_out=SOLD | {"price"},
    ),
    Scenario(
        name="checkout",
        description=f"As many reads of one book as orders of {LINES} books.",
        run=_step,
        prepare=_prepare_step,
        writes=True,
        leaves_out=SOLD,
    ),
)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
