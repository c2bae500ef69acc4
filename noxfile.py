"""Bakeoff's tasks. `nox` runs the tests; `nox --list` shows everything, with how to choose."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import nox

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "tools"))

import bakeoff_servers  # noqa: E402 - found only once tools/ is on the path
from bakeoff_servers.model import Server  # noqa: E402
from bakeoff_tasks import (  # noqa: E402
    drift,
    environments,
    interop,
    interop_table,
    ledger,
    locking,
    matrix,
    parity,
    running,
    scaffold,
    tutorial,
)
from bakeoff_tasks import statements as recordings  # noqa: E402
from bakeoff_tasks.interpreters import DEFAULT_PYTHON, interpreter  # noqa: E402
from bakeoff_tasks.registry import MEMORY, Backend, Cell, backends, cells, usual_cells  # noqa: E402

nox.needs_version = ">=2026.4"
nox.options.sessions = [
    *("lint", "parity", "workarounds", "drift", "statements", "fairness", "side-by-side"),
    *("unit", "layers", "interop", "matrix"),
]
# Dozens of processes import the same packages and suites; they are compiled once for all of them.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
nox.options.default_venv_backend = "none"  # environments.py makes them, one for each lock file

Made = TypeVar("Made")


def _tags(cell: Cell) -> list[str]:
    """-t raw and -t mysql mean Python 3.11, -t 3.13 that one; -t usual is what `matrix` runs."""
    usual = ["usual"] if cell in USUAL else []
    if cell.python != DEFAULT_PYTHON:
        return [cell.python, *usual]
    return [*dict.fromkeys([cell.backend.name, cell.database]), *usual]


USUAL = usual_cells()
BACKENDS = {backend.name: backend for backend in backends()}
CELLS = [nox.param(cell, id=cell.name, tags=_tags(cell)) for cell in cells()]
MIGRATIONS = ROOT / "shared-schemas/src/bakeoff_schemas/migrations/versions"
GOLDEN = ROOT / "shared-schemas/openapi.json"
# The bench is in no layer's environment: what it does there finds it by the path.
BENCH_SOURCE, BENCH_TESTS = locking.BENCH / "src", locking.BENCH / "tests"


@nox.session
@nox.parametrize("cell", CELLS)
def contract(session: nox.Session, cell: Cell) -> None:
    """Prove one backend on one database: -s "contract(raw-mysql)", -t raw, -t mysql, -t 3.13."""
    python = _environment(session, environments.for_contract, cell.backend, python=cell.python)
    report = matrix.report_path(cell)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    arguments = ["--backend", cell.backend.name, "--openapi", str(GOLDEN)]
    if cell.database not in (MEMORY, "sqlite"):
        server = bakeoff_servers.available().get(cell.database)
        if server is None:
            session.error(bakeoff_servers.absence(cell.database))
        arguments += ["--database", server.url]
    for gap in cell.backend.gaps:
        arguments += ["--gap", f"{gap.test}={gap.kind}:{gap.reason}"]
    arguments += ["--contract-report", str(report)]
    arguments += ["--junit-xml", str(report.with_suffix(".xml")), "-q"]
    _pytest(session, python, "--pyargs", "bakeoff_contract", *arguments, *session.posargs)


@nox.session(name="matrix")
def whole_matrix(session: nox.Session) -> None:
    """Prove every backend on every database that is there; writes build/matrix.json.

    All cells run with Python 3.11, and each backend once more with its newest Python;
    BAKEOFF_PYTHONS="3.12 3.13" runs all cells with those. BAKEOFF_JOBS cells run at once.
    """
    there = {MEMORY, "sqlite", *bakeoff_servers.available()}
    required = matrix.required_databases(os.environ)
    chosen = _given(session, matrix.chosen_cells, os.environ)
    absent = {cell.name: why for cell in chosen if (why := _absence(cell, there))}
    for cell in chosen:
        if cell.name not in absent:
            _environment(session, environments.for_contract, cell.backend, python=cell.python)
    ran = running.run(
        [cell for cell in chosen if cell.name not in absent],
        session.posargs,
        at_once=_given(session, running.jobs, os.environ),
        tell=_tell,
    )
    waiting = iter(ran)
    verdicts = [
        matrix.not_run(cell, absent[cell.name], required=cell.database in required)
        if cell.name in absent
        else next(waiting)
        for cell in chosen
    ]
    matrix.write(verdicts)
    matrix.show(verdicts)
    if not all(verdict.acceptable for verdict in verdicts):
        session.error("the matrix does not hold")


@nox.session(name="interop")
def interoperate(session: nox.Session) -> None:
    """Let each backend read, change and delete what each other wrote, and serve beside it.

    nox -s interop -- --backend raw --backend gino --database mysql --only fleets
    """
    what = _given(session, interop.chosen, session.posargs)
    outcome = interop.run(
        what,
        driver=_environment(session, environments.for_contract, BACKENDS[MEMORY]),
        pythons={
            backend.name: _environment(session, environments.for_serving, backend)
            for backend in what.backends
        },
        urls={name: server.url for name, server in bakeoff_servers.available().items()},
        at_once=_given(session, running.jobs, os.environ),
        tell=_tell,
    )
    interop.write(outcome)
    interop_table.show(outcome)
    if not interop.acceptable(outcome, required=matrix.required_databases(os.environ)):
        session.error("the backends do not work together")


@nox.session
def statements(session: nox.Session) -> None:
    """Record what each operation sends; fails on growth. -- [--write] [raw-mysql …] chooses."""
    servers = bakeoff_servers.available()
    chosen = _given(session, recordings.chosen, session.posargs)
    absent = {cell.name for cell in chosen if _is_missing(session, cell.database)}
    commands = {}
    for cell in chosen:
        if cell.name not in absent:
            python = _environment(session, environments.for_contract, cell.backend)
            server = servers.get(cell.database)
            arguments = recordings.arguments(cell, server and server.url)
            pytest = [str(python), "-m", "pytest", *running.WITHOUT_SCHEMATHESIS]
            commands[cell.name] = [*pytest, *arguments]
    for done in running.each(commands, at_once=_given(session, running.jobs, os.environ)):
        _tell(done.printed)
    verdicts = [
        recordings.not_run(cell, bakeoff_servers.absence(cell.database), required=False)
        if cell.name in absent
        else recordings.judge(cell)
        for cell in chosen
    ]
    recordings.write(verdicts)
    if "--write" in session.posargs:
        recordings.write_baseline(verdicts)
    recordings.show(verdicts)
    if not all(verdict.acceptable for verdict in verdicts):
        session.error("statements have grown, or break a cap; details are above")


@nox.session
def unit(session: nox.Session) -> None:
    """Test what the contract cannot express, package by package, on every database there is."""
    shared_tests = _environment(session, environments.for_shared_tests)
    arms = BENCH_TESTS / "arms"
    quick = ["-m", "pytest", "-q", *running.WITHOUT_SCHEMATHESIS]
    # By far the most work: it begins first, and has workers of its own.
    longest = ["-m", "pytest", "-q", "-n", "auto", "contract-tests/tests"]
    commands = {"contract-tests": [str(shared_tests), *longest]}
    for folder in ["packages/service", str(BENCH_TESTS.parent), "shared-schemas", "tools"]:
        tests = [f"{folder}/tests", f"--ignore={arms}"]
        commands[Path(folder).name] = [str(shared_tests), *quick, *tests]
    for backend in BACKENDS.values():
        # Besides its own: what the bench does with this layer alone, and without the port.
        folders = [str(backend.path / "tests"), *([str(arms)] if backend.databases else [])]
        python = _environment(session, environments.for_contract, backend)
        commands[backend.name] = [str(python), *quick, *folders]
    commands = {name: [*command, *session.posargs] for name, command in commands.items()}
    environment = {**_servers_to_test(), "PYTHONPATH": str(BENCH_SOURCE)}
    at_once = _given(session, running.jobs, os.environ)
    _all_pass(session, running.each(commands, at_once=at_once, environment=environment))


@nox.session
def layers(session: nox.Session) -> None:
    """Prove what HTTP cannot show of a layer: nox -s layers -- [--backend raw] [-k cancelled]."""
    arguments = list(session.posargs)
    only = _chosen_backend(session, arguments).name if "--backend" in arguments else None
    servers = bakeoff_servers.available()
    commands = {}
    for cell in USUAL:
        if cell.database == MEMORY or cell.python != DEFAULT_PYTHON:
            continue
        if only not in (None, cell.backend.name) or _is_missing(session, cell.database):
            continue
        python = _environment(session, environments.for_contract, cell.backend)
        what = ["--pyargs", "bakeoff_contract.layer_suite", "--backend", cell.backend.name]
        if cell.database != "sqlite":
            what += ["--database", servers[cell.database].url]
        pytest = [str(python), "-m", "pytest", "-q", *running.WITHOUT_SCHEMATHESIS]
        commands[cell.name] = [*pytest, *what, *arguments]
        # All the other drivers there are speak to MySQL.
        for driver in cell.backend.drivers if cell.database == "mysql" else ():
            commands[f"{cell.name}-{driver}"] = [*commands[cell.name], "--driver", driver]
    # They wait for time to pass, and for locks, more than they work.
    at_once = 2 * _given(session, running.jobs, os.environ)
    _all_pass(session, running.each(commands, at_once=at_once))


@nox.session(name="parity")
def same_shape(session: nox.Session) -> None:
    """Check that every backend has the port's files, classes and methods, in the port's order."""
    _holds(session, parity.problems(list(BACKENDS.values())))


@nox.session(name="drift")
def same_schema(session: nox.Session) -> None:
    """Compare each backend's models with the schema: -- [--backend raw] [--database mysql]."""
    chosen = _given(session, drift.chosen, session.posargs)
    pythons = {
        cell.backend.name: _environment(session, environments.for_contract, cell.backend)
        for cell in chosen
    }
    servers = {name: server.url for name, server in bakeoff_servers.available().items()}
    if not drift.run(chosen, pythons=pythons, servers=servers, environ=os.environ):
        session.error("a backend's models have drifted from the migrations")


