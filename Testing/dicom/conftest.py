"""A DICOM study of the small case, written in the ways that scanners write."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pydicom")

from LuDosimetryLib import Case, run_case
from LuDosimetryLib.base.errors import DONE, INVALID, InvalidInput
from LuDosimetryLib.commands.main import main
from LuDosimetryLib.dicom.case_import import import_case
from LuDosimetryLib.dicom.scan_list import ScanList, read_scan_list
from LuDosimetryLib.dicom.supplement import supplement_from_dict
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import read_volume

from .region_writer import RegionWriter
from .study_writer import SECRETS
from .tiny_study import SPECT, TinyStudy, activity


class SmallStudy(RegionWriter):
    """The small case as DICOM."""

    def __init__(self, folder: Path, case: Any, syntax: str = "explicit") -> None:
        super().__init__(folder, syntax)
        self.case = case
        self.hours = [point["hours"] for point in case.data["time_points"]]
        names = case.data["segmentation"]["labels"]
        self.names = {int(value): name for value, name in names.items()}

    def volume(self, name: str) -> tuple[np.ndarray, Grid]:
        volume = read_volume(self.case.folder / name, name)
        return volume.values.astype(np.float64), volume.grid

    def nm_scans(self, **options: Any) -> list[Path]:
        return [
            self.nm(f"nm{n}.dcm", *self.volume(f"spect_{n}.nrrd"), hours, **options)
            for n, hours in enumerate(self.hours, start=1)
        ]

    def pt_scans(self, **options: Any) -> list[list[Path]]:
        return [
            self.pt(f"pt{n}", *self.volume(f"spect_{n}.nrrd"), hours, **options)
            for n, hours in enumerate(self.hours, start=1)
        ]

    def anatomy(self, ct_syntax: str | None = None, contours: bool = False) -> None:
        """CT and volumes of interest; the same ones are written once for all tests."""
        hu, labels = self.volume("ct.nrrd"), self.volume("organs.nrrd")
        told = (self.syntax, ct_syntax, contours, self.zone, self.study_uid, self.frame_uid)
        key = (*told, self.injected, *(v.tobytes() for v, _ in (hu, labels)), hu[1], labels[1])
        if key not in _ANATOMIES:
            before = set(self.folder.rglob("*"))
            self._write_anatomy(hu, labels, ct_syntax, contours)
            written = sorted(p for p in set(self.folder.rglob("*")) - before if p.is_file())
            _ANATOMIES[key] = {p.relative_to(self.folder): p.read_bytes() for p in written}
        for name, content in _ANATOMIES[key].items():
            (self.folder / name).parent.mkdir(exist_ok=True, parents=True)
            (self.folder / name).write_bytes(content)

    def _write_anatomy(
        self,
        hu: tuple[np.ndarray, Grid],
        labels: tuple[np.ndarray, Grid],
        ct_syntax: str | None,
        contours: bool,
    ) -> None:
        uid = self.ct("ct", *hu, syntax=ct_syntax)
        values, grid = labels
        if contours:
            self.rtstruct("organs.dcm", values, self.names, grid, uid)
        else:
            self.seg("organs.dcm", values, self.names, grid)


_ANATOMIES: dict[Any, dict[Path, bytes]] = {}
_EXPECTED: dict[Any, dict[str, float]] = {}


@pytest.fixture
def study(case_folder, tmp_path):
    case_folder.change("administered_activity_MBq", to=None)
    return SmallStudy(tmp_path / "dicom", case_folder)


def remarks_of(case: Path) -> str:
    """What an import assumed."""
    return " ".join(json.loads((case.parent / "dicom.json").read_text(encoding="utf-8"))["remarks"])


def organ_doses(organs: Any) -> dict[str, float]:
    return {organ.name: organ.mean_dose_Gy for organ in organs}


@pytest.fixture
def imported(tmp_path):
    """Import a study and give its case.json."""

    def run(folder: Path, supply: dict | None = None, *more: str) -> Path:
        arguments = ["dicom-import", str(folder), "-o", str(tmp_path / "imported"), *more]
        if supply is not None:
            (tmp_path / "supply.json").write_text(json.dumps(supply), encoding="utf-8")
            arguments += ["--supply", str(tmp_path / "supply.json")]
        assert main(arguments) == DONE
        return tmp_path / "imported" / "case.json"

    return run


@pytest.fixture
def refused_import(tmp_path, capfd):
    """Import a study, which must be refused in one sentence with nothing written; the sentence."""

    def run(folder: Path, supply: dict | None = None) -> str:
        arguments = ["dicom-import", str(folder), "-o", str(tmp_path / "imported")]
        if supply is not None:
            (tmp_path / "supply.json").write_text(json.dumps(supply), encoding="utf-8")
            arguments += ["--supply", str(tmp_path / "supply.json")]
        capfd.readouterr()
        code = main(arguments)
        said = capfd.readouterr()
        assert (code, said.out) == (INVALID, ""), said.err
        assert said.err.startswith("ludosimetry: ")
        assert said.err.count("\n") == 1
        assert "Traceback" not in said.err
        assert not (tmp_path / "imported").exists()
        assert not any(secret in said.err for secret in SECRETS)
        return said.err

    return run


@pytest.fixture
def same_doses(case_folder, tmp_path, record_property):
    """Calculate an imported case: organ doses within 0.1 % of those of the NRRD case."""

    def check(case: Path, *, written: bool = False) -> Path:
        """With the result folder, from the shell's command, if it is needed."""
        content = json.loads(case.read_text(encoding="utf-8"))
        content["options"] |= {
            "dose_method": "local",
            "integration": "trapezoid",
            "registration": "none",
        }
        case.write_text(json.dumps(content), encoding="utf-8")
        key = tuple(case_folder.hashes().values())
        if key not in _EXPECTED:
            _EXPECTED[key] = organ_doses(run_case(Case.read(case_folder.file)).organs)
        expected = _EXPECTED[key]
        if written:
            assert main(["run", str(case), "-o", str(tmp_path / "result")]) == DONE
        found = organ_doses(run_case(Case.read(case)).organs)
        off = max(abs(found[name] / dose - 1.0) for name, dose in expected.items())
        record_property("largest deviation of an organ dose [%]", 100.0 * off)
        assert found == pytest.approx(expected, rel=1e-3)
        return tmp_path / "result"

    return check


