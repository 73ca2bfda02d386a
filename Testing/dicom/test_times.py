"""Times that headers lack, contradict, or had taken away: asked for, and every remedy of a message works."""

import datetime
import json
from zoneinfo import ZoneInfo

import pytest

from .tiny_study import filled, remedies

HOURS = (4, 24, 96)
RIGHT = {"nm4.dcm": 4, "nm24.dcm": 24, "nm96.dcm": 96}
AT = datetime.datetime(2024, 1, 31, 9, 30)


def write(tiny, change=None, hours=HOURS, **options):
    for hour in hours:
        tiny.spect(hour, change=change, **options)
    tiny.tomogram(hours[0])


def without(*keywords):
    def change(ds):
        for keyword in keywords:
            for part in (ds, *ds.RadiopharmaceuticalInformationSequence):
                if keyword in part:
                    delattr(part, keyword)

    return change


def with_series_dates(ds):
    """Dates of the series right, those of the acquisition removed."""
    ds.SeriesDate, ds.SeriesTime = ds.AcquisitionDate, ds.AcquisitionTime
    del ds.AcquisitionDate, ds.AcquisitionTime


def without_any_date(ds):
    for keyword in ("AcquisitionDate", "AcquisitionTime", "StudyDate", "StudyTime"):
        setattr(ds, keyword, "")


def frozen(ds):
    """All dates set to one day, as some de-identifiers do; times of day kept."""
    ds.AcquisitionDate = ds.StudyDate = "19000101"
    item = ds.RadiopharmaceuticalInformationSequence[0]
    item.RadiopharmaceuticalStartDateTime = "19000101093000"


def frozen_apart(ds):
    """The same where the scans began an hour apart, so that the times look well in order."""
    frozen(ds)
    ds.AcquisitionTime = {"4": "113000", "24": "133000", "96": "153000"}[ds.StudyID]


def frozen_to_the_second(ds):
    frozen(ds)
    ds.AcquisitionTime = "120000"


def numbered(ds):
    """StudyID tells the hour to the changes above."""
    begun = datetime.datetime.strptime(ds.AcquisitionDate + ds.AcquisitionTime[:6], "%Y%m%d%H%M%S")
    ds.StudyID = f"{(begun - AT).total_seconds() / 3600.0:g}"


def after_numbering(change):
    def both(ds):
        numbered(ds)
        change(ds)

    return both


def by_file(remedy, tiny):
    """A remedy that asks for the hours of each series, with the right ones filled in."""
    import pydicom

    hours = {}
    for name, hour in RIGHT.items():
        ds = pydicom.dcmread(tiny.folder / name, stop_before_pixels=True)
        hours[ds.SeriesInstanceUID] = hours[str(ds.get("SeriesNumber"))] = hour
    series = {key: {"hours": hours[key]} for key in remedy["series"]}
    return {"series": series}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("AcquisitionTime"), "AcquisitionTime (0008,0032) is missing"),
        (without("AcquisitionDate"), "AcquisitionDate (0008,0022) is missing"),
        (with_series_dates, "AcquisitionTime (0008,0032) is missing"),
        (without_any_date, "AcquisitionTime (0008,0032) is missing"),
        (after_numbering(frozen_apart), "for all 3 scans, as where dates were removed"),
        (after_numbering(frozen_to_the_second), "images of the same time and place"),
    ],
)
def test_hours_are_asked_for_by_series(tiny, took, refused, change, said):
    write(tiny, change)
    message = refused(tiny)
    assert said in message
    remedy = remedies(message)[-1]
    if len(remedy["series"]) == 2:  # the first pair that cannot both be
        remedy = {"series": {name: {"hours": hours} for name, hours in RIGHT.items()}}
        took(tiny, remedy).check_scans(*HOURS)
        return
    assert len(remedy["series"]) == 3
    found = took(tiny, by_file(remedy, tiny))
    found.check_scans(*HOURS)
    found = took(tiny, {"series": {name: {"hours": hours} for name, hours in RIGHT.items()}})
    found.check_scans(*HOURS)


