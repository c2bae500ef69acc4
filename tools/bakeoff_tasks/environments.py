"""Makes virtual environments from lock files with uv, again only when those change."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bakeoff_tasks.locking import CONTRACT, MEMORY_PACKAGE, SCHEMAS, SERVICE, lock_file
from bakeoff_tasks.registry import ROOT, Backend, backends

FOLDER = ROOT / ".nox"
DEFAULT_PYTHON = "3.11"


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
    return ensure(f"serve-{backend.name}", locks=[backend.name, "build"], packages=packages)


def for_contract(backend: Backend, *, python: str = DEFAULT_PYTHON) -> Path:
    """One backend with the contract suite and the reference."""
    packages = _distinct([SCHEMAS, SERVICE, MEMORY_PACKAGE, backend.path, CONTRACT])
    return ensure(
        f"contract-{backend.name}-{python}",
        locks=[f"{backend.name}-contract"],
        packages=packages,
        python=python,
    )


def for_everything(name: str) -> Path:
    """Every backend side by side, as far as they can share an environment."""
    packages = _distinct(
        [SCHEMAS, SERVICE, MEMORY_PACKAGE, *(backend.path for backend in backends()), CONTRACT]
    )
    return ensure(name, locks=[name], packages=packages)


def ensure(
    name: str, *, locks: Sequence[str], packages: Sequence[Path] = (), python: str = DEFAULT_PYTHON
) -> Path:
    """The Python of an environment that holds just this.

    :raises EnvironmentFailed: uv could not make it.
    """
    folder = FOLDER / name
    interpreter = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "bakeoff-stamp"
    wanted = _fingerprint(locks, packages, python)
    if interpreter.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return interpreter
    tool = uv()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    interpreter_wanted = sys.executable if python == version else python
    _run(tool, "venv", "--clear", "--python", interpreter_wanted, str(folder))
    into = ("--python", str(interpreter))
    files = [argument for lock in locks for argument in ("-r", str(lock_file(lock)))]
    _run(tool, "pip", "install", *into, "--require-hashes", "--compile-bytecode", *files)
    if packages:
        sources = [argument for path in packages for argument in ("--editable", str(path))]
        _run(tool, "pip", "install", *into, "--no-deps", "--no-build-isolation", *sources)
    stamp.write_text(wanted, encoding="utf-8")
    return interpreter


def _fingerprint(locks: Sequence[str], packages: Sequence[Path], python: str) -> str:
    digest = hashlib.sha256(f"{python} {sys.executable}".encode())
    for path in [*map(lock_file, locks), *(package / "pyproject.toml" for package in packages)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _distinct(packages: Sequence[Path]) -> list[Path]:
    return list(dict.fromkeys(packages))


def _run(*command: str) -> None:
    # Nothing may fetch an interpreter: one that is not here is reported as not here.
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run([*command, "--quiet"], env=environment, text=True, capture_output=True)
    if done.returncode:
        raise EnvironmentFailed(f"{' '.join(command)}\n{done.stderr}")
