"""The bookstore as a process of its own, as `bakeoff serve` runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bakeoff_contract.api import Api
from bakeoff_schemas.database_url import DatabaseUrl

_TIMEOUT = 30.0
_SETTINGS = {
    "connect_retries": "0",
    "pool_max": "6",
    "log_level": "error",
    # The cheapest hash: the time that passwords take is not tested.
    "argon2_time_cost": "1",
    "argon2_memory_kib": "32",
}


@contextmanager
def service_process(backend: str, url: DatabaseUrl, **settings: str) -> Iterator[Api]:
    """A client of a process with these settings, which ends well when it is told to."""
    with started(backend, url, **settings) as (_, base_url), Api(base_url) as api:
        yield api


@contextmanager
def started(
    backend: str, url: DatabaseUrl, *, path: Path | None = None, **settings: str
) -> Iterator[tuple[int, str]]:
    """The number and the address of such a process; `path` is a folder of further packages."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "stderr")
        own = {"database_url": url.render(), **_SETTINGS, **settings}
        process = _start(backend, folder, log, path, own)
        try:
            assert process.stdout is not None
            first_line = process.stdout.readline()
            assert first_line, log.read_text(encoding="utf-8")
            yield process.pid, first_line.split()[-1]
            process.terminate()
            assert process.wait(_TIMEOUT) == 0, log.read_text(encoding="utf-8")
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _start(
    backend: str, folder: str, log: Path, path: Path | None, settings: dict[str, str]
) -> subprocess.Popen[str]:
    others = {name: v for name, v in os.environ.items() if not name.startswith("BAKEOFF_")}
    own = {f"BAKEOFF_{name.upper()}": value for name, value in settings.items()}
    if path is not None:
        own["PYTHONPATH"] = str(path)
    with log.open("wb") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "bakeoff", "serve", "--port", "0", "--backend", backend],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            # Without a file `.env`.
            cwd=folder,
            env={**others, "PYTHONUNBUFFERED": "1", **own},
        )
