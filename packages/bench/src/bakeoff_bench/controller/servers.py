"""Which processes on this machine are the server that an address means."""

from __future__ import annotations

from bakeoff_bench import servers
from bakeoff_schemas.database_url import DatabaseUrl

_HERE = ("127.0.0.1", "localhost", "::1")


def local_server_processes(server: DatabaseUrl) -> list[int]:
    """The server with all its children; empty if it is elsewhere, not to be seen, or SQLite."""
    # Where the address is another machine's, something else may listen at the same port here.
    here = server.family != "sqlite" and server.host in _HERE
    return servers.server_processes(server.port) if here else []
