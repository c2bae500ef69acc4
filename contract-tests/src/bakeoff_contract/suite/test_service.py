"""What the service says about itself."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from pathlib import Path

import pytest

from bakeoff_contract.api import Api

_SAMPLE = re.compile(r"^(?P<name>[a-z_]+)\{(?P<labels>.*)\} (?P<value>[0-9.e+-]+)$", re.MULTILINE)


def test_liveness_answers_ok(api: Api) -> None:
    assert api.seen("/health/live") == {"status": "ok"}


def test_readiness_answers_ok_while_the_database_answers(api: Api) -> None:
    assert api.seen("/health/ready") == {"status": "ok"}


def test_info_names_backend_layer_driver_and_server(api: Api) -> None:
    info = api.seen("/info")
    assert set(info) == {
        "backend",
        "layer",
        "layer_version",
        "driver",
        "driver_version",
        "database",
        "server_version",
    }
    assert info["backend"]
    assert info["layer"]
    assert re.match(r"[0-9]+\.[0-9]+", info["layer_version"])
    assert info["database"] in ("memory", "sqlite", "postgresql", "mysql", "mariadb")


def test_info_tells_the_version_of_a_server_and_of_the_driver_that_reaches_it(api: Api) -> None:
    info = api.seen("/info")
    reached = info["database"] != "memory"
    for fact in ("driver", "driver_version", "server_version"):
        assert bool(info[fact]) is reached
    assert not reached or re.match(r"[0-9]+\.[0-9]+", info["server_version"])


def test_the_document_is_the_golden_one_byte_for_byte(
    api: Api, reference: Api, pytestconfig: pytest.Config
) -> None:
    golden: Path | None = pytestconfig.getoption("--openapi")
    expected = golden.read_bytes() if golden else reference.get("/openapi.json").content
    response = api.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    assert response.content == expected


# --- HEAD and pages -------------------------------------------------------------------------------


def test_head_answers_what_get_does_without_the_body(api: Api, subtests: pytest.Subtests) -> None:
    book = api.book()
    for path in [
        f"/books/{book['id']}",
        f"/books?author_id={book['author_id']}",
        "/authors?limit=1",
        "/books/0",
        f"/books/{2**63 - 1}",
        "/no/such/place",
        "/health/ready",
        "/info",
        "/openapi.json",
        "/docs",
        "/",
    ]:
        with subtests.test(path=path):
            got, head = api.get(path), api.head(path)
            assert head.content == b""
            assert head.status_code == got.status_code
            for name in ("content-type", "content-length", "etag"):
                assert head.headers.get(name) == got.headers.get(name)


def test_head_of_the_export_ends_at_once_and_leaves_the_connection_usable(api: Api) -> None:
    api.book()
    for _ in range(3):
        response = api.head("/books/export")
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/x-ndjson"
        assert response.content == b""
    assert api.seen("/health/live") == {"status": "ok"}


def test_head_heeds_preconditions(api: Api) -> None:
    book = api.book()
    response = api.head(f"/books/{book['id']}", headers={"if-none-match": '"1"'})
    assert response.status_code == 304


def test_a_browser_finds_a_page_that_leads_on(api: Api) -> None:
    page = api.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert api.seen("/info")["backend"] in page.text
    for path in ("/docs", "/info", "/openapi.json"):
        assert f'href="{path}"' in page.text


def test_the_documentation_needs_no_other_host(api: Api) -> None:
    page = api.get("/docs")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 3
    for path in loaded:
        assert path.startswith("/")
        assert api.get(path).status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]


# --- request ids and process time -----------------------------------------------------------------


def test_a_request_id_of_the_client_is_echoed(api: Api, subtests: pytest.Subtests) -> None:
    for given in ["a", "Order_66.retry-2", "0" * 128]:
        with subtests.test(given=given):
            response = api.get("/health/live", headers={"x-request-id": given})
            assert response.headers["x-request-id"] == given


def test_a_request_id_that_could_do_harm_is_replaced(api: Api, subtests: pytest.Subtests) -> None:
    for given in [b"", b"two words", b"0" * 129, b"semi;colon", "é".encode(), b"<b>"]:
        with subtests.test(given=given):
            response = api.get("/health/live", headers={b"x-request-id": given})
            assert response.headers["x-request-id"].encode() != given
            assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", response.headers["x-request-id"])


def test_every_request_without_an_id_gets_its_own(api: Api) -> None:
    answers = api.together(api.build_request("GET", "/health/live") for _ in range(10))
    assert len({answer.headers["x-request-id"] for answer in answers}) == 10


def test_error_answers_carry_the_request_id_and_the_time_as_well(
    api: Api, subtests: pytest.Subtests
) -> None:
    for method, path, status in [
        ("GET", "/no/such/place", 404),
        ("GET", "/books/9223372036854775807", 404),
        ("GET", "/books/zero", 422),
        ("POST", "/books", 422),
        ("DELETE", "/books", 405),
    ]:
        with subtests.test(method=method, path=path, status=status):
            response = api.request(method, path, headers={"x-request-id": "mine"})
            assert response.status_code == status
            assert response.headers["x-request-id"] == "mine"
            assert float(response.headers["x-process-time"]) >= 0


def test_the_process_time_is_in_seconds(api: Api) -> None:
    begun = time.perf_counter()
    response = api.post("/users", json=api.user_body())
    elapsed = time.perf_counter() - begun
    assert 0 < float(response.headers["x-process-time"]) <= elapsed


# --- metrics --------------------------------------------------------------------------------------


def _count(api: Api, *, path: str) -> float:
    """How many requests the metrics have counted for a route, by the metric that counted most."""
    counted: dict[str, float] = defaultdict(float)
    for sample in _SAMPLE.finditer(api.get("/metrics").text):
        if f'"{path}"' in sample["labels"] and sample["name"].endswith(("_total", "_count")):
            counted[sample["name"]] += float(sample["value"])
    return max(counted.values(), default=0)


def test_metrics_are_prometheus_text(api: Api) -> None:
    response = api.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    assert "# TYPE bakeoff_connections gauge" in response.text


def test_metrics_can_be_asked_for_by_name(api: Api) -> None:
    assert "bakeoff_requests" in api.get("/metrics").text
    chosen = api.get("/metrics?name[]=bakeoff_connections").text
    assert "bakeoff_connections{" in chosen
    assert "bakeoff_requests" not in chosen


def test_metrics_count_requests_by_route_template(api: Api) -> None:
    author = api.author()
    before = _count(api, path="/authors/{author_id}")
    for _ in range(3):
        api.seen(f"/authors/{author['id']}")
    # A request is counted once its answer has been sent, which may be after we have read it.
    deadline = time.monotonic() + 5
    while (counted := _count(api, path="/authors/{author_id}")) < before + 3:
        assert time.monotonic() < deadline, f"{counted - before:g} of 3 requests were counted"
    assert counted == before + 3


def test_metrics_hold_no_ids_and_no_paths_that_clients_made_up(api: Api) -> None:
    absent = 9_123_456_789_012_345_678
    made_up = api.unique("path")
    assert api.get(f"/books/{absent}").status_code == 404
    assert api.get(f"/{made_up}").status_code == 404
    metrics = api.get("/metrics").text
    assert str(absent) not in metrics
    assert made_up not in metrics
