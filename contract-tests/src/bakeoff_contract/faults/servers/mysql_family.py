"""What the servers of MySQL and MariaDB have in common."""

from __future__ import annotations

import os
import signal
from types import MappingProxyType

from bakeoff_contract.faults.servers.private_server import PrivateServer
from bakeoff_schemas.database_url import DatabaseUrl

_SETTINGS = (
    "--bind-address=127.0.0.1",
    # Relative to the data folder: the path of a socket may not exceed 107 bytes.
    "--socket=server.sock",
    "--pid-file=server.pid",
    "--skip-name-resolve",
    "--character-set-server=utf8mb4",
    "--default-time-zone=+00:00",
    "--max-connections=60",
    "--innodb-buffer-pool-size=32M",
)


class MysqlFamilyServer(PrivateServer):
    """A server of either with small buffers; everything else is as its makers set it."""

    signals = MappingProxyType({"orderly": signal.SIGTERM, "crash": signal.SIGKILL})

    @property
    def address(self) -> DatabaseUrl:
        """The administrator, without a database."""
        return DatabaseUrl.parse(f"{self.product}://root@127.0.0.1:{self.port}/")

    def _common(self) -> list[str]:
        """The options with which the data are made as well."""
        # Both refuse to run as root without this option.
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        data = [f"--datadir={self.data}", f"--innodb-log-group-home-dir={self.logs}"]
        return ["--no-defaults", *as_root, *data]

    def _options(self) -> list[str]:
        return [*self._common(), *_SETTINGS, f"--port={self.port}"]
