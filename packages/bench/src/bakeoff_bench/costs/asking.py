"""Runs a module of this package in the environment of a backend: JSON to it, JSON from it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bakeoff_bench.controller.processes import environment
from bakeoff_bench.errors import BenchError
from bakeoff_bench.masking import masked
from bakeoff_schemas.database_url import DatabaseUrl

_TIMEOUT = 300.0


def ask(
    module: str, *, python: Path, url: DatabaseUrl | None = None, **given: object
) -> dict[str, Any]:
    """Hand over what is given and, on standard input too, the address; answers its one answer.

    :raises BenchError: the process cannot be started, fails, or takes minutes.
    """
    message: Mapping[str, object] = given if url is None else {**given, "url": url.render()}
    try:
        ended = subprocess.run(
            [python, "-m", f"bakeoff_bench.costs.{module}"],
            input=json.dumps(message),
            env=environment(os.environ),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(f"{module} by {python} failed: {type(error).__name__}") from None
    if ended.returncode:
        # The last line is the error, the rest is where it came from.
        why = ended.stderr.strip().rpartition("\n")[2] or f"exit code {ended.returncode}"
        told = why if url is None else masked(why, url=url)
        raise BenchError(f"{module} by {python} failed: {told}")
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer
