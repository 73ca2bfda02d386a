"""One call each for a physicist with arrays in hand, against what is known otherwise."""

import doctest
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

import LuDosimetryLib
from LuDosimetryLib import (
    Cancelled,
    Case,
    InvalidInput,
    arrays_in_hand,
    compare,
    dose_of,
    fit_curve,
    run_case,
    voxel_s_values,
)
from LuDosimetryLib.base.resources import resource
from LuDosimetryLib.dose.residual.model import CARD

from .conftest import ENVIRONMENT
from .support.yttrium import yttrium  # noqa: F401

ELECTRONS_KEV, PHOTONS_KEV = 147.92, 35.10
GY_G_PER_KEV_MBQ_H = 1.602176634e-16 * 1e3 * 3.6e9
LN2 = np.log(2.0)


def test_the_examples_in_the_documentation():
    found = doctest.testmod(arrays_in_hand)
    assert found.attempted > 10
    assert found.failed == 0


def test_the_door_names_what_is_behind_it():
    for name in LuDosimetryLib.__all__:
        assert getattr(LuDosimetryLib, name) is not None


def test_the_door_costs_nothing_until_it_is_used():
    code = "import sys, LuDosimetryLib; print('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=True
    )
    assert done.stdout.strip() == "False"


class TestDose:
    @pytest.mark.parametrize(
        ("method", "energy_keV", "allowed"),
        [
            ("local", ELECTRONS_KEV, 1e-4),
            ("single-vsv", ELECTRONS_KEV + PHOTONS_KEV, 0.01),
            ("multi-vsv", ELECTRONS_KEV + PHOTONS_KEV, 0.005),
            ("split-vsv", ELECTRONS_KEV + PHOTONS_KEV, 0.01),
        ],
    )
    def test_equilibrium(self, method, energy_keV, allowed):
        """Far inside an even activity all that decays emit is absorbed: 40 voxels span 2.4 m."""
        tia, density = np.full((40, 40, 40), 3.0), np.full((40, 40, 40), 1.04)
        dose = dose_of(tia, density, 60.0, method)
        assert dose.shape == tia.shape
        expected = GY_G_PER_KEV_MBQ_H * energy_keV * 3.0 / 1.04
        assert dose[20, 20, 20] == pytest.approx(expected, rel=allowed)

    def test_it_is_the_dose_of_a_case(self, case_folder):
        methods = ["multi-vsv", "split-vsv"]
        case = Case.read(case_folder.file).with_options(dose_method="local", compare_with=methods)
        result = run_case(case)
        for name, expected in result.doses.items():
            dose = dose_of(
                result.tia,
                result.density,
                result.grid.spacing_mm,
                name,
                patient=result.reported,
                device="cpu",
            )
            np.testing.assert_array_equal(dose, expected)

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore:residual network. voxels of 6 x 6 x 6 mm are far")
    def test_a_network_of_ones_own(self, case_folder, tmp_path):
        """A copy of the shipped one with closer bounds: what the case has, and not the shipped one's dose."""
        folder = tmp_path / "own"
        shutil.copytree(resource(*CARD).parent, folder)
        card = json.loads((folder / CARD[-1]).read_text(encoding="utf-8"))
        card["bounds"] = [0.999, 1.001]
        (folder / CARD[-1]).write_text(json.dumps(card), encoding="utf-8")
        case = Case.read(case_folder.file).with_options(dose_method="unet", model=str(folder))
        result = run_case(case)
        arrays = (result.tia, result.density, result.grid.spacing_mm)
        asked = {"patient": result.reported, "device": "cpu"}
        own = dose_of(*arrays, "unet", model=folder, **asked)
        np.testing.assert_array_equal(own, result.dose)
        assert not np.array_equal(own, dose_of(*arrays, "unet", **asked))

    def test_axes_are_the_callers(self):
        rng = np.random.default_rng(1)
        tia, density = rng.uniform(0.0, 9.0, (9, 10, 11)), rng.uniform(0.9, 1.2, (9, 10, 11))
        dose = dose_of(tia, density, (3.0, 4.0, 5.0))
        turned = dose_of(tia.T, density.T, (5.0, 4.0, 3.0))
        np.testing.assert_allclose(turned.T, dose, rtol=1e-4)

    def test_inputs_stay_and_air_has_none(self):
        tia, density = np.ones((6, 6, 6)), np.full((6, 6, 6), 1.0)
        density[0], before = 0.001, tia.copy()
        dose = dose_of(tia, density, 4.0, "local")
        assert not dose[0].any()
        assert (dose[1:] > 0.0).all()
        np.testing.assert_array_equal(tia, before)
        assert density[0].max() == 0.001
        inside = np.zeros(tia.shape, bool)
        inside[3] = True
        assert not dose_of(tia, density, 4.0, "local", patient=inside)[~inside].any()

    @pytest.mark.slow
    def test_remarks_are_warnings(self):
        pytest.importorskip("ompmc")
        tia = np.ones((6, 6, 6))
        density = np.full(tia.shape, 1.0)
        density[0] = 0.001
        with pytest.warns(UserWarning, match="of the decays happen in air"):
            dose = dose_of(tia, density, 20.0, "monte-carlo", histories=2000)
        expected = GY_G_PER_KEV_MBQ_H * ELECTRONS_KEV
        assert dose[3, 3, 3] == pytest.approx(expected, rel=0.3)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"density_g_cm3": np.ones((5, 6, 6))}, r"has the shape \(5, 6, 6\), but tia_MBq_h_mL"),
            ({"tia_MBq_h_mL": np.ones((6, 6))}, r"expected a volume with three axes"),
            ({"tia_MBq_h_mL": np.full((6, 6, 6), np.nan)}, "values that are not finite"),
            ({"tia_MBq_h_mL": np.full((6, 6, 6), -1.0)}, r"values down to -1; expected at least 0"),
            ({"density_g_cm3": np.full((6, 6, 6), 0.01)}, "no voxel is to be given a dose"),
            ({"voxel_mm": (4.0, 4.0)}, r"expected one size or three"),
            ({"voxel_mm": 0.0}, "voxel_mm is 0.0; it must be a number above 0"),
            ({"method": "multi"}, "did you mean 'multi-vsv'"),
            ({"media": 7}, "media is 7; allowed: 20"),
            ({"model": "own"}, "model is 'own', but the dose method 'multi-vsv' has no network"),
            ({"model": "own", "method": "unet"}, "there is no network at own: its card"),
            ({"device": "gpu"}, "device is 'gpu'"),
            ({"histories": 0}, "histories is 0"),
            ({"nuclide": "Y-90"}, "nuclide is 'Y-90'; known nuclides: Lu-177"),
        ],
    )
    def test_refusals(self, change, said):
        asked = {"tia_MBq_h_mL": np.ones((6, 6, 6)), "density_g_cm3": np.ones((6, 6, 6))}
        asked |= {"voxel_mm": 4.0, "method": "multi-vsv"}
        with pytest.raises(InvalidInput, match=said):
            dose_of(**(asked | change))

    @pytest.mark.usefixtures("yttrium")
    def test_a_nuclide_without_kernels(self):
        ones = np.ones((6, 6, 6))
        with pytest.raises(InvalidInput, match="no point kernels for Y-90"):
            dose_of(ones, ones, 4.0, "multi-vsv", nuclide="Y-90")
        with pytest.raises(InvalidInput, match="no point kernels for Y-90"):
            voxel_s_values(4.0, nuclide="Y-90")
        dose = dose_of(ones, ones, 4.0, "local", nuclide="Y-90")
        assert dose[3, 3, 3] == pytest.approx(GY_G_PER_KEV_MBQ_H * 933.6, rel=1e-4)

    def test_cancelling(self):
        def stop(fraction, message):
            raise Cancelled

        with pytest.raises(Cancelled):
            dose_of(np.ones((6, 6, 6)), np.ones((6, 6, 6)), 4.0, progress=stop)


