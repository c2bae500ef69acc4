"""The models agree with what the migrations make."""

from __future__ import annotations

import re
from sqlite3 import Error as SqliteError

import psycopg2
import pymysql
import pytest

from bakeoff_contract.drift.conftest import Models
from bakeoff_contract.drift.connecting import Run, connected

_REFUSED = (SqliteError, psycopg2.Error, pymysql.MySQLError)
_NAMED = re.compile(r"(?<!:):[a-z_]\w*")


def test_the_models_make_the_tables_that_the_migrations_make(models: Models) -> None:
    found = models.differences()
    unexpected = [text for subject, text in found.items() if subject not in models.cannot_state]
    assert not unexpected, "\n".join(["the models have drifted:", *unexpected])


def test_what_the_layer_cannot_state_is_really_missing(models: Models) -> None:
    assert models.cannot_state <= models.differences().keys()


def test_statements_written_by_hand_fit_the_schema_and_name_every_column(models: Models) -> None:
    assert bool(models.statements) == models.is_hand_written
    refused = {}
    for place, text in models.statements.items():
        with connected(models.database) as run:
            try:
                _prepare(run, text, family=models.database.url.family)
            except _REFUSED as error:
                refused[place] = str(error)
    assert not refused
    if models.is_hand_written:
        words = {word for text in models.statements.values() for word in re.findall(r"\w+", text)}
        columns = {subject for subject in models.migrated if ":" not in subject}
        assert not {column for column in columns if column.partition(".")[2] not in words}


def test_a_statement_about_a_column_that_is_not_there_is_refused(models: Models) -> None:
    family = models.database.url.family
    with connected(models.database) as run:
        _prepare(run, "SELECT title FROM books", family=family)
        with pytest.raises(_REFUSED, match="remark"):
            _prepare(run, "SELECT remark FROM books", family=family)


def _prepare(run: Run, text: str, *, family: str) -> None:
    """Let the server parse a statement, without running it."""
    if family == "sqlite":
        # EXPLAIN wants values; a number stands for all of them.
        run(f"EXPLAIN {_NAMED.sub('1', text).replace('?', '1')}")
    elif family == "postgresql":
        run(f"PREPARE shown AS {text}")
        run("DEALLOCATE shown")
    else:
        literal = text.replace("\\", "\\\\").replace("'", "''")
        run(f"PREPARE shown FROM '{literal}'")
        run("DEALLOCATE PREPARE shown")