class Imported:
    """What an import made of a study."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.case = json.loads((folder / "case.json").read_text(encoding="utf-8"))
        self.list: ScanList = read_scan_list(folder / "import.json")
        self.remarks = " ".join(self.list.remarks)

    @property
    def hours(self) -> list[float]:
        return [round(point["hours"], 3) for point in self.case["time_points"]]

    @property
    def registration(self) -> str:
        return self.case["options"]["registration"]

    @property
    def cts(self) -> list[str | None]:
        """Description of each scan's CT, else its number."""
        return [scan.ct and (scan.ct.description or scan.ct.number) for scan in self.list.scans]

    def scan(self, n: int) -> np.ndarray:
        return read_volume(self.folder / self.case["time_points"][n]["spect"], "").values

    def organ_mL(self) -> float:
        volume = read_volume(self.folder / "organs.seg.nrrd", "")
        return float((volume.values > 0).sum()) * volume.grid.voxel_volume_mL

    def check_scans(self, *hours: float) -> None:
        """Each scan is where and when it was, with the activity that it showed."""
        assert self.hours == pytest.approx(list(hours), abs=2e-3)
        for n, hour in enumerate(hours):
            expected = activity(hour)
            assert np.abs(self.scan(n) - expected).max() < 2e-3 * expected.max(), n
            path = self.folder / self.case["time_points"][n]["spect"]
            assert read_volume(path, "").grid.same_as(SPECT)


@pytest.fixture
def tiny(tmp_path):
    return TinyStudy(tmp_path / "dicom")


@pytest.fixture
def took(tmp_path):
    """Import a study."""

    def run(study: TinyStudy, supply: dict | None = None, **options: Any) -> Imported:
        supplement = supplement_from_dict(supply or {})
        return Imported(import_case(study.folder, tmp_path / "case", supplement, **options).parent)

    return run


@pytest.fixture
def refused(tmp_path):
    """Import a study that must be refused, with nothing written; the sentence."""

    def run(study: TinyStudy, supply: dict | None = None) -> str:
        shutil.rmtree(tmp_path / "case", ignore_errors=True)
        with pytest.raises(InvalidInput) as error:
            import_case(study.folder, tmp_path / "case", supplement_from_dict(supply or {}))
        assert not (tmp_path / "case").exists()
        message = str(error.value)
        assert "\n" not in message
        assert not any(secret in message for secret in SECRETS)
        return message

    return run
