"""Why a migration did not happen, where the database itself was there."""

from __future__ import annotations


class MigrationError(RuntimeError):
    """The database is there, but it cannot be brought to the wanted revision."""


class MigrationsNotInstalled(MigrationError):
    """The libraries that run migrations are an extra, and are not installed."""

    def __init__(self, module: str) -> None:
        super().__init__(
            f"Migrations need the module {module}, which is not installed: "
            'pip install "bakeoff-schemas[migrations]"'
        )
