from collections.abc import Mapping
from dataclasses import replace
from inspect import signature
from pathlib import Path

import numpy as np
import pytest

from LuDosimetryLib.activity.curve import VoiCurve
from LuDosimetryLib.activity.integration import MODELS, IntegrationProblem, TimeIntegral
from LuDosimetryLib.activity.tia import integrated as integrated_and_checked
from LuDosimetryLib.activity.tia import time_integrated_activity
from LuDosimetryLib.activity.time_course import check_time_course, voi_curves
from LuDosimetryLib.activity.trapezoid import trapezoid_tia
from LuDosimetryLib.base.errors import Cancelled, InvalidInput
from LuDosimetryLib.base.loading import loaded
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.case.integrations import INTEGRATIONS
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.image.volume import read_volume
from LuDosimetryLib.tissue.nuclide import read_nuclide

LU177 = read_nuclide("Lu-177")
DECAY = LU177.decay_constant_per_h
HOURS = [4.0, 24.0, 48.0, 120.0]
LN2 = np.log(2.0)
NUMBER = {name: number for number, name in MODELS.items()}
SHAPE = (8, 9, 10)
SERIES = Path(__file__).parents[3] / "shared" / "data" / "lu177_spect_series"


def scans(half_life_h=60.0, uptake_h: float | None = None) -> list[np.ndarray]:
    """Voxels of 1 MBq/mL at first, with half-lives of a number or an array of the shape."""
    images = []
    for t in HOURS:
        activity = 2.0 ** (-t / (half_life_h * np.ones(SHAPE)))
        if uptake_h is not None:
            activity -= 2.0 ** (-t / uptake_h)
        images.append((1e6 * activity).astype(np.float32))
    return images


def problem(images, integration: str, vois=None, hours=HOURS, nuclide=LU177, **options):
    if integration == "madsen":
        options.setdefault("effective_half_life_h", 60.0)
    asked = Options(integration=integration, **options)
    return IntegrationProblem(hours, images, vois or {}, asked, nuclide, 0.05)


def integrated(
    images, integration: str, vois=None, hours=HOURS, log=None, **options
) -> TimeIntegral:
    asked = problem(images, integration, vois, hours, **options)
    return time_integrated_activity(asked, log or Log())


HALVES = np.linspace(20.0, 150.0, 720).reshape(SHAPE)


def test_the_trapezoid_is_untouched():
    rng = np.random.default_rng(1)
    images = [rng.uniform(0, 1e5, SHAPE).astype(np.float32) for _ in HOURS]
    for tail in ("physical", "effective"):
        result = integrated(images, "trapezoid", tail=tail)
        np.testing.assert_array_equal(result.tia, trapezoid_tia(HOURS, images, DECAY, tail))
        assert result.model is None


def test_the_trapezoid_says_where_no_decay_can_be_followed():
    images = scans(60.0)
    log = Log()
    integrated(images, "trapezoid", log=log)
    assert log.remarks == []
    images[-1][:2] = 1.1 * images[-2][:2]
    part = trapezoid_tia(HOURS, images, DECAY, "effective")
    share = 100.0 * part[:2].sum(dtype=float) / part.sum(dtype=float)
    physical = trapezoid_tia(HOURS, images, DECAY, "physical")
    np.testing.assert_array_equal(part[:2], physical[:2])
    integrated(images, "trapezoid", log=log)
    (remark,) = (text for text in log.remarks if "does not fall" in text)
    assert f"voxels that hold {share:.0f} % of the time-integrated activity" in remark
    quiet = Log()
    integrated(images, "trapezoid", log=quiet, tail="physical")
    assert not any("does not fall" in text for text in quiet.remarks)


@pytest.mark.parametrize(
    ("integration", "uptake_h", "rel"),
    [("mono-exponential", None, 1e-5), ("bi-exponential", 2.0, 1e-4), ("hybrid", 2.0, 1e-4)],
)
def test_every_voxel_has_its_own_kinetics(integration, uptake_h, rel):
    result = integrated(scans(HALVES, uptake_h), integration)
    np.testing.assert_allclose(result.tia, (HALVES - (uptake_h or 0.0)) / LN2, rtol=rel)
    assert result.tia.dtype == np.float32
    assert result.model is not None
    name = "bi-exponential" if integration == "hybrid" else integration
    assert (result.model == NUMBER[name]).all()


