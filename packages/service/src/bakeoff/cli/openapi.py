"""`bakeoff openapi`."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, ClassVar, NoReturn

import typer

from bakeoff.cli import console
from bakeoff.cli.console import Failure, reason
from bakeoff.settings import Settings
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.records import Connections

_LONGEST_DIFF = 40


def openapi(
    write: Annotated[
        Path | None,
        typer.Option("--write", metavar="FILE", help="Write it to a file.", show_default=False),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(
            "--check",
            metavar="FILE",
            help="Fail if a file differs from it by a byte.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the OpenAPI document, the same for every backend; nothing is connected to."""
    if write is not None and check is not None:
        raise typer.BadParameter("--write and --check exclude each other")
    content = rendered()
    if check is not None:
        _check(check, content)
    elif write is not None:
        _write(write, content)
    else:
        typer.echo(content, nl=False)


def rendered() -> bytes:
    """The document, whatever backends are installed and whatever the settings are."""
    from bakeoff import openapi as document
    from bakeoff.app import create_app

    return document.render(create_app(Settings.model_construct(), _NoLayer(LayerConfig())))


def _write(file: Path, content: bytes) -> None:
    try:
        same = file.exists() and file.read_bytes() == content
        if not same:
            file.write_bytes(content)
    except OSError as error:
        raise Failure(f"{file} cannot be written: {reason(error)}") from error
    console.show(f"{file} is as it was" if same else f"{file} written")


def _check(file: Path, content: bytes) -> None:
    try:
        found = file.read_bytes()
    except OSError as error:
        raise Failure(f"{file} cannot be read: {reason(error)}") from error
    if found == content:
        console.show(f"{file} is up to date")
        return
    for line in _diff(file, found, content):
        console.show(line)
    raise Failure(
        f"{file} differs from the document, first at byte {_first_difference(found, content)}. "
        f"To rewrite it: bakeoff openapi --write {file}"
    )


def _diff(file: Path, found: bytes, content: bytes) -> list[str]:
    lines = list(
        difflib.unified_diff(
            found.decode(errors="backslashreplace").splitlines(),
            content.decode().splitlines(),
            str(file),
            "the document",
            n=1,
            lineterm="",
        )
    )
    more = len(lines) - _LONGEST_DIFF
    return [*lines[:_LONGEST_DIFF], *([f"… {more} lines more"] if more > 0 else [])]


def _first_difference(found: bytes, content: bytes) -> int:
    """The byte, counted from 0, where one goes on otherwise than the other, or ends."""
    pairs = zip(found, content, strict=False)
    shorter = min(len(found), len(content))
    return next((at for at, (one, other) in enumerate(pairs) if one != other), shorter)


class _NoLayer:
    """Stands where a data layer belongs, so that the document needs none."""

    uses_database: ClassVar[bool] = False

    def __init__(self, config: LayerConfig) -> None:
        """There is nothing to configure."""

    def connections(self) -> Connections:
        """None; the metrics ask when they are made."""
        return Connections(size=0, in_use=0, in_transaction=0)

    def _never(self, *args: object) -> NoReturn:
        raise AssertionError("the document is made without data")

    open = close = ping = describe = reading = writing = _never
