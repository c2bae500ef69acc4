"""What a fault is, and what it is done to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bakeoff_contract.faults.service import Service
from bakeoff_contract.throwaways.database import Product, Throwaway

if TYPE_CHECKING:
    from bakeoff_contract.faults.proxy import Proxy
    from bakeoff_contract.faults.servers import PrivateServer

EVERY_PRODUCT: frozenset[Product] = frozenset({"sqlite", "postgresql", "mysql", "mariadb"})
SERVERS: frozenset[Product] = EVERY_PRODUCT - {"sqlite"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a fault may act on: one service, on a database that nobody else uses.

    `server` is there if the fault needs one of its own, `proxy` if it needs one between the service
    and the database; `database` is reached without the proxy.
    """

    product: Product
    database: Throwaway
    service: Service
    server: PrivateServer | None = None
    proxy: Proxy | None = None


def _nothing_prevents(target: Target) -> str | None:
    return None


def _nothing_to_prepare(target: Target) -> AbstractContextManager[None]:
    return nullcontext()


def _no_variables(target: Target) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong for a while.

    Entering what `inject` returns starts the fault, leaving it ends the fault; in between, the run
    waits for `seconds`, or `full_seconds` in a full run. The service must not be restarted to get
    well again, unless the fault `ends_service`: then it is started again after the fault, if the
    fault has not done that itself.
    """

    name: str
    title: str
    inject: Callable[[Target], AbstractContextManager[None]]
    # Entered before the service is started, and left when it has ended and all has been read back.
    prepare: Callable[[Target], AbstractContextManager[None]] = _nothing_to_prepare
    # Why it cannot be done here, in a sentence; asked before the service is started.
    why_not: Callable[[Target], str | None] = _nothing_prevents
    products: frozenset[Product] = EVERY_PRODUCT
    needs_server: bool = False
    needs_proxy: bool = False
    ends_service: bool = False
    seconds: float = 2.0
    full_seconds: float = 10.0
    # Settings of the service by their names in lower case, without the prefix.
    settings: Mapping[str, str] = field(default_factory=dict)
    # Further environment variables of the service.
    variables: Callable[[Target], Mapping[str, str]] = _no_variables
