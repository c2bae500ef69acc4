from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bakeoff_bench.arms.catalogue import BY_NAME
from bakeoff_bench.controller.loader import DataSet
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import Options
from bakeoff_bench.controller.workers import open_workers
from bakeoff_bench.costs import measuring
from bakeoff_bench.costs.measuring import cold_start
from bakeoff_bench.errors import BenchError
from bakeoff_bench.loading import bench_url
from bakeoff_bench.loading.preparing import DataSetChoice, prepare
from bakeoff_schemas.database_url import DatabaseUrl

BOOKS = 20


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    address = DatabaseUrl.parse(f"sqlite:///{tmp_path_factory.mktemp('books')}")
    choice = DataSetChoice(size="test", books=BOOKS)
    prepare(address, choice, report=lambda what, done, total: None)
    return DataSet(url=bench_url(address, "test"), books=BOOKS)


def options(python: Path = Path(sys.executable)) -> Options:
    return Options(
        workers={"raw": python},
        databases={},
        folder=Path("nowhere"),
        scenarios=(),
        arms=(),
        time_limit=60,
    )


def allocated(arm: str, data: DataSet) -> dict[str, float]:
    with (
        Pinning() as pinning,
        open_workers([arm], data=data, options=options(), pinning=pinning, pool=1) as workers,
    ):
        return workers[arm].allocate(["point-read", "page-first"], seed=1)


def test_a_fresh_process_imports_the_layer_and_then_answers(
    data: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "COLD_STARTS", 1)
    start = cold_start(BY_NAME["raw"], data=data, options=options())
    assert 0 < start.imported < start.answered


def test_a_layer_that_does_not_start_says_why_without_the_password() -> None:
    url = DatabaseUrl.parse("postgresql://ann:s3cr3t@127.0.0.1:1/books")
    with pytest.raises(BenchError, match=r"cold_start raw on .* cannot be reached") as failed:
        cold_start(BY_NAME["raw"], data=DataSet(url=url, books=1), options=options())
    assert "s3cr3t" not in str(failed.value)


def test_a_python_that_is_not_there_is_named(data: DataSet, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="nowhere cannot be started"):
        cold_start(BY_NAME["raw"], data=data, options=options(tmp_path / "nowhere"))


def test_an_operation_on_more_books_holds_more_memory(data: DataSet) -> None:
    held = allocated("raw", data)
    assert 100 < held["point-read"] < held["page-first"] / 2


def test_memory_is_measured_only_for_what_an_arm_does(data: DataSet) -> None:
    assert list(allocated("driver", data)) == ["point-read"]
