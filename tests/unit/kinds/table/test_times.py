"""Times in texts and numbers: one value as the endpoint reads it, and whole columns as `prepare` does."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.config.errors import ConfigError
from components.kinds.times import formats, reading
from components.kinds.times.columns import read_numbers, read_texts

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FORMATS = [
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%y/%m/%d", "%Y-%d-%m", "%Y%m%d", "%d %b %Y", "%H:%M %d.%m.%Y",
    "%d.%m.%y %H.%M", "%b %d %Y %I:%M %p", "%Y%m%d%H%M%S", "seconds", "milliseconds", "excel", "nanoseconds",
]  # fmt: skip


def moment(said: str | float, format: str) -> datetime | None:
    time = reading.of_text(said, format) if isinstance(said, str) else reading.of_number(said, format)
    return None if time is None else EPOCH + timedelta(milliseconds=time)


@pytest.mark.parametrize(
    ("said", "format", "expected"),
    [
        ("03/25/2024", "%m/%d/%Y", "2024-03-25"),
        ("3/5/24 2:05 PM", "%m/%d/%Y", "2024-03-05T14:05"),
        ("03/05/2024 12:00:00 am", "%m/%d/%Y", "2024-03-05T00:00"),
        ("03-05-2024 14:05:09.5", "%m/%d/%Y %H:%M", "2024-03-05T14:05:09.5"),
        ("31.03.2024 14:05", "%d/%m/%Y", "2024-03-31T14:05"),
        ("31. 3. 2024, 14.05", "%d.%m.%Y", "2024-03-31T14:05"),
        ("24-03-31", "%y-%m-%d", "2024-03-31"),
        ("03/04/69", "%d/%m/%Y", "1969-04-03"),
        ("2024-03-31 14:05:09,123456789", "%d/%m/%Y", "2024-03-31T14:05:09.123"),
        ("2024-03-31T14:05+02:00", "%d/%m/%Y", "2024-03-31T12:05"),
        ("2024-03-31T14:05:09-0500", "%d/%m/%Y", "2024-03-31T19:05:09"),
        ("2024-03-31 14:05 GMT+1", "%d/%m/%Y", "2024-03-31T13:05"),
        ("2024-03-31T14:05+02:00[Europe/Berlin]", "%Y-%m-%d", "2024-03-31T12:05"),
        ("Mon, 25 Mar 2024 14:05:09 GMT", "%Y-%m-%d", "2024-03-25T14:05:09"),
        ("Mon Mar 25 14:05:09 +0000 2024", "%Y-%m-%d", "2024-03-25T14:05:09"),
        ("March 25th, 2024 at 2:05 p.m.", "%Y-%m-%d", "2024-03-25T14:05"),
        ("25MAR2024:14:05:09", "%Y-%m-%d", "2024-03-25T14:05:09"),
        ("2024年3月25日 14:05", "%Y-%m-%d", "2024-03-25T14:05"),
        ("20240131", "%Y%m%d", "2024-01-31"),
        (202401311405, "%Y%m%d", "2024-01-31T14:05"),
        ("20240131T140509Z", "%Y%m%d", "2024-01-31T14:05:09"),
        ("14:05 31.03.2024", "%H:%M %d.%m.%Y", "2024-03-31T14:05"),
        (1_711_893_909.5, "seconds", "2024-03-31T14:05:09.5"),
        ("1711893909500", "milliseconds", "2024-03-31T14:05:09.5"),
        (1_711_893_909_500_000_000, "nanoseconds", "2024-03-31T14:05:09.5"),
        (45_322.5, "excel", "2024-01-31T12:00"),
        (1_711_893_909, "%d/%m/%Y", "2024-03-31T14:05:09"),
        (1_032_024, "%d%m%Y", "2024-03-01"),
        ("2024-04-03", "%Y%m%d", "2024-04-03"),
        ("2024-04-03 14:05", "%Y-%d-%m", "2024-03-04T14:05"),
        ("2024-04-03T14:05", "%Y-%d-%m", "2024-04-03T14:05"),
        ("31. März 2024", "%Y-%m-%d", "2024-03-31"),
        ("1 de marzo de 2024", "%Y-%m-%d", "2024-03-01"),
        ("12 juil. 2024", "%Y-%m-%d", "2024-07-12"),
        ("3/5/2024, 2:05\u202fPM", "%m/%d/%Y", "2024-03-05T14:05"),
        ("[01/Mar/2024:01:43:00 +0000]", "%Y-%m-%d", "2024-03-01T01:43"),
        ("45322,5", "excel", "2024-01-31T12:00"),
        ("1.711893909500000000e+09", "seconds", "2024-03-31T14:05:09.5"),
    ],
)
def test_a_time_is_read_by_its_columns_format(said: str | float, format: str, expected: str) -> None:
    assert moment(said, format) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("DD/MM/YYYY HH:mm", "%d/%m/%Y %H:%M"), ("dd.MM.yyyy", "%d.%m.%Y"), ("mm/dd/yyyy", "%m/%d/%Y"),
        ("yyyy-MM-dd HH:mm:ss", "%Y-%m-%d %H:%M:%S"), ("day first", "%d/%m/%Y"), ("ISO", "%Y-%m-%d"),
        ("MS", "milliseconds"),
    ],
)  # fmt: skip
def test_a_format_may_be_written_in_several_ways(written: str, kept: str) -> None:
    assert formats.check(written) == kept


@pytest.mark.parametrize(
    ("said", "format"),
    [
        ("13/13/2024", "%m/%d/%Y"), ("02/30/2024", "%m/%d/%Y"), ("29.02.2023", "%d.%m.%Y"), ("03/25/2024", "%d/%m/%Y"),
        ("2024-03-31 14:05 CET", "%Y-%m-%d"), ("2024-03-31 25:00", "%Y-%m-%d"), ("2024-03-31 13:05 AM", "%Y-%m-%d"),
        ("2024-03-14", "%Y-%d-%m"), ("soon", "%Y-%m-%d"), ("", "%Y-%m-%d"), ("0000-01-01", "%Y-%m-%d"),
        (1e300, "seconds"), (float("nan"), "seconds"),
    ],
)  # fmt: skip
def test_what_is_no_time_of_the_format_is_none(said: str | float, format: str) -> None:
    assert moment(said, format) is None


@pytest.mark.parametrize("format", ["%H:%M", "MM.yyyy", "%d/%m", "%Y-%j", "tomorrow", "%Y-%m-%d %Q"])
def test_a_format_that_is_none_is_refused(format: str) -> None:
    with pytest.raises(ConfigError, match=r"format '.*: write it as %d/%m/%Y"):
        formats.check(format)


SAID = st.one_of(
    st.text(alphabet="0123456789/-.: TZ+APM,eE", max_size=24),
    st.text(max_size=12),
    st.datetimes(datetime(1950, 1, 1), datetime(2060, 1, 1)).flatmap(
        lambda moment: st.sampled_from(
            [
                moment.isoformat(), str(moment), moment.strftime("%d/%m/%Y %H:%M:%S"), moment.strftime("%m/%d/%y"),
                moment.strftime("%b %d, %Y %I:%M %p"), moment.strftime("%d.%m.%Y, %H:%M+02:00"), moment.strftime("%c"),
                moment.strftime("%Y%m%d%H%M%S%f"), moment.strftime("%d-%b-%Y %H.%M.%S.%f"),
                moment.strftime("%H:%M %d.%m.%Y"),
                str(int(moment.timestamp())), str(moment.timestamp()), f"{moment.timestamp():.18e}",
            ]
        )
    ),
)  # fmt: skip


@pytest.mark.slow
@given(st.lists(SAID, max_size=8), st.sampled_from(FORMATS))
def test_a_column_is_read_as_its_values_are(said: list[str], format: str) -> None:
    read = read_texts(pl.Series("time", said, dtype=pl.String), format)
    assert read.to_list() == [reading.of_text(one, format) for one in said]


@given(st.lists(st.integers(-(2**62), 2**62) | st.integers(0, 10**10), max_size=8), st.sampled_from(FORMATS))
def test_whole_numbers_are_read_as_each_is(said: list[int], format: str) -> None:
    read = read_numbers(pl.Series("time", said, dtype=pl.Int64), format)
    assert read.to_list() == [reading.of_number(one, format) for one in said]


@given(st.lists(st.floats(-1e19, 1e19) | st.floats(0, 1e10), max_size=8), st.sampled_from(FORMATS))
def test_numbers_are_read_as_each_is(said: list[float], format: str) -> None:
    read = read_numbers(pl.Series("time", said, dtype=pl.Float64), format)
    assert read.to_list() == [reading.of_number(one, format) for one in said]
