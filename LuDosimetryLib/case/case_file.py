"""The case on disk: case.json read, checked and written."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, asdict, fields, replace
from pathlib import Path
from typing import Any

from ..base.checks import check_known, check_number, check_text, shown
from ..base.errors import InvalidInput
from ..base.storage import write_atomically
from .case import Case, check_reference
from .options import DOSE_METHODS, Options
from .parts import Calibration, Segmentation, TimePoint
from .tissue_response import TissueResponse
from .uncertainty_inputs import UncertaintyInputs

SCHEMA = "ludosimetry-case/1"
FILE_NAME = "case.json"
_NOT_IN_FILE = ("folder", "file", "file_sha256", "warnings")


def read_case(path: Path) -> Case:
    """Read a case file, or the ``case.json`` of a folder; see `Case.read`."""
    try:
        if path.is_dir():
            path = path / FILE_NAME
        content = path.read_bytes()
        data = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_without_repetition)
    except FileNotFoundError:
        raise InvalidInput(f"there is no case file {path}; check the path.") from None
    except OSError as error:
        raise InvalidInput(
            f"the case file {path} cannot be read: {error.strerror or error}."
        ) from None
    except UnicodeDecodeError:
        raise InvalidInput(f"the case file {path} is not UTF-8 text; expected JSON.") from None
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error}") from None
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"the case file {path} is not valid JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from None
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, deep nesting
        raise InvalidInput(f"the case file {path} is not valid JSON: {error}.") from None
    with _within(str(path)):
        case = case_from_dict(data, path.parent)
    return replace(case, file=path, file_sha256=hashlib.sha256(content).hexdigest())


def case_from_dict(data: Any, folder: Path) -> Case:
    """Check the content of a case file that lies in a folder; see `Case.read`."""
    schema = data.get("schema") if isinstance(data, Mapping) else SCHEMA
    if schema != SCHEMA:
        raise InvalidInput(f"schema is {shown(schema)}; expected {SCHEMA!r}.")
    values = _entries(data, Case, extra=("schema",))
    del values["schema"]
    points = values.pop("time_points")
    if not isinstance(points, list):
        raise InvalidInput(f"time_points is {shown(points)}; it must be a list of scans.")
    given = []
    for n, point in enumerate(points):
        with _within(f"time_points[{n}]"):
            given.append(_time_point(point, folder))
    reference = values.pop("reference_time_point", 0)
    if given:
        check_reference(reference, len(given))
    warnings = []
    order = sorted(range(len(given)), key=lambda n: given[n].hours)
    if order != list(range(len(given))):
        hours = ", ".join(f"{point.hours:g}" for point in given)
        warnings.append(f"the time points were given as {hours} h and have been sorted by time.")
    segmentation = values.pop("segmentation", None)
    if segmentation is not None:
        with _within("segmentation"):
            segmentation = _segmentation(segmentation, folder)
    with _within("options"):
        options = options_from_dict(values.pop("options", {}))
    dicom = values.pop("dicom", None)
    return Case(
        time_points=tuple(given[n] for n in order),
        reference_time_point=order.index(reference) if given else 0,
        segmentation=segmentation,
        options=options,
        dicom=None if dicom is None else _path(dicom, "dicom", folder),
        folder=folder,
        warnings=tuple(warnings),
        **values,
    )


def options_from_dict(data: Any) -> Options:
    """Check the options of a case file."""
    values = _entries(data, Options)
    compare = values.get("compare_with", [])
    if not isinstance(compare, list | tuple):
        raise InvalidInput(
            f"compare_with is {shown(compare)}; it must be a list of dose methods: {', '.join(DOSE_METHODS)}."
        )
    if "uncertainty" in values:
        with _within("uncertainty"):
            values["uncertainty"] = UncertaintyInputs(
                **_entries(values["uncertainty"], UncertaintyInputs)
            )
    if "radiobiology" in values:
        values["radiobiology"] = _responses(values["radiobiology"])
    return Options(
        **{
            **values,
            "compare_with": tuple(compare),
            "recovery_coefficients": _pairs(values.get("recovery_coefficients", [])),
        }
    )


def _responses(data: Any) -> dict[str, TissueResponse]:
    if not isinstance(data, Mapping):
        raise InvalidInput(
            f"radiobiology is {shown(data)}; it must be a JSON object, for example "
            '{"kidney": {"alpha_beta_Gy": 2.6, "repair_half_time_h": 2.8}}.'
        )
    responses = {}
    for name, of in data.items():
        with _within(f"radiobiology[{shown(name)}]"):
            responses[name] = TissueResponse(**_entries(of, TissueResponse))
    return responses


def _pairs(table: Any) -> tuple[tuple[Any, ...], ...]:
    whole = isinstance(table, list | tuple)
    if not whole or not all(isinstance(entry, list | tuple) for entry in table):
        raise InvalidInput(
            f"recovery_coefficients is {shown(table)}; it must be a list of [volume in mL, coefficient]."
        )
    return tuple(tuple(entry) for entry in table)


def changed_options(options: Options, changes: Mapping[str, Any]) -> Options:
    """Options with some changed, checked as those of a file."""
    with _within("options"):
        return options_from_dict({**asdict(options), **changes})


def case_to_dict(case: Case, folder: Path) -> dict[str, Any]:
    """The content of a case file that lies in a folder."""

    def path(of: Path | None) -> str | None:
        return None if of is None else _path_from(of, case.folder, folder)

    data: dict[str, Any] = {"schema": SCHEMA}
    data |= {f.name: getattr(case, f.name) for f in fields(case) if f.name not in _NOT_IN_FILE}
    data["time_points"] = [
        {
            "hours": point.hours,
            "spect": path(point.spect),
            "ct": path(point.ct),
            "unit": point.unit,
            "calibration": None if point.calibration is None else _given(point.calibration),
        }
        for point in case.time_points
    ]
    if case.segmentation is not None:
        data["segmentation"] = {
            "file": path(case.segmentation.file),
            "labels": dict(case.segmentation.labels),
            "differences": dict(case.segmentation.differences),
        }
    if case.dicom is None:
        del data["dicom"]
    else:
        data["dicom"] = path(case.dicom)
    data["options"] = {
        **asdict(case.options),
        "compare_with": list(case.options.compare_with),
        "recovery_coefficients": [list(pair) for pair in case.options.recovery_coefficients],
    }
    return data


def case_bytes(case: Case, folder: Path) -> bytes:
    """A case file that is to lie in a folder."""
    return (json.dumps(case_to_dict(case, folder), indent=1) + "\n").encode()


def write_case(case: Case, path: Path) -> None:
    """Write a case file, complete or not at all."""
    with write_atomically(path) as file:
        file.write(case_bytes(case, path.parent))


def _time_point(data: Any, folder: Path) -> TimePoint:
    values = _entries(data, TimePoint)
    check_number("hours", values["hours"])
    calibration = values.get("calibration")
    if calibration is not None:
        with _within("calibration"):
            calibration = Calibration(**_entries(calibration, Calibration))
    ct = values.get("ct")
    return TimePoint(
        hours=float(values["hours"]),
        spect=_path(values["spect"], "spect", folder),
        ct=None if ct is None else _path(ct, "ct", folder),
        unit=values.get("unit", TimePoint.unit),
        calibration=calibration,
    )


def _segmentation(data: Any, folder: Path) -> Segmentation:
    values = _entries(data, Segmentation)
    for key, example in (
        ("labels", '{"1": "liver"}'),
        ("differences", '{"rest": ["liver", "tumour"]}'),
    ):
        if not isinstance(values.get(key, {}), dict):
            raise InvalidInput(
                f"{key} is {shown(values[key])}; it must be a JSON object, for example {example}."
            )
    values["file"] = _path(values["file"], "file", folder)
    return Segmentation(**values)


def _path(value: Any, key: str, folder: Path) -> Path:
    check_text(key, value)
    return folder / str(value)


def _path_from(path: Path, own: Path, folder: Path) -> str:
    """A path for a file in `folder`; relative if it lies below it or was relative to `own`."""
    if folder == own and path.is_relative_to(own):
        return path.relative_to(own).as_posix()
    absolute, base = path.absolute(), folder.absolute()
    below = absolute.is_relative_to(base)
    return (absolute.relative_to(base) if below else absolute).as_posix()


def _given(calibration: Calibration) -> dict[str, float]:
    return {key: value for key, value in asdict(calibration).items() if value is not None}


def _entries(data: Any, kind: type, extra: tuple[str, ...] = ()) -> dict[str, Any]:
    """The entries of a JSON object: none unknown, none that must be there missing."""
    if not isinstance(data, Mapping):
        raise InvalidInput(f"this is {shown(data)}; expected a JSON object.")
    known = [f for f in fields(kind) if f.name not in _NOT_IN_FILE or kind is not Case]
    names = [*extra, *(f.name for f in known)]
    for key in data:
        check_known(str(key), names)
    for f in known:
        if f.default is MISSING and f.default_factory is MISSING and f.name not in data:
            raise InvalidInput(f"the key {f.name!r} is missing.")
    return dict(data)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        key = next(key for key in keys if keys.count(key) > 1)
        raise InvalidInput(f"the key {shown(key)} occurs twice in one JSON object; keep one.")
    return found


@contextmanager
def _within(where: str) -> Iterator[None]:
    """Say where in the file, or in which file, what is refused lies."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error}") from None
