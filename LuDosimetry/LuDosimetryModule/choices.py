"""Labels of options and their choices in the panel, as the library declares them."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from slicer.i18n import tr as _
from slicer.i18n import translate

from LuDosimetryLib.case.option import Option, options_of
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.case.parts import UNITS
from LuDosimetryLib.case.presets import PRESET

__all__ = [
    "CHOICES",
    "UNITS",
    "WITH_PARAMETER",
    "default_text",
    "further_options_tip",
    "label",
    "option_label",
    "option_tip",
    "parameter_of",
    "row_options",
    "tip",
]


def parameter_of(option: str) -> str:
    """Give the name of an option's parameter: ``dose_method`` is doseMethod."""
    first, *rest = option.split("_")
    return first + "".join(word.capitalize() for word in rest)


_OPTIONS = {parameter_of(option.name): option for option in (PRESET, *options_of(Options))}

CHOICES: dict[str, Sequence[str]] = {
    parameter: tuple(option.choices)
    for parameter, option in _OPTIONS.items()
    if option.choices is not None
}
"""Names by parameter."""

WITH_PARAMETER = (
    *("preset", "registration", "integration", "tail", "dose_method", "media", "device", "seed"),
    *("uncertainty_percent", "compare_with"),
)
"""Options that are parameters of their own, with widgets in the .ui file."""
_IN_A_ROW = (str, int, float, bool, Path)

_CONTEXT = "LuDosimetryLib"
"""Context of the library's texts in a translation."""


def label(parameter: str, name: str) -> str:
    """Label of a choice; the name itself, spelled out, of one that this version does not know."""
    if name in CHOICES[parameter]:
        return _of_library(_OPTIONS[parameter].choices[name].label)
    return name.replace("-", " ").replace("_", " ").capitalize()


def tip(parameter: str, name: str) -> str:
    """Description of a choice; empty for one that this version does not know."""
    known = name in CHOICES[parameter] and _OPTIONS[parameter].choices[name].help
    return _of_library(known) if known else ""


def row_options() -> dict[str, Option]:
    """Options, by parameter, that the panel shows in rows made of their declarations."""
    return {
        parameter: option
        for parameter, option in _OPTIONS.items()
        if option.panel and option.name not in WITH_PARAMETER and option.type in _IN_A_ROW
    }


def option_label(parameter: str, with_unit: bool = False) -> str:
    """Label beside the widget of an option."""
    option = _OPTIONS[parameter]
    label = _of_library(option.label)
    if with_unit and option.unit:
        return _("{label} [{unit}]:").format(label=label, unit=option.unit)
    return _("{label}:").format(label=label)


def default_text(parameter: str) -> str:
    """Default of an option in words."""
    option = _OPTIONS[parameter]
    return _of_library(option.words(option.default))


def option_tip(parameter: str) -> str:
    """Tooltip of an option, as rich text, which Qt wraps."""
    return f"<p>{escape(_of_library(_OPTIONS[parameter].help))}</p>"


def further_options_tip() -> str:
    """Tooltip that lists the options without a widget, as rich text."""
    listed = "".join(
        f"<li>{option.name}: {escape(_of_library(option.help))}</li>"
        for option in _OPTIONS.values()
        if not option.panel
    )
    intro = _("Options that have no field here, as JSON, for example {example}:").format(
        example='{"spect_resolution_mm": 12}'
    )
    return f"<p>{escape(intro)}</p><ul>{listed}</ul>"


def _of_library(text: str) -> str:
    """Translate a text when it is asked for: the language of the application can change."""
    return translate(_CONTEXT, text)
