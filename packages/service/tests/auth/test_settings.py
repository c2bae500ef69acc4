from __future__ import annotations

import pytest
from pydantic import ValidationError

from bakeoff.auth.keys import Keys
from bakeoff.settings import Settings

SECRET = "canary" * 6


def settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[call-arg,arg-type]


def test_it_is_off_and_needs_no_keys() -> None:
    made = settings()
    assert (made.auth, made.auth_keys) == ("off", None)


@pytest.mark.parametrize("mode", ["writes", "all"])
def test_without_keys_it_cannot_be_switched_on(mode: str) -> None:
    with pytest.raises(ValidationError, match=f"BAKEOFF_AUTH={mode} needs BAKEOFF_AUTH_KEYS"):
        settings(auth=mode)
    assert settings(auth=mode, auth_keys=f"a:{SECRET}").auth == mode


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        (SECRET, "key 1 must be ID:SECRET"),
        (f":{SECRET}", "key 1 must be ID:SECRET"),
        (f"a b:{SECRET}", "key 1 must be ID:SECRET"),
        (f"a:{SECRET},", "key 2 must be ID:SECRET"),
        (f"a:{SECRET},b:{SECRET[:31]}", "the secret of key 2 has 31 bytes, and needs 32 or more"),
        ("a:", "the secret of key 1 has 0 bytes"),
        (f"a:{SECRET},a:{SECRET}", "key 2 has the id of one before it"),
    ],
)
def test_wrong_keys_are_refused_without_being_repeated(keys: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as caught:
        settings(auth_keys=keys)
    assert "canary" not in str(caught.value)


def test_the_first_key_signs_and_a_secret_may_hold_colons() -> None:
    keys = Keys.parse(f"2026-12:{SECRET}:x, 2026-11:{'1' * 32} ")
    assert keys.signing == "2026-12"
    assert dict(keys.secrets) == {"2026-12": f"{SECRET}:x".encode(), "2026-11": b"1" * 32}


def test_bytes_are_counted_and_not_characters() -> None:
    assert Keys.parse(f"a:{'é' * 16}").signing == "a"


def test_keys_are_not_shown() -> None:
    made = settings(auth_keys=f"a:{SECRET}")
    assert made.auth_keys is not None
    keys = Keys.parse(made.auth_keys.get_secret_value())
    assert "canary" not in repr(made) + repr(keys) + str(keys)


@pytest.mark.parametrize(
    "written", ["", "ten per minute", "0 per minute", "10", "10 per fortnight"]
)
def test_attempts_must_be_a_rate(written: str) -> None:
    with pytest.raises(ValidationError, match="must look like 10 per 5 minutes"):
        settings(auth_attempts=written)


@pytest.mark.parametrize("written", ["10 per 5 minutes", "3/second", "5 per minute; 50 per day"])
def test_attempts_may_be_several_rates(written: str) -> None:
    assert settings(auth_attempts=written).auth_attempts == written


@pytest.mark.parametrize("name", ["auth_access_lifetime", "auth_refresh_lifetime"])
def test_a_lifetime_is_at_least_a_second(name: str) -> None:
    with pytest.raises(ValidationError):
        settings(**{name: 0})
