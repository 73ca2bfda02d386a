from datetime import datetime, timedelta

import pytest

from LuDosimetryLib.dicom_files.moment import Moment, parse_date, parse_time, parse_zone


@pytest.mark.parametrize("text", ["20240229", "2024.02.29", "2024-02-29"])
def test_dates(text):
    assert parse_date(text) == datetime(2024, 2, 29)


@pytest.mark.parametrize("text", ["2024", "20230229", "20241301", "yesterday", "20240229 "])
def test_dates_that_are_none(text):
    with pytest.raises(ValueError):  # noqa: PT011
        parse_date(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0930", 34200), ("093015", 34215), ("093015.25", 34215.25), ("09:30:15", 34215)],
)
def test_times(text, seconds):
    assert parse_time(text).total_seconds() == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["09", "2460", "0960", "093061", "-0930", "9:30", "093015.", ""])
def test_times_that_are_none(text):
    with pytest.raises(ValueError):  # noqa: PT011
        parse_time(text)


def test_zones():
    assert parse_zone("-0330") == -timedelta(hours=3, minutes=30)
    for text in ("0100", "+1", "+2500", "+0160"):
        with pytest.raises(ValueError):  # noqa: PT011
            parse_zone(text)


def test_hours_between():
    evening = Moment(datetime(2024, 3, 30, 23, 0), timedelta(hours=1))
    morning = Moment(datetime(2024, 3, 31, 5, 0), timedelta(hours=2))
    assert morning.hours_since(evening) == 5.0
    assert Moment(morning.clock).hours_since(evening) == 6.0
    assert evening.hours_since(morning) == -5.0
