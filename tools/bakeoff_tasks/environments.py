"""Makes virtual environments from the lock files with uv, again only when something has changed."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from bakeoff_tasks.locks import SCHEMAS, SERVICE, lock_file, lock_of, pinned, requirements
from bakeoff_tasks.registry import DEFAULT_PYTHON, ROOT, Backend, backends
from bakeoff_tasks.running import CheckFailed

FOLDER = ROOT / ".nox"
CONTRACT = ROOT / "contract-tests"
BENCH = ROOT / "packages/bench"
REPORT = ROOT / "packages/report"
MEMORY_PACKAGE = ROOT / "packages/memory"
# Checks that run at the same time share environments: each is made by whoever needs it first.
_making = threading.Lock()


class EnvironmentFailed(CheckFailed):
    """The environment could not be made; the message says why."""


@cache
def interpreter(version: str) -> Path | None:
    """The newest CPython of a version such as 3.12 on this machine; none is ever downloaded."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return Path(sys.executable)
    import findpython

    # It logs every interpreter that it starts.
    logging.getLogger("findpython").setLevel(logging.WARNING)
    major, minor = map(int, version.split("."))
    found = findpython.find_all(major, minor, implementation="cpython", freethreaded=False)
    return found[0].executable if found else None


def for_development() -> Path:
    """Everything that goes into one environment: the checks run there, and the bench."""
    together = [backend.path for backend in backends() if backend.alone is None]
    packages = [SCHEMAS, SERVICE, *together, CONTRACT, BENCH, REPORT]
    return _ensure("dev", packages, groups=["browser", "build", "lint", "sbom", "test", "types"])


def for_contract(backend: Backend, *, python: str = DEFAULT_PYTHON) -> Path:
    """One backend with the contract suite and the reference backend."""
    packages = [SCHEMAS, SERVICE, MEMORY_PACKAGE, backend.path, CONTRACT]
    name = f"contract-{backend.name}-{python}"
    lock = lock_of(backend.name)
    # The types of the others are checked in the environment for development.
    groups = ["build", "test", *(["types"] if backend.alone else [])]
    return _ensure(name, packages, groups=groups, lock=lock, python=python)


def for_serving(backend: Backend) -> Path:
    """What is deployed: the service with one backend. Compiled, so that its first start is fast."""
    packages = [SCHEMAS, SERVICE, backend.path]
    lock = lock_of(backend.name)
    return _ensure(f"serve-{backend.name}", packages, groups=["build"], lock=lock, compiled=True)


def served(backend: Backend) -> list[str]:
    """The pins of all that `for_serving` and the image of a backend install, on any system."""
    lock = lock_of(backend.name)
    pins = pinned(requirements([SCHEMAS, SERVICE, backend.path]), lock)
    options = ["--universal", "--python-version", DEFAULT_PYTHON, "--constraints", str(lock)]
    options += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    return _run(_uv(), "pip", "compile", "-", *options, text="\n".join(pins)).splitlines()


def for_locust() -> Path:
    """The load generator alone."""
    return _ensure("locust", [], groups=["load"])


def for_audit() -> Path:
    """pip-audit alone."""
    return _ensure("audit", [], groups=["audit"])


def for_fuzzing() -> Path:
    """The service with the fuzzer."""
    return _ensure("fuzz", [SCHEMAS, SERVICE], groups=["build", "fuzz"])


def for_documentation() -> Path:
    """The site generator alone."""
    return _ensure("docs", [], groups=["docs"])


def compile_locks(names: Sequence[str] | None = None, *, upgrade: bool = False) -> None:
    """Write these lock files, or all, with hashes and without any address of an index."""
    common = [SCHEMAS, SERVICE, MEMORY_PACKAGE, CONTRACT]
    together = [backend.path for backend in backends() if backend.alone is None]
    locks = {
        "nox": ([], ["nox"]),
        "main": (
            [*common, *together, BENCH, REPORT],
            ["audit", "browser", "build", "docs", "fuzz", "lint", "load", "sbom", "test", "types"],
        ),
    }
    for backend in backends():
        if backend.alone is not None:
            locks[backend.name] = ([*common, backend.path], ["build", "test", "types"])
    own = ["bakeoff", "bakeoff-schemas", "bakeoff-contract", "bakeoff-bench", "bakeoff-report"]
    own += [backend.package for backend in backends()]
    for name in names or locks:
        packages, groups = locks[name]
        projects = [str(path.relative_to(ROOT) / "pyproject.toml") for path in _distinct(packages)]
        chosen = [part for group in groups for part in ("--group", f"pyproject.toml:{group}")]
        hidden = [part for package in own for part in ("--no-emit-package", package)]
        options = ["--all-extras"] if projects else []
        options += ["--universal", "--python-version", DEFAULT_PYTHON, "--generate-hashes"]
        options += ["--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
        options += ["--custom-compile-command", "nox -s lock"]
        options += ["--output-file", str(lock_file(name).relative_to(ROOT))]
        options += ["--upgrade"] if upgrade else []
        _run(_uv(), "pip", "compile", *projects, *chosen, *hidden, *options)


def _ensure(
    name: str,
    packages: Sequence[Path],
    *,
    groups: Sequence[str],
    lock: Path | None = None,
    python: str = DEFAULT_PYTHON,
    compiled: bool = False,
) -> Path:
    """The Python of an environment with exactly these packages and groups.

    `compiled` compiles all that is installed; elsewhere what is imported is compiled on the way,
    which is a fraction of it.

    :raises EnvironmentFailed: there is no such Python here, or uv could not make it.
    """
    base = interpreter(python)
    if base is None:
        raise EnvironmentFailed(f"there is no Python {python} on this machine")
    lock = lock or lock_file("main")
    packages = _distinct(packages)
    try:
        pins = pinned(requirements(packages, groups), lock)
    except ValueError as error:
        raise EnvironmentFailed(str(error)) from None
    folder = FOLDER / name
    there = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "bakeoff-stamp"
    digest = hashlib.sha256("\n".join([str(base), *pins]).encode())
    for path in [lock, *(package / "pyproject.toml" for package in packages)]:
        digest.update(path.read_bytes())
    with _making:
        if there.exists() and stamp.exists() and stamp.read_text("utf-8") == digest.hexdigest():
            return there
        _run(_uv(), "venv", "--clear", "--python", str(base), str(folder))
        install = [_uv(), "pip", "install", "--python", str(there)]
        compiling = ["--compile-bytecode"] if compiled else []
        hashed = ["--require-hashes", "--constraints", str(lock), "--requirements", "-"]
        _run(*install, *hashed, *compiling, text="\n".join(pins))
        if packages:
            sources = [argument for path in packages for argument in ("--editable", str(path))]
            _run(*install, "--no-deps", "--no-build-isolation", *sources)
        stamp.write_text(digest.hexdigest(), encoding="utf-8")
    return there


def _uv() -> str:
    """The uv that was installed with this nox, else the one on the PATH."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise EnvironmentFailed(
            "uv is missing: pip install --require-hashes -r requirements/nox.txt"
        )
    return found


def _distinct(packages: Sequence[Path]) -> list[Path]:
    return list(dict.fromkeys(packages))


def _run(*command: str, text: str = "") -> str:
    # uv must not fetch an interpreter: one that is missing is reported as missing.
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run(
        [*command, "--quiet"],
        env=environment,
        cwd=ROOT,
        text=True,
        input=text,
        capture_output=True,
    )
    if done.returncode:
        raise EnvironmentFailed(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout
