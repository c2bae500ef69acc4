"""Runs operations on a layer with one connection, and records what each of them sends."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import uvloop

from bakeoff.backends import make_layer
from bakeoff_contract.recording import Decoder
from bakeoff_contract.sqlite_watch import SqliteWatch
from bakeoff_contract.statements import normal
from bakeoff_contract.statements.mysql import MysqlDecoder
from bakeoff_contract.statements.operations import Operation
from bakeoff_contract.statements.postgresql import PostgresqlDecoder
from bakeoff_contract.statements.reads import READS
from bakeoff_contract.statements.samples import Samples
from bakeoff_contract.statements.writes import WRITES
from bakeoff_contract.wire import Wire
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.ports import DataLayer

# The first run sends more: SQLAlchemy asks about the server, asyncpg prepares the statement.
WARM = 2
OPERATIONS: dict[str, Operation] = READS | WRITES
# What a layer sends by itself, without an operation.
UNITS = ("open", "ping", "describe", "reading", "writing")
_DECODERS: dict[str, Callable[[], Decoder]] = {
    "postgresql": PostgresqlDecoder,
    "mysql": MysqlDecoder,
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one operation sent, without its parameters."""

    round_trips: int
    statements: list[str]


class Recorder:
    """Records each operation once, when it is first requested."""

    def __init__(self, layer: DataLayer, watch: Wire | SqliteWatch, *, family: str) -> None:
        """`layer` is not open yet."""
        self._layer = layer
        self._watch = watch
        self._family = family
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._samples = Samples()
        self.database = ""
        self.recorded: dict[str, Recorded] = {}

    def open(self) -> None:
        """Open the layer, which is recorded too, and create the sample rows."""
        self.recorded["open"] = self._record(self._layer.open())
        self.database = self._runner.run(self._layer.describe()).database
        self._runner.run(self._samples.fill(self._layer))

    def close(self) -> None:
        """Close the layer and its event loop."""
        self._runner.run(self._layer.close())
        self._runner.close()

    def of(self, name: str) -> Recorded:
        """The recording of an operation, or of a unit of work."""
        if name not in self.recorded:
            for _ in range(WARM):
                self._once(name)
            self.recorded[name] = self._once(name)
        return self.recorded[name]

    def _once(self, name: str) -> Recorded:
        if name == "ping":
            return self._record(self._layer.ping())
        if name == "describe":
            return self._record(self._layer.describe())
        if name in ("reading", "writing"):
            return self._record(_nothing(getattr(self._layer, name)))
        operation = OPERATIONS[name]
        there = self._runner.run(self._before(operation))
        return self._record(self._do(operation, there))

    async def _before(self, operation: Operation) -> Any:
        if operation.before is None:
            return None
        async with self._layer.writing() as store:
            return await operation.before(store, self._samples)

    async def _do(self, operation: Operation, there: Any) -> None:
        unit = self._layer.writing if operation.writes else self._layer.reading
        async with unit() as store:
            await operation.work(store, self._samples, there)

    def _record(self, work: Coroutine[Any, Any, object]) -> Recorded:
        with self._watch.recording() as recording:
            self._runner.run(work)
        texts = [
            text for sent in recording.sent for text in normal.statements(sent, family=self._family)
        ]
        return Recorded(round_trips=recording.round_trips, statements=texts)


async def _nothing(unit: Callable[[], AbstractAsyncContextManager[object]]) -> None:
    async with unit():
        pass


@contextmanager
def recorder(backend: str, url: DatabaseUrl, *, driver: str | None = None) -> Iterator[Recorder]:
    """A recorder between a backend and a migrated database."""
    watch: Wire | SqliteWatch
    if url.family == "sqlite":
        watch = SqliteWatch()
    else:
        watch = Wire(url.host, url.port, decoder=_DECODERS[url.family])
    with watch:
        if isinstance(watch, Wire):
            url = dataclasses.replace(url, host="127.0.0.1", port=watch.port)
        config = LayerConfig(url=url, pool_min=1, pool_max=1, driver=driver)
        made = Recorder(make_layer(backend, config), watch, family=url.family)
        try:
            made.open()
            yield made
        finally:
            made.close()
