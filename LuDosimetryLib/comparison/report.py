"""The report of a comparison: one HTML file that needs nothing else."""

from pathlib import Path

import numpy as np

from ..agreement.agreement import LOW_DOSE_GY
from ..report.drawing import has_matplotlib, no_pictures
from ..report.page import (
    Html,
    facts,
    heading,
    number,
    paragraph,
    percent,
    picture,
    section,
    table,
    text,
    warning_box,
    write_page,
)
from ..report.scene import Scene
from ..report.voi_table import voi_table
from ..voi.groups import Arrangement, arranged
from .comparison import Comparison


def write_comparison_report(comparison: Comparison, path: Path) -> None:
    """
    Write the report of a comparison.

    Parameters
    ----------
    comparison : Comparison
    path : Path
        HTML file; complete or not there. Without matplotlib it has no pictures and says so.
    """
    dose, reference = (
        comparison.inputs.get(what, {}).get("name", what) for what in ("dose", "reference")
    )
    content = [
        _facts(comparison, dose, reference),
        warning_box(comparison.warnings),
        section("Organ doses", _organs(comparison)),
        section("Voxels", _voxels(comparison)),
        *_pictures(comparison),
        section("Inputs", _inputs(comparison)),
    ]
    write_page(path, "Dose comparison", f"{dose} against {reference}", content)


def _facts(comparison: Comparison, dose: str, reference: str) -> Html:
    r = comparison.correlation
    return facts(
        [
            ("Dose", text(dose)),
            ("Reference", text(reference)),
            ("Greatest dose", Html(f"{number(float(comparison.dose.max()))} Gy")),
            ("Greatest reference", Html(f"{number(float(comparison.reference.max()))} Gy")),
            ("Pearson r of voxels", text(_r(r.r))),
            ("Bias of organs", Html(f"{percent(comparison.bland_altman.bias_percent, 2)} %")),
        ]
    )


def _r(value: float) -> str:
    return f"{value:.4f}" if np.isfinite(value) else "–"


def _organs(comparison: Comparison) -> Html:
    if not comparison.organs:
        return paragraph("No segmentation was given.")
    weighting = "volume" if comparison.density is None else "mass"
    noisy = any(organ.reference_noise_percent is not None for organ in comparison.organs)
    headings = [
        heading("Organ"),
        heading("Volume", "mL"),
        heading("Mass", "g"),
        heading("Dose", "Gy"),
        heading("Reference", "Gy"),
        heading("Difference", "Gy"),
        heading("Difference", "%"),
    ]
    if noisy:
        headings.append(heading("Reference noise", "%"))
    rows = []
    for organ in comparison.organs:
        row = [
            number(organ.volume_mL),
            number(organ.mass_g),
            number(organ.mean_dose_Gy),
            number(organ.reference_mean_dose_Gy),
            number(organ.difference_Gy),
            percent(organ.difference_percent, 2),
        ]
        row += [number(organ.reference_noise_percent)] if noisy else []
        rows.append((organ.name, row))
    statistics = comparison.bland_altman
    off = comparison.summary()["mean_absolute_difference_over_organs_percent"]
    note = Html(
        f'<p class="note">Means are weighted by {weighting}. Mean absolute difference over organs '
        f"{number(off)} %; bias {percent(statistics.bias_percent, 2)} %, limits of agreement "
        f"{percent(statistics.lower_limit_percent, 2)} to {percent(statistics.upper_limit_percent, 2)} %.</p>"
    )
    return Html(voi_table(headings, rows, _arranged(comparison), main_column=6) + note)


def _arranged(comparison: Comparison) -> Arrangement:
    volumes = {organ.name: organ.volume_mL for organ in comparison.organs}
    return arranged(comparison.vois or volumes, volumes_mL=volumes)


