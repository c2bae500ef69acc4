"""The settings of one command: options first, then the environment, then `.env`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from pydantic import ValidationError

from bakeoff import backends
from bakeoff.cli.console import Failure, reason
from bakeoff.secret_files import SecretFileError
from bakeoff.settings import PREFIX, Settings, UnknownVariable
from bakeoff_schemas.ports import DataLayer

BackendOption = Annotated[
    str | None,
    typer.Option(
        "--backend", "-b", metavar="NAME", help="The data layer; overrides BAKEOFF_BACKEND."
    ),
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database", "-d", metavar="URL", help="The database; overrides BAKEOFF_DATABASE_URL."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
MigrateOption = Annotated[
    bool,
    typer.Option(
        "--migrate", help="Bring the schema up to date first; an empty SQLite file always is."
    ),
]


def load(**options: Any) -> Settings:
    """The settings in force; an option that is None does not count.

    :raises Failure: a setting is wrong; it is named as the environment names it.
    :raises typer.BadParameter: an option is wrong.
    """
    chosen = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**chosen)
    except (UnknownVariable, SecretFileError) as error:
        raise Failure(str(error)) from None
    except ValidationError as error:
        lines = []
        # Values are not repeated, because they may be secrets.
        for item in error.errors(include_url=False, include_input=False, include_context=False):
            name = str(item["loc"][0]) if item["loc"] else ""
            message = item["msg"].removeprefix("Value error, ")
            if name in chosen:
                hint = "--" + name.removesuffix("_url").replace("_", "-")
                raise typer.BadParameter(message, param_hint=hint) from None
            # A rule about several settings names them in its message.
            lines.append(f"{PREFIX}{name.upper()}: {message}" if name else message)
        raise Failure("\n".join(lines)) from None
    except (OSError, UnicodeError) as error:
        raise Failure(f".env cannot be read: {error}") from None


def make_layer(settings: Settings) -> DataLayer:
    """The data layer of the settings, not connected.

    :raises UnknownBackend: it is not installed.
    :raises Failure: the settings do not suit it, or it cannot be loaded.
    """
    try:
        config = settings.layer_config()
    except OSError as error:
        ca = settings.database().tls_ca
        raise Failure(f"BAKEOFF_TLS_CA: {ca} cannot be read: {reason(error)}") from error
    try:
        return backends.make_layer(settings.backend, config)
    except ValueError as error:
        raise Failure(str(error)) from error
    except ImportError as error:
        raise Failure(
            f"the backend {settings.backend} is installed, but cannot be loaded: {error}. "
            f"To repair it: pip install --force-reinstall bakeoff-{settings.backend}"
        ) from error
