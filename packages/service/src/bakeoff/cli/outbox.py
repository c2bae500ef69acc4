"""`bakeoff outbox`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import typer
from rich.table import Table

from bakeoff import logs
from bakeoff.cli import configuration, console, running
from bakeoff.cli.console import Failure
from bakeoff.outbox.publishing import Publisher
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas import timestamps
from bakeoff_schemas.errors import NotFound
from bakeoff_schemas.ports import DataLayer
from bakeoff_schemas.records import Keyset, Message, Page, Window

T = TypeVar("T")
Action = Literal["list", "replay", "publish", "work"]


def outbox(
    action: Annotated[
        Action,
        typer.Argument(
            help="list the dead letters, replay one or all of them, publish what no process has "
            "published yet, or work until a signal comes.",
            show_default=False,
        ),
    ],
    message_id: Annotated[
        UUID | None,
        typer.Argument(metavar="[ID]", help="The dead letter to replay.", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Replay every dead letter.")] = False,
    backend: configuration.BackendOption = None,
    database: configuration.DatabaseOption = None,
    as_json: configuration.JsonOption = False,
) -> None:
    """See to the messages that tell of changes and orders.

    A dead letter is a message whose every attempt failed. Once replayed, it is due at once, as if
    it had never been tried. With work, this process does the background work until Ctrl-C or
    SIGTERM, after the messages at hand; any number of such processes may run.
    """
    if (action == "replay") != (everything or message_id is not None):
        raise typer.BadParameter("replay takes an ID or --all, and nothing else does")
    if everything and message_id is not None:
        raise typer.BadParameter("give either an ID or --all", param_hint="--all")
    settings = configuration.load(backend=backend, database_url=database)
    layer = configuration.make_layer(settings)
    if not layer.uses_database:
        raise Failure(
            f"the backend {settings.backend} keeps its messages in the process that serves, where "
            "no other process can see them"
        )
    if action == "work":
        _work(layer, settings)
        return
    work = UnitOfWork(layer, contention_retries=settings.contention_retries)
    if action == "list":
        _show(_run(layer, settings, lambda: _dead_letters(work)), as_json=as_json)
        return
    if action == "publish":
        publisher = Publisher(work, keep=settings.outbox_keep)
        done = {"published": _run(layer, settings, publisher.publish)}
    else:
        done = {"replayed": _run(layer, settings, lambda: _replay(work, message_id))}
    if as_json:
        console.show_json(done)
        return
    for what, count in done.items():
        console.show(f"{what}: {count}")


def _run(layer: DataLayer, settings: Settings, main: Callable[[], Awaitable[T]]) -> T:
    async def connected() -> T:
        async with running.opened(layer, settings, migrating="nothing"):
            return await main()

    return running.run(connected())


async def _dead_letters(work: UnitOfWork) -> list[Message]:
    found: list[Message] = []
    window = Window(limit=100)
    while True:
        page = await _failed(work, window)
        found += page.items
        if not page.more:
            return found
        window = Window(limit=100, after=Keyset(value=found[-1].failed_at, id=found[-1].id))


async def _failed(work: UnitOfWork, window: Window) -> Page[Message]:
    return await work.read(lambda store: store.outbox.list_failed(window=window))


async def _replay(work: UnitOfWork, message_id: UUID | None) -> int:
    """Replay this dead letter, or all that there are now."""
    if message_id is not None:
        await _make_due(work, message_id)
        return 1
    replayed = 0
    for message in await _dead_letters(work):
        # Somebody else may have replayed it meanwhile.
        with suppress(NotFound):
            await _make_due(work, message.id)
            replayed += 1
    return replayed


async def _make_due(work: UnitOfWork, message_id: UUID) -> None:
    now = timestamps.now()
    await work.write(lambda store: store.outbox.replay(message_id, at=now))


def _show(dead: list[Message], *, as_json: bool) -> None:
    if as_json:
        console.show_json([_facts(message) for message in dead])
        return
    table = Table("id", "topic", "failed at", "attempts", "why", box=None, pad_edge=False)
    for message in dead:
        facts = _facts(message)
        names = ("id", "topic", "failed_at", "attempts", "error")
        table.add_row(*(str(facts[name]) for name in names))
    console.show(table if dead else "there is no dead letter")


def _facts(message: Message) -> dict[str, Any]:
    return {
        "id": str(message.id),
        "topic": message.topic,
        "payload": message.payload,
        "created_at": timestamps.write(message.created_at),
        "failed_at": timestamps.write(message.failed_at) if message.failed_at else None,
        "attempts": message.attempts,
        "error": message.error,
    }


def _work(layer: DataLayer, settings: Settings) -> None:
    logs.configure(settings)
    try:
        running.run(_working(layer, settings))
    except asyncio.CancelledError:
        console.remark("stopped, after the messages at hand")


async def _working(layer: DataLayer, settings: Settings) -> None:
    # httpx takes a tenth of a second to import, for which no other command waits.
    from bakeoff.outbox.background import Working
    from bakeoff.outbox.repeating import beside
    from bakeoff.outbox.waking import redis_bell

    task = asyncio.current_task()
    assert task is not None
    work = UnitOfWork(layer, contention_retries=settings.contention_retries)
    working = Working(settings, work)
    bell = redis_bell(settings, working.wake)

    def stop(number: int) -> None:
        task.cancel()

    with running.on_signals(stop):
        async with AsyncExitStack() as stack:
            opened = running.opened(layer, settings, migrating="nothing")
            await stack.enter_async_context(opened)
            await stack.enter_async_context(working.running())
            if bell is not None:
                await stack.enter_async_context(beside(bell.run()))
            console.remark(f"working on the messages in {settings.database()}")
            await asyncio.Event().wait()
