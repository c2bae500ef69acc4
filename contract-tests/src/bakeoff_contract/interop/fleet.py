"""A mixed fleet: two backends serve one database while many clients ask both for everything."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx

from bakeoff_contract.api import Api, Json, made, new_isbn, order_body, statuses
from bakeoff_contract.interop import invariants
from bakeoff_contract.interop.clients import Client
from bakeoff_contract.interop.ledger import Ledger
from bakeoff_contract.interop.outcome import Fleet
from bakeoff_contract.interop.pairs import FAULTS
from bakeoff_contract.interop.stage import Stage

CLIENTS = 8
STEPS = 40


def prove_all(services: Mapping[str, Api], fleets: Iterable[Fleet]) -> None:
    """One fleet after another, as far as its services are there."""
    for fleet in fleets:
        if services.keys() >= set(fleet.backends):
            prove(fleet, {name: services[name] for name in fleet.backends})


def prove(fleet: Fleet, apis: dict[str, Api], *, steps: int = STEPS) -> None:
    """Let clients work at both, and see whether all invariants hold."""
    began = time.monotonic()
    try:
        _prove(fleet, apis, steps)
    except FAULTS as error:
        fleet.fail(str(error) or repr(error))
    fleet.seconds = round(time.monotonic() - began, 2)
    fleet.complete()


def _prove(fleet: Fleet, apis: dict[str, Api], steps: int) -> None:
    both = list(apis.values())
    stage = Stage.set(both)
    ledgers = [_opening(both, stage)]
    clients = [Client(number, both, stage) for number in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as threads:
        working = [threads.submit(client.work, steps) for client in clients]
    ledger = Ledger.merged([*ledgers, *(client.ledger for client in clients)])
    fleet.answers, fleet.counts = ledger.answers, dict(sorted(ledger.counts.items()))
    for work in working:
        work.result()
    fleet.answers += invariants.hold(apis, stage, ledger)


def _opening(both: list[Api], stage: Stage) -> Ledger:
    """What happens at the very same moment at both: one key, one ISBN, one name, one new book."""
    ledger = Ledger()
    for book in stage.books:
        ledger.changed(book)
    # Every book is sold once, so that none of them may be deleted.
    for answer in _replays(both, stage):
        order: Json = made(answer)
        ledger.orders[order["id"]] = order
    assert len(ledger.orders) == 1, "one key at the same moment made two orders"
    for answer in _upserts(both, stage):
        assert answer.status_code in (200, 201), answer.text
        ledger.changed(answer.json())
    _rivals(both, stage)
    ledger.answers += 4 * CLIENTS
    return ledger


def _replays(both: list[Api], stage: Stage) -> list[httpx.Response]:
    body = order_body(stage.customers[0], *((book, 1) for book in stage.books))
    headers = {"idempotency-key": both[0].unique("opening")}
    return _at_both(both, "POST", "/orders", [body], headers)


def _upserts(both: list[Api], stage: Stage) -> list[httpx.Response]:
    author_id = stage.catalogue_author["id"]
    body = {"title": "t", "price": "1.00", "author_id": author_id, "tags": [both[0].unique()]}
    answers = _at_both(both, "PUT", f"/books/by-isbn/{stage.isbns[0]}", [body])
    created = [answer for answer in answers if answer.status_code == 201]
    assert len(created) == 1, f"one ISBN at the same moment: {statuses(answers)}"
    return answers


def _rivals(both: list[Api], stage: Stage) -> None:
    """Of those who want one name, one gets it, and the others are told so."""
    user = both[0].user_body()
    shelf = {"author_id": stage.authors[0]["id"], "isbn": new_isbn(), "title": "t", "price": 1}
    for path, bodies in (
        ("/books", [shelf]),
        ("/users", [user | {"email": f"{number}{user['email']}"} for number in range(CLIENTS)]),
    ):
        answers = _at_both(both, "POST", path, bodies)
        expected = [201] + [409] * (CLIENTS - 1)
        assert statuses(answers) == expected, f"POST {path} at the same moment: {answers}"


def _at_both(
    both: list[Api], method: str, path: str, bodies: list[Json], headers: Json | None = None
) -> list[httpx.Response]:
    """The same request, or one after another of these, so often and at both in turn."""
    return both[0].together(
        both[number % len(both)].build_request(
            method, path, json=bodies[number % len(bodies)], headers=headers
        )
        for number in range(CLIENTS)
    )
