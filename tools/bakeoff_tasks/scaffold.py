"""Makes the package of a new backend from `templates/backend/` and registers it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from pathlib import Path

from bakeoff_tasks.registry import ROOT, backends

PLACEHOLDER = "newlayer"
_NAME = re.compile(r"[a-z][a-z0-9]*")
# Where the files of the template go that are not part of the package.
_ELSEWHERE = {"registry.toml": "backends.toml", "fits.py": "typing-tests/fits_{name}.py"}


def new_backend(arguments: Sequence[str], *, root: Path = ROOT) -> str:
    """Write `packages/<name>/`, its typing test and its entry in the registry; the name.

    :raises ValueError: there is not one name given, it cannot be a package's, or it is in use.
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
        inside = str(source.relative_to(template))
        text = source.read_text(encoding="utf-8").replace(PLACEHOLDER, name)
        elsewhere = _ELSEWHERE.get(inside)
        path = package / inside if elsewhere is None else root / elsewhere.format(name=name)
        path = Path(str(path).replace(PLACEHOLDER, name))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    return name
