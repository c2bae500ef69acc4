from __future__ import annotations

import pytest
from pydantic import ValidationError

from bakeoff.settings import Settings


def settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[call-arg,arg-type]


@pytest.mark.parametrize(
    "url",
    [
        "https://covers.example/books/{isbn}.json",
        "http://127.0.0.1:8001/{isbn}",
        "https://covers.example/{isbn}?key=hunter2&format=json",
    ],
)
def test_a_partner_is_a_url_with_a_place_for_the_isbn(url: str) -> None:
    made = settings(metadata_url=url)
    assert made.metadata_url is not None
    assert made.metadata_url.get_secret_value() == url


def test_by_default_there_is_no_partner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_METADATA_URL", "")
    assert settings().metadata_url is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("covers.example/{isbn}", "must be a URL"),
        ("file:///books/{isbn}", "must be a URL"),
        ("ftp://covers.example/{isbn}", "must be a URL"),
        ("https://covers.example:port/{isbn}", "must be a URL"),
        ("https://covers.example/books", "once, in its path"),
        ("https://covers.example/{isbn}/{isbn}", "once, in its path"),
        ("https://covers.example/?isbn={isbn}", "once, in its path"),
        ("https://{isbn}.covers.example/", "once, in its path"),
        ("https://user:hunter2@covers.example/{isbn}", "neither a user"),
        ("https://covers.example/{isbn}#part", "neither a user nor a #fragment"),
    ],
)
def test_any_other_url_is_refused_with_a_reason_and_not_repeated(url: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as caught:
        settings(metadata_url=url)
    assert "hunter2" not in str(caught.value)


def test_the_address_of_the_partner_may_hold_a_key_and_is_not_shown() -> None:
    made = settings(metadata_url="https://covers.example/{isbn}?key=hunter2")
    assert "hunter2" not in repr(made)
