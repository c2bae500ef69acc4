"""Everything that the page shows, and the schema of `report.json`.

The page, the Markdown summary and the badges are made from these classes alone, so they agree.
Every number has an origin: the file that it comes from, and the place in it.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

SCHEMA: Final = 1

Count = Annotated[int, Field(ge=0)]
Link = Annotated[str, Field(pattern=r"^https://[^\s\"'<>]+$", max_length=1000)]
"""An https address, which a page may link to."""
Band = Literal["same", "slower", "twice", "faster"]
"""How a cost compares with that of `raw`: the same as far as the run can tell, measurably slower,
twice as much and more, or measurably faster, which needs a note."""
Mark = Literal["executed", "worked-around", "gap", "unsupported", "failed", "not-run"]
"""What became of a cell: all tests passed, they passed with workarounds, something is a declared
gap, the layer does not support the database, a test failed, or nobody has run it."""
State = Literal["read", "partial", "missing", "unreadable"]
Style = Literal["adapter", "taught", "driver", "control"]
"""As the adapter ships it, as the layer's documentation teaches it, the driver alone, or a
service over HTTP that is not compared."""
Kind = Literal["reference", "driver", "SQL-first", "query builder", "ORM", "wrapper"]
Quantity = Annotated[float, Field(ge=0, le=1e12)]
WholeQuantity = Annotated[int, Field(ge=0, le=10**12)]
"""Numbers that somebody can have counted or measured."""
Statuses = Annotated[
    dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9 _-]{1,40}$")], WholeQuantity],
    Field(max_length=30),
]
"""Numbers of answers, by HTTP status or what came in place of an answer."""


class _Model(BaseModel):
    # Infinity and NaN are no JSON.
    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Origin(_Model):
    """Where a number or a sentence comes from."""

    file: str
    """Path in the checkout, with slashes; described in `Report.sources`."""
    pointer: str
    """JSON Pointer (RFC 6901) into the file, TOML being read as JSON; for a JUnit file the name of
    a module of tests, for a source file its lines, for example `L10-L24`."""
    rule: str | None = None
    """The name of the rule, in `Report.rules`, that made the number from what is there; null if it
    is the very number."""


class Figure(_Model):
    """A number and its origin."""

    value: float
    """The number."""
    unit: str
    """What it counts, for example `round trips`, `bytes`, `ms of CPU per 1000 operations`."""
    origin: Origin


class Interval(_Model):
    """A cost relative to that of `raw` in the same minutes: 1 is as much, and less is better."""

    value: Annotated[float, Field(gt=0)]
    """The estimate."""
    low: Annotated[float, Field(gt=0)]
    """Lower end of the 95 % interval."""
    high: Annotated[float, Field(gt=0)]
    """Upper end of the 95 % interval."""
    origin: Origin


class SourceFile(_Model):
    """A file that the page was made from, or would have been."""

    path: str
    """Path in the checkout, with slashes; a pattern if none of its kind is there."""
    what: str
    """What it holds, in a few words."""
    state: State
    """Whether it could be read; `partial`: read, and something in it is missing or was left out."""
    problem: str | None = None
    """What is wrong with it or missing in it, in one sentence; null if nothing."""
    command: str | None = None
    """The command that makes it; null if it is committed by hand."""
    name: str | None = None
    """`yours` for a run of this checkout, or the name of a committed reference run."""
    made: AwareDatetime | None = None
    """When it was made: as the file says, else when it was last written."""
    commit: str | None = None
    """The commit that it was made from, with + after it if there were changes; null if unknown."""
    machine: str | None = None
    """The machine that it was made on, in one line; null if the file does not say."""
    versions: dict[str, str] = {}
    """What was measured or tested, by distribution or database."""
    stale: list[str] = []
    """Why it may no longer hold, a sentence each; empty if nothing is known against it."""
    untrustworthy: list[str] = []
    """Why a run of the bench ranks nothing, in its own sentences; empty if it may be trusted."""
    left_out: list[str] = []
    """What a committed run of the bench leaves out because it was too noisy there."""
    settings: dict[str, dict[str, str]] = {}
    """By database, and `run` for the options of the run: settings that bear on what it holds."""


class Gap(_Model):
    """Something that a backend is declared not to do."""

    test: str
    kind: str
    """`notyet` if the layer may learn it, `never` if it will not."""
    reason: str
    """The link to the layer's tracker, or the reason."""


