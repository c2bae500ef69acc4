"""Where the database is: one URL, or its single parts."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.database_url_options import is_host

_PARTS = ("db_scheme", "db_host", "db_port", "db_user", "db_password", "db_name")


class DatabaseSettings(BaseModel):
    """The address of the database; where the URL is given, the parts are not looked at."""

    database_url: SecretStr = Field(
        default=SecretStr("sqlite:///bookstore.db"),
        description="The database; not used by the backend `memory`.",
    )
    db_scheme: Literal["postgresql", "mysql", "mariadb"] = Field(
        default="postgresql", description="What the server of BAKEOFF_DB_HOST is."
    )
    db_host: str | None = Field(
        default=None,
        description="The server, if no URL is given: its name, its address, or a Unix socket.",
    )
    db_port: int | None = Field(
        default=None, ge=1, le=65535, description="Its port; by default the usual one of its kind."
    )
    db_user: str | None = Field(default=None, description="The user, as it is written.")
    db_password: SecretStr | None = Field(
        default=None, description="The password of the user, as it is written: nothing is quoted."
    )
    db_name: str | None = Field(
        default=None, pattern=r"^[^/]+$", description="The name of the database on the server."
    )

    @field_validator("database_url")
    @classmethod
    def _names_a_database(cls, value: SecretStr) -> SecretStr:
        if not DatabaseUrl.parse(value.get_secret_value()).name:
            raise ValueError("a database URL must end in the name of a database")
        return value

    @field_validator("db_host")
    @classmethod
    def _is_a_host(cls, value: str | None) -> str | None:
        # An absolute path is that of a Unix socket.
        if value is not None and not is_host(value) and not (value.startswith("/") and value[1:]):
            raise ValueError(
                "must be a name, an address or an absolute path; the port is BAKEOFF_DB_PORT"
            )
        return value

    @field_validator("db_port", mode="before")
    @classmethod
    def _is_no_service_link(cls, value: object) -> object:
        # Kubernetes sets BAKEOFF_DB_PORT=tcp://… for a service that is called `bakeoff-db`.
        return None if isinstance(value, str) and value.startswith("tcp://") else value

    @model_validator(mode="after")
    def _put_the_parts_together(self) -> Self:
        if "database_url" in self.model_fields_set:
            return self
        given = [
            part
            for part in _PARTS
            if part in self.model_fields_set and getattr(self, part) is not None
        ]
        if not given:
            return self
        needed = {"db_host", "db_name", *(["db_user"] if self.db_password else [])}
        if missing := [part for part in _PARTS if part in needed.difference(given)]:
            raise ValueError(
                f"{_variables(given)} set, but {_variables(missing)} not: "
                "set all that are needed, or BAKEOFF_DATABASE_URL alone"
            )
        assert self.db_host is not None
        assert self.db_name is not None
        url = DatabaseUrl.of_parts(
            scheme=self.db_scheme,
            host=self.db_host,
            port=self.db_port,
            user=self.db_user or "",
            password=self.db_password.get_secret_value() if self.db_password else "",
            name=self.db_name,
        )
        self.database_url = SecretStr(url.render())
        return self


def _variables(parts: list[str]) -> str:
    names = ", ".join(f"BAKEOFF_{part.upper()}" for part in parts)
    return f"{names} {'is' if len(parts) == 1 else 'are'}"
