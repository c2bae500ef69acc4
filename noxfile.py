"""Bakeoff's tasks. `nox` runs the tests; `nox --list` shows everything, with how to choose."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nox

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "tools"))

import bakeoff_servers  # noqa: E402 - found only once tools/ is on the path
from bakeoff_tasks import environments, locking, matrix  # noqa: E402
from bakeoff_tasks.registry import MEMORY, Backend, Cell, backends, cells  # noqa: E402

nox.needs_version = ">=2026.4"
nox.options.sessions = ["lint", "types", "unit", "matrix"]
nox.options.default_venv_backend = "none"  # environments.py makes them, one for each lock file

BACKENDS = {backend.name: backend for backend in backends()}
CELLS = [
    nox.param(cell, id=cell.name, tags=list(dict.fromkeys([cell.backend.name, cell.database])))
    for cell in cells()
]
MIGRATIONS = ROOT / "shared-schemas/src/bakeoff_schemas/migrations/versions"
GOLDEN = ROOT / "shared-schemas/openapi.json"


@nox.session
@nox.parametrize("cell", CELLS)
def contract(session: nox.Session, cell: Cell) -> None:
    """Prove one backend on one database: -s "contract(raw-mysql)", -t raw, -t mysql."""
    python = _environment(session, environments.for_contract, cell.backend)
    report = matrix.report_path(cell)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    arguments = ["--backend", cell.backend.name, "--openapi", str(GOLDEN)]
    if cell.database not in (MEMORY, "sqlite"):
        server = bakeoff_servers.available().get(cell.database)
        if server is None:
            session.error(_no_server(cell.database))
        arguments += ["--database", server.url]
    for gap in cell.backend.gaps:
        arguments += ["--gap", f"{gap.test}={gap.kind}:{gap.reason}"]
    arguments += ["--contract-report", str(report)]
    arguments += ["--junit-xml", str(report.with_suffix(".xml")), "-q"]
    _pytest(session, python, "--pyargs", "bakeoff_contract", *arguments, *session.posargs)


@nox.session(name="matrix")
def whole_matrix(session: nox.Session) -> None:
    """Prove every backend on every database that is there; writes build/matrix.json."""
    there = {MEMORY, "sqlite", *bakeoff_servers.available()}
    required = matrix.required_databases(os.environ)
    verdicts = []
    for cell in cells():
        if cell.database in there:
            name = f"contract({cell.name})"
            session.run(
                *(sys.executable, "-m", "nox", "-s", name, "--", *session.posargs),
                success_codes=range(256),
                external=True,
            )
            verdicts.append(matrix.judge(cell))
        else:
            why = _no_server(cell.database)
            verdicts.append(matrix.not_run(cell, why, required=cell.database in required))
    matrix.write(verdicts)
    matrix.show(verdicts)
    if not all(verdict.acceptable for verdict in verdicts):
        session.error("the matrix does not hold")


@nox.session
def unit(session: nox.Session) -> None:
    """Test what the contract cannot express, package by package, on every database there is."""
    everything = _environment(session, environments.for_everything, "unit")
    shared = ["shared-schemas/tests", "packages/service/tests", "contract-tests/tests"]
    for folder in [*shared, "tools/tests"]:
        _pytest(session, everything, "-q", "-n", "auto", folder, *session.posargs)
    for backend in BACKENDS.values():
        folder = str(backend.path.relative_to(ROOT) / "tests")
        python = _environment(session, environments.for_contract, backend)
        _pytest(session, python, "-q", "-n", "auto", folder, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format; `nox -s lint -- --fix` mends what can be mended."""
    python = _environment(session, environments.ensure, "lint", locks=["lint"])
    fix = "--fix" in session.posargs
    _module(session, python, "ruff", "check", *(["--fix"] if fix else []), ".")
    _module(session, python, "ruff", "format", *([] if fix else ["--check"]), ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types strictly, and every backend against the port."""
    python = _environment(session, environments.for_everything, "types")
    packages = ["bakeoff_schemas", "bakeoff", "bakeoff_contract"]
    packages += [f"bakeoff_{name}" for name in BACKENDS]
    _module(session, python, "mypy", *(part for name in packages for part in ("-p", name)))
    # Not modules that can be named: migrations begin with a number, tools are scripts.
    _module(session, python, "mypy", "typing-tests", *map(str, MIGRATIONS.glob("*.py")))
    scripts = ["tools/servers.py", "tools/bakeoff_tasks", "tools/tests", "run.py"]
    session.run(*(str(python), "-m", "mypy", *scripts), env={"MYPYPATH": "tools"}, external=True)


@nox.session
def openapi(session: nox.Session) -> None:
    """Check the golden OpenAPI document; `nox -s openapi -- --write` rewrites it."""
    python = _environment(session, environments.for_serving, BACKENDS[MEMORY])
    action = "--write" if "--write" in session.posargs else "--check"
    _module(session, python, "bakeoff", "openapi", action, str(GOLDEN))


@nox.session
def lock(session: nox.Session) -> None:
    """Write the lock files in requirements/; `nox -s lock -- --upgrade` takes newer releases."""
    for name, requirements in locking.inputs().items():
        session.log(f"requirements/{name}.txt")
        locking.compile_lock(
            name, requirements, uv=environments.uv(), upgrade="--upgrade" in session.posargs
        )


@nox.session
def serve(session: nox.Session) -> None:
    """Serve the bookstore: nox -s serve -- [--backend raw] [--database URL] [--port 8000]."""
    arguments = list(session.posargs)
    backend = _chosen_backend(session, arguments)
    python = _environment(session, environments.for_serving, backend)
    session.run(
        *(str(python), "-m", "bakeoff", "serve", "--sample", *arguments),
        env={"BAKEOFF_LOG_FORMAT": os.environ.get("BAKEOFF_LOG_FORMAT", "text")},
        external=True,
    )


def _chosen_backend(session: nox.Session, arguments: list[str]) -> Backend:
    name = os.environ.get("BAKEOFF_BACKEND", "sqlalchemy")
    if "--backend" in arguments[:-1]:
        name = arguments[arguments.index("--backend") + 1]
    if name not in BACKENDS:
        session.error(f"there is no backend {name!r}; there are {', '.join(BACKENDS)}")
    return BACKENDS[name]


def _environment(session: nox.Session, make: Callable[..., Path], *args: Any, **kw: Any) -> Path:
    try:
        return make(*args, **kw)
    except environments.EnvironmentFailed as error:
        session.error(f"the environment could not be made:\n{error}")


def _pytest(session: nox.Session, python: Path, *arguments: str) -> None:
    servers = bakeoff_servers.available()
    environment = {f"BAKEOFF_TEST_{name.upper()}_URL": s.url for name, s in servers.items()}
    session.run(str(python), "-m", "pytest", *arguments, env=environment, external=True)


def _module(session: nox.Session, python: Path, module: str, *arguments: str) -> None:
    session.run(str(python), "-m", module, *arguments, external=True)


def _no_server(database: str) -> str:
    return (
        f"no {database} server: python tools/servers.py up {database}, "
        f"or set BAKEOFF_TEST_{database.upper()}_URL"
    )
