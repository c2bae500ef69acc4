"""A result as JSON: `build/bench.json`.

Everything that is computed (rate, ratio, interval, trust) can be computed again from the raw slices
in it. `bench.schema.json` beside this file is made from these classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from bakeoff_bench.arms.catalogue import note

SCHEMA: Final = 1
RULES: Final = 2
"""The rules by which intervals and trust are computed.

1: Student's t by a series, and only the twin's ratio had to be within the tolerance. 2: exact
values of Student's t, and the twin's whole interval has to be.
"""
Table = Literal["in-process", "http"]
Stopped = Literal["precision", "time", "restarts"]
Count = Annotated[int, Field(ge=0)]


class _Model(BaseModel):
    # Infinity and NaN are no JSON: a file with them could not be read again.
    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class _OfArm(_Model):
    """Something measured of one arm on one database."""

    database: str
    """The name of the database, as in `databases`."""
    arm: str
    """The name of the arm, as in `arms`."""
    note: str | None = None
    """What a reader must know of this arm on this database; null if nothing."""

    @model_validator(mode="before")
    @classmethod
    def _add_note(cls, values: Any) -> Any:
        if isinstance(values, dict) and {"arm", "database"} <= values.keys():
            return {"note": note(values["arm"], values["database"]), **values}
        return values


class _InPlace(_Model):
    """Something measured in one scenario, at one number of tasks, on one data set."""

    table: Table
    """Whether the data layer was called in its process, or the service over HTTP."""
    database: str
    """The name of the database, as in `databases`."""
    books: Count
    """How many books the data set holds."""
    scenario: str
    """The name of the scenario; `bakeoff-bench scenarios` describes it."""
    tasks: Annotated[int, Field(ge=1)]
    """How many tasks (over HTTP: connections) worked at once, over a pool of one size."""


class Ran(_Model):
    """One slice: what a process did in some tens of milliseconds."""

    operations: Count
    """How many operations were done, all tasks together."""
    nanoseconds: Count
    """From the first operation's start to the last one's end."""
    cpu_ns: Count
    """CPU time of the process in the slice, all threads together, in nanoseconds."""
    server_cpu_ns: Count | None = None
    """CPU time of the database's processes in the slice, in nanoseconds.

    Null where they cannot be seen, and for SQLite, which has none.
    """


class Latency(_Model):
    """How long single operations took, of all slices, by an HdrHistogram of three digits."""

    p50: Count
    """Nanoseconds that half of the operations did not exceed."""
    p95: Count
    """Nanoseconds that 95 of 100 operations did not exceed."""
    p99: Count
    """Nanoseconds that 99 of 100 operations did not exceed."""
    max: Count
    """Nanoseconds of the slowest operation."""


class Ratio(_Model):
    """One rate, or one CPU time, relative to another that was measured in the same rounds."""

    value: Annotated[float, Field(gt=0)]
    """Interquartile mean of the ratios of the rounds, which are two slices each; 1 is the same."""
    low: Annotated[float, Field(gt=0)]
    """Lower end of the 95 % interval, bootstrapped over restarts."""
    high: Annotated[float, Field(gt=0)]
    """Upper end of the 95 % interval, bootstrapped over restarts."""


class Measurement(_InPlace, _OfArm):
    """One arm in one place."""

    reference: str
    """The arm that `ratio` relates to; its own measurement has a ratio of 1."""
    restarts: list[list[Ran]]
    """For each fresh set of processes, its slices in the order they ran.

    The slices of the reference in the same rounds are those of its own measurement, at the same
    index.
    """
    rate: Annotated[float, Field(ge=0)]
    """Operations a second, over all slices; of this machine, and so not comparable to others."""
    ratio: Ratio
    """The rate relative to that of the reference."""
    cpu: Ratio | None = None
    """CPU time of the process for one operation, relative to that of the reference; less is better.

    Null in files from before there was this field, and where a slice has none.
    """
    server_cpu: Ratio | None = None
    """The same of the database's processes; null where their CPU time was not read."""
    latency: Latency
    """Of single operations."""
    fairness: Annotated[float, Field(ge=0, le=1)] | None
    """Operations of the task that did least by those of the one that did most, over all slices.

    Null over HTTP, where the load generator does not report it.
    """
    stopped: Stopped
    """What ended it: the interval was narrow enough, or the time or the restarts were used up."""


class Twin(_InPlace):
    """The noise floor in one place: what the reference's twin, the same code again, came to."""

    ratio: Ratio
    """The twin's rate relative to the reference's; were there no noise, it would be 1."""
    error: Annotated[float, Field(ge=0)]
    """The larger of |ratio - 1| and half the interval; nothing closer than this is ranked."""
    cpu: Ratio | None = None
    """The twin's CPU time for one operation, relative to the reference's."""
    server_cpu: Ratio | None = None
    """The same of the database's processes."""


