"""A small catalogue of works in the public domain; prices and stocks are made up."""

from __future__ import annotations

from importlib.resources import files
from typing import BinaryIO, cast


def open_catalogue() -> BinaryIO:
    """The catalogue as a CSV file, for the loader."""
    return cast(BinaryIO, files(__name__).joinpath("catalogue.csv").open("rb"))
