"""The messages between the controller and a worker: one JSON object a line, over pipes.

The controller sends `{"do": name, …}` and waits; the worker answers `{"ok": true, …}` or
`{"ok": false, "error": text}`. A worker's standard output is this channel, so whatever a layer
prints goes to standard error. Times are in nanoseconds; rates are computed, not sent.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bakeoff_bench.errors import BenchError

_Count = Annotated[int, Field(ge=1)]
_Secret = Annotated[str, Field(repr=False)]


class ProtocolError(ValueError):
    """The line is no message of this protocol; its content may be secret and is not repeated."""


class Refused(BenchError):
    """The worker could not carry out a command; the message is its own."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Answer(_Message):
    ok: Literal[True] = True


class Open(_Message):
    """Make the arm and open it. Answered by `Opened`."""

    do: Literal["open"] = "open"
    arm: str
    url: _Secret
    pool: _Count = 10


class Check(_Message):
    """Do the scenario's check once, with fixed inputs. Answered by `Checked`."""

    do: Literal["check"] = "check"
    scenario: str
    seed: int
    books: _Count


class Slice(_Message):
    """Work for so long with so many tasks, at least one operation a task. Answered by `Sliced`.

    `touched` is how many different books are read or changed by id, evenly spread; None means all.
    """

    do: Literal["slice"] = "slice"
    scenario: str
    tasks: _Count
    nanoseconds: _Count
    seed: int
    books: _Count
    touched: _Count | None = None


class Allocate(_Message):
    """Measure the memory that one operation of each scenario takes. Answered by `Allocated`."""

    do: Literal["allocate"] = "allocate"
    scenarios: list[str]
    seed: int
    books: _Count


class Measure(_Message):
    """Report the costs of the process so far. Answered by `Measured`."""

    do: Literal["measure"] = "measure"


class Inspect(_Message):
    """Report what is installed in the worker's environment. Answered by `Environment`."""

    do: Literal["inspect"] = "inspect"


class Serve(_Message):
    """Serve an application over HTTP. Answered by `Serving` once requests are accepted.

    `application` names a function of this command and the service's settings (`module:function`).
    """

    do: Literal["serve"] = "serve"
    application: str
    backend: str
    url: _Secret
    books: int
    pool: _Count


class Close(_Message):
    """Close what is open and end the process. Answered by `Closed`."""

    do: Literal["close"] = "close"


class Opened(_Answer):
    """The arm's scenarios, and the version of every distribution with an imported module."""

    versions: dict[str, str]
    scenarios: list[str]


class Checked(_Answer):
    """One answer an input, without the fields that no run can repeat (new ids, instants)."""

    answers: list[Any]


class Sliced(_Answer):
    """The work of a slice: `latencies` in the order of completion, `per_task` operations.

    `nanoseconds` is from the first operation's start to the last one's end, without the pauses in
    which further inputs were prepared. `cpu_ns` is the CPU time of all threads in that time.
    """

    operations: int
    nanoseconds: int
    cpu_ns: int
    latencies: Annotated[list[int], Field(repr=False)]
    per_task: Annotated[list[int], Field(repr=False)]


class Allocated(_Answer):
    """By scenario: the bytes that Python held at the peak of an operation, beyond those before."""

    bytes: dict[str, float]


class Measured(_Answer):
    """CPU time since the start; resident memory now and at its peak, in bytes."""

    cpu_ns: int
    rss: int
    peak_rss: int


class Distribution(_Message):
    """An installed distribution, its requirements, and its bytes on disk without bytecode."""

    name: str
    requires: list[str]
    bytes: int


class Environment(_Answer):
    """The installed distributions, and the variables of requirement markers."""

    markers: dict[str, str]
    distributions: list[Distribution]


class Serving(_Answer):
    """The port, and the version of each distribution that takes part in an answer."""

    port: int
    versions: dict[str, str]


class Closed(_Answer):
    """Nothing follows."""


class Failed(_Message):
    """Why the command could not be carried out; the worker goes on."""

    ok: Literal[False] = False
    error: str


Command = Open | Check | Slice | Allocate | Measure | Inspect | Serve | Close
Answer = Opened | Checked | Sliced | Allocated | Measured | Environment | Serving | Closed | Failed
T = TypeVar("T", bound=_Message)


@cache
def _commands() -> TypeAdapter[Command]:
    return TypeAdapter(Annotated[Command, Field(discriminator="do")])


def encode(message: Command | Answer) -> bytes:
    """The message as one line, with its end."""
    return message.model_dump_json().encode() + b"\n"


def decode_command(line: bytes) -> Command:
    """Read a command.

    :raises ProtocolError: it is no command; the message names what is wrong with which field.
    """
    try:
        return _commands().validate_json(line)
    except ValidationError as error:
        raise ProtocolError(_faults(error)) from None


def decode(line: bytes, kind: type[T]) -> T:
    """Read the answer to a command that is answered by `kind`.

    :raises Refused: the worker answered that it failed.
    :raises ProtocolError: it is no such answer.
    """
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        try:
            failed = Failed.model_validate_json(line)
        except ValidationError:
            raise ProtocolError(f"no {kind.__name__}: {_faults(error)}") from None
        raise Refused(failed.error) from None


def _faults(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(
        ": ".join(filter(None, (".".join(map(str, one["loc"])), one["msg"]))) for one in found
    )
