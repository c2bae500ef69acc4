"""A report of invented layers, large enough that every view has something to show."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args

from bakeoff_report.model import (
    AdapterLines,
    Backend,
    Band,
    Capability,
    CapabilityCell,
    CodeSample,
    CostCell,
    CostsTable,
    Deployment,
    Distribution,
    DoesRow,
    DoesTable,
    ExportMemoryCell,
    Failure,
    Fault,
    FaultFigures,
    FaultResult,
    FaultRun,
    FaultsTable,
    Figure,
    Fleet,
    Gap,
    GrowthCell,
    InteropPair,
    Interval,
    Kind,
    Measure,
    NotHere,
    Objection,
    Operation,
    Origin,
    Report,
    Rule,
    Snippet,
    SourceFile,
    StatementsCell,
    Style,
    Test,
    Trap,
    Verdict,
    Workaround,
)

YOURS, REFERENCE = "build/bench.json", "results/2026-11-29/in-process.json.gz"
DATABASES = ("sqlite", "postgresql", "mysql", "mariadb")
LAYERS: dict[str, tuple[str, Kind]] = {
    "raw": ("hand-written SQL", "driver"),
    "alder": ("Alder ORM", "ORM"),
    "birch": ("Birch", "query builder"),
    "cedar": ("Cedar", "ORM"),
    "damson": ("Damson SQL", "SQL-first"),
}
MADE = datetime(2026, 11, 29, 12, tzinfo=UTC)
MeasureName = Literal["cpu-process", "cpu-server", "time"]


def origin(pointer: str = "/x", file: str = YOURS, rule: str | None = None) -> Origin:
    return Origin(file=file, pointer=pointer, rule=rule)


def figure(value: float, unit: str) -> Figure:
    return Figure(value=value, unit=unit, origin=origin())


OPERATIONS = [
    Operation(
        id="point-read",
        title="Read one book",
        description="One book by its id, with its author and tags.",
        port="Books.get",
        statements="books.get",
        writes=False,
        taught=True,
    ),
    Operation(
        id="page-first",
        title="First page",
        description="The first 20 books by id, with author and tags.",
        port="Books.list",
        statements="books.list",
        writes=False,
        taught=True,
    ),
    Operation(
        id="page-deep",
        title="Deep page",
        description="20 books by id after a cursor in the middle of all books.",
        port="Books.list",
        statements="books.list[after]",
        writes=False,
        taught=False,
    ),
    Operation(
        id="order",
        title="Place an order",
        description="An order of three books, which lowers their stock.",
        port="Orders.place",
        statements="orders.place",
        writes=True,
        taught=False,
    ),
    Operation(
        id="mix",
        title="Mixed work",
        description="Nine reads and one write, at random.",
        port=None,
        statements=None,
        writes=True,
        taught=False,
    ),
]
CAPABILITIES = [
    Capability(
        id=name,
        title=title,
        question=f"Does {title.lower()} work as the contract says?",
        modules=[f"contract/test_{name}.py"],
    )
    for name, title in (
        ("contract", "Contract"),
        ("transactions", "Transactions"),
        ("locks", "Locks"),
        ("upsert", "Upsert"),
        ("streaming", "Streaming"),
        ("cancellation", "Cancellation"),
        ("pool", "Pool"),
        ("healing", "Healing"),
        ("interop", "Interop"),
    )
]
TESTS = [
    Test(
        id=f"contract/test_{capability.id}.py::test_{capability.id}_case_{number}",
        file=f"contract-tests/src/suite/test_{capability.id}.py",
        line=10 * number,
    )
    for capability in CAPABILITIES
    for number in (1, 2, 3)
]


def capability_cell(index: int, backend: str, database: str) -> CapabilityCell:
    capability = CAPABILITIES[index]
    tests = [3 * index, 3 * index + 1, 3 * index + 2]
    common = {"capability": capability.id, "tests": tests}
    if backend == "damson" and database == "mariadb":
        return CapabilityCell(
            capability=capability.id,
            mark="not-run",
            passed=0,
            executed=0,
            missing=["Not run: python3.11 run.py 'contract(damson-mariadb)'"],
        )
    if backend == "cedar" and capability.id == "cancellation":
        failure = Failure(test=TESTS[tests[0]].id, outcome="failed", message="Timeout after 3 s")
        return CapabilityCell(mark="failed", passed=2, executed=3, failures=[failure], **common)
    if backend == "birch" and capability.id == "streaming":
        failure = Failure(test=TESTS[tests[1]].id, outcome="xfailed", message="No streaming")
        return CapabilityCell(mark="gap", passed=2, executed=3, failures=[failure], **common)
    if backend == "alder" and capability.id == "upsert":
        helped = ["alder/upsert-counts"]
        return CapabilityCell(
            mark="worked-around", passed=3, executed=3, workarounds=helped, **common
        )
    return CapabilityCell(
        mark="executed", passed=3, executed=3, origins=[origin("contract/test_x.py")], **common
    )


def does_row(backend: str, database: str, python: str) -> DoesRow:
    cells = [capability_cell(index, backend, database) for index in range(len(CAPABILITIES))]
    ran = cells[0].mark != "not-run"
    helped = ["alder/upsert-counts"] if backend == "alder" else []
    suffix = "" if python == "3.11" else f"-{python}"
    return DoesRow(
        id=f"{backend}-{database}{suffix}",
        backend=backend,
        database=database,
        python=python,
        mark=("worked-around" if helped else "executed") if ran else "not-run",
        summary="executed with 27 tests" if ran else "not run",
        command=f"python3.11 run.py 'contract({backend}-{database})'",
        server_version="15.20" if ran else None,
        layer_version="2.1",
        seconds=12.5 if ran else None,
        note="its dialect is this repository's"
        if (backend, database) == ("birch", "sqlite")
        else None,
        workarounds=helped,
        gaps=[Gap(test="test_stream", kind="notyet", reason="https://example.org/birch/issues/7")]
        if backend == "birch"
        else [],
        cells=cells,
        origin=origin("/cells/0", "build/matrix.json") if ran else None,
    )


def cost_cell(
    draw: random.Random,
    backend: str,
    operation: str,
    database: str,
    *,
    tasks: int = 8,
    style: Style = "adapter",
    source: str = REFERENCE,
    over_http: bool = False,
) -> CostCell:
    arm = {"adapter": backend, "taught": f"{backend}-tutorial", "driver": "driver"}[style]
    measures = []
    for measure in ("cpu-process", "cpu-server", "time"):
        value = 1.0 if arm == "raw" else draw.choice([0.97, 1.02, 1.4, 1.8, 2.6, 4.1])
        spread = 0.0 if arm == "raw" else draw.uniform(0.02, 0.2)
        band: Band = "same" if value < 1.1 else "slower" if value < 2 else "twice"
        unknown = measure == "cpu-server" and database == "sqlite"
        measures.append(
            Measure(
                measure=measure,
                band=None if unknown else band,
                interval=None
                if unknown
                else Interval(
                    value=value,
                    low=value * (1 - spread),
                    high=value * (1 + spread),
                    origin=origin("/measurements/0/ratio", source, "time-ratio"),
                ),
                noise=0.021,
                why="SQLite has no server" if unknown else None,
            )
        )
    base = draw.uniform(0.5, 3)
    place = "http" if over_http else "in-process"
    return CostCell(
        id=f"{place}-{arm}-{operation}-{database}-{tasks}-{'yours' if source == YOURS else 'ref'}",
        source=source,
        backend=backend,
        arm=arm,
        style=style,
        operation=operation,
        database=database,
        tasks=tasks,
        books=1000,
        over_http=over_http,
        measures=measures,
        figures=[figure(base * 400, "ms of CPU per 1000 operations")],
        restarts=8,
        rounds=48,
        latency={
            name: figure(base * factor, "ms")
            for name, factor in (("p50", 1.0), ("p95", 1.7), ("p99", 3.2))
        },
    )


def cost_cells() -> list[CostCell]:
    draw = random.Random(7)
    cells = [
        cost_cell(draw, backend, operation.id, database, tasks=tasks, style=style)
        for database in ("sqlite", "postgresql")
        for tasks in (1, 8)
        for operation in OPERATIONS
        for backend in LAYERS
        for style in get_args(Style)
        if (style == "adapter" or (style == "taught" and operation.taught and backend != "raw"))
        or (style == "driver" and backend == "raw")
    ]
    cells += [cost_cell(draw, backend, "point-read", "sqlite", source=YOURS) for backend in LAYERS]
    cells += [
        cost_cell(draw, backend, "point-read", "postgresql", tasks=16, over_http=True)
        for backend in (*LAYERS, "bare", "memory")
    ]
    return cells


def code(backend: str, operation: str, style: Style, scenario: str | None) -> CodeSample:
    method = operation.split(".")[-1]
    text = (
        f"async def {method}(self, book_id: int) -> Book | None:\n"
        f"    statement = select(books).where(books.c.id == book_id)  # {backend}\n"
        "    row = await self._connection.fetch_one(statement)\n"
        "    return _book(row) if row else None\n"
    )
    helper = "def _book(row: Row) -> Book:\n    return Book(**row)\n"
    path = f"packages/{backend}/src/{backend}/books.py"
    snippets = [
        Snippet(name=method, file=path, first=20, last=23, text=text, role="operation"),
        Snippet(name="_book", file=path, first=90, last=91, text=helper, role="helper"),
    ]
    return CodeSample(
        backend=backend, style=style, operation=operation, scenario=scenario, snippets=snippets
    )


def statements(backend: str, database: str, operation: str) -> StatementsCell:
    sent = ["SELECT books.id, books.title FROM books WHERE books.id = ?"]
    if backend != "raw":
        sent.append("SELECT tags.name FROM tags WHERE tags.book_id = ?")
    number = float(len(sent))
    return StatementsCell(
        backend=backend,
        database=database,
        operation=operation,
        statements=sent,
        round_trips=figure(number, "round trips"),
        count=figure(number, "statements"),
        outlined=False,
    )


def alive(name: str, last: date | None) -> Distribution:
    return Distribution(
        name=name,
        backends=[name],
        role="driver" if name == "raw" else "layer",
        locked="2.1",
        last="2.2",
        released=last,
        locked_released=date(2026, 5, 1),
        looked_up=date(2026, 11, 28),
        keeper="a team of three",
        licence="MIT",
        typing="py.typed",
        python=">=3.10",
        repository="https://example.org/layer",
        migrations="Alembic" if name != "damson" else None,
        own_migrations=name == "alder",
        stale="2.2 is out, 2.1 was tested" if name == "cedar" else None,
        origin=origin("/alder", "packages/report/facts.toml"),
    )


FAULTS = ("connections-ended", "server-stopped", "black-hole")
MY_FAULTS, COMMITTED_FAULTS = "build/faults.json", "results/2026-11-27/faults.json.gz"


def fault_result(number: int, backend: str, database: str, fault: str, source: str) -> FaultResult:
    """Cedar loses writes, and birch did in the committed run; a file has no network."""
    place = Origin(file=source, pointer=f"/cells/{number}/faults/{FAULTS.index(fault)}")
    common = {"source": source, "backend": backend, "database": database, "fault": fault}
    facts = {"python": "3.11.9", "server_version": "15.20", "layer_version": "2.1"}
    if (database, fault) == ("sqlite", "black-hole"):
        why = "A file has no network."
        return FaultResult(status="not_applicable", why=why, origin=place, **common)
    is_broken = (backend, database, fault) == ("cedar", "postgresql", "server-stopped") or (
        (backend, database, source) == ("birch", "sqlite", COMMITTED_FAULTS)
    )
    figures = FaultFigures(
        fault_seconds=2.5,
        requests=4000 + number,
        acknowledged=800,
        lost=3 if is_broken else 0,
        phantom=0,
        stale=0,
        statuses={"200": 3100, "201": 800, "503": 100},
        unexpected={"500": 7} if is_broken else {},
        slowest_ms=2345.5,
        limit_ms=4000,
        recovered_ms=None if is_broken else 120.25,
        connections_before=None if database == "sqlite" else 10,
        connections_after=None if database == "sqlite" else 9,
        memory_before_kib=61_234,
        memory_after_kib=63_111,
    )
    return FaultResult(
        status="broken" if is_broken else "kept",
        figures=figures,
        broken=["Three acknowledged orders are not there.", "It never answered again."]
        if is_broken
        else [],
        origin=place,
        **common,
        **facts,
    )


def faults_table() -> FaultsTable:
    """A short run of your own, and a long one that is committed; neither has damson on MariaDB."""
    cells = [
        (backend, database)
        for backend in LAYERS
        for database in DATABASES
        if (backend, database) != ("damson", "mariadb")
    ]
    yours = [
        fault_result(number, backend, database, FAULTS[0], MY_FAULTS)
        for number, (backend, database) in enumerate(cells)
        if database == "sqlite"
    ]
    committed = [
        fault_result(number, backend, database, fault, COMMITTED_FAULTS)
        for number, (backend, database) in enumerate(cells)
        for fault in FAULTS
    ]
    return FaultsTable(
        faults=[Fault(id=name, title=name.replace("-", " ")) for name in FAULTS],
        runs=[
            FaultRun(source=MY_FAULTS, full=False),
            FaultRun(source=COMMITTED_FAULTS, full=True),
        ],
        results=[*yours, *committed],
    )


def report() -> Report:
    """The same report each time."""
    port = sorted({operation.port for operation in OPERATIONS if operation.port})
    return Report(
        version="0.1.0",
        made=MADE,
        commit="0123456789abcdef0123456789abcdef01234567",
        repository="https://example.org/bakeoff/blob/main",
        backends=[
            Backend(
                name=name,
                layer=layer,
                kind=kind,
                package=f"bakeoff-{name}",
                path=f"packages/{name}",
                databases=list(DATABASES),
                pythons=["3.11", "3.13"],
                drivers=["asyncmy"],
                alone=None,
                notes={},
                gaps=[],
                is_reference=name == "raw",
            )
            for name, (layer, kind) in LAYERS.items()
        ],
        databases=list(DATABASES),
        sources=[
            SourceFile(
                path=REFERENCE,
                what="a reference run of the bench",
                state="read",
                name="2026-11-29/in-process",
                command="python3.11 run.py bench",
                made=MADE,
                commit="0123456789abcdef",
                machine="ARM Neoverse, 2 CPUs, Linux 6.1, Python 3.11.9",
                versions={"alder": "2.1", "postgresql": "15.20"},
                stale=["Cedar 2.2 is out, 2.1 was measured."],
                settings={"postgresql": {"shared_buffers": "128MB"}, "run": {"rounds": "48"}},
            ),
            SourceFile(
                path=YOURS,
                what="your run of the bench",
                state="read",
                name="yours",
                command="python3.11 run.py bench",
                made=MADE,
                commit="0123456789abcdef+",
                machine="ARM Neoverse, 2 CPUs",
                untrustworthy=["point-read, 8 tasks, sqlite: raw-twin came to 1.189 of raw."],
            ),
            SourceFile(
                path=MY_FAULTS,
                what="your run of the faults",
                state="read",
                name="yours",
                command="python3.11 run.py faults",
                made=MADE,
                commit="fedcba9876543210",
                machine="cpus 2",
            ),
            SourceFile(
                path=COMMITTED_FAULTS,
                what="a committed run of the faults",
                state="read",
                name="2026-11-27/faults",
                made=MADE - timedelta(days=2),
                commit="0123456789abcdef",
                machine="cpus 2",
                stale=["cedar 2.1 was measured, 2.2 is out."],
            ),
            SourceFile(
                path="build/statements.json",
                what="recorded statements",
                state="missing",
                problem="It is not there.",
                command="python3.11 run.py statements",
            ),
        ],
        does=DoesTable(
            capabilities=CAPABILITIES,
            tests=TESTS,
            rows=[
                does_row(backend, database, python)
                for backend in LAYERS
                for database in DATABASES
                for python in ("3.11", "3.13")
                if python == "3.11" or database == "sqlite"
            ],
            pairs=[
                InteropPair(
                    database="sqlite",
                    writer=writer,
                    reader=reader,
                    status="failed" if (writer, reader) == ("cedar", "birch") else "passed",
                    tests=9,
                    why="A date came back as text." if reader == "birch" else None,
                    origin=origin("/pairs/0", "build/interop.json"),
                )
                for writer in LAYERS
                for reader in LAYERS
                if writer != reader
            ],
            fleets=[
                Fleet(
                    database="sqlite",
                    backends=list(LAYERS),
                    status="passed",
                    tests=4,
                    why=None,
                    origin=origin("/fleets/0", "build/interop.json"),
                )
            ],
        ),
        costs=CostsTable(
            operations=OPERATIONS,
            cells=cost_cells(),
            statements=[
                statements(backend, database, operation)
                for backend in LAYERS
                for database in DATABASES
                for operation in ("books.get", "books.list", "books.list[after]", "orders.place")
            ],
            growth=[
                GrowthCell(
                    source=REFERENCE,
                    backend=backend,
                    arm=backend,
                    operation="page-deep",
                    database="postgresql",
                    smaller=1000,
                    larger=larger,
                    slowdown=Interval(
                        value=3.2 if (backend, larger) == ("cedar", 1_000_000) else 1.2,
                        low=3.1 if (backend, larger) == ("cedar", 1_000_000) else 1.1,
                        high=3.35 if (backend, larger) == ("cedar", 1_000_000) else 1.35,
                        origin=origin("/growth/0"),
                    ),
                    limit=figure(3, "times"),
                )
                for backend in LAYERS
                for larger in (100_000, 1_000_000)
            ],
            export_memory=[
                ExportMemoryCell(
                    source=REFERENCE,
                    backend=backend,
                    arm=backend,
                    database="postgresql",
                    books=100_000,
                    above_idle=figure(80_000_000 if backend == "cedar" else 5_000_000, "bytes"),
                    limit=figure(67_108_864, "bytes"),
                )
                for backend in LAYERS
            ],
            deployments=[
                Deployment(
                    backend=backend,
                    arm=backend,
                    figures={
                        "installed": figure(21_000_000, "bytes"),
                        "distributions": figure(9, "distributions"),
                    },
                )
                for backend in LAYERS
            ],
        ),
        faults=faults_table(),
        alive=[
            alive(name, None if name == "raw" else date(2023 if name == "birch" else 2026, 10, 2))
            for name in LAYERS
        ],
        workarounds=[
            Workaround(
                id="alder/upsert-counts",
                backend="alder",
                name="upsert-counts",
                layer="Alder",
                seen="2.1",
                what="An upsert counts two rows where one was changed.",
                instead="The adapter reads the row's version before and after.",
                upstream=["https://example.org/alder/issues/12"],
                traps=[1],
                databases=["mysql", "mariadb"],
                marks=["packages/alder/src/alder/books.py:44"],
                snippets=[
                    Snippet(
                        name="upsert",
                        file="packages/alder/src/alder/books.py",
                        first=43,
                        last=45,
                        text="def upsert(book):\n    # workaround(upsert-counts)\n    return 1\n",
                        role="helper",
                    )
                ],
                canary="test_an_upsert_counts_one_row",
                canary_file="packages/alder/tests/test_workarounds.py",
                origin=origin("/upsert-counts", "packages/alder/workarounds.toml"),
            )
        ],
        traps=[
            Trap(
                number=1,
                layers=["Alder"],
                reported="Upserts count double.",
                links=["https://example.org/alder/issues/12"],
                seen="2.1 answers 2.",
                status="reproduced",
                origin=origin("/trap/0", "docs/traps.toml"),
            )
        ],
        code=[
            code(
                backend,
                operation,
                style,
                next((found.id for found in OPERATIONS if found.port == operation), None),
            )
            for backend in LAYERS
            for operation in port
            for style in ("adapter", "taught")
            if style == "adapter" or operation == "Books.get"
        ],
        lines=[
            AdapterLines(
                backend=name,
                team=figure(400, "lines"),
                engine=figure(120, "lines"),
                taught=None if name == "raw" else figure(60, "lines"),
                files={f"packages/{name}/src/{name}/books.py": 200},
            )
            for name in LAYERS
        ],
        verdicts=[
            Verdict(
                backend=name,
                database=None,
                topic="right",
                sentence=f"{LAYERS[name][0]} passes 26 of 27 tests.",
                rule="right",
                origins=[origin("/cells/0", "build/matrix.json")],
            )
            for name in LAYERS
        ],
        rules=[
            Rule(id="time-ratio", title="Ratio", text="The interquartile mean over all rounds."),
            Rule(id="right", title="Right", text="Tests passed, of those that ran."),
            Rule(id="faults", title="On the worst day", text="The run of the faults judges."),
            Rule(id="growth", title="Growth", text="As the bench decides it."),
            Rule(id="choice", title="All of it", text="All tests passed."),
        ],
        not_here=[
            NotHere(
                name="Elm ORM",
                why="It has no asynchronous interface.",
                links=["https://example.org/elm/issues/1"],
                looked_up=date(2026, 11, 28),
            )
        ],
        how_to_object=["Say which figure, and what it should be.", "Send the run."],
        objections=[
            Objection(
                title="Another driver",
                objection="The layers do not use the same driver.",
                answer="They do; the settings of each are below.",
                links=["https://example.org/bench/issues/5"],
                see=["docs/fairness.md"],
            )
        ],
        badges=[],
    )
