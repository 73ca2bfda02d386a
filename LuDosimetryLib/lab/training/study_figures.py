"""The study's tables and figures as files: Table 1, Bland-Altman, error maps, profiles, correlation."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy import ndimage

from ...agreement.agreement import bland_altman
from ...agreement.error_map import relative_error_percent
from ...base.storage import staged
from ...image.arrays import Array
from ...report.canvas import legend, new_figure, png, style_axes
from ...report.figures import bland_altman_figure, profile_figure
from ...report.palette import INK, MUTED, method_colour
from ...report.result_pictures import profile_along
from ...report.scene import Scene
from ...report.slices import error_picture, noise_picture
from .dataset import Dataset
from .evaluation import METHODS, Evaluation
from .study import (
    GROUPS,
    PAPER_MAE_PERCENT,
    group_of,
    markdown_table,
    tables_of,
)

Rows = Sequence[Mapping[str, object]]

_PAPER_GROUPS = ("kidneys", "lumbar marrow", "liver", "spleen", "tumours")
_MAP_LIMIT_PERCENT = 7.5
_SHOWN_ABOVE = 0.005
_COMPARED = ("unet", "multi-vsv", "single-vsv")
_COLOURS = {"unet": 1, "multi-vsv": 2, "single-vsv": 3, "split-vsv": 4, "photon-transport": 5}
"""Numbers for `method_colour`, the same as in the other figures."""


def write_study(
    evaluations: Sequence[Evaluation],
    shown: Mapping[str, tuple[Dataset, dict[str, Array]]],
    folder: Path,
    title: str,
) -> None:
    """
    Write tables (CSV, JSON and Markdown) and figures (PNG).

    Parameters
    ----------
    evaluations : sequence of Evaluation
    shown : mapping of str to (Dataset, dict of str to ndarray)
        Volume of interest in whose middle error maps and a profile are shown, with the dataset and
        its doses by method [Gy].
    folder : Path
    title : str
    """
    tables = tables_of(evaluations)
    with staged(folder) as stage:
        for name, rows in tables.items():
            (stage / f"{name}.csv").write_text(_csv(rows), encoding="utf-8")
        text = json.dumps(tables, indent=1)
        (stage / "tables.json").write_text(text + "\n", encoding="utf-8")
        (stage / "tables.md").write_text(_markdown(title, tables), encoding="utf-8")
        (stage / "mean_absolute_error.png").write_bytes(error_bars(tables["organs"]))
        for name, methods in (("", _COMPARED), ("_unet", _COMPARED[:1])):
            content = _bland_altman(evaluations, methods)
            (stage / f"bland_altman{name}.png").write_bytes(content)
        for voi, (dataset, doses) in shown.items():
            name = voi.replace(" ", "_")
            for picture, content in _pictures(dataset, doses, voi).items():
                (stage / f"{picture}_{name}.png").write_bytes(content)


def error_bars(rows: Rows) -> bytes:
    """Mean absolute error of organ doses by method on a logarithmic axis, and Monte Carlo's own."""
    figure = new_figure(8.6, 4.2)
    axes = figure.add_subplot()
    methods = METHODS[1:]
    width = 0.8 / len(methods)
    for n, method in enumerate(methods):
        values = [float(str(row[f"{method} MAE [%]"])) for row in rows]
        at = np.arange(len(rows)) + (n - 0.5 * (len(methods) - 1)) * width
        axes.bar(at, values, 0.9 * width, color=method_colour(_COLOURS[method]), label=method)
        paper = PAPER_MAE_PERCENT.get(method)
        if paper is not None:
            groups = [str(row["volumes of interest"]) for row in rows]
            points = [
                (at[groups.index(g)], p)
                for g, p in zip(_PAPER_GROUPS, paper, strict=True)
                if g in groups
            ]
            axes.plot(
                [x for x, _ in points],
                [y for _, y in points],
                "_",
                color=INK,
                markersize=9,
                markeredgewidth=1.6,
                label="Kim et al. 2022" if method == "unet" else None,
            )
    for n, row in enumerate(rows):
        noise = float(str(row["Monte Carlo standard error [%]"]))
        axes.plot(
            [n - 0.45, n + 0.45],
            [noise] * 2,
            ":",
            color=MUTED,
            label="Monte Carlo standard error" if n == 0 else None,
        )
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xticks(np.arange(len(rows)), [str(row["volumes of interest"]) for row in rows])
    style_axes(axes, "", "Mean absolute error of the mean dose [%]")
    axes.grid(False, axis="x")
    legend(axes, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    figure.subplots_adjust(0.09, 0.08, 0.99, 0.85)
    return png(figure)


def _bland_altman(evaluations: Sequence[Evaluation], methods: Sequence[str]) -> bytes:
    organs: dict[str, dict[str, tuple[float, float]]] = {}
    for method in methods:
        organs[method] = {
            f"{n} {organ.organ}": (organ.by_method_Gy[method], organ.monte_carlo_Gy)
            for group in GROUPS
            if group not in ("lungs", "urinary bladder")
            for n, organ in enumerate(group_of(evaluations, group))
        }
    statistics = {
        method: bland_altman([100.0 * (d - r) / r for d, r in pairs.values()])
        for method, pairs in organs.items()
    }
    return bland_altman_figure(organs, statistics, "Monte Carlo", with_names=False)


def _pictures(dataset: Dataset, doses: dict[str, Array], voi: str) -> dict[str, bytes]:
    """
    Error maps of the multiple VSV and the network, Monte Carlo's noise, and a profile.

    The maps show means of 3x3x3 voxels by mass: single ones would show little but noise.
    """
    reported, reference = dataset.reported, dataset.dose
    mass = dataset.density * reported

    def mean(values: Array) -> Array:
        return np.asarray(ndimage.uniform_filter(values * mass, 3) / np.maximum(around, 1e-6))

    around = ndimage.uniform_filter(mass, 3)
    expected = mean(reference)
    middle = dataset.vois[voi] & reported
    scene = Scene.of(dataset.grid, np.where(middle, reference, np.float32(0.0)), reported)
    known = mean(doses["multi-vsv"])
    shown = reported & (known > _SHOWN_ABOVE * known.max())
    pictures = {
        f"error_{method}": error_picture(
            scene,
            relative_error_percent(mean(doses[method]), expected, 0.0),
            shown,
            dataset.density,
            f"{method} − Monte Carlo, 27 voxels [%]",
            limit=_MAP_LIMIT_PERCENT,
        )
        for method in ("multi-vsv", "unet")
    }
    variance = ndimage.uniform_filter((dataset.standard_error * mass) ** 2, 3) / 27.0
    error = np.sqrt(np.maximum(variance, 0.0)) / np.maximum(around, 1e-6)
    noise = np.zeros_like(reference)
    np.divide(100.0 * error, expected, out=noise, where=shown & (expected > 0.0))
    pictures["monte_carlo_noise"] = noise_picture(
        scene,
        noise,
        shown,
        dataset.density,
        "Monte Carlo standard error, 27 voxels [%]",
        _MAP_LIMIT_PERCENT,
    )
    lines = {"Monte Carlo": reference} | {m: doses[m] for m in _COMPARED}
    profile, _ = profile_along(scene, lines, dataset.density)
    pictures["profile"] = profile_figure(profile)
    return pictures


def _csv(rows: Rows) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows
    )
    return text.getvalue()


def _markdown(title: str, tables: Mapping[str, Rows]) -> str:
    text = [f"# {title}\n"]
    for name, rows in tables.items():
        text += [f"## {name}\n", *markdown_table(rows), ""]
    return "\n".join(text)
