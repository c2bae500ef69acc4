from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bakeoff_bench.costs import starting
from bakeoff_bench.costs.asking import ask
from bakeoff_bench.errors import BenchError
from bakeoff_bench.loading import places
from bakeoff_bench.loading.preparing import Wanted, prepare
from bakeoff_schemas.database_url import DatabaseUrl

PYTHON = Path(sys.executable)
BOOKS = 20


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> DatabaseUrl:
    address = DatabaseUrl.parse(f"sqlite:///{tmp_path_factory.mktemp('books')}")
    prepare(address, Wanted(size="test", books=BOOKS), report=lambda what, done, total: None)
    return places.bench_url(address, "test")


def test_a_fresh_process_imports_the_layer_and_then_answers(
    url: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "TIMES", 1)
    started = starting.best("raw", driver=None, url=url, python=PYTHON)
    assert 0 < started.imported < started.answered


def test_a_layer_that_does_not_start_says_why_without_the_password() -> None:
    url = DatabaseUrl.parse("postgresql://ann:s3cr3t@127.0.0.1:1/books")
    with pytest.raises(BenchError, match=r"cold_start by .* failed: .*Connection") as failed:
        starting.best("raw", driver=None, url=url, python=PYTHON)
    assert "s3cr3t" not in str(failed.value)


def test_a_python_that_is_not_there_is_named(url: DatabaseUrl, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="nowhere failed: FileNotFoundError"):
        starting.best("raw", driver=None, url=url, python=tmp_path / "nowhere")


def test_an_operation_on_more_books_holds_more_memory(url: DatabaseUrl) -> None:
    held = ask(
        "operation_memory",
        python=PYTHON,
        url=url,
        arm="raw",
        books=BOOKS,
        seed=1,
        scenarios=["point-read", "page-first"],
    )
    assert 100 < held["point-read"] < held["page-first"] / 2


def test_an_arm_is_asked_only_for_what_it_does(url: DatabaseUrl) -> None:
    held = ask(
        "operation_memory",
        python=PYTHON,
        url=url,
        arm="driver",
        books=BOOKS,
        seed=1,
        scenarios=["point-read", "page-first"],
    )
    assert list(held) == ["point-read"]