@nox.session
def workarounds(session: nox.Session) -> None:
    """Check the ledger and the traps, and their pages; `nox -s workarounds -- --write` rewrites."""
    _holds(session, ledger.problems(list(BACKENDS.values()), write="--write" in session.posargs))


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
    shared = ["bakeoff_schemas", "bakeoff", "bakeoff_contract", "bakeoff_bench"]
    pythons = _environment(session, environments.for_types)
    for python, together in pythons.items():
        names = [*shared, *(f"bakeoff_{backend.name}" for backend in together)]
        fits = [f"typing-tests/fits_{backend.name}.py" for backend in together]
        _module(session, python, "mypy", *(part for name in names for part in ("-p", name)))
        _module(session, python, "mypy", *fits)
        shared = []
    python = next(iter(pythons))
    # Not modules that can be named: migrations begin with a number, tools are scripts.
    _module(session, python, "mypy", *map(str, MIGRATIONS.glob("*.py")))
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


@nox.session(name="new-backend")
def new_backend(session: nox.Session) -> None:
    """Begin a backend in packages/NAME: nox -s new-backend -- NAME (docs/add-a-data-layer.md)."""
    name = _given(session, scaffold.new_backend, session.posargs)
    for lock_name, requirements in locking.inputs().items():
        if lock_name in (name, f"{name}-contract", "types"):
            locking.compile_lock(lock_name, requirements, uv=environments.uv(), upgrade=False)
    python = _environment(session, environments.ensure, "lint", locks=["lint"])
    # The names of imports have changed, and so has their order.
    fixed = [f"packages/{name}", f"typing-tests/fits_{name}.py"]
    _module(session, python, "ruff", "check", "--fix", "--quiet", *fixed)
    session.log(f"packages/{name} is registered; it runs, and fails, with: nox -t {name}")


