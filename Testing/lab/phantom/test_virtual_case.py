"""A small virtual patient written as a case."""

import json

import numpy as np
import pytest

from LuDosimetryLib.base.errors import Cancelled
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.base.progress import no_progress
from LuDosimetryLib.case.case import Case
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume, read_volume
from LuDosimetryLib.lab.phantom.kinetics import USUAL
from LuDosimetryLib.lab.phantom.scanner import Scanner
from LuDosimetryLib.lab.phantom.source import Source
from LuDosimetryLib.lab.phantom.virtual_case import VirtualPatient, spect_grid, write_virtual_case
from LuDosimetryLib.voi.read import read_vois
from LuDosimetryLib.voi.write import Segment

FINE = Grid(
    (20, 20, 20),
    (3.0, 3.0, 3.0),
    (28.5, 28.5, -28.5),
    (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0),
)


def patient():
    organ = np.zeros(FINE.shape, bool)
    organ[5:15, 5:15, 4:16] = True
    hot = np.zeros(FINE.shape, bool)
    hot[8:12, 8:12, 6:9] = True
    hu = np.full(FINE.shape, 40.0, np.float32)
    hu[0, 0, 0] = -2000.0
    sources = [
        Source.within("liver", organ & ~hot, USUAL["liver"].of(7400.0)),
        Source.within("liver tumour 1", hot, USUAL["tumour"].of(7400.0)),
    ]
    segments = [Segment("liver", organ), Segment("liver tumour 1", hot)]
    differences = {"liver without tumours": ["liver", "liver tumour 1"]}
    return VirtualPatient("test", Volume(hu, FINE), sources, segments, differences)


def write(folder, seed=3, progress=no_progress):
    grid = spect_grid(FINE, 24, 3.87)
    scanner = Scanner(duration_s=1e6)
    log = Log(progress)
    return write_virtual_case(patient(), folder, log, grid=grid, scanner=scanner, seed=seed)


def test_the_case_reads_back_with_its_volumes_of_interest(tmp_path):
    case = Case.read(write(tmp_path / "case"))
    assert case.patient_id == "test"
    assert case.administered_activity_MBq == 7400.0
    assert [point.hours for point in case.time_points] == [4.0, 24.0, 48.0, 120.0]
    assert case.options.dose_method == "unet"
    assert "dose_method" not in case.asked
    assert case.options.compare_with == ("single-vsv", "multi-vsv")
    assert {point.ct for point in case.time_points} == {case.ct}
    ct = read_volume(case.time_points[0].ct, "CT")
    assert ct.grid.same_as(FINE)
    assert ct.values.min() == -1024.0
    vois = read_vois(case.segmentation, FINE)
    for segment in patient().segments:
        assert np.array_equal(vois[segment.name], segment.mask)
    assert vois["liver without tumours"].sum() == vois["liver"].sum() - vois["liver tumour 1"].sum()


def test_scans_and_truth_hold_the_activity_of_the_sources(tmp_path):
    # averaging samples the edges of so small an organ at a few points: 1 %
    case = Case.read(write(tmp_path))
    volume_mL = {
        s.name: s.relative.sum(dtype=float) * FINE.voxel_volume_mL for s in patient().sources
    }
    for point in case.time_points:
        image = read_volume(point.spect, "SPECT")
        expected = sum(
            s.uptake.concentration_MBq_mL(point.hours) * volume_mL[s.name]
            for s in patient().sources
        )
        found = image.values.sum(dtype=float) * image.grid.voxel_volume_mL * 1e-6
        assert found == pytest.approx(expected, rel=0.01)
    truth = read_volume(tmp_path / "true_tia.nrrd", "TIA")
    expected = sum(s.uptake.tia_MBq_h_mL * volume_mL[s.name] for s in patient().sources)
    assert truth.values.sum(dtype=float) * truth.grid.voxel_volume_mL == pytest.approx(
        expected, rel=0.01
    )
    # the hot side is where the flipped grid puts it: low i is high x
    x = truth.grid.positions(
        np.array([np.unravel_index(truth.values.argmax(), truth.grid.shape)[::-1]]).T
    )[0, 0]
    assert x > 0.0


def test_only_the_seed_changes_the_scans(tmp_path):
    folders = [tmp_path / name for name in "abc"]
    for folder, seed in zip(folders, (1, 1, 2), strict=True):
        write(folder, seed)
    first, same, other = ((folder / "spect_2.nrrd").read_bytes() for folder in folders)
    assert first == same
    assert first != other
    assert (folders[0] / "true_tia.nrrd").read_bytes() == (
        folders[2] / "true_tia.nrrd"
    ).read_bytes()


def test_cancelling_leaves_nothing_behind(tmp_path):
    def stop(fraction, text):
        if fraction > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        write(tmp_path / "case", progress=stop)
    assert not (tmp_path / "case").exists()


def test_progress_rises_to_one(tmp_path):
    fractions = []
    write(tmp_path, progress=lambda fraction, text: fractions.append(fraction))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert json.loads((tmp_path / "case.json").read_text(encoding="utf-8"))["nuclide"] == "Lu-177"