def test_two_scans_within_minutes(tiny, took, refused):
    """Days apart, with the date of the first: five minutes apart by the clock."""

    def same_day(ds):
        ds.AcquisitionDate, ds.AcquisitionTime = "20240131", "133500"

    tiny.spect(4)
    tiny.tomogram(4)
    tiny.new_visit()
    tiny.spect(24, change=same_day)
    message = refused(tiny)
    assert "makes it begin 5 min after" in message
    assert len(remedies(message)) == 2
    took(tiny, {"series": {"nm4.dcm": {"hours": 4}, "nm24.dcm": {"hours": 24}}}).check_scans(4, 24)
    took(tiny, remedies(message)[0]).check_scans(4)


def test_two_scans_in_one_frame_and_afternoon(tiny, took):
    """One and three hours after the injection, on one day, are two time points; neither is lost."""
    for hours in (1, 2.5, 26):
        tiny.spect(hours)
    tiny.tomogram(1)
    took(tiny).check_scans(1, 2.5, 26)


@pytest.mark.parametrize("order", [("b", "a", "c"), ("c", "b", "a")])
@pytest.mark.parametrize("change", [None, with_series_dates, without("AcquisitionTime")])
def test_hours_in_order_of_time_go_by_dates_not_by_names(tiny, took, order, change):
    for name, hours in zip(order, HOURS, strict=True):
        tiny.spect(hours, f"{name}.dcm", change=change)
    tiny.tomogram(4)
    took(tiny, {"time_points": [{"hours": hours} for hours in HOURS]}).check_scans(*HOURS)


def test_hours_in_an_order_that_no_date_tells(tiny, took, refused):
    write(tiny, without_any_date)
    message = refused(tiny, {"time_points": [{"hours": hours} for hours in HOURS]})
    assert "the headers of the scans do not tell that order" in message
    assert len(remedies(message)[0]["series"]) == 3
    write(tiny, with_series_dates)
    assert "do not tell that order" in refused(tiny, {"time_points": [{"hours": 4}, {"hours": 48}]})


def test_what_is_the_same_for_all_scans_needs_no_order(tiny, took):
    def change(ds):
        with_series_dates(ds)
        del ds.SeriesDate, ds.Units

    write(tiny, change)
    hours = {"series": {name: {"hours": hours} for name, hours in RIGHT.items()}}
    took(tiny, {**hours, "time_points": [{"unit": "Bq/mL"}] * 3}).check_scans(*HOURS)
    every = {**hours["series"], "*": {"unit": "Bq/mL"}}
    took(tiny, {"series": every}).check_scans(*HOURS)


def time_only(ds):
    ds.RadiopharmaceuticalInformationSequence[0].pop("RadiopharmaceuticalStartDateTime")


def date_only(ds):
    ds.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime = "20240131"
    ds.RadiopharmaceuticalInformationSequence[0].pop("RadiopharmaceuticalStartTime")


def in_utc(ds):
    """The injection by universal time, the scans by the local clock without a zone."""
    item = ds.RadiopharmaceuticalInformationSequence[0]
    item.RadiopharmaceuticalStartDateTime = "20240131083000+0000"
    item.pop("RadiopharmaceuticalStartTime")


def zone_of_the_scan_alone(ds):
    """A zone told of the scan, where a radiopharmacy's system tells the injection in another file's."""
    ds.TimezoneOffsetFromUTC = "+0100"