@nox.session(name="tutorial")
def follow_tutorial(session: nox.Session) -> None:
    """Follow docs/add-a-data-layer.md word for word, in a copy of the repository."""
    try:
        tutorial.follow(session.log)
    except tutorial.Differs as error:
        session.error(str(error))


@nox.session
def bench(session: nox.Session) -> None:
    """Measure how fast each layer is (docs/bench.md): -- --scenario point-read."""
    _bench(session)


@nox.session(name="bench-quick")
def bench_quickly(session: nox.Session) -> None:
    """See that the bench runs, with all layers on SQLite; its figures are for nobody."""
    _bench(session, "--quick", "--restarts", "1", "--tasks", "8")


@nox.session(name="side-by-side")
def side_by_side(session: nox.Session) -> None:
    """Run at once what keeps but one processor busy: tutorial, bench-quick and types."""
    commands = {
        name: [sys.executable, "-m", "nox", "-s", name]
        for name in ("tutorial", "bench-quick", "types")
    }
    _all_pass(session, running.each(commands, at_once=_given(session, running.jobs, os.environ)))


@nox.session
def fairness(session: nox.Session) -> None:
    """Check that all layers are set up alike; `nox -s fairness -- --write` rewrites the page."""
    arguments = session.posargs or ["--check"]
    servers = bakeoff_servers.available()
    _bench_module(session, "bakeoff_bench.fairness", *arguments, servers=servers)


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


