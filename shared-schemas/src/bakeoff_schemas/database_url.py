"""Database addresses: one way to write them for every backend."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from bakeoff_schemas import database_url_options
from bakeoff_schemas.database_url_options import TlsMode

Family = Literal["sqlite", "postgresql", "mysql"]

_FAMILIES: dict[str, tuple[Family, int]] = {
    "sqlite": ("sqlite", 0),
    "postgresql": ("postgresql", 5432),
    "postgres": ("postgresql", 5432),
    "mysql": ("mysql", 3306),
    "mariadb": ("mysql", 3306),
}

FORMS = (
    "sqlite:///bookstore.db, postgresql://user:password@host:5432/name "
    "or mysql://user:password@host:3306/name"
)

# Greedy: a password may itself contain an @.
_PASSWORD = re.compile(r"(://[^\s:/@]*:)\S*@")


def redact(text: str) -> str:
    """The text with `***` in place of the password of any URL in it."""
    return _PASSWORD.sub(r"\1***@", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrl:
    """The parts of a database URL; its `str()` never shows the password.

    `family` is the wire protocol: MariaDB is reached as `mysql`. `name` is the database, or the
    file of SQLite. `unix_socket` replaces host and port: the folder of the socket on PostgreSQL,
    which drivers take as a host, and the socket itself on MySQL. The TLS fields and
    `connect_timeout` apply unless the setting of that name is set.
    """

    family: Family
    scheme: str
    name: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    unix_socket: str = ""
    tls_mode: TlsMode | None = None
    tls_ca: Path | None = None
    connect_timeout: float | None = None

    @classmethod
    def parse(cls, url: str) -> DatabaseUrl:
        """Read a URL; its database name may be empty where a server is meant.

        :raises ValueError: an unknown scheme, option or part; the message does not repeat the URL,
            which may hold a password.
        """
        scheme, separator, _ = url.partition("://")
        # SQLAlchemy's habit of naming a driver (postgresql+asyncpg) is understood, and ignored.
        scheme = scheme.partition("+")[0]
        family, default_port = _FAMILIES.get(scheme, (None, 0))
        if not separator or family is None:
            raise ValueError(f"a database URL must look like {FORMS}")
        if family == "sqlite":
            return cls._sqlite(url)
        try:
            parts = urlsplit(url)
            port = parts.port or default_port
        except ValueError:
            raise ValueError(f"the port of a database URL must be a number: {FORMS}") from None
        if "@" in parts.path + parts.query + parts.fragment:
            raise ValueError(
                "in a password of a database URL, / is written %2F, ? is %3F and # is %23; "
                "after the host, @ is written %40"
            )
        name = unquote(parts.path.removeprefix("/"))
        if "/" in name or parts.fragment:
            raise ValueError(f"a database URL must end in the name of one database: {FORMS}")
        host = unquote(parts.hostname or "127.0.0.1")
        if host.startswith("/"):
            # libpq's form for a socket; `hostname` has changed the case of its letters.
            host = unquote(parts.netloc.rpartition("@")[2].partition(":")[0])
        address = cls(
            family=family,
            scheme=scheme,
            name=name,
            port=port,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            **database_url_options.address(host),
        )
        options = database_url_options.fields(parts.query, is_mysql=family == "mysql")
        address = replace(address, **options)
        if not (address.unix_socket or database_url_options.is_host(address.host)):
            raise ValueError(f"the host of a database URL must be a name or an address: {FORMS}")
        return address

    @classmethod
    def of_parts(
        cls,
        *,
        scheme: str,
        host: str,
        name: str,
        port: int | None = None,
        user: str = "",
        password: str = "",
    ) -> DatabaseUrl:
        """The address of a server's database from its parts, none of them quoted.

        `scheme` is that of a server: postgresql, mysql or mariadb. A `host` that is an absolute
        path is a Unix socket. Without a `port` it is the usual one.
        """
        family, default_port = _FAMILIES[scheme]
        return cls(
            family=family,
            scheme=scheme,
            name=name,
            port=port or default_port,
            user=user,
            password=password,
            **database_url_options.address(host),
        )

    @classmethod
    def _sqlite(cls, url: str) -> DatabaseUrl:
        written, _, query = url.partition("://")[2].partition("?")
        path = unquote(written)
        if not path.startswith("/") or path == "/":
            raise ValueError(
                "a SQLite URL must look like sqlite:///relative.db or sqlite:////absolute.db"
            )
        for option, _ in parse_qsl(query, keep_blank_values=True):
            raise ValueError(
                f"a SQLite URL has no option {option!r}; the time to wait for a lock is "
                "BAKEOFF_BUSY_TIMEOUT, and a ? in the name of a file is written %3F"
            )
        name = path[1:]
        if name == ":memory:":
            raise ValueError(
                "SQLite needs a file, because every connection to :memory: is a database of its "
                "own; the backend `memory` needs no database"
            )
        return cls(family="sqlite", scheme="sqlite", name=name)

    @property
    def file(self) -> Path:
        """The file of a SQLite database."""
        return Path(self.name)

    @property
    def location(self) -> str:
        """The database in a message: its file, or host, port and name."""
        if self.family == "sqlite":
            return self.name
        if self.unix_socket:
            return f"{self.unix_socket}/{self.name}"
        return f"{self.host}:{self.port}/{self.name}"

    @property
    def latin1_password(self) -> str:
        """The password for PyMySQL, aiomysql and asyncmy, which send it as Latin-1 (PyMySQL#804).

        Encoded as they do, it is the UTF-8 that the server expects.
        """
        return self.password.encode().decode("latin-1")

    def with_name(self, name: str) -> DatabaseUrl:
        """The same server, another database."""
        return replace(self, name=name)

    def tls_context(self) -> ssl.SSLContext | None:
        """The encryption of a connection, for drivers that take it so; None for none.

        :raises OSError: the file of certificates cannot be read.
        """
        if self.tls_mode is None:
            return None
        context = ssl.create_default_context(cafile=self.tls_ca)
        if self.tls_mode == "require":
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def render(self, scheme: str | None = None, *, password: bool = True) -> str:
        """The URL as text, by default with its password.

        With a `scheme` it is for a library, and has no options: libraries name them differently.
        """
        if self.family == "sqlite":
            return f"{scheme or self.scheme}:///{quote(self.name)}"
        options = {} if scheme else self._socket_option()
        if not scheme and password:
            options |= database_url_options.tls_and_timeout(
                mode=self.tls_mode, ca=self.tls_ca, connect_timeout=self.connect_timeout
            )
        secret = f":{quote(self.password, safe='') if password else '***'}" if self.password else ""
        user = f"{quote(self.user, safe='')}{secret}@" if self.user or self.password else ""
        # Only an IPv6 address may hold a %, before its zone (RFC 6874).
        host = f"[{self.host.replace('%', '%25')}]" if ":" in self.host else self.host
        query = f"?{urlencode(options, safe='/')}" if options else ""
        name = quote(self.name, safe="")
        return f"{scheme or self.scheme}://{user}{host}:{self.port}/{name}{query}"

    def _socket_option(self) -> dict[str, str]:
        name = "host" if self.family == "postgresql" else "unix_socket"
        return {name: self.unix_socket} if self.unix_socket else {}

    def __str__(self) -> str:
        """The URL without its password and without what does not say where the database is."""
        return self.render(password=False)
