"""Which proxies are believed, as a setting names them."""

from __future__ import annotations

from ipaddress import ip_network

EVERYBODY = "*"


def check_proxies(written: str) -> str:
    """Addresses and networks with commas between them, or `*`, as they were written.

    uvicorn would take anything else for the name of a client, which no client has: so nobody would
    be believed, and all clients would be one address.

    :raises ValueError: one is neither an address nor a network.
    """
    if written.strip() == EVERYBODY:
        return EVERYBODY
    for part in written.split(","):
        try:
            ip_network(part.strip())
        except ValueError:
            raise ValueError(
                "each must be an address such as 10.1.2.3, or a network such as 10.0.0.0/8 without "
                "an address in it; or * alone, for whoever connects"
            ) from None
    return written