class Cost(_OfArm):
    """What an arm takes besides time; null where it was not measured."""

    worker_cpu_ms_per_1000: dict[str, float]
    """By scenario: milliseconds of CPU in the worker for 1000 operations."""
    server_cpu_ms_per_1000: dict[str, float] | None
    """By scenario: milliseconds of CPU in the database server for 1000 operations."""
    round_trips: dict[str, int] | None
    """By scenario: statements sent for one operation, those of transactions included."""
    peak_rss_bytes: Count
    """The most resident memory that the worker had."""
    allocated_bytes: dict[str, float] | None
    """By scenario: what Python holds at the peak of one operation, beyond what it held before.

    By tracemalloc.
    """
    import_seconds: float | None
    """Importing the layer in a fresh process, from compiled files."""
    first_answer_seconds: float | None
    """From the start of the process to the first answer."""
    installed_bytes: int | None
    """Size of the backend's distribution and all that it needs, on disk."""
    distributions: int | None
    """How many distributions that is."""


class Growth(_OfArm):
    """How much longer an operation takes on a larger data set."""

    scenario: str
    """The name of the scenario."""
    smaller: Count
    """Books in the smaller data set."""
    larger: Count
    """Books in the larger one."""
    slowdown: Ratio
    """Time at the larger size by time at the smaller one; 1 means that it does not grow."""
    limit: float
    """What it may be at most."""


class ExportMemory(_OfArm):
    """Resident memory while everything is exported, above idle."""

    books: Count
    """How many books were exported."""
    bytes_above_idle: int
    """The peak during the export less what the process had before."""
    limit_bytes: int
    """What it may be at most."""


class DatabaseFacts(_Model):
    """A database and its settings, as it reports them."""

    name: str
    """The name that measurements refer to: sqlite, postgresql, mysql or mariadb."""
    product: str
    """What the server calls itself."""
    version: str
    """Its version, as it reports it."""
    settings: dict[str, Any]
    """Server settings, or PRAGMAs, that bear on speed."""
    pinned: bool
    """Whether its processes were pinned to a CPU of their own."""


class ArmFacts(_Model):
    """What an arm is."""

    name: str
    """The name that measurements refer to."""
    kind: str
    """adapter, twin, tutorial or driver; over HTTP also control."""
    backend: str
    """The environment that it ran in."""
    description: str
    """What it is, in one sentence."""
    versions: dict[str, str]
    """Versions of the layer and its driver, by distribution."""


class Machine(_Model):
    """Where it ran."""

    processor: str
    """What the processor calls itself."""
    cpus: Annotated[int, Field(ge=1)]
    """How many CPUs the bench might use."""
    memory_bytes: Count
    """All memory of the machine."""
    kernel: str
    """The operating system's kernel and its release."""
    system: str
    """The operating system and its release."""
    python: str
    """Version of the controller's Python; the workers' is the same minor release."""
    pinned: bool
    """Whether the workers were pinned to one CPU."""
    load_before: float
    """Processes that wanted a CPU, on average over the minute before."""


class Result(_Model):
    """One run."""

    model_config = ConfigDict(title="Bakeoff bench result")

    schema_version: Literal[1] = SCHEMA
    """Goes up when a field changes its meaning or goes away."""
    rules: Annotated[int, Field(ge=1)] = 1
    """Version of the rules of interval and trust; 1 in files from before there was this field."""
    began: AwareDatetime
    """When the run began, with its offset from UTC."""
    seconds: Annotated[float, Field(ge=0)]
    """How long it took."""
    version: str
    """Version of bakeoff-bench."""
    commit: str | None
    """The commit of the source tree, with + after it if there were changes; null outside one."""
    options: dict[str, Any]
    """The options of the run, without addresses and paths."""
    seed: int
    """Everything random is drawn from it: inputs, the order of arms, the bootstrap."""
    machine: Machine
    """The machine it ran on."""
    databases: list[DatabaseFacts]
    """The databases that were measured."""
    arms: list[ArmFacts]
    """The arms that were measured."""
    measurements: list[Measurement]
    """One for each table, database, size, scenario, number of tasks and arm."""
    twins: list[Twin]
    """The noise floor of each place."""
    trustworthy: bool
    """False when a twin was farther off than the tolerance; such a result ranks nothing."""
    untrustworthy_because: list[str]
    """Why not, in sentences; empty if it is."""
    left_out: list[str] = []
    """What a published run leaves out because its twin was too far off, in sentences."""
    costs: list[Cost] = []
    """Empty if they were not measured."""
    growth: list[Growth] = []
    """Empty if it was not measured."""
    export_memory: list[ExportMemory] = []
    """Empty if it was not measured."""


@dataclass(frozen=True, slots=True)
class Place:
    """What two measurements have in common that can be compared; equal ones are the same place."""

    table: Table
    database: str
    books: int
    scenario: str
    tasks: int

    def __str__(self) -> str:
        over = " over HTTP" if self.table == "http" else ""
        tasks = f"{self.tasks} task{'s' if self.tasks > 1 else ''}"
        return f"{self.scenario}{over}, {tasks}, {self.database} with {self.books} books"


def place_of(found: Measurement | Twin) -> Place:
    return Place(found.table, found.database, found.books, found.scenario, found.tasks)
