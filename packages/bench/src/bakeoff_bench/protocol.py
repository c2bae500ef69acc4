"""What the controller and a worker say to each other: one JSON object a line, over pipes.

The controller sends `{"do": name, …}` and waits; the worker answers `{"ok": true, …}` or
`{"ok": false, "error": text}`. A worker's standard output is this channel, so that whatever a layer
prints goes to standard error. Times are nanoseconds, rates are not sent but computed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from bakeoff_bench.errors import BenchError

_STRICT = ConfigDict(extra="forbid", strict=True)
_Count = Annotated[int, Field(ge=1)]


class ProtocolError(ValueError):
    """The line is no message of this protocol; what it held may be secret, and is not repeated."""


class Refused(BenchError):
    """The worker could not do what it was told to; the message is its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Make the arm and open it: the first command. Answered by `Opened`."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    arm: str
    url: str = field(repr=False)
    pool: _Count = 10
    do: Literal["open"] = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """How long importing the arm and opening it took, what it is, and what it can do.

    `info` is `LayerInfo` as JSON, and empty for an arm that is no layer. `versions` names every
    distribution that is imported now.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    pid: int
    import_ns: int
    open_ns: int
    info: dict[str, Any]
    versions: dict[str, str]
    scenarios: list[str]
    ok: Literal[True] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Do the scenario's check once: fixed inputs, the answers in comparable JSON (`Checked`)."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    scenario: str
    seed: int
    books: _Count
    do: Literal["check"] = "check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One answer an input; what a run cannot repeat (new ids, instants) is left out."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    answers: list[Any]
    ok: Literal[True] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Work for so long, so many tasks at once, and at least one operation a task (`Sliced`).

    `touched` is how many different books are read or changed by id, evenly spread; None means all.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    scenario: str
    tasks: _Count
    nanoseconds: _Count
    seed: int
    books: _Count
    touched: _Count | None = None
    do: Literal["slice"] = "slice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sliced:
    """What was done: `latencies` in the order of completion, `per_task` operations of each task.

    `nanoseconds` is from the first operation's start to the last one's end, without what lay in
    between to get further inputs ready. `cpu_ns` is the CPU time of this process (all threads) in
    it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    operations: int
    nanoseconds: int
    cpu_ns: int
    latencies: list[int] = field(repr=False)
    per_task: list[int] = field(repr=False)
    ok: Literal[True] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Ask for the process's own costs so far (`Measured`)."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    do: Literal["measure"] = "measure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """CPU time since the start, the resident memory now and at its peak, in bytes."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    cpu_ns: int
    rss: int
    peak_rss: int
    ok: Literal[True] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Close the arm and end the process (`Closed`)."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    do: Literal["close"] = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The arm is closed; nothing follows."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    ok: Literal[True] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Why the command could not be done; the worker goes on."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    error: str
    ok: Literal[False] = False


Command = Open | Check | Slice | Measure | Close
Answer = Opened | Checked | Sliced | Measured | Closed | Failed
T = TypeVar("T")

_COMMANDS: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="do")])
_MESSAGES: TypeAdapter[Command | Answer] = TypeAdapter(Command | Answer)
_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


def encode(message: Command | Answer) -> bytes:
    """The message as one line, with its end."""
    return _MESSAGES.dump_json(message) + b"\n"


def decode_command(line: bytes) -> Command:
    """Read what a worker is to do.

    :raises ProtocolError: it is no command; the message names what is wrong with which field.
    """
    try:
        return _COMMANDS.validate_json(line)
    except ValidationError as error:
        raise ProtocolError(_told(error)) from None


def decode(line: bytes, kind: type[T]) -> T:
    """Read the answer to the command that is answered by `kind`.

    :raises Refused: the worker answered that it failed.
    :raises ProtocolError: it is no such answer.
    """
    try:
        answer: T = _adapter(kind).validate_json(line)
    except ValidationError as error:
        try:
            failed: Failed = _adapter(Failed).validate_json(line)
        except ValidationError:
            raise ProtocolError(f"no {kind.__name__}: {_told(error)}") from None
        raise Refused(failed.error) from None
    return answer


def _told(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(
        ": ".join(filter(None, (".".join(map(str, one["loc"])), one["msg"]))) for one in found
    )
