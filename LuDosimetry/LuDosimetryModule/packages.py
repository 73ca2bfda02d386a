"""Packages that Slicer does not bring: installed on a button alone, after asking."""

from importlib import metadata, util

import slicer
from slicer.i18n import tr as _

MONTE_CARLO = "ompmc>=0.4.0"
_REQUESTER = "LuDosimetry"


def installed(name: str) -> bool:
    """Whether a package is there; it is not imported, which takes seconds for some."""
    return util.find_spec(name) is not None


def version(name: str) -> str:
    """Of an installed package; empty if that cannot be told."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def install_monte_carlo() -> bool:
    """Ask, and install the Monte Carlo engine; whether it is there."""
    try:
        slicer.packaging.pip_ensure(MONTE_CARLO, requester=_REQUESTER)
    except RuntimeError:  # the user declined
        return installed("ompmc")
    return installed("ompmc")


def install_torch() -> bool:
    """
    Ask, and install PyTorch by the extension that knows the right build; whether it is there.

    Raises
    ------
    RuntimeError
        One sentence, if that extension is missing.
    """
    try:
        import PyTorchUtils
    except ModuleNotFoundError:
        raise RuntimeError(
            _(
                "PyTorch is installed by the extension PyTorch, which is missing; install it in the Extensions Manager and "
                "start Slicer again."
            )
        ) from None
    PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=True)
    return installed("torch")
