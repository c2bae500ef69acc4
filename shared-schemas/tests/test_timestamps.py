from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_schemas import timestamps

offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(
    min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)
)


@given(instants)
def test_an_instant_survives_every_form_it_is_kept_in(instant: datetime) -> None:
    assert timestamps.parse(timestamps.write(instant)) == instant
    assert timestamps.from_sqlite(timestamps.to_sqlite(instant)) == instant
    assert timestamps.from_naive(instant.replace(tzinfo=None)) == instant


@given(instants, offsets)
def test_an_offset_is_converted_to_utc(instant: datetime, zone: timezone) -> None:
    parsed = timestamps.parse(instant.astimezone(zone).isoformat())
    assert parsed == instant
    assert parsed.tzinfo is UTC


@given(instants, instants)
def test_the_text_sqlite_keeps_sorts_as_the_instants_do(one: datetime, other: datetime) -> None:
    assert (timestamps.to_sqlite(one) < timestamps.to_sqlite(other)) == (one < other)


@given(instants, st.sampled_from([0, 1, 10, 100_000]) | st.integers(0, 999_999))
def test_an_instant_is_written_with_six_digits_whatever_they_are(
    instant: datetime, microsecond: int
) -> None:
    instant = instant.replace(microsecond=microsecond)
    expected = instant.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
    assert timestamps.write(instant) == expected


@pytest.mark.parametrize(
    "written",
    [
        "",
        "2024-05-01",
        "2024-05-01T12:00:00",
        "2024-05-01T12:00Z",
        "2024-05-01T12:00:00,5Z",
        "2024-W18-3T12:00:00Z",
        "2024-02-30T12:00:00Z",
        "2024-05-01T12:00:60Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2024-05-01T12:00:00.1234567Z",
        "2024-05-01T12:00:00Z\n",
        "٢٠٢٤-05-01T12:00:00Z",
        "1714564800",
    ],
)
def test_what_is_no_instant_with_an_offset_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        timestamps.parse(written)
