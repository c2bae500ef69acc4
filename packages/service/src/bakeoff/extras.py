"""Packages that only a feature needs, and that are installed with it."""

from __future__ import annotations


class MissingExtra(RuntimeError):
    """A setting asks for a feature whose package is not installed."""

    def __init__(self, setting: str, extra: str) -> None:
        """Name the setting, such as `BAKEOFF_CACHE=on`, and the extra to install."""
        super().__init__(
            f"{setting} needs a package that is not installed: "
            f'pip install "bakeoff[{extra}]", or unset it'
        )
