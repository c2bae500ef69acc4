"""Result files: written whole or not at all, and read with a clear word on what is wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bakeoff_bench.errors import BenchError
from bakeoff_bench.results.model import SCHEMA, Result

_FAULTS_SHOWN = 3


class UnreadableResult(BenchError):
    """The file cannot be read, or is no result; the message names it and says what is wrong."""


def write(result: Result, path: Path) -> None:
    """Put the result in its place; whoever reads meanwhile sees the old file or the new one.

    :raises BenchError: the file cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_text(result.model_dump_json() + "\n", "utf-8")
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}") from error


def read(path: Path) -> Result:
    """The result in that file.

    :raises UnreadableResult: it is not there, is no result, or was written by a newer bench.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableResult(f"cannot read {path}: {error.strerror}") from error
    _check_version(path, content)
    try:
        return Result.model_validate_json(content)
    except ValidationError as error:
        raise UnreadableResult(f"{path} is no result of bakeoff-bench: {_faults(error)}") from error


def _check_version(path: Path, content: bytes) -> None:
    """A newer file is to be told from a broken one, so its version is looked at first."""
    try:
        document: Any = json.loads(content)
    except ValueError as error:
        raise UnreadableResult(
            f"{path} is no result of bakeoff-bench: not JSON ({error})"
        ) from error
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, int):
        raise UnreadableResult(f"{path} is no result of bakeoff-bench: it has no schema_version")
    if version > SCHEMA:
        raise UnreadableResult(
            f"{path} was written by a newer bakeoff-bench: its schema_version is {version}, "
            f"and this one reads up to {SCHEMA}. Upgrade bakeoff-bench."
        )


def _faults(error: ValidationError) -> str:
    faults = [
        f"{'.'.join(str(step) for step in fault['loc'])}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False)
    ]
    more = f" and {len(faults) - _FAULTS_SHOWN} more" if len(faults) > _FAULTS_SHOWN else ""
    return "; ".join(faults[:_FAULTS_SHOWN]) + more
