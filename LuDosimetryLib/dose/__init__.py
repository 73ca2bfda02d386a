"""Absorbed dose from time-integrated activity: the methods, one file each, one interface."""

from .local import local_dose
from .multi_vsv import multi_vsv_dose
from .problem import DoseMethod
from .single_vsv import single_vsv_dose
from .split_vsv import split_vsv_dose

METHODS: dict[str, DoseMethod] = {
    "local": local_dose,
    "single-vsv": single_vsv_dose,
    "multi-vsv": multi_vsv_dose,
    "split-vsv": split_vsv_dose,
}
"""Dose methods by the name that case.json calls them."""
