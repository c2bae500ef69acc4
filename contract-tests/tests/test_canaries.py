from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from bakeoff_contract.canaries import canary, found


def test_no_two_canaries_are_the_same() -> None:
    assert canary() != canary()


@pytest.mark.parametrize(
    "told",
    [
        str,
        repr,
        json.dumps,
        html.escape,
        quote,
        lambda text: text.encode().hex(),
        lambda text: text.encode().hex().upper(),
        lambda text: text.encode(),
    ],
)
def test_a_secret_is_found_however_it_was_encoded(told: Callable[[str], str | bytes]) -> None:
    secret = canary()
    [message, *_] = found({"the key": secret}, {"the log": told(f'a "{secret}" <b> ü')})
    assert message.startswith("the key as ")
    assert " in the log: " in message


@pytest.mark.parametrize("before", ["", "u", "us", "user:", "user:p"])
@pytest.mark.parametrize("after", ["", "s", "st", "str"])
def test_a_secret_is_found_wherever_it_stands_in_base64(before: str, after: str) -> None:
    secret = canary()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert found({"it": secret}, {"there": encode(f"{before}{secret}{after}".encode())})


def test_what_is_not_there_is_not_found() -> None:
    told = {"a log": f"{canary()} *** Canary", "a body": base64.b64encode(canary().encode())}
    assert found({"the key": canary()}, told) == []