def test_methods_of_a_single_time_point():
    images = scans(60.0)
    log = Log()
    result = integrated(images, "haenscheid", log=log)
    expected = 2.0**-2 * 2.0 * 120.0 / LN2
    np.testing.assert_allclose(result.tia, expected, rtol=1e-6)
    assert result.scan_h == 120.0
    assert "uses a single scan, that at 120 h" in log.remarks[0]
    assert "effective half-lives of 48 to 160 h" in log.remarks[1]
    log = Log()
    result = integrated(images, "madsen", log=log)
    np.testing.assert_allclose(result.tia, 60.0 / LN2, rtol=1e-6)
    assert "an effective half-life of 60 h" in log.remarks[1]
    chosen = integrated(images, "haenscheid", single_time_point_h=30.0)
    assert chosen.scan_h == 24.0
    np.testing.assert_allclose(chosen.tia, 2.0**-0.4 * 48.0 / LN2, rtol=1e-6)
    alone = integrated(images[1:2], "madsen", hours=[24.0], effective_half_life_h=60.0)
    np.testing.assert_allclose(alone.tia, 60.0 / LN2, rtol=1e-6)


@pytest.mark.parametrize("name", INTEGRATIONS)
def test_every_entry_names_what_is_there(name):
    """An integration is its file, its entry and its test: this loads what the entry names."""
    entry = INTEGRATIONS[name]
    assert entry.name == name
    assert entry.label
    assert entry.help.endswith(".")
    package = "LuDosimetryLib.activity"
    function = signature(loaded(package, entry.function))
    kinds = [parameter.annotation for parameter in function.parameters.values()]
    assert (kinds, function.return_annotation) == ([IntegrationProblem, Log], TimeIntegral)
    if entry.check:
        kinds = [p.annotation for p in signature(loaded(package, entry.check)).parameters.values()]
        assert kinds == [IntegrationProblem, TimeIntegral, Mapping[str, VoiCurve], Log]
    assert entry.voi_model is None or entry.voi_model in MODELS.values()
    assert entry.model_number is None or MODELS[entry.model_number] == name


def test_numbers_of_models_stay_as_they_are_in_files():
    in_files = ["no activity", "trapezoid", "mono-exponential", "bi-exponential"]
    in_files += ["two-phase washout", "haenscheid", "madsen"]
    assert [MODELS[number] for number in range(7)] == in_files
    assert len(set(MODELS.values())) == len(MODELS)


@pytest.mark.parametrize("integration", INTEGRATIONS)
def test_what_is_integrated_is_checked_against_its_curves(integration):
    """Washout of 30 h in a liver: what each integration has to say of it."""
    liver = {"liver": np.ones(SHAPE, bool)}
    log = Log()
    asked = problem(scans(30.0), integration, liver, tail="physical")
    _, curves = integrated_and_checked(asked, log)
    # the Bayesian curve leans a little towards what is usual
    rel = 0.03 if integration == "bayesian" else 1e-4
    assert curves["liver"].effective_half_life_h == pytest.approx(30.0, rel=rel)
    remarks = " ".join(log.remarks)
    assert ("differs from the fitted curve in 'liver'" in remarks) == (integration == "trapezoid")
    assert ("outside 0.75 to 2.5 effective half-lives" in remarks) == (integration == "haenscheid")


def test_haenscheid_asks_for_a_scan_where_the_nuclide_has_no_window():
    other = replace(LU177, name="X-1", haenscheid_window_h=None)
    with pytest.raises(InvalidInput, match=r"not known for X-1; give single_time_point_h"):
        integrated(scans(), "haenscheid", nuclide=other)
    chosen = integrated(scans(), "haenscheid", nuclide=other, single_time_point_h=50.0)
    assert chosen.scan_h == 48.0
    alone = integrated(scans()[1:2], "haenscheid", hours=[24.0], nuclide=other)
    assert alone.scan_h == 24.0


@pytest.mark.parametrize("integration", INTEGRATIONS)
def test_voxels_without_activity_have_none(integration):
    images = scans(HALVES)
    for image in images:
        image[2:4] = 0.0
    vois = {"part": np.zeros(SHAPE, bool)}
    vois["part"][1:4] = True
    result = integrated(images, integration, vois)
    assert not result.tia[2:4].any()
    assert np.isfinite(result.tia).all()
    assert (result.tia[:2] > 0.0).all()
    if result.model is not None:
        assert not result.model[2:4].any()
        assert result.model[:2].all()


