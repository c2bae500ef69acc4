"""A report that takes long: taken on at once, made by another process, fetched when it is done."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx
import pytest

from bakeoff_contract import workbooks
from bakeoff_contract.api import Api, Json, new_isbn
from bakeoff_contract.problems import assert_problem, assert_refused
from bakeoff_contract.workbooks import Row

pytestmark = [pytest.mark.above_the_port, pytest.mark.needs("settings")]

Configured = Callable[..., AbstractContextManager[Api]]
REPORTS = "/reports/catalogue"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TIMEOUT = 120
# What a spreadsheet would calculate, and what the library would take for its own.
HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(1,2)",
    '=HYPERLINK("http://evil.example","x")',
    "{=1+1}",
    "<r><t>x</t></r>",
    "<r></is></c><c><f>1+1</f></c></r>",
    "http://evil.example",
    "007",
    "tab\there \x01 _x0041_ \U0001f600",
]


@pytest.fixture
def reporting(configured: Configured) -> Iterator[Api]:
    # Batches that are smaller than the catalogue, so that there are several.
    with configured(job_processes=1, export_batch=7) as api:
        yield api


def _fetch(api: Api, location: str) -> httpx.Response:
    """Ask until the report is ready."""
    deadline = time.monotonic() + _TIMEOUT
    while (response := api.get(location)).status_code == 202:
        assert response.json()["status"] in ("queued", "running")
        assert int(response.headers["retry-after"]) > 0
        assert time.monotonic() < deadline, "the report is never ready"
        time.sleep(0.05)
    return response


def _made(api: Api) -> httpx.Response:
    accepted = api.post(REPORTS)
    assert accepted.status_code == 202
    response = _fetch(api, accepted.headers["location"])
    assert response.status_code == 200
    return response


def _exported(api: Api) -> list[Json]:
    return [json.loads(line) for line in api.get("/books/export").content.splitlines()]


def _row(book: Json) -> Row:
    """The cells of a book, without the time."""
    cells = {
        "A": str(book["id"]),
        "B": book["isbn"],
        "C": book["title"],
        "D": book["author"]["name"],
        "E": None if book["release_year"] is None else str(book["release_year"]),
        "F": f"{float(book['price']):.16G}",
        "G": str(book["stock"]),
        "H": str(int(book["in_print"])),
        "I": ", ".join(book["tags"]),
    }
    return {column: value for column, value in cells.items() if value is not None}


def test_where_there_are_no_processes_the_routes_are_off(configured: Configured) -> None:
    with configured() as api:
        for response in (api.post(REPORTS), api.get(f"{REPORTS}/{uuid.uuid4()}")):
            problem = assert_problem(response, "feature-off")
            assert "BAKEOFF_JOB_PROCESSES" in problem["detail"]


def test_a_report_is_taken_on_at_once_and_says_where_it_will_be(reporting: Api) -> None:
    accepted = reporting.post(REPORTS)
    assert accepted.status_code == 202
    job = accepted.json()
    assert set(job) == {"id", "status", "requested_at"}
    assert job["status"] == "queued"
    assert accepted.headers["location"] == f"{REPORTS}/{job['id']}"
    assert _fetch(reporting, accepted.headers["location"]).status_code == 200


def test_the_workbook_has_every_book_as_the_export_has_it(reporting: Api) -> None:
    author = reporting.author(name="Ursula K. Le Guin")["id"]
    reporting.books(
        reporting.book_body(author_id=author, tags=["b", "a"], price=f"{number}.05")
        for number in range(20)
    )
    reporting.book(isbn=new_isbn(), release_year=-700, price="99999999.99", stock=3, in_print=False)
    response = _made(reporting)
    assert response.headers["content-type"] == WORKBOOK
    assert "catalogue.xlsx" in response.headers["content-disposition"]
    [[headings, *rows]] = workbooks.sheets(response.content)
    assert [*headings.values()][:4] == ["id", "isbn", "title", "author"]
    assert all(float(row.pop("J")) > 0 for row in rows)
    assert rows == [_row(book) for book in _exported(reporting)]


def test_text_that_looks_like_a_formula_or_a_link_stays_text(reporting: Api) -> None:
    author = reporting.author(name="=cmd|' /C calc'!A0")["id"]
    made = reporting.books(
        reporting.book_body(author_id=author, title=title, tags=[title[:50]]) for title in HOSTILE
    )
    # Reading it fails if a cell is a formula.
    [[_, *rows]] = workbooks.sheets(_made(reporting).content)
    found = {row["A"]: row for row in rows}
    for book in made:
        row = found[str(book["id"])]
        assert row["C"] == book["title"]
        assert row["D"] == "=cmd|' /C calc'!A0"
        assert row["I"] == ", ".join(book["tags"])


def test_a_report_can_be_fetched_again_and_asked_for_alone(reporting: Api) -> None:
    accepted = reporting.post(REPORTS)
    location = accepted.headers["location"]
    first = _fetch(reporting, location)
    again = reporting.get(location, headers={"range": "bytes=9999999999-"})
    assert again.status_code == 200
    assert again.content == first.content
    head = reporting.head(location)
    assert head.headers["content-length"] == str(len(first.content))
    assert head.content == b""


def test_reports_that_do_not_exist_are_not_found(reporting: Api) -> None:
    assert_problem(reporting.get(f"{REPORTS}/{uuid.uuid4()}"), "not-found")
    assert_refused(reporting.get(f"{REPORTS}/1"), "path", "report_id")
    assert_refused(reporting.post(f"{REPORTS}?limit=1"), "query", "limit")
    assert_problem(reporting.get(REPORTS), "method-not-allowed")


def test_more_reports_than_may_wait_are_refused_until_there_is_room(
    configured: Configured,
) -> None:
    with configured(job_processes=1, job_queue=1) as api:
        # Making one takes longer than taking ten on.
        answers = api.together(api.build_request("POST", REPORTS) for _ in range(10))
        accepted = [answer for answer in answers if answer.status_code == 202]
        refused = [answer for answer in answers if answer.status_code != 202]
        assert len(accepted) >= 2
        assert refused
        for answer in refused:
            assert_problem(answer, "queue-full")
        for answer in accepted:
            assert _fetch(api, answer.headers["location"]).status_code == 200
        assert api.post(REPORTS).status_code == 202


def test_the_metrics_count_the_reports(reporting: Api) -> None:
    _made(reporting)
    text = reporting.get("/metrics?name[]=bakeoff_catalogue_reports").text
    assert 'bakeoff_catalogue_reports{status="done"} 1.0' in text
    assert 'bakeoff_catalogue_reports{status="running"} 0.0' in text
