from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bakeoff_schemas import migrate
from bakeoff_schemas.errors import Unavailable

# MySQL is the one server that makes certificates for itself on its first start.
pytestmark = pytest.mark.families("mysql")


def test_an_encrypted_connection_migrates(empty: Any) -> None:
    url = replace(empty.address, tls_mode="require").render()
    migrate.upgrade(url)
    assert migrate.is_current(url)


def test_a_server_that_cannot_prove_who_it_is_is_refused(empty: Any) -> None:
    with pytest.raises(Unavailable, match="certificate"):
        migrate.upgrade(replace(empty.address, tls_mode="verify-full").render())
    assert migrate.current(empty.url) is None
