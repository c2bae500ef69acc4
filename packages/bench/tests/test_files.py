from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bakeoff_bench.errors import BenchError
from bakeoff_bench.results import files
from bakeoff_bench.results.files import UnreadableResult
from bakeoff_bench.results.model import Result

Sampled = Callable[..., Result]
Changed = Callable[..., Path]


@pytest.fixture
def changed(tmp_path: Path, sampled: Sampled) -> Changed:
    """Writes a result of which some fields are others."""

    def write(**fields: Any) -> Path:
        path = tmp_path / "bench.json"
        document = json.loads(sampled(scenarios=["search"], tasks=[1]).model_dump_json())
        path.write_text(json.dumps({**document, **fields}), "utf-8")
        return path

    return write


def test_what_was_written_is_read_again(tmp_path: Path, sampled: Sampled) -> None:
    path = tmp_path / "build" / "bench.json"
    files.write(sampled(), path)
    assert files.read(path) == sampled()


def test_writing_leaves_nothing_but_the_file(tmp_path: Path, sampled: Sampled) -> None:
    path = tmp_path / "bench.json"
    files.write(sampled(), path)
    files.write(sampled(seed=2), path)
    assert list(tmp_path.iterdir()) == [path]
    assert files.read(path).seed == 2


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path, sampled: Sampled) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BenchError, match=r"cannot write .*bench\.json: File exists"):
        files.write(sampled(), tmp_path / "file" / "bench.json")


def test_a_failed_write_keeps_what_was_there(tmp_path: Path, sampled: Sampled) -> None:
    (tmp_path / "bench.json").mkdir()
    with pytest.raises(BenchError, match="cannot write"):
        files.write(sampled(), tmp_path / "bench.json")
    assert [path.name for path in tmp_path.iterdir()] == ["bench.json"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableResult, match=r"cannot read .*none\.json: No such file"):
        files.read(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b"[]", "it has no schema_version"),
        (b"{}", "it has no schema_version"),
        (b'{"schema_version": "1"}', "it has no schema_version"),
        (b'{"schema_version": 1}', "began: Field required"),
    ],
)
def test_a_file_that_is_no_result_is_named_with_what_is_wrong(
    tmp_path: Path, content: bytes, wrong: str
) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(UnreadableResult) as raised:
        files.read(path)
    assert str(raised.value).startswith(f"{path} is no result of bakeoff-bench: ")
    assert wrong in str(raised.value)


def test_the_field_that_is_wrong_is_named(changed: Changed) -> None:
    with pytest.raises(UnreadableResult, match=r"machine\.cpus: Input should be a valid integer"):
        files.read(changed(machine={"cpus": "two"}))


def test_of_many_faults_the_first_are_named_and_the_rest_counted(changed: Changed) -> None:
    with pytest.raises(UnreadableResult, match=r"machine\.processor: .* and 5 more$"):
        files.read(changed(machine={}))


def test_a_file_of_a_newer_bench_is_told_from_a_broken_one(changed: Changed) -> None:
    with pytest.raises(UnreadableResult, match="newer bakeoff-bench: its schema_version is 2"):
        files.read(changed(schema_version=2, something="new"))
