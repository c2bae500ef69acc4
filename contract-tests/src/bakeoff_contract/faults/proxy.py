"""The network between a service and its database: cut, refused, slow, or silent."""

from __future__ import annotations

import json
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

_TIMEOUT = 30.0


class Proxy:
    """A TCP proxy on `port` of 127.0.0.1; it passes everything on until it is told otherwise.

    It is a process of its own (`relay`), so that what it carries does not wait for the load, which
    this process makes.
    """

    def __init__(self, host: str, port: int) -> None:
        """`host` and `port` are those of the database."""
        self._database = (host, port)
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bakeoff_contract.faults.relay", *map(str, self._database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._answer())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        process = self._running()
        try:
            # It ends when nobody can tell it anything any more.
            process.communicate(timeout=_TIMEOUT)
        finally:
            process.kill()

    def carry(self) -> None:
        """Pass everything on, that which was held included."""
        self._tell("carry")

    def cut(self) -> None:
        """Reset every connection; new ones are accepted."""
        self._tell("cut")

    def refuse(self) -> None:
        """Reset every connection and refuse new ones, as when there is no server on the port."""
        self._tell("refuse")

    def slow_down(self, *, delay: float, rate: int) -> None:
        """Delay what the database answers by `delay` seconds, and limit each connection.

        `rate` is in bytes a second and in each direction.
        """
        self._tell("slow_down", delay=delay, rate=rate)

    def hold(self) -> None:
        """Accept connections and pass nothing on, not even that one has ended.

        Nothing is lost: TCP, too, goes on to send what has not arrived.
        """
        self._tell("hold")

    def _tell(self, order: str, **values: Any) -> None:
        stdin = self._running().stdin
        assert stdin is not None
        stdin.write(json.dumps({"order": order, **values}) + "\n")
        stdin.flush()
        answer = self._answer()
        assert answer == order, f"the proxy was told to {order}, and answers {answer!r}"

    def _answer(self) -> str:
        stdout = self._running().stdout
        assert stdout is not None
        line = stdout.readline()
        assert line, "the proxy has ended; the reason is on the standard error output"
        return line.strip()

    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None, "the proxy does not run"
        return self._process
