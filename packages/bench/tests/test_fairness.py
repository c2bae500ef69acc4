"""`nox -s fairness` inspects all layers; here `raw` is, alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from bakeoff_bench.arms.catalogue import DATABASES
from bakeoff_bench.errors import BenchError
from bakeoff_bench.fairness import DEVIATIONS, LAYERS, inspect_all, page, problems
from bakeoff_bench.fairness_connections import CONDITIONS, SAME, conditions
from bakeoff_bench.loading import bench_url, databases
from bakeoff_bench.loading.preparing import DataSetChoice, prepare
from bakeoff_schemas.database_url import DatabaseUrl

PAGE = Path(__file__).parents[3] / "docs/fairness.md"
SERVERS = [name for name in DATABASES if f"BAKEOFF_TEST_{name.upper()}_URL" in os.environ]


def fair(database: str) -> dict[str, dict[str, str]]:
    """Facts of layers that are set up as they should be."""
    found = {
        layer: {
            name: "5" if value == SAME else value for name, value in CONDITIONS[database].items()
        }
        for layer in LAYERS
    }
    for (place, condition, backend), (value, _) in DEVIATIONS.items():
        if place == database:
            found[backend][condition] = value or "another"
    return found


@pytest.fixture(scope="module", params=["sqlite", *SERVERS])
def raw(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """What the connections of `raw` are set to, on a database of its own."""
    folder = f"sqlite:///{tmp_path_factory.mktemp('fairness')}"
    address = DatabaseUrl.parse(os.environ.get(f"BAKEOFF_TEST_{request.param.upper()}_URL", folder))
    choice = DataSetChoice(size=f"test_{uuid4().hex[:12]}", books=10)
    prepare(address, choice, report=lambda what, done, total: None)
    url = bench_url(address, choice.size)
    yield asyncio.run(conditions("raw", url))
    databases.drop(url)


def test_every_condition_is_read_from_the_open_connections_of_a_layer(raw: dict[str, Any]) -> None:
    database = raw["database"]
    assert raw["facts"].keys() == CONDITIONS[database].keys()
    assert [*problems(database, {"raw": raw["facts"]})] == []


@pytest.mark.parametrize("database", DATABASES)
def test_layers_with_these_conditions_are_fair(database: str) -> None:
    assert [*problems(database, fair(database))] == []


@pytest.mark.parametrize("database", DATABASES)
def test_every_other_value_of_every_condition_is_a_problem(database: str) -> None:
    for condition in CONDITIONS[database]:
        found = fair(database)
        found["databases"][condition] = "something else"
        (problem,) = problems(database, found)
        assert problem.startswith(f"{database}: {condition} of databases is something else, not ")


def test_a_condition_that_a_layer_does_not_report_is_a_problem() -> None:
    found = fair("sqlite")
    del found["tortoise"]["PRAGMA synchronous"]
    assert [*problems("sqlite", found)] == ["sqlite: PRAGMA synchronous of tortoise is None, not 2"]


@pytest.mark.parametrize(("database", "condition", "backend"), DEVIATIONS)
def test_a_deviation_must_still_be_one(database: str, condition: str, backend: str) -> None:
    found = fair(database)
    found[backend][condition] = found["raw"][condition]
    (problem,) = problems(database, found)
    assert problem.endswith("it is no deviation any more")


def test_a_deviation_has_its_own_value() -> None:
    found = fair("sqlite")
    found["gino"]["PRAGMA busy_timeout"] = "200"
    assert [*problems("sqlite", found)] == ["sqlite: PRAGMA busy_timeout of gino is 200, not 100"]


def test_all_layers_must_be_there_to_be_compared() -> None:
    with pytest.raises(BenchError, match="--worker sqlalchemy=PYTHON"):
        inspect_all({"raw": Path("python")}, [])


def test_the_page_shows_every_condition_and_the_reason_of_every_deviation() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
    for values in CONDITIONS.values():
        assert all(f"| {condition} |" in page() for condition in values)
    assert all(reason in page() for _, reason in DEVIATIONS.values())
