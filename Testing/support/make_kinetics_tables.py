"""
Bias and spread of every integration of activity over time, on noisy scans of known kinetics.

``.venv/bin/python Testing/support/make_kinetics_tables.py`` writes ``kinetics.csv`` and ``kinetics.md`` to
``Resources/Validation``; it takes some minutes.
"""

import csv
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np

from LuDosimetryLib.activity.curve_fit import fit_curve
from LuDosimetryLib.activity.integration import IntegrationProblem
from LuDosimetryLib.activity.tia import time_integrated_activity
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.case.integrations import INTEGRATIONS
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.tissue.nuclide import read_nuclide

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "Resources" / "Validation"
LU177 = read_nuclide("Lu-177")
DECAY_PER_H = LU177.decay_constant_per_h
LN2 = log(2.0)

VOLUME_SCATTER = 0.05
"""Standard deviation of a scan of a whole volume, as a part of its activity."""
VOXEL_COUNTS = 200.0
"""Expected counts of a voxel in the scan with most activity."""
MADSEN_HALF_LIFE_H = 50.0
VOLUME_DRAWS, VOXEL_DRAWS = 400, 20_000

SCANS: tuple[tuple[float, ...], ...] = (
    (24.0, 120.0),
    (4.0, 24.0, 120.0),
    (4.0, 24.0, 72.0, 168.0),
    (4.0, 24.0, 48.0, 96.0, 168.0),
)


@dataclass(frozen=True)
class Kinetics:
    """Activity over time: exponential terms, amplitude and half-life [h] of each."""

    name: str
    terms: tuple[tuple[float, float], ...]

    def at(self, hours: Sequence[float]) -> np.ndarray:
        """Activity."""
        t = np.array(hours)
        return np.asarray(sum(a * 2.0 ** (-t / half_life) for a, half_life in self.terms))

    @property
    def tia(self) -> float:
        """Its integral from administration on [h]."""
        return sum(a * half_life / LN2 for a, half_life in self.terms)


KINETICS = (
    Kinetics("fast washout, 25 h", ((1.0, 25.0),)),
    Kinetics("washout, 50 h", ((1.0, 50.0),)),
    Kinetics("slow washout, 120 h", ((1.0, 120.0),)),
    Kinetics("uptake 8 h, washout 88 h", ((1.0, 88.0), (-1.0, 8.0))),
    Kinetics("two phases, 10 h and decay", ((0.6, 10.0), (0.4, LN2 / DECAY_PER_H))),
)

WAYS: dict[str, dict[str, object]] = {
    "trapezoid": {"integration": "trapezoid"},
    "trapezoid, effective tail": {"integration": "trapezoid", "tail": "effective"},
    "mono-exponential": {"integration": "mono-exponential"},
    "bi-exponential": {"integration": "bi-exponential"},
    "hybrid": {"integration": "hybrid"},
    "haenscheid": {"integration": "haenscheid"},
    "madsen, 50 h": {
        "integration": "madsen",
        "effective_half_life_h": MADSEN_HALF_LIFE_H,
    },
}
"""Options by the name of a column."""

Row = dict[str, tuple[float, float]]
"""Bias and standard deviation [%] by the name of a column."""


def of_volumes(kinetics: Kinetics, hours: Sequence[float], draws: int, seed: int) -> Row:
    """
    A volume of interest at a time, each scan off by `VOLUME_SCATTER`.

    The curve that is fitted to a volume is that of its own model for mono- and bi-exponential, and
    of the one chosen by the corrected Akaike criterion for hybrid.
    """
    rng = np.random.default_rng(seed)
    scans = kinetics.at(hours) * np.exp(VOLUME_SCATTER * rng.standard_normal((draws, len(hours))))

    def fitted(wanted: str | None) -> np.ndarray:
        curves = (fit_curve("", hours, list(s), DECAY_PER_H, "physical", wanted) for s in scans)
        return np.array([curve.tia_MBq_h for curve in curves])

    found: dict[str, Callable[[], np.ndarray]] = {
        "mono-exponential": lambda: fitted("mono-exponential"),
        "bi-exponential": lambda: fitted("bi-exponential"),
        "hybrid": lambda: fitted(None),
    }
    return {
        way: _off(found[way]() if way in found else _integrated(way, hours, scans), kinetics)
        for way in _possible(hours)
    }


