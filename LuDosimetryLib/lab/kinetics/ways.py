"""The integrations that are compared, and when patients are scanned."""

from collections.abc import Sequence

from ...case.integrations import INTEGRATIONS

__all__ = ["SCHEDULES", "WAYS", "possible"]

WAYS: dict[str, dict[str, object]] = {
    "trapezoid, physical tail": {"integration": "trapezoid", "tail": "physical"},
    "trapezoid, effective tail": {"integration": "trapezoid", "tail": "effective"},
    "mono-exponential": {"integration": "mono-exponential", "tail": "effective"},
    "bi-exponential": {"integration": "bi-exponential", "tail": "effective"},
    "hybrid": {"integration": "hybrid", "tail": "effective"},
    "bayesian": {"integration": "bayesian", "tail": "effective"},
    "haenscheid": {"integration": "haenscheid"},
    "madsen, 60 h": {"integration": "madsen", "effective_half_life_h": 60.0},
}
"""Options by the name of a row."""

SCHEDULES: tuple[tuple[float, ...], ...] = (
    (4.0, 24.0, 48.0, 120.0),
    (4.0, 24.0, 72.0, 168.0),
    (4.0, 24.0, 120.0),
    (4.0, 48.0, 120.0),
    (24.0, 72.0, 168.0),
    (4.0, 24.0, 48.0),
    (24.0, 120.0),
    (4.0, 120.0),
    (24.0, 96.0),
    (96.0,),
    (72.0,),
    (24.0,),
)
"""Times of scans after administration [h]: four, three, two and one."""


def possible(hours: Sequence[float]) -> list[str]:
    """Names of the integrations that can do with these scans."""
    return [
        name
        for name, options in WAYS.items()
        if INTEGRATIONS[str(options["integration"])].least_scans <= len(hours)
    ]
