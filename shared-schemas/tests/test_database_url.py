from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_schemas.database_url import DatabaseUrl

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(user=words, password=words, name=words.filter(lambda word: "/" not in word))
def test_any_user_password_and_name_survive_the_address(
    user: str, password: str, name: str
) -> None:
    quoted_user, quoted_password, quoted_name = (
        quote(word, safe="") for word in (user, password, name)
    )
    written = f"postgresql://{quoted_user}:{quoted_password}@db:5433/{quoted_name}"
    url = DatabaseUrl.parse(written)
    assert (url.user, url.password, url.name) == (user, password, name)
    assert (url.host, url.port) == ("db", 5433)
    assert DatabaseUrl.parse(url.render()) == url


@pytest.mark.parametrize("form", [str, repr, lambda url: url.place])
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
        "postgresql://u:hunter2@db/books?sslmode=require",
        "postgresql://u:hunter2@db/a/b",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
    ],
)
def test_an_address_that_makes_no_sense_is_refused_without_being_repeated(written: str) -> None:
    with pytest.raises(ValueError) as caught:
        DatabaseUrl.parse(written)
    assert "hunter2" not in str(caught.value)


def test_sqlite_files_are_relative_with_three_slashes_and_absolute_with_four() -> None:
    assert DatabaseUrl.parse("sqlite:///shop.db").name == "shop.db"
    assert DatabaseUrl.parse("sqlite:////var/shop.db").name == "/var/shop.db"


@pytest.mark.parametrize(
    ("scheme", "family", "port"),
    [
        ("postgresql", "postgresql", 5432),
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
