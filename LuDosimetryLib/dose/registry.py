"""The dose methods by name, each imported when it is used."""

from pathlib import Path

from ..base.errors import InvalidInput
from ..base.loading import loaded
from ..case.dose_methods import DOSE_METHODS
from ..kernels.point import read_point_kernels
from ..tissue.nuclide import Nuclide
from .problem import DoseMethod

__all__ = ["check_nuclide", "dose_method", "lack_of"]


def dose_method(name: str) -> DoseMethod:
    """The function of a dose method."""
    method: DoseMethod = loaded(__package__, DOSE_METHODS[name].function)
    return method


def lack_of(name: str) -> str | None:
    """Why a dose method is not available on this machine, with the remedy; None if it is."""
    address = DOSE_METHODS[name].lack
    if not address:
        return None
    lack: str | None = loaded(__package__, address)()
    return lack


def check_nuclide(name: str, nuclide: Nuclide, model: Path | None = None) -> None:
    """
    Refuse a nuclide that a dose method does not know.

    Parameters
    ----------
    name : str
    nuclide : Nuclide
    model : Path, optional
        Files of the user's own network, for a method with one.

    Raises
    ------
    InvalidInput
        If the method needs point kernels and the nuclide has none, or was made for another
        nuclide.
    """
    entry = DOSE_METHODS[name]
    try:
        if entry.needs_kernels:
            read_point_kernels(nuclide.name)
        if entry.nuclide_check:
            loaded(__package__, entry.nuclide_check)(nuclide, model)
    except InvalidInput as error:
        raise InvalidInput(f"dose method {name!r}: {error}") from None
