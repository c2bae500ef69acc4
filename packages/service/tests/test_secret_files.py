from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from bakeoff.secret_files import SecretFileError, secrets_of
from bakeoff.settings import Settings, UnknownVariable


def settings(env_file: Path | None = None) -> Settings:
    return Settings(_env_file=env_file)  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["database_url", "db_password", "cursor_key"])
def test_a_secret_may_be_in_a_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    file.write_text("sqlite:///hunter2.db\n")
    for part in ("HOST", "NAME", "USER"):
        monkeypatch.setenv(f"BAKEOFF_DB_{part}", "x")
    monkeypatch.setenv(f"BAKEOFF_{name.upper()}_FILE", str(file))
    assert getattr(settings(), name).get_secret_value() == "sqlite:///hunter2.db"
    assert "hunter2" not in repr(settings())


def test_secrets_are_found_by_their_type() -> None:
    class More(Settings):
        api_key: SecretStr | None = None
        keys: list[SecretStr] = []  # noqa: RUF012 - pydantic copies it
        public: str = ""

    assert {"database_url", "db_password", "cursor_key"} <= set(secrets_of(Settings))
    assert set(secrets_of(More)) - set(secrets_of(Settings)) == {"api_key", "keys"}


def test_only_a_secret_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_POOL_MAX_FILE", "/nowhere")
    with pytest.raises(UnknownVariable, match="BAKEOFF_POOL_MAX_FILE is not a setting"):
        settings()


@pytest.mark.parametrize(
    ("written", "read"),
    [(b"key\n", "key"), (b"key\r\n", "key"), (b"key", "key"), (b" k\n\n", " k\n")],
)
def test_one_newline_at_the_end_does_not_count(
    written: bytes, read: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_bytes(written)
    monkeypatch.setenv("BAKEOFF_CURSOR_KEY_FILE", str(tmp_path / "key"))
    assert settings().cursor_key.get_secret_value() == read


def test_the_secret_and_its_file_exclude_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("hunter2")
    (tmp_path / ".env").write_text("BAKEOFF_CURSOR_KEY=hunter2\n")
    monkeypatch.setenv("BAKEOFF_CURSOR_KEY_FILE", str(tmp_path / "key"))
    both = "BAKEOFF_CURSOR_KEY and BAKEOFF_CURSOR_KEY_FILE are both set"
    with pytest.raises(SecretFileError, match=both) as caught:
        settings(tmp_path / ".env")
    assert "hunter2" not in str(caught.value)


def test_the_environment_names_the_file_before_an_env_file_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mine", "theirs"):
        (tmp_path / name).write_text(name)
    (tmp_path / ".env").write_text(f"BAKEOFF_CURSOR_KEY_FILE={tmp_path / 'theirs'}\n")
    assert settings(tmp_path / ".env").cursor_key.get_secret_value() == "theirs"
    monkeypatch.setenv("BAKEOFF_CURSOR_KEY_FILE", str(tmp_path / "mine"))
    assert settings(tmp_path / ".env").cursor_key.get_secret_value() == "mine"


def test_an_option_goes_before_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text("sqlite:///file.db")
    monkeypatch.setenv("BAKEOFF_DATABASE_URL_FILE", str(tmp_path / "url"))
    assert str(settings().database()) == "sqlite:///file.db"
    given = Settings(_env_file=None, database_url=SecretStr("sqlite:///option.db"))  # type: ignore[call-arg]
    assert str(given.database()) == "sqlite:///option.db"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"hunter2\xff", "is not text in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_its_content_is_not(
    content: bytes | None, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("BAKEOFF_DB_PASSWORD_FILE", str(file))
    with pytest.raises(SecretFileError, match=f"^BAKEOFF_DB_PASSWORD_FILE: {file} {told}$") as it:
        settings()
    assert "hunter2" not in str(it.value)
