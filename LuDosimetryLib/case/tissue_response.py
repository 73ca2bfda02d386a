"""Parameters of the linear-quadratic model of tissues."""

from dataclasses import dataclass

from .option import check_options, option


@dataclass(frozen=True)
class TissueResponse:
    """
    Parameters of the linear-quadratic model of a tissue.

    Raises
    ------
    InvalidInput
        On construction, for values that are not allowed.
    """

    alpha_beta_Gy: float = option(
        label="α/β",
        help="Ratio of the linear to the quadratic parameter of the linear-quadratic model.",
        unit="Gy",
    )
    repair_half_time_h: float = option(
        label="repair half-time", help="Half-time of the repair of sublethal damage.", unit="h"
    )

    def __post_init__(self) -> None:
        check_options(self)


KIDNEY = TissueResponse(2.6, 2.8)
"""Kidneys: MIRD Pamphlet 20 (Wessels et al. 2008, J Nucl Med 49:1884)."""
