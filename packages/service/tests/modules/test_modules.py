from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from typer.testing import Result

from bakeoff import openapi
from bakeoff.app import create_app
from bakeoff.backends import installed
from bakeoff.modules import loading
from bakeoff.modules.errors import BrokenModule, UnknownModule
from bakeoff.settings import Settings
from bakeoff_schemas import migrate

Bakeoff = Callable[..., Result]

GOLDEN = Path(__file__).parents[4] / "shared-schemas/openapi.json"
BACKENDS = [name for name, point in installed().items() if point.load().uses_database] or ["raw"]


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_routes_of_a_module_are_served_beside_the_bookstore_on_every_backend(
    backend: str, bakeoff: Bakeoff
) -> None:
    assert bakeoff("migrate").exit_code == 0

    async def scenario() -> None:
        app = create_app(settings(backend=backend, modules="reviews"))
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://bookstore") as client,
        ):
            author = (await client.post("/authors", json={"name": "Le Guin"})).json()
            body = {"title": "Tehanu", "author_id": author["id"], "price": "8.00"}
            book = (await client.post("/books", json=body)).json()
            path = f"/reviews/books/{book['id']}"
            assert (await client.post(path, json={"text": "wise"})).status_code == 201
            assert (await client.get(path)).json() == [{"text": "wise"}]
            # The errors of the bookstore, and its strictness, are the module's as well.
            absent = await client.post("/reviews/books/999", json={"text": "none"})
            assert absent.json()["type"].endswith(":not-found")
            assert (await client.get(f"{path}?limit=1")).status_code == 422

    asyncio.run(scenario())


def test_what_is_installed_and_not_chosen_is_not_there() -> None:
    app = create_app(settings(backend="memory"))
    assert openapi.render(app) == GOLDEN.read_bytes()
    assert loading.histories([]) == [migrate.BOOKSTORE]


def test_the_document_has_the_routes_of_a_module_under_names_of_their_own() -> None:
    document = openapi.document(create_app(settings(backend="memory", modules="reviews")))
    operation = document["paths"]["/reviews/books/{book_id}"]["post"]
    assert operation["operationId"] == "reviews_add_review"
    assert operation["tags"] == ["reviews"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("absent", "module absent of the package bakeoff-reviews 1 cannot be loaded: No module"),
        ("other", "module other of the package bakeoff-reviews 1 must be a bakeoff.modules"),
        ("books", "no module can be called books: the bookstore has a path /books"),
        ("bare", "module bare of the package bakeoff-reviews 1 has no revisions in"),
    ],
)
def test_a_module_that_is_broken_is_named_with_its_package(name: str, told: str) -> None:
    with pytest.raises(BrokenModule, match=told):
        create_app(settings(backend="memory", modules=name))


def test_a_module_that_is_not_installed_is_named_with_those_that_are() -> None:
    with pytest.raises(UnknownModule, match=r"no module 'loyalty' here.*Installed: .*reviews"):
        create_app(settings(backend="memory", modules="loyalty"))


def test_a_broken_module_is_a_message_of_the_command(bakeoff: Bakeoff) -> None:
    for command in (("migrate",), ("serve", "--backend", BACKENDS[0], "--port", "0")):
        result = bakeoff(*command, modules="absent")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("error: the module absent of the package bakeoff-reviews 1")
        assert "fault of bakeoff" not in result.stderr


@pytest.mark.parametrize("names", ["Reviews", "a-b", "reviews,reviews", "../x", "1a"])
def test_a_name_that_is_none_is_refused(names: str) -> None:
    with pytest.raises(ValidationError, match="must be distinct names"):
        settings(modules=names)


def test_a_module_has_a_history_of_its_own_on_every_database(
    bakeoff: Bakeoff, bare_database: str
) -> None:
    [_, reviews] = loading.histories(["reviews"])

    def run(*options: str) -> Result:
        return bakeoff("migrate", "--database", bare_database, *options)

    assert run("--check").exit_code == 1
    up = run()
    assert up.exit_code == 0, up.output
    assert f"is at the schema {migrate.head()} (before: none)" in up.stdout
    assert ", module reviews, is at the schema 0001_reviews (before: none)" in up.stdout
    assert migrate.current(bare_database) == migrate.head()
    assert migrate.current(bare_database, history=reviews) == "0001_reviews"
    assert run("--check").exit_code == 0
    assert run().stdout.count("as before") == 2
    # Whoever does not choose the module sees the bookstore alone.
    assert bakeoff("migrate", "--check", "-d", bare_database, modules="").exit_code == 0
    down = run("--down", "--yes")
    assert down.exit_code == 0, down.output
    assert down.stdout.index("module reviews, has no schema") < down.stdout.rindex("has no schema")
    assert migrate.current(bare_database, history=reviews) is None


def test_one_revision_that_is_named_is_the_bookstores(bakeoff: Bakeoff) -> None:
    assert bakeoff("migrate", "--to", migrate.head()).exit_code == 0
    [_, reviews] = loading.histories(["reviews"])
    assert migrate.current("sqlite:///bookstore.db", history=reviews) is None
    assert bakeoff("migrate", "--check").exit_code == 1


def test_the_printed_sql_has_the_tables_of_the_module(bakeoff: Bakeoff) -> None:
    sql = bakeoff("migrate", "--sql").stdout
    assert sql.index("CREATE TABLE books") < sql.index("CREATE TABLE reviews")
    assert "CREATE TABLE alembic_version_reviews" in sql


def test_a_database_without_the_tables_of_a_module_is_refused(bakeoff: Bakeoff) -> None:
    migrate.upgrade("sqlite:///bookstore.db")
    result = bakeoff("serve", "--backend", BACKENDS[0], "--port", "0")
    assert result.exit_code == 1
    assert "module reviews, has no schema yet" in result.stderr
    assert "bakeoff migrate" in result.stderr
    assert bakeoff("load", "--sample", "--backend", BACKENDS[0], "--migrate").exit_code == 0
    assert bakeoff("migrate", "--check").exit_code == 0


def test_tables_that_a_newer_release_of_the_module_has_made_are_refused(bakeoff: Bakeoff) -> None:
    assert bakeoff("migrate").exit_code == 0
    with closing(sqlite3.connect("bookstore.db")) as file, file:
        file.execute("UPDATE alembic_version_reviews SET version_num = '0009_later'")
    result = bakeoff("migrate")
    assert result.exit_code == 1
    assert "the tables of the module reviews at 0009_later, which is newer" in result.stderr
