"""What the sessions of noxfile.py do. A check that does not hold raises `CheckFailed`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import bakeoff_servers
from bakeoff_tasks import (
    audit,
    environments,
    faults,
    faults_table,
    interop,
    interop_table,
    ledger,
    locks,
    matrix,
    parity,
    running,
    serving,
    site_build,
    soak,
    tutorial,
)
from bakeoff_tasks import drift as models
from bakeoff_tasks import statements as recordings
from bakeoff_tasks.registry import (
    DEFAULT_PYTHON,
    MEMORY,
    ROOT,
    Backend,
    Cell,
    backends,
    usual_cells,
)
from bakeoff_tasks.running import CheckFailed, all_pass

Arguments = Sequence[str]

CERTIFICATE = matrix.BUILD / "certificate.json"
SBOM = matrix.BUILD / "sbom.cdx.json"
BENCH_SOURCE, BENCH_TESTS = environments.BENCH / "src", environments.BENCH / "tests"
_PYTEST = ("-m", "pytest", "-q", *running.WITHOUT_SCHEMATHESIS)
# For suites that draw no examples, half a second each time as well.
_PLAIN_PYTEST = (*_PYTEST, "-p", "no:hypothesispytest")


def lint(arguments: Arguments) -> None:
    """Ruff's rules and its format, on these files or all; `--fix` mends."""
    ruff = [str(environments.for_development()), "-m", "ruff"]
    paths = [one for one in arguments if one != "--fix"] or ["."]
    fix = "--fix" in arguments
    all_pass({"ruff check": [*ruff, "check", *(["--fix"] if fix else []), *paths]})
    all_pass({"ruff format": [*ruff, "format", *([] if fix else ["--check"]), *paths]})


def types(arguments: Arguments) -> None:
    """Mypy on all sources, each backend held against the port."""
    together = [backend for backend in backends() if backend.alone is None]
    shared = [locks.SCHEMAS, locks.SERVICE, environments.CONTRACT]
    shared += [environments.BENCH, environments.REPORT]
    sources = [str(path / "src") for path in (*shared, *(one.path for one in together))]
    sources += ["tools", "run.py", _conformance("all", together)]
    commands = {"mypy": [str(environments.for_development()), "-m", "mypy", *sources]}
    for backend in backends():
        if backend.alone is not None:
            # A cache of its own: it sees other versions of the libraries.
            mypy = ["-m", "mypy", "--cache-dir", f".mypy_cache/{backend.name}"]
            sources = [str(backend.path / "src"), _conformance(backend.name, [backend])]
            python = str(environments.for_contract(backend))
            commands[f"mypy {backend.name}"] = [python, *mypy, *sources]
    all_pass(commands, environment={"MYPYPATH": "tools"})


def openapi(arguments: Arguments) -> None:
    """The golden OpenAPI document is the service's; `--write` rewrites it."""
    action = "--write" if "--write" in arguments else "--check"
    python = environments.for_development()
    all_pass({"openapi": [str(python), "-m", "bakeoff", "openapi", action, str(matrix.GOLDEN)]})


def same_shape(arguments: Arguments) -> None:
    """Every backend has the port's files, classes and methods, and the connection's verbs."""
    _none(parity.problems(backends()))


def workarounds(arguments: Arguments) -> None:
    """Marks, ledger, traps, canaries and pages agree; `--write` rewrites the pages."""
    _none(ledger.problems(backends(), write="--write" in arguments))


def unit(arguments: Arguments) -> None:
    """Each package's own tests, on every database there is."""
    shared = environments.for_development()
    arms = BENCH_TESTS / "arms"
    # Much the longest: it starts first, and has workers of its own.
    longest = [str(shared), *_PYTEST, "-n", "auto", "contract-tests/tests"]
    commands = {"contract-tests": longest}
    cli = "packages/service/tests/cli"
    commands["service-cli"] = [str(shared), *_PYTEST, cli]
    packages = ["packages/service", "packages/bench", "packages/report"]
    for folder in [*packages, "shared-schemas", "tools"]:
        apart = [f"--ignore={path}" for path in (arms, cli)]
        commands[Path(folder).name] = [str(shared), *_PYTEST, f"{folder}/tests", *apart]
    for backend in backends():
        # In addition to its own: what the bench does with this layer alone, without the port.
        folders = [str(backend.path / "tests"), *([str(arms)] if backend.databases else [])]
        commands[backend.name] = [str(environments.for_contract(backend)), *_PYTEST, *folders]
    # The bench is not installed with a backend: its tests there find it by the path.
    all_pass(
        {name: [*command, *arguments] for name, command in commands.items()},
        environment={**servers_to_test(), "PYTHONPATH": str(BENCH_SOURCE)},
        may_be_empty=bool(arguments),
    )


