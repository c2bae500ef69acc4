from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bakeoff_bench import inputs
from bakeoff_bench.errors import BenchError
from bakeoff_bench.http import mixes
from bakeoff_bench.http.mixes.driving import MIXES, Locust, read

ENTRY: dict[str, Any] = {
    "name": "GET /books", "num_requests": 3, "num_failures": 0, "start_time": 100.0,
    "last_request_timestamp": 102.0, "response_times": {"4": 2, "17.0": 1},
}  # fmt: skip


def locustfile() -> ast.Module:
    """Read, not imported: Locust is in an environment of its own."""
    assert mixes.__file__ is not None
    return ast.parse(Path(mixes.__file__).with_name("locustfile.py").read_text("utf-8"))


def test_locust_shops_in_the_shares_of_the_scenarios() -> None:
    [shares] = [
        ast.literal_eval(node.value)
        for node in locustfile().body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SHARES"
    ]
    assert list(shares) == list(MIXES)
    for mix, share in shares.items():
        steps = inputs.draw(
            mix, seed=1, count=sum(share.values()), books=1000, isbns=inputs.fresh_isbns("raw")
        )
        assert Counter(step.scenario for step in steps) == share


def test_every_mix_has_a_class_of_users() -> None:
    classes = {node.name for node in locustfile().body if isinstance(node, ast.ClassDef)}
    assert set(MIXES.values()) <= classes


def test_all_kinds_of_requests_count_together() -> None:
    later = {**ENTRY, "name": "PATCH", "num_requests": 1, "last_request_timestamp": 104.5}
    load = read([ENTRY, {**later, "response_times": {"4": 1}}])
    assert (load.requests, load.nanoseconds) == (4, 4_500_000_000)
    assert load.latencies == {4_000_000: 3, 17_000_000: 1}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([{**ENTRY, "num_failures": 1}], r"of 3 requests some failed \(GET /books 1\)"),
        ([], "not one request"),
    ],
)
def test_a_failed_request_or_none_at_all_makes_the_run_fail(
    entries: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(BenchError, match=message):
        read(entries)


def test_an_interpreter_without_locust_is_named_with_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    python = Path("bin/python")
    python.parent.mkdir()
    python.write_text("#!/bin/sh\necho 'No module named locust' >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(BenchError, match=r"--locust.*No module named locust"):
        Locust(python=python, mix="browse")("http://127.0.0.1:1", connections=1)
