"""Result files: written whole or not at all; errors say what is wrong with a file."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bakeoff_bench.errors import BenchError
from bakeoff_bench.results.model import SCHEMA, Result

_FAULTS_SHOWN = 3
_GZIP = b"\x1f\x8b"


class UnreadableResult(BenchError):
    """The file cannot be read, or is no result; the message names it and says what is wrong."""


def write(result: Result, path: Path) -> None:
    """Replace the file in one step, compressed if its name ends in `.gz`.

    :raises BenchError: the file cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            content = f"{result.model_dump_json()}\n".encode()
            # Without the time, so that the same result is the same file.
            compressed = path.suffix == ".gz"
            unfinished.write_bytes(gzip.compress(content, mtime=0) if compressed else content)
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
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableResult(f"{path} is no result of bakeoff-bench: {error}") from error
    except OSError as error:
        raise UnreadableResult(f"cannot read {path}: {error.strerror}") from error
    _check_version(path, content)
    try:
        return Result.model_validate_json(content)
    except ValidationError as error:
        raise UnreadableResult(f"{path} is no result of bakeoff-bench: {_faults(error)}") from error


def _check_version(path: Path, content: bytes) -> None:
    """Tell a newer file from a broken one: check its version first."""
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


SCHEMA_PATH = Path(__file__).with_name("bench.schema.json")


def schema_text() -> str:
    """The JSON Schema of a result, as it is committed."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Result.model_json_schema(),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