@pytest.mark.parametrize("integration", ["mono-exponential", "bi-exponential", "hybrid"])
def test_where_a_fit_fails_the_trapezoid_takes_its_place_and_the_map_says_so(integration):
    images = scans(HALVES)
    for n, image in enumerate(images):
        image[0, 0] = 1e5 * (n + 1)  # rises
        image[0, 1] = 1e5 if n == 0 else 0.0  # a single scan
    log = Log()
    result = integrated(images, integration, log=log)
    failed = result.model == NUMBER["trapezoid"]
    expected = np.zeros(SHAPE, bool)
    expected[0, :2] = True
    np.testing.assert_array_equal(failed, expected)
    by_trapezoid = trapezoid_tia(HOURS, images, DECAY, "physical")
    np.testing.assert_array_equal(result.tia[failed], by_trapezoid[failed])
    assert "does not describe 2.8 % of the voxels with activity" in log.remarks[0]
    assert "tia_model.nrrd" in log.remarks[0]


def test_hybrid_takes_the_curve_of_the_volume_and_the_voxels_own_elsewhere():
    rng = np.random.default_rng(2)
    images = [(3e4 * rng.poisson(image / 3e4)).astype(np.float32) for image in scans(60.0)]
    voi = np.zeros(SHAPE, bool)
    voi[:4] = True
    hybrid = integrated(images, "hybrid", {"organ": voi})
    own = integrated(images, "bi-exponential")
    assert set(hybrid.model[voi]) <= {0, NUMBER["mono-exponential"]}
    np.testing.assert_array_equal(hybrid.tia[~voi], own.tia[~voi])
    assert hybrid.tia[voi].std() < 0.6 * own.tia[voi].std()
    assert hybrid.tia[voi].mean() == pytest.approx(60.0 / LN2, rel=0.03)


def test_hybrid_fits_no_uptake_where_the_first_scan_is_late():
    late = integrated(scans(HALVES)[1:], "hybrid", hours=HOURS[1:])
    assert (late.model == NUMBER["mono-exponential"]).all()
    np.testing.assert_allclose(late.tia, HALVES / LN2, rtol=1e-5)


def test_cancelling_stops_the_fits():
    def cancel(fraction: float, message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        integrated(scans(), "bi-exponential", log=Log(cancel))


needs_series = pytest.mark.skipif(
    not SERIES.is_dir(), reason="needs the SPECT series of shared/data"
)
SERIES_HOURS = [4.0, 24.0, 48.0, 168.0]


@pytest.fixture(scope="module")
def series() -> list[np.ndarray]:
    """A patient's SPECT, each scan in an unknown unit of its own."""
    paths = [SERIES / f"SPECT-{int(t):03d}H_reg.nii.gz" for t in SERIES_HOURS]
    return [np.asarray(read_volume(path, "SPECT").values) for path in paths]


@pytest.fixture(scope="module")
def scaled(series) -> list[np.ndarray]:
    """
    The series with a course that is made up: the whole body washes out with 45 h.

    What remains is the patient's: how the parts of the body differ, and how noisy voxels are.
    """
    return [
        (scan * (1e9 * 2.0 ** (-t / 45.0) / scan.sum(dtype=float))).astype(np.float32)
        for scan, t in zip(series, SERIES_HOURS, strict=True)
    ]


@needs_series
def test_units_that_differ_between_scans_are_remarked(series):
    body = {"body": sum(series) > 0.0}
    asked, log = problem(series, "trapezoid", body, SERIES_HOURS), Log()
    curves = voi_curves(asked)
    check_time_course(asked, curves, log)
    assert curves["body"].model == "trapezoid"
    assert "the activity in the field of view rises by 286 % from 4 to 24 h" in log.remarks[0]
    assert "units and calibration" in log.remarks[0]


@needs_series
@pytest.mark.parametrize("integration", ["mono-exponential", "bi-exponential", "hybrid"])
def test_fits_of_noisy_voxels_add_up_to_the_whole(scaled, integration):
    hot = sum(scaled) > 0.15 * float(sum(scaled).max())
    result = integrated(scaled, integration, {"hot": hot}, SERIES_HOURS)
    total_MBq_h = float(result.tia.sum(dtype=float))
    assert total_MBq_h == pytest.approx(1e3 * 45.0 / LN2, rel=0.06)
    by_trapezoid = trapezoid_tia(SERIES_HOURS, scaled, DECAY, "physical")
    assert float(by_trapezoid.sum(dtype=float)) > 1.2 * total_MBq_h
