"""The models say what the migrations have made, and nothing else."""

from __future__ import annotations

import re
from importlib import import_module
from sqlite3 import Error as SqliteError

import psycopg2
import pymysql
import pytest

from bakeoff_contract.drift.beside import Models
from bakeoff_contract.drift.catalogues import read
from bakeoff_contract.drift.connecting import connected
from bakeoff_contract.drift.description import Column
from bakeoff_contract.drift.prepared import prepare, statements_of

_REFUSED = (SqliteError, psycopg2.Error, pymysql.MySQLError)


def test_the_models_make_the_tables_that_the_migrations_make(models: Models) -> None:
    found = models.differences()
    unexpected = [text for subject, text in found.items() if subject not in models.cannot_state]
    assert not unexpected, "\n".join(["the models have drifted:", *unexpected])


def test_what_the_layer_has_no_words_for_is_really_missing(models: Models) -> None:
    assert models.cannot_state <= models.differences().keys()


def test_statements_written_by_hand_fit_the_schema_and_name_every_column(
    models: Models, package: str
) -> None:
    family = models.database.url.family
    statements = statements_of(import_module(package), family)
    assert bool(statements) == models.are_hand_written
    refused = {}
    for place, text in statements.items():
        with connected(models.database) as run:
            try:
                prepare(run, text, family=family)
            except _REFUSED as error:
                refused[place] = str(error)
    assert not refused
    words = {word for text in statements.values() for word in re.findall(r"\w+", text)}
    facts = read(models.database).facts.values()
    unnamed = {fact.subject for fact in facts if isinstance(fact, Column)} if statements else set()
    assert not {subject for subject in unnamed if subject.partition(".")[2] not in words}


def test_a_statement_about_a_column_that_is_not_there_is_refused(models: Models) -> None:
    family = models.database.url.family
    with connected(models.database) as run:
        prepare(run, "SELECT title FROM books", family=family)
        with pytest.raises(_REFUSED, match="remark"):
            prepare(run, "SELECT remark FROM books", family=family)
