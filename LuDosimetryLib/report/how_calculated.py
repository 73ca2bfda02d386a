"""How a result was calculated: the preset, and the options that decide the dose or were chosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..case.option import Option, options_of
from ..case.options import Options
from ..case.presets import PRESETS, RECOMMENDED, preset_values
from .page import Html, paragraph, section, table, text

__all__ = ["Row", "how_calculated", "how_calculated_section", "preset_sentence"]

_DOSE_METHOD = "dose_method"


@dataclass(frozen=True)
class Row:
    """
    An option of a result.

    Attributes
    ----------
    label : str
    value : str
        In words, with its unit.
    origin : str
        "default", "preset" or "chosen", and what else must be known.
    """

    label: str
    value: str
    origin: str


def how_calculated(
    case: Mapping[str, Any], dose_method: str, kind: type[Options] = Options
) -> list[Row]:
    """
    List the options that decide the dose, and then all others that were chosen.

    Parameters
    ----------
    case : mapping
        Content of the case file, as in ``Result.case``.
    dose_method : str
        The method that was used, whatever was asked for.
    kind : type
        Dataclass that declares the options.
    """
    options = kind.from_dict(case.get("options") or {})
    by_preset = _values_of_preset(case)
    rows = []
    for declared in sorted(options_of(kind), key=lambda o: not o.decides_dose):
        value = getattr(options, declared.name)
        applies = declared.applies(options)
        origin = _origin(declared, value, by_preset, case.get("preset", RECOMMENDED))
        if origin == "default" and not (declared.decides_dose and applies):
            continue
        words = declared.words(value)
        if declared.name == _DOSE_METHOD and value != dose_method:
            words, origin = _replaced(declared, value, dose_method), f"{origin}; not available"
        if not applies:
            origin += "; no effect here"
        rows.append(Row(declared.label, words, origin))
    return rows


def preset_sentence(case: Mapping[str, Any], kind: type[Options] = Options) -> str:
    """Say which preset the options come from, and which of those that decide the dose differ."""
    name = case.get("preset", RECOMMENDED)
    options = kind.from_dict(case.get("options") or {})
    by_preset = _values_of_preset(case)
    changed = [
        declared.label
        for declared in options_of(kind)
        if declared.decides_dose
        and declared.applies(options)
        and getattr(options, declared.name) != by_preset.get(declared.name, declared.default)
    ]
    preset = f"Preset: {PRESETS[name].label} ({name})" if name in PRESETS else f"Preset: {name}"
    if changed:
        return f"{preset}, changed in: {', '.join(changed)}."
    return f"{preset}, unchanged."


def how_calculated_section(case: Mapping[str, Any], dose_method: str) -> Html:
    """Make the report's section of the preset and the options; see `how_calculated`."""
    rows = [
        [text(row.label), text(row.value), text(row.origin)]
        for row in how_calculated(case, dose_method)
    ]
    headings = [text(heading) for heading in ("Option", "Value", "")]
    return section(
        "How it was calculated",
        table(headings, rows, of_text=True),
        paragraph(preset_sentence(case), quiet=True),
    )


def _values_of_preset(case: Mapping[str, Any]) -> dict[str, Any]:
    name = case.get("preset", RECOMMENDED)
    return preset_values(name) if name in PRESETS else {}


def _origin(declared: Option, value: Any, by_preset: Mapping[str, Any], preset: str) -> str:
    if value != by_preset.get(declared.name, declared.default):
        return "chosen"
    named = preset in PRESETS and declared.name in PRESETS[preset].options
    return "preset" if named else "default"


def _replaced(declared: Option, asked: str, used: str) -> str:
    return f"{declared.words(used)}, instead of {declared.words(asked)}"
