"""What options and their choices are called in the panel, as the library declares them."""

from collections.abc import Sequence
from html import escape

from slicer.i18n import tr as _
from slicer.i18n import translate

from LuDosimetryLib.case.option import options_of
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.case.parts import UNITS

__all__ = [
    "CHOICES",
    "UNITS",
    "further_options_tip",
    "label",
    "option_label",
    "option_tip",
    "tip",
]


def _parameter(option: str) -> str:
    """Name of an option's parameter: ``dose_method`` is doseMethod."""
    first, *rest = option.split("_")
    return first + "".join(word.capitalize() for word in rest)


_OPTIONS = {_parameter(option.name): option for option in options_of(Options)}

CHOICES: dict[str, Sequence[str]] = {
    parameter: tuple(option.choices)
    for parameter, option in _OPTIONS.items()
    if option.choices is not None
}
"""Names by parameter."""

_CONTEXT = "LuDosimetryLib"
"""Context of the library's texts in a translation."""


def label(parameter: str, name: str) -> str:
    """Label of a choice; the name itself, spelled out, of one that this version does not know."""
    if name in CHOICES[parameter]:
        return _of_library(_OPTIONS[parameter].choices[name].label)
    return name.replace("-", " ").replace("_", " ").capitalize()


def tip(parameter: str, name: str) -> str:
    """What a choice does; empty for one that this version does not know."""
    known = name in CHOICES[parameter] and _OPTIONS[parameter].choices[name].help
    return _of_library(known) if known else ""


def option_label(parameter: str) -> str:
    """Label beside the widget of an option."""
    return _("{label}:").format(label=_of_library(_OPTIONS[parameter].label))


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
