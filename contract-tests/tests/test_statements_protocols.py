"""What is said on the wire is understood, in whatever pieces it comes."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

import psycopg2
import pymysql
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_contract.recording import Decoder, Recording, Undecodable
from bakeoff_contract.statements.mysql import MysqlDecoder
from bakeoff_contract.statements.postgresql import PostgresqlDecoder
from bakeoff_contract.wire import Wire
from bakeoff_schemas.database_url import DatabaseUrl

SERVERS = {
    name: os.environ[variable]
    for name in ("postgresql", "mysql", "mariadb")
    if (variable := f"BAKEOFF_TEST_{name.upper()}_URL") in os.environ
}


# --- PostgreSQL -------------------------------------------------------------------------------


def message(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def parse(name: bytes, sql: str) -> bytes:
    return message(b"P", name, b"\0", sql.encode(), b"\0\0\0")


def run(name: bytes, value: bytes = b"x") -> bytes:
    """Bind with one parameter, and Execute."""
    size = len(value).to_bytes(4, "big")
    bind = message(b"B", b"\0", name, b"\0", b"\0\0\0\1", size, value, b"\0\0")
    return bind + message(b"E", b"\0", bytes(4))


STARTUP = (9).to_bytes(4, "big") + (3 << 16).to_bytes(4, "big") + b"\0"
SYNC, FLUSH, TERMINATE = message(b"S"), message(b"H"), message(b"X")
DESCRIBE = message(b"D", b"S", b"\0")


def simple(sql: str) -> bytes:
    return message(b"Q", sql.encode(), b"\0")


def of_postgresql(*sent: bytes) -> Recording:
    return _heard(PostgresqlDecoder(), [STARTUP, *sent])


def test_a_statement_that_was_prepared_before_is_known_when_only_its_name_is_sent() -> None:
    decoder, recording = PostgresqlDecoder(), Recording()
    decoder.request(STARTUP + parse(b"s1", "SELECT 1") + DESCRIBE + FLUSH, Recording())
    decoder.request(run(b"s1") + SYNC, recording)
    assert recording == Recording(round_trips=1, sent=["SELECT 1"])


def test_asking_for_the_form_of_an_answer_first_is_another_round_trip() -> None:
    asked = of_postgresql(parse(b"", "SELECT 1") + DESCRIBE + FLUSH, run(b"") + SYNC)
    assert asked.sent == ["SELECT 1"]
    assert asked.round_trips == 1 + 2


def test_messages_up_to_a_sync_are_one_round_trip() -> None:
    asked = of_postgresql(parse(b"", "SELECT 1") + DESCRIBE + run(b"") + SYNC)
    assert asked == Recording(round_trips=1 + 1, sent=["SELECT 1"])


def test_a_statement_that_runs_for_many_rows_at_once_is_one_statement() -> None:
    prepared = parse(b"", "INSERT INTO t VALUES ($1)")
    assert of_postgresql(prepared, run(b"") * 100, SYNC).sent == ["INSERT INTO t VALUES ($1)"]
    assert len(of_postgresql(prepared, (run(b"") + SYNC) * 100).sent) == 100


def test_an_answer_that_is_fetched_in_parts_is_one_statement_and_several_round_trips() -> None:
    more = message(b"E", b"\0", bytes(4)) + SYNC
    asked = of_postgresql(parse(b"", "SELECT 1"), run(b""), SYNC, more, more, TERMINATE)
    assert asked == Recording(round_trips=1 + 3, sent=["SELECT 1"])


def test_a_password_is_not_counted() -> None:
    assert of_postgresql(message(b"p", b"secret\0"), message(b"p", b"more")).round_trips == 1
    assert of_mysql(MORE_LOGIN, MORE_LOGIN).round_trips == 1


def test_postgresql_is_not_asked_for_encryption() -> None:
    wish = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
    with pytest.raises(Undecodable):
        PostgresqlDecoder().request(wish, Recording())


# --- MySQL ------------------------------------------------------------------------------------


def packet(payload: bytes, number: int = 0) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([number]) + payload


LOGIN = packet((1 << 9).to_bytes(4, "little") + bytes(28) + b"root\0", number=1)
MORE_LOGIN = packet(b"\2", number=3)
PING, QUIT, RESET = packet(b"\x0e"), packet(b"\x01"), packet(b"\x1f")


def query(sql: str) -> bytes:
    return packet(b"\x03" + sql.encode())


def of_mysql(*sent: bytes) -> Recording:
    return _heard(MysqlDecoder(), [LOGIN, *sent])


def test_each_command_of_mysql_is_a_round_trip_and_a_farewell_is_none() -> None:
    asked = of_mysql(MORE_LOGIN, query("SELECT 1"), PING, RESET, QUIT)
    assert asked == Recording(
        round_trips=1 + 3, sent=["SELECT 1", "COM_PING", "COM_RESET_CONNECTION"]
    )


def test_a_statement_of_mysql_is_known_by_the_number_that_the_server_gave_it() -> None:
    decoder, recording = MysqlDecoder(), Recording()
    decoder.request(LOGIN + packet(b"\x16SELECT ?"), recording)
    for byte in packet(b"\0" + (7).to_bytes(4, "little") + bytes(7), number=1):
        decoder.answer(bytes([byte]))
    decoder.request(packet(b"\x17" + (7).to_bytes(4, "little") + bytes(5)), recording)
    decoder.request(packet(b"\x19" + (7).to_bytes(4, "little")), recording)
    assert recording == Recording(round_trips=1 + 2, sent=["SELECT ?"])


def test_a_statement_that_does_not_fit_into_a_packet_is_one() -> None:
    sql = "\x03SELECT '" + "x" * 0xFFFFFF + "'"
    first, rest = sql[:0xFFFFFF], sql[0xFFFFFF:]
    asked = of_mysql(packet(first.encode()), packet(rest.encode(), number=1), PING)
    assert asked.round_trips == 1 + 2
    assert asked.sent == [sql[1:], "COM_PING"]


@pytest.mark.parametrize("wish", [1 << 5, 1 << 11, 1 << 27])
def test_mysql_is_asked_for_nothing_that_hides_statements(wish: int) -> None:
    with pytest.raises(Undecodable):
        MysqlDecoder().request(packet(wish.to_bytes(4, "little") + bytes(28), 1), Recording())


# --- both -------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
POSTGRESQL = st.lists(
    st.one_of(
        st.builds(simple, TEXTS),
        st.builds(lambda sql: parse(b"s", sql) + DESCRIBE + FLUSH, TEXTS),
        st.builds(lambda sql, value: parse(b"", sql) + run(b"", value) + SYNC, TEXTS, st.binary()),
        st.sampled_from([SYNC, TERMINATE]),
    )
)
MYSQL = st.lists(st.one_of(st.builds(query, TEXTS), st.sampled_from([PING, QUIT, RESET])))


@given(sent=POSTGRESQL, cuts=st.lists(st.integers(0, 300)))
def test_postgresql_is_understood_in_any_pieces(sent: list[bytes], cuts: list[int]) -> None:
    _in_pieces(PostgresqlDecoder, STARTUP + b"".join(sent), cuts)


@given(sent=MYSQL, cuts=st.lists(st.integers(0, 300)))
def test_mysql_is_understood_in_any_pieces(sent: list[bytes], cuts: list[int]) -> None:
    _in_pieces(MysqlDecoder, LOGIN + b"".join(sent), cuts)


@given(texts=st.lists(TEXTS))
def test_every_text_is_heard_as_it_was_sent(texts: list[str]) -> None:
    assert of_postgresql(*map(simple, texts)).sent == texts
    assert of_mysql(*map(query, texts)).sent == texts


def _in_pieces(make: Callable[[], Decoder], stream: bytes, cuts: Sequence[int]) -> None:
    places = [0, *sorted({cut for cut in cuts if cut < len(stream)}), len(stream)]
    pieces = [stream[start:end] for start, end in itertools.pairwise(places)]
    whole = _heard(make(), [stream])
    assert _heard(make(), pieces) == whole
    assert _heard(make(), [bytes([byte]) for byte in stream]) == whole


def _heard(decoder: Decoder, pieces: Sequence[bytes]) -> Recording:
    recording = Recording()
    for piece in pieces:
        decoder.request(piece, recording)
    return recording


@pytest.mark.parametrize("name", SERVERS)
def test_what_a_driver_sends_to_a_real_server_is_heard(name: str) -> None:
    url = DatabaseUrl.parse(SERVERS[name])
    decoder = PostgresqlDecoder if url.family == "postgresql" else MysqlDecoder
    with Wire(url.host, url.port, decoder=decoder) as wire:
        with wire.recording() as opened:
            connection = _connect(url, wire.port)
        with closing(connection), connection.cursor() as cursor, wire.recording() as asked:
            for number in (1, 2):
                cursor.execute("SELECT %s", (number,))
                assert cursor.fetchone() == (number,)
    assert opened.round_trips > 0
    assert asked == Recording(round_trips=2, sent=["SELECT 1", "SELECT 2"])


def _connect(url: DatabaseUrl, port: int) -> Any:
    if url.family == "postgresql":
        connection = psycopg2.connect(
            host="127.0.0.1",
            port=port,
            user=url.user,
            password=url.password or None,
            dbname="postgres",
            sslmode="disable",
            gssencmode="disable",
        )
        connection.autocommit = True
        return connection
    return pymysql.connect(
        host="127.0.0.1", port=port, user=url.user, password=url.password, ssl_disabled=True
    )
