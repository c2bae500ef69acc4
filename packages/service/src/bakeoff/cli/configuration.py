"""The settings of one command: options first, then the environment, then `.env`."""

from __future__ import annotations

import typer
from pydantic import ValidationError

from bakeoff import backends
from bakeoff.cli.exits import Failure, reason
from bakeoff.settings import Settings, UnknownVariable
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.ports import DataLayer


def load(*, backend: str | None = None, database: str | None = None) -> Settings:
    """The settings in force.

    :raises Failure: one of them is wrong; it is named as the environment names it.
    :raises typer.BadParameter: `database` is no URL of a database.
    """
    options = {"backend": backend, "database_url": database}
    try:
        return Settings(**{k: v for k, v in options.items() if v is not None})  # type: ignore[arg-type]
    except UnknownVariable as error:
        raise Failure(str(error)) from None
    except ValidationError as error:
        problems = _problems(error)
        if database is not None and "BAKEOFF_DATABASE_URL" in problems:
            message = problems["BAKEOFF_DATABASE_URL"]
            raise typer.BadParameter(message, param_hint="--database") from None
        lines = [f"{name}: {text}" if name else text for name, text in problems.items()]
        raise Failure("\n".join(lines)) from None
    except (OSError, UnicodeError) as error:
        raise Failure(f".env cannot be read: {error}") from None


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


def _problems(error: ValidationError) -> dict[str, str]:
    """What is wrong, by variable; a rule about several settings names them in its message.

    No value is repeated, because it may be a secret.
    """
    return {
        f"BAKEOFF_{str(item['loc'][0]).upper()}" if item["loc"] else "": item["msg"].removeprefix(
            "Value error, "
        )
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    }
