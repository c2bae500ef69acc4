"""The operations under all their names: in the bench, in the port, and in recorded statements."""

from __future__ import annotations

import re
from typing import Final

from bakeoff_bench.arms.catalogue import TUTORIAL_SCENARIOS
from bakeoff_bench.scenarios import BY_NAME, SCENARIOS
from bakeoff_report.model import Operation

# Scenario: method of the port, recorded statements. A recording has its own sample rows: the one
# that costs the same is named, not one with the same numbers.
_NAMES: Final = {
    "point-read": ("Books.get", "books.get"),
    "page-first": ("Books.list", "books.list"),
    "page-deep": ("Books.list", "books.list[cursor]"),
    "page-filtered": ("Books.list", "books.list[tag]"),
    "page-sorted": ("Books.list", "books.list[by title, cursor]"),
    "search": ("Books.list", None),
    "report-sales": ("Reports.sales_by_author", "reports.sales_by_author[since, until]"),
    "report-tags": ("Reports.prices_by_tag", "reports.prices_by_tag"),
    "export": ("Books.export", "books.export[limit=100]"),
    "create": ("Books.create", "books.create[tags]"),
    "update-noop": ("Books.change", "books.change"),
    "update": ("Books.change", "books.change"),
    "bulk-insert": ("Books.create_bulk", "books.create_bulk[100]"),
    "upsert": ("Books.upsert", "books.upsert[existing]"),
    "order": ("Orders.place", "orders.place"),
    "cancel": ("Orders.cancel", "orders.cancel"),
    "browse": (None, None),
    "checkout": (None, None),
}


def operations() -> list[Operation]:
    """All scenarios of the bench, in its order."""
    return [operation(scenario.name) for scenario in SCENARIOS]


def operation(name: str) -> Operation:
    """One scenario; one that this version does not know has no other names."""
    port, statements = _NAMES.get(name, (None, None))
    known = BY_NAME.get(name)
    return Operation(
        id=name,
        title=name.replace("-", " "),
        description=known.description if known else "Not known to this version of the bench.",
        port=port,
        statements=statements,
        writes=known.writes if known else False,
        taught=name in TUTORIAL_SCENARIOS,
    )


def port_of_recording(name: str) -> str | None:
    """The class and method of the port, for example `Books.get` for `books.get[limit=1]`."""
    match = re.match(r"([a-z]+)\.([a-z_]+)", name)
    return f"{match[1].capitalize()}.{match[2]}" if match else None