class Backend(_Model):
    """An entry of the registry."""

    name: str
    layer: str
    """The library, as people call it."""
    kind: Kind | None
    """What kind of thing it is; null if the registry does not say."""
    package: str
    path: str
    """Folder in the checkout, with slashes."""
    databases: list[str]
    pythons: list[str]
    drivers: list[str]
    """Drivers of MySQL that it can use besides aiomysql."""
    alone: str | None
    """Why it needs an environment of its own; null if it does not."""
    notes: dict[str, str]
    """By database: what tables must say."""
    gaps: list[Gap]
    is_reference: bool = False
    """Whether it is `raw`, which costs are relative to."""


class Capability(_Model):
    """A column of table one."""

    id: str
    title: str
    question: str
    """What it answers, in one sentence."""
    modules: list[str]
    """The modules of tests, as `contract/test_upsert.py` or `layers/test_pool.py`."""


class Test(_Model):
    """A test that was executed in some cell; one with parameters counts once for each."""

    id: str
    """`contract/test_upsert.py::test_name`, without parameters."""
    file: str
    """Path of the test's source in the checkout, with slashes."""
    line: Count | None = None
    """The line on which it is defined; null if it was not found."""


class Failure(_Model):
    """A test that did not pass."""

    test: str
    """The name, with parameters."""
    outcome: Literal["failed", "xfailed", "skipped"]
    message: str
    """The first lines of what it said. Data from outside: never HTML."""


class CapabilityCell(_Model):
    """One capability of one backend on one database."""

    capability: str
    mark: Mark
    passed: Count
    executed: Count
    """Tests that ran: passed, failed, or expected to fail. Skipped tests did not run."""
    tests: list[int] = []
    """The executed tests, as indices into `DoesTable.tests`."""
    failures: list[Failure] = []
    origins: list[Origin] = []
    """The files that were counted."""
    missing: list[str] = []
    """What was not run, a sentence each with the command."""
    applies: bool = True
    """False where its suites have run, and have no test of it on this database."""
    workarounds: list[str] = []
    """Ids of the workarounds that this capability needs, where their tests or sources show it."""


class DoesRow(_Model):
    """One backend on one database with one Python."""

    id: str
    """The name of the cell, for example `raw-mysql-3.13`; a permalink may use it."""
    backend: str
    database: str
    """`memory` if it needs none."""
    python: str
    driver: str | None = None
    """The driver of MySQL, if it is not the usual one."""
    mark: Mark
    summary: str
    """One sentence: `executed with 412 tests`, `not run`, …"""
    command: str | None
    """The command that runs the cell; null if there is nothing to run."""
    server_version: str | None = None
    layer_version: str | None = None
    seconds: float | None = None
    note: str | None = None
    """What the registry says of the layer on this database."""
    workarounds: list[str] = []
    """Ids (`backend/name`) of the workarounds that bear on this database."""
    gaps: list[Gap] = []
    cells: list[CapabilityCell]
    """In the order of `DoesTable.capabilities`, one for each."""
    origin: Origin | None = None


class InteropPair(_Model):
    """Whether one backend can read, change and delete what another wrote."""

    database: str
    writer: str
    reader: str
    status: str
    """passed, failed or not run."""
    tests: Count
    why: str | None
    origin: Origin


class Fleet(_Model):
    """Whether backends can serve one database side by side."""

    database: str
    backends: list[str]
    status: str
    tests: Count
    why: str | None
    origin: Origin


class DoesTable(_Model):
    """Table one: whether a layer does it."""

    capabilities: list[Capability]
    tests: list[Test]
    rows: list[DoesRow]
    pairs: list[InteropPair] = []
    fleets: list[Fleet] = []


