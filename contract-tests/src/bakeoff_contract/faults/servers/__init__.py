"""Database servers of a run's own, which may be stopped, paused and refused to others."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bakeoff_contract.faults.servers.mariadb import MariadbServer
from bakeoff_contract.faults.servers.mysql import MysqlServer
from bakeoff_contract.faults.servers.postgresql import PostgresqlServer
from bakeoff_contract.faults.servers.private_server import PrivateServer, ServerFailed
from bakeoff_contract.faults.servers.software import NoSoftware
from bakeoff_contract.throwaways.database import Product

__all__ = ["NoSoftware", "PrivateServer", "ServerFailed", "private_server", "startable"]

_KINDS: dict[Product, type[PrivateServer]] = {
    "postgresql": PostgresqlServer,
    "mysql": MysqlServer,
    "mariadb": MariadbServer,
}


def startable(product: Product) -> bool:
    """Whether the software of such a server is here."""
    try:
        _KINDS[product].program()
    except NoSoftware:
        return False
    return True


@contextmanager
def private_server(product: Product) -> Iterator[PrivateServer]:
    """A server with data of its own, which runs; nothing is left of it afterwards.

    :raises NoSoftware: it cannot be had here; the message is a sentence that says why.
    :raises ServerFailed: it does not start; the message quotes its log.
    """
    kind = _KINDS[product]
    program = kind.program()
    # Not below a test's own folder: nobody else may enter that, the user of the server included.
    folder = Path(tempfile.mkdtemp(prefix=f"bakeoff-{product}-"))
    try:
        server = kind(folder, program)
        server.make()
        try:
            server.start()
            yield server
        finally:
            server.discard()
    finally:
        shutil.rmtree(folder)
