from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bakeoff_bench.errors import BenchError
from bakeoff_bench.http.wrk import Wrk, find, read

TOLD: dict[str, Any] = {
    "requests": 3,
    "microseconds": 1_000_000,
    "errors": {"connect": 0, "read": 0, "write": 0, "timeout": 0, "status": 0},
    "latencies": {"120": 2, "4500": 1},
}


def program(folder: Path, *lines: str) -> Path:
    wrk = folder / "wrk"
    wrk.write_text("\n".join((f"#!{sys.executable}", "import sys", *lines)))
    wrk.chmod(0o755)
    return wrk


def test_a_load_counts_requests_and_every_latency() -> None:
    load = read(f"Running 1s test\n\n{json.dumps(TOLD)}\n")
    assert (load.requests, load.nanoseconds) == (3, 1_000_000_000)
    assert load.latencies == {120_000: 2, 4_500_000: 1}


@pytest.mark.parametrize("kind", ["connect", "read", "write", "timeout", "status"])
def test_one_failed_request_makes_the_run_fail(kind: str) -> None:
    errors = {**TOLD["errors"], kind: 1}
    with pytest.raises(BenchError, match=rf"of 3 requests some failed \({kind} 1\)"):
        read(json.dumps({**TOLD, "errors": errors}))


def test_a_server_that_answers_nothing_makes_the_run_fail() -> None:
    with pytest.raises(BenchError, match="not one request"):
        read(json.dumps({**TOLD, "requests": 0, "latencies": {}}))


def test_a_machine_without_wrk_is_told_which_package_has_it() -> None:
    with pytest.raises(BenchError, match=r"apt-get install wrk.*--no-http"):
        find("a-program-that-is-not-there")


def test_wrk_is_told_where_how_long_how_many_and_what(tmp_path: Path) -> None:
    wrk = program(tmp_path, f"print(sys.argv[1:], file=open({str(tmp_path / 'given')!r}, 'w'))")
    with wrk.open("a") as script:
        script.write(f"\nprint({json.dumps(TOLD)!r})\n")
    drive = Wrk(program=find(str(wrk)), paths=tmp_path / "paths", seconds=2)
    assert drive("http://127.0.0.1:1", connections=16).requests == 3
    given = (tmp_path / "given").read_text()
    for part in ("'--connections', '16'", "'--duration', '2s'", "requests.lua", "127.0.0.1:1"):
        assert part in given


def test_what_wrk_says_when_it_fails_is_passed_on(tmp_path: Path) -> None:
    wrk = program(tmp_path, "sys.exit('unable to connect')")
    drive = Wrk(program=wrk, paths=tmp_path / "paths", seconds=1)
    with pytest.raises(BenchError, match="wrk failed: unable to connect"):
        drive("http://127.0.0.1:1", connections=1)
