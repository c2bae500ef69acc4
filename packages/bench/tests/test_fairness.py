"""The layers themselves are asked by `python -m bakeoff_bench.fairness`; here `raw` is, alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from bakeoff_bench.arms.catalogue import DATABASES
from bakeoff_bench.errors import BenchError
from bakeoff_bench.fairness import page
from bakeoff_bench.fairness.asking import POOL, conditions
from bakeoff_bench.fairness.cells import LAYERS, Cell, ask_all
from bakeoff_bench.fairness.judging import ALLOWED, Allowed, differing, problems
from bakeoff_bench.fairness.sessions import SERVERS_OWN
from bakeoff_bench.loading import databases, places
from bakeoff_bench.loading.preparing import Wanted, prepare
from bakeoff_schemas.database_url import DatabaseUrl

PAGE = Path(__file__).parents[3] / "docs/fairness.md"
SERVERS = [name for name in DATABASES if f"BAKEOFF_TEST_{name.upper()}_URL" in os.environ]


def _cells(database: str, *, apart: tuple[str, ...] = ()) -> list[Cell]:
    """Layers that differ in what is excused there and in `apart`, and in nothing else."""
    excused = [allowed.fact for allowed in ALLOWED if database in allowed.databases]
    return [
        Cell(
            backend=name,
            layer=name.title(),
            driver="driver",
            database=database,
            facts={
                "most connections": "10",
                **{fact: str(number % 2) for fact in (*excused, *apart)},
            },
        )
        for number, name in enumerate(LAYERS)
    ]


@pytest.fixture(scope="module", params=["sqlite", *SERVERS])
def raw(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cell]:
    """What `raw` tells of a database of its own."""
    folder = f"sqlite:///{tmp_path_factory.mktemp('fairness')}"
    address = DatabaseUrl.parse(os.environ.get(f"BAKEOFF_TEST_{request.param.upper()}_URL", folder))
    wanted = Wanted(size=f"test_{uuid4().hex[:12]}", books=10)
    prepare(address, wanted, report=lambda what, done, total: None)
    url = places.bench_url(address, wanted.size)
    yield Cell(**asyncio.run(conditions("raw", url)))
    databases.drop(url)


def test_a_layer_is_asked_on_its_own_connections(raw: Cell) -> None:
    assert raw.backend == "raw"
    assert raw.facts["connections when opened"] == str(POOL)
    assert raw.facts["most connections"] == str(POOL)
    assert raw.facts["one more has to wait"] == "yes"
    assert raw.facts["reads autocommit"] == "yes"
    assert raw.facts["transactions of a writer"] == "1"
    telling = {
        "sqlite": ("PRAGMA journal_mode", "wal"),
        "postgresql": ("statement_timeout", "30000"),
        "mysql": ("max_execution_time", "30000"),
        "mariadb": ("max_statement_time", "30.000000"),
    }
    fact, value = telling[raw.database]
    assert raw.facts[fact] == value


def test_what_a_layer_tells_fits_on_the_page(raw: Cell) -> None:
    text = page.section([replace(raw, backend=name) for name in LAYERS])
    assert all(f"| {fact} |" in text for fact in raw.facts)
    assert page.split(page.join({raw.database: text})) == {raw.database: text}


@pytest.mark.parametrize("database", DATABASES)
def test_what_is_excused_is_fair(database: str) -> None:
    assert problems(_cells(database)) == []


def test_a_difference_that_nobody_excused_is_unfair() -> None:
    (problem,) = problems(_cells("postgresql", apart=("jit",)))
    assert problem.startswith("postgresql: jit differs: raw 0, sqlalchemy 1")


def test_a_condition_that_a_layer_does_not_tell_differs() -> None:
    first, *others = _cells("sqlite")
    telling = replace(first, facts={**first.facts, "PRAGMA fast": "1"})
    assert "PRAGMA fast" in differing([telling, *others])


@pytest.mark.parametrize("allowed", ALLOWED, ids=lambda allowed: allowed.fact)
def test_what_has_become_equal_must_not_be_excused_any_more(
    allowed: Allowed,
) -> None:
    database = allowed.databases[0]
    same = [replace(cell, facts={**cell.facts, allowed.fact: "equal"}) for cell in _cells(database)]
    (problem,) = problems(same)
    assert f"{allowed.fact} is the same for all" in problem


def test_a_difference_is_shown_with_its_reason() -> None:
    text = page.section(_cells("mysql", apart=("time_zone",)))
    assert "| collation_connection | `0` | `1` |" in text
    assert "Text is compared by the collation of its column" in text
    assert "| time_zone |" in text
    assert "| It is not. |" in text


def test_what_a_layer_leaves_alone_is_not_told_so_that_the_page_fits_any_server(raw: Cell) -> None:
    left_alone = {
        "sqlite": None,
        "postgresql": "work_mem",
        "mysql": "wait_timeout",
        "mariadb": "wait_timeout",
    }[raw.database]
    if left_alone is None:
        assert SERVERS_OWN not in raw.facts.values()
    else:
        assert raw.facts[left_alone] == SERVERS_OWN


def test_sections_of_databases_that_were_not_asked_stay_as_they_are() -> None:
    before = page.join({name: page.section(_cells(name)) for name in DATABASES})
    changed = page.section(_cells("mysql", apart=("time_zone",)))
    after = page.split(page.join(page.split(before) | {"mysql": changed}))
    assert [*after] == [*page.split(before)]
    assert [name for name in after if after[name] != page.split(before)[name]] == ["mysql"]


def test_all_layers_must_be_there_to_be_compared(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="--worker sqlalchemy=PYTHON"):
        ask_all({"raw": Path("python")}, DatabaseUrl.parse(f"sqlite:///{tmp_path}"))


def test_the_page_of_the_project_finds_nothing_unfair_on_any_database() -> None:
    sections = page.split(PAGE.read_text(encoding="utf-8"))
    assert [*sections] == [*DATABASES]
    for name, text in sections.items():
        assert all(f"| `{layer}` |" in text for layer in LAYERS)
        assert "It is not." not in text, name
