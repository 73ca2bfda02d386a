"""Curves and scatter: dose-volume histograms, profiles, Bland-Altman, correlation; all PNG."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from ..agreement.agreement import LOW_DOSE_GY, BlandAltman
from ..image.arrays import Array
from ..organs.organ_dose import DoseVolumeHistograms
from .canvas import DPI, label, legend, new_figure, png, style_axes
from .palette import ACCENT, INK, MUTED, RULE, method_colour, organ_style

AGREEMENT_LINES_PERCENT = 5.0
"""Kim et al. 2022 draw +-5 % into their Bland-Altman plots."""

_MARKERS = "osD^vP"
_BINS = 140
_LEGEND_ROWS = 14
_NAME_WIDTH_PT, _NAME_HEIGHT_PT = 60.0, 10.0


def dvh_figure(dvh: DoseVolumeHistograms, places: Mapping[str, int]) -> bytes:
    """
    Plot cumulative dose-volume histograms.

    Parameters
    ----------
    dvh : DoseVolumeHistograms
    places : mapping of str to int
        Place of each volume of interest that is drawn, by name; it decides colour and line style.
    """
    columns = max(1, 1 + (len(places) - 1) // _LEGEND_ROWS)
    figure = new_figure(7.6 + 1.5 * columns, 4.2)
    axes = figure.add_subplot()
    seen = 0.0
    for name, place in places.items():
        volume = dvh.volume_percent[name]
        colour, dashes = organ_style(place)
        axes.plot(
            dvh.dose_Gy, volume, color=colour, linestyle=dashes, linewidth=1.8, label=label(name)
        )
        # a few hot voxels of one organ must not squeeze all curves
        above = np.flatnonzero(volume > 0.2)
        seen = max(seen, float(dvh.dose_Gy[above[-1]]) if above.size else 0.0)
    axes.set_xlim(0.0, 1.03 * seen if seen > 0.0 else 1.0)
    axes.set_ylim(0.0, 102.0)
    style_axes(axes, "Absorbed dose [Gy]", "Volume receiving at least the dose [%]")
    legend(axes, loc="upper left", bbox_to_anchor=(1.01, 1.0), ncols=columns, borderaxespad=0.0)
    figure.subplots_adjust(0.075, 0.12, 6.9 / (7.6 + 1.5 * columns), 0.97)
    return png(figure)


@dataclass(frozen=True)
class Profile:
    """
    Doses along a line.

    Attributes
    ----------
    distance_mm : ndarray, shape (n,)
    doses_Gy : dict of str to ndarray, shape (n,)
        The chosen method, or the reference, first.
    density_g_cm3 : ndarray, shape (n,), or None
    ends : str
        Patient directions at the start and the end, for example ``"RL"``.
    """

    distance_mm: NDArray[np.float64]
    doses_Gy: dict[str, Array]
    density_g_cm3: Array | None
    ends: str


def profile_figure(profile: Profile) -> bytes:
    """Plot dose along a line by every method, density behind it on a second axis."""
    figure = new_figure(8.6, 3.7)
    axes = figure.add_subplot()
    if profile.density_g_cm3 is not None:
        second = axes.twinx()
        second.fill_between(
            profile.distance_mm, profile.density_g_cm3, step="mid", color=RULE, alpha=0.6, lw=0
        )
        second.set_ylim(0.0, max(2.0, 1.1 * float(profile.density_g_cm3.max())))
        second.set_ylabel("Density [g/cm³]", fontsize=10, color=MUTED)
        second.tick_params(labelsize=9, colors=MUTED)
        for side in ("top", "left", "right", "bottom"):
            second.spines[side].set_visible(False)
        axes.set_zorder(second.get_zorder() + 1)
        axes.patch.set_visible(False)
    # the first method is drawn last, so that it lies on top
    for number, (name, dose) in reversed(list(enumerate(profile.doses_Gy.items()))):
        axes.plot(
            profile.distance_mm,
            dose,
            color=method_colour(number),
            linewidth=2.0 if number == 0 else 1.3,
            linestyle="-" if number == 0 else "--",
            label=label(name),
        )
    style_axes(axes, "Distance [mm]", "Absorbed dose [Gy]")
    axes.set_xlim(profile.distance_mm[0], profile.distance_mm[-1])
    axes.set_ylim(bottom=0.0)
    for x, letter in zip((0.0, 1.0), profile.ends, strict=True):
        axes.text(x, 1.02, letter, transform=axes.transAxes, ha="center", weight="bold", color=INK)
    handles, names = axes.get_legend_handles_labels()
    legend(
        axes,
        handles=handles[::-1],
        labels=names[::-1],
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=min(4, len(names)),
    )
    figure.subplots_adjust(0.08, 0.14, 0.92, 0.89)
    return png(figure)


def bland_altman_figure(
    organs: Mapping[str, Mapping[str, tuple[float, float]]],
    statistics: Mapping[str, BlandAltman],
    reference: str,
    *,
    with_names: bool = True,
    named: Collection[str] | None = None,
) -> bytes:
    """
    Plot relative differences of organ doses against the mean of both methods.

    Parameters
    ----------
    organs : mapping of str to mapping of str to (float, float)
        By method and organ: mean dose and reference mean dose [Gy], the latter above 0.
    statistics : mapping of str to BlandAltman
        Statistics of each method; bias and limits of agreement are drawn for a single method.
    reference : str
        Name of the reference.
    with_names : bool
        Whether points far off carry the organ's name.
    named : collection of str, optional
        Organs that may carry their name; all if not given.
    """
    figure = new_figure(8.6, 4.0)
    axes = figure.add_subplot()
    line = AGREEMENT_LINES_PERCENT
    axes.axhspan(-line, line, color=ACCENT, alpha=0.06, lw=0)
    for y in (-line, line):
        axes.axhline(y, color=ACCENT, linestyle="--", linewidth=1.0)
    axes.axhline(0.0, color=MUTED, linewidth=0.8)
    doses: list[float] = []
    texts: list[tuple[str, float, float, str]] = []
    for number, (method, pairs) in enumerate(organs.items()):
        dose, expected = np.array(list(pairs.values()), float).reshape(-1, 2).T
        mean, difference = 0.5 * (dose + expected), 100.0 * (dose - expected) / expected
        doses += mean.tolist()
        colour = method_colour(number + 1)
        axes.plot(
            mean,
            difference,
            _MARKERS[number % len(_MARKERS)],
            color=colour,
            markersize=6,
            markeredgecolor="white",
            label=label(method),
            zorder=2.5 - 0.01 * number,  # the first method on top
        )
        texts += [
            (label(name), x, y, colour)
            for name, x, y in zip(pairs, mean, difference, strict=True)
            if with_names
            and (named is None or name in named)
            and (len(organs) == 1 or abs(y) > line)
        ]
    if len(statistics) == 1:
        _limits_of_agreement(axes, next(iter(statistics.values())))
    positive = [x for x in doses if x > 0.0]
    if positive and max(positive) > 20.0 * min(positive):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.1, y=0.12)
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, -1.3 * line), max(high, 1.3 * line))
    style_axes(axes, f"Mean of both doses [Gy] ({reference} is the reference)", "Difference [%]")
    if len(organs) > 1:
        legend(axes, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)
    figure.subplots_adjust(0.085, 0.13, 0.83, 0.97)
    _name_points(axes, texts)
    return png(figure)


def _name_points(axes: Any, named: list[tuple[str, float, float, str]]) -> None:
    """Names at points (text, x, y, colour), each moved up until it is clear of those before."""
    placed: list[tuple[float, float]] = []
    points_per_pixel = 72.0 / DPI
    for name, x, y, colour in sorted(named, key=lambda entry: entry[2]):
        across, up = (float(v) * points_per_pixel for v in axes.transData.transform((x, y)))
        at = up + 4.0
        while any(
            abs(across - a) < _NAME_WIDTH_PT and abs(at - b) < _NAME_HEIGHT_PT for a, b in placed
        ):
            at += 1.0
        placed.append((across, at))
        axes.annotate(
            name, (x, y), (6, at - up), textcoords="offset points", fontsize=8, color=colour
        )


def _limits_of_agreement(axes: Any, statistics: BlandAltman) -> None:
    for value, name in (
        (statistics.bias_percent, "bias"),
        (statistics.lower_limit_percent, "−1.96 SD"),
        (statistics.upper_limit_percent, "+1.96 SD"),
    ):
        if np.isfinite(value):
            axes.axhline(value, color=INK, linewidth=1.0, linestyle="-" if name == "bias" else ":")
            axes.annotate(
                f"{name} {value:+.1f} %".replace("-", "−"),
                (1.01, value),
                xycoords=("axes fraction", "data"),
                fontsize=9,
                color=INK,
                va="center",
            )


def correlation_figure(dose: Array, reference: Array, names: tuple[str, str]) -> bytes:
    """
    Plot dose against reference, voxel by voxel: all, and those below 5 Gy.

    Parameters
    ----------
    dose, reference : ndarray, any shape
        [Gy]; voxels with a reference above 0 are shown.
    names : tuple of str
        Names of the dose and of the reference.
    """
    given = reference > 0.0
    dose, reference = dose[given], reference[given]
    greatest = float(max(reference.max(initial=0.0), dose.max(initial=0.0))) or 1.0
    ends = [greatest] if greatest <= LOW_DOSE_GY else [greatest, LOW_DOSE_GY]
    figure = new_figure(4.4 * len(ends) + 0.3, 4.0)
    for number, end in enumerate(ends):
        axes = figure.add_subplot(1, len(ends), number + 1)
        edges = np.linspace(0.0, end, _BINS + 1)
        inside = (reference <= end) & (dose >= 0.0) & (dose <= end)
        x = np.minimum((reference[inside] * (_BINS / end)).astype(np.intp), _BINS - 1)
        y = np.minimum((dose[inside] * (_BINS / end)).astype(np.intp), _BINS - 1)
        count = np.bincount(y * _BINS + x, minlength=_BINS * _BINS).reshape(_BINS, _BINS)
        image = axes.imshow(
            np.ma.masked_equal(count, 0),
            origin="lower",
            extent=(0.0, edges[-1], 0.0, edges[-1]),
            norm=LogNorm(1.0, max(10.0, float(count.max()))),
            cmap="viridis",
            interpolation="nearest",
        )
        axes.plot([0.0, end], [0.0, end], color="#e4572e", linewidth=1.0)
        style_axes(axes, f"{names[1]} [Gy]", f"{names[0]} [Gy]")
        axes.grid(False)
        title = "all voxels with dose" if number == 0 else f"below {LOW_DOSE_GY:g} Gy"
        axes.set_title(title, fontsize=10, color=INK)
        bar = figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03)
        bar.ax.tick_params(labelsize=8, labelcolor=INK)
        bar.outline.set_visible(False)
        bar.set_label("Voxels", fontsize=9, color=INK)
    figure.subplots_adjust(0.08, 0.12, 0.92, 0.93, wspace=0.45)
    return png(figure)
