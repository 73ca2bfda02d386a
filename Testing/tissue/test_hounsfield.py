"""CTs that are in HU, and CTs that are not: refused where that is plain, else warned of."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from LuDosimetryLib import InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.image.volume import read_volume
from LuDosimetryLib.tissue.hounsfield import check_hounsfield

from ..support.closed_form import CT, hounsfield

SHARED = Path(__file__).parents[3] / "shared" / "data"
REAL = sorted(
    [p for p in SHARED.glob("*/*.nii.gz") if "ct" in p.name.split(".")[0].split("_")]
    + [p for p in [SHARED / "ct_dicom"] if p.is_dir()]
)
Change = Callable[[np.ndarray], np.ndarray]


def noisy(hu: np.ndarray, sd: float = 15.0) -> np.ndarray:
    return hu + np.random.default_rng(1).normal(0.0, sd, hu.shape)


def with_fat() -> np.ndarray:
    """The closed-form patient with a layer of fat and a spine, as every CT has."""
    hu = hounsfield(CT)
    inner = hounsfield(CT)[:, 3:-3, 3:-3]
    body = hu > -900.0
    shrunk = np.pad(inner > -900.0, ((0, 0), (3, 3), (3, 3)))
    for axis in (1, 2):
        for way in (-2, 2):
            shrunk = shrunk & np.roll(body, way, axis)
    hu[body & ~shrunk] = -100.0
    hu[:, 24:27, 23:26][hu[:, 24:27, 23:26] > -900.0] = 300.0
    return noisy(hu, 20.0)


def verdict(hu: np.ndarray) -> str:
    log = Log()
    try:
        check_hounsfield(np.asarray(hu, np.float32), "CT: ct.nrrd", log)
    except InvalidInput as error:
        return "refused" if str(error).startswith("CT: ct.nrrd ") else str(error)
    return "warned" if log.remarks else "right"


WRONG: dict[str, tuple[Change, str]] = {
    "offset 1000": (lambda hu: hu + 1000.0, "refused"),
    "offset 1024, noise": (lambda hu: noisy(hu) + 1024.0, "refused"),
    "offset 1000, no negative value": (lambda hu: np.clip(noisy(hu) + 1000.0, 0, None), "refused"),
    "kg/m3": (lambda hu: np.clip(hu + 1000.0, 1.2, None), "refused"),
    "window, 8 bits": (lambda hu: np.rint(np.clip((hu + 160.0) * 255 / 400, 0, 255)), "refused"),
    "window, HU": (lambda hu: np.clip(hu, -160.0, 240.0), "refused"),
    "cut off at 0": (lambda hu: np.clip(hu, 0.0, None), "refused"),
    "times 10": (lambda hu: np.clip(hu, -1000, 3000) * 10.0, "refused"),
    "over 1000": (lambda hu: hu / 1000.0, "refused"),
    "over 1000, noise": (lambda hu: noisy(hu) / 1000.0, "refused"),
    "zero": (lambda hu: hu * 0.0, "refused"),
    "negative": (lambda hu: -hu, "refused"),
    "1/cm": (lambda hu: 0.15 * (1.0 + hu / 1000.0), "refused"),
    "other even value": (lambda hu: hu * 0.0 + 40.0, "warned"),
    "over 10": (lambda hu: hu / 10.0, "warned"),
    "offset 200": (lambda hu: hu + 200.0, "warned"),
    "lung window, 8 bits": (
        lambda hu: np.rint(np.clip((hu + 1350.0) * 255 / 1500, 0, 255)),
        "warned",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("patient", [with_fat, lambda: hounsfield(CT)], ids=["noisy", "even"])
def test_what_is_not_in_hounsfield_units_is_refused_or_warned_of(patient, kind):
    change, expected = WRONG[kind]
    found = verdict(change(patient()))
    assert found != "right"
    if patient is with_fat:
        assert found == expected


RIGHT: dict[str, tuple[Change, tuple[str, ...]]] = {
    "as it is": (lambda hu: hu, ("right",)),
    "noise": (lambda hu: noisy(hu, 40.0), ("right",)),
    "the upper third": (lambda hu: hu[-(hu.shape[0] // 3) :], ("right", "warned")),
    "the lower third": (lambda hu: hu[: hu.shape[0] // 3], ("right", "warned")),
    "the middle": (
        lambda hu: hu[tuple(slice(n // 3, n - n // 3) for n in hu.shape)],
        ("right", "warned"),
    ),
    "the middle, hardly air": (
        lambda hu: hu[tuple(slice(2 * n // 5, n - 2 * n // 5) for n in hu.shape)],
        ("right", "warned"),
    ),
}


@pytest.mark.parametrize("kind", RIGHT)
@pytest.mark.parametrize("patient", [with_fat, lambda: hounsfield(CT)], ids=["noisy", "even"])
def test_what_is_in_hounsfield_units_is_not_refused(patient, kind):
    change, allowed = RIGHT[kind]
    assert verdict(change(patient())) in allowed


@pytest.mark.slow
@pytest.mark.parametrize("path", REAL, ids=[p.parent.name + "/" + p.name for p in REAL])
def test_scans_of_patients(path):
    hu = read_volume(path, "CT").values
    for change, allowed in RIGHT.values():
        assert verdict(change(hu)) in allowed
    for kind, (change, expected) in WRONG.items():
        found = verdict(change(hu))
        # 200 HU higher, the fat of a stout patient lies where soft tissue does
        assert found != "right" or kind == "offset 200", kind
        if expected == "refused":
            assert found in ("refused", "warned"), kind


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([24, 1064, 1100, 1500], "offset of 1000 or 1024"),
        ([0, 1000, 1024, 1090], "offset of 1000 or 1024"),
        ([0.0, 0.26, 1.0, 1.9], "map of density"),
        ([-1.0, 0.04, 0.06], "divided by 1000"),
        ([-30000, 40], "from -30000 to 40"),
        ([-1000, 65535], "from -1000 to 65535"),
        ([0, 0, 0], "0 everywhere"),
        ([-10000, 400, 500], "0 % is fat or soft tissue"),
        ([-2000, -1990, -1400, 80], "less than air"),
        ([-160, -160, 40, 60], "display window"),
    ],
)
def test_what_the_refusal_says(values, said):
    with pytest.raises(InvalidInput, match=said):
        check_hounsfield(np.array(values * 9, np.float32), "CT: ct.nrrd", Log())


@pytest.mark.parametrize("values", [[-1000, 40, 1500], [0, 20, 90], [-3024, 100], [40, 40]])
def test_what_may_be_in_hounsfield_units(values):
    check_hounsfield(np.array(values, np.float32), "CT", Log())