def _voxels(comparison: Comparison) -> Html:
    r, errors = comparison.correlation, comparison.voxels
    rows: list[tuple[str, Html, int]] = [
        ("Pearson r, all voxels with reference dose", text(_r(r.r)), r.voxels),
        (
            f"Pearson r, reference below {LOW_DOSE_GY:g} Gy",
            text(_r(r.r_below_5_Gy)),
            r.voxels_below_5_Gy,
        ),
    ]
    of_errors = [
        ("mean", percent(errors.mean_percent, 2)),
        ("SD", number(errors.sd_percent)),
        ("root mean square", number(errors.rms_percent)),
        ("mean absolute", number(errors.mean_absolute_percent)),
        *(
            (f"percentile {name[1:]}", percent(value, 2))
            for name, value in errors.percentiles_percent.items()
        ),
    ]
    note = f"Relative errors are those of voxels above {100 * comparison.mask_fraction:g} % of the reference's maximum."
    if errors.perfect_method_rms_percent is None:
        note += " The noise of the reference, if it has any, is part of them."
    else:
        of_errors += [
            ("root mean square of a perfect method", number(errors.perfect_method_rms_percent)),
            (
                "mean absolute of a perfect method",
                number(errors.perfect_method_mean_absolute_percent),
            ),
        ]
        note += (
            " A perfect method shows errors too, because the reference is noisy: those that follow "
            "from its standard error."
        )
    rows += [(f"Relative error [%], {name}", value, errors.voxels) for name, value in of_errors]
    cells = [
        [text(name), value, text(f"{count:,}".replace(",", "\u202f"))]
        for name, value, count in rows
    ]
    headings = [heading("Quantity"), heading("Value"), heading("Voxels")]
    return Html(table(headings, cells, main_column=1) + paragraph(note, quiet=True))


def _inputs(comparison: Comparison) -> Html:
    rows = [
        [
            text(what.replace("_", " ")),
            text(file["name"]),
            Html(f"<code>{text(file['sha256'])}</code>"),
        ]
        for what, file in comparison.inputs.items()
    ]
    return (
        table([text(h) for h in ("Input", "File", "SHA-256")], rows, of_text=True)
        if rows
        else Html("")
    )


def _pictures(comparison: Comparison) -> list[Html]:
    if not has_matplotlib():
        return [section("Pictures", no_pictures("a new comparison"))]
    # these need matplotlib
    from ..report.figures import bland_altman_figure, correlation_figure, profile_figure
    from ..report.result_pictures import AXIS_NAMES, WIDEST_SCALE_PERCENT, described, profile_along
    from ..report.slices import density_picture, dose_picture, error_limit, error_picture

    greatest = float(comparison.reference[comparison.included].max())
    shown = comparison.included & (comparison.reference > comparison.mask_fraction * greatest)
    seen = shown if comparison.density is None else comparison.density > 0.15
    scene = Scene.of(comparison.grid, np.where(comparison.included, comparison.reference, 0), seen)
    arrangement = _arranged(comparison)
    density, percents = comparison.density, f"{100 * comparison.mask_fraction:g} %"
    planes = []
    if density is not None:
        which = "the volumes of interest that the table shows unfolded"
        planes.append(
            picture(
                density_picture(scene, density, comparison.vois, arrangement.places),
                f"Density and {which if arrangement.folded else 'volumes of interest'}.",
            )
        )
    planes += [
        picture(
            dose_picture(scene, comparison.reference, density),
            f"Reference dose. {described(scene)}",
        ),
        picture(
            # the high doses of a few organs are what counts here, not the many low ones
            error_picture(
                scene,
                comparison.error,
                shown,
                density,
                "Error [Gy]",
                limit=error_limit(comparison.error[shown], 99.0),
            ),
            f"Error: dose minus reference, where the reference is above {percents} of its maximum.",
        ),
        picture(
            error_picture(
                scene,
                comparison.relative_error,
                shown,
                density,
                "Relative error [%]",
                limit=min(WIDEST_SCALE_PERCENT, error_limit(comparison.relative_error[shown])),
            ),
            "Relative error in the same voxels.",
        ),
    ]
    profile, axis = profile_along(
        scene, {"reference": comparison.reference, "dose": comparison.dose}, density
    )
    given = comparison.included
    pairs = {
        organ.name: (organ.mean_dose_Gy, organ.reference_mean_dose_Gy)
        for organ in comparison.organs
        if organ.reference_mean_dose_Gy > 0.0
    }
    return [
        section("Reference dose and error maps", *planes),
        section(
            "Dose profile",
            picture(
                profile_figure(profile),
                f"Dose along the {AXIS_NAMES[axis]} axis, of the three the one on which the doses differ most, "
                "through the point where the planes cross.",
            ),
        ),
        section(
            "Correlation",
            picture(
                correlation_figure(
                    comparison.dose[given], comparison.reference[given], ("Dose", "Reference")
                ),
                "Dose against reference, voxel by voxel; the line is that of identity.",
            ),
        ),
        section(
            "Bland–Altman",
            picture(
                bland_altman_figure(
                    {"dose": pairs},
                    {"dose": comparison.bland_altman},
                    "reference",
                    named=arrangement.shown,
                ),
                "Mean organ doses; dashed: ±5 %.",
            )
            if pairs
            else Html(""),
        ),
    ]