class Operation(_Model):
    """One operation, under the names that it has in the bench, in the port and in recordings."""

    id: str
    """The scenario of the bench, for example `point-read`."""
    title: str
    description: str
    port: str | None
    """Class and method of the port, for example `Books.get`; null for a mix of several."""
    statements: str | None
    """The name in the recorded statements, for example `books.get`; null if it is not recorded."""
    writes: bool
    taught: bool
    """Whether tutorial arms have it."""


class Measure(_Model):
    """One measured cost relative to that of `raw`."""

    measure: Literal["cpu-process", "cpu-server", "time"]
    band: Band | None
    """Null if the run cannot tell, or nothing was measured; `why` says so."""
    interval: Interval | None
    noise: float | None
    """The error of the twin, `raw` measured against itself; null without one."""
    why: str | None = None
    """Why there is no band, in one sentence."""
    note: str | None = None
    """What explains a figure that looks too good."""


class CostCell(_Model):
    """One backend in one operation on one database, from one run."""

    id: str
    """A name for permalinks, unique in the report."""
    source: str
    """`SourceFile.path` of the run; its `name` says whether it is yours."""
    backend: str
    arm: str
    """The name in the bench, for example `gino-tutorial`."""
    style: Style
    operation: str
    """`Operation.id`."""
    database: str
    tasks: Annotated[int, Field(ge=1)]
    """How many tasks worked at once over the pool; over HTTP, connections."""
    books: Count
    """Size of the data set."""
    over_http: bool = False
    measures: list[Measure]
    """CPU time of the process, CPU time of the database server, and time, in this order."""
    figures: list[Figure] = []
    """Absolute figures, for example CPU and allocated bytes of an operation."""
    restarts: Count
    """How many fresh sets of processes were measured."""
    rounds: Count
    """How many rounds, over all restarts."""
    latency: dict[str, Figure] = {}
    """`p50`, `p95` and `p99` in milliseconds: of the machine, not comparable between machines."""
    failed: str | None = None
    """What went wrong; a failed operation has no time."""
    note: str | None = None


class StatementsCell(_Model):
    """What an operation sends to a database, as recorded."""

    backend: str
    database: str
    operation: str
    """The name in the recordings, for example `books.get`."""
    statements: list[str]
    round_trips: Figure
    count: Figure
    """How many statements."""
    outlined: bool
    """Whether `statements` are only verbs and tables, as in the baselines."""


class GrowthCell(_Model):
    """How much longer an operation takes on a larger data set."""

    source: str
    """`SourceFile.path` of the run."""
    backend: str
    arm: str
    operation: str
    """`Operation.id`."""
    database: str
    smaller: Count
    """Books in the smaller data set."""
    larger: Count
    """Books in the larger one."""
    slowdown: Interval
    """Time at the larger size by time at the smaller one; 1 means that it does not grow."""
    limit: Figure
    """What it may be at most."""


class ExportMemoryCell(_Model):
    """How much memory a process takes while it exports everything."""

    source: str
    """`SourceFile.path` of the run."""
    backend: str
    arm: str
    database: str
    books: Count
    """How many books were exported."""
    above_idle: Figure
    """The peak during the export less what the process had before."""
    limit: Figure
    """What it may be at most."""


class Deployment(_Model):
    """What a backend takes besides time; only what was measured."""

    backend: str
    arm: str
    figures: dict[str, Figure]
    """By name: `installed`, `distributions`, `import`, `first-answer`, `peak-memory`."""


class CostsTable(_Model):
    """Table two: what it costs."""

    operations: list[Operation]
    cells: list[CostCell]
    """By operation, database and tasks; inside a band there is no order but that of names."""
    statements: list[StatementsCell]
    growth: list[GrowthCell] = []
    export_memory: list[ExportMemoryCell] = []
    deployments: list[Deployment] = []
    unexplained: list[str] = []
    """Ids of cells that are faster than `raw` beyond noise and have no note; must be empty."""


