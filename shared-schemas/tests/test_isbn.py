from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_schemas.isbn import canonical, isbn10_check_digit, isbn13_check_digit

nine_digits = st.text("0123456789", min_size=9, max_size=9)
separators = st.lists(st.sampled_from(["", "-", " "]), min_size=12, max_size=12)


def spaced(digits: str, gaps: list[str]) -> str:
    return digits[0] + "".join(gap + digit for gap, digit in zip(gaps, digits[1:], strict=False))


@given(nine_digits, separators)
def test_an_isbn_10_becomes_the_isbn_13_of_the_same_book(digits: str, gaps: list[str]) -> None:
    written = spaced(digits + isbn10_check_digit(digits), gaps)
    prefixed = "978" + digits
    assert canonical(written) == prefixed + isbn13_check_digit(prefixed)


@given(nine_digits, st.sampled_from(["978", "979"]), separators)
def test_an_isbn_13_is_kept_without_its_separators(
    digits: str, prefix: str, gaps: list[str]
) -> None:
    body = prefix + digits
    whole = body + isbn13_check_digit(body)
    assert canonical(spaced(whole, gaps)) == whole


@given(nine_digits, st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(digits: str, place: int, shift: int) -> None:
    wrong = str((int(digits[place]) + shift) % 10)
    changed = digits[:place] + wrong + digits[place + 1 :]
    with pytest.raises(ValueError, match="check digit"):
        canonical(changed + isbn10_check_digit(digits))


@given(st.text())
def test_any_text_is_either_thirteen_ascii_digits_or_refused(text: str) -> None:
    try:
        found = canonical(text)
    except ValueError:
        return
    assert len(found) == 13
    assert found.isascii()
    assert found.isdigit()


@pytest.mark.parametrize("written", ["080442957X", "0-8044-2957-x", " 0 8044 2957 X "])
def test_the_check_digit_ten_is_an_x_in_either_case(written: str) -> None:
    assert canonical(written) == "9780804429573"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "978030640615",
        "97803064061577",
        "9770306406157",
        "978--0306406157",
        "-9780306406157",
        "9780306406157-",
        "X780306406157",
        "٩٧٨٠٣٠٦٤٠٦١٥٧",
        "９７８０３０６４０６１５７",
        "978\t0306406157",
        "9.78030640615E12",
    ],
)
def test_what_is_no_isbn_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"ISBN|digits"):
        canonical(written)
