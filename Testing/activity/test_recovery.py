import numpy as np
import pytest

from LuDosimetryLib import Case, InvalidInput, run_case
from LuDosimetryLib.activity.recovery import recovered
from LuDosimetryLib.case import Options
from LuDosimetryLib.image import Grid

GRID = Grid.axial((10, 10, 10), (10.0, 10.0, 10.0))  # voxels of 1 mL
TABLE = ((1.0, 0.2), (100.0, 0.8), (1000.0, 1.0))


def test_coefficients_by_volume():
    """Linear in the logarithm of the volume; the smallest volume of interest comes first."""
    organ, tumour = np.zeros(GRID.shape, bool), np.zeros(GRID.shape, bool)
    organ[:5, :5, :4] = True  # 100 mL
    tumour[:2, :5, :1] = True  # 10 mL, within the organ
    warnings: list[str] = []
    tia = np.ones(GRID.shape, np.float32)
    found = recovered(tia, {"tumour": tumour, "organ": organ}, GRID, TABLE, warnings)
    np.testing.assert_allclose(found[tumour], 1 / 0.5, rtol=1e-6)
    np.testing.assert_allclose(found[organ & ~tumour], 1 / 0.8, rtol=1e-6)
    assert (found[~organ] == 1.0).all()
    assert tia.max() == 1.0
    assert warnings == ["activity was divided by recovery coefficients: organ 0.8, tumour 0.5."]


def test_without_a_table_nothing_changes():
    tia = np.ones(GRID.shape, np.float32)
    warnings: list[str] = []
    assert recovered(tia, {}, GRID, (), warnings) is tia
    assert warnings == []


def test_a_case_with_recovery_coefficients(case_folder):
    plain = run_case(Case.read(case_folder.file))
    case_folder.change("options", "recovery_coefficients", to=[[1, 0.5], [10000, 0.5]])
    case = Case.read(case_folder.file)
    assert Case.from_dict(case.to_dict(), case_folder.folder) == case
    result = run_case(case)
    for before, after in zip(plain.organs, result.organs, strict=True):
        assert after.mean_dose_Gy == pytest.approx(2 * before.mean_dose_Gy, rel=1e-5)
    assert any("recovery coefficients" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    "table",
    [((1.0,),), ((0.0, 0.5),), ((1.0, 0.0),), ((1.0, 2.0),), ((5.0, 0.5), (1.0, 0.6))],
)
def test_tables_that_cannot_be(table):
    with pytest.raises(InvalidInput, match="recovery_coefficients"):
        Options(recovery_coefficients=table)


def test_a_table_that_is_none(case_folder, refused):
    case_folder.change("options", "recovery_coefficients", to={"1": 0.5})
    assert "must be a list of [volume in mL, coefficient]" in refused()