def _bench(session: nox.Session, *arguments: str) -> None:
    options = [*arguments, *session.posargs]
    if not {"--http", "--full"}.isdisjoint(options):
        options += ["--locust", str(_environment(session, environments.for_locust))]
    if recordings.STATEMENTS.exists():
        options += ["--statements", str(recordings.STATEMENTS)]
    servers = {} if "--quick" in options else bakeoff_servers.available()
    _bench_module(session, "bakeoff_bench", "run", *options, servers=servers)


def _bench_module(
    session: nox.Session, module: str, *arguments: str, servers: Mapping[str, Server]
) -> None:
    """Tell the bench of every layer, in the environment that it is deployed in."""
    python = _environment(session, environments.for_bench)
    command = [str(python), "-m", module, *arguments]
    for backend in BACKENDS.values():
        layer = _environment(session, environments.for_serving, backend)
        command += ["--worker", f"{backend.name}={layer}"]
    databases = ["sqlite:///build/bench"]
    databases += [f"{name}={server.url}" for name, server in servers.items()]
    environment = {
        "PYTHONPATH": str(BENCH_SOURCE),
        # Not among the arguments, which are shown: there may be passwords in them.
        "BAKEOFF_BENCH_DATABASES": " ".join(databases),
    }
    session.run(*command, env=environment, external=True)


def _chosen_backend(session: nox.Session, arguments: list[str]) -> Backend:
    name = os.environ.get("BAKEOFF_BACKEND", "sqlalchemy")
    if "--backend" in arguments[:-1]:
        name = arguments[arguments.index("--backend") + 1]
    if name not in BACKENDS:
        session.error(f"there is no backend {name!r}; there are {', '.join(BACKENDS)}")
    return BACKENDS[name]


def _environment(session: nox.Session, make: Callable[..., Made], *args: Any, **kw: Any) -> Made:
    try:
        return make(*args, **kw)
    except environments.EnvironmentFailed as error:
        session.error(f"the environment could not be made:\n{error}")


def _pytest(session: nox.Session, python: Path, *arguments: str) -> None:
    session.run(*(str(python), "-m", "pytest", *arguments), env=_servers_to_test(), external=True)


def _servers_to_test() -> dict[str, str]:
    """What tests that need a server are told."""
    servers = bakeoff_servers.available()
    return {f"BAKEOFF_TEST_{name.upper()}_URL": server.url for name, server in servers.items()}


def _module(session: nox.Session, python: Path, module: str, *arguments: str) -> None:
    session.run(str(python), "-m", module, *arguments, external=True)


def _absence(cell: Cell, there: set[str]) -> str | None:
    """Why the cell cannot run here, if it cannot."""
    if cell.database not in there:
        return bakeoff_servers.absence(cell.database)
    return None if interpreter(cell.python) else f"there is no Python {cell.python} here"


def _tell(text: str) -> None:
    """At once, for whoever watches through a pipe."""
    print(text, flush=True)


def _all_pass(session: nox.Session, ended: Iterable[running.Done]) -> None:
    """Tell what each printed, and fail if any has."""
    failed = []
    for done in ended:
        _tell(f"{done.name}\n{done.printed}")
        failed += [done.name] if done.code else []
    if failed:
        session.error(f"failed: {', '.join(failed)}; what they printed is above")


def _holds(session: nox.Session, problems: list[str]) -> None:
    if problems:
        session.error("\n".join(problems))


def _is_missing(session: nox.Session, database: str) -> bool:
    """Whether there is no such server, which is an error where it is required."""
    if database == "sqlite" or database in bakeoff_servers.available():
        return False
    if database in matrix.required_databases(os.environ):
        session.error(bakeoff_servers.absence(database))
    session.log(f"not run: {bakeoff_servers.absence(database)}")
    return True


def _given(session: nox.Session, read: Callable[[Any], Made], what: Any) -> Made:
    try:
        return read(what)
    except ValueError as error:
        session.error(str(error))
