from __future__ import annotations

import pytest
from pydantic import ValidationError

from bakeoff.settings import Settings

ON = {"cache": "on", "redis_url": "redis://:hunter2@127.0.0.1/0"}


def settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[call-arg,arg-type]


@pytest.mark.parametrize(
    "url",
    ["redis://h", "redis://u:p@h:1/2", "rediss://h:6380", "rediss://h/0?ssl_ca_certs=/ca.pem"],
)
def test_an_address_of_redis_is_taken(url: str) -> None:
    made = settings(redis_url=url).redis_url
    assert made is not None
    assert made.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [
        *("h:6379", "http://hunter2@h", "unix:///hunter2", "redis://", "redis://hunter2@h:many/0"),
        *("redis://hunter2@[h/0", "redis://h/hunter2", "redis://hunter2#@h/0"),
        *("redis://h/0?hunter2=1", "redis://h/0?socket_timeout=60", "redis://h/0?db=hunter2"),
    ],
)
def test_any_other_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValidationError, match="must look like redis://") as caught:
        settings(redis_url=url)
    assert "hunter2" not in str(caught.value)


def test_an_empty_address_means_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_REDIS_URL", "")
    assert settings().redis_url is None


def test_a_cache_needs_an_address() -> None:
    with pytest.raises(ValidationError, match="BAKEOFF_CACHE=on needs BAKEOFF_REDIS_URL"):
        settings(cache="on")


def test_a_write_that_waits_for_the_end_of_entries_is_answered_in_time() -> None:
    with pytest.raises(ValidationError, match="must not exceed half of BAKEOFF_REQUEST_TIMEOUT"):
        settings(**ON, cache_ttl=6, request_timeout=11)
    assert settings(**ON, cache_ttl=6, request_timeout=12)
    assert settings(cache_ttl=60)
