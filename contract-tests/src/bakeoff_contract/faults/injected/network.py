"""What may happen to the proxy between the service and the database, and what it is for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from bakeoff_contract.faults.fault import Target
from bakeoff_contract.faults.proxy import Proxy


def while_it(state: Callable[[Proxy], None]) -> Callable[[Target], AbstractContextManager[None]]:
    """Put the proxy into a state, and let it carry again afterwards."""

    @contextmanager
    def inject(target: Target) -> Iterator[None]:
        proxy = proxy_of(target)
        state(proxy)
        try:
            yield
        finally:
            proxy.carry()

    return inject


def proxy_of(target: Target) -> Proxy:
    """The proxy, which a fault of the network needs."""
    assert target.proxy is not None, "the fault needs a proxy"
    return target.proxy
