"""
LuDosimetry: absorbed dose of 177Lu radiopharmaceutical therapy, voxel by voxel.

A patient's case: ``run_case(Case.read("case.json"))``. With arrays in hand: `dose_of`,
`voxel_s_values`, `fit_curve` and `compare`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .arrays_in_hand import compare, dose_of, fit_curve, voxel_s_values
    from .base.errors import Cancelled, InvalidInput
    from .case.case import Case
    from .output.folder import Result
    from .pipeline import run_case

__version__ = "0.1.0"

__all__ = [
    "Cancelled",
    "Case",
    "InvalidInput",
    "Result",
    "__version__",
    "compare",
    "dose_of",
    "fit_curve",
    "run_case",
    "voxel_s_values",
]

_HOMES = {
    "Cancelled": "base.errors",
    "Case": "case.case",
    "InvalidInput": "base.errors",
    "Result": "output.folder",
    "compare": "arrays_in_hand",
    "dose_of": "arrays_in_hand",
    "fit_curve": "arrays_in_hand",
    "run_case": "pipeline",
    "voxel_s_values": "arrays_in_hand",
}


def __getattr__(name: str) -> Any:
    # imported when asked for: numpy, scipy and SimpleITK take a second, a shell's -h needs none
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
