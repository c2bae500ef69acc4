"""What the error codes of the databases mean: one table for every backend.

A backend's `errors.py` finds the code in what its layer raises and asks here. Sources: PostgreSQL
manual, appendix A; MySQL 9 and MariaDB 10.11 error references; https://sqlite.org/rescode.html.
No message repeats what the database said, because that may hold values.
"""

from __future__ import annotations

import re
import sqlite3
import ssl
from collections.abc import Iterator, Mapping
from enum import Enum

from bakeoff_schemas.database_url import Family
from bakeoff_schemas.errors import (
    BrokenReference,
    ConnectionLost,
    Contended,
    ContractError,
    DuplicateKey,
    EmailTaken,
    IsbnTaken,
    Unavailable,
    UsernameTaken,
)


class Meaning(Enum):
    """The meaning of a code; the value is the message, where one is shown."""

    UNIQUE = ""
    FOREIGN_KEY = "-"
    CONTENDED = "another transaction at {location} was in the way"
    LOST = "the connection to {location} was lost"
    INTERRUPTED = "a statement at {location} was interrupted"
    TOO_SLOW = "{location} took longer over a statement than BAKEOFF_STATEMENT_TIMEOUT allows"
    UNREACHABLE = "{location} cannot be reached: is the server running? (BAKEOFF_DATABASE_URL)"
    SILENT = "{location} did not answer within BAKEOFF_CONNECT_TIMEOUT (BAKEOFF_DATABASE_URL)"
    LOGIN_REFUSED = (
        "{location} refuses this log-in: check the user, the password, whether the account is "
        "locked or expired, and its right to connect (BAKEOFF_DATABASE_URL)"
    )
    RIGHTS_MISSING = "the database user lacks a right that the service needs at {location}"
    NO_DATABASE = "{location} does not exist: create the database, or change BAKEOFF_DATABASE_URL"
    NO_FILE = "{location} cannot be opened: does the file exist? (BAKEOFF_DATABASE_URL)"
    BAD_FILE = "{location} cannot be used: check the file, its folder and the disk"
    NO_TLS = "{location} and BAKEOFF_TLS do not agree about encryption"
    NOT_WRITABLE = "{location} cannot be written to: it is read-only, or its disk or memory is full"
    TOO_MANY_CONNECTIONS = "{location} takes no more connections: lower BAKEOFF_POOL_MAX"


# A SQLSTATE, or the class that is its first two characters.
POSTGRESQL: Mapping[str, Meaning] = {
    # PgBouncer answers 08P01 when it has no server connection to give.
    "08": Meaning.LOST,
    # Of a statement prepared before a migration; the driver prepares it again next time.
    "0A000": Meaning.CONTENDED,
    "23001": Meaning.FOREIGN_KEY,
    "23503": Meaning.FOREIGN_KEY,
    "23505": Meaning.UNIQUE,
    "25006": Meaning.NOT_WRITABLE,
    "25P03": Meaning.LOST,  # idle in a transaction for too long
    "28": Meaning.LOGIN_REFUSED,
    "3D000": Meaning.NO_DATABASE,
    "40001": Meaning.CONTENDED,
    "40P01": Meaning.CONTENDED,
    "42501": Meaning.RIGHTS_MISSING,
    "53": Meaning.NOT_WRITABLE,
    "53300": Meaning.TOO_MANY_CONNECTIONS,
    "55000": Meaning.LOGIN_REFUSED,  # the database does not accept connections
    "55P03": Meaning.CONTENDED,
    "57014": Meaning.TOO_SLOW,
    "57P01": Meaning.LOST,
    "57P02": Meaning.LOST,
    "57P03": Meaning.UNREACHABLE,
    "57P04": Meaning.LOST,
    "57P05": Meaning.LOST,
    "58": Meaning.NOT_WRITABLE,
}
MYSQL: Mapping[int, Meaning] = {
    # Changed since it was read (MariaDB), lock wait timeout, deadlock, table altered, NOWAIT.
    **dict.fromkeys((1020, 1205, 1213, 1412, 3572), Meaning.CONTENDED),
    # Disk, memory or table full; read-only by option or by replication.
    **dict.fromkeys((3, 1021, 1030, 1037, 1041, 1114, 1206, 1290, 1836), Meaning.NOT_WRITABLE),
    **dict.fromkeys((1040, 1135, 1203, 1226), Meaning.TOO_MANY_CONNECTIONS),
    # Denied, host blocked; password expired; account locked (MySQL, MariaDB); plugin missing.
    **dict.fromkeys((1044, 1045, 1129, 1130, 1251, 1524, 1698), Meaning.LOGIN_REFUSED),
    **dict.fromkeys((1820, 1862, 3118, 4151), Meaning.LOGIN_REFUSED),
    **dict.fromkeys((1142, 1143, 1227, 1370), Meaning.RIGHTS_MISSING),
    1049: Meaning.NO_DATABASE,
    # Shutdown; network read and write; killed. 1317 is also KILL QUERY, which looks the same.
    **dict.fromkeys((1053, 1158, 1159, 1160, 1161, 1317, 1927, 3169), Meaning.LOST),
    # Gone away, lost, out of step, malformed packet, extended loss, idle for too long.
    **dict.fromkeys((2006, 2013, 2014, 2027, 2055, 4031), Meaning.LOST),
    **dict.fromkeys((1062, 1586), Meaning.UNIQUE),
    **dict.fromkeys((1451, 1452), Meaning.FOREIGN_KEY),
    **dict.fromkeys((1969, 3024), Meaning.TOO_SLOW),
    **dict.fromkeys((2002, 2003, 2005, 3032), Meaning.UNREACHABLE),
    3159: Meaning.NO_TLS,
}
# An extended result code, or the primary code that is its lowest byte.
SQLITE: Mapping[int, Meaning] = {
    **dict.fromkeys((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED), Meaning.CONTENDED),
    sqlite3.SQLITE_INTERRUPT: Meaning.INTERRUPTED,
    sqlite3.SQLITE_CANTOPEN: Meaning.NO_FILE,
    **dict.fromkeys(
        (
            sqlite3.SQLITE_PERM,
            sqlite3.SQLITE_READONLY,
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_CORRUPT,
            sqlite3.SQLITE_FULL,
            sqlite3.SQLITE_NOMEM,
            sqlite3.SQLITE_PROTOCOL,
            sqlite3.SQLITE_NOTADB,
        ),
        Meaning.BAD_FILE,
    ),
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: Meaning.FOREIGN_KEY,
    # SQLite enforces RESTRICT by a trigger of its own.
    sqlite3.SQLITE_CONSTRAINT_TRIGGER: Meaning.FOREIGN_KEY,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: Meaning.UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: Meaning.UNIQUE,
}

