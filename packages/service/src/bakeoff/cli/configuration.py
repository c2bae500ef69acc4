"""The settings of one command: options first, then the environment, then `.env`."""

from __future__ import annotations

import typer
from pydantic import ValidationError

from bakeoff import backends
from bakeoff.cli.exits import Failure, reason
from bakeoff.settings import Settings
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.ports import DataLayer


def load(*, backend: str | None = None, database: str | None = None) -> Settings:
    """The settings in force.

    :raises Failure: one of them is wrong; it is named as the environment names it.
    :raises typer.BadParameter: `database` is no address.
    """
    if database is not None:
        try:
            DatabaseUrl.parse(database)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--database") from error
    given = {"backend": backend, "database_url": database}
    try:
        settings = Settings(**{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise Failure("\n".join(_problems(error))) from None
    except (OSError, UnicodeError) as error:
        raise Failure(f".env cannot be read: {error}") from None
    address(settings)
    return settings


def address(settings: Settings) -> DatabaseUrl:
    """Where the database is.

    :raises Failure: the setting is no address.
    """
    try:
        return DatabaseUrl.parse(settings.database_url.get_secret_value())
    except ValueError as error:
        raise Failure(f"BAKEOFF_DATABASE_URL: {error}") from None


def make_layer(settings: Settings) -> DataLayer:
    """The data layer that the settings name, not connected.

    :raises UnknownBackend: it is not installed.
    :raises Failure: the settings do not suit it, or it cannot be loaded.
    """
    try:
        return backends.make_layer(settings.backend, layer_config(settings))
    except ValueError as error:
        raise Failure(str(error)) from error
    except ImportError as error:
        raise Failure(
            f"the backend {settings.backend} is installed, but cannot be loaded: {error}. "
            f"To repair it: pip install --force-reinstall bakeoff-{settings.backend}"
        ) from error


def layer_config(settings: Settings) -> LayerConfig:
    """What a backend is told.

    :raises Failure: the certificates cannot be read.
    """
    try:
        return settings.layer_config()
    except OSError as error:
        raise Failure(
            f"BAKEOFF_TLS_CA: {settings.tls_ca} cannot be read: {reason(error)}"
        ) from error


def _problems(error: ValidationError) -> list[str]:
    """One line a problem; what was given is not repeated, for it may be a secret."""
    return [
        f"{_variable(item['loc'])}{item['msg'].removeprefix('Value error, ')}"
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _variable(loc: tuple[int | str, ...]) -> str:
    """A rule about several settings has no place of its own; its message names them."""
    return f"BAKEOFF_{str(loc[0]).upper()}: " if loc else ""
