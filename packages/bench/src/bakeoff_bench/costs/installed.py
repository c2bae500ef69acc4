"""What is installed in an environment: `python -m bakeoff_bench.costs.installed`, by its Python.

Answers one JSON object on standard output (`costs.deployment` reads it). Needs nothing but the
standard library, so that it adds nothing to what it looks at.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any


def main() -> None:
    """Print what is here."""
    json.dump(here(), sys.stdout)


def here() -> dict[str, Any]:
    """The Python, as markers of requirements call it, and each distribution with its bytes."""
    return {
        "python": {
            "implementation_name": sys.implementation.name,
            "platform_python_implementation": platform.python_implementation(),
            "python_full_version": platform.python_version(),
            "python_version": ".".join(platform.python_version_tuple()[:2]),
        },
        "distributions": [
            {
                "name": distribution.metadata["Name"],
                "requires": distribution.requires or [],
                "bytes": size(distribution),
            }
            for distribution in distributions()
        ],
    }


def size(distribution: Distribution) -> int:
    """The bytes of its files, without bytecode: not every installer records that."""
    files = (Path(str(distribution.locate_file(path))) for path in distribution.files or ())
    return sum(path.stat().st_size for path in _sources(_with_editable(files)))


def _with_editable(files: Iterable[Path]) -> Iterator[Path]:
    """An editable install records but a `.pth` file, whose lines name the folders."""
    for file in files:
        yield file
        if file.suffix == ".pth" and file.is_file():
            for line in file.read_text(encoding="utf-8").splitlines():
                if line and Path(line).is_dir():
                    yield from Path(line).rglob("*")


def _sources(paths: Iterable[Path]) -> Iterator[Path]:
    return (path for path in paths if path.suffix != ".pyc" and path.is_file())


if __name__ == "__main__":
    main()
