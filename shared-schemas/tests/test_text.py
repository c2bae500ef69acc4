from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_schemas import text

storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@given(storable)
def test_clean_text_is_what_was_sent_without_its_margins(sent: str) -> None:
    try:
        kept = text.clean(sent, longest=20)
    except ValueError:
        assert not 1 <= len(sent.strip()) <= 20
        return
    assert kept == sent.strip()
    assert kept in sent


@given(storable)
def test_cleaning_twice_changes_nothing(sent: str) -> None:
    assert text.clean(text.clean(sent, shortest=0, longest=10**6), shortest=0, longest=10**6) == (
        sent.strip()
    )


@pytest.mark.parametrize("sent", ["a\x00b", "\x00", "\ud800", "a\udfff"])
def test_what_no_database_could_give_back_is_refused(sent: str) -> None:
    with pytest.raises(ValueError, match=r"U\+0000 or lone surrogates"):
        text.clean(sent, longest=10)


@given(storable)
def test_a_search_key_is_its_own_search_key(sent: str) -> None:
    key = text.search_key(sent)
    assert text.search_key(key) == key


@given(st.sampled_from([chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]))
def test_no_code_point_folds_to_more_than_the_column_has_room_for(character: str) -> None:
    assert len(text.search_key(character)) <= 18


@pytest.mark.parametrize(
    ("sought", "title"),
    [("STRASSE", "Straße"), ("ｆｕｌｌ", "Full"), ("ﬁ", "Fi"), ("é", "É"), ("İ", "i̇")],
)
def test_search_ignores_case_and_compatibility_forms(sought: str, title: str) -> None:
    assert text.search_key(sought) == text.search_key(title)


@given(st.lists(storable, max_size=30))
def test_tags_that_were_answered_are_accepted_again_unchanged(sent: list[str]) -> None:
    try:
        tags = text.fold_tags(sent)
    except ValueError:
        return
    assert tags == sorted(set(tags))
    assert text.fold_tags(tags) == tags


def test_tags_are_folded_merged_and_sorted_by_code_point() -> None:
    assert text.fold_tags(["b", " B ", "Ä", "a", "Z"]) == ["a", "b", "z", "ä"]


def test_a_tag_that_grows_beyond_the_limit_by_folding_is_refused() -> None:
    with pytest.raises(ValueError, match="50"):
        text.fold_tag("ß" * 26)
    assert text.fold_tag("ß" * 25) == "ss" * 25