# PostgreSQL and MySQL name the constraint, SQLite names the column.
UNIQUE_KEYS: Mapping[str | None, type[ContractError]] = {
    "uq_books_isbn": IsbnTaken,
    "books.isbn": IsbnTaken,
    "uq_users_username_key": UsernameTaken,
    "users.username_key": UsernameTaken,
    "uq_users_email": EmailTaken,
    "users.email": EmailTaken,
}
_CONSTRAINT = re.compile(
    r"for key '(?:[^'.]*\.)?([^'.]*)'\Z"  # MySQL: Duplicate entry '…' for key 'books.uq_books_isbn'
    r"|CONSTRAINT `([^`]+)`"  # MySQL: … a foreign key constraint fails (…, CONSTRAINT `fk_…` …)
    r"|^UNIQUE constraint failed: ([^\s,]+)"  # SQLite
)


def meaning_of(family: Family, code: object) -> Meaning | None:
    """The meaning of a SQLSTATE (PostgreSQL), an error number (MySQL) or a result code (SQLite)."""
    if family == "postgresql":
        return POSTGRESQL.get(str(code)) or POSTGRESQL.get(str(code)[:2])
    if not isinstance(code, int):
        return None
    if family == "mysql":
        return MYSQL.get(code)
    return SQLITE.get(code) or SQLITE.get(code & 0xFF)


def translate(
    family: Family, code: object, *, location: str, message: str = "", constraint: str | None = None
) -> ContractError | None:
    """The contract's error for a code, or None where the contract has none.

    PostgreSQL's driver gives the `constraint`; for the others it is read from the `message`.
    """
    meaning = meaning_of(family, code)
    if meaning is None:
        return None
    if meaning in (Meaning.UNIQUE, Meaning.FOREIGN_KEY):
        if constraint is None and (found := _CONSTRAINT.search(message)):
            constraint = next(filter(None, found.groups()), None)
        if meaning is Meaning.FOREIGN_KEY:
            return BrokenReference(constraint)
        taken = UNIQUE_KEYS.get(constraint)
        return taken() if taken else DuplicateKey(constraint)
    return of_meaning(meaning, location=location)


def of_meaning(meaning: Meaning, *, location: str) -> Unavailable:
    """The error of a meaning that is no constraint."""
    kind = {Meaning.CONTENDED: Contended, Meaning.LOST: ConnectionLost}.get(meaning, Unavailable)
    return kind(meaning.value.format(location=location))


def connection_lost(location: str) -> ConnectionLost:
    """For a connection whose other end has hung up."""
    return ConnectionLost(Meaning.LOST.value.format(location=location))


def transaction_lost(location: str) -> Unavailable:
    """For a unit of work that went on after an error which had ended its transaction.

    PostgreSQL answers the COMMIT of a failed transaction with a rollback and no error; after a
    deadlock MySQL has rolled back what came before.
    """
    return Unavailable(f"the transaction at {location} was rolled back after an error")


def connecting_failed(
    error: BaseException, known: ContractError | None = None, *, location: str
) -> Unavailable:
    """Why no connection could be made; `known` is what `translate` made of the driver's error.

    Never `ConnectionLost`: no connection was there before, so a second attempt is no better.
    """
    causes = [*_causes(error)]
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            # OpenSSL's words for what is wrong, with at most the host in them.
            return Unavailable(
                f"the certificate of {location} is not to be trusted: {cause.verify_message} "
                "(BAKEOFF_TLS, BAKEOFF_TLS_CA)"
            )
    if isinstance(error, TimeoutError):
        meaning = Meaning.SILENT
    elif any(isinstance(cause, ssl.SSLError) or "SSL" in str(cause) for cause in causes):
        meaning = Meaning.NO_TLS
    elif isinstance(known, Unavailable) and not isinstance(known, ConnectionLost):
        return known
    else:
        # Also where somebody answers who speaks another protocol.
        meaning = Meaning.UNREACHABLE
    return Unavailable(meaning.value.format(location=location))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and all that led to it: layers wrap the errors of drivers, and these others."""
    known: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        cause = waiting.pop(0)
        if cause is not None and cause not in known:
            known.append(cause)
            waiting += [cause.__cause__, cause.__context__]
            yield cause
