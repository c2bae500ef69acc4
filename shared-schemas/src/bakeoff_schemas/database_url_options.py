"""The options of a database URL, and what can stand for its host."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl

TlsMode = Literal["require", "verify-full"]

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
# libpq's word for the certificates of the system.
_SYSTEM = "system"
# What would end the host of a URL.
_HOST = re.compile(r"[^\s/?#@%:\[\]]+")


def is_host(text: str) -> bool:
    """Whether this can be the name or the address of a server, as it stands in a URL."""
    # Some characters stand for several, and URLs are read as if these had been written.
    if _HOST.fullmatch(unicodedata.normalize("NFKC", text)):
        return True
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def address(host: str) -> dict[str, Any]:
    """The fields for a host, or for a Unix socket where an absolute path stands in its place.

    A host is in lower case, but for the zone of an IPv6 address.
    """
    if host.startswith("/"):
        return {"unix_socket": host, "host": ""}
    name, percent, zone = host.partition("%")
    return {"unix_socket": "", "host": name.lower() + percent + zone}


def fields(query: str, *, is_mysql: bool) -> dict[str, Any]:
    """The fields of a `DatabaseUrl` that the options of a query set.

    :raises ValueError: an option is unknown, there twice, or its value makes no sense.
    """
    found: dict[str, Any] = {}
    for name, value in _options(query):
        if name == "sslmode":
            if value.lower() not in _TLS_MODES:
                raise ValueError(
                    f"{name} must be disable, require or verify-full in a database URL: other "
                    "modes go on without encryption, or do not check whose certificate it is"
                )
            found["tls_mode"] = _TLS_MODES[value.lower()]
        elif name == "sslrootcert":
            found["tls_ca"] = Path(value) if value not in ("", _SYSTEM) else None
        elif name == "connect_timeout":
            found["connect_timeout"] = _seconds(value)
        elif name == "charset":
            if not is_mysql or value.lower() != "utf8mb4":
                raise ValueError("charset=utf8mb4, on MySQL and MariaDB, is the only charset")
        elif name == "host":
            found |= address(value or "127.0.0.1")
        else:
            if not is_mysql or not value.startswith("/"):
                raise ValueError(
                    f"{name} must be the absolute path of a socket of MySQL or MariaDB; "
                    "on PostgreSQL the folder of the socket is the host: ?host=/run/postgresql"
                )
            found |= address(value)
    if found.get("tls_ca") and found.get("tls_mode") != "verify-full":
        raise ValueError("sslrootcert in a database URL needs sslmode=verify-full")
    return found


def tls_and_timeout(
    *, mode: TlsMode | None, ca: Path | None, connect_timeout: float | None
) -> dict[str, str]:
    """The options that set these fields."""
    # The file of this name is not the word for the certificates of the system.
    written = f"./{ca}" if str(ca) == _SYSTEM else ca
    options = {"sslmode": mode, "sslrootcert": written, "connect_timeout": connect_timeout}
    return {name: str(value) for name, value in options.items() if value is not None}


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


def _seconds(value: str) -> float:
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", value, re.ASCII) and float(value) > 0:
        return float(value)
    raise ValueError(
        "connect_timeout in a database URL must be a number of seconds above 0, with three decimal "
        "places at most"
    )
