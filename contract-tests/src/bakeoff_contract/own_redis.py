"""A Redis server of a test's own, which can be stopped, killed, frozen and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from redis import Redis
from redis.exceptions import ConnectionError as NotThere

PROGRAM = "redis-server"
_TIMEOUT = 20.0


def program() -> str | None:
    """The program, if it is installed."""
    return shutil.which(PROGRAM)


class OwnRedis:
    """One server on a free port; its data folder outlives it, so that it can start from a snapshot.

    It writes snapshots only when it is told to (`snapshot`).
    """

    def __init__(self, folder: Path) -> None:
        """`folder` is empty, and for this server alone."""
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, with the data of the last snapshot, and wait until it answers."""
        found = program()
        assert found is not None, f"there is no {PROGRAM} here: install the package of that name"
        command = [found, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--dir", str(self._folder), "--logfile", str(self._folder / "redis.log")]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + _TIMEOUT
        while True:
            try:
                self.ask("PING")
            except NotThere:
                assert self._process.poll() is None, "the server ended as soon as it had started"
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.01)
            else:
                return

    def stop(self) -> None:
        """End it as its administrator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a lack of memory would; it may be frozen."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Let it stand still: its connections stay, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on, with whatever it was sent meanwhile."""
        self._signal(signal.SIGCONT)

    def snapshot(self) -> None:
        """Write the data as they are to the disk, from where `start` reads them."""
        self.ask("SAVE")

    def ask(self, *command: str) -> Any:
        """Send one command on a connection of its own."""
        with Redis.from_url(self.url, socket_timeout=_TIMEOUT) as client:
            return client.execute_command(*command)

    def _end(self, number: int) -> None:
        if self._process is None:
            return
        self._signal(number)
        self._process.wait(_TIMEOUT)
        self._process = None

    def _signal(self, number: int) -> None:
        assert self._process is not None, "the server does not run"
        os.kill(self._process.pid, number)
