"""Packages that Slicer does not include: installed by a button, after confirmation."""

from importlib import metadata, util

import slicer
from slicer.i18n import tr as _

MONTE_CARLO = "ompmc>=0.4.0"
NETWORK = "onnxruntime>=1.20"
_REQUESTER = "LuDosimetry"


def installed(name: str) -> bool:
    """Whether a package is installed, without importing it, which can take seconds."""
    return util.find_spec(name) is not None


def version(name: str) -> str:
    """Version of an installed package; empty if it is unknown."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def install_monte_carlo() -> bool:
    """Install the Monte Carlo engine after confirmation; returns whether it is installed."""
    return _install(MONTE_CARLO, "ompmc")


def install_onnxruntime() -> bool:
    """Install ONNX Runtime, for the network, after confirmation; returns whether it is installed."""
    return _install(NETWORK, "onnxruntime")


def install_torch() -> bool:
    """
    Install PyTorch after confirmation, by the extension that finds the right build.

    Returns
    -------
    bool
        Whether it is installed.

    Raises
    ------
    RuntimeError
        If that extension is missing; one sentence.
    """
    try:
        import PyTorchUtils
    except ModuleNotFoundError:
        raise RuntimeError(
            _(
                "PyTorch is installed by the extension PyTorch, which is missing; install it in the Extensions Manager and "
                "restart Slicer."
            )
        ) from None
    PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=True)
    return installed("torch")


def _install(requirement: str, name: str) -> bool:
    try:
        slicer.packaging.pip_ensure(requirement, requester=_REQUESTER)
    except RuntimeError:  # the user declined
        return installed(name)
    return installed(name)
