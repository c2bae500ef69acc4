"""What is timed: every scenario with its name, and what a reader of the results must know of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Set
from dataclasses import dataclass
from typing import Any

from bakeoff_bench import comparing, operations, preparations
from bakeoff_bench.draws import BULK, LINES
from bakeoff_bench.inputs import Step
from bakeoff_bench.operations import EXPORT_BATCH, REPORT_LIMIT, Work
from bakeoff_bench.preparations import Do
from bakeoff_schemas.records import Page

Run = Callable[[Work, Any], Awaitable[Any]]
Prepare = Callable[[Do, Any], Awaitable[Any]]

_ONE = (1,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One operation, or one mix of them.

    `run` does one input by the port; `prepare` makes that input of what was drawn, before the clock
    starts. `tasks` are the numbers of tasks at once that make sense, `checks` is how many answers
    are compared. `leaves_out` names the fields of an answer that a run cannot repeat.
    """

    name: str
    title: str
    description: str
    run: Run
    prepare: Prepare | None = None
    writes: bool = False
    tasks: tuple[int, ...] = (1, 8, 32)
    checks: int = 8
    leaves_out: Set[str] = comparing.NOTHING

    def comparable(self, answer: Any) -> Any:
        """The answer as JSON that is the same for every arm that does this right.

        :raises TypeError: it holds something that no arm should answer.
        """
        # The arms that are no layer answer a plain list where the port has a page.
        if self.name == "page-first" and isinstance(answer, Page):
            answer = answer.items
        return comparing.comparable(answer, leaving_out=self.leaves_out)


async def _step(work: Work, step: Step) -> Any:
    return await BY_NAME[step.scenario].run(work, step.input)


async def _prepare_step(do: Do, step: Step) -> Step:
    prepare = BY_NAME[step.scenario].prepare
    if prepare is None:
        return step
    return Step(scenario=step.scenario, input=await prepare(do, step.input))


# Those that only read come first: checked in this order, no arm reads what another has written.
SCENARIOS = (
    Scenario(
        name="point-read",
        title="Read one book",
        description="One book by its id, with its author and tags.",
        run=operations.point_read,
    ),
    Scenario(
        name="page-first",
        title="First page",
        description="The first 20 books by id, with author and tags.",
        run=operations.first_page,
        checks=1,
    ),
    Scenario(
        name="page-deep",
        title="Page in the middle",
        description="20 books by id after a cursor in the middle of all books.",
        run=operations.page,
    ),
    Scenario(
        name="page-filtered",
        title="Filtered page",
        description="The first 20 books by id with a certain tag and a price in a certain range.",
        run=operations.page,
        prepare=preparations.around,
    ),
    Scenario(
        name="page-sorted",
        title="Sorted page",
        description="20 books by title after a cursor somewhere among all titles.",
        run=operations.page,
        prepare=preparations.after_title,
    ),
    Scenario(
        name="search",
        title="Search",
        description="The first 20 books by id whose title holds a certain word.",
        run=operations.page,
        prepare=preparations.with_word,
    ),
    Scenario(
        name="report-sales",
        title="Report of sales",
        description=f"The {REPORT_LIMIT} authors whose books brought in most in one year.",
        run=operations.report_sales,
        tasks=_ONE,
        checks=1,
    ),
    Scenario(
        name="report-tags",
        title="Report of prices",
        description="Least, greatest and average price of the books under each tag.",
        run=operations.report_tags,
        tasks=_ONE,
        checks=1,
    ),
    Scenario(
        name="export",
        title="Export",
        description=f"All books by id with author and tags, {EXPORT_BATCH} at a time.",
        run=operations.export,
        tasks=_ONE,
        checks=1,
    ),
    Scenario(
        name="create",
        title="Add a book",
        description="One new book with three tags that are there, in one transaction.",
        run=operations.create,
        writes=True,
        leaves_out=comparing.NEW,
    ),
    Scenario(
        name="update-noop",
        title="Change nothing",
        description="Price and stock of one book, changed to what they are already.",
        run=operations.change,
        prepare=preparations.as_it_is,
        writes=True,
        leaves_out=comparing.NEW,
    ),
    Scenario(
        name="update",
        title="Change a book",
        description="Price and stock of one book, changed to something else.",
        run=operations.change,
        writes=True,
        leaves_out=comparing.NEW,
    ),
    Scenario(
        name="bulk-insert",
        title=f"Add {BULK} books",
        description=f"{BULK} new books with three tags each, in one transaction.",
        run=operations.create_bulk,
        writes=True,
        tasks=_ONE,
        checks=1,
        leaves_out=comparing.NEW,
    ),
    Scenario(
        name="upsert",
        title="Add or replace",
        description="A book by its ISBN: half of them new, half of them there already.",
        run=operations.upsert,
        prepare=preparations.replacement,
        writes=True,
        leaves_out=comparing.NEW,
    ),
    Scenario(
        name="order",
        title="Order",
        description=f"One order of {LINES} different books by a customer who is there.",
        run=operations.order,
        writes=True,
        leaves_out=comparing.SOLD,
    ),
    Scenario(
        name="cancel",
        title="Cancel an order",
        description=f"An order of {LINES} books, placed before the clock starts, taken back.",
        run=operations.cancel,
        prepare=preparations.placed,
        writes=True,
        leaves_out=comparing.SOLD,
    ),
    Scenario(
        name="browse",
        title="Browsing",
        description="Of 20 operations 10 read one book, 4 the first page, 3 a page in the middle, "
        "2 search, and 1 changes a book.",
        run=_step,
        prepare=_prepare_step,
        writes=True,
        checks=20,
        leaves_out=comparing.SOLD | {"price"},
    ),
    Scenario(
        name="checkout",
        title="Checkout",
        description=f"As many reads of one book as orders of {LINES} books.",
        run=_step,
        prepare=_prepare_step,
        writes=True,
        leaves_out=comparing.SOLD,
    ),
)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
