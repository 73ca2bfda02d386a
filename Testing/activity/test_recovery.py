import numpy as np
import pytest

from LuDosimetryLib import Case, InvalidInput, run_case
from LuDosimetryLib.activity.partial_volume import blurred, self_recovery
from LuDosimetryLib.activity.recovery import recovered
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.case.uncertainty_inputs import UncertaintyInputs
from LuDosimetryLib.image.grid import Grid

GRID = Grid.axial((10, 10, 10), (10.0, 10.0, 10.0))  # voxels of 1 mL
TABLE = ((1.0, 0.2), (100.0, 0.8), (1000.0, 1.0))
ALL = np.ones(GRID.shape, bool)


def test_coefficients_by_volume():
    """Linear in the logarithm of the volume; the smallest volume of interest comes first."""
    organ, tumour = np.zeros(GRID.shape, bool), np.zeros(GRID.shape, bool)
    organ[:5, :5, :4] = True  # 100 mL
    tumour[:2, :5, :1] = True  # 10 mL, within the organ
    log = Log()
    tia = np.ones(GRID.shape, np.float32)
    vois = {"tumour": tumour, "organ": organ}
    options = Options(recovery_coefficients=TABLE)
    made = recovered(tia, vois, GRID, options, log)
    assert made is not None
    np.testing.assert_allclose(made.tia[tumour], 1 / 0.5, rtol=1e-6)
    np.testing.assert_allclose(made.tia[organ & ~tumour], 1 / 0.8, rtol=1e-6)
    assert (made.tia[~organ] == 1.0).all()
    assert tia.max() == 1.0
    assert made.coefficients["tumour"] == pytest.approx(0.5)
    assert made.coefficients["organ"] == pytest.approx(100 / (10 / 0.5 + 90 / 0.8))
    assert log.remarks == [
        "activity was corrected for recovery by a table by volume: organ 0.755, tumour 0.5."
    ]
    drawn_larger = np.zeros(GRID.shape, bool)
    drawn_larger[:4, :5, :5] = True
    assert made.model.coefficient("tumour", drawn_larger) == pytest.approx(0.8)
    inputs = UncertaintyInputs(recovery_percent=4.0)
    assert made.model.uncertainty_percent("tumour", inputs) == 4.0


@pytest.mark.parametrize("options", [Options(), Options(recovery_coefficients=TABLE)])
def test_without_a_table_or_volumes_nothing_changes(options):
    log = Log()
    tia = np.ones(GRID.shape, np.float32)
    vois = {} if options.recovery_coefficients else {"organ": ALL}
    assert recovered(tia, vois, GRID, options, log) is None
    assert log.remarks == []


def _balls(spill_in: bool):
    grid = Grid.axial((32, 32, 32), (4.0, 4.0, 4.0))
    axes = np.meshgrid(*[(np.arange(32) - 15.5) * 4.0] * 3, indexing="ij")
    tumour = axes[0] ** 2 + axes[1] ** 2 + (axes[2] - 20.0) ** 2 <= 15.0**2
    organ = axes[0] ** 2 + axes[1] ** 2 + (axes[2] + 20.0) ** 2 <= 20.0**2
    patient = axes[1] ** 2 + axes[2] ** 2 <= 58.0**2
    truth = np.where(tumour, 20.0, np.where(organ, 8.0, np.where(patient, 1.0, 0.0)))
    shown = blurred(truth.astype(np.float32), grid, 10.0)
    log = Log()
    options = Options(spect_resolution_mm=10.0, spill_in=spill_in)
    made = recovered(shown, {"tumour": tumour, "organ": organ}, grid, options, log)
    return grid, {"tumour": tumour, "organ": organ}, shown, made, log


def test_by_shape_with_activity_from_around():
    _, vois, _, made, log = _balls(spill_in=True)
    assert made.tia[vois["tumour"]].mean() == pytest.approx(20.0, rel=0.02)
    assert made.tia[vois["organ"]].mean() == pytest.approx(8.0, rel=0.02)
    assert log.remarks[0].startswith(
        "activity was corrected for recovery by the shape of each volume at a resolution of 10 mm, with"
    )
    for name, mask in vois.items():
        again = made.model.coefficient(name, mask)
        assert again == pytest.approx(made.coefficients[name], rel=0.03)


def test_by_shape_without_activity_from_around_is_too_much_in_warm_surroundings():
    grid, vois, shown, made, _ = _balls(spill_in=False)
    tumour = vois["tumour"]
    own = self_recovery(tumour.astype(np.float32), grid, 10.0)
    assert made.coefficients["tumour"] == pytest.approx(own, rel=1e-5)
    assert made.tia[tumour].mean() == pytest.approx(shown[tumour].mean() / own, rel=1e-5)
    assert made.tia[tumour].mean() > 20.2


