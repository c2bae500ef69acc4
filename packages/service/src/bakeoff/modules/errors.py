"""What can be wrong with a module; the command line knows it without importing FastAPI."""

from __future__ import annotations


class UnknownModule(LookupError):
    """A chosen module is not installed."""

    def __init__(self, name: str, known: list[str]) -> None:
        """Name the modules that are installed."""
        super().__init__(
            f"There is no module {name!r} here (BAKEOFF_MODULES). "
            f"Installed: {', '.join(known) or 'none'}"
        )


class BrokenModule(Exception):
    """A module is installed, and cannot be used as it is; the message names its package."""
