"""One report by two endpoints: an `async def` in the event loop, and a plain `def` in a thread."""

from __future__ import annotations

from bakeoff_contract.api import Api
from bakeoff_contract.leaks import assert_nothing_left
from bakeoff_contract.problems import assert_problem, assert_refused

ASYNC, SYNC = "/reports/prices-by-tag", "/reports/prices-by-tag/sync"
# FastAPI runs 40 plain functions at a time.
MORE_THAN_THREADS = 45


def test_the_report_is_the_same_to_the_byte(api: Api) -> None:
    tag = api.unique()
    for price in ("0.01", "0.02", "99999999.99"):
        api.book(price=price, tags=[tag, "é"])
    answers = [api.get(path) for path in (ASYNC, SYNC)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert answers[0].headers["content-type"] == answers[1].headers["content-type"]
    assert tag in {row["tag"] for row in answers[0].json()["items"]}


def test_it_sees_what_has_just_been_committed(api: Api) -> None:
    tag = api.unique()
    book = api.book(tags=[tag])
    assert tag in {row["tag"] for row in api.seen(SYNC)["items"]}
    api.delete(f"/books/{book['id']}")
    assert tag not in {row["tag"] for row in api.seen(SYNC)["items"]}


def test_more_at_once_than_there_are_threads_and_connections_all_end(api: Api) -> None:
    api.book(tags=[api.unique()])
    answers = api.together(api.build_request("GET", SYNC) for _ in range(MORE_THAN_THREADS))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert_nothing_left(api)


def test_both_at_once_do_not_wait_for_each_other_forever(api: Api) -> None:
    api.book(tags=[api.unique()])
    paths = [ASYNC, SYNC] * MORE_THAN_THREADS
    answers = api.together(api.build_request("GET", path) for path in paths)
    assert {answer.status_code for answer in answers} == {200}


def test_its_errors_are_problems_as_well(api: Api) -> None:
    assert_refused(api.get(f"{SYNC}?limt=1"), "query", "limt")
    assert_problem(api.post(SYNC), "method-not-allowed")


def test_head_is_answered_as_well(api: Api) -> None:
    api.book(tags=[api.unique()])
    assert api.head(SYNC).headers["content-length"] == api.get(SYNC).headers["content-length"]
