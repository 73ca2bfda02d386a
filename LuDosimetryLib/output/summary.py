"""``result.json``, read and checked for everything that needs to know what a result folder holds."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..activity.curve import VoiCurve
from ..base.checks import check_number, check_text, check_whole, shown
from ..base.errors import InvalidInput
from ..base.storage import LAST
from ..base.typed_json import read_as, without_repetition
from ..organs.quantities import OrganDose
from ..result.asked import AskedCase

__all__ = [
    "CURVES",
    "DVH",
    "ORGANS",
    "REPORT",
    "SCHEMA",
    "STANDARD_ERROR",
    "ForeignFile",
    "Registration",
    "Summary",
    "dose_key",
    "file_in",
    "read_summary",
]

_VERSION = 1
SCHEMA = f"ludosimetry-result/{_VERSION}"
_SCHEMA = re.compile(r"ludosimetry-result/(\d{1,9})", re.ASCII)
_PLAIN_NAME = re.compile(r"[^/\\:\x00-\x1f]+")


ORGANS, DVH, CURVES, REPORT = "organs.csv", "dvh.csv", "curves.csv", "report.html"
"""Files of a result folder beside its volumes, masks and DICOM objects."""
STANDARD_ERROR = "_standard_error"
"""End of the key of a volume with the standard errors of a dose."""


class ForeignFile(InvalidInput):
    """A file called result.json that is of another program."""


@dataclass(frozen=True)
class _Information:
    before: float
    after: float


@dataclass(frozen=True)
class _Ratio:
    least: float
    greatest: float


@dataclass(frozen=True)
class Registration:
    """How a scan was brought to the reference; see `registration.alignment.Alignment`."""

    hours: float
    method: str
    by: str
    transform: str | None = None
    mutual_information_bit: _Information | None = None
    volume_ratio: _Ratio = _Ratio(1.0, 1.0)
    displacement_mm: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Summary:
    """
    The checked content of ``result.json``.

    Attributes
    ----------
    dose_method : str
        Method of the volume ``"dose"``.
    volumes : dict of str to str
        File names by key, all of the folder itself.
    organs : tuple of OrganDose
    timing_s : dict of str to float
    provenance : dict
    warnings : tuple of str
    warnings_of_vois : dict of str to tuple of int
        Places in `warnings` of those that concern a volume of interest; empty in a folder of
        version 0.1.0.
    asked : AskedCase
    case : dict
        The whole case as it was asked.
    curves : tuple of VoiCurve
    registration : tuple of Registration
        Registration of every scan; empty where they were taken as aligned.
    vois : dict of str to str, or None
        Names of the volumes of interest by the ID of their segment; None in a folder without masks,
        as version 0.1.0 wrote it.
    """

    dose_method: str
    volumes: dict[str, str]
    organs: tuple[OrganDose, ...]
    timing_s: dict[str, float]
    provenance: dict[str, Any]
    warnings: tuple[str, ...]
    asked: AskedCase
    case: dict[str, Any]
    curves: tuple[VoiCurve, ...]
    registration: tuple[Registration, ...]
    vois: dict[str, str] | None
    warnings_of_vois: dict[str, tuple[int, ...]]

    @property
    def methods(self) -> list[str]:
        """Dose methods, the chosen one first."""
        others = [
            key.removeprefix("dose_")
            for key in self.volumes
            if key.startswith("dose_") and not key.endswith(STANDARD_ERROR)
        ]
        return [self.dose_method, *others]

    def dose_key(self, method: str) -> str:
        """Key of the dose volume of a method."""
        return dose_key(method, self.dose_method)

    @property
    def seconds(self) -> float | None:
        """Time that the calculation took; None if it is not known."""
        return self.timing_s.get("total")


def dose_key(method: str, chosen: str) -> str:
    """Key of the dose of a method among the volumes of a result."""
    return "dose" if method == chosen else f"dose_{method}"


def file_in(folder: Path, name: str) -> Path:
    """
    Path of a file that ``result.json`` names.

    Raises
    ------
    InvalidInput
        If it is a link that leads out of the folder.
    """
    path = folder / name
    if path.resolve().parent != folder.resolve():
        raise InvalidInput(f"{path} is a link that leads out of its folder; put the file there.")
    return path


def read_summary(folder: Path) -> Summary:
    """
    Read the ``result.json`` of a result folder.

    Raises
    ------
    InvalidInput
        One sentence with the file and what is wrong: it is missing, damaged, incomplete, or of a
        newer version. `ForeignFile` if it is of another program.
    """
    file = folder / LAST
    data = _json(file)
    try:
        _check_schema(data)
        return _summary(data)
    except InvalidInput as error:
        raise type(error)(f"{file}: {error}") from None


def _json(file: Path) -> Any:
    try:
        if not file.is_file():
            raise InvalidInput(
                f"{file.parent} holds no finished result (it has no file {LAST}); calculate the case first."
            )
        content = file.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise InvalidInput(
            f"{file} is damaged: it is not UTF-8 text; calculate the case again."
        ) from None
    try:
        return json.loads(
            content,
            object_pairs_hook=without_repetition,
            parse_constant=_refuse_constant,
        )
    except InvalidInput as error:
        raise InvalidInput(f"{file}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            f"{file} is damaged: it is not valid JSON ({error}); calculate the case again."
        ) from None


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _check_schema(data: Any) -> None:
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema == SCHEMA:
        return
    newer = _SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
    if newer is not None and int(newer[1]) > _VERSION:
        raise InvalidInput(
            f"schema is {schema!r}, of a newer version of LuDosimetry than this; update it."
        )
    raise ForeignFile(f"schema is {shown(schema)}; expected {SCHEMA!r}.")


def _summary(data: dict[str, Any]) -> Summary:
    def read(key: str, kind: Any, *default: Any) -> Any:
        if key not in data and not default:
            raise InvalidInput(
                f"{key} is missing, so that this is no complete result; calculate the case again."
            )
        return read_as(kind, data[key], key) if key in data else default[0]

    status = read("status", str)
    if status != "completed":
        raise InvalidInput(f"status is {shown(status)}; expected 'completed'.")
    summary = Summary(
        dose_method=read("dose_method", str),
        volumes=read("volumes", dict[str, str]),
        organs=read("organs", tuple[OrganDose, ...]),
        timing_s=read("timing_s", dict[str, float]),
        provenance=read("provenance", dict[str, Any]),
        warnings=read("warnings", tuple[str, ...]),
        asked=read("case", AskedCase),
        case=read("case", dict[str, Any]),
        curves=read("curves", tuple[VoiCurve, ...], ()),
        registration=read("registration", tuple[Registration, ...], ()),
        vois=read("vois", dict[str, str], None),
        warnings_of_vois=read("warnings_of_vois", dict[str, tuple[int, ...]], {}),
    )
    _check_asked(summary.asked)
    read_as(dict[str, str], summary.provenance.get("inputs_sha256", {}), "inputs_sha256")
    _check_files(summary)
    _check_organs(summary)
    _check_curves(summary.curves)
    _check_warnings(summary)
    return summary


def _check_asked(asked: AskedCase) -> None:
    check_text("case.nuclide", asked.nuclide)
    check_whole("case.cycle", asked.cycle, 1)
    if asked.administered_activity_MBq is not None:
        check_number("case.administered_activity_MBq", asked.administered_activity_MBq)


def _check_files(summary: Summary) -> None:
    """Refuse names that lead out of the folder."""
    names = {f"volumes.{key}": name for key, name in summary.volumes.items()}
    for n, entry in enumerate(summary.registration):
        if entry.transform is not None:
            names[f"registration[{n}].transform"] = entry.transform
    for where, name in names.items():
        if not _PLAIN_NAME.fullmatch(name) or name in (".", ".."):
            raise InvalidInput(
                f"{where} is {shown(name)}; it must be the name of a file in the same folder."
            )
    if "dose" not in summary.volumes:
        raise InvalidInput("volumes has no 'dose'; calculate the case again.")


def _check_organs(summary: Summary) -> None:
    names: set[str] = set()
    for n, organ in enumerate(summary.organs):
        if organ.name in names:
            raise InvalidInput(f"organs has {shown(organ.name)} twice; each may occur once.")
        names.add(organ.name)
        for method in summary.methods[1:]:
            if method not in organ.dose_by_method_Gy:
                raise InvalidInput(f"organs[{n}].dose_by_method_Gy has no {shown(method)}.")
        for key in ("volume_mL", "mass_g"):
            if getattr(organ, key) <= 0.0:
                raise InvalidInput(
                    f"organs[{n}].{key} is {getattr(organ, key):g}; it must be above 0."
                )
        for key in ("mean_dose_Gy", "standard_uncertainty_Gy", "standard_error_Gy", "BED_Gy"):
            value = getattr(organ, key)
            if value is not None and value < 0.0:
                raise InvalidInput(f"organs[{n}].{key} is {value:g}; it must be at least 0.")


def _check_warnings(summary: Summary) -> None:
    """Refuse places of warnings that there are not."""
    for name, places in summary.warnings_of_vois.items():
        for n in places:
            if not 0 <= n < len(summary.warnings):
                raise InvalidInput(
                    f"warnings_of_vois[{shown(name)}] has {n}, but there are {len(summary.warnings)} warnings, "
                    "counted from 0."
                )


def _check_curves(curves: tuple[VoiCurve, ...]) -> None:
    """Refuse curves that cannot be drawn."""
    if len({curve.name for curve in curves}) < len(curves):
        raise InvalidInput("curves has a volume of interest twice; each may occur once.")
    for n, curve in enumerate(curves):
        if len(curve.hours) != len(curve.activity_MBq) or not curve.hours:
            raise InvalidInput(f"curves[{n}] has not one activity for each of its hours.")
        with np.errstate(all="ignore"), suppress(ArithmeticError, LookupError, ValueError):
            if all(np.isfinite(values).all() for values in curve.sampled()):
                continue
        raise InvalidInput(
            f"curves[{n}] cannot be evaluated: model {shown(curve.model)} with {shown(curve.parameters)}."
        )
