"""Database addresses: one way to write them for every backend."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

Family = Literal["sqlite", "postgresql", "mysql"]
TlsMode = Literal["require", "verify-full"]

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

# The names that libpq and MySQL's own tools give to one option.
_OPTIONS = {
    "sslmode": "sslmode",
    "ssl-mode": "sslmode",
    "sslrootcert": "sslrootcert",
    "ssl-ca": "sslrootcert",
    "connect_timeout": "connect_timeout",
    "connect-timeout": "connect_timeout",
    "charset": "charset",
    "host": "host",
    "unix_socket": "unix_socket",
    "socket": "unix_socket",
}
_TLS_MODES: dict[str, TlsMode | None] = {
    "disable": None,
    "disabled": None,
    "require": "require",
    "required": "require",
    "verify-full": "verify-full",
    "verify_identity": "verify-full",
}

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
        if "@" in parts.query or "@" in parts.fragment:
            raise ValueError("in a password of a database URL, ? is written %3F and # is %23")
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
            **_address(host),
        )
        options = dict(_options(parts.query))
        return replace(address, **_fields(options, family)) if options else address

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
            **_address(host),
        )

    @classmethod
    def _sqlite(cls, url: str) -> DatabaseUrl:
        path, _, query = url.partition("://")[2].partition("?")
        for option, _ in parse_qsl(query, keep_blank_values=True):
            raise ValueError(
                f"a SQLite URL has no option {option!r}; the time to wait for a lock is "
                "BAKEOFF_BUSY_TIMEOUT, and a ? in the name of a file is written %3F"
            )
        path = unquote(path)
        if not path.startswith("/") or path == "/":
            raise ValueError(
                "a SQLite URL must look like sqlite:///relative.db or sqlite:////absolute.db"
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
            options |= self._other_options()
        secret = f":{quote(self.password, safe='') if password else '***'}" if self.password else ""
        user = f"{quote(self.user, safe='')}{secret}@" if self.user or self.password else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        query = f"?{urlencode(options, safe='/')}" if options else ""
        name = quote(self.name, safe="")
        return f"{scheme or self.scheme}://{user}{host}:{self.port}/{name}{query}"

    def _socket_option(self) -> dict[str, str]:
        name = "host" if self.family == "postgresql" else "unix_socket"
        return {name: self.unix_socket} if self.unix_socket else {}

    def _other_options(self) -> dict[str, str]:
        options = {
            "sslmode": self.tls_mode,
            "sslrootcert": self.tls_ca,
            "connect_timeout": self.connect_timeout,
        }
        return {name: str(value) for name, value in options.items() if value is not None}

    def __str__(self) -> str:
        """The URL without its password and without what does not say where the database is."""
        return self.render(password=False)


def _address(host: str) -> dict[str, Any]:
    """A host, or a Unix socket where an absolute path stands in its place."""
    return {"unix_socket": host, "host": ""} if host.startswith("/") else {"host": host}


def _options(query: str) -> Iterator[tuple[str, str]]:
    """The options of a query under libpq's names.

    :raises ValueError: one of them is unknown, or there twice.
    """
    seen = set()
    for option, value in parse_qsl(query, keep_blank_values=True):
        name = _OPTIONS.get(option)
        if name is None:
            raise ValueError(
                f"a database URL has no option {option!r}; it may have {', '.join(_OPTIONS)}. "
                "Everything else is a setting of its own: BAKEOFF_TLS, BAKEOFF_STATEMENT_TIMEOUT, …"
            )
        if name in seen:
            raise ValueError(f"the option {option!r} of a database URL is there twice")
        seen.add(name)
        yield name, value


def _fields(options: Mapping[str, str], family: Family) -> dict[str, Any]:
    """The fields that options set.

    :raises ValueError: the value of one of them makes no sense.
    """
    fields: dict[str, Any] = {}
    for name, value in options.items():
        if name == "sslmode":
            if value.lower() not in _TLS_MODES:
                raise ValueError(
                    f"{name} must be disable, require or verify-full in a database URL: other "
                    "modes go on without encryption, or do not check whose certificate it is"
                )
            fields["tls_mode"] = _TLS_MODES[value.lower()]
        elif name == "sslrootcert":
            # libpq's word for the certificates of the system.
            fields["tls_ca"] = Path(value) if value not in ("", "system") else None
        elif name == "connect_timeout":
            fields["connect_timeout"] = _seconds(value)
        elif name == "charset":
            if family != "mysql" or value.lower() != "utf8mb4":
                raise ValueError("charset=utf8mb4, on MySQL and MariaDB, is the only charset")
        elif name == "host":
            fields |= _address(value or "127.0.0.1")
        else:
            if family != "mysql" or not value.startswith("/"):
                raise ValueError(
                    f"{name} must be the absolute path of a socket of MySQL or MariaDB; "
                    "on PostgreSQL the folder of the socket is the host: ?host=/run/postgresql"
                )
            fields |= _address(value)
    if fields.get("tls_ca") and fields.get("tls_mode") != "verify-full":
        raise ValueError("sslrootcert in a database URL needs sslmode=verify-full")
    return fields


def _seconds(value: str) -> float:
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", value, re.ASCII) and float(value) > 0:
        return float(value)
    raise ValueError("connect_timeout in a database URL must be a number of seconds above 0")
