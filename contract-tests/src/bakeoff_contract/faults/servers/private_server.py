"""What can be done to a server of a run's own."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any, ClassVar, Literal

import psutil

from bakeoff_contract.throwaway import Server, existing
from bakeoff_contract.throwaways.database import NoConnection, Product
from bakeoff_schemas.database_url import DatabaseUrl

_TIMEOUT = 60.0
# Below those that the system gives to connections, so that it stays free while the server is down.
_PORTS = range(20_000, 32_000)

Ending = Literal["orderly", "crash"]


class ServerFailed(Exception):
    """A server does not start or does not end; the message quotes what it has printed."""


class PrivateServer(ABC):
    """One server on 127.0.0.1, whose data are in a folder of its own and outlive its process.

    Its administrator needs no password.
    """

    product: ClassVar[Product]
    # How its administrator stops it, and how it ends without having put anything in order.
    signals: ClassVar[Mapping[Ending, signal.Signals]]
    # The user of the system that it runs as, where it refuses to run as root.
    user: ClassVar[str | None] = None

    def __init__(self, folder: Path, program: Sequence[str]) -> None:
        """`folder` is empty and for this server alone; `program` are the words that start it."""
        self.folder = folder
        self.data = folder / "data"
        # Apart from the data, so that these may run out of space without ending the server.
        self.logs = folder / "logs"
        self.port = _free_port()
        # Further words of the command that runs it, from its next start on.
        self.options: list[str] = []
        self._program = [*program]
        self._messages = folder / "messages"
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @abstractmethod
    def program(cls) -> list[str]:
        """The words that start it.

        :raises NoSoftware: it is not installed.
        """

    @property
    @abstractmethod
    def address(self) -> DatabaseUrl:
        """The server as its administrator reaches it."""

    @abstractmethod
    def read_only(self) -> AbstractContextManager[None]:
        """Refuse every write meanwhile; connections stay."""

    @abstractmethod
    def _making(self) -> list[str]:
        """The command that makes the data folder."""

    @abstractmethod
    def _serving(self) -> list[str]:
        """The command that runs the server."""

    @property
    def url(self) -> str:
        """The address as text."""
        return self.address.render()

    @property
    def pids(self) -> list[int]:
        """The server's processes, the first one first; none while it does not run."""
        return [process.pid for process in self._family()]

    @property
    def memory_kib(self) -> int:
        """What the processes take together, with what they share counted once (KiB)."""
        return sum(one.memory_full_info().pss for one in self._family()) // 1024

    def make(self) -> None:
        """Make the data folder.

        :raises ServerFailed: it cannot be made.
        """
        self.logs.mkdir()
        if self.user is not None:
            for path in (self.folder, self.logs):
                shutil.chown(path, self.user, self.user)
        command = self._making()
        done = self._run(command)
        if done.wait(_TIMEOUT):
            raise ServerFailed(f"{Path(command[0]).name} failed: {self._said()}")

    def start(self) -> None:
        """Start it, and wait until it answers.

        :raises ServerFailed: it does not.
        """
        assert not self.pids, "the server runs already"
        self._process = self._run([*self._serving(), *self.options])
        deadline = time.monotonic() + _TIMEOUT
        while not self._answers():
            if self._process.poll() is not None:
                self._process = None
                raise ServerFailed(f"the {self.product} server has ended: {self._said()}")
            if time.monotonic() > deadline:
                raise ServerFailed(f"the {self.product} server does not answer: {self._said()}")
            time.sleep(0.05)

    def stop(self, ending: Ending = "orderly") -> None:
        """End it; connections do not keep it from ending.

        :raises ServerFailed: it does not end.
        """
        process = self._running()
        process.send_signal(self.signals[ending])
        try:
            process.wait(_TIMEOUT)
        except subprocess.TimeoutExpired:
            raise ServerFailed(f"the {self.product} server does not end: {self._said()}") from None
        self._process = None

    def restart(self, ending: Ending = "orderly") -> None:
        """End it and start it again."""
        self.stop(ending)
        self.start()

    def pause(self) -> None:
        """Let all its processes stand still: connections stay, and nothing is answered."""
        # The first one first: it makes the others.
        os.kill(self._running().pid, signal.SIGSTOP)
        for process in self._family()[1:]:
            _signal(process, signal.SIGSTOP)

    def resume(self) -> None:
        """Let them go on with what they were sent meanwhile."""
        for process in reversed(self._family()):
            _signal(process, signal.SIGCONT)

    def discard(self) -> None:
        """Make sure that no process is left, whatever was done to it."""
        if self._process is None:
            return
        self.resume()
        family = self._family()
        self._process.send_signal(self.signals["crash"])
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        for process in psutil.wait_procs(family, timeout=10)[1]:
            _signal(process, signal.SIGKILL)

    def connect(self) -> Any:
        """A connection of its administrator, by the sync driver and in autocommit mode."""
        database = existing(self.address)
        assert isinstance(database, Server)
        return database.connect()

    def execute(self, *statements: str) -> None:
        """Run statements as the administrator."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except NoConnection:
            return False
        return True

    def _run(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        with self._messages.open("ab") as messages:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=messages,
                # What a terminal interrupts is the run, which ends the server in its turn.
                start_new_session=True,
                user=self.user,
                group=self.user,
                extra_groups=None if self.user is None else [],
                cwd=self.folder,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
            )

    def _said(self) -> str:
        return self._messages.read_text(encoding="utf-8", errors="replace")[-2000:].strip()

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the server does not run"
        return self._process

    def _family(self) -> list[psutil.Process]:
        if self._process is None or self._process.poll() is not None:
            return []
        try:
            first = psutil.Process(self._process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def _free_port() -> int:
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
