"""One fault on one cell: steady load, the fault in the middle of it, recovery, and the judgement."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bakeoff_contract.api import Api
from bakeoff_contract.faults import catalogue, readback
from bakeoff_contract.faults.aftermath import aftermath, connections
from bakeoff_contract.faults.call import Call
from bakeoff_contract.faults.catalogue import Catalogue
from bakeoff_contract.faults.fault import Fault, Target
from bakeoff_contract.faults.findings import Findings
from bakeoff_contract.faults.judge import judge
from bakeoff_contract.faults.judging_answers import Downtime
from bakeoff_contract.faults.load import Load
from bakeoff_contract.faults.proxy import Proxy
from bakeoff_contract.faults.records import FaultRecord
from bakeoff_contract.faults.servers import PrivateServer
from bakeoff_contract.faults.service import Service
from bakeoff_contract.throwaway import Throwaway

# What may pass until a service is well again by itself, and until its absence is certain.
RECOVERY_LIMIT, _GIVEN_UP = 5.0, 20.0
# How long an answer may take beyond the request's own limit, and a client waits beyond that.
_GRACE, _PATIENCE = 1.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long there is load before the fault, for how long the fault lasts, and load after it."""

    before: float
    fault: float
    after: float

    @classmethod
    def of(cls, fault: Fault, *, full: bool) -> Times:
        """The short or the full form."""
        if full:
            return cls(before=3.0, fault=fault.full_seconds, after=3.0)
        return cls(before=1.0, fault=fault.seconds, after=0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Where a fault is run: a backend, its Python, a database, and the server that it is on."""

    backend: str
    python: Path
    database: Throwaway
    server: PrivateServer | None
    log: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Observed:
    """What was seen while the load ran."""

    calls: list[Call]
    seconds: float
    down: Downtime | None
    recovered: float | None
    connections: int | None
    memory: tuple[int, int]


def run(fault: Fault, seat: Seat, *, full: bool) -> tuple[FaultRecord, Mapping[str, Any]]:
    """Do a fault to a fresh database and a fresh service; also returns what `/info` answered.

    :raises Exception: the run itself failed; nothing is left of it.
    """
    with ExitStack() as stack:
        url, proxy = seat.database.url, None
        if fault.needs_proxy:
            proxy = stack.enter_context(Proxy(url.host, url.port))
            url = replace(url, host="127.0.0.1", port=proxy.port)
        service = Service(seat.python, seat.backend, url, log=seat.log)
        target = Target(
            product=seat.database.product(),
            database=seat.database,
            service=service,
            server=seat.server,
            proxy=proxy,
        )
        why = fault.why_not(target)
        if why is not None:
            return FaultRecord(name=fault.name, status="not_applicable", why=why), {}
        stack.enter_context(fault.prepare(target))
        service.settings.update(fault.settings)
        service.variables.update(fault.variables(target))
        stack.callback(service.discard)
        service.start()
        with Api(service.base_url) as api:
            info = api.seen("/info")
            made = catalogue.make(api)
        limit = float(service.settings["request_timeout"]) + _GRACE
        observed = _observe(fault, target, made, Times.of(fault, full=full), limit=limit)
        seen = aftermath(target, made.customers)
        found = judge(observed.calls, made, seen.stored, limit=limit, down=observed.down)
        if seen.shown is not None:
            found.other += readback.differences(seen.stored, seen.shown)
        found.other += [*seen.broken, *_unrecovered(observed.recovered)]
        return _record(fault, observed, found, limit, seen.connections), info


def _observe(
    fault: Fault, target: Target, made: Catalogue, times: Times, *, limit: float
) -> _Observed:
    service = target.service
    with Load(service.base_url, made, patience=limit + _PATIENCE) as load:
        time.sleep(times.before)
        before, memory = connections(target), service.memory_kib()
        began = time.monotonic()
        with fault.inject(target):
            time.sleep(times.fault)
        if fault.ends_service and not service.runs:
            service.start()
        ended = time.monotonic()
        recovered = load.recovered(within=_GIVEN_UP)
        time.sleep(times.after)
    return _Observed(
        calls=load.calls,
        seconds=ended - began,
        down=Downtime(began, ended) if fault.ends_service else None,
        recovered=recovered,
        connections=before,
        memory=(memory, service.memory_kib()),
    )


def _unrecovered(seconds: float | None) -> list[str]:
    if seconds is None:
        return [f"nothing had succeeded {_GIVEN_UP:g} s after the fault ended"]
    if seconds > RECOVERY_LIMIT:
        return [f"a read and a write succeeded only {seconds:.1f} s after the fault ended"]
    return []


def _record(
    fault: Fault,
    observed: _Observed,
    found: Findings,
    limit: float,
    left: int | None,
) -> FaultRecord:
    calls = observed.calls
    broken = tuple(found.sentences())
    writes = [call for call in calls if call.sent.kind not in ("read", "page")]
    recovered = observed.recovered
    return FaultRecord(
        name=fault.name,
        status="broken" if broken else "kept",
        fault_seconds=round(observed.seconds, 3),
        requests=len(calls),
        acknowledged=sum(call.is_acknowledged for call in writes),
        lost=len(found.lost),
        phantom=len(found.phantom),
        stale=len(found.stale),
        statuses=dict(sorted(Counter(call.outcome for call in calls).items())),
        unexpected=dict(sorted(found.unexpected.items())),
        slowest_ms=round(max(call.milliseconds for call in calls), 1),
        limit_ms=limit * 1000,
        recovered_ms=None if recovered is None else round(recovered * 1000, 1),
        connections_before=observed.connections,
        connections_after=left,
        memory_before_kib=observed.memory[0],
        memory_after_kib=observed.memory[1],
        broken=broken,
    )
