"""The settings of a backend; the same for every backend."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from bakeoff_schemas.database_url import DatabaseUrl


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerConfig:
    """Connection settings; times are in seconds.

    `url` is None for a backend that needs no database. `driver` is another driver than the usual
    one of the database (`asyncmy` for MySQL), where the layer supports it.
    `tls` is None for a connection in the clear. `statement_timeout` 0 means no limit.
    """

    url: DatabaseUrl | None = None
    pool_min: int = 1
    pool_max: int = 10
    pool_timeout: float = 10.0
    echo: bool = False
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    connect_timeout: float = 5.0
    statement_timeout: float = 30.0
    busy_timeout: float = 5.0
    driver: str | None = None

    def database(self) -> DatabaseUrl:
        """The address, for a backend that cannot do without.

        :raises ValueError: there is none; the message names the setting.
        """
        if self.url is None:
            raise ValueError("this backend needs a database: set BAKEOFF_DATABASE_URL")
        return self.url
