"""Parameters of the linear-quadratic model of tissues."""

from dataclasses import dataclass

from ..base.checks import check_number


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
