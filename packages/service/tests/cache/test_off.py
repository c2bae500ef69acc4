from __future__ import annotations

import subprocess
import sys

import pytest

from bakeoff.app import create_app
from bakeoff.book_reads import BookReads
from bakeoff.cache.cache import Cache
from bakeoff.cache.reads import CachedBookReads
from bakeoff.cache.work import CachedUnitOfWork
from bakeoff.context import Context
from bakeoff.extras import MissingExtra
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork

ON = {"cache": "on", "redis_url": "redis://:hunter2@127.0.0.1:1/0"}


def settings(**values: str) -> Settings:
    return Settings(_env_file=None, backend="memory", **values)  # type: ignore[call-arg,arg-type]


def context(**values: str) -> Context:
    made: Context = create_app(settings(**values)).state.context
    return made


def test_without_a_cache_everything_is_as_if_there_were_none() -> None:
    off = context()
    assert type(off.work) is UnitOfWork
    assert type(off.book_reads) is BookReads
    assert b"bakeoff_cache" not in off.metrics.render()[0]


def test_with_a_cache_reads_and_writes_know_it() -> None:
    on = context(**ON)
    assert type(on.work) is CachedUnitOfWork
    assert type(on.book_reads) is CachedBookReads
    assert b'bakeoff_cache_reads_total{kind="book",result="hit"} 0.0' in on.metrics.render()[0]


def test_a_service_without_a_cache_does_not_import_the_client_for_redis() -> None:
    program = (
        "import sys\n"
        "from bakeoff.app import create_app\n"
        "from bakeoff.settings import Settings\n"
        "create_app(Settings(_env_file=None, backend='memory'))\n"
        "assert 'redis' not in sys.modules\n"
        "assert 'bakeoff.cache.cache' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_client_that_is_not_installed_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As if it were not there; what has been imported from it is forgotten for this test.
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    monkeypatch.delitem(sys.modules, "bakeoff.cache.entries", raising=False)
    with pytest.raises(MissingExtra, match=r"BAKEOFF_CACHE=on.*pip install \"bakeoff\[redis\]\""):
        create_app(settings(**ON))


def test_the_password_of_redis_is_shown_nowhere() -> None:
    made = settings(**ON)
    assert "hunter2" not in repr(made)
    cache: Cache = create_app(made).state.cache
    assert "hunter2" not in repr(cache)
