"""What every route shares, made once for each application."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from bakeoff.passwords import Passwords
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.cursors import CursorCodec


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The way to the data, and what else a route needs."""

    work: UnitOfWork
    cursors: CursorCodec
    passwords: Passwords
    settings: Settings


def of(request: Request) -> Context:
    """The context of the application that this request is for.

    A plain call: a dependency would cost a few per cent of each request for the same thing.
    """
    context: Context = request.app.state.context
    return context
