"""A scan's CT is its own or none; scans in different frames of reference are registered."""

import pytest

from .tiny_study import remedies


def described(text, **more):
    def change(ds, k):
        ds.SeriesDescription = text
        for keyword, value in more.items():
            setattr(ds, keyword, value)

    return change


def one_ct_on_the_first_day(tiny):
    """SPECT alone later, in frames of their own."""
    tiny.spect(4)
    tiny.tomogram(4, change=described("day 1"))
    for hours in (24, 96):
        tiny.new_visit()
        tiny.spect(hours)


def one_study_for_all_days(tiny):
    """As above, within one study, as workstations make of it."""
    study = tiny.study_uid
    tiny.spect(4)
    tiny.tomogram(4, change=described("day 1"))
    for hours in (24, 96):
        tiny.new_visit()
        tiny.study_uid = study
        tiny.spect(hours)


def a_ct_on_the_second_day_alone(tiny):
    tiny.spect(4)
    tiny.new_visit()
    tiny.spect(24)
    tiny.tomogram(24.4, change=described("day 2"))


def one_frame(tiny):
    """One CT, and scans that a workstation brought into its frame."""
    tiny.tomogram(3.9, change=described("day 1"))
    for hours in (4, 24, 96):
        tiny.spect(hours)


def a_ct_each_in_its_session(tiny):
    """Neither study nor frame of reference in common with the scan: made by another console."""
    for hours in (4, 24, 96):
        tiny.new_visit()
        tiny.spect(hours)
        tiny.new_visit()
        tiny.tomogram(hours - 0.3, f"ct{hours}", change=described(f"{hours} h"))


def another_days_ct_covers_more(tiny):
    """In one frame of reference: the nearest in time comes before coverage."""
    tiny.tomogram(4, change=described("day 1"))
    tiny.spect(4)
    tiny.spect(24)

    def short(ds, k):
        described("day 2")(ds, k)
        if k > 13:
            ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"

    tiny.tomogram(24, "ct2", change=short)


def a_diagnostic_ct_in_the_afternoon(tiny):
    tiny.spect(4)
    tiny.tomogram(3.8, change=described("day 1"))
    tiny.new_visit()
    tiny.spect(24)
    tiny.new_visit()
    tiny.tomogram(27, "ct2", change=described("diagnostic"))


def a_mu_map_beside(tiny):
    """Stored as CT, in the frame of the scan and nearer to it; its values are no HU."""
    tiny.spect(4)
    tiny.tomogram(3.5, change=described("day 1"))

    def scaled(ds, k):
        described("AC")(ds, k)
        ds.RescaleSlope, ds.RescaleIntercept = "0.0001", 0
        del ds.RescaleType

    tiny.tomogram(4, "map", change=scaled)


def a_mu_map_with_a_unit(tiny):
    tiny.spect(4)
    tiny.tomogram(3.5, change=described("day 1"))
    tiny.tomogram(4, "map", change=described("attenuation", RescaleType="1/CM"))


def a_mu_map_alone(tiny):
    """It is the only CT of the second scan, which has none then."""
    tiny.spect(4)
    tiny.tomogram(4, change=described("day 1"))
    tiny.new_visit()
    tiny.spect(24)
    tiny.tomogram(24, "map", change=described("map", RescaleIntercept=0, RescaleSlope="0.5"))


@pytest.mark.parametrize(
    ("write", "cts", "registration"),
    [
        (one_ct_on_the_first_day, ["day 1", None, None], "rigid"),
        (one_study_for_all_days, ["day 1", None, None], "rigid"),
        (a_ct_on_the_second_day_alone, [None, "day 2"], "rigid"),
        (one_frame, ["day 1"] * 3, "none"),
        (a_ct_each_in_its_session, ["4 h", "24 h", "96 h"], "rigid"),
        (another_days_ct_covers_more, ["day 1", "day 2"], "none"),
        (a_diagnostic_ct_in_the_afternoon, ["day 1", None], "rigid"),
        (a_mu_map_beside, ["day 1"], "none"),
        (a_mu_map_with_a_unit, ["day 1"], "none"),
        (a_mu_map_alone, ["day 1", None], "rigid"),
    ],
)
def test_the_ct_of_each_scan(tiny, took, write, cts, registration):
    write(tiny)
    found = took(tiny)
    assert found.cts == cts
    assert found.registration == registration
    if "map" in write.__name__:
        assert "was left out: its values" in found.remarks


def test_a_ct_that_belongs_to_no_scan_is_named(tiny, took, refused):
    tiny.spect(4)
    tiny.new_visit()
    tiny.tomogram(300, change=described("other"))
    message = refused(tiny)
    assert "none of the 1 CT series belongs to a scan" in message
    (remedy,) = remedies(message)
    assert took(tiny, remedy).cts == ["other"]


def test_the_user_names_a_ct_or_none(tiny, took):
    one_frame(tiny)
    tiny.new_visit()
    tiny.tomogram(50, "other", change=described("other"))
    supply = {"series": {"nm24.dcm": {"ct": "other"}, "nm96.dcm": {"ct": None}}}
    found = took(tiny, supply)
    assert found.cts == ["day 1", "other", None]
    assert [point["ct"] for point in found.case["time_points"]] == ["ct_1.nrrd", "ct_2.nrrd", None]


def test_a_registration_that_is_asked_for_stays(tiny, took):
    one_ct_on_the_first_day(tiny)
    found = took(tiny, {"options": {"registration": "none"}})
    assert found.registration == "none"
    assert "taken as aligned with each other, as asked for" in found.remarks
    assert took(tiny, {"options": {"registration": "affine"}}).registration == "affine"
    assert took(tiny, {"options": {"dose_method": "local"}}).registration == "rigid"


def test_a_broken_ct_is_refused_only_if_a_scan_needs_it(tiny, took, refused):
    tiny.spect(4)
    tiny.tomogram(4, change=described("day 1"))
    tiny.new_visit()
    tiny.tomogram(50, "broken")
    (tiny.folder / "broken" / "011").unlink()
    assert "no scan needs it" in took(tiny).remarks
    tiny.spect(50.3)
    message = refused(tiny)
    assert "missing, repeated or displaced" in message
    (remedy,) = remedies(message)
    assert took(tiny, remedy).cts == ["day 1", None]
