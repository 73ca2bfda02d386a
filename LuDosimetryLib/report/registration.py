"""Registration of the scans in a report: a table, and both images in one picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..registration.alignment import FAR_MM, Alignment, Overlay
from ..result.result import ResultData
from ..voi.groups import FEW, Arrangement
from .page import Html, heading, number, paragraph, picture, section, table, text
from .palette import INK
from .scene import Scene
from .voi_table import arranged_vois, voi_table

_REFERENCE = np.array([1.0, 0.55, 0.1])
_SCAN = np.array([0.1, 0.55, 1.0])
"""Colours of which the sum is white in grey tones: what agrees is grey."""
_WIDTH_INCH = 8.2
_GAP_INCH = 0.06
_TITLE_INCH = 0.3
_WINDOW_G_CM3 = (0.5, 1.3)


def registration_section(result: ResultData, pictures: bool) -> Html:
    """
    Table and pictures of the registration; nothing where scans were taken as aligned.

    Parameters
    ----------
    result : ResultData
    pictures : bool
        Whether pictures can be drawn.
    """
    if not result.alignments:
        return Html("")
    arrangement = arranged_vois(result)
    content = [_table(result.alignments, arrangement.shown if len(result.vois) <= FEW else [])]
    if len(result.vois) > FEW:
        content.append(_displacements(result.alignments, arrangement))
    if pictures:
        scene = Scene.of(result.grid, result.dose, result.reported)
        content += [
            picture(
                registration_figure(scene, alignment.overlay, alignment.by),
                f"{alignment.by} at {alignment.hours:g} h (blue) over that of the reference (orange), as it lies and after "
                f"registration ({alignment.method}). Grey: both agree.",
            )
            for alignment in result.alignments
            if alignment.overlay is not None
        ]
    return section("Registration of the scans", *content)


def _table(alignments: list[Alignment], vois: list[str]) -> Html:
    headings = [
        heading("Scan"),
        heading("Registration"),
        heading("Mutual information", "before, bit"),
        heading("Mutual information", "after, bit"),
        heading("Volumes change", "factor"),
        *(heading(name, "mm") for name in vois),
    ]
    rows = []
    for alignment in alignments:
        before, after = alignment.information_bit or (None, None)
        low, high = alignment.volume_ratio
        bends = alignment.method in ("affine", "deformable")
        method = alignment.method
        if alignment.transform is not None:
            method += f", by {alignment.by}"
        rows.append(
            [
                text(f"{alignment.hours:g} h"),
                text(method),
                number(before),
                number(after),
                text(f"{low:.2f} to {high:.2f}" if bends else "–"),
                *(_distance(alignment.displacement_mm.get(name)) for name in vois),
            ]
        )
    note = (
        "Mutual information within the patient: the more, the better the images agree. By volume of interest: how "
        f"far registration moved its centroid; more than {FAR_MM:g} mm is worth a look at the pictures."
    )
    return Html(table(headings, rows) + paragraph(note, quiet=True))


def _displacements(alignments: list[Alignment], arrangement: Arrangement) -> Html:
    """How far the centroids of many volumes moved: a row each, a column for each scan."""
    moved = [a for a in alignments if a.displacement_mm]
    rows = [
        (name, [_distance(a.displacement_mm.get(name)) for a in moved])
        for group in arrangement.groups
        for name in (*group.shown, *group.folded)
    ]
    headings = [heading("VOI"), *(heading(f"{a.hours:g} h", "moved by, mm") for a in moved)]
    return voi_table(headings, rows, arrangement) if moved else Html("")


def _distance(mm: float | None) -> Html:
    if mm is None:
        return text("–")
    return Html(f"<strong>{mm:.1f}</strong>") if mm > FAR_MM else text(f"{mm:.1f}")


def registration_figure(scene: Scene, overlay: Overlay, by: str) -> bytes:
    """
    Reference and scan in complementary colours, before and after, in three planes.

    Parameters
    ----------
    scene : Scene
    overlay : Overlay
    by : {"CT", "SPECT"}

    Returns
    -------
    bytes
        PNG.
    """
    from .canvas import new_figure, png

    low, high = _WINDOW_G_CM3 if by == "CT" else (0.0, 1.0)

    def grey(values: NDArray[Any]) -> NDArray[Any]:
        return np.clip((values - low) / (high - low), 0.0, 1.0)[..., None]

    rows = [("as it lies", overlay.before), ("registered", overlay.after)]
    planes = scene.planes(overlay.reference)
    sizes = [
        (p.values.shape[1] * p.spacing_mm[1], p.values.shape[0] * p.spacing_mm[0]) for p in planes
    ]
    inch = (_WIDTH_INCH - 2 * _GAP_INCH) / sum(wide for wide, _ in sizes)
    high_inch = max(tall for _, tall in sizes) * inch
    height = len(rows) * (high_inch + _TITLE_INCH)
    figure = new_figure(_WIDTH_INCH, height)
    for row, (title, values) in enumerate(rows):
        left = 0.0
        top = height - row * (high_inch + _TITLE_INCH) - _TITLE_INCH
        for plane, moved, (wide, tall) in zip(planes, scene.planes(values), sizes, strict=True):
            frame = (left, top - 0.5 * (high_inch + tall * inch), wide * inch, tall * inch)
            axes = figure.add_axes(
                tuple(f / d for f, d in zip(frame, (_WIDTH_INCH, height) * 2, strict=True))
            )
            colours = grey(plane.values) * _REFERENCE + grey(moved.values) * _SCAN
            axes.imshow(
                np.clip(colours / (_REFERENCE + _SCAN), 0.0, 1.0),
                aspect="auto",
                interpolation="bilinear",
            )
            axes.set_axis_off()
            axes.set_title(f"{plane.name.capitalize()}, {title}", fontsize=10, color=INK, pad=4)
            left += wide * inch + _GAP_INCH
    return png(figure)