class Fault(_Model):
    """Something that is done to a service, or to its database, while clients use it."""

    id: str
    """As the run of the faults names it, for example `connections-ended`."""
    title: str


class FaultFigures(_Model):
    """What was counted before, during and after a fault; the names are those in the file."""

    fault_seconds: Quantity
    """How long the fault lasted."""
    requests: WholeQuantity
    """How many requests were sent, over the whole time."""
    acknowledged: WholeQuantity
    """Writes that were answered with success."""
    lost: WholeQuantity
    """Acknowledged writes that were not there afterwards."""
    phantom: WholeQuantity
    """Writes that were refused, and were there afterwards."""
    stale: WholeQuantity
    """Answers that were older than what had been acknowledged before."""
    statuses: Statuses
    """How many answers had each status."""
    unexpected: Statuses
    """Those of them that the contract does not allow."""
    slowest_ms: Quantity
    """The longest time to an answer."""
    limit_ms: Quantity
    """What it may be at most."""
    recovered_ms: Quantity | None
    """From the end of the fault to the first success; null if there was none."""
    connections_before: WholeQuantity | None
    """Sessions of the service in the database server; null where there is no server."""
    connections_after: WholeQuantity | None
    memory_before_kib: WholeQuantity
    """Memory of the service's process."""
    memory_after_kib: WholeQuantity


class FaultResult(_Model):
    """One fault with one backend on one database, from one run."""

    source: str
    """`SourceFile.path` of the run; its `name` says whether it is yours."""
    backend: str
    database: str
    """`memory` if it needs none."""
    fault: str
    """`Fault.id`."""
    status: Literal["kept", "broken", "not_applicable"]
    """Whether all promises were kept; `not_applicable` if the fault cannot be made there."""
    why: str | None = None
    """Why it does not apply; null if it does."""
    figures: FaultFigures | None = None
    """Null where the fault does not apply."""
    broken: list[str] = []
    """Which promises were broken, a sentence each, as the run says it."""
    python: str | None = None
    server_version: str | None = None
    layer_version: str | None = None
    origin: Origin
    """The entry in the file; each of `figures` is there under its name."""


class FaultRun(_Model):
    """One run of the faults."""

    source: str
    """`SourceFile.path` of the run."""
    full: bool
    """Whether it was the long form: the short one has few faults, for a few seconds each."""


class FaultsTable(_Model):
    """What becomes of the promises of the contract on the worst day."""

    faults: list[Fault]
    """Every fault that some run has."""
    runs: list[FaultRun]
    results: list[FaultResult]
    """Yours before references, and newer references before older ones: of several results of one
    fault with one backend on one database, the first is the one that is shown."""


class Distribution(_Model):
    """Whether a library is alive: its facts on the day they were looked up."""

    name: str
    backends: list[str]
    """The backends that use it."""
    role: Literal["layer", "driver", "foundation"]
    locked: str | None
    """The version in the lock file; null if it is not locked."""
    last: str | None
    """The last release, without pre-releases unless there is nothing else."""
    released: date | None
    """The day of the last release; null if the index does not say."""
    locked_released: date | None = None
    """The day of the locked release."""
    looked_up: date | None
    keeper: str | None
    licence: str | None
    typing: str | None
    """`py.typed`, the name of its stubs, or `none`."""
    python: str | None
    """The Python versions that it says it runs on."""
    repository: Link | None
    migrations: str | None
    """How its users migrate a schema: its own tool, another one, or none."""
    own_migrations: bool | None = None
    """Whether those who make it also make a tool for that; null if nobody has looked."""
    stale: str | None = None
    """What there is that was not tested, in one sentence; null if the last release was."""
    origin: Origin


class Workaround(_Model):
    """Where a layer needs help here."""

    id: str
    """`backend/name`."""
    backend: str
    name: str
    layer: str
    """The library that needs it: the layer or a driver."""
    seen: str
    """The versions that it was seen with."""
    what: str
    """What the library does."""
    instead: str
    """What the adapter does in its place."""
    upstream: list[Link]
    traps: list[int]
    databases: list[str]
    """Where it bears on the adapter, as far as its place in the source shows."""
    marks: list[str]
    """Places in the source, as `path:line`."""
    snippets: list[Snippet] = []
    """The code at these places, where it is short."""
    canary: str
    """The test that fails as long as it is needed."""
    canary_file: str | None = None
    origin: Origin


