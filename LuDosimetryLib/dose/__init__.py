"""Absorbed dose from time-integrated activity: the methods, one file each, one interface."""

from .local import local_dose
from .monte_carlo import monte_carlo_dose
from .multi_vsv import multi_vsv_dose
from .problem import DoseMethod, StatisticalDoseMethod
from .single_vsv import single_vsv_dose
from .split_vsv import split_vsv_dose
from .unet import METHOD as UNET
from .unet import lack_of_network, unet_dose

METHODS: dict[str, DoseMethod] = {
    "local": local_dose,
    "single-vsv": single_vsv_dose,
    "multi-vsv": multi_vsv_dose,
    "split-vsv": split_vsv_dose,
    UNET: unet_dose,
}
"""Dose methods by the name that case.json calls them."""

STATISTICAL_METHODS: dict[str, StatisticalDoseMethod] = {"monte-carlo": monte_carlo_dose}
"""Those whose dose has a standard error, and that take minutes and not seconds."""


def lack_of(method: str) -> str | None:
    """Why a method cannot be used on this machine, though another can take its place; else None."""
    return lack_of_network() if method == UNET else None
