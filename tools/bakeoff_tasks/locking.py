"""Which lock files there are, and what goes into each; `nox -s lock` writes them."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

from bakeoff_tasks.registry import ROOT, backends

FOLDER = ROOT / "requirements"
SCHEMAS = ROOT / "shared-schemas"
SERVICE = ROOT / "packages/service"
CONTRACT = ROOT / "contract-tests"
BENCH = ROOT / "packages/bench"
MEMORY_PACKAGE = ROOT / "packages/memory"

# Without isolation; `editables` is what hatchling asks for when it installs in place.
_BUILD = ["editables>=0.5", "hatchling>=1.27"]
_TESTING = [
    "anyio>=4.9",
    "httpx>=0.28",
    "hypothesis>=6.150",
    "pytest>=9",
    "pytest-xdist>=3.8",
    "pyyaml>=6",
]
# What tests the service itself; every backend is proven in an environment of its own.
REPRESENTATIVES = ("memory", "raw", "sqlalchemy")
_TOOLS = ["findpython>=0.9"]
_BENCH_TESTING = ["jsonschema>=4.25"]
_STUBS = [
    *("mypy>=2", "types-jsonschema", "types-psutil"),
    *("types-psycopg2", "types-pymysql", "types-pyyaml"),
]


def lock_file(name: str) -> Path:
    """Where the lock of that name is."""
    return FOLDER / f"{name}.txt"


def inputs() -> dict[str, list[str]]:
    """What each lock file is made from; later ones may build on earlier ones."""
    unit: list[str] = []
    types: list[str] = []
    locks: dict[str, list[str]] = {
        "nox": ["findpython>=0.9", "nox>=2026.4", "rich>=14", "uv>=0.9"],
        "lint": ["ruff>=0.14"],
        "build": list(_BUILD),
        "bench": _needs(SCHEMAS) + _needs(BENCH),
        # In an environment of its own: it takes the standard library's sockets apart.
        "locust": ["locust>=2.40"],
    }
    bench = _needs(BENCH) + _BENCH_TESTING
    for backend in backends():
        runtime = _needs(SCHEMAS, extra="migrations") + _needs(SERVICE) + _needs(backend.path)
        locks[backend.name] = runtime
        contract = runtime + _needs(CONTRACT) + _needs(MEMORY_PACKAGE) + _BUILD + _TESTING
        locks[f"{backend.name}-contract"] = contract
        if backend.name in REPRESENTATIVES:
            unit += contract
        if backend.alone is None:
            types += contract
        else:
            locks[f"types-{backend.name}"] = contract + _STUBS
    locks["unit"] = unit + bench + _TOOLS
    locks["types"] = types + bench + _TOOLS + _STUBS
    return locks


def compile_lock(name: str, requirements: list[str], *, uv: str, upgrade: bool) -> None:
    """Write one lock file, with hashes and without any address of an index."""
    path = lock_file(name)
    constraint = lock_file(name.removesuffix("-contract"))
    command = [uv, "pip", "compile", "-", "--output-file", str(path.relative_to(ROOT))]
    command += ["--generate-hashes", "--universal", "--python-version", "3.11", "--no-annotate"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--quiet"]
    command += ["--custom-compile-command", "nox -s lock"]
    if constraint != path:
        # What is tested is what is deployed.
        command += ["--constraint", str(constraint.relative_to(ROOT))]
    if upgrade:
        command.append("--upgrade")
    text = "\n".join(sorted(set(requirements)))
    subprocess.run(command, input=text, text=True, check=True, cwd=ROOT)


def _needs(folder: Path, *, extra: str | None = None) -> list[str]:
    """What a package of ours needs from others."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs: list[str] = list(project["dependencies"])
    if extra is not None:
        needs += project["optional-dependencies"][extra]
    return [need for need in needs if not need.startswith("bakeoff")]