def odd_time_of_day(ds):
    item = ds.RadiopharmaceuticalInformationSequence[0]
    item.RadiopharmaceuticalStartDateTime = "20240131083000+0000"
    item.RadiopharmaceuticalStartTime = "093700"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (time_only, "RadiopharmaceuticalStartTime (0018,1072)"),
        (date_only, "RadiopharmaceuticalStartDateTime (0018,1078) is missing"),
        (in_utc, "TimezoneOffsetFromUTC (0008,0201) is told of the administration only"),
        (odd_time_of_day, "which no zone makes the time of day"),
        (without("RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime"), "is missing"),
    ],
)
def test_the_injection_is_asked_for(tiny, took, refused, change, said):
    write(tiny, change)
    message = refused(tiny)
    assert said in message
    assert {"administered_at": "2024-01-31T09:30"} in remedies(message)
    for remedy in remedies(message):
        if "time_zone" in remedy or "administered_at" in remedy:
            took(tiny, remedy).check_scans(*HOURS)


@pytest.mark.parametrize("hours", [(28.5, 100, 170), (14.75, 40)])
def test_an_injection_without_a_date_may_be_of_any_day(tiny, refused, hours):
    write(tiny, time_only, hours)
    assert "may have been on the day of the first scan" in refused(tiny)


@pytest.mark.parametrize(
    ("start", "time"),
    [
        ("20240131083000+0000", "093000"),
        ("20240131093000+0100", "093000"),
        ("20240130203000-1200", "093000"),
        ("20240131003000-0800", "093000"),
        ("20240131150000+0630", "093000"),
    ],
)
def test_the_time_of_day_settles_a_zone(tiny, took, start, time):
    def change(ds):
        item = ds.RadiopharmaceuticalInformationSequence[0]
        item.RadiopharmaceuticalStartDateTime, item.RadiopharmaceuticalStartTime = start, time

    write(tiny, change)
    took(tiny).check_scans(*HOURS)


def test_zones_on_both_sides(tiny, took):
    def change(ds):
        ds.TimezoneOffsetFromUTC = "+0100"
        ds.RadiopharmaceuticalInformationSequence[
            0
        ].RadiopharmaceuticalStartDateTime = "20240131083000+0000"

    write(tiny, change)
    took(tiny).check_scans(*HOURS)


def test_zones_of_the_user(tiny, took, refused):
    write(tiny, without("RadiopharmaceuticalStartDateTime"))
    supply = {"administered_at": "2024-01-31T08:30+00:00"}
    assert "has a time zone, but the scans have none" in refused(tiny, supply)
    took(tiny, supply | {"time_zone": "Europe/Berlin"}).check_scans(*HOURS)
    took(tiny, supply | {"time_zone": "+01:00"}).check_scans(*HOURS)
    assert "time_zone is 'Mars'" in refused_supply({"time_zone": "Mars"})
    assert "a date without a time" in refused_supply({"administered_at": "2024-01-31"})


def refused_supply(data):
    from LuDosimetryLib.base.errors import InvalidInput
    from LuDosimetryLib.dicom.supplement import supplement_from_dict

    with pytest.raises(InvalidInput) as error:
        supplement_from_dict(data)
    return str(error.value)


@pytest.mark.parametrize(
    ("injected", "changed"),
    [
        (datetime.datetime(2024, 3, 30, 9, 30), "Europe on 2024-03-31"),
        (datetime.datetime(2024, 10, 25, 23, 0), "Europe on 2024-10-27"),
        (datetime.datetime(2024, 3, 8, 12, 0), "North America on 2024-03-10"),
        (datetime.datetime(2024, 11, 1, 12, 0), "North America on 2024-11-03"),
    ],
)
def test_summer_time_is_asked_for(tiny, took, refused, injected, changed):
    tiny.injected = injected
    write(tiny)
    message = refused(tiny)
    assert changed in message
    assert {"time_zone": "Europe/Berlin"} in remedies(message)
    took(tiny, {"time_zone": "+01:00"}).check_scans(*HOURS)
    zone = "Europe/Berlin" if "Europe" in changed else "America/New_York"
    given = injected.replace(tzinfo=ZoneInfo(zone))
    clocks = [injected + datetime.timedelta(hours=hours) for hours in HOURS]
    passed = [
        clock.replace(tzinfo=ZoneInfo(zone)).timestamp() - given.timestamp() for clock in clocks
    ]
    assert took(tiny, {"time_zone": zone}).hours == pytest.approx(
        [seconds / 3600.0 for seconds in passed], abs=2e-3
    )
    assert passed[-1] != 3600.0 * HOURS[-1]