def layers(arguments: Arguments) -> None:
    """What HTTP cannot show of a layer: `--backend raw` chooses one, all else goes to pytest."""
    commands, rest = _on_every_layer(arguments, layer_command)
    all_pass({name: [*command, *rest] for name, command in commands}, may_be_empty=bool(rest))


def encryption(arguments: Arguments) -> None:
    """Every layer tells nothing to a server that is not who it should be; `--backend` as above.

    Each run starts a server of its own, which takes longer than all of its tests.
    """
    commands, rest = _on_every_layer(arguments, encryption_command)
    networked = {name: [*it, *rest] for name, it in commands if not name.endswith("-sqlite")}
    all_pass(networked, environment=bakeoff_servers.programs(), may_be_empty=bool(rest))


def _on_every_layer(
    arguments: Arguments, command: Callable[..., list[str]]
) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """The commands for each layer, driver and database that are there, and what pytest is told."""
    only, rest = serving.take_backend(arguments)
    commands = []
    for cell in usual_cells():
        if cell.database == MEMORY or cell.python != DEFAULT_PYTHON:
            continue
        if only not in (None, cell.backend) or is_missing(cell.database):
            continue
        commands.append((cell.name, command(cell)))
        # All of the additional drivers are for MySQL.
        drivers = cell.backend.drivers if cell.database == "mysql" else ()
        commands += [(f"{cell.name}-{one}", command(cell, driver=one)) for one in drivers]
    return commands, rest


def layer_command(cell: Cell, *, driver: str | None = None) -> list[str]:
    """How the layer suite is run for a cell, whose server is there; without encryption."""
    command = _layer_command(cell, "bakeoff_contract.layer_suite", driver=driver, folder="layers")
    return [*command, "--ignore-glob=*/layer_suite/test_tls.py"]


def encryption_command(cell: Cell, *, driver: str | None = None) -> list[str]:
    """How encryption is proven for a cell whose server is there."""
    suite = "bakeoff_contract.layer_suite.test_tls"
    return _layer_command(cell, suite, driver=driver, folder="tls")


def _layer_command(cell: Cell, suite: str, *, driver: str | None, folder: str) -> list[str]:
    python = environments.for_contract(cell.backend)
    arguments = ["--pyargs", suite, "--backend", cell.backend.name]
    if cell.database != "sqlite":
        arguments += ["--database", bakeoff_servers.available()[cell.database].url]
    if driver is not None:
        arguments += ["--driver", driver]
    report = f"{cell.name}-{driver}.xml" if driver else f"{cell.name}.xml"
    arguments += ["--junit-xml", str(matrix.BUILD / folder / report)]
    return [str(python), *_PLAIN_PYTEST, *arguments]


def drift(arguments: Arguments) -> None:
    """Each backend's models describe the migrated schema."""
    chosen = models.chosen(arguments)
    there = {cell.backend.name: environments.for_contract(cell.backend) for cell in chosen}
    servers = {name: server.url for name, server in bakeoff_servers.available().items()}
    if not models.run(chosen, pythons=there, servers=servers, environ=os.environ):
        raise CheckFailed("a backend's models have drifted from the migrations")


def statements(arguments: Arguments) -> None:
    """What each operation sends has not grown; `--write` takes it for the baseline."""
    chosen = recordings.chosen(arguments)
    absent = {cell.name for cell in chosen if is_missing(cell.database)}
    commands = {cell.name: statements_command(cell) for cell in chosen if cell.name not in absent}
    for done in running.each(commands):
        running.show(done.printed)
    verdicts = [
        recordings.not_run(cell, bakeoff_servers.absence(cell.database), required=False)
        if cell.name in absent
        else recordings.judge(cell)
        for cell in chosen
    ]
    recordings.write(verdicts)
    if "--write" in arguments:
        recordings.write_baseline(verdicts)
    recordings.show(verdicts)
    if not all(verdict.acceptable for verdict in verdicts):
        raise CheckFailed("statements have grown, or break a cap; details are above")


def statements_command(cell: Cell) -> list[str]:
    """How the statements of a cell are recorded, whose server is there."""
    python = environments.for_contract(cell.backend)
    server = bakeoff_servers.available().get(cell.database)
    suite = recordings.arguments(cell, server.url if server else None)
    return [str(python), *_PLAIN_PYTEST, *suite]


