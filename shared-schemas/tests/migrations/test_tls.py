from __future__ import annotations

from typing import Any

import pytest

from bakeoff_schemas import migrate
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.tls import Tls

# MySQL is the one server that makes certificates for itself on its first start.
pytestmark = pytest.mark.families("mysql")


def test_an_encrypted_connection_migrates(empty: Any) -> None:
    migrate.upgrade(empty.url, tls=Tls(mode="require"))
    assert migrate.is_current(empty.url, tls=Tls(mode="require"))


def test_a_server_that_cannot_prove_who_it_is_is_refused(empty: Any) -> None:
    with pytest.raises(Unavailable, match="certificate"):
        migrate.upgrade(empty.url, tls=Tls(mode="verify-full"))
    assert migrate.current(empty.url) is None