def of_voxels(kinetics: Kinetics, hours: Sequence[float], draws: int, seed: int) -> Row:
    """
    A volume of voxels alike, with the Poisson noise of counts that decay between scans.

    Bias and spread are those of single voxels. The trapezoid takes the place of a fit that fails.
    """
    rng = np.random.default_rng(seed)
    scale = VOXEL_COUNTS / kinetics.at(hours).max()
    counts = rng.poisson(scale * kinetics.at(hours), (draws, len(hours))).astype(float)
    return {
        way: _off(_integrated(way, hours, counts / scale), kinetics) for way in _possible(hours)
    }


def _possible(hours: Sequence[float]) -> list[str]:
    asked = {way: INTEGRATIONS[str(of["integration"])] for way, of in WAYS.items()}
    return [way for way in WAYS if asked[way].least_scans <= len(hours)]


def _integrated(way: str, hours: Sequence[float], scans: np.ndarray) -> np.ndarray:
    """Time-integrated activity of series of scans, shape (series, scans), in their unit times h."""
    images = [np.float32(1e6) * scan.astype(np.float32)[None, None] for scan in scans.T]
    vois = {"volume": np.ones(images[0].shape, bool)}
    options = Options(**WAYS[way])  # type: ignore[arg-type]
    asked = IntegrationProblem(hours, images, vois, options, LU177, 1.0)
    return np.asarray(time_integrated_activity(asked, Log()).tia[0, 0], float)


def _off(tia: np.ndarray, kinetics: Kinetics) -> tuple[float, float]:
    off = 100.0 * (tia / kinetics.tia - 1.0)
    return float(off.mean()), float(off.std(ddof=1))


def as_csv(tables: dict[str, dict[tuple[str, str], Row]]) -> str:
    """All rows of all tables."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["of", "kinetics", "scans_h", "integration", "bias_percent", "sd_percent"])
    for of, table in tables.items():
        for (kinetics, scans), row in table.items():
            for way, (bias, sd) in row.items():
                writer.writerow([of, kinetics, scans, way, f"{bias:.2f}", f"{sd:.2f}"])
    return text.getvalue()


def as_markdown(tables: dict[str, dict[tuple[str, str], Row]]) -> str:
    """The tables to read."""
    said = {
        "volumes": f"Whole volumes, every scan off by {100 * VOLUME_SCATTER:g} % at random ({VOLUME_DRAWS} draws). "
        "Mono- and bi-exponential: the curve of that model; hybrid: the model chosen by the corrected Akaike criterion.",
        "voxels": f"Single voxels, Poisson noise with {VOXEL_COUNTS:g} counts in the scan with most activity "
        f"({VOXEL_DRAWS} voxels). Hybrid: the curve of all of them, scaled to each.",
    }
    lines = [
        "# Integration of activity over time: bias and spread",
        "",
        "Time-integrated activity against that of the true kinetics: bias ± standard deviation in per cent. The trapezoid "
        "starts at no activity and ends with physical decay, as in Kim et al. 2022; it takes the place of a fit that fails. "
        f"Madsen's method is given {MADSEN_HALF_LIFE_H:g} h for all. Made by `Testing/support/make_kinetics_tables.py`.",
    ]
    for of, table in tables.items():
        lines += ["", f"## {of.capitalize()}", "", said[of], ""]
        lines.append("| kinetics | scans [h] | " + " | ".join(WAYS) + " |")
        lines.append("|---" * (2 + len(WAYS)) + "|")
        for (kinetics, scans), row in table.items():
            cells = (
                f"{row[way][0]:+.1f} ± {row[way][1]:.1f}".replace("-", "−") if way in row else "–"
                for way in WAYS
            )
            lines.append(f"| {kinetics} | {scans} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Make the tables."""
    tables: dict[str, dict[tuple[str, str], Row]] = {"volumes": {}, "voxels": {}}
    for number, kinetics in enumerate(KINETICS):
        for hours in SCANS:
            key = kinetics.name, ", ".join(f"{t:g}" for t in hours)
            tables["volumes"][key] = of_volumes(kinetics, hours, VOLUME_DRAWS, number)
            tables["voxels"][key] = of_voxels(kinetics, hours, VOXEL_DRAWS, number)
            print(*key, file=sys.stderr)
    (FOLDER / "kinetics.csv").write_text(as_csv(tables), encoding="utf-8")
    (FOLDER / "kinetics.md").write_text(as_markdown(tables), encoding="utf-8")


if __name__ == "__main__":
    main()
