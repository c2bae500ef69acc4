"""Bakeoff's tasks. `nox` runs every check; `nox --list` shows the sessions and how to choose."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import nox

# Whatever nox runs this: what the sessions do is in tools/bakeoff_tasks.
sys.path.insert(0, str(Path(__file__).parent / "tools"))

from bakeoff_tasks import (
    checks,
    comparison,
    environments,
    fuzzing,
    matrix,
    new_backend,
    serving,
    soak,
)
from bakeoff_tasks.registry import DEFAULT_PYTHON, Cell, cells, usual_cells
from bakeoff_tasks.running import CheckFailed

nox.needs_version = ">=2026.4"
nox.options.sessions = ["test"]
nox.options.default_venv_backend = "none"  # sessions share the environments of environments.py
# Dozens of processes import the same packages and suites; they are compiled once for all of them.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

USUAL = usual_cells()


def tags(cell: Cell) -> list[str]:
    """-t raw and -t mysql mean Python 3.11, -t 3.13 that one; -t usual is what `matrix` runs."""
    usual = ["usual"] if cell in USUAL else []
    if cell.python != DEFAULT_PYTHON:
        return [cell.python, *usual]
    return [*dict.fromkeys([cell.backend.name, cell.database]), *usual]


def run(session: nox.Session, check: Callable[[checks.Arguments], None]) -> None:
    """Run a check with the arguments of the session."""
    try:
        check(session.posargs)
    except (CheckFailed, ValueError) as error:
        session.error(str(error))


@nox.session
def test(session: nox.Session) -> None:
    """Run every check there is, on every database that is there; BAKEOFF_JOBS run at once.

    -- --everywhere tests what is above the port on every database, as CI does (see matrix).
    """
    run(session, checks.everything)


@nox.session
def compare(session: nox.Session) -> None:
    """Compare the layers on a page: -- [--backends raw,gino] [--databases sqlite] [--full]."""

    def compare_layers(arguments: checks.Arguments) -> None:
        what = comparison.chosen(arguments)
        servers = comparison.servers(what)
        failed = comparison.prove(what, servers)
        foreground(session, *comparison.bench(what, servers))
        comparison.build(what)
        if failed:
            raise CheckFailed(f"the page shows what failed: {', '.join(failed)}")

    run(session, compare_layers)


@nox.session
@nox.parametrize("cell", [nox.param(cell, id=cell.name, tags=tags(cell)) for cell in cells()])
def contract(session: nox.Session, cell: Cell) -> None:
    """Prove one backend on one database: -s "contract(raw-mysql)", -t raw, -t mysql, -t 3.13."""

    def prove(arguments: checks.Arguments) -> None:
        foreground(session, matrix.command(cell, arguments), checks.servers_to_test())

    run(session, prove)


@nox.session(name="matrix")
def whole_matrix(session: nox.Session) -> None:
    """Prove every backend on every database that is there; writes build/matrix.json.

    All cells run with Python 3.11, and each backend once more with its newest Python;
    BAKEOFF_PYTHONS="3.12 3.13" runs all cells with those. What the service has above the port is
    tested on one database of each backend; -- --everywhere tests it on all, as CI=true does.
    """
    run(session, matrix.run)


@nox.session
def layers(session: nox.Session) -> None:
    """Prove what HTTP cannot show of a layer: -- [--backend raw] [-k cancelled]."""
    run(session, checks.layers)


@nox.session
def tls(session: nox.Session) -> None:
    """Prove encryption to each database, with certificates that are wrong: -- [--backend raw]."""
    run(session, checks.encryption)


@nox.session
def interop(session: nox.Session) -> None:
    """Let each backend read, change and delete what each other wrote, and serve beside it.

    nox -s interop -- --backend raw --backend gino --database mysql
    """
    run(session, checks.interoperate)


@nox.session
def faults(session: nox.Session) -> None:
    """Let databases, networks and processes fail under load (docs/faults.md).

    -- [--backends raw,gino] [--databases mysql] [--faults connections-ended] [--full]
    """
    run(session, checks.do_faults)


@nox.session
def statements(session: nox.Session) -> None:
    """Record what each operation sends; fails on growth. -- [--write] [raw-mysql …]."""
    run(session, checks.statements)


@nox.session
def drift(session: nox.Session) -> None:
    """Compare each backend's models with the schema: -- [--backend raw] [--database mysql]."""
    run(session, checks.drift)


@nox.session
def unit(session: nox.Session) -> None:
    """Run the packages' own tests, on every database there is: -- [-k sentence]."""
    run(session, checks.unit)


@nox.session
def parity(session: nox.Session) -> None:
    """Check that every backend has the port's files, classes and methods, in the port's order."""
    run(session, checks.same_shape)


