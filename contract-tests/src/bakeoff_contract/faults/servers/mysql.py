"""A MySQL server of a run's own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bakeoff_contract.faults.servers.mysql_family import MysqlFamilyServer
from bakeoff_contract.faults.servers.software import on_path, program_of

# Without name resolution 127.0.0.1 is not localhost, the only place root may come from at first.
_ROOT = """\
CREATE USER 'root'@'127.0.0.1';
GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
"""
_SMALL = "--innodb-redo-log-capacity=8M"


class MysqlServer(MysqlFamilyServer):
    """`mysqld`, where that is not MariaDB's."""

    product = "mysql"

    @classmethod
    def program(cls) -> list[str]:
        """The one on the path."""
        return program_of("mysql", [path for path in on_path("mysqld") if _is_mysql(path)])

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Refuse the writes of administrators as well."""
        self.execute("SET GLOBAL super_read_only = ON")
        try:
            yield
        finally:
            self.execute("SET GLOBAL super_read_only = OFF, GLOBAL read_only = OFF")

    def _making(self) -> list[str]:
        first = self.folder / "first.sql"
        first.write_text(_ROOT, encoding="utf-8")
        options = [*self._common(), *self._places(), _SMALL]
        return [*self._program, *options, "--initialize-insecure", f"--init-file={first}"]

    def _serving(self) -> list[str]:
        # While its disk is full, a server with a binary log waits a minute before it tries again.
        own = [_SMALL, "--mysqlx=OFF", "--secure-file-priv=NULL", "--disable-log-bin"]
        return [*self._program, *self._options(), *self._places(), *own]

    def _places(self) -> list[str]:
        """Where the program finds its own files: beside itself, wherever it was unpacked."""
        base = Path(self._program[-1]).parents[1]
        return [f"--basedir={base}", f"--lc-messages-dir={base / 'share' / 'mysql'}"]


def _is_mysql(program: Path) -> bool:
    """MariaDB installs its own program under MySQL's name too."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return done.returncode == 0 and "MariaDB" not in done.stdout
