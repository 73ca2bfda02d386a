"""Recovery of activity in small volumes, which a SPECT's blur spreads beyond their borders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ..base.log import Log
from ..base.normal_spread import normal_spread
from ..case.options import Options
from ..case.uncertainty_inputs import UncertaintyInputs
from ..image.arrays import Array, Mask
from ..image.grid import Grid
from .partial_volume import Regions, Unblurred, around, self_recovery

__all__ = ["Recovery", "RecoveryModel", "ShapeRecovery", "TableRecovery", "recovered"]

_UNSURE_BELOW = 0.4
"""Recovery of a volume's own activity below which a correction is a guess."""
_SURROUNDINGS = 2.0
"""Thickness of what counts as around a volume, in resolutions."""
_SHARPEST = 0.05
"""Least part of the resolution that is tried where it is so unsure that it could be none."""


class RecoveryModel(Protocol):
    """Part of its activity that a scan shows of a volume of interest: its recovery coefficient."""

    def coefficient(self, name: str, mask: Mask) -> float:
        """The coefficient if a volume of interest were drawn as another mask, shape (k, j, i)."""

    def uncertainty_percent(self, name: str, inputs: UncertaintyInputs) -> float:
        """Standard uncertainty of the coefficient [%], of a volume drawn as it is."""


@dataclass(frozen=True)
class Recovery:
    """
    Time-integrated activity corrected for recovery.

    Attributes
    ----------
    tia : ndarray, shape (k, j, i)
        [MBq h/mL].
    coefficients : dict of str to float
        Activity shown in each volume of interest, as a part of the corrected one; above 1 where
        more comes in from around than is lost.
    model : RecoveryModel
    """

    tia: Array
    coefficients: dict[str, float]
    model: RecoveryModel


def recovered(
    tia: Array,
    vois: Mapping[str, Mask],
    grid: Grid,
    options: Options,
    log: Log,
) -> Recovery | None:
    """
    Correct a time-integrated activity for recovery as the options ask.

    Parameters
    ----------
    tia : ndarray, shape (k, j, i)
        [MBq h/mL].
    vois : mapping of str to ndarray of bool, shape (k, j, i)
    grid : Grid
    options : Options
    log : Log
        Takes up what was changed.

    Returns
    -------
    Recovery or None
        None if no correction is asked for, or there is nothing to correct.
    """
    if not vois:
        return None
    if options.recovery_coefficients:
        return _by_table(tia, vois, grid, options.recovery_coefficients, log)
    if options.spect_resolution_mm is None:
        return None
    return _by_shape(tia, vois, grid, options.spect_resolution_mm, options.spill_in, log)


@dataclass(frozen=True)
class TableRecovery:
    """
    Recovery by volume: linear in its logarithm between a table's entries, and that of its ends beyond.

    Attributes
    ----------
    table : sequence of (float, float)
        Volume [mL] and coefficient, in order of volume.
    grid : Grid
    """

    table: Sequence[tuple[float, float]]
    grid: Grid

    def coefficient(self, name: str, mask: Mask) -> float:
        """See `RecoveryModel`."""
        volumes, coefficients = np.array(self.table, float).T
        volume_mL = float(mask.sum()) * self.grid.voxel_volume_mL
        return float(np.interp(np.log(volume_mL), np.log(volumes), coefficients))

    def uncertainty_percent(self, name: str, inputs: UncertaintyInputs) -> float:
        """See `RecoveryModel`."""
        return inputs.recovery_percent


@dataclass
class ShapeRecovery:
    """
    Recovery by the shape of each volume of interest, from the resolution of the SPECT.

    Attributes
    ----------
    tia : ndarray, shape (k, j, i)
        Time-integrated activity as the scans show it [MBq h/mL].
    grid : Grid
    fwhm_mm : float
    regions : Regions
    whole : frozenset of str
        Volumes of interest that are a region of their own: nothing smaller lies in them.
    unblurred : Unblurred or None
        The distribution with activity from around; None without.
    coefficients : dict of str to float
    shares : mapping of str to mapping of str to float
        For each volume of interest that has no region of its own, such as both kidneys together: the
        part of its activity in each of the regions that it consists of.
    """

    tia: Array
    grid: Grid
    fwhm_mm: float
    regions: Regions
    whole: frozenset[str]
    unblurred: Unblurred | None
    coefficients: dict[str, float]
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    _at_other_resolution: dict[float, Unblurred] = field(default_factory=dict)

    def coefficient(self, name: str, mask: Mask) -> float:
        """See `RecoveryModel`; that of a volume with others inside is taken as unchanged."""
        if name not in self.whole:
            return self.coefficients[name]
        if self.unblurred is None:
            return self_recovery(mask.astype(np.float32), self.grid, self.fwhm_mm)
        number = 1 + self.regions.names.index(name)
        was = self.regions.labels == number
        box = around(was | mask, self.grid, _SURROUNDINGS * self.fwhm_mm)
        was, mask, shown = was[box], mask[box], self.tia[box]
        labels = np.where(mask, number, np.where(was, 0, self.regions.labels[box]))
        redrawn = Regions(self.regions.names, labels.astype(np.int16))
        grid = self.grid.crop(box)
        found = Unblurred.of(shown, redrawn, grid, self.fwhm_mm, self.unblurred, number)
        corrected = float(found.values[mask].sum(dtype=np.float64))
        part = float(shown[mask].sum(dtype=np.float64)) / max(corrected, 1e-300)
        return part if corrected > 0.0 else self.coefficients[name]

    def uncertainty_percent(self, name: str, inputs: UncertaintyInputs) -> float:
        """See `RecoveryModel`; from recovery at other resolutions, which is off alike in all regions."""
        if name in self.shares:
            parts = self.shares[name].items()
            return sum(share * self.uncertainty_percent(part, inputs) for part, share in parts)
        step = 0.01 * inputs.spect_resolution_percent
        if step == 0.0 or name not in self.whole:
            return 0.0
        number = 1 + self.regions.names.index(name)

        def corrected(off: float) -> float:
            """The concentration, or a multiple of it."""
            fwhm_mm = max(_SHARPEST, 1.0 + off * step) * self.fwhm_mm
            if self.unblurred is None:
                mask = (self.regions.labels == number).astype(np.float32)
                return 1.0 / self_recovery(mask, self.grid, fwhm_mm)
            if fwhm_mm not in self._at_other_resolution:
                self._at_other_resolution[fwhm_mm] = Unblurred.of(
                    self.tia, self.regions, self.grid, fwhm_mm, self.unblurred
                )
            return float(self._at_other_resolution[fwhm_mm].concentration[number])

        here = (
            corrected(0.0)
            if self.unblurred is None
            else float(self.unblurred.concentration[number])
        )
        return 100.0 * normal_spread(corrected, here) / here if here > 0.0 else 0.0


