import dataclasses
import hashlib
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from LuDosimetryLib import Case, InvalidInput
from LuDosimetryLib.case.choices import DEVICES, TAILS
from LuDosimetryLib.case.dose_methods import DOSE_METHODS
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.case.parts import Calibration, Segmentation, TimePoint

FOLDER = Path("/cases/one")

names = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=8
)
names = names.filter(lambda name: name not in {".", ".."})
files = st.lists(names, min_size=1, max_size=3).map(lambda parts: FOLDER.joinpath(*parts))
positive = st.floats(1e-6, 1e9)
calibrations = st.builds(Calibration, positive) | st.builds(
    Calibration, cps_per_MBq=positive, duration_s=positive
)
hours = st.floats(1e-3, 1000.0)
time_points = st.builds(
    TimePoint, hours, files, files, st.sampled_from(["Bq/mL", "Bq"])
) | st.builds(TimePoint, hours, files, files, st.just("counts"), calibrations)
segmentations = st.builds(
    Segmentation,
    files,
    st.dictionaries(names, names, max_size=3).filter(lambda d: len(set(d.values())) == len(d)),
    st.dictionaries(names, st.lists(names, min_size=2, max_size=3), max_size=2),
)
options = st.builds(
    Options,
    tail=st.sampled_from([*TAILS]),
    dose_method=st.sampled_from([*DOSE_METHODS]),
    media=st.integers(1, 99),
    device=st.sampled_from([*DEVICES]),
    histories=st.integers(1, 10**12),
    seed=st.integers(0, 2**63),
    compare_with=st.lists(st.sampled_from([*DOSE_METHODS]), unique=True).map(tuple),
)


@st.composite
def cases(draw):
    points = draw(st.lists(time_points, min_size=1, max_size=4, unique_by=lambda p: round(p.hours)))
    return Case(
        time_points=tuple(sorted(points, key=lambda point: point.hours)),
        patient_id=draw(st.text(st.characters(exclude_categories=["Cs", "Cc"]))),
        cycle=draw(st.integers(1, 9)),
        administered_activity_MBq=draw(st.none() | positive),
        reference_time_point=draw(st.integers(0, len(points) - 1)),
        segmentation=draw(st.none() | segmentations),
        options=draw(options),
        folder=FOLDER,
    )


@pytest.mark.slow
@given(cases())
def test_a_case_survives_its_file(case):
    assert Case.from_dict(json.loads(json.dumps(case.to_dict())), FOLDER) == case
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "case.json"
        moved = dataclasses.replace(
            Case.from_dict(case.to_dict(), Path(folder)),
            reference_time_point=case.reference_time_point,
        )
        moved.write(file)
        read = Case.read(file)
        assert read == moved
        assert read.sha256 == hashlib.sha256(file.read_bytes()).hexdigest() == moved.sha256


def test_a_case_written_elsewhere_still_finds_its_files(case_folder, tmp_path):
    case = Case.read(case_folder.file)
    case.write(tmp_path / "copy.json")
    copy = Case.read(tmp_path / "copy.json")
    assert [point.spect for point in copy.time_points] == [p.spect for p in case.time_points]
    assert (
        json.loads((tmp_path / "copy.json").read_text(encoding="utf-8"))["time_points"][0]["spect"]
        == "case/spect_1.nrrd"
    )
    (tmp_path / "other").mkdir()
    case.write(tmp_path / "other" / "case.json")
    assert Case.read(tmp_path / "other").ct == case.ct


