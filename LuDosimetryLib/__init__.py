"""LuDosimetry: absorbed dose of 177Lu radiopharmaceutical therapy, voxel by voxel."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base.errors import Cancelled, InvalidInput
    from .case.case import Case
    from .pipeline import run_case
    from .result.result import Result

__version__ = "0.1.0"

__all__ = ["Cancelled", "Case", "InvalidInput", "Result", "__version__", "run_case"]

_HOMES = {
    "Cancelled": "base.errors",
    "Case": "case.case",
    "InvalidInput": "base.errors",
    "Result": "result.result",
    "run_case": "pipeline",
}


def __getattr__(name: str) -> Any:
    # imported when asked for: numpy, scipy and SimpleITK take a second, a shell's -h needs none
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
