"""Everything that can be set, by environment (`BAKEOFF_…`) or `.env`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.tls import Tls


class Settings(BaseSettings):
    """The settings of one service process; times are in seconds.

    Each field is the variable of the same name with the prefix `BAKEOFF_`, in capitals.
    """

    model_config = SettingsConfigDict(
        env_prefix="BAKEOFF_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        # The address and the cursor key may hold secrets, and pydantic would print what it refuses.
        hide_input_in_errors=True,
    )

    backend: str = Field(default="sqlalchemy", description="Which data layer answers.")
    database_url: SecretStr = Field(
        default=SecretStr("sqlite:///bookstore.db"),
        description="Where the database is; not used by the backend `memory`.",
    )
    driver: Literal["asyncmy"] | None = Field(
        default=None, description="Another MySQL driver than aiomysql, where the layer supports it."
    )
    pool_min: int = Field(default=1, ge=0, le=1000, description="Connections kept open.")
    pool_max: int = Field(default=10, ge=1, le=1000, description="Connections at most.")
    pool_timeout: float = Field(default=10, gt=0, description="How long to wait for a connection.")
    echo: bool = Field(
        default=False, description="Log every SQL statement, without its parameters."
    )
    tls: Literal["disable", "require", "verify-full"] = Field(
        default="disable",
        description="Encrypt the connection to the database, and check who answers.",
    )
    tls_ca: Path | None = Field(
        default=None, description="Certificates to trust with `verify-full`; the system's if unset."
    )
    connect_timeout: float = Field(default=5, gt=0, description="How long one attempt may take.")
    connect_retries: int = Field(
        default=5, ge=0, description="Further attempts when the database does not answer at start."
    )
    connect_interval: float = Field(default=1, ge=0, description="The pause between two attempts.")
    statement_timeout: float = Field(
        default=30, ge=0, description="How long one statement may run (0: no limit; not on SQLite)."
    )
    request_timeout: float = Field(
        default=60, gt=0, description="How long a request may take until its answer begins."
    )
    busy_timeout: float = Field(
        default=5, ge=0, description="How long SQLite waits for the lock of another process."
    )
    contention_retries: int = Field(
        default=10, ge=0, description="How often a unit of work that lost a deadlock is run again."
    )
    max_body_bytes: int = Field(
        default=32 * 2**20, ge=1024, description="The largest request body."
    )
    cors_origins: list[str] = Field(
        default_factory=list,
        description="Origins whose scripts may call the service, as a JSON list.",
    )
    root_path: str = Field(
        default="", description="The path prefix under which a proxy serves the service."
    )
    export_batch: int = Field(
        default=500, ge=1, le=10_000, description="Books fetched at a time by the export."
    )
    cursor_key: SecretStr = Field(
        default=SecretStr("bakeoff"),
        description="Signs cursors; equal on all servers that share clients.",
    )
    argon2_time_cost: int = Field(default=3, ge=1, description="Passes over the memory (RFC 9106).")
    argon2_memory_kib: int = Field(default=65536, ge=8, description="Memory for a password hash.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What to log; `warning` also turns the access log off."
    )
    log_format: Literal["json", "text"] = Field(
        default="json", description="One JSON object a line, or lines for people."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.pool_min > self.pool_max:
            raise ValueError("BAKEOFF_POOL_MIN must not exceed BAKEOFF_POOL_MAX")
        if self.tls_ca is not None and self.tls != "verify-full":
            raise ValueError("BAKEOFF_TLS_CA needs BAKEOFF_TLS=verify-full")
        return self

    def layer_config(self) -> LayerConfig:
        """The part that a backend is told.

        :raises ValueError: the database URL cannot be read; it is not repeated in the message.
        """
        return LayerConfig(
            url=DatabaseUrl.parse(self.database_url.get_secret_value()),
            pool_min=self.pool_min,
            pool_max=self.pool_max,
            pool_timeout=self.pool_timeout,
            echo=self.echo,
            tls=tls.context() if (tls := self.encryption()) else None,
            connect_timeout=self.connect_timeout,
            statement_timeout=self.statement_timeout,
            busy_timeout=self.busy_timeout,
            driver=self.driver,
        )

    def encryption(self) -> Tls | None:
        """How to encrypt the connection to the database; None for not at all."""
        return None if self.tls == "disable" else Tls(mode=self.tls, ca=self.tls_ca)
