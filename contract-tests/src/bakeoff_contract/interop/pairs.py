"""Every backend with what every other wrote, on one database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import httpx

from bakeoff_contract.api import Api
from bakeoff_contract.interop import changing, deleting, reading, writing
from bakeoff_contract.interop.asking import Asker
from bakeoff_contract.interop.outcome import Pair
from bakeoff_contract.interop.reading import Answers
from bakeoff_contract.interop.shelf import Shelf

# A backend that does not keep its word, or has gone away; anything else is a fault of ours.
FAULTS = (AssertionError, httpx.HTTPError)

T = TypeVar("T")


@dataclass(slots=True)
class Run:
    """The services on one database, what they wrote, and what was found of each pair."""

    services: Mapping[str, Api]
    pairs: dict[tuple[str, str], Pair]
    shelves: dict[str, Shelf] = field(default_factory=dict)

    def askers(self) -> list[Asker]:
        """A fresh count for each service."""
        return [Asker(name, api) for name, api in self.services.items()]


def prove(services: Mapping[str, Api], pairs: Iterable[Pair]) -> None:
    """Write, read, change, delete and read again, as far as the services of a pair are there."""
    chosen = {
        (pair.writer, pair.reader): pair for pair in pairs if pair.backends <= services.keys()
    }
    if not chosen:
        return
    run = Run(services, chosen)
    _write(run)
    _read(run, "as written", closely=True)
    for turn in range(len(services)):
        _change(run, turn)
    _read(run, "after the changes")
    for pair in chosen.values():
        pair.complete()


def _write(run: Run) -> None:
    """All at once, each under its own name."""

    def write(asker: Asker) -> None:
        shelf, why = _attempt(partial(writing.write, asker, changers=run.services))
        if shelf is not None:
            run.shelves[asker.backend] = shelf
        for reader in run.services:
            if why is not None:
                run.pairs[asker.backend, reader].fail(f"writing: {why}")

    _at_once(write, run.askers())


def _read(run: Run, when: str, *, closely: bool = False) -> None:
    """Everybody reads everything, and all must see the same; whoever is alone with it is wrong."""
    questions: dict[str | None, list[str]] = {None: reading.WHOLE_STORE}
    for name, shelf in run.shelves.items():
        questions[name] = reading.about(shelf)
        questions[name] += reading.one_by_one(shelf) if closely else []
    seen: dict[str | None, dict[str, Answers]] = {about: {} for about in questions}
    disorder: dict[str, str | None] = {}

    def read(asker: Asker) -> None:
        for writer, paths in questions.items():
            before = asker.answers
            answers, why = _attempt(partial(reading.read, asker, paths))
            if answers is not None:
                seen[writer][asker.backend] = answers
            for pair in _concerned(run, writer, asker.backend):
                pair.answers += asker.answers - before
                if why is not None:
                    pair.fail(f"reading {when}: {why}")
        wrong, why = _attempt(partial(reading.wrong_order, asker))
        disorder[asker.backend] = wrong or why

    _at_once(read, run.askers())
    for writer, answers in seen.items():
        _compare(run, writer, answers, when)
    for reader, found in disorder.items():
        for pair in _concerned(run, None, reader):
            if found is not None:
                pair.fail(f"reading {when}: {reader}: {found}")


def _compare(run: Run, about: str | None, seen: dict[str, Answers], when: str) -> None:
    """Hold every reader to what most of them saw; where none leads, to what the writer saw."""
    if not seen:
        return
    order = [name for name in (about, *run.services) if name in seen]
    agreed = max(
        (seen[name] for name in order), key=lambda one: sum(one == two for two in seen.values())
    )
    others = ", ".join(name for name in run.services if seen.get(name) == agreed)
    for reader, answers in seen.items():
        if found := reading.first_difference(agreed, answers):
            for pair in _concerned(run, about, reader):
                pair.fail(f"reading {when}, {reader} beside {others}: {found}")


def _concerned(run: Run, writer: str | None, reader: str) -> list[Pair]:
    """The pairs whose rows a reader saw: those of one writer, or of all in a list of everything."""
    writers: Iterable[str] = run.services if writer is None else [writer]
    return [run.pairs[name, reader] for name in writers]


def _change(run: Run, turn: int) -> None:
    """All at once, each with the rows of another; in as many turns everybody has had everybody's.

    Nobody but the one whose turn it is touches a shelf meanwhile.
    """
    names = list(run.services)

    def change(changer: Asker) -> None:
        writer = names[(names.index(changer.backend) + turn) % len(names)]
        if writer not in run.shelves:
            return
        owner = Asker(writer, run.services[writer])
        shelf, pair = run.shelves[writer], run.pairs[writer, changer.backend]
        for verb, step in (("changing", changing.change), ("deleting", deleting.delete)):
            _, why = _attempt(partial(step, changer, owner, shelf, turn=turn))
            if why is not None:
                pair.fail(f"{verb}: {why}")
                # The next one shall not be blamed for it.
                _attempt(partial(_look_again, owner, shelf))
        pair.answers += changer.answers + owner.answers

    _at_once(change, run.askers())


def _look_again(owner: Asker, shelf: Shelf) -> None:
    """Take the books for what they are now."""
    answers = [owner.send("GET", f"/books/{book['id']}") for book in shelf.books]
    shelf.books = [answer.json() for answer in answers if answer.status_code == 200]


def _at_once(step: Callable[[Asker], None], askers: list[Asker]) -> None:
    with ThreadPoolExecutor(len(askers)) as threads:
        for _ in threads.map(step, askers):
            pass


def _attempt(step: Callable[[], T]) -> tuple[T | None, str | None]:
    """What a step gave, or why a backend failed it."""
    try:
        return step(), None
    except FAULTS as error:
        return None, f"{error}" or repr(error)
