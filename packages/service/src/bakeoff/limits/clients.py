"""Who is asking, as far as a limit can know it before anything else has looked at the request."""

from __future__ import annotations

import hashlib
from ipaddress import IPv6Address, ip_network
from typing import Literal

from starlette.types import Scope

Kind = Literal["address", "token"]

_PREFIX = 64
_SCHEME = b"bearer "


def clients_of(scope: Scope) -> dict[Kind, str]:
    """The address that sent the request and, if it has one, its bearer token as a hash.

    Nobody has checked the token yet. One that was made up gains nothing, because the address counts
    as well.
    """
    clients: dict[Kind, str] = {"address": address_of(scope.get("client"))}
    for name, value in scope["headers"]:
        if name == b"authorization" and value[: len(_SCHEME)].lower() == _SCHEME:
            # A key of a shared storage, where the token must not be readable.
            clients["token"] = hashlib.sha256(value[len(_SCHEME) :].strip()).hexdigest()
            break
    return clients


def address_of(client: tuple[str, int] | None) -> str:
    """One IPv4 address, or the network of an IPv6 address: a customer is given that many.

    All that comes over a Unix socket without a proxy that is believed is one client.
    """
    if client is None:
        return "local"
    host = client[0]
    if ":" not in host:
        return host
    try:
        address = IPv6Address(host.partition("%")[0])
    except ValueError:
        # A proxy that is believed may write what it likes.
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, _PREFIX), strict=False))
