"""Ask a port what it is, in the server's own protocol: an open port alone proves nothing."""

from __future__ import annotations

import re
import socket
import struct
from dataclasses import dataclass

from bakeoff_servers.model import Address

TIMEOUT = 5.0
_PROTOCOL_3 = 196608
_STARTING_UP = b"C57P03\x00"
# LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH: the least that every server accepts.
_CAPABILITIES = 0x00000001 | 0x00000200 | 0x00008000 | 0x00080000
_UTF8MB4 = 45
_LONGEST_LINE = 1000


class NoGreeting(Exception):
    """Nothing at the address speaks the protocol that was expected there."""


@dataclass(frozen=True)
class Greeting:
    """Which server answered, its version (empty if it would not say), whether it let us in."""

    name: str
    version: str
    admitted: bool


def greet(address: Address, *, name: str, timeout: float = TIMEOUT) -> Greeting:
    """Introduce ourselves without a password to the kind of server that `name` should be."""
    try:
        with socket.create_connection((address.host, address.port), timeout=timeout) as connection:
            if name == "postgresql":
                return _greet_postgresql(connection, address)
            if name == "redis":
                return _greet_redis(connection)
            return _greet_mysql(connection, address)
    except (OSError, EOFError) as error:
        raise NoGreeting(str(error) or type(error).__name__) from error


def parse_mysql_greeting(payload: bytes) -> tuple[str, str, bytes]:
    """Read the name, version and authentication plugin from a server's first packet."""
    if payload[:1] == b"\xff":
        raise NoGreeting(payload[3:].decode("utf-8", "replace"))
    if payload[:1] != b"\x0a" or b"\x00" not in payload:
        raise NoGreeting("the answer is not a MySQL handshake")
    version, _, rest = payload[1:].partition(b"\x00")
    text = version.decode("ascii", "replace")
    # MariaDB may put 5.5.5- before its version: older replicas refuse one that starts with a 1
    # (MDEV-4088).
    name = "mariadb" if "mariadb" in text.lower() else "mysql"
    if name == "mariadb":
        text = text.removeprefix("5.5.5-")
    # thread 4, salt 8, filler 1, capabilities 2, charset 1, status 2, capabilities 2, length 1,
    # reserved 10, then at least 13 bytes of salt.
    salt = max(13, rest[20] - 8) if len(rest) > 20 else 13
    return name, _number(text), rest[31 + salt :].partition(b"\x00")[0]


def parse_postgresql_answer(kind: bytes, body: bytes) -> tuple[str, str] | None:
    """Read the name and value of a ParameterStatus message; None for any other message."""
    if kind != b"S":
        return None
    key, _, rest = body.partition(b"\x00")
    return key.decode(), rest.partition(b"\x00")[0].decode()


def _greet_mysql(connection: socket.socket, address: Address) -> Greeting:
    name, version, plugin = parse_mysql_greeting(_mysql_packet(connection)[1])
    # Finish the handshake in any case: MySQL counts greetings that are cut short and then
    # blocks the host (max_connect_errors).
    login = struct.pack("<IIB23x", _CAPABILITIES, 1 << 24, _UTF8MB4)
    login += address.user.encode() + b"\x00" + b"\x00" + plugin + b"\x00"
    connection.sendall(len(login).to_bytes(3, "little") + b"\x01" + login)
    sequence, answer = _mysql_packet(connection)
    if answer[:1] == b"\xfe":  # another plugin is wanted; the empty password is empty in each
        connection.sendall(b"\x00\x00\x00" + bytes([sequence + 1]))
        sequence, answer = _mysql_packet(connection)
    admitted = answer[:1] == b"\x00"
    if admitted:
        connection.sendall(b"\x01\x00\x00\x00\x01")
    return Greeting(name=name, version=version, admitted=admitted)


def _greet_postgresql(connection: socket.socket, address: Address) -> Greeting:
    pairs = ("user", address.user, "database", address.database or "postgres")
    body = struct.pack("!I", _PROTOCOL_3) + b"".join(p.encode() + b"\x00" for p in pairs) + b"\x00"
    connection.sendall(struct.pack("!I", len(body) + 4) + body)
    settings: dict[str, str] = {}
    while True:
        kind = _exactly(connection, 1)
        if kind not in (b"R", b"S", b"K", b"Z", b"E", b"N", b"v"):
            raise NoGreeting("the answer is not one of PostgreSQL's")
        size = struct.unpack("!I", _exactly(connection, 4))[0]
        if not 4 <= size <= 1 << 16:
            raise NoGreeting("the answer is not one of PostgreSQL's")
        body = _exactly(connection, size - 4)
        if kind == b"E" and _STARTING_UP in body:
            raise NoGreeting("it is starting up or shutting down")
        if kind == b"E" or (kind == b"R" and body != bytes(4)):
            return Greeting(name="postgresql", version="", admitted=False)
        setting = parse_postgresql_answer(kind, body)
        if setting is not None:
            settings[setting[0]] = setting[1]
        if kind == b"Z":
            connection.sendall(b"X\x00\x00\x00\x04")
            version = _number(settings.get("server_version", ""))
            return Greeting(name="postgresql", version=version, admitted=True)


def _greet_redis(connection: socket.socket) -> Greeting:
    connection.sendall(b"*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n")
    answer = b""
    while not answer.endswith(b"\r\n"):
        answer += _exactly(connection, 1)
        if len(answer) > _LONGEST_LINE:
            raise NoGreeting("the answer is not one of Redis")
    if answer.startswith(b"-NOAUTH"):
        return Greeting(name="redis", version="", admitted=False)
    if answer.startswith(b"-"):
        raise NoGreeting(answer[1:].decode("utf-8", "replace").strip())
    if not re.fullmatch(rb"\$\d{1,6}\r\n", answer):
        raise NoGreeting("the answer is not one of Redis")
    facts = _exactly(connection, int(answer[1:]))
    version = re.search(rb"^redis_version:(\S+)", facts, re.MULTILINE)
    if version is None:
        raise NoGreeting("the answer is not one of Redis")
    return Greeting(name="redis", version=_number(version[1].decode()), admitted=True)


def _number(version: str) -> str:
    found = re.match(r"\d+(\.\d+)*", version)
    return found.group() if found else version


def _mysql_packet(connection: socket.socket) -> tuple[int, bytes]:
    header = _exactly(connection, 4)
    return header[3], _exactly(connection, int.from_bytes(header[:3], "little"))


def _exactly(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        more = connection.recv(count - len(received))
        if not more:
            raise EOFError("the connection was closed before an answer")
        received += more
    return received
