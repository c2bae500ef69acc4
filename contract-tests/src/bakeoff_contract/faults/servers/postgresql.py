"""A PostgreSQL server of a run's own."""

from __future__ import annotations

import os
import pwd
import re
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType

from bakeoff_contract.faults.servers.private_server import PrivateServer
from bakeoff_contract.faults.servers.software import NoSoftware, on_path, program_of
from bakeoff_schemas.database_url import DatabaseUrl

_USER = "postgres"
_TIMEOUT = 10.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "shared_buffers": "16MB",
    "max_connections": "60",
    # None comes in between.
    "checkpoint_timeout": "1h",
}


class PostgresqlServer(PrivateServer):
    """`postgres` with small buffers; everything else is as its makers set it."""

    product = "postgresql"
    signals = MappingProxyType({"orderly": signal.SIGINT, "crash": signal.SIGQUIT})
    user = _USER if os.geteuid() == 0 else None

    @classmethod
    def program(cls) -> list[str]:
        """The newest that the distribution has installed, else the one on the path."""
        installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_numbers)
        found = program_of("postgresql", [*reversed(installed), *on_path("postgres")])
        if cls.user is not None and not _exists(cls.user):
            raise NoSoftware(f"PostgreSQL refuses to run as root, and there is no user {cls.user}")
        return found

    @property
    def address(self) -> DatabaseUrl:
        """The database of the administrator."""
        return DatabaseUrl.parse(f"postgresql://{_USER}@127.0.0.1:{self.port}/postgres")

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Make every transaction read-only that does not say otherwise."""
        self._set("default_transaction_read_only = on")
        try:
            yield
        finally:
            self._set("default_transaction_read_only = off")

    def _set(self, setting: str) -> None:
        """Change a setting, and wait until new sessions have it."""
        self.execute(f"ALTER SYSTEM SET {setting}", "SELECT pg_reload_conf()")
        name, _, value = setting.split()
        deadline = time.monotonic() + _TIMEOUT
        while True:
            with closing(self.connect()) as connection, connection.cursor() as cursor:
                cursor.execute(f"SHOW {name}")
                if cursor.fetchone() == (value,):
                    return
            assert time.monotonic() < deadline, f"the server does not take over {setting}"
            time.sleep(0.01)

    def _making(self) -> list[str]:
        initdb = str(Path(self._program[-1]).with_name("initdb"))
        command = [*self._program[:-1], initdb, f"--pgdata={self.data}", f"--username={_USER}"]
        command += ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        return [*command, f"--waldir={self.logs / 'wal'}"]

    def _serving(self) -> list[str]:
        settings = _SETTINGS | {"port": str(self.port)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [*self._program, "-D", str(self.data), *options]


def _exists(user: str) -> bool:
    return any(entry.pw_name == user for entry in pwd.getpwall())


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(path))]
