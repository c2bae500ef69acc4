"""Whatever clients do at once, some order of it explains every answer they were given."""

from __future__ import annotations

from bakeoff_contract.api import Api
from bakeoff_contract.histories.checking import assert_linearizable
from bakeoff_contract.histories.clients import Clients
from bakeoff_contract.histories.operation import Cancel, Change, Done, Order, Read, Refused

CLIENTS = 8
REQUESTS = 240


def test_what_clients_see_of_books_that_they_change_at_once_has_an_order(api: Api) -> None:
    clients = Clients(api, books=3, clients=CLIENTS)
    clients.run(each=REQUESTS // CLIENTS)
    answered = {
        (type(one.action), type(one.answer)) for one in clients.operations if one.answer is not None
    }
    # Otherwise it would say little that there is an order.
    assert {(kind, Done) for kind in (Read, Change, Order, Cancel)} <= answered
    assert {(kind, Refused) for kind in (Change, Order, Cancel)} <= answered
    assert_linearizable(clients.operations)
