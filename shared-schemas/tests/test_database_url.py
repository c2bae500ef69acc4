from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_schemas.database_url import DatabaseUrl, redact

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(user=words, password=words, name=words.filter(lambda word: "/" not in word))
def test_any_user_password_and_name_survive_the_url(user: str, password: str, name: str) -> None:
    quoted_user, quoted_password, quoted_name = (
        quote(word, safe="") for word in (user, password, name)
    )
    written = f"postgresql://{quoted_user}:{quoted_password}@db:5433/{quoted_name}"
    url = DatabaseUrl.parse(written)
    assert (url.user, url.password, url.name) == (user, password, name)
    assert (url.host, url.port) == ("db", 5433)
    assert DatabaseUrl.parse(url.render()) == url


@pytest.mark.parametrize("form", [str, repr, lambda url: url.location])
def test_the_password_is_shown_nowhere(form: object) -> None:
    url = DatabaseUrl.parse("mysql://shop:hunter2@db/books")
    assert "hunter2" not in form(url)  # type: ignore[operator]
    assert "hunter2" in url.render()


@pytest.mark.parametrize(
    "written",
    [
        "",
        "bookstore.db",
        "oracle://u:hunter2@db/books",
        "postgresql://u:hunter2@db:port/books",
        "postgresql://u:hunter2@db/a/b",
        "postgresql://u:hunter2@db/a#b",
        "postgresql://u:1?hunter2@db/books",
        "postgresql://u:1?a&hunter2@db/books",
        "postgresql://u:1#hunter2@db/books",
        "postgresql://u:1/hunter2@db",
        "sqlite://u:a?hunter2@db/books",
        "sqlite://",
        "sqlite:///",
        "postgresql://u:hunter2@a%40b/books",
        "postgresql://u:hunter2@a%2Fb/books",
        "postgresql://u:hunter2@db/books?host=a:1",
        "postgresql://u:hunter2@db/books?host=a%40b",
        "postgresql://u:hunter2@db/books?host=\u2100",
        "sqlite:///:memory:",
    ],
)
def test_a_url_that_makes_no_sense_is_refused_without_being_repeated(written: str) -> None:
    with pytest.raises(ValueError) as caught:
        DatabaseUrl.parse(written)
    assert "hunter2" not in str(caught.value)


def test_sqlite_files_are_relative_with_three_slashes_and_absolute_with_four() -> None:
    assert DatabaseUrl.parse("sqlite:///shop.db").name == "shop.db"
    assert DatabaseUrl.parse("sqlite:////var/shop.db").name == "/var/shop.db"
    url = DatabaseUrl.parse("sqlite:///what%3F.db")
    assert url.name == "what?.db"
    assert DatabaseUrl.parse(url.render()) == url


@pytest.mark.parametrize(
    ("scheme", "family", "port"),
    [
        ("postgresql", "postgresql", 5432),
        ("postgres", "postgresql", 5432),
        ("postgresql+asyncpg", "postgresql", 5432),
        ("mysql", "mysql", 3306),
        ("mariadb", "mysql", 3306),
    ],
)
def test_a_scheme_names_the_protocol_and_its_usual_port(
    scheme: str, family: str, port: int
) -> None:
    url = DatabaseUrl.parse(f"{scheme}://root@localhost/books")
    assert (url.family, url.port) == (family, port)