def interoperate(arguments: Arguments) -> None:
    """Each backend reads, changes and deletes what each other wrote, and serves beside it."""
    what = interop.chosen(arguments)
    outcome = interop.run(
        what,
        driver=environments.for_development(),
        pythons={one.name: environments.for_serving(one) for one in what.backends},
        urls={name: server.url for name, server in bakeoff_servers.available().items()},
        at_once=running.jobs(os.environ),
        tell=running.show,
    )
    interop.write(outcome)
    interop_table.show(outcome)
    if not interop.acceptable(outcome, required=matrix.required_databases(os.environ)):
        raise CheckFailed("the backends do not work together")


def do_faults(arguments: Arguments) -> None:
    """Each service keeps its promises while its database, its network or its process fails."""
    what = faults.chosen(arguments)
    jobs = [job for job in what.jobs if not is_missing(job.cell.database)]
    found = faults.run(
        jobs,
        full=what.full,
        driver=environments.for_development(),
        pythons={job.cell.backend.name: environments.for_serving(job.cell.backend) for job in jobs},
        environment=servers_to_test(),
        tell=running.show,
    )
    faults.write(found, full=what.full)
    faults_table.show(found)
    if not faults.acceptable(found):
        raise CheckFailed("a promise was broken under a fault; what was seen is above")


def soak_shortly(arguments: Arguments) -> None:
    """The short form of the soak; the session `soak` has the long one."""
    if is_missing("postgresql"):
        return
    what = soak.chosen(arguments)
    commands = {f"soak {one.name}": soak.command(one, what) for one in what.backends}
    for done in running.each(commands, environment=soak.environment()):
        running.show(done.printed)
    soak.conclude(what)


def follow_tutorial(arguments: Arguments) -> None:
    """docs/add-a-data-layer.md works word for word."""
    tutorial.follow(running.show)


def audit_locks(arguments: Arguments) -> None:
    """No locked release has a known vulnerability but those that audit.toml lets pass."""
    entries = audit.allowed(date.today())
    python = str(environments.for_audit())
    names = ["nox", *dict.fromkeys(locks.lock_of(backend.name).stem for backend in backends())]
    commands = {
        f"audit {name}": [
            *(python, "-m", "pip_audit", *audit.arguments(locks.lock_file(name), entries)),
            *arguments,
        ]
        for name in names
    }
    audit.judge([*running.each(commands)])


def bill_of_materials(arguments: Arguments) -> None:
    """build/sbom.cdx.json names every locked release, and what is in the image of each backend."""
    images = matrix.BUILD / "sbom-images.json"
    images.parent.mkdir(parents=True, exist_ok=True)
    pins = {backend.name: environments.served(backend) for backend in backends()}
    images.write_text(json.dumps(pins), encoding="utf-8")
    command = [str(environments.for_development()), "-m", "bakeoff_tasks.sbom", str(images)]
    all_pass({"sbom": [*command, str(SBOM)]}, environment={"PYTHONPATH": str(ROOT / "tools")})


def coverage(arguments: Arguments) -> None:
    """What the service's own tests and one cell run of it is what pyproject.toml wants at least."""
    python = str(environments.for_development())
    measured = [python, "-m", "coverage", "run", *_PYTEST]
    suite = ["--pyargs", "bakeoff_contract", "--ignore-glob=*/suite/test_schema*.py"]
    commands = {
        # Much the longest: it starts first.
        "service": [*measured, "packages/service/tests"],
        "raw-sqlite": [*measured, *suite, "--backend", "raw", "--openapi", str(matrix.GOLDEN)],
        "shared-schemas": [*measured, "shared-schemas/tests"],
    }
    matrix.BUILD.joinpath("coverage").mkdir(parents=True, exist_ok=True)
    all_pass({"erase": [python, "-m", "coverage", "erase"]})
    all_pass(commands, environment=servers_to_test())
    all_pass({"combine": [python, "-m", "coverage", "combine", "--quiet"]})
    all_pass({"coverage": [python, "-m", "coverage", "report", *arguments]})


def docs(arguments: Arguments) -> None:
    """The pages of docs/ are a site in build/site without a broken link or an orphan."""
    python, zensical = environments.for_development(), environments.for_documentation()
    site_build.build(python=python, zensical=zensical)


