from __future__ import annotations

import ssl

import pytest
from pydantic import ValidationError

from bakeoff.settings import Settings


def settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[call-arg,arg-type]


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_BACKEND", "raw")
    monkeypatch.setenv("BAKEOFF_POOL_MAX", "3")
    assert (settings().backend, settings().pool_max) == ("raw", 3)


def test_an_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_POOL_MAX", "")
    assert settings().pool_max == 10


def test_secrets_are_not_shown() -> None:
    made = settings(database_url="postgresql://u:hunter2@db/x", cursor_key="hunter2")
    assert "hunter2" not in repr(made)
    assert "hunter2" not in repr(made.layer_config())


def test_a_refused_setting_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        settings(pool_max="hunter2")
    assert "hunter2" not in str(caught.value)


def test_a_pool_cannot_be_smaller_than_its_minimum() -> None:
    with pytest.raises(ValidationError, match="BAKEOFF_POOL_MIN"):
        settings(pool_min=5, pool_max=4)


def test_tls_is_off_encrypting_or_checking() -> None:
    assert settings().layer_config().tls is None
    encrypting = settings(tls="require").layer_config().tls
    assert encrypting is not None
    assert encrypting.verify_mode is ssl.CERT_NONE
    checking = settings(tls="verify-full").layer_config().tls
    assert checking is not None
    assert checking.verify_mode is ssl.CERT_REQUIRED
    assert checking.check_hostname