def test_summer_time_beside_the_scans(tiny, took):
    """On the day of the change, but after it; and a week away from it."""
    for injected in (datetime.datetime(2024, 3, 31, 9, 30), datetime.datetime(2024, 3, 24, 9, 30)):
        tiny.injected = injected
        write(tiny)
        took(tiny).check_scans(*HOURS)


def test_an_hour_that_the_user_gives_of_one_scan(tiny, took):
    """The others go by their headers; the scans are sorted by what comes out."""
    write(tiny)
    found = took(tiny, {"series": {"nm4.dcm": {"hours": 30}}})
    assert found.hours == [24, 30, 96]


def test_names_of_series_that_are_not_there_or_not_one(tiny, took, refused):
    def described(ds):
        ds.SeriesDescription, ds.SeriesNumber = "SPECT AC", 7

    write(tiny, described)
    assert "which is no UID, number, description or file of a series; there are" in refused(
        tiny, {"series": {"SPECT": {"hours": 4}}}
    )
    assert "leave_out names 'nm5.dcm'" in refused(tiny, {"leave_out": ["nm5.dcm"]})
    assert "within the duration of one" in refused(tiny, {"series": {"SPECT AC": {"hours": 4}}})
    assert "says two things of 'hours'" in refused(
        tiny, {"series": {"SPECT AC": {"hours": 4}, "nm4.dcm": {"hours": 5}}}
    )
    took(tiny, {"series": {"SPECT AC": {"unit": "Bq/mL"}}}).check_scans(*HOURS)


def test_several_scans_in_one_series(tiny, took, refused):
    """The files of all days under one SeriesInstanceUID: each is named by its own UID."""
    for hours in HOURS:
        tiny.spect(hours, series_uid="1.2.3", change=without_any_date)
    tiny.tomogram(4)
    message = refused(tiny)
    (remedy,) = remedies(message)
    assert len(remedy["series"]) == 3
    took(tiny, {"series": {name: {"hours": hours} for name, hours in RIGHT.items()}}).check_scans(
        *HOURS
    )


def test_a_pt_series_of_several_days(tiny, took):
    paths = [tiny.pet(hours) for hours in HOURS]
    import pydicom

    for path in (path for scan in paths for path in scan):
        ds = pydicom.dcmread(path)
        ds.SeriesInstanceUID = "1.2.3"
        ds.save_as(path)
    tiny.tomogram(4)
    took(tiny).check_scans(*HOURS)


def test_remedies_with_numbers(tiny, took, refused):
    """An activity that cannot be, and two cycles in one folder."""

    def change(ds):
        ds.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = 7.4

    write(tiny, change)
    (remedy,) = remedies(refused(tiny))
    found = took(tiny, filled(remedy, administered_activity_MBq=7400))
    assert found.case["administered_activity_MBq"] == 7400
    tiny.injected += datetime.timedelta(days=56)
    tiny.spect(24, "second.dcm")
    message = refused(tiny, {"administered_activity_MBq": 7400})
    assert "import each cycle by itself" in message
    assert json.dumps(remedies(message)[0]) in message.replace('give "', 'give {"').replace(
        '30" with', '30"} with'
    )


def test_scans_before_the_injection(tiny, took, refused):
    def late(ds):
        item = ds.RadiopharmaceuticalInformationSequence[0]
        item.RadiopharmaceuticalStartDateTime = "20240201100000"
        item.pop("RadiopharmaceuticalStartTime")

    write(tiny, late)
    found = remedies(refused(tiny))
    assert {"administered_at": "2024-01-31T09:30"} in found
    took(tiny, {"administered_at": "2024-01-31T09:30"}).check_scans(*HOURS)
