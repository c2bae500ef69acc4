"""Where a database is: one way to write it for every backend."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlsplit

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


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrl:
    """The parts of a database address; its `str()` never shows the password.

    `family` is the wire protocol: MariaDB is reached as `mysql`, and says itself what it is.
    `name` is the database, or the file of SQLite.
    """

    family: Family
    scheme: str
    name: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> DatabaseUrl:
        """Read an address.

        The name may be empty where the address of a server is meant.

        :raises ValueError: an unknown scheme or parts that make no sense; the message never repeats
            the address, which may hold a password.
        """
        scheme, separator, _ = url.partition("://")
        # SQLAlchemy's habit of naming a driver (postgresql+asyncpg) is understood, and ignored.
        family, default_port = _FAMILIES.get(scheme.partition("+")[0], (None, 0))
        if not separator or family is None:
            raise ValueError(f"a database URL must look like {FORMS}")
        scheme = scheme.partition("+")[0]
        if family == "sqlite":
            return cls._sqlite(url)
        try:
            parts = urlsplit(url)
            port = parts.port or default_port
        except ValueError:
            raise ValueError(f"the port of a database URL must be a number: {FORMS}") from None
        name = unquote(parts.path.removeprefix("/"))
        if parse_qsl(parts.query) or parts.fragment:
            raise ValueError(
                "options of a database URL are settings of their own: BAKEOFF_TLS, BAKEOFF_ECHO, …"
            )
        if "/" in name:
            raise ValueError(f"a database URL names one database: {FORMS}")
        return cls(
            family=family,
            scheme=scheme,
            name=name,
            host=parts.hostname or "127.0.0.1",
            port=port,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

    @classmethod
    def _sqlite(cls, url: str) -> DatabaseUrl:
        path = unquote(url.partition("://")[2])
        if not path.startswith("/") or path == "/":
            raise ValueError(
                "a SQLite URL must look like sqlite:///relative.db or sqlite:////absolute.db"
            )
        name = path[1:]
        if name == ":memory:":
            raise ValueError(
                "SQLite needs a file, for every connection to :memory: is a database of its own; "
                "the backend `memory` needs none"
            )
        return cls(family="sqlite", scheme="sqlite", name=name)

    @property
    def file(self) -> Path:
        """The file of a SQLite database."""
        return Path(self.name)

    @property
    def place(self) -> str:
        """What to call it in a message: the file, or host, port and database."""
        return self.name if self.family == "sqlite" else f"{self.host}:{self.port}/{self.name}"

    def with_name(self, name: str) -> DatabaseUrl:
        """The same server, another database."""
        return DatabaseUrl(
            family=self.family,
            scheme=self.scheme,
            name=name,
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
        )

    def render(self, scheme: str | None = None, *, password: bool = True) -> str:
        """The address as text, by default with its password and its own scheme."""
        scheme = scheme or self.scheme
        if self.family == "sqlite":
            return f"{scheme}:///{quote(self.name)}"
        secret = f":{quote(self.password, safe='')}" if self.password and password else ""
        secret = ":***" if self.password and not password else secret
        user = f"{quote(self.user, safe='')}{secret}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{user}{host}:{self.port}/{quote(self.name, safe='')}"

    def __str__(self) -> str:
        """The address with its password hidden, fit for logs."""
        return self.render(password=False)
