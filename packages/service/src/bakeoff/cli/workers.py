"""Several processes that serve one address: uvicorn's manager starts, replaces and stops them."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial

from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from bakeoff import logs
from bakeoff.app import create_app
from bakeoff.cli import server
from bakeoff.cli.console import Failure
from bakeoff.settings import Settings

log = logging.getLogger("bakeoff")

# How long a worker may take to answer the manager. A new one answers when it has imported
# everything, which takes seconds where many begin at once.
_ANSWER_TIMEOUT = 30


class Workers(Multiprocess):
    """Says when all workers serve, and stops on SIGHUP as a single process does.

    A worker makes an application of its own from the settings, which it is handed through a pipe:
    neither its command line nor its environment shows what an option of the command said.
    """

    def __init__(
        self,
        settings: Settings,
        sockets: list[socket.socket],
        *,
        count: int,
        ready: Callable[[], None],
    ) -> None:
        """Take bound sockets; `ready` is called once, when all `count` workers serve on them."""
        config = server.configuration(
            partial(_application, settings),
            settings,
            factory=True,
            lifespan="on",
            workers=count,
            timeout_worker_healthcheck=_ANSWER_TIMEOUT,
        )
        super().__init__(config, sockets)
        self._ready = ready
        self._announced = False

    def run(self) -> None:
        """Serve until a signal; a worker that dies is replaced.

        :raises Failure: another process listens there, or a worker cannot start.
        """
        # Here, because a worker that could not listen would be replaced again and again.
        server.listen(self.sockets, backlog=self.config.backlog)
        super().run()
        if any(process.exitcode == STARTUP_FAILURE for process in self.processes):
            raise Failure("a worker could not start; what it logged is above")

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that have died; called twice a second."""
        if self._announced or not all(process.process.is_alive() for process in self.processes):
            super().keep_subprocess_alive()
        # uvicorn's check would wait out its time for a worker that fails while it starts.
        elif all(process.is_ready(timeout=1) for process in self.processes):
            self._announced = True
            self._ready()

    def terminate_all(self) -> None:
        """Let every worker finish its requests and end."""
        # Whoever still holds a socket keeps it listening: clients would wait where nobody answers.
        for sock in self.sockets:
            sock.close()
        super().terminate_all()

    def handle_hup(self) -> None:
        """Stop."""
        self.should_exit.set()


def _application(settings: Settings) -> ASGIApp:
    """The application of one worker, made in its process."""
    logs.configure(settings)
    if sys.platform != "win32":
        # A terminal that closes tells the whole group; the manager stops the workers then.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        return create_app(settings)
    # The outermost level of this process: for anything but this exit code the manager would start
    # another worker, which would fail in the same way.
    except Exception:
        log.exception("the application cannot be made")
        sys.exit(STARTUP_FAILURE)
