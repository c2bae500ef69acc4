"""Which lock file serves whom. Only the standard library: the container build runs it as well.

`requirements/main.txt` has everything that goes with SQLAlchemy 2.x, with hashes. A backend that
cannot go with it (`alone` in backends.toml) has a lock file of its own. An environment is installed
from a part of one lock: its first requirements are pinned here, and uv takes the rest of the
versions and all hashes from the lock.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "shared-schemas"
SERVICE = ROOT / "packages/service"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)
_REQUIREMENT = re.compile(r"\s*(?P<name>[A-Za-z0-9._-]+)(?P<extras>\[.*?\])?[^;]*(?P<marker>;.*)?")


def lock_file(name: str) -> Path:
    """Where the lock of that name is."""
    return ROOT / "requirements" / f"{name}.txt"


def lock_of(backend: str) -> Path:
    """The lock file that a backend is installed from."""
    entry = _toml(ROOT / "backends.toml")["backends"][backend]
    return lock_file(backend if "alone" in entry else "main")


def requirements(packages: Iterable[Path], groups: Iterable[str] = ()) -> list[str]:
    """What these packages of ours, with their extras, and these dependency groups need."""
    found: list[str] = []
    for package in packages:
        project = _toml(package / "pyproject.toml")["project"]
        extras = project.get("optional-dependencies", {})
        found += [need for part in (project["dependencies"], *extras.values()) for need in part]
    for group in groups:
        found += _toml(ROOT / "pyproject.toml")["dependency-groups"][group]
    return sorted({need for need in found if not need.startswith("bakeoff")})


def pinned(wanted: Sequence[str], lock: Path) -> list[str]:
    """The same requirements, each with the one version that is locked.

    :raises ValueError: something is not in the lock file.
    """
    versions = {canonical(name): version for name, version in _PINNED.findall(lock.read_text())}
    pins = []
    for requirement in wanted:
        parts = _REQUIREMENT.fullmatch(requirement)
        version = versions.get(canonical(parts["name"])) if parts else None
        if parts is None or version is None:
            raise ValueError(f"{lock.name} lacks {requirement}: nox -s lock")
        pins.append(f"{parts['name']}{parts['extras'] or ''}=={version}{parts['marker'] or ''}")
    return pins


def canonical(name: str) -> str:
    """The name of a package as an index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def main(name: str, path: str) -> None:
    """Write the pins of a backend's service, or of `build`, and print the lock to go with them.

    uv pip install --require-hashes --constraints LOCK --requirements PATH
    """
    if name == "build":
        lock, wanted = lock_file("main"), requirements([], ["build"])
    else:
        lock = lock_of(name)
        wanted = requirements([SCHEMAS, SERVICE, ROOT / "packages" / name])
    Path(path).write_text("\n".join(pinned(wanted, lock)) + "\n", encoding="utf-8")
    print(lock)


if __name__ == "__main__":
    main(*sys.argv[1:])
