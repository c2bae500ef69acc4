"""Which routes need a token, and with which scopes: the one table of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Security, params

from bakeoff.auth import routes as auth
from bakeoff.auth.bearer import authorized, bearer, bearer_of_websocket
from bakeoff.auth.scopes import CATALOGUE_WRITE, ORDERS_WRITE, USERS_ADMIN
from bakeoff.auth.settings import Mode
from bakeoff.jobs import routes as jobs
from bakeoff.metadata import routes as metadata
from bakeoff.outbox import routes as changes
from bakeoff.outbox import sockets
from bakeoff.problems import declared
from bakeoff.routes import authors, books, catalogue, me, operations, orders, reports, users


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What a request must show, and under which settings of `BAKEOFF_AUTH`."""

    modes: frozenset[Mode]
    dependencies: Sequence[params.Depends] = ()
    statuses: Sequence[int] = ()

    def options(self, mode: Mode) -> dict[str, Any]:
        """What `include_router` is told: nothing, where nothing has to be shown."""
        if mode not in self.modes:
            return {}
        return {"dependencies": self.dependencies, "responses": declared(*self.statuses)}


_ALL = frozenset[Mode]({"all"})
_ON = frozenset[Mode]({"writes", "all"})


def _scope(name: str) -> Guard:
    return Guard(modes=_ON, dependencies=[Security(authorized, scopes=[name])], statuses=(401, 403))


OPEN = Guard(modes=frozenset())
READ = Guard(modes=_ALL, dependencies=[Depends(bearer)], statuses=(401,))
READ_BY_WEBSOCKET = Guard(modes=_ALL, dependencies=[Depends(bearer_of_websocket)])
# A route compares the caller with whom it is about (`caller.py`).
OWN_ORDERS = Guard(modes=_ALL, dependencies=[Depends(bearer)], statuses=(401, 403))
OWN_ACCOUNT = Guard(modes=_ON, dependencies=[Depends(bearer)], statuses=(401, 403))

# The first route that matches a request answers it: `/books/export` and `/users/me` would be taken
# for ids. What is asked for most stands first.
ROUTERS: list[tuple[APIRouter, Guard]] = [
    (catalogue.router, READ),
    (changes.router, READ),
    (books.router, READ),
    (authors.router, READ),
    (orders.router, OWN_ORDERS),
    (orders.writes, _scope(ORDERS_WRITE)),
    (catalogue.writes, _scope(CATALOGUE_WRITE)),
    (books.writes, _scope(CATALOGUE_WRITE)),
    (authors.writes, _scope(CATALOGUE_WRITE)),
    (me.router, OWN_ACCOUNT),
    (users.sign_up, OPEN),
    (users.everybody, _scope(USERS_ADMIN)),
    (users.router, OWN_ACCOUNT),
    (reports.router, READ),
    (metadata.router, READ),
    (sockets.router, READ_BY_WEBSOCKET),
    (sockets.plain, READ),
    (jobs.router, READ),
    (jobs.writes, _scope(CATALOGUE_WRITE)),
    (auth.router, OPEN),
    (operations.router, OPEN),
]


def include_routers(app: FastAPI, mode: Mode) -> None:
    """Add every route with what it asks for in this mode."""
    for router, guard in ROUTERS:
        app.include_router(router, **guard.options(mode))