@pytest.mark.parametrize(
    ("side_mm", "composition", "density", "expected"),
    [  # two independent Monte Carlo codes, mGy/(MBq s) at (000) (100) (110) (200)
        (3.87, "water", 1.00, (0.374, 6.05e-3, 2.2e-4, 2.5e-5)),
        (4.80, "soft", 1.03, (0.194, 2.52e-3, 8.6e-5, 1.56e-5)),
        (3.87, "lung", 0.26, (1.10, 6.33e-2, 7.7e-3, 7.6e-5)),
        (3.87, "cortical-bone", 1.40, (0.275, 3.4e-3, 1.5e-4, 3.8e-5)),
    ],
)
def test_voxel_s_values(side_mm, composition, density, expected):
    values = voxel_s_values(side_mm, density, composition)
    found = [values[0, 0, 0], values[1, 0, 0], values[1, 1, 0], values[2, 0, 0]]
    for value, reference, allowed in zip(found, expected, (0.01, 0.03, 0.08, 0.08), strict=True):
        assert value == pytest.approx(reference, rel=allowed)
    flat = voxel_s_values((side_mm, side_mm, 2 * side_mm), density, composition)
    assert flat[1, 0, 0] > flat[0, 0, 1]  # the next voxel along the long axis is farther away


class TestCurve:
    HOURS = np.array([4.0, 24.0, 48.0, 120.0])

    def test_washout(self):
        curve = fit_curve(self.HOURS, 80.0 * 2.0 ** (-self.HOURS / 60.0))
        assert curve.tia_MBq_h == pytest.approx(80.0 * 60.0 / LN2, rel=1e-6)
        assert curve.effective_half_life_h == pytest.approx(60.0, rel=1e-6)

    def test_uptake_and_washout(self):
        activity = 80.0 * (2.0 ** (-self.HOURS / 70.0) - 2.0 ** (-self.HOURS / 6.0))
        curve = fit_curve(self.HOURS, activity, model="bi-exponential")
        assert curve.tia_MBq_h == pytest.approx(80.0 * (70.0 - 6.0) / LN2, rel=1e-5)

    def test_uncertainty_is_that_of_linear_regression(self):
        """Of logarithms; TIA = A / rate, so that u(TIA) / TIA follows from both and their covariance."""
        rng = np.random.default_rng(3)
        hours = np.array([4.0, 24.0, 48.0, 96.0, 168.0])
        activity = 80.0 * 2.0 ** (-hours / 60.0) * np.exp(0.03 * rng.standard_normal(5))
        curve = fit_curve(hours, activity, model="mono-exponential")
        (slope, start), covariance = np.polyfit(hours, np.log(activity), 1, cov="unscaled")
        residuals = np.log(activity) - start - slope * hours
        covariance *= (residuals**2).sum() / 3.0
        assert curve.tia_MBq_h == pytest.approx(np.exp(start) / -slope, rel=1e-6)
        change = np.array([-1.0 / slope, 1.0])  # of ln TIA with slope and start
        relative = np.sqrt(change @ covariance @ change)
        stated = curve.tia_standard_uncertainty_MBq_h / curve.tia_MBq_h
        assert stated == pytest.approx(relative, rel=1e-4)
        of_half_life = np.sqrt(covariance[0, 0]) / -slope
        stated = curve.effective_half_life_standard_uncertainty_h / curve.effective_half_life_h
        assert stated == pytest.approx(of_half_life, rel=1e-4)

    @pytest.mark.parametrize(
        ("hours", "activity", "more", "said"),
        [
            ([4.0], [1.0], {}, "a curve needs at least two scans"),
            ([4.0, 24.0], [1.0], {}, "2 hours and 1 activity_MBq"),
            ([24.0, 4.0], [2.0, 1.0], {}, r"hours\[1\] is 4; it must be later than 24 h"),
            ([0.0, 4.0], [2.0, 1.0], {}, r"hours\[0\] is 0.0; it must be a number above 0"),
            ([4.0, 24.0], [2.0, -1.0], {}, r"activity_MBq\[1\] is -1.0; it must be at least 0"),
            ([4.0, 24.0], [2.0, np.nan], {}, r"activity_MBq\[1\] is nan"),
            ([4.0, 24.0], [2.0, 1.0], {"model": "mono"}, "did you mean 'mono-exponential'"),
            ([4.0, 24.0], [2.0, 1.0], {"tail": "none"}, "tail is 'none'"),
            ([4.0, 24.0], [2.0, 1.0], {"nuclide": "X"}, "nuclide is 'X'"),
        ],
    )
    def test_refusals(self, hours, activity, more, said):
        with pytest.raises(InvalidInput, match=said):
            fit_curve(hours, activity, **more)


