"""Contrast medium in a case: soft tissue by name stays soft tissue."""

import numpy as np
import pytest

from LuDosimetryLib import Case, run_case

from .conftest import CT

KIDNEY_LABEL = 1
METHODS = ("multi-vsv", "split-vsv")


@pytest.fixture
def energies(case_folder):
    """Absorbed energy per decay in the kidney [mJ per MBq h] by method, and the remarks."""

    def of(hu, **options):
        values, labels = case_folder.values("ct.nrrd"), case_folder.values("organs.nrrd")
        values[labels == KIDNEY_LABEL] = hu
        case_folder.put("ct.nrrd", values, CT)
        asked = {"dose_method": METHODS[0], "compare_with": METHODS[1:], **options}
        result = run_case(Case.read(case_folder.file).with_options(**asked))
        kidney = result.vois["kidney"] & result.reported
        mass = result.density[kidney].astype(float)
        decays = result.tia[kidney].sum(dtype=float)
        return {
            name: float((dose[kidney] * mass).sum() / decays) for name, dose in result.doses.items()
        }, result.warnings

    return of


@pytest.mark.slow
def test_energy_does_not_depend_on_the_ct_number(energies):
    # the mass does, by 8 %: a little more of the photons' energy stays
    plain, remarks = energies(40)
    assert not any("bright as bone" in remark for remark in remarks)
    for hu in (78, 110, 180):
        found, remarks = energies(hu)
        assert found == pytest.approx(plain, rel=0.003)
        assert any("kidney" in r and "bright as bone" in r for r in remarks) == (hu > 119)


@pytest.mark.slow
def test_as_bone_if_that_is_asked_for(energies):
    found, remarks = energies(180, soft_by_name=False)
    assert not any("bright as bone" in remark for remark in remarks)
    soft, _ = energies(180)
    assert found["multi-vsv"] > 1.001 * soft["multi-vsv"]


def test_calcium_keeps_its_mass_on_the_grid_of_the_spect(case_folder):
    from LuDosimetryLib.base.log import Log
    from LuDosimetryLib.image.volume import Volume, read_volume
    from LuDosimetryLib.tissue.calcium import calcium_of
    from LuDosimetryLib.tissue.density import density_of
    from LuDosimetryLib.tissue.patient import read_anatomy

    values = case_folder.values("ct.nrrd")
    values[20:27, 30:41, 33:40] = 700
    case_folder.put("ct.nrrd", values, CT)
    case = Case.read(case_folder.file)
    reference = read_volume(case_folder.folder / "spect_1.nrrd", "SPECT")
    anatomy = read_anatomy(case, Volume(reference.values, reference.grid), Log())
    fine_mg = (calcium_of(values) * density_of(values)).sum(dtype=float) * CT.voxel_volume_mL
    found = (anatomy.calcium * anatomy.density_g_cm3).sum(dtype=float)
    assert found * reference.grid.voxel_volume_mL == pytest.approx(fine_mg, rel=0.01)
    assert np.all(anatomy.calcium <= 0.146 + 1e-3)
