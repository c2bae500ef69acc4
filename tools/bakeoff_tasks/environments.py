"""Makes virtual environments from lock files with uv, again only when those change."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bakeoff_tasks.interpreters import DEFAULT_PYTHON, interpreter
from bakeoff_tasks.locking import (
    BENCH,
    CONTRACT,
    MEMORY_PACKAGE,
    REPRESENTATIVES,
    SCHEMAS,
    SERVICE,
    lock_file,
)
from bakeoff_tasks.registry import ROOT, Backend, backends

FOLDER = ROOT / ".nox"


class EnvironmentFailed(RuntimeError):
    """The environment could not be made; what was said is in the message."""


def uv() -> str:
    """The uv that came with this nox, else the one on the PATH.

    :raises EnvironmentFailed: there is none.
    """
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise EnvironmentFailed(
            "uv is missing: pip install --require-hashes -r requirements/nox.txt"
        )
    return found


def for_serving(backend: Backend) -> Path:
    """What is deployed: the service with one backend."""
    packages = _distinct([SCHEMAS, SERVICE, backend.path])
    locks = [backend.name, "build"]
    return ensure(f"serve-{backend.name}", locks=locks, packages=packages, compiled=True)


def for_contract(backend: Backend, *, python: str = DEFAULT_PYTHON) -> Path:
    """One backend with the contract suite and the reference."""
    return ensure(
        f"contract-{backend.name}-{python}",
        locks=[f"{backend.name}-contract"],
        packages=_tested([backend]),
        python=python,
    )


def for_bench() -> Path:
    """What times the backends, each of which it reaches in an environment of its own."""
    return ensure("bench", locks=["bench", "build"], packages=[SCHEMAS, BENCH])


def for_locust() -> Path:
    """The load generator alone."""
    return ensure("locust", locks=["locust"])


def for_shared_tests() -> Path:
    """The service, the suite, the bench, and a few backends to test them with."""
    chosen = [backend for backend in backends() if backend.name in REPRESENTATIVES]
    return ensure("unit", locks=["unit"], packages=[*_tested(chosen), BENCH])


def for_types() -> dict[Path, list[Backend]]:
    """The backends whose types are checked together, by the Python that does it."""
    together = [backend for backend in backends() if backend.alone is None]
    made = {ensure("types", locks=["types"], packages=[*_tested(together), BENCH]): together}
    for backend in backends():
        if backend.alone is not None:
            name = f"types-{backend.name}"
            made[ensure(name, locks=[name], packages=_tested([backend]))] = [backend]
    return made


def ensure(
    name: str,
    *,
    locks: Sequence[str],
    packages: Sequence[Path] = (),
    python: str = DEFAULT_PYTHON,
    compiled: bool = False,
) -> Path:
    """The Python of an environment that holds just this.

    `compiled` is for what is to start fast from the first time on. To compile all that is installed
    takes many times as long as to install it, and tests import only some of it.

    :raises EnvironmentFailed: there is no such Python here, or uv could not make it.
    """
    base = interpreter(python)
    if base is None:
        raise EnvironmentFailed(f"there is no Python {python} on this machine")
    folder = FOLDER / name
    python_there = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "bakeoff-stamp"
    wanted = _fingerprint(locks, packages, base)
    if python_there.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python_there
    tool = uv()
    _run(tool, "venv", "--clear", "--python", str(base), str(folder))
    into = ("--python", str(python_there))
    files = [argument for lock in locks for argument in ("-r", str(lock_file(lock)))]
    compiling = ["--compile-bytecode"] if compiled else []
    _run(tool, "pip", "install", *into, "--require-hashes", *compiling, *files)
    if packages:
        sources = [argument for path in packages for argument in ("--editable", str(path))]
        _run(tool, "pip", "install", *into, "--no-deps", "--no-build-isolation", *sources)
    stamp.write_text(wanted, encoding="utf-8")
    return python_there


def _fingerprint(locks: Sequence[str], packages: Sequence[Path], base: Path) -> str:
    digest = hashlib.sha256(str(base).encode())
    for path in [*map(lock_file, locks), *(package / "pyproject.toml" for package in packages)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _tested(chosen: Sequence[Backend]) -> list[Path]:
    paths = (backend.path for backend in chosen)
    return _distinct([SCHEMAS, SERVICE, MEMORY_PACKAGE, *paths, CONTRACT])


def _distinct(packages: Sequence[Path]) -> list[Path]:
    return list(dict.fromkeys(packages))


def _run(*command: str) -> None:
    # Nothing may fetch an interpreter: one that is not here is reported as not here.
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run([*command, "--quiet"], env=environment, text=True, capture_output=True)
    if done.returncode:
        raise EnvironmentFailed(f"{' '.join(command)}\n{done.stderr}")
