"""Biologically effective dose of a dose rate that changes with time."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..base.checks import check_number

__all__ = ["KIDNEY", "TissueResponse", "biologically_effective_dose_Gy", "response_of"]


@dataclass(frozen=True)
class TissueResponse:
    """
    Parameters of the linear-quadratic model of a tissue.

    Attributes
    ----------
    alpha_beta_Gy : float
        Ratio of the linear to the quadratic parameter [Gy].
    repair_half_time_h : float
        Half-time of the repair of sublethal damage [h].
    """

    alpha_beta_Gy: float
    repair_half_time_h: float

    def __post_init__(self) -> None:
        check_number("alpha_beta_Gy", self.alpha_beta_Gy)
        check_number("repair_half_time_h", self.repair_half_time_h)


KIDNEY = TissueResponse(2.6, 2.8)
"""MIRD Pamphlet 20 (Wessels et al. 2008, J Nucl Med 49:1884)."""


def biologically_effective_dose_Gy(
    dose_Gy: float, lea_catcheside: float, response: TissueResponse
) -> float:
    """
    Biologically effective dose (BED) of one cycle [Gy].

    D (1 + G D / (alpha/beta)), of the mean dose and without repopulation (MIRD Pamphlet 20). Cycles
    lie far enough apart for repair, so that their BEDs add up.

    Parameters
    ----------
    dose_Gy : float
        Mean absorbed dose of one cycle.
    lea_catcheside : float
        G of the dose rate and the tissue's repair half-time, see `protraction`.
    response : TissueResponse
    """
    return dose_Gy * (1.0 + lea_catcheside * dose_Gy / response.alpha_beta_Gy)


def response_of(name: str, responses: Mapping[str, TissueResponse]) -> TissueResponse | None:
    """
    The tissue parameters of a volume of interest: those under the longest key that its name holds.

    Upper and lower case are the same, so ``"kidney"`` is for ``"Left kidney"`` too.
    """
    held = [key for key in responses if key.casefold() in name.casefold()]
    return responses[max(held, key=len)] if held else None
