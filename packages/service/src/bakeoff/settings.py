"""All settings: environment variables (`BAKEOFF_…`) and a file `.env`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bakeoff.auth.settings import AuthSettings
from bakeoff.cache.settings import CacheSettings
from bakeoff.database_settings import DatabaseSettings
from bakeoff.jobs.settings import JobSettings
from bakeoff.limits.proxies import check_proxies
from bakeoff.limits.settings import LimitsSettings
from bakeoff.metadata.settings import MetadataSettings
from bakeoff.modules.settings import ModuleSettings
from bakeoff.outbox.settings import OutboxSettings
from bakeoff.secret_files import SUFFIX, SecretFiles, secrets_of
from bakeoff.telemetry.settings import TelemetrySettings
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl

PREFIX = "BAKEOFF_"
DEFAULT_CURSOR_KEY = "bakeoff"

# The variables of the project's tests, bench, tasks and containers, and those that Kubernetes sets
# for every service whose name begins with `bakeoff`.
_OTHER_VARIABLES = re.compile(
    r"BAKEOFF_(TEST_.+|BENCH_.+|REQUIRE|JOBS|PYTHONS|(POSTGRESQL|MYSQL|MARIADB|REDIS)_(PORT|PASSWORD)"
    r"|(.+_)?(SERVICE_(HOST|PORT(_.+)?)|PORT(_[0-9]+_(TCP|UDP)(_.+)?)?))"
)
_ORIGIN = re.compile(r"\*|https?://[^/?#\s@]+", re.IGNORECASE)
_PATH = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/?")


class Settings(
    DatabaseSettings,
    AuthSettings,
    CacheSettings,
    LimitsSettings,
    OutboxSettings,
    MetadataSettings,
    JobSettings,
    ModuleSettings,
    TelemetrySettings,
    BaseSettings,
):
    """The settings of one service process; times are in seconds.

    Each field is the variable of the same name in capitals, with the prefix `BAKEOFF_`. A secret
    may be in a file, which the variable with the suffix `_FILE` names.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        # The URL and the cursor key may contain secrets, and pydantic would print what it refuses.
        hide_input_in_errors=True,
    )

    backend: str = Field(default="sqlalchemy", description="The data layer.")
    driver: Literal["asyncmy"] | None = Field(
        default=None, description="Another MySQL driver than aiomysql, if the layer supports it."
    )
    pool_min: int = Field(default=1, ge=0, le=1000, description="Connections kept open.")
    pool_max: int = Field(default=10, ge=1, le=1000, description="The most connections.")
    pool_timeout: float = Field(
        default=10, gt=0, description="How long a request waits for its turn, all waiting together."
    )
    echo: bool = Field(
        default=False, description="Log every SQL statement, without its parameters."
    )
    tls: Literal["disable", "require", "verify-full"] = Field(
        default="disable",
        description="Encrypt the connection to the database, and check its certificate.",
    )
    tls_ca: Path | None = Field(
        default=None, description="Certificates to trust with `verify-full`; the system's if unset."
    )
    connect_timeout: float = Field(
        default=5, gt=0, description="The time for one attempt to connect."
    )
    connect_retries: int = Field(
        default=5, ge=0, description="Further attempts when the database does not answer at start."
    )
    connect_interval: float = Field(default=1, ge=0, description="The pause between two attempts.")
    statement_timeout: float = Field(
        default=30, ge=0, description="The time for one statement (0: no limit; not on SQLite)."
    )
    request_timeout: float = Field(
        default=60, gt=0, description="The time for a request until its response begins."
    )
    busy_timeout: float = Field(
        default=5, ge=0, description="How long SQLite waits for the lock of another process."
    )
    contention_retries: int = Field(
        default=10, ge=0, description="How often a transaction that lost a deadlock is run again."
    )
    max_body_bytes: int = Field(
        default=32 * 2**20, ge=1024, description="The largest request body."
    )
    export_batch: int = Field(
        default=500, ge=1, le=10_000, description="Books that the export fetches at a time."
    )
    root_path: str = Field(
        default="", description="The path under which a proxy serves the bookstore, such as /shop."
    )
    report: Path = Field(
        default=Path("build/report/index.html"),
        description="The page that compares the layers; if it is there, / leads to it.",
    )
    cors_origins: Annotated[list[str], NoDecode] = Field(
        default=[], description="Origins whose pages may call the service (CORS); * for all."
    )
    forwarded_allow_ips: Annotated[str, AfterValidator(check_proxies)] = Field(
        default="127.0.0.1,::1",
        description="Proxies whose X-Forwarded-… headers are believed: addresses, networks, or *.",
    )
    keep_alive: int = Field(
        default=75, ge=1, description="How long an idle connection of a client stays open."
    )
    cursor_key: SecretStr = Field(
        default=SecretStr(DEFAULT_CURSOR_KEY),
        description="Signs cursors; the same on all servers that share clients.",
    )
    argon2_time_cost: int = Field(default=3, ge=1, description="Passes over the memory (RFC 9106).")
    argon2_memory_kib: int = Field(default=65536, ge=8, description="Memory for a password hash.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What to log; `warning` also turns the access log off."
    )
    log_format: Literal["json", "text"] = Field(
        default="json", description="One JSON object a line, or lines for people."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The usual sources, and the files that variables name.

        :raises UnknownVariable: a variable looks like a setting and is none.
        """
        variables: dict[str, str | None] = {}
        for source in (env_settings, dotenv_settings):
            if isinstance(source, EnvSettingsSource):
                for name, value in source.env_vars.items():
                    variables.setdefault(name.upper(), value)
        cls._refuse_unknown(variables)
        files = SecretFiles(settings_cls, variables=variables, prefix=PREFIX)
        return init_settings, files, env_settings, dotenv_settings

    @classmethod
    def _refuse_unknown(cls, names: Iterable[str]) -> None:
        known = [name.upper() for name in cls.model_fields]
        known += [name.upper() + SUFFIX for name in secrets_of(cls)]
        unknown = [
            name
            for name in names
            if name.startswith(PREFIX)
            and name.removeprefix(PREFIX) not in known
            and not _OTHER_VARIABLES.fullmatch(name)
        ]
        if unknown:
            raise UnknownVariable(unknown, known)

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _separated_by_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return [origin.strip().rstrip("/") for origin in value.split(",") if origin.strip()]
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: list[str]) -> list[str]:
        if not all(_ORIGIN.fullmatch(origin) for origin in value):
            raise ValueError("each must look like https://shop.example, or be *")
        return value

    @field_validator("root_path")
    @classmethod
    def _is_a_path(cls, value: str) -> str:
        if not _PATH.fullmatch(value):
            raise ValueError("must be a path without query, such as /shop")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.pool_min > self.pool_max:
            raise ValueError("BAKEOFF_POOL_MIN must not exceed BAKEOFF_POOL_MAX")
        if self.tls_ca is not None and self.database().tls_mode != "verify-full":
            raise ValueError("BAKEOFF_TLS_CA needs BAKEOFF_TLS=verify-full")
        if self.cache == "on" and 2 * self.cache_ttl > self.request_timeout:
            raise ValueError("BAKEOFF_CACHE_TTL must not exceed half of BAKEOFF_REQUEST_TIMEOUT")
        return self

    def database(self) -> DatabaseUrl:
        """The database, with the settings in force; a setting overrides an option of the URL."""
        url = DatabaseUrl.parse(self.database_url.get_secret_value())
        explicit = self.model_fields_set
        mode = (None if self.tls == "disable" else self.tls) if "tls" in explicit else url.tls_mode
        timeout = self.connect_timeout
        if "connect_timeout" not in explicit and url.connect_timeout:
            timeout = url.connect_timeout
        return replace(
            url,
            tls_mode=mode,
            tls_ca=(self.tls_ca or url.tls_ca) if mode == "verify-full" else None,
            connect_timeout=timeout,
        )

    def layer_config(self) -> LayerConfig:
        """The settings of a backend.

        :raises OSError: the file of certificates cannot be read.
        """
        url = self.database()
        return LayerConfig(
            url=url,
            pool_min=self.pool_min,
            pool_max=self.pool_max,
            pool_timeout=self.pool_timeout,
            echo=self.echo,
            tls=url.tls_context(),
            connect_timeout=url.connect_timeout or self.connect_timeout,
            statement_timeout=self.statement_timeout,
            busy_timeout=self.busy_timeout,
            driver=self.driver,
        )


class UnknownVariable(ValueError):
    """A `BAKEOFF_` variable is no setting; most likely its name is misspelled."""

    def __init__(self, names: Iterable[str], known: list[str]) -> None:
        lines = []
        for name in names:
            near = get_close_matches(name.removeprefix(PREFIX), known, n=1)
            hint = f"the nearest is {PREFIX}{near[0]}" if near else "see bakeoff info --offline"
            lines.append(f"{name} is not a setting of Bakeoff; {hint}")
        super().__init__("\n".join(lines))
