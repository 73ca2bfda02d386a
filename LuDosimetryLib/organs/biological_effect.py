"""Biologically effective dose of a dose rate that changes with time."""

from collections.abc import Mapping

from ..case.tissue_response import TissueResponse
from ..voi.aliases import best_of

__all__ = ["biologically_effective_dose_Gy", "response_of"]


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
        G of the dose rate and the tissue's repair half-time, see `lea_catcheside`.
    response : TissueResponse
    """
    return dose_Gy * (1.0 + lea_catcheside * dose_Gy / response.alpha_beta_Gy)


def response_of(name: str, responses: Mapping[str, TissueResponse]) -> TissueResponse | None:
    """
    Find the tissue parameters of a volume of interest, those under the longest key that stands for it.

    So ``"kidney"`` is for ``"Left kidney"`` and ``"kidney_left"`` too, and not for ``"kidney_cyst_left"``.
    """
    key = best_of(responses, name)
    return None if key is None else responses[key]