class TestComparison:
    @pytest.fixture
    def doses(self):
        rng = np.random.default_rng(5)
        reference = rng.uniform(0.5, 12.0, (8, 9, 10))
        return reference * rng.normal(1.01, 0.03, reference.shape), reference

    def test_against_numpy(self, doses):
        dose, reference = doses
        rng = np.random.default_rng(6)
        density = rng.uniform(0.3, 1.5, dose.shape)
        vois = {name: rng.random(dose.shape) < 0.2 for name in ("kidney", "liver", "spleen")}
        found = compare(dose, reference, (4.0, 4.0, 5.0), vois=vois, density_g_cm3=density)
        r = np.corrcoef(dose.ravel(), reference.ravel())[0, 1]
        assert found.correlation.r == pytest.approx(r, rel=1e-5)
        low = reference < 5.0
        r = np.corrcoef(dose[low], reference[low])[0, 1]
        assert found.correlation.r_below_5_Gy == pytest.approx(r, rel=1e-5)
        errors = 100.0 * (dose / reference - 1.0)
        assert found.voxels.mean_percent == pytest.approx(errors.mean(), rel=1e-3)
        assert found.voxels.rms_percent == pytest.approx(np.sqrt((errors**2).mean()), rel=1e-3)
        off = []
        for organ in found.organs:
            voi = vois[organ.name]
            mean, of_reference = (
                np.average(values[voi], weights=density[voi]) for values in (dose, reference)
            )
            assert organ.mean_dose_Gy == pytest.approx(mean, rel=1e-5)
            assert organ.volume_mL == pytest.approx(voi.sum() * 0.08)
            assert organ.mass_g == pytest.approx(density[voi].sum() * 0.08, rel=1e-5)
            off.append(100.0 * (mean / of_reference - 1.0))
            assert organ.difference_percent == pytest.approx(off[-1], abs=1e-3)
        assert found.bland_altman.bias_percent == pytest.approx(np.mean(off), abs=1e-3)
        assert found.bland_altman.sd_percent == pytest.approx(np.std(off, ddof=1), abs=1e-3)

    def test_noise_of_the_reference(self, doses):
        dose, reference = doses
        noise = 0.02 * reference
        found = compare(dose, reference, 4.0, standard_error_Gy=noise)
        assert found.voxels.perfect_method_rms_percent == pytest.approx(2.0, rel=1e-4)

    def test_refusals(self, doses):
        dose, reference = doses
        with pytest.raises(InvalidInput, match=r"reference_Gy has the shape \(8, 9, 9\)"):
            compare(dose, reference[..., 1:], 4.0)
        with pytest.raises(InvalidInput, match=r"vois\['kidney'\] has the shape"):
            compare(dose, reference, 4.0, vois={"kidney": np.ones((2, 2, 2), bool)})
        with pytest.raises(InvalidInput, match="the reference has no dose above 0 Gy"):
            compare(dose, 0.0 * reference, 4.0)
