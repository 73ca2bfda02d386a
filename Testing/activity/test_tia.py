from pathlib import Path

import numpy as np
import pytest

from LuDosimetryLib.activity.tia import MODELS, TimeIntegral, time_integrated_activity
from LuDosimetryLib.activity.time_course import check_time_course, voi_curves
from LuDosimetryLib.activity.trapezoid import trapezoid_tia
from LuDosimetryLib.base.errors import Cancelled
from LuDosimetryLib.case.options import INTEGRATIONS, Options
from LuDosimetryLib.image.volume import read_volume
from LuDosimetryLib.tissue.nuclide import read_nuclide

DECAY = read_nuclide("Lu-177").decay_constant_per_h
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


def integrated(
    images, integration: str, vois=None, hours=HOURS, warnings=None, **options
) -> TimeIntegral:
    if integration == "madsen":
        options.setdefault("effective_half_life_h", 60.0)
    asked = Options(integration=integration, **options)
    told = [] if warnings is None else warnings
    return time_integrated_activity(
        hours, images, vois or {}, asked, DECAY, 0.05, told, lambda fraction, message: None
    )


HALVES = np.linspace(20.0, 150.0, 720).reshape(SHAPE)


def test_the_trapezoid_is_untouched():
    rng = np.random.default_rng(1)
    images = [rng.uniform(0, 1e5, SHAPE).astype(np.float32) for _ in HOURS]
    for tail in ("physical", "effective"):
        result = integrated(images, "trapezoid", tail=tail)
        np.testing.assert_array_equal(result.tia, trapezoid_tia(HOURS, images, DECAY, tail))
        assert result.model is None


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
    warnings: list[str] = []
    result = integrated(images, "haenscheid", warnings=warnings)
    expected = 2.0**-2 * 2.0 * 120.0 / LN2
    np.testing.assert_allclose(result.tia, expected, rtol=1e-6)
    assert result.scan_h == 120.0
    assert "uses a single scan, that at 120 h" in warnings[0]
    assert "effective half-lives of 48 to 160 h" in warnings[1]
    warnings.clear()
    result = integrated(images, "madsen", warnings=warnings)
    np.testing.assert_allclose(result.tia, 60.0 / LN2, rtol=1e-6)
    assert "an effective half-life of 60 h" in warnings[1]
    chosen = integrated(images, "haenscheid", single_time_point_h=30.0)
    assert chosen.scan_h == 24.0
    np.testing.assert_allclose(chosen.tia, 2.0**-0.4 * 48.0 / LN2, rtol=1e-6)
    alone = integrated(images[1:2], "madsen", hours=[24.0], effective_half_life_h=60.0)
    np.testing.assert_allclose(alone.tia, 60.0 / LN2, rtol=1e-6)


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
    warnings: list[str] = []
    result = integrated(images, integration, warnings=warnings)
    failed = result.model == NUMBER["trapezoid"]
    expected = np.zeros(SHAPE, bool)
    expected[0, :2] = True
    np.testing.assert_array_equal(failed, expected)
    by_trapezoid = trapezoid_tia(HOURS, images, DECAY, "physical")
    np.testing.assert_array_equal(result.tia[failed], by_trapezoid[failed])
    assert "does not describe 2.8 % of the voxels with activity" in warnings[0]
    assert "tia_model.nrrd" in warnings[0]


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
        time_integrated_activity(
            HOURS, scans(), {}, Options(integration="bi-exponential"), DECAY, 0.05, [], cancel
        )


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
def test_units_that_differ_from_scan_to_scan_are_told(series):
    body = {"body": sum(series) > 0.0}
    curves = voi_curves(SERIES_HOURS, series, body, DECAY, "physical", 0.7, "trapezoid")
    warnings: list[str] = []
    check_time_course(SERIES_HOURS, series, curves, "trapezoid", warnings)
    assert curves["body"].model == "trapezoid"
    assert "the activity in the field of view rises by 286 % from 4 to 24 h" in warnings[0]
    assert "units and calibration" in warnings[0]


@needs_series
@pytest.mark.parametrize("integration", ["mono-exponential", "bi-exponential", "hybrid"])
def test_fits_of_noisy_voxels_add_up_to_the_whole(scaled, integration):
    hot = sum(scaled) > 0.15 * float(sum(scaled).max())
    result = integrated(scaled, integration, {"hot": hot}, SERIES_HOURS)
    total_MBq_h = float(result.tia.sum(dtype=float))
    assert total_MBq_h == pytest.approx(1e3 * 45.0 / LN2, rel=0.06)
    by_trapezoid = trapezoid_tia(SERIES_HOURS, scaled, DECAY, "physical")
    assert float(by_trapezoid.sum(dtype=float)) > 1.2 * total_MBq_h
