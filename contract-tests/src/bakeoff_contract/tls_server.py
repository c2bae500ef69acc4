"""A database server of a test's own that shows the certificate which it is told to show."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

import pymysql

from bakeoff_contract.certificates import Authority, Certificate
from bakeoff_contract.faults.servers import PrivateServer, private_server
from bakeoff_contract.throwaway import Server, existing
from bakeoff_contract.throwaways.database import Product
from bakeoff_schemas.database_url import DatabaseUrl

# Who logs in with it, and the database; the password is to be seen nowhere.
USER, NAME, PASSWORD = "reader", "shop", "correct horse/battery@staple"
_TIMEOUT = 10.0
_NOT_RELOADED = 3888

_CREATE = {
    "postgresql": (
        f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'",
        f"CREATE DATABASE {NAME} OWNER {USER}",
    ),
    "mysql": (
        f"CREATE USER {USER} IDENTIFIED BY '{PASSWORD}'",
        f"CREATE DATABASE {NAME} CHARACTER SET utf8mb4",
        f"GRANT ALL ON {NAME}.* TO {USER}",
    ),
}
# One row for each session of that user: whether it is encrypted.
_SESSIONS = {
    "postgresql": (
        "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
        f" WHERE usename = '{USER}' AND backend_type = 'client backend'"
    ),
    "mysql": (
        "SELECT status.variable_value <> '' FROM performance_schema.status_by_thread AS status"
        " JOIN performance_schema.threads AS thread USING (thread_id)"
        f" WHERE thread.processlist_user = '{USER}' AND status.variable_name = 'Ssl_cipher'"
    ),
}


class TlsServer:
    """A server with an empty database; whoever connects may also do so in the clear."""

    def __init__(self, server: PrivateServer, authorities: Iterable[Authority]) -> None:
        """`server` runs, and nobody else uses it; `authorities` sign what it shows."""
        self._server = server
        self._family = server.address.family
        self._files = server.folder / "server.crt", server.folder / "server.key"
        self._authorities = server.folder / "authorities.pem"
        self._authorities.write_bytes(b"".join(authority.pem for authority in authorities))
        server.execute(*_CREATE[self._family])

    @property
    def url(self) -> DatabaseUrl:
        """The database, without a word about encryption."""
        return DatabaseUrl.of_parts(
            scheme=self._server.product,
            host=self._server.address.host,
            port=self._server.port,
            name=NAME,
            user=USER,
            password=PASSWORD,
        )

    def present(self, certificate: Certificate) -> None:
        """Show this certificate to everybody who connects from now on."""
        for file, content in zip(
            self._files, (certificate.certificate, certificate.key), strict=True
        ):
            # It is for the server alone, or the server refuses to read it.
            draft = file.with_suffix(".new")
            draft.touch(mode=0o600)
            draft.write_bytes(content)
            if self._server.user is not None:
                shutil.chown(draft, self._server.user)
            draft.replace(file)
        match self._server.product:
            case "postgresql":
                self._present_by_postgresql()
            case "mysql":
                self._present_by_mysql()
            case _:
                self._present_by_mariadb()

    def sessions(self) -> list[bool]:
        """Whether each session of the user is encrypted, as the server sees it."""
        with closing(self._server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(_SESSIONS[self._family])
            return [bool(encrypted) for (encrypted,) in cursor.fetchall()]

    def end_sessions(self) -> None:
        """End the sessions of the user, and wait until they are gone."""
        database = existing(self._server.address.with_name(NAME))
        assert isinstance(database, Server)
        database.end(database.sessions())

    def _present_by_postgresql(self) -> None:
        """The first process reads the files again, and forks one for each connection."""
        before = self._loaded()
        certificate, key = self._files
        self._server.execute(
            f"ALTER SYSTEM SET ssl_cert_file = '{certificate}'",
            f"ALTER SYSTEM SET ssl_key_file = '{key}'",
            "ALTER SYSTEM SET ssl = on",
            "SELECT pg_reload_conf()",
        )
        deadline = time.monotonic() + _TIMEOUT
        while self._loaded() == before:
            assert time.monotonic() < deadline, "the server does not read its settings again"
            time.sleep(0.01)

    def _present_by_mysql(self) -> None:
        """It reloads no certificate that is not good at the time, but starts with one."""
        files = {"ca": self._authorities, "cert": self._files[0], "key": self._files[1]}
        self._server.options = [f"--ssl-{name}={file}" for name, file in files.items()]
        changes = [f"GLOBAL ssl_{name} = '{file}'" for name, file in files.items()]
        try:
            self._server.execute(f"SET {', '.join(changes)}", "ALTER INSTANCE RELOAD TLS")
        except pymysql.err.OperationalError as error:
            if error.args[0] != _NOT_RELOADED:
                raise
            self._server.restart()

    def _present_by_mariadb(self) -> None:
        """Where the files are is an option of its command line."""
        certificate, key = self._files
        options = [f"--ssl-cert={certificate}", f"--ssl-key={key}", "--performance-schema=ON"]
        if self._server.options == options:
            self._server.execute("FLUSH SSL")
        else:
            self._server.options = options
            self._server.restart()

    def _loaded(self) -> object:
        with closing(self._server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_conf_load_time()")
            return cursor.fetchone()


@contextmanager
def tls_server(product: Product, authorities: Iterable[Authority]) -> Iterator[TlsServer]:
    """A server that encrypts as soon as it has been given a certificate.

    :raises NoSoftware: there is no such server to start here.
    """
    with private_server(product) as server:
        yield TlsServer(server, authorities)
