"""A MariaDB server of a run's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bakeoff_contract.faults.servers.mysql_family import MysqlFamilyServer
from bakeoff_contract.faults.servers.software import NoSoftware, on_path, program_of

_INSTALLER = "mariadb-install-db"
_SMALL = "--innodb-log-file-size=8M"


class MariadbServer(MysqlFamilyServer):
    """`mariadbd`."""

    product = "mariadb"

    @classmethod
    def program(cls) -> list[str]:
        """The one on the path, if what makes its data is there as well."""
        if not on_path(_INSTALLER):
            raise NoSoftware(f"there is no {_INSTALLER} on the path: install a MariaDB server")
        return program_of("mariadb", on_path("mariadbd"))

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Refuse the writes of all but administrators, as MariaDB cannot refuse those."""
        self.execute("SET GLOBAL read_only = ON")
        try:
            yield
        finally:
            self.execute("SET GLOBAL read_only = OFF")

    def _making(self) -> list[str]:
        options = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        return [str(on_path(_INSTALLER)[0]), *self._common(), _SMALL, *options]

    def _serving(self) -> list[str]:
        return [*self._program, *self._options(), _SMALL]
