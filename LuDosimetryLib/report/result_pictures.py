"""The pictures of a result's report; needs matplotlib."""

import numpy as np

from ..agreement.agreement import bland_altman
from ..agreement.error_map import MASK_FRACTION, relative_error_percent
from ..image.arrays import Array
from ..result.result import ResultData
from ..voi.groups import Arrangement
from .figures import Profile, bland_altman_figure, dvh_figure, profile_figure
from .page import Html, paragraph, picture, section
from .scene import Scene
from .slices import (
    activity_picture,
    density_picture,
    dose_picture,
    error_limit,
    error_picture,
)
from .voi_table import arranged_vois, in_figures

AXIS_NAMES = ("superior–inferior", "anterior–posterior", "left–right")
AXIS_ENDS = ("IS", "AP", "RL")
"""Patient directions at the start and the end of the axes of patient order (z, y, x)."""

WIDEST_SCALE_PERCENT = 20.0
"""End of the scale of relative errors; what lies beyond is off by too much to be graded."""


def result_pictures(result: ResultData) -> list[Html]:
    """The sections with pictures, in order."""
    scene = Scene.of(result.grid, result.dose, result.reported)
    others = {name: dose for name, dose in result.doses.items() if name != result.dose_method}
    arrangement = arranged_vois(result)
    return [
        section("Dose-volume histograms", *_dvh(result, arrangement)),
        section("Three planes", *_planes(result, scene, arrangement)),
        section("Dose profile", _profile(result, scene, others)),
        section(
            "Difference from the chosen method",
            *_differences(result, scene, others, arrangement),
        ),
    ]


def _dvh(result: ResultData, arrangement: Arrangement) -> list[Html]:
    caption = f"Cumulative dose-volume histograms by {result.dose_method}."
    places, pictures = arrangement.places, []
    for title, names in arrangement.together:
        known = {name: places[name] for name in names if name in result.dvh.volume_percent}
        if known:
            figure = dvh_figure(result.dvh, known)
            pictures.append(picture(figure, f"{title}. {caption}" if title else caption))
    if pictures and arrangement.folded:
        pictures.append(paragraph(in_figures(arrangement, "dvh.csv"), quiet=True))
    return pictures


def _planes(result: ResultData, scene: Scene, arrangement: Arrangement) -> list[Html]:
    which = (
        "the volumes of interest that the tables show unfolded"
        if arrangement.folded
        else "the volumes of interest"
    )
    return [
        picture(
            density_picture(scene, result.density, result.vois, arrangement.places),
            f"Density from CT with {which}, in the colours of the tables. {described(scene)}",
        ),
        picture(activity_picture(scene, result.tia), "Time-integrated activity (TIA)."),
        picture(
            dose_picture(scene, result.dose, result.density),
            f"Absorbed dose by {result.dose_method} over CT density; the lowest doses are transparent. "
            f"Greatest voxel dose: {float(result.dose.max()):.3g} Gy.",
        ),
    ]


def described(scene: Scene) -> str:
    """Describe where the planes lie and how they are oriented, for a caption."""
    x, y, z = (f"{value:.0f}".replace("-", "−") for value in scene.focus_mm)
    words = (
        f"The planes cross at the highest dose averaged over 12 mm, x {x}, y {y}, z {z} mm (LPS). "
        "Radiological orientation: R, L, A, P, S, I are the patient's right, left, anterior, "
        "posterior, superior, inferior."
    )
    if scene.order.is_oblique:
        tilt = scene.order.tilt_degrees
        words += f" The scan is tilted: its axes deviate by up to {tilt:.0f}° from these."
    return words


def profile_along(
    scene: Scene, doses: dict[str, Array], density: Array | None
) -> tuple[Profile, int]:
    """The profile through the focus along the axis on which the doses differ most, and that axis."""
    axis = scene.most_telling_axis(list(doses.values()))
    lines = {name: scene.line(dose, axis) for name, dose in doses.items()}
    count = next(iter(lines.values())).size
    profile = Profile(
        distance_mm=np.arange(count, dtype=np.float64) * scene.order.spacing_mm[axis],
        doses_Gy=lines,
        density_g_cm3=None if density is None else scene.line(density, axis),
        ends=AXIS_ENDS[axis],
    )
    return profile, axis


def _profile(result: ResultData, scene: Scene, others: dict[str, Array]) -> Html:
    doses = {result.dose_method: result.dose, **others}
    profile, axis = profile_along(scene, doses, result.density)
    why = " (of the three axes the one on which the methods differ most)" if others else ""
    caption = (
        f"Dose along the {AXIS_NAMES[axis]} axis{why} through the point where the planes cross; "
        "grey: density."
    )
    return picture(profile_figure(profile), caption)


def _differences(
    result: ResultData, scene: Scene, others: dict[str, Array], arrangement: Arrangement
) -> list[Html]:
    if not others:
        return []
    shown = result.reported & (result.dose > MASK_FRACTION * float(result.dose.max()))
    errors = {name: relative_error_percent(dose, result.dose) for name, dose in others.items()}
    # one scale for all, so that the methods can be compared by eye
    limit = min(WIDEST_SCALE_PERCENT, max(error_limit(error[shown]) for error in errors.values()))
    pictures = [
        picture(
            error_picture(scene, error, shown, result.density, "Difference [%]", limit=limit),
            f"Relative difference of {name} from {result.dose_method}, where the latter is above "
            f"{100 * MASK_FRACTION:g} % of its maximum.",
        )
        for name, error in errors.items()
    ]
    pairs = {
        name: {
            organ.name: (organ.dose_by_method_Gy[name], organ.mean_dose_Gy)
            for organ in result.organs
            if organ.mean_dose_Gy > 0.0
        }
        for name in others
    }
    if any(pairs.values()):
        statistics = {
            name: bland_altman([100.0 * (d - r) / r for d, r in organs.values()])
            for name, organs in pairs.items()
        }
        pictures.append(
            picture(
                bland_altman_figure(pairs, statistics, result.dose_method, named=arrangement.shown),
                f"Bland–Altman plot of mean organ doses against {result.dose_method}; dashed: ±5 %.",
            )
        )
    return pictures
