"""Server processes: each serves one arm on a free port, and all of them always end."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from bakeoff_bench.controller.processes import environment
from bakeoff_bench.errors import BenchError
from bakeoff_bench.http.catalogue import HttpArm
from bakeoff_bench.http.options import HttpOptions
from bakeoff_bench.http.serve import Serve, Serving
from bakeoff_bench.masking import masked
from bakeoff_schemas.database_url import DatabaseUrl

_TO_START, _TO_END = 60.0, 10.0
_SHOWN = 2000


class HttpServer:
    """One arm behind one uvicorn worker, in a fresh process of its environment's interpreter."""

    def __init__(
        self, arm: HttpArm, *, python: Path, url: DatabaseUrl, books: int, pool: int
    ) -> None:
        """Start the process; it serves once `await_start` has returned.

        :raises BenchError: there is no such interpreter.
        """
        self.arm = arm
        self._url = url
        self._serving: Serving | None = None
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process lives
        order = Serve(
            module=arm.module, backend=arm.backend, url=url.render(), books=books, pool=pool
        )
        try:
            self._process = subprocess.Popen(
                [python, "-m", "bakeoff_bench.http.server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._printed,
                env=environment(os.environ),
                start_new_session=True,  # Ctrl-C reaches the controller alone, which ends them
                text=True,
            )
        except OSError as error:
            self._printed.close()
            raise BenchError(f"{arm.name}: {python} cannot be started: {error.strerror}") from None
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(order.encode())
            self._process.stdin.flush()
        except OSError:
            raise self._failed() from None

    def await_start(self) -> None:
        """Wait until it serves.

        :raises BenchError: it does not; with what the process printed.
        """
        assert self._process.stdout is not None
        timer = threading.Timer(_TO_START, self._process.kill)
        timer.start()
        try:
            line = self._process.stdout.readline()
        finally:
            timer.cancel()
        if not line:
            raise self._failed()
        self._serving = Serving.decode(line)

    @property
    def serving(self) -> Serving:
        """What it said when it had started."""
        assert self._serving is not None
        return self._serving

    @property
    def origin(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.serving.port}"

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def cpu_ns(self) -> int:
        """CPU time of the process so far, to ten milliseconds or so."""
        times = psutil.Process(self.pid).cpu_times()
        return int((times.user + times.system) * 1e9)

    def end(self) -> None:
        """End it, by force if it takes too long; safe to call more than once."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
            self._process.wait(_TO_END)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        finally:
            self._process.stdout.close()
            self._printed.close()

    def _failed(self) -> BenchError:
        self._process.kill()
        self._process.wait()
        self._printed.seek(0)
        printed = self._printed.read().decode(errors="replace").strip()[-_SHOWN:]
        self.end()
        told = f"{self.arm.name} did not serve. It printed:\n{printed}"
        return BenchError(masked(told, url=self._url))


@contextmanager
def serving(
    arms: Iterable[HttpArm], options: HttpOptions, *, url: DatabaseUrl, books: int
) -> Iterator[dict[str, HttpServer]]:
    """A server for every arm by its name, started all at once and ended in the end.

    :raises BenchError: one of them does not serve.
    """
    with ExitStack() as stack:
        servers: dict[str, HttpServer] = {}
        for arm in arms:
            python = options.workers[arm.backend]
            server = HttpServer(arm, python=python, url=url, books=books, pool=options.pool)
            stack.callback(server.end)
            servers[arm.name] = server
        for server in servers.values():
            server.await_start()
        yield servers