class Trap(_Model):
    """What others reported of a layer, and what was seen of it here."""

    number: int
    layers: list[str]
    reported: str
    links: list[Link]
    seen: str
    status: str
    """reproduced, not reproduced or not applicable."""
    origin: Origin


class Snippet(_Model):
    """A piece of source, cut out whole."""

    name: str
    """The name of the method, function or constant."""
    file: str
    first: Annotated[int, Field(ge=1)]
    """The number of its first line, comments above it included."""
    last: Annotated[int, Field(ge=1)]
    text: str
    """The lines as they are, without their common indentation."""
    role: Literal["operation", "helper", "constant", "model"]


class CodeSample(_Model):
    """How an operation is written with a layer."""

    backend: str
    style: Style
    """`adapter` or `taught`."""
    operation: str
    """Class and method of the port, for example `Books.get`; for `taught` the scenario's."""
    scenario: str | None
    """`Operation.id`, if the bench has it."""
    snippets: list[Snippet]
    """The operation first, then what it uses: private methods, functions, classes and constants of
    its module, and constants of its package."""


class AdapterLines(_Model):
    """How long an adapter is: lines of code, without blank lines, comments and docstrings."""

    backend: str
    team: Figure
    """What a team would write itself: tables and the files of the port."""
    engine: Figure
    """What makes the layer keep the contract: engine, queries, errors, layer."""
    taught: Figure | None = None
    """The tutorial arm, which has four operations; null if there is none."""
    files: dict[str, Count]
    """Lines of each file, by path in the checkout."""


class Rule(_Model):
    """How something on the page is decided or computed."""

    id: str
    title: str
    text: str


class Verdict(_Model):
    """A sentence that a rule made of data."""

    backend: str
    database: str | None
    """Null if it is of all databases."""
    topic: Literal["runs", "alive", "right", "bites", "migrations", "reads", "costs", "leaving"]
    """In the order in which a team asks."""
    sentence: str
    rule: str
    """`Rule.id`."""
    origins: list[Origin] = []


class NotHere(_Model):
    """A layer that is not compared, and why."""

    name: str
    why: str
    links: list[Link]
    looked_up: date


class Objection(_Model):
    """What is held against comparisons of this kind, and what is done about it here."""

    title: str
    objection: str
    answer: str
    links: list[Link]
    """Where it was raised."""
    see: list[str]
    """Where to look in the checkout: paths, with slashes."""


class Badge(_Model):
    """A badge as an SVG file beside the page."""

    file: str
    """Name of the file, for example `badge-gino.svg`."""
    label: str
    text: str
    colour: Literal["green", "yellow", "red", "grey"]


class Report(_Model):
    """One page."""

    model_config = ConfigDict(title="Bakeoff report")

    schema_version: Literal[1] = SCHEMA
    """Goes up when a field changes its meaning or goes away."""
    version: str
    """Version of bakeoff-report."""
    made: AwareDatetime
    commit: str | None
    """The commit of the checkout, with + after it if there were changes; null outside one."""
    repository: Link | None = None
    """An address under which paths of the checkout can be linked; null if unknown."""
    backends: list[Backend]
    """In the order of the registry, which means nothing."""
    databases: list[str]
    sources: list[SourceFile]
    does: DoesTable
    costs: CostsTable
    faults: FaultsTable
    alive: list[Distribution]
    workarounds: list[Workaround]
    traps: list[Trap]
    code: list[CodeSample]
    lines: list[AdapterLines]
    verdicts: list[Verdict]
    rules: list[Rule]
    not_here: list[NotHere]
    how_to_object: list[str]
    """Paragraphs of plain text."""
    objections: list[Objection]
    badges: list[Badge]
