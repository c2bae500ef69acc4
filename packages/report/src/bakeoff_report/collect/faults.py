"""The worst day: what was done to services under load, and which promises they kept.

From `build/faults.json` (`nox -s faults`) and committed references of the same form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    ValidationError,
    model_validator,
)

from bakeoff_report.collect.registry import NO_DATABASE
from bakeoff_report.inputs import Checkout, faults, shortened
from bakeoff_report.model import (
    Backend,
    Distribution,
    Fault,
    FaultFigures,
    FaultResult,
    FaultRun,
    FaultsTable,
    Origin,
)

YOURS = "build/faults.json"
COMMAND = "python3.11 run.py faults"
REFERENCE = "faults.json.gz"
"""The name of a committed run, in the folder of its day."""
_REFERENCES: Final = f"results/*/{REFERENCE}"
_SENTENCES: Final = 5
_SENTENCE_LIMIT: Final = 400
_FAULTS_LIMIT: Final = 50
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=50)]


class _File(BaseModel):
    """A run of the faults."""

    version: Literal[1]
    commit: str | None = None
    made: AwareDatetime
    full: bool
    machine: dict[str, Any] = {}
    cells: Any


class _Cell(BaseModel):
    """One backend on one database."""

    backend: str
    database: str | None = None
    server_version: str | None = None
    layer_version: str | None = None
    python: str | None = None
    faults: Any


class _Injected(FaultFigures):
    """A fault that was made."""

    # Strict: what is shown must be what is in the file, not what could be made of it.
    model_config = ConfigDict(extra="ignore", strict=True)

    name: Name
    status: Literal["kept", "broken"]
    broken: list[str] = Field(default=[])

    @model_validator(mode="after")
    def _agree(self) -> Self:
        wrong = bool(self.broken or self.lost or self.phantom)
        if self.status == "kept" and wrong:
            raise ValueError("it is called kept, and says what was lost or broken")
        return self


class _NotApplicable(BaseModel):
    """A fault that cannot be made there."""

    name: Name
    status: Literal["not_applicable"]
    why: str | None = None


class _Entry(RootModel[Annotated[_Injected | _NotApplicable, Field(discriminator="status")]]):
    """One fault of a cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What a file says."""

    made: datetime
    run: FaultRun
    results: Sequence[FaultResult]


def collect_faults(
    checkout: Checkout, backends: Sequence[Backend], alive: Sequence[Distribution]
) -> FaultsTable:
    """All runs that can be read: yours, then the references, the newest first."""
    layers = {name: one.name for one in alive if one.role == "layer" for name in one.backends}
    known = {(one.name, name) for one in backends for name in one.databases or [NO_DATABASE]}
    runs: list[_Run] = []
    for path in (YOURS, *reversed(checkout.paths(_REFERENCES))):
        is_yours = path == YOURS
        what = f"{'your' if is_yours else 'a committed'} run of the faults"
        content = checkout.json(path, what, COMMAND if is_yours else None)
        if content is not None:
            runs += _read(checkout, path, content, known, layers)
    runs.sort(key=lambda run: (run.run.source != YOURS, _LONG_AGO - run.made))
    results = [result for run in runs for result in run.results]
    names = dict.fromkeys(result.fault for result in results)
    return FaultsTable(
        faults=[Fault(id=name, title=name.replace("-", " ")) for name in names],
        runs=[run.run for run in runs],
        results=results,
    )


def _read(
    checkout: Checkout,
    path: str,
    content: Any,
    known: set[tuple[str, str]],
    layers: Mapping[str, str],
) -> Iterator[_Run]:
    try:
        file = _File.model_validate(content)
    except ValidationError as error:
        problem = f"It is no run of the faults: {faults(error)}."
        checkout.describe(path, state="unreadable", problem=shortened(problem))
        return
    name = "yours" if path == YOURS else path.removeprefix("results/").removesuffix(".json.gz")
    checkout.describe(
        path,
        name=name,
        made=file.made,
        commit=shortened(file.commit, 100) if file.commit else None,
        machine=_machine(file.machine),
    )
    versions: dict[str, str] = {}
    found: dict[tuple[str, str, str], FaultResult] = {}
    for where, cell in checkout.models(path, file.cells, _Cell, at="/cells"):
        database = cell.database or NO_DATABASE
        if (cell.backend, database) not in known:
            checkout.complain(
                path,
                f"{where} was left out: the registry has no {shortened(cell.backend, 50)} on "
                f"{shortened(database, 50)}.",
            )
            continue
        if cell.faults == []:
            said = f"{where} has no faults: it ended without a report."
            checkout.complain(path, said)
        if cell.server_version:
            versions[database] = shortened(cell.server_version, 100)
        if cell.layer_version and cell.backend in layers:
            versions[layers[cell.backend]] = shortened(cell.layer_version, 100)
        for at, entry in checkout.models(path, cell.faults, _Entry, at=f"{where}/faults"):
            result = _result(checkout, path, cell, entry.root, at)
            key = (result.backend, result.database, result.fault)
            if key in found:
                checkout.complain(path, f"{at} was left out: it is there twice.")
            elif len({fault for _, _, fault in found} | {result.fault}) > _FAULTS_LIMIT:
                checkout.complain(path, f"{at} was left out: more than {_FAULTS_LIMIT} faults.")
            else:
                found[key] = result
    checkout.describe(path, versions=dict(sorted(versions.items())))
    yield _Run(
        made=file.made,
        run=FaultRun(source=path, full=file.full),
        results=[*found.values()],
    )


def _result(
    checkout: Checkout, path: str, cell: _Cell, entry: _Injected | _NotApplicable, at: str
) -> FaultResult:
    facts: dict[str, Any] = {}
    if isinstance(entry, _Injected):
        if len(entry.broken) > _SENTENCES:
            said = f"{at}/broken has {len(entry.broken)} sentences: {_SENTENCES} are shown."
            checkout.complain(path, said)
        facts["broken"] = [shortened(one, _SENTENCE_LIMIT) for one in entry.broken[:_SENTENCES]]
        facts["figures"] = FaultFigures(**entry.model_dump(include={*FaultFigures.model_fields}))
    elif entry.why:
        facts["why"] = shortened(entry.why, _SENTENCE_LIMIT)
    return FaultResult(
        source=path,
        backend=cell.backend,
        database=cell.database or NO_DATABASE,
        fault=entry.name,
        status=entry.status,
        python=_short(cell.python),
        server_version=_short(cell.server_version),
        layer_version=_short(cell.layer_version),
        origin=Origin(file=path, pointer=at),
        **facts,
    )


def _short(text: str | None) -> str | None:
    return shortened(text, 100) if text else None


def _machine(machine: Mapping[str, Any]) -> str | None:
    """What the file says of the machine, in one line."""
    facts = (f"{name.replace('_', ' ')} {value}" for name, value in machine.items())
    return shortened(", ".join(facts), 300) or None