def _by_table(
    tia: Array,
    vois: Mapping[str, Mask],
    grid: Grid,
    table: Sequence[tuple[float, float]],
    log: Log,
) -> Recovery:
    """
    Divide by the coefficient of the volume that activity lies in; in several, of the smallest.

    What spilled out of a volume is not taken away from around it.
    """
    model = TableRecovery(table, grid)
    divisor = np.ones(grid.shape, np.float32)
    for name in _large_first(vois):
        divisor[vois[name]] = model.coefficient(name, vois[name])
    return _made(tia, tia / divisor, vois, model, "a table by volume", log)


def _by_shape(
    tia: Array,
    vois: Mapping[str, Mask],
    grid: Grid,
    fwhm_mm: float,
    spill_in: bool,
    log: Log,
) -> Recovery:
    regions = Regions.of(vois, grid)
    seen_within = {}
    for number, name in enumerate(regions.names, start=1):
        mask = regions.labels == number
        if mask.any():
            seen_within[name] = self_recovery(mask.astype(np.float32), grid, fwhm_mm)
    sizes = regions.sizes
    whole = frozenset(
        name
        for number, name in enumerate(regions.names, start=1)
        if int(vois[name].sum()) == int(sizes[number])
    )
    for name, part in seen_within.items():
        if part < _UNSURE_BELOW:
            log.remark(
                f"{name!r} is so small for a resolution of {fwhm_mm:g} mm that only {100 * part:.0f} % of its activity is seen "
                "within it; its recovery correction is unsure.",
                [name],
            )
    unblurred = Unblurred.of(tia, regions, grid, fwhm_mm) if spill_in else None
    if unblurred is not None:
        corrected = unblurred.values
    else:
        divisor = np.array(
            [1.0, *(seen_within.get(name, 1.0) for name in regions.names)], np.float32
        )
        corrected = tia / divisor[regions.labels]
    shares = _shares(corrected, vois, regions)
    model = ShapeRecovery(tia, grid, fwhm_mm, regions, whole, unblurred, {}, shares)
    how = f"the shape of each volume at a resolution of {fwhm_mm:g} mm"
    how += ", with activity from around" if spill_in else ", without activity from around"
    made = _made(tia, corrected, vois, model, how, log)
    model.coefficients.update(made.coefficients)
    return made


def _shares(
    corrected: Array, vois: Mapping[str, Mask], regions: Regions
) -> dict[str, dict[str, float]]:
    """Parts of the activity of volumes without a region of their own in those of others."""
    shares = {}
    for number, name in enumerate(regions.names, start=1):
        if (regions.labels == number).any():
            continue
        labels, activity = regions.labels[vois[name]], corrected[vois[name]].astype(np.float64)
        sums = np.bincount(labels, activity, len(regions.names) + 1)[1:]
        if sums.sum() > 0.0:
            parts = zip(regions.names, sums / sums.sum(), strict=True)
            shares[name] = {part: float(share) for part, share in parts if share > 0.0}
    return shares


def _made(
    tia: Array,
    corrected: Array,
    vois: Mapping[str, Mask],
    model: RecoveryModel,
    how: str,
    log: Log,
) -> Recovery:
    coefficients = {}
    for name in _large_first(vois):
        shown = float(tia[vois[name]].sum(dtype=np.float64))
        true = float(corrected[vois[name]].sum(dtype=np.float64))
        coefficients[name] = shown / true if true > 0.0 else 1.0
    listed = ", ".join(f"{name} {coefficient:.3g}" for name, coefficient in coefficients.items())
    log.remark(f"activity was corrected for recovery by {how}: {listed}.")
    return Recovery(corrected, coefficients, model)


def _large_first(vois: Mapping[str, Mask]) -> list[str]:
    return sorted(vois, key=lambda name: -int(vois[name].sum()))