@pytest.mark.parametrize(
    ("written", "fields"),
    [
        ("postgresql://u:p@db/x?sslmode=require", {"tls_mode": "require"}),
        ("postgresql://u:p@db/x?sslmode=disable", {"tls_mode": None}),
        (
            "postgres://u:p@db/x?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            {"tls_mode": "verify-full", "tls_ca": Path("/etc/ca.pem")},
        ),
        ("postgres://db/x?sslmode=verify-full&sslrootcert=system", {"tls_ca": None}),
        ("postgresql://db/x?connect_timeout=3", {"connect_timeout": 3.0}),
        ("mysql://u:p@db/x?ssl-mode=REQUIRED", {"tls_mode": "require"}),
        (
            "mysql://db/x?ssl-mode=VERIFY_IDENTITY&ssl-ca=ca.pem",
            {"tls_mode": "verify-full", "tls_ca": Path("ca.pem")},
        ),
        ("postgresql://db/x?connect_timeout=0.001", {"connect_timeout": 0.001}),
        (
            "postgres://db/x?sslmode=verify-full&sslrootcert=./system",
            {"tls_ca": Path("system")},
        ),
        ("mysql://u:p@db/x?charset=utf8mb4", {"host": "db", "tls_mode": None}),
        (
            "postgresql:///x?host=/var/run/postgresql",
            {"unix_socket": "/var/run/postgresql", "host": "", "port": 5432},
        ),
        ("postgresql://%2FVar%2Frun:5433/x", {"unix_socket": "/Var/run", "port": 5433}),
        ("postgresql:///x?host=db.example", {"unix_socket": "", "host": "db.example"}),
        ("postgresql://other/x?host=DB.example", {"host": "db.example"}),
        ("postgresql://%2Frun/x?host=db", {"unix_socket": "", "host": "db"}),
        ("postgresql://[fe80::1%25Ab]/x", {"host": "fe80::1%Ab"}),
        (
            "mysql://root@localhost/x?unix_socket=/run/mysqld/mysqld.sock",
            {"unix_socket": "/run/mysqld/mysqld.sock", "host": "", "user": "root"},
        ),
    ],
)
def test_an_option_that_names_a_setting_is_taken_for_it(
    written: str, fields: dict[str, object]
) -> None:
    url = DatabaseUrl.parse(written)
    assert {name: getattr(url, name) for name in fields} == fields
    assert url.name == "x"
    assert DatabaseUrl.parse(url.render()) == url


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("postgresql://u:hunter2@db/x?sslcert=a.pem", "'sslcert'"),
        ("postgresql://u:hunter2@db/x?application_name=shop", "'application_name'"),
        ("postgresql://u:hunter2@db/x?sslmode=require&sslmode=disable", "'sslmode'"),
        ("postgresql://u:hunter2@db/x?sslmode=prefer", "sslmode"),
        ("postgresql://u:hunter2@db/x?sslmode=verify-ca", "sslmode"),
        ("postgresql://u:hunter2@db/x?sslmode=require&sslrootcert=ca.pem", "sslrootcert"),
        ("postgresql://u:hunter2@db/x?connect_timeout=0", "connect_timeout"),
        ("postgresql://u:hunter2@db/x?connect_timeout=nan", "connect_timeout"),
        ("postgresql://u:hunter2@db/x?connect_timeout=0.00001", "connect_timeout"),
        ("postgresql://u:hunter2@db/x?charset=utf8mb4", "charset"),
        ("postgresql://u:hunter2@db/x?unix_socket=/run", "unix_socket"),
        ("mysql://u:hunter2@db/x?charset=latin1", "charset=utf8mb4"),
        ("mysql://u:hunter2@db/x?unix_socket=mysqld.sock", "unix_socket"),
        ("sqlite:///a.db?timeout=30", "'timeout'"),
        ("sqlite:///a.db?mode", "'mode'"),
    ],
)
def test_any_other_option_is_refused_by_name(written: str, named: str) -> None:
    with pytest.raises(ValueError) as caught:
        DatabaseUrl.parse(written)
    assert named in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_message_says_where_the_socket_is_and_leaves_other_options_out() -> None:
    url = DatabaseUrl.parse("postgresql://u:hunter2@/x?host=/run/pg&sslmode=require")
    assert str(url) == "postgresql://u:***@:5432/x?host=/run/pg"
    assert url.location == "/run/pg/x"
    assert url.render("postgresql") == "postgresql://u:hunter2@:5432/x"
    assert url.with_name("y").unix_socket == "/run/pg"


def test_a_connection_is_in_the_clear_encrypted_or_checked() -> None:
    assert DatabaseUrl.parse("mysql://db/x").tls_context() is None
    encrypted = DatabaseUrl.parse("mysql://db/x?sslmode=require").tls_context()
    assert encrypted is not None
    assert (encrypted.verify_mode, encrypted.check_hostname) == (ssl.CERT_NONE, False)
    checked = DatabaseUrl.parse("mysql://db/x?sslmode=verify-full").tls_context()
    assert checked is not None
    assert (checked.verify_mode, checked.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_driver_that_encodes_a_password_as_latin_1_sends_utf_8() -> None:
    url = DatabaseUrl.parse("mysql://u:p%C3%A4ss%E2%82%AC@db/x")
    assert url.password == "päss€"
    assert url.latin1_password.encode("latin-1") == "päss€".encode()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("no mysql://ged:hunter2@host/x here", "no mysql://ged:***@host/x here"),
        ("mysql://ged:hun@ter/2:@host/x", "mysql://ged:***@host/x"),
        ("postgresql+asyncpg://:hunter2@host", "postgresql+asyncpg://:***@host"),
        ("mysql://ged@host:3306/x and a@b", "mysql://ged@host:3306/x and a@b"),
        (
            "a mysql://x:y@h/ and\npostgresql://y:z@h/",
            "a mysql://x:***@h/ and\npostgresql://y:***@h/",
        ),
        ("sqlite:///a.db", "sqlite:///a.db"),
    ],
)
def test_the_password_of_any_url_in_a_text_is_redacted(written: str, shown: str) -> None:
    assert redact(written) == shown
