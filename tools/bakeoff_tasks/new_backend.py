"""Makes the package of a new backend from `templates/backend/` and registers it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from pathlib import Path

from bakeoff_tasks import environments, running
from bakeoff_tasks.registry import ROOT, backends

PLACEHOLDER = "newlayer"
_NAME = re.compile(r"[a-z][a-z0-9]*")


def begin(arguments: Sequence[str]) -> None:
    """Write the package, lock what it needs and sort its imports, whose names have changed."""
    name = write(arguments)
    environments.compile_locks(["main"])
    python = str(environments.for_development())
    fix = ["-m", "ruff", "check", "--fix", "--quiet", f"packages/{name}"]
    running.all_pass({"ruff check": [python, *fix]})
    running.show(f"packages/{name} is registered; it runs, and fails, with: nox -t {name}")


def write(arguments: Sequence[str], *, root: Path = ROOT) -> str:
    """Write `packages/<name>/` and its entry in the registry; answer the name.

    :raises ValueError: there is not one name, it cannot be a package's, or it is in use.
    """
    if len(arguments) != 1:
        raise ValueError("give the name of the new backend: nox -s new-backend -- NAME")
    (name,) = arguments
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or name == PLACEHOLDER:
        raise ValueError(f"{name!r} cannot be the name of a package: use a-z and 0-9")
    package = root / "packages" / name
    if package.exists() or name in {backend.name for backend in backends(root / "backends.toml")}:
        raise ValueError(f"there is a backend {name!r} already")
    template = root / "templates/backend"
    for source in sorted(template.rglob("*")):
        if source.is_dir() or "__pycache__" in source.parts:
            continue
        inside = str(source.relative_to(template)).replace(PLACEHOLDER, name)
        path = root / "backends.toml" if inside == "registry.toml" else package / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(source.read_text(encoding="utf-8").replace(PLACEHOLDER, name))
    return name