def test_paths_are_relative_to_the_file_and_a_folder_will_do(case_folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for given_path in (case_folder.file, case_folder.folder, "case", "case/case.json"):
        case = Case.read(given_path)
        assert case.time_points[0].spect.resolve() == case_folder.folder / "spect_1.nrrd"
    monkeypatch.chdir(case_folder.folder)
    assert Case.read(".").to_dict() == Case.read("case.json").to_dict()
    absolute = str(case_folder.folder / "ct.nrrd")
    case_folder.change("time_points", 0, "ct", to=absolute)
    assert Case.read("case.json").ct == Path(absolute)


def test_a_byte_order_mark_is_no_harm(case_folder):
    case_folder.file.write_bytes(b"\xef\xbb\xbf" + case_folder.file.read_bytes())
    assert Case.read(case_folder.file).patient_id == "test"


def test_time_points_out_of_order_are_sorted_and_the_reference_follows(case_folder):
    first, second, third = case_folder.data["time_points"]
    case_folder.change("time_points", to=[third, first, second])
    case_folder.change("reference_time_point", to=0)
    case = Case.read(case_folder.file)
    assert [point.hours for point in case.time_points] == [4.0, 24.0, 96.0]
    assert case.time_points[case.reference_time_point].hours == 96.0
    assert case.warnings == (
        "the time points were given as 96, 4, 24 h and have been sorted by time.",
    )


def test_the_ct_is_that_of_the_reference_or_the_first(case_folder):
    for n, ct in enumerate([None, "second.nrrd", "third.nrrd"]):
        case_folder.change("time_points", n, "ct", to=ct)
    case = Case.read(case_folder.file)
    assert case.ct.name == "second.nrrd"
    assert dataclasses.replace(case, reference_time_point=2).ct.name == "third.nrrd"
    for n in range(3):
        case_folder.change("time_points", n, "ct", to=None)
    with pytest.raises(InvalidInput, match="no time point has a ct"):
        Case.read(case_folder.file)


def test_a_case_is_frozen_and_its_options_are_checked(case_folder):
    case = Case.read(case_folder.file)
    with pytest.raises(dataclasses.FrozenInstanceError):
        case.cycle = 2
    changed = case.with_options(dose_method="multi-vsv", compare_with=["local"])
    assert changed.options == dataclasses.replace(
        case.options, dose_method="multi-vsv", compare_with=("local",)
    )
    assert case.options.dose_method == "local"
    assert changed.sha256 == case.sha256
    with pytest.raises(InvalidInput, match="options: dose_method is 'vsv-multi'"):
        case.with_options(dose_method="vsv-multi")
    with pytest.raises(InvalidInput, match="did you mean 'device'"):
        case.with_options(devices="cpu")


def scan(hours: float) -> TimePoint:
    return TimePoint(hours, Path("spect.nrrd"), Path("ct.nrrd"))


@pytest.mark.parametrize(
    "build",
    [
        lambda: TimePoint(-1.0, Path("spect.nrrd")),
        lambda: TimePoint(4.0, Path("spect.nrrd"), unit="counts"),
        Calibration,
        lambda: Calibration(Bq_per_count=2.0, duration_s=3.0),
        lambda: Options(dose_method="best"),
        lambda: Case(()),
        lambda: Case((scan(24.0), scan(4.0))),
        lambda: Case((scan(4.0), scan(4.0))),
        lambda: Case((scan(4.0),), reference_time_point=1),
        lambda: Case((TimePoint(4.0, Path("spect.nrrd")),)),
    ],
)
def test_a_case_made_in_python_is_checked_as_one_from_a_file(build):
    with pytest.raises(InvalidInput):
        build()


def test_a_network_of_the_user_s_own_is_beside_the_case_file(case_folder):
    """Its path is relative to the case file, is written so again, and is an input."""
    case_folder.change("options", "model", to="networks/own")
    case = Case.read(case_folder.file)
    own = case_folder.file.parent / "networks" / "own"
    assert case.options.model == own
    assert own in case.inputs
    case.write(case_folder.file.parent / "again.json")
    assert Case.read(case_folder.file.parent / "again.json").options.model == own
    written = json.loads((case_folder.file.parent / "again.json").read_text(encoding="utf-8"))
    assert written["options"]["model"] == "networks/own"
    case_folder.change("options", "model", to=3)
    with pytest.raises(InvalidInput, match=r"options: model is 3; it must be a text"):
        Case.read(case_folder.file)
    with pytest.raises(InvalidInput, match=r"^model is 'own'; it must be a path\.$"):
        Options(model="own")