def certification(arguments: Arguments) -> list[str]:
    """How the contract is run against a server that is named by its address.

    :raises ValueError: no address is named.
    """
    if not any(one.partition("=")[0] == "--base-url" for one in arguments):
        raise ValueError("name the server: python3.11 run.py certify --base-url http://HOST:PORT")
    memory = next(backend for backend in backends() if backend.name == MEMORY)
    pytest = [str(environments.for_contract(memory)), "-m", "pytest", "-q"]
    suite = ["--pyargs", "bakeoff_contract", "--contract-report", str(CERTIFICATE)]
    return [*pytest, *suite, *arguments]


def fairness(arguments: Arguments) -> None:
    """All layers are set up alike; `--write` rewrites the page."""
    command = bench_command("bakeoff_bench.fairness", *(arguments or ["--check"]))
    # Not the bench's own folder, where `bench-quick` may be loading its data at the same time.
    all_pass({"fairness": command}, environment=bench_environment("build/fairness"))


def bench_quickly(arguments: Arguments) -> None:
    """The bench runs, with all layers on SQLite; nobody should quote these figures."""
    quick = ["--quick", "--restarts", "1", "--slice-ms", "10", *arguments]
    command = bench_command("bakeoff_bench", "run", *quick)
    all_pass({"bench-quick": command}, environment=bench_environment(servers={}))


def bench_command(module: str, *arguments: str) -> list[str]:
    """How the bench is called, with the environment that each layer is deployed in."""
    command = [str(environments.for_development()), "-m", module, *arguments]
    if not {"--http", "--full"}.isdisjoint(arguments):
        command += ["--locust", str(environments.for_locust())]
    if module == "bakeoff_bench" and recordings.STATEMENTS.exists():
        command += ["--statements", str(recordings.STATEMENTS)]
    for backend in backends():
        command += ["--worker", f"{backend.name}={environments.for_serving(backend)}"]
    return command


def bench_environment(
    folder: str = "build/bench",
    *,
    servers: Mapping[str, bakeoff_servers.Server] | None = None,
    sqlite: bool = True,
) -> dict[str, str]:
    """The databases of the bench: in the environment, because the addresses may hold passwords.

    Those of SQLite are in the folder. By default all servers that are available take part.
    """
    if servers is None:
        servers = bakeoff_servers.available()
    databases = [f"sqlite:///{folder}"] if sqlite else []
    databases += [f"{name}={server.url}" for name, server in servers.items()]
    return {"PYTHONPATH": str(BENCH_SOURCE), "BAKEOFF_BENCH_DATABASES": " ".join(databases)}


def make_report(arguments: Arguments) -> None:
    """One page, its data, a summary and badges, of the results that are there."""
    command = [str(environments.for_development()), "-m", "bakeoff_report", "build"]
    all_pass({"report": [*command, "--root", str(ROOT), *arguments]})


def servers_to_test() -> dict[str, str]:
    """The variables that name the servers, Redis too, for tests which need one.

    Those of programs are for tests that start a server of their own.
    """
    return bakeoff_servers.addresses() | bakeoff_servers.programs()


def is_missing(database: str) -> bool:
    """Whether there is no such server here.

    :raises CheckFailed: there is none, and it is required.
    """
    if database == "sqlite" or database in bakeoff_servers.available():
        return False
    if database in matrix.required_databases(os.environ):
        raise CheckFailed(bakeoff_servers.absence(database))
    running.show(f"not run: {bakeoff_servers.absence(database)}")
    return True


def _conformance(name: str, chosen: Sequence[Backend]) -> str:
    path = ROOT / "build/types" / f"conformance_{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(parity.conformance(chosen), encoding="utf-8")
    return str(path)


def _none(problems: Sequence[str]) -> None:
    if problems:
        raise CheckFailed("\n".join(problems))


# What `nox -s test` runs at once; what takes longest begins first.
CHECKS = {
    "tutorial": follow_tutorial,
    "bench-quick": bench_quickly,
    "unit": unit,
    "interop": interoperate,
    "types": types,
    "matrix": matrix.run,
    "layers": layers,
    "tls": encryption,
    "fairness": fairness,
    "statements": statements,
    "soak": soak_shortly,
    "drift": drift,
    "docs": docs,
    "lint": lint,
    "parity": same_shape,
    "workarounds": workarounds,
}


def everything(arguments: Arguments) -> None:
    """All checks at once, in one pool; `--everywhere` goes to the matrix.

    :raises ValueError: there is another argument.
    """
    if unknown := [one for one in arguments if one != matrix.EVERYWHERE]:
        raise ValueError(
            f"test takes only {matrix.EVERYWHERE}, not {unknown[0]}; name a session, as unit"
        )
    given: dict[str, Arguments] = {"matrix": arguments}
    running.together({name: partial(check, given.get(name, ())) for name, check in CHECKS.items()})
