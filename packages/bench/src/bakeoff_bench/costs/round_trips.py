"""The round trips of one operation of each scenario, as `nox -s statements` recorded them.

Each scenario is a port operation whose statements were recorded at the driver. There is no figure
for scenarios with a varying number of operations (the export, the mixes, upsert), nor for the
search, which was not recorded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bakeoff_bench.errors import BenchError

RECORDED_AS: Mapping[str, str] = {
    "point-read": "books.get",
    "page-first": "books.list",
    "page-deep": "books.list[cursor]",
    "page-filtered": "books.list[tag]",
    "page-sorted": "books.list[by title, cursor]",
    "create": "books.create[tags]",
    "update-noop": "books.change",
    "update": "books.change",
    "bulk-insert": "books.create_bulk[1000]",
    "order": "orders.place",
    "cancel": "orders.cancel",
    "report-sales": "reports.sales_by_author",
    "report-tags": "reports.prices_by_tag",
}
"""The recorded variant that is nearest to each scenario."""

RoundTrips = Mapping[tuple[str, str], dict[str, int]]


def read(path: Path) -> RoundTrips:
    """The round trips of each scenario by backend and database, from recorded statements.

    `path` is `build/statements.json`, or the folder `contract-tests/baselines`.

    :raises BenchError: it cannot be read as one of them.
    """
    try:
        files = sorted(path.glob("*.json")) if path.is_dir() else [path]
        contents = [json.loads(file.read_text(encoding="utf-8")) for file in files]
        return {
            key: _of_scenarios(operations)
            for content in contents
            for key, operations in _cells(content)
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchError(f"{path} holds no recorded statements: {error!r}") from error


def _cells(content: Any) -> Iterator[tuple[tuple[str, str], Any]]:
    for cell in content["cells"]:
        databases = cell["databases"] if "databases" in cell else [cell["database"]]
        for database in databases:
            yield (cell["backend"], database), cell["operations"]


def _of_scenarios(operations: Mapping[str, Any]) -> dict[str, int]:
    return {
        scenario: operations[name]["round_trips"]
        for scenario, name in RECORDED_AS.items()
        if name in operations
    }
