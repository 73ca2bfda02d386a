"""Presets: choices of several options at once, under a name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base.checks import check_choice
from .option import Option, options_of
from .options import Options

__all__ = ["PRESET", "PRESETS", "RECOMMENDED", "Preset", "preset_values"]

RECOMMENDED = "recommended"


@dataclass(frozen=True)
class Preset:
    """
    A choice of several options.

    Attributes
    ----------
    label : str
        Name in the panel and the report.
    help : str
        What the preset stands for, in a sentence.
    options : mapping of str to object
        Values of options; what another preset decides and this one does not has its default.
    """

    label: str
    help: str
    options: Mapping[str, Any] = field(default_factory=dict)


PRESETS = {
    RECOMMENDED: Preset(
        "Recommended",
        "The defaults of all options, chosen by what came closest to the truth in virtual patients.",
    ),
    "kim-2022": Preset(
        "As in Kim et al. 2022",
        "Trapezoid with a tail of physical decay, rigid registration, and multiple voxel S values corrected by the "
        "residual network.",
        {
            "registration": "rigid",
            "integration": "trapezoid",
            "tail": "physical",
            "dose_method": "unet",
        },
    ),
}
"""Presets by name, in the order in which they are offered."""

PRESET = Option(
    "Preset",
    "Several options at once; what is set for an option itself overrides it.",
    RECOMMENDED,
    choices=PRESETS,
    cli=True,
    panel=True,
    name="preset",
    type=str,
)
"""The declaration of the choice of a preset."""


def preset_values(name: str) -> dict[str, Any]:
    """
    List what a preset decides: a value for every option that any preset names.

    So that one preset taken after another leaves nothing of it.

    Parameters
    ----------
    name : str

    Raises
    ------
    InvalidInput
        If there is no preset of this name.
    """
    check_choice("preset", name, tuple(PRESETS))
    defaults = {declared.name: declared.default for declared in options_of(Options)}
    decided = dict.fromkeys(key for preset in PRESETS.values() for key in preset.options)
    return {key: PRESETS[name].options.get(key, defaults[key]) for key in decided}
