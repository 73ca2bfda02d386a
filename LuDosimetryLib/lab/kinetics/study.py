"""
How far every integration is from known kinetics, and whether the stated uncertainty covers that.

``python -m LuDosimetryLib.lab.kinetics.study -o DIR`` writes ``kinetics.md``, beside the records of
each virtual patient and of the simulated volumes, from which a study that was stopped goes on; the
page of the documentation is in ``Resources/Validation``. It takes some minutes a patient.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ...activity.integration import IntegrationProblem
from ...activity.tia import integrated
from ...base.log import Log
from ...base.storage import write_atomically
from ...case.options import Options
from ...image.arrays import Array, Mask
from ...organs.uncertainty.curve import time_activity_percent
from ...tissue.nuclide import Nuclide, read_nuclide
from .record import Record, read_records, records_as_csv
from .scanned_phantom import SAMPLE, ScannedPhantom, scanned_phantom
from .tables import as_markdown
from .volumes import POPULATION, scanned_volumes
from .ways import SCHEDULES, WAYS, possible

__all__ = ["main", "of_phantom", "of_volumes", "scans_named"]

PATIENTS = (*(str(seed) for seed in range(1, 13)), SAMPLE)
LEAST_ML = 10.0
"""Volumes smaller than this are left out: their dose is one of recovery."""
WITHOUT_VOIS = "bayesian, no VOIs"
SCAN_ERROR = 0.05
"""Standard deviation of a scan of a simulated volume, as a part of its activity: that of the options."""
VOLUMES = 300


def scans_named(hours: Sequence[float]) -> str:
    """The times of scans as text."""
    return ", ".join(f"{t:g}" for t in hours)


def of_phantom(phantom: ScannedPhantom, hours: Sequence[float]) -> Iterator[Record]:
    """Every integration of some scans of a virtual patient, by the doses of its VOIs."""
    true_Gy = phantom.doses_Gy(phantom.true_tia)
    activity = [phantom.activity_Bq_mL[t] for t in hours]
    large = [name for name in true_Gy if phantom.volume_mL(name) >= LEAST_ML]
    voxel_mL = phantom.grid.voxel_volume_mL
    ways: dict[str, tuple[dict[str, object], Mapping[str, Mask]]] = {
        name: (WAYS[name], phantom.vois) for name in possible(hours)
    }
    ways[WITHOUT_VOIS] = WAYS["bayesian"], {}
    for way, (options, vois) in ways.items():
        tia, stated = _integrated(hours, activity, vois, options, phantom.nuclide, voxel_mL)
        found_Gy = phantom.doses_Gy(tia)
        if not vois:
            series = _series(hours, activity, phantom.vois, options, phantom.nuclide, voxel_mL)
            stated = time_activity_percent(series, tia, {})
        for name in large:
            error = 100.0 * (found_Gy[name] / true_Gy[name] - 1.0)
            yield Record(phantom.name, name, scans_named(hours), way, error, stated[name])


def of_volumes(tissue: str, hours: Sequence[float], seed: int) -> Iterator[Record]:
    """Every integration of simulated volumes of one voxel, whose scans err as the options say."""
    true, scans = scanned_volumes(tissue, hours, SCAN_ERROR, VOLUMES, seed)
    nuclide = read_nuclide("Lu-177")
    vois = {str(n): np.arange(VOLUMES)[None, None] == n for n in range(VOLUMES)}
    images = [1e6 * scan.astype(np.float32)[None, None] for scan in scans]
    for way in possible(hours):
        tia, stated = _integrated(hours, images, vois, WAYS[way], nuclide, 1.0)
        for n, name in enumerate(vois):
            error = 100.0 * (float(tia[0, 0, n]) / true[n] - 1.0)
            yield Record(tissue, name, scans_named(hours), way, error, stated[name])


def _integrated(
    hours: Sequence[float],
    activity: Sequence[Array],
    vois: Mapping[str, Mask],
    options: dict[str, object],
    nuclide: Nuclide,
    voxel_mL: float,
) -> tuple[Array, dict[str, float]]:
    """Time-integrated activity [MBq h/mL] and its standard uncertainty in each VOI [%]."""
    series = _series(hours, activity, vois, options, nuclide, voxel_mL)
    integral, curves = integrated(series, Log())
    return integral.tia, time_activity_percent(series, integral.tia, curves)


def _series(
    hours: Sequence[float],
    activity: Sequence[Array],
    vois: Mapping[str, Mask],
    options: dict[str, object],
    nuclide: Nuclide,
    voxel_mL: float,
) -> IntegrationProblem:
    return IntegrationProblem(hours, activity, vois, Options(**options), nuclide, voxel_mL)  # type: ignore[arg-type]


def main(arguments: list[str] | None = None) -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--patients", nargs="+", default=PATIENTS, help="seeds, or 'sample'")
    asked = parser.parse_args(arguments)
    asked.output.mkdir(parents=True, exist_ok=True)
    phantoms: list[Record] = []
    times = sorted({t for hours in SCHEDULES for t in hours})
    for name in asked.patients:
        file = asked.output / f"phantom_{name}.csv"
        if not file.exists():
            print(f"virtual patient {name}", file=sys.stderr)
            phantom = scanned_phantom(name, times, Log())
            _write(
                file, records_as_csv(r for hours in SCHEDULES for r in of_phantom(phantom, hours))
            )
        phantoms += read_records(file.read_text(encoding="utf-8"))
    file = asked.output / "volumes.csv"
    if not file.exists():
        print("simulated volumes", file=sys.stderr)
        records = (
            record
            for hours in SCHEDULES
            for n, tissue in enumerate(POPULATION)
            for record in of_volumes(tissue, hours, 100 * len(hours) + n)
        )
        _write(file, records_as_csv(records))
    volumes = read_records(file.read_text(encoding="utf-8"))
    _write(asked.output / "kinetics.md", as_markdown(phantoms, volumes))


def _write(path: Path, text: str) -> None:
    with write_atomically(path) as file:
        file.write(text.encode())


if __name__ == "__main__":
    main()
