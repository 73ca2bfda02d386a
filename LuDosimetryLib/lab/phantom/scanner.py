"""SPECT scanner: blur and counting noise of an activity distribution."""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from scipy import ndimage

from ...image.arrays import Array
from ...image.grid import Grid

_SIGMA_PER_FWHM = 1.0 / (2.0 * sqrt(2.0 * log(2.0)))
_BQ_PER_MBQ = 1e6
_REACH_SIGMAS = 4.0


@dataclass(frozen=True)
class Scanner:
    """
    SPECT scanner with its reconstruction.

    The defaults are typical of 177Lu at 208 keV with medium-energy collimators.

    Attributes
    ----------
    resolution_mm : float
        Full width at half maximum of a point in the reconstructed image.
    noise_length_mm : float
        Full width at half maximum over which noise is correlated; at most `resolution_mm`.
    cps_per_MBq : float
        Counts per second and MBq in air, all heads together.
    transmission : float
        Mean part of the photons that leave the patient.
    duration_s : float
        Duration of a scan.
    """

    resolution_mm: float = 7.5
    noise_length_mm: float = 5.0
    cps_per_MBq: float = 20.0
    transmission: float = 0.25
    duration_s: float = 1500.0

    @property
    def counts_per_MBq(self) -> float:
        """Counts of one scan per MBq in the patient."""
        return self.cps_per_MBq * self.transmission * self.duration_s

    def scan(self, activity_MBq_mL: Array, grid: Grid, rng: np.random.Generator) -> Array:
        """
        Simulate the reconstructed image of an activity distribution, calibrated and corrected.

        In uniform activity the variance of a voxel is that of its counts (Poisson), with noise
        correlated between neighbours. Values are never negative, and the expected image is the
        blurred distribution, so that activity is conserved.

        Parameters
        ----------
        activity_MBq_mL : ndarray, shape (k, j, i)
            Mean concentration in each voxel during the scan.
        grid : Grid
        rng : numpy Generator

        Returns
        -------
        ndarray of float32, shape (k, j, i)
            Activity concentration [Bq/mL].
        """
        # Part of the blur follows the noise and correlates it. It reduces the variance to the part
        # `kept`; the number of counts drawn is reduced likewise, so that the stated variance results.
        noise_sigmas = _sigmas(self.noise_length_mm, grid)
        kept = float(np.prod([_smoothed_variance(sigma) for sigma in noise_sigmas]))
        before_mm = sqrt(self.resolution_mm**2 - self.noise_length_mm**2)
        expected = ndimage.gaussian_filter(
            activity_MBq_mL, _sigmas(before_mm, grid), mode="constant", truncate=_REACH_SIGMAS
        )
        per_activity = self.counts_per_MBq * grid.voxel_volume_mL * kept
        counts = rng.poisson(np.maximum(expected, 0.0) * per_activity).astype(np.float32)
        image = ndimage.gaussian_filter(
            counts, noise_sigmas, mode="constant", truncate=_REACH_SIGMAS
        )
        return np.asarray(image * np.float32(_BQ_PER_MBQ / per_activity), np.float32)


def _sigmas(fwhm_mm: float, grid: Grid) -> list[float]:
    """Standard deviations along (k, j, i) [voxels]."""
    return [fwhm_mm * _SIGMA_PER_FWHM / spacing for spacing in grid.spacing_mm]


def _smoothed_variance(sigma: float) -> float:
    """Variance that a Gaussian filter leaves of white noise, along one axis."""
    reach = int(_REACH_SIGMAS * sigma + 0.5)
    weights = (
        np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2) if sigma > 0.0 else np.ones(1)
    )
    return float((weights**2).sum() / weights.sum() ** 2)
