from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

_LONGEST = 120.0

Serving = Callable[..., AbstractContextManager["Served"]]


@dataclass(frozen=True)
class Served:
    """A server with processes of its own; what it prints is in two files."""

    process: subprocess.Popen[bytes]
    port: int
    stdout: Path
    stderr: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> httpx.Response:
        # Each on a connection of its own, which is not kept.
        return httpx.get(self.url + path, trust_env=False, timeout=_LONGEST)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(_LONGEST)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder and no setting from outside."""
    for name in list(os.environ):
        if name.startswith("BAKEOFF_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    """Starts a command in which `8000` stands for a free port; its processes end with the test."""

    @contextmanager
    def started(
        command: str, *, ready: str | None = "/health/ready", **settings: str
    ) -> Iterator[Served]:
        port = _free_port()
        words = shlex.split(command.replace("8000", str(port)))
        served = Served(
            process=_start(words, tmp_path, settings),
            port=port,
            stdout=tmp_path / "stdout",
            stderr=tmp_path / "stderr",
        )
        try:
            if ready is not None:
                _await(served, ready)
            yield served
        finally:
            # All of its group: those that a manager has started would outlive it.
            with suppress(ProcessLookupError):
                os.killpg(served.process.pid, signal.SIGKILL)
            served.process.wait()

    return started


def _start(words: list[str], folder: Path, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    environment = {f"BAKEOFF_{name.upper()}": value for name, value in settings.items()}
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**os.environ, "PATH": programs, **environment},
            start_new_session=True,
        )


def _await(served: Served, path: str) -> None:
    deadline = time.monotonic() + _LONGEST
    while time.monotonic() < deadline and served.process.poll() is None:
        with suppress(httpx.TransportError):
            if served.get(path).status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"it does not serve:\n{served.stderr.read_text()}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
