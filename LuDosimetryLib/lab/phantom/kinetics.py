"""Uptake and washout of 177Lu-DOTATATE in organs and tumours."""

from dataclasses import dataclass
from math import exp, log

from ...tissue.nuclide import read_nuclide

NUCLIDE = "Lu-177"

_LN2 = log(2.0)
_J_PER_KEV = 1.602176634e-16
_DECAYS_PER_MBQ_H = 3.6e9
_G_PER_KG = 1e3


@dataclass(frozen=True)
class TimeActivityCurve:
    """
    Activity of a region over time, as a multiple of its amplitude A0.

    a(t) = sum of share_n exp(-ln 2 t / T_n) - exp(-ln 2 t / T_uptake), so that a(0) = 0.

    Attributes
    ----------
    uptake_half_life_h : float
        T_uptake [h], shorter than every T_n.
    washout : tuple of (float, float)
        One or two pairs of share and effective half-life T_n [h], the shares adding up to 1. The
        effective half-life includes physical decay and so is never longer than physical.
    """

    uptake_half_life_h: float
    washout: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        physical = read_nuclide(NUCLIDE).half_life_h
        for _, half_life in self.washout:
            if not self.uptake_half_life_h < half_life <= physical:
                raise ValueError(
                    f"the effective half-life {half_life:g} h must lie between the uptake half-life "
                    f"{self.uptake_half_life_h:g} h and the physical half-life {physical:g} h."
                )
        if abs(sum(share for share, _ in self.washout) - 1.0) > 1e-9:
            raise ValueError(f"the shares of {self.washout} do not add up to 1.")

    def at(self, hours: float) -> float:
        """Activity at a time after administration [h], as a multiple of A0."""
        falling = sum(share * exp(-_LN2 * hours / half_life) for share, half_life in self.washout)
        return falling - exp(-_LN2 * hours / self.uptake_half_life_h)

    @property
    def integral_h(self) -> float:
        """Integral from administration to infinity [h]: time-integrated activity over A0."""
        falling = sum(share * half_life for share, half_life in self.washout)
        return (falling - self.uptake_half_life_h) / _LN2


@dataclass(frozen=True)
class Uptake:
    """
    Activity concentration of a region over time.

    Attributes
    ----------
    peak_MBq_mL : float
        Mean A0 over the region [MBq/mL].
    curve : TimeActivityCurve
    """

    peak_MBq_mL: float
    curve: TimeActivityCurve

    @classmethod
    def for_dose(cls, dose_Gy: float, curve: TimeActivityCurve, density_g_mL: float) -> "Uptake":
        """
        Uptake at which the electrons emitted in the region, absorbed locally, give a dose.

        Parameters
        ----------
        dose_Gy : float
            Dose of these electrons alone; photons and activity elsewhere add some 5 % in hot
            organs, more in cold ones.
        curve : TimeActivityCurve
        density_g_mL : float
            Density of the region.
        """
        tia_MBq_h_mL = dose_Gy * density_g_mL / local_dose_Gy_g_per_MBq_h()
        return cls(tia_MBq_h_mL / curve.integral_h, curve)

    def concentration_MBq_mL(self, hours: float) -> float:
        """Mean activity concentration at a time after administration [h], not decay-corrected."""
        return self.peak_MBq_mL * self.curve.at(hours)

    @property
    def tia_MBq_h_mL(self) -> float:
        """Mean time-integrated activity concentration [MBq h/mL]."""
        return self.peak_MBq_mL * self.curve.integral_h


def local_dose_Gy_g_per_MBq_h() -> float:
    """Dose of all electron energy absorbed locally, 0.0853 Gy g/(MBq h) (ICRP 107)."""
    return read_nuclide(NUCLIDE).electron_keV * _J_PER_KEV * _DECAYS_PER_MBQ_H * _G_PER_KG


@dataclass(frozen=True)
class UsualUptake:
    """
    Usual uptake of 177Lu-DOTATATE in a region.

    Attributes
    ----------
    dose_Gy_per_GBq : float
        Dose by electrons emitted in the region, per administered activity.
    curve : TimeActivityCurve
    density_g_mL : float
    """

    dose_Gy_per_GBq: float
    curve: TimeActivityCurve
    density_g_mL: float

    def of(self, administered_MBq: float, dose: float = 1.0, half_life: float = 1.0) -> Uptake:
        """
        Uptake of one patient.

        Parameters
        ----------
        administered_MBq : float
        dose, half_life : float
            Factors on the usual dose and the usual effective half-lives; half-lives are limited to
            nine tenths of the physical one.
        """
        longest = 0.9 * read_nuclide(NUCLIDE).half_life_h
        washout = tuple((s, min(half_life * t, longest)) for s, t in self.curve.washout)
        curve = TimeActivityCurve(self.curve.uptake_half_life_h, washout)
        dose_Gy = dose * self.dose_Gy_per_GBq * administered_MBq * 1e-3
        return Uptake.for_dose(dose_Gy, curve, self.density_g_mL)


# Effective half-lives and doses were chosen to give, with scans at 4, 24, 48 and 120 h and physical
# decay after the last, the usual organ doses for 7.4 GBq: kidneys and spleen about 6 Gy, normal
# liver 3 to 4, lumbar marrow about 1, tumours about 15 and more. Physical decay after 120 h
# overstates what washes out faster, so the true doses are lower: kidneys by a third.
USUAL = {
    "kidney": UsualUptake(0.60, TimeActivityCurve(0.6, ((1.0, 50.0),)), 1.05),
    "liver": UsualUptake(0.34, TimeActivityCurve(1.0, ((1.0, 60.0),)), 1.06),
    "spleen": UsualUptake(0.62, TimeActivityCurve(0.8, ((1.0, 65.0),)), 1.06),
    "marrow": UsualUptake(0.095, TimeActivityCurve(0.8, ((1.0, 55.0),)), 1.10),
    "bladder": UsualUptake(0.06, TimeActivityCurve(0.4, ((1.0, 10.0),)), 1.01),
    # most leaves the blood within hours; the rest of the body washes out slowly
    "body": UsualUptake(0.010, TimeActivityCurve(0.05, ((0.7, 3.0), (0.3, 45.0))), 1.00),
    "tumour": UsualUptake(2.0, TimeActivityCurve(2.0, ((1.0, 88.0),)), 1.05),
}
"""Usual uptake by kind of region."""