@pytest.mark.parametrize("spill_in", [True, False])
def test_what_the_resolution_is_sure_to(spill_in):
    """The stated uncertainty is what another resolution would have made."""
    grid, vois, shown, made, _ = _balls(spill_in)
    inputs = UncertaintyInputs(spect_resolution_percent=10.0)
    stated = made.model.uncertainty_percent("tumour", inputs)
    ends = [
        recovered(
            shown,
            vois,
            grid,
            Options(spect_resolution_mm=fwhm, spill_in=spill_in),
            Log(),
        )
        .tia[vois["tumour"]]
        .mean()
        for fwhm in (9.0, 11.0)
    ]
    assert stated == pytest.approx(100.0 * (ends[1] - ends[0]) / (ends[1] + ends[0]), rel=0.1)
    assert (
        made.model.uncertainty_percent("tumour", UncertaintyInputs(spect_resolution_percent=0)) == 0
    )


def test_a_volume_too_small_for_the_resolution_is_remarked():
    grid = Grid.axial((20, 20, 20), (4.0, 4.0, 4.0))
    node = np.zeros(grid.shape, bool)
    node[10, 10, 10:12] = True
    shown = np.ones(grid.shape, np.float32)
    log = Log()
    options = Options(spect_resolution_mm=15.0)
    recovered(shown, {"node": node}, grid, options, log)
    assert "'node' is so small for a resolution of 15 mm" in log.remarks[0]


def test_a_case_with_recovery_coefficients(case_folder):
    plain = run_case(Case.read(case_folder.file))
    case_folder.change("options", "recovery_coefficients", to=[[1, 0.5], [10000, 0.5]])
    case = Case.read(case_folder.file)
    assert Case.from_dict(case.to_dict(), case_folder.folder) == case
    result = run_case(case)
    for before, after in zip(plain.organs, result.organs, strict=True):
        assert after.mean_dose_Gy == pytest.approx(2 * before.mean_dose_Gy, rel=1e-5)
        assert after.mean_dose_without_recovery_Gy == pytest.approx(before.mean_dose_Gy, rel=1e-5)
        assert after.recovery_coefficient == pytest.approx(0.5)
    assert any("recovery" in warning for warning in result.warnings)


@pytest.mark.parametrize("method", ["multi-vsv", "single-vsv"])
def test_the_dose_without_correction_stands_beside_it(case_folder, method):
    case_folder.change("options", "dose_method", to=method)
    plain = run_case(Case.read(case_folder.file))
    case_folder.change("options", "spect_resolution_mm", to=12.0)
    case = Case.read(case_folder.file)
    assert Case.from_dict(case.to_dict(), case_folder.folder) == case
    result = run_case(case)
    for before, after in zip(plain.organs, result.organs, strict=True):
        assert after.mean_dose_without_recovery_Gy == pytest.approx(before.mean_dose_Gy, rel=1e-4)
        assert before.recovery_coefficient is None
    assert result.organs[1].mean_dose_Gy > 1.05 * plain.organs[1].mean_dose_Gy


@pytest.mark.parametrize(
    "table",
    [((1.0,),), ((0.0, 0.5),), ((1.0, 0.0),), ((1.0, 2.0),), ((5.0, 0.5), (1.0, 0.6))],
)
def test_tables_that_are_not_allowed(table):
    with pytest.raises(InvalidInput, match="recovery_coefficients"):
        Options(recovery_coefficients=table)


def test_a_table_that_is_none(case_folder, refused):
    case_folder.change("options", "recovery_coefficients", to={"1": 0.5})
    assert "must be a list of [volume in mL, coefficient]" in refused()


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("spect_resolution_mm", 0, "spect_resolution_mm is 0; it must be a number above 0"),
        ("spect_resolution_mm", "7", "spect_resolution_mm is '7'; it must be a number"),
        ("spect_resolution_mm", 75, "spect_resolution_mm is 75; allowed: up to 50 mm"),
        ("spill_in", "yes", "spill_in is 'yes'; it must be true or false"),
    ],
)
def test_options_that_are_not_allowed(case_folder, refused, key, value, expected):
    case_folder.change("options", key, to=value)
    assert expected in refused()


def test_table_and_resolution_exclude_each_other(case_folder, refused):
    case_folder.change("options", "recovery_coefficients", to=[[1, 0.5]])
    case_folder.change("options", "spect_resolution_mm", to=10)
    assert "both recovery_coefficients and spect_resolution_mm are given" in refused()
