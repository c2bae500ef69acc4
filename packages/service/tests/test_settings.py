from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from pydantic import ValidationError

from bakeoff.settings import Settings, UnknownVariable
from bakeoff_schemas.database_url import DatabaseUrl


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


def test_options_of_the_url_apply_where_the_setting_is_not_given() -> None:
    url = "postgresql://u@db/x?sslmode=require&connect_timeout=2"
    config = settings(database_url=url).layer_config()
    assert config.tls is not None
    assert config.connect_timeout == 2
    config = settings(database_url=url, tls="disable", connect_timeout=7).layer_config()
    assert config.tls is None
    assert config.connect_timeout == 7
    assert DatabaseUrl.parse(settings(database_url=url).database().render()).tls_mode == "require"


def test_certificates_may_stand_in_the_url(tmp_path: Path) -> None:
    certificates = tmp_path / "ca.pem"
    url = f"mysql://u@db/x?ssl-mode=VERIFY_IDENTITY&ssl-ca={certificates}"
    made = settings(database_url=url)
    assert made.database().tls_ca == certificates
    with pytest.raises(FileNotFoundError):
        made.layer_config()
    assert settings(database_url=url, tls="require").database().tls_ca is None


@pytest.mark.parametrize("tls_ca", ["ca.pem"])
def test_certificates_need_a_url_or_a_setting_that_checks_them(tls_ca: str) -> None:
    with pytest.raises(ValidationError, match="BAKEOFF_TLS_CA needs"):
        settings(tls_ca=tls_ca, database_url="mysql://u@db/x?sslmode=require")
    assert settings(tls_ca=tls_ca, database_url="mysql://u@db/x?sslmode=verify-full")


def test_a_url_must_name_a_database() -> None:
    with pytest.raises(ValidationError, match="must end in the name of a database"):
        settings(database_url="postgresql://u@db")


def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings().cors_origins == []
    monkeypatch.setenv("BAKEOFF_CORS_ORIGINS", "https://a.example/, http://localhost:3000")
    assert settings().cors_origins == ["https://a.example", "http://localhost:3000"]
    for wrong in ("a.example", "https://a.example/shop", "*, b"):
        with pytest.raises(ValidationError, match=r"each must look like https://shop\.example"):
            settings(cors_origins=wrong)
    assert settings(cors_origins="*").cors_origins == ["*"]


def test_a_root_path_is_a_path() -> None:
    for written, path in [("", ""), ("/", ""), ("/shop", "/shop"), ("/a/b/", "/a/b")]:
        assert settings(root_path=written).root_path == path
    for wrong in ("shop", "//", "/a//b", "/a?b", "https://a.example/shop"):
        with pytest.raises(ValidationError, match="must be a path"):
            settings(root_path=wrong)


def test_a_variable_that_is_no_setting_is_named_with_the_nearest_that_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BAKEOFF_POOLMAX", "5")
    file = tmp_path / ".env"
    file.write_text("BAKEOFF_DATABSE_URL=sqlite:///a.db\nBAKEOFF_XYZZY=1\nOTHER=1\n", "utf-8")
    with pytest.raises(UnknownVariable) as caught:
        Settings(_env_file=file)  # type: ignore[call-arg]
    assert str(caught.value).splitlines() == [
        "BAKEOFF_POOLMAX is not a setting of Bakeoff; the nearest is BAKEOFF_POOL_MAX",
        "BAKEOFF_DATABSE_URL is not a setting of Bakeoff; the nearest is BAKEOFF_DATABASE_URL",
        "BAKEOFF_XYZZY is not a setting of Bakeoff; bakeoff info --offline lists all",
    ]


@pytest.mark.parametrize(
    "name",
    [
        *("TEST_MYSQL_URL", "BENCH_DATABASES", "REQUIRE", "JOBS", "PYTHONS", "MYSQL_PORT"),
        # As Kubernetes sets them for services called bakeoff and bakeoff-db.
        *("SERVICE_HOST", "SERVICE_PORT_HTTP", "PORT", "PORT_8000_TCP_ADDR", "DB_SERVICE_PORT"),
    ],
)
def test_variables_of_tools_and_of_kubernetes_are_no_settings_and_no_error(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"BAKEOFF_{name}", "1")
    assert settings()
