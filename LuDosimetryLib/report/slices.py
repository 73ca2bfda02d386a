"""Three-plane pictures: density, activity, dose over density, and error maps."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patheffects import withStroke

from ..image.arrays import Array, Mask
from .canvas import new_figure, png
from .palette import INK, organ_style
from .scene import Scene

DENSITY_WINDOW_G_CM3 = (0.0, 1.6)

_WIDTH_INCH = 8.2
_HEIGHT_INCH = 4.6
_GAP_INCH = 0.08
_TITLE_INCH = 0.28
_BAR_INCH = 0.85
_SCALE_BAR_MM = 100.0
_ROUND = (1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0)
_OUTLINE = [withStroke(linewidth=1.5, foreground="black")]


def density_picture(
    scene: Scene, density: Array, vois: Mapping[str, Mask], places: Mapping[str, int]
) -> bytes:
    """
    CT density in grey, with the outlines of volumes of interest.

    Parameters
    ----------
    scene : Scene
    density : ndarray, shape (k, j, i)
        [g/cm3].
    vois : mapping of str to ndarray of bool
    places : mapping of str to int
        Place of each volume that is outlined, by name; it decides colour and line style.

    Returns
    -------
    bytes
        PNG.
    """
    panels = _Panels(scene, density)
    panels.draw(density, "gray", *DENSITY_WINDOW_G_CM3)
    for name, place in places.items():
        panels.outline(vois[name], place)
    panels.colour_bar("gray", *DENSITY_WINDOW_G_CM3, "Density [g/cm³]", "max")
    return panels.finish()


def activity_picture(scene: Scene, tia: Array) -> bytes:
    """Time-integrated activity [MBq h/mL], as PNG."""
    panels = _Panels(scene, tia)
    top, extend = _top(scene, tia)
    panels.draw(tia, "inferno", 0.0, top)
    panels.colour_bar("inferno", 0.0, top, "TIA [MBq h/mL]", extend)
    return panels.finish()


def dose_picture(scene: Scene, dose: Array, density: Array | None) -> bytes:
    """Dose [Gy] in colour over density in grey, more opaque where it is higher, as PNG."""
    panels = _Panels(scene, dose)
    top, extend = _top(scene, dose)
    if density is not None:
        panels.draw(density, "gray", *DENSITY_WINDOW_G_CM3)
    opacity = None if density is None else (0.05 * top, 0.3 * top)
    panels.draw(dose, "inferno", 0.0, top, opacity=opacity)
    panels.colour_bar("inferno", 0.0, top, "Dose [Gy]", extend)
    return panels.finish()


def error_picture(
    scene: Scene,
    error: Array,
    shown: Mask,
    density: Array | None,
    label: str,
    *,
    limit: float | None = None,
) -> bytes:
    """
    A signed error in red and blue about white.

    Parameters
    ----------
    scene : Scene
    error : ndarray, shape (k, j, i)
    shown : ndarray of bool, shape (k, j, i)
        Voxels that have an error; density, if known, is seen elsewhere.
    density : ndarray or None
        [g/cm3].
    label : str
        Label of the colour bar, with the unit.
    limit : float, optional
        End of the colour scale; by `error_limit` if not given.

    Returns
    -------
    bytes
        PNG.
    """
    panels = _Panels(scene, error)
    end = error_limit(error[shown]) if limit is None else limit
    if density is not None:
        panels.draw(density, "gray", *DENSITY_WINDOW_G_CM3)
    panels.draw(error, "RdBu_r", -end, end, shown=shown)
    panels.colour_bar("RdBu_r", -end, end, label, "both")
    return panels.finish()


def noise_picture(
    scene: Scene, noise: Array, shown: Mask, density: Array, label: str, limit: float
) -> bytes:
    """A standard error from white to dark up to a limit; parameters as of `error_picture`."""
    panels = _Panels(scene, noise)
    panels.draw(density, "gray", *DENSITY_WINDOW_G_CM3)
    panels.draw(noise, "Purples", 0.0, limit, shown=shown)
    panels.colour_bar("Purples", 0.0, limit, label, "max")
    return panels.finish()


def error_limit(error: Array, percent: float = 95.0) -> float:
    """A round end of a symmetric colour scale that a part [%] of the errors, any shape, lie within."""
    size = float(np.percentile(np.abs(error), percent)) if error.size else 0.0
    if size <= 0.0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(size))
    return float(next(n * power for n in _ROUND if n * power >= size))


def _top(scene: Scene, values: Array) -> tuple[float, str]:
    """End of a colour scale that a few noisy voxels do not set, and which ends are open."""
    part = scene.view(values)
    positive = part[part > 0.0]
    if not positive.size:
        return 1.0, "neither"
    top = float(np.percentile(positive, 99.95))
    return top, "max" if float(positive.max()) > 1.001 * top else "neither"


class _Panels:
    """Three axes side by side at one scale, with orientation letters."""

    def __init__(self, scene: Scene, like: Array) -> None:
        self._scene = scene
        self._planes = planes = scene.planes(like)
        sizes = [
            (p.values.shape[1] * p.spacing_mm[1], p.values.shape[0] * p.spacing_mm[0])
            for p in planes
        ]
        wide, high = sum(w for w, _ in sizes), max(h for _, h in sizes)
        inch = min((_WIDTH_INCH - 2 * _GAP_INCH) / wide, _HEIGHT_INCH / high)
        width = wide * inch + 2 * _GAP_INCH + _BAR_INCH
        height = high * inch + _TITLE_INCH
        self._figure = new_figure(width, height)
        self._axes = []
        left = 0.0
        for plane, (w, h) in zip(planes, sizes, strict=True):
            bottom = 0.5 * (high - h) * inch
            frame = (left / width, bottom / height, w * inch / width, h * inch / height)
            axes = self._figure.add_axes(frame, facecolor="black")
            axes.set_xticks([])
            axes.set_yticks([])
            for spine in axes.spines.values():
                spine.set_visible(False)
            axes.set_title(plane.name.capitalize(), fontsize=10, color=INK, pad=4)
            self._axes.append(axes)
            left += w * inch + _GAP_INCH
        bar_height = min(high * inch - 0.3, 2.6)
        self._bar = self._figure.add_axes(
            (
                (left + 0.05) / width,
                0.5 * (high * inch - bar_height) / height,
                0.13 / width,
                bar_height / height,
            )
        )

    def draw(
        self,
        values: Array,
        colours: str,
        low: float,
        high: float,
        *,
        shown: Mask | None = None,
        opacity: tuple[float, float] | None = None,
    ) -> None:
        """Values as colours; hidden where not shown, or faded in between two values."""
        planes = self._scene.planes(values)
        masks = [None] * 3 if shown is None else [p.values for p in self._scene.planes(shown)]
        for axes, plane, mask in zip(self._axes, planes, masks, strict=True):
            image = colormaps[colours](Normalize(low, high, clip=True)(plane.values))
            if opacity is not None:
                start, end = opacity
                image[..., 3] = 0.85 * np.clip((plane.values - start) / (end - start), 0.0, 1.0)
            if mask is not None:
                image[..., 3] = mask
            rows, columns = plane.values.shape
            dy, dx = plane.spacing_mm
            axes.imshow(
                image,
                extent=(-0.5 * dx, (columns - 0.5) * dx, (rows - 0.5) * dy, -0.5 * dy),
                interpolation="nearest" if mask is not None else "bilinear",
                aspect="auto",
            )

    def outline(self, mask: Mask, number: int) -> None:
        """The border of a mask in the colour and line style of its volume of interest."""
        colour, dashes = organ_style(number)
        for axes, plane in zip(self._axes, self._scene.planes(mask), strict=True):
            if not plane.values.any() or min(plane.values.shape) < 2:
                continue
            rows, columns = plane.values.shape
            dy, dx = plane.spacing_mm
            axes.contour(
                np.arange(columns) * dx,
                np.arange(rows) * dy,
                plane.values.astype(np.float32),
                levels=[0.5],
                colors=[colour],
                linewidths=1.2,
                linestyles=[dashes],
            )

    def colour_bar(self, colours: str, low: float, high: float, label: str, extend: str) -> None:
        """The colour scale of the three planes."""
        bar = self._figure.colorbar(
            ScalarMappable(Normalize(low, high), colours), cax=self._bar, extend=extend
        )
        bar.set_label(label, fontsize=9, color=INK)
        bar.ax.tick_params(labelsize=8, labelcolor=INK, length=2)
        bar.outline.set_visible(False)

    def finish(self) -> bytes:
        """Letters, cross hair and scale bar on top; the picture as PNG."""
        for axes, plane in zip(self._axes, self._planes, strict=True):
            dy, dx = plane.spacing_mm
            thin = {"color": "white", "linewidth": 0.5, "alpha": 0.45}
            axes.axvline(plane.column * dx, **thin)
            axes.axhline(plane.row * dy, **thin)
            places = (
                (0.02, 0.5, "left", "center"),
                (0.98, 0.5, "right", "center"),
                (0.5, 0.98, "center", "top"),
                (0.5, 0.02, "center", "bottom"),
            )
            for letter, (x, y, across, up) in zip(plane.letters, places, strict=True):
                self._white(axes, x, y, letter, ha=across, va=up, weight="bold", fontsize=10)
        self._scale_bar()
        return png(self._figure)

    def _scale_bar(self) -> None:
        axes = self._axes[0]
        left, right = axes.get_xlim()
        length = _SCALE_BAR_MM / (right - left)
        if length < 0.8:
            line = axes.plot(
                [0.03, 0.03 + length], [0.04, 0.04], color="white", lw=2, transform=axes.transAxes
            )[0]
            line.set_path_effects([withStroke(linewidth=3.5, foreground="black")])
            self._white(axes, 0.03, 0.06, f"{_SCALE_BAR_MM / 10:g} cm", ha="left", va="bottom")

    @staticmethod
    def _white(axes: Any, x: float, y: float, text: str, **options: Any) -> None:
        options = {"fontsize": 8, **options}
        axes.text(
            x, y, text, color="white", transform=axes.transAxes, path_effects=_OUTLINE, **options
        )
