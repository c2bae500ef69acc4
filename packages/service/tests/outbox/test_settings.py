from __future__ import annotations

import pytest
from pydantic import ValidationError

from bakeoff.settings import Settings


def settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[call-arg,arg-type]


@pytest.mark.parametrize("written", ["on", "off"])
def test_features_are_switched_on_and_off_by_these_words(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_OUTBOX", written)
    monkeypatch.setenv("BAKEOFF_WORKER", written)
    made = settings()
    assert made.outbox == made.worker == written


def test_a_worker_without_an_outbox_would_wait_for_ever() -> None:
    with pytest.raises(ValidationError, match="BAKEOFF_OUTBOX=on"):
        settings(worker="on")


def test_a_lease_must_outlast_an_attempt() -> None:
    with pytest.raises(ValidationError, match="BAKEOFF_OUTBOX_LEASE"):
        settings(outbox_lease=5, confirmation_timeout=5)


@pytest.mark.parametrize(
    "url", ["mail.example/confirm", "ftp://mail.example/", "http://", "http://[", "https://h:x/"]
)
def test_an_address_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValidationError, match=r"https://mail\.example/confirmations") as caught:
        settings(confirmation_url=f"{url}?key=hunter2")
    assert "hunter2" not in str(caught.value)


def test_the_address_may_hold_a_secret_and_is_not_shown() -> None:
    made = settings(confirmation_url="https://ged:hunter2@mail.example/confirm")
    assert "hunter2" not in repr(made)