@nox.session
def workarounds(session: nox.Session) -> None:
    """Check the workarounds, the traps and their pages; -- --write rewrites the pages."""
    run(session, checks.workarounds)


@nox.session
def fairness(session: nox.Session) -> None:
    """Check that all layers are set up alike; -- --write rewrites the page."""
    run(session, checks.fairness)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format: -- [--fix] [FILE …]; --fix mends what can be mended."""
    run(session, checks.lint)


@nox.session
def types(session: nox.Session) -> None:
    """Check types strictly, and every backend against the port."""
    run(session, checks.types)


@nox.session
def audit(session: nox.Session) -> None:
    """Ask the index about known vulnerabilities of what is locked; audit.toml lets some pass."""
    run(session, checks.audit_locks)


@nox.session
def sbom(session: nox.Session) -> None:
    """Write the software bill of materials of all locks and images: build/sbom.cdx.json."""
    run(session, checks.bill_of_materials)


@nox.session
def coverage(session: nox.Session) -> None:
    """Measure what the service's tests and one cell run of it; fails below pyproject's floor."""
    run(session, checks.coverage)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Feed what clients and operators write with anything: -- [--seconds 6] [--target cursors]."""
    run(session, fuzzing.fuzz)


@nox.session
def openapi(session: nox.Session) -> None:
    """Check the golden OpenAPI document; -- --write rewrites it."""
    run(session, checks.openapi)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the pages of docs/ as a site, build/site; fails on a broken link or an orphan."""
    run(session, checks.docs)


@nox.session
def certify(session: nox.Session) -> None:
    """Prove a server that runs somewhere: -- --base-url http://127.0.0.1:8000 [-k isbn]."""

    def prove(arguments: checks.Arguments) -> None:
        foreground(session, checks.certification(arguments), {})

    run(session, prove)


@nox.session
def tutorial(session: nox.Session) -> None:
    """Follow docs/add-a-data-layer.md word for word, in a copy of the repository."""
    run(session, checks.follow_tutorial)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure how fast each layer is (docs/bench.md): -- --scenario point-read."""

    def measure(arguments: checks.Arguments) -> None:
        command = checks.bench_command("bakeoff_bench", "run", *arguments)
        servers = {} if "--quick" in arguments else None
        foreground(session, command, checks.bench_environment(servers=servers))

    run(session, measure)


@nox.session(name="soak")
def soak_services(session: nox.Session) -> None:
    """Keep services under load and watch their memory: -- [--backends raw] [--requests 1000000]."""

    def watch(arguments: checks.Arguments) -> None:
        what = soak.chosen(arguments)
        server = soak.environment()
        for backend in what.backends:
            command = soak.command(backend, what)
            # 1 says that it does not hold, and so does the record.
            foreground(session, command, server, success_codes=[0, 1])
        soak.conclude(what)

    run(session, watch)


@nox.session(name="bench-quick")
def bench_quick(session: nox.Session) -> None:
    """See that the bench runs, with all layers on SQLite; nobody should quote these figures."""
    run(session, checks.bench_quickly)


@nox.session
def report(session: nox.Session) -> None:
    """Make one page of all results: build/report/index.html. -- [--bench FILE]."""
    run(session, checks.make_report)


@nox.session
def serve(session: nox.Session) -> None:
    """Serve the bookstore: -- [--backend raw] [--database URL] [--port 8000]."""

    def start(arguments: checks.Arguments) -> None:
        # Relative paths and .env mean the folder in which the command was typed.
        folder = Path(session.invoked_from)
        backend, options, variables = serving.command(arguments, folder)
        python = environments.for_serving(backend)
        with session.chdir(folder):
            foreground(session, [str(python), "-P", "-m", "bakeoff", *options], variables)

    run(session, start)


@nox.session
def lock(session: nox.Session) -> None:
    """Write the lock files in requirements/; -- --upgrade takes newer releases."""
    upgrade = "--upgrade" in session.posargs
    run(session, lambda _: environments.compile_locks(upgrade=upgrade))


@nox.session(name="new-backend")
def begin_backend(session: nox.Session) -> None:
    """Begin a backend in packages/NAME: -- NAME (docs/add-a-data-layer.md)."""
    run(session, new_backend.begin)


def foreground(
    session: nox.Session,
    command: list[str],
    variables: dict[str, str],
    *,
    success_codes: Sequence[int] = (0,),
) -> None:
    """Run a command that shows how far it is; on an interrupt it has time to clean up."""
    session.run(
        *command,
        env=variables,
        external=True,
        success_codes=success_codes,
        interrupt_timeout=10,
        terminate_timeout=10,
    )
