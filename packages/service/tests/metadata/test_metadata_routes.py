from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bakeoff.app import create_app
from bakeoff.settings import Settings
from bakeoff_contract.isbns import isbn13
from bakeoff_contract.partner import Behaviour, Partner, answer, partner, stall
from bakeoff_contract.service import service


@pytest.fixture
def other() -> Iterator[Partner]:
    with partner() as made:
        yield made


def metrics(text: str, name: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if line.startswith(name + "{")]
    return {line.split('"')[1]: float(line.rsplit(" ", 1)[1]) for line in lines}


def test_off_it_is_a_404_that_names_the_setting_whatever_the_book() -> None:
    async def scenario() -> None:
        app = create_app(Settings(_env_file=None, backend="memory"))  # type: ignore[call-arg]
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bookstore") as client:
            response = await client.get("/books/1/metadata")
        assert response.status_code == 404
        assert response.json()["type"].endswith(":feature-off")
        assert "BAKEOFF_METADATA_URL" in response.json()["detail"]

    asyncio.run(scenario())


def test_off_nothing_of_the_client_is_even_imported() -> None:
    code = (
        "import sys; from bakeoff.app import create_app; from bakeoff.settings import Settings; "
        "create_app(Settings(_env_file=None, backend='memory')); "
        "print([m for m in ('httpx', 'stamina', 'xlsxwriter') if m in sys.modules])"
    )

    async def scenario() -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
        )
        return (await process.communicate())[0]

    assert asyncio.run(scenario()).strip() == b"[]"


def test_the_state_of_the_circuit_and_the_outcomes_are_in_the_metrics(other: Partner) -> None:
    settings: dict[str, Any] = {"metadata_failures": 2, "metadata_retries": 0}
    with service("memory", metadata_url=other.url, metadata_timeout=0.2, **settings) as api:
        book = api.book(isbn=isbn13())
        path = f"/books/{book['id']}/metadata"
        behaviours: list[Behaviour] = [answer({}), answer({}, status=404), stall, stall, stall]
        sources = []
        for behaviour in behaviours:
            other.behaviour = behaviour
            sources.append(api.seen(path)["source"])
        text = api.get("/metrics").text
        assert sources == ["partner"] * 2 + ["unavailable"] * 3
        assert metrics(text, "bakeoff_metadata_questions_total") == {
            "found": 1,
            "unknown": 1,
            "failed": 2,
            "refused": 1,
        }
        circuit = metrics(text, "bakeoff_metadata_circuit")
        assert circuit == {"closed": 0, "open": 1, "half_open": 0}


def test_a_partner_that_stalls_does_not_make_the_request_time_out(other: Partner) -> None:
    other.behaviour = stall
    with service("memory", metadata_url=other.url, metadata_timeout=0.2) as api:
        book = api.book(isbn=isbn13())
        found = api.seen(f"/books/{book['id']}/metadata")
        assert found["metadata"] is None
        assert found["source"] == "unavailable"
