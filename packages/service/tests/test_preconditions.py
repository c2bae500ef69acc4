from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from bakeoff.preconditions import Preconditions, etag, is_unchanged
from bakeoff.problems import FieldProblem, InvalidRequest


def if_match(value: str) -> Headers:
    return Headers({"if-match": value})


def if_none_match(value: str) -> Headers:
    return Headers({"if-none-match": value})


def expected_versions(headers: Headers) -> frozenset[int] | None:
    return Preconditions.of(headers).match


def test_no_header_and_a_star_allow_every_version() -> None:
    assert expected_versions(Headers({})) is None
    assert expected_versions(if_match(" * ")) is None


@given(st.lists(st.integers(1, 2**63 - 1), min_size=1))
def test_a_list_of_entity_tags_allows_each_of_them(versions: list[int]) -> None:
    assert expected_versions(if_match(" ,\t".join(map(etag, versions)))) == frozenset(versions)


@pytest.mark.parametrize(
    "tag", ['W/"1"', '"abc"', '""', '"99999999999999999999"', '"-1"', '"02"', '"0"']
)
def test_a_tag_that_no_version_can_have_allows_none(tag: str) -> None:
    assert expected_versions(if_match(tag)) == frozenset()


@pytest.mark.parametrize(
    "header", ["", "1", '"1', '"1""2"', '"1";"2"', "w/1", '*, "1"', ",", "*, *", "'1'"]
)
def test_what_is_no_list_of_entity_tags_is_refused(header: str) -> None:
    with pytest.raises(InvalidRequest, match="entity tags"):
        expected_versions(if_match(header))
    with pytest.raises(InvalidRequest, match="entity tags"):
        is_unchanged(if_none_match(header), 1)


def test_several_lines_are_one_list_and_empty_members_are_skipped() -> None:
    lines = Headers(raw=[(b"if-match", b'"1"'), (b"if-match", b' , "2", ,'), (b"if-match", b"")])
    assert expected_versions(lines) == {1, 2}
    lines = Headers(raw=[(b"if-none-match", b'"1",'), (b"if-none-match", b',W/"7"')])
    assert is_unchanged(lines, 7)
    assert not is_unchanged(lines, 2)


def test_a_version_that_the_client_excludes_fails_the_precondition_of_a_write() -> None:
    for header in ("*", '"3"', '"1", W/"3"'):
        with pytest.raises(FieldProblem) as caught:
            Preconditions.of(if_none_match(header)).check_excluded(3)
        assert caught.value.loc == ["header", "if-none-match"]
    Preconditions.of(if_none_match('"1", W/"2"')).check_excluded(3)


def test_if_none_match_compares_weakly() -> None:
    assert is_unchanged(if_none_match('W/"3"'), 3)
    assert is_unchanged(if_none_match('"1", "3"'), 3)
    assert is_unchanged(if_none_match("*"), 3)
    assert not is_unchanged(if_none_match('"4"'), 3)
    assert not is_unchanged(Headers({}), 3)


@given(st.text(st.characters(max_codepoint=255)))
def test_any_header_is_understood_or_refused(header: str) -> None:
    try:
        found = expected_versions(if_match(header))
    except InvalidRequest:
        return
    assert found is None or all(isinstance(version, int) for version in found)
