"""What is asked: a patient's case, its options and its file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..base.checks import check_choice, check_number, check_text, check_whole, shown
from ..base.errors import InvalidInput
from ..base.storage import write_atomically
from .integrations import INTEGRATIONS
from .json_fields import (
    LEFT_OUT_IF_NONE,
    NOT_IN_FILE,
    expecting,
    json_object,
    json_of,
    read_json,
    read_values,
    within,
)
from .options import Options
from .parts import WATER, Segmentation, TimePoint
from .presets import PRESETS, RECOMMENDED, preset_values

__all__ = ["FILE_NAME", "SCHEMA", "Case"]

SCHEMA = "ludosimetry-case/1"
LEAST_APART_H = 0.05
"""Less than a scan takes."""
FILE_NAME = "case.json"


@dataclass(frozen=True)
class Case:
    """
    One treatment cycle of one patient: the scans, the volumes of interest and the options.

    Attributes
    ----------
    time_points : tuple of TimePoint
        Scans in order of time.
    reference_time_point : int
        Index of the time point on whose grid everything is calculated.
    preset : str
        Name in `PRESETS` of the choice of options from which `options` start.
    options : Options
        Values of all options, whatever the preset.
    dicom : Path or None
        What ``dicom-import`` remembers of the study that the case comes from.
    folder : Path
        Folder of the case file, to which its paths are relative.
    file : Path or None
        The case file that was read.
    file_sha256 : str
        Hash of the case file that was read.
    warnings : tuple of str
        What reading the file changed.
    asked : frozenset of str
        Names of the options that the file, the command line or a preset gave: what was asked for
        by name is done or refused, while a default may be replaced by the next best, and says so.

    Raises
    ------
    InvalidInput
        On construction, for values that are not allowed; so do the parts of a case.
    """

    time_points: tuple[TimePoint, ...] = field(metadata=expecting("a list of scans"))
    patient_id: str = ""
    cycle: int = 1
    nuclide: str = "Lu-177"
    administered_activity_MBq: float | None = None
    reference_time_point: int = 0
    segmentation: Segmentation | None = None
    preset: str = RECOMMENDED
    options: Options = field(default_factory=Options)
    dicom: Path | None = field(default=None, metadata=LEFT_OUT_IF_NONE)
    folder: Path = field(default=Path(), metadata=NOT_IN_FILE)
    file: Path | None = field(default=None, compare=False, metadata=NOT_IN_FILE)
    file_sha256: str = field(default="", compare=False, metadata=NOT_IN_FILE)
    warnings: tuple[str, ...] = field(default=(), compare=False, metadata=NOT_IN_FILE)
    asked: frozenset[str] = field(default=frozenset(), compare=False, metadata=NOT_IN_FILE)

    def __post_init__(self) -> None:
        hours = [point.hours for point in self.time_points]
        if not hours:
            raise InvalidInput("time_points is empty; at least one scan is needed.")
        for earlier, later in pairwise(hours):
            if earlier == later:
                raise InvalidInput(
                    f"two time points are both at {later:g} h; each scan needs its own time after administration."
                )
            if 0.0 < later - earlier < LEAST_APART_H:
                raise InvalidInput(
                    f"two time points are at {earlier!r} and {later!r} h; scans must be at least {60 * LEAST_APART_H:g} minutes "
                    "apart: check that the times are in hours."
                )
            if earlier > later:
                raise InvalidInput(
                    f"the time point at {later:g} h comes after that at {earlier:g} h; give them in order of time."
                )
        if all(point.ct is None for point in self.time_points):
            raise InvalidInput(
                "no time point has a ct; at least one CT (in HU) is needed for densities, or, where there is none at all, "
                'ct "water" at the reference time point.'
            )
        check_text("patient_id", self.patient_id, empty=True)
        check_text("nuclide", self.nuclide)
        check_whole("cycle", self.cycle, 1)
        if self.administered_activity_MBq is not None:
            check_number("administered_activity_MBq", self.administered_activity_MBq)
        _check_reference(self.reference_time_point, len(hours))
        if self.ct is None and any(point.ct not in (None, WATER) for point in self.time_points):
            raise InvalidInput(
                'one time point has ct "water" and another has a CT; "water" is for cases without any CT: set it to null.'
            )
        check_choice("preset", self.preset, tuple(PRESETS))
        self._check_integration(len(hours))

    def _check_integration(self, scans: int) -> None:
        asked = INTEGRATIONS[self.options.integration]
        if scans < asked.least_scans:
            possible = [
                repr(entry.name)
                for entry in INTEGRATIONS.values()
                if entry.least_scans <= scans and not entry.needs_vois
            ]
            raise InvalidInput(
                f"options: integration is {asked.name!r}, which needs at least {asked.least_scans} scans, but there "
                f"{'is only 1' if scans == 1 else f'are only {scans}'}; choose {', '.join(possible[:-1])} or {possible[-1]}."
            )
        if asked.needs_vois and self.segmentation is None:
            raise InvalidInput(
                f"options: integration is {asked.name!r}, which needs volumes of interest, but there is no segmentation."
            )

    @classmethod
    def read(cls, path: str | Path) -> "Case":
        """
        Read and check a case file, or the ``case.json`` of a folder.

        Raises
        ------
        InvalidInput
            One sentence with the file, the key, the value and what is allowed.
        """
        path = Path(path)
        try:
            if path.is_dir():
                path = path / FILE_NAME
            if path.exists() and not path.is_file():
                raise InvalidInput(f"the case file {path} is a device or a pipe; give a file.")
            content = path.read_bytes()
        except FileNotFoundError:
            raise InvalidInput(f"there is no case file {path}; check the path.") from None
        except OSError as error:
            raise InvalidInput(
                f"the case file {path} cannot be read: {error.strerror or error}."
            ) from None
        data = read_json(content, f"the case file {path}")
        with within(str(path)):
            case = cls.from_dict(data, path.parent)
        return replace(case, file=path, file_sha256=hashlib.sha256(content).hexdigest())

    @classmethod
    def from_dict(cls, data: Any, folder: Path) -> "Case":
        """
        Check the content of a case file that lies in a folder.

        Time points may be given in any order; options that are given override those of the preset.

        Raises
        ------
        InvalidInput
            One sentence with the key, the value and what is allowed.
        """
        schema = data.get("schema") if isinstance(data, Mapping) else SCHEMA
        if schema != SCHEMA:
            raise InvalidInput(f"schema is {shown(schema)}; expected {SCHEMA!r}.")
        values = read_values(cls, _with_preset(data), folder, extra=("schema",))
        given = values["time_points"]
        reference = values.get("reference_time_point", 0)
        if given:
            _check_reference(reference, len(given))
        order = sorted(range(len(given)), key=lambda n: given[n].hours)
        if order != list(range(len(given))):
            hours = ", ".join(f"{point.hours:g}" for point in given)
            values["warnings"] = (
                f"the time points were given as {hours} h and have been sorted by time.",
            )
        values["time_points"] = tuple(given[n] for n in order)
        values["reference_time_point"] = order.index(reference) if given else 0
        asked = _asked(values.get("preset", RECOMMENDED), data.get("options") or {})
        return cls(**values, folder=folder, asked=asked)

    def to_dict(self) -> dict[str, Any]:
        """Make the content of a case file, with paths relative to the case's folder if possible."""
        return self._to_dict(self.folder)

    def write(self, path: Path) -> None:
        """
        Write a case file, complete or not at all; its paths are relative to where it lies.

        Options that nobody asked for and that are as in the preset are left to the preset.
        """
        with write_atomically(path) as file:
            file.write(self._to_bytes(path.parent))

    def with_options(self, *, preset: str | None = None, **changes: Any) -> "Case":
        """
        Copy the case with other options, checked as those of a file.

        Parameters
        ----------
        preset : str, optional
            Name of a preset, whose values take the place of the case's own.
        **changes
            Options; they override those of the preset.
        """
        values = self.options.to_dict()
        if preset is not None:
            values |= preset_values(preset)
        with within("options"):
            options = type(self.options).from_dict(values | changes)
        asked = self.asked | _asked(preset or RECOMMENDED, changes)
        return replace(self, options=options, preset=preset or self.preset, asked=asked)

    @property
    def ct(self) -> Path | None:
        """
        The CT that gives the densities: the reference's own, or else the first there is.

        None where the case has no CT and the patient is taken as water.
        """
        if any(point.ct == WATER for point in self.time_points):
            return None
        reference = self.time_points[self.reference_time_point]
        return reference.ct or next(p.ct for p in self.time_points if p.ct is not None)

    @property
    def images(self) -> tuple[Path, ...]:
        """Every image that the case names, each once: files or DICOM folders."""
        scans = [
            path for point in self.time_points for path in (point.spect, point.ct) if path != WATER
        ]
        scans.append(None if self.segmentation is None else self.segmentation.file)
        return tuple(dict.fromkeys(path for path in scans if path is not None))

    @property
    def inputs(self) -> tuple[Path, ...]:
        """All that is read and must not change: case file, dicom.json and network, if any, and the images."""
        others = (self.file, self.dicom, self.options.model)
        return (*(path for path in others if path is not None), *self.images)

    @property
    def sha256(self) -> str:
        """Hash of the case file that was read, or else of the one that `write` would make."""
        return self.file_sha256 or hashlib.sha256(self._to_bytes(self.folder)).hexdigest()

    def _to_dict(self, folder: Path) -> dict[str, Any]:
        return {"schema": SCHEMA, **json_object(self, partial(_path_from, self.folder, folder))}

    def _to_bytes(self, folder: Path) -> bytes:
        content = self._to_dict(folder)
        usual = json_of({**Options().to_dict(), **preset_values(self.preset)})
        content["options"] = {
            key: value
            for key, value in content["options"].items()
            if key in self.asked or value != usual[key]
        }
        return (json.dumps(content, indent=1) + "\n").encode()


def _asked(preset: str, options: Mapping[str, Any]) -> frozenset[str]:
    """Names of options that a preset other than the defaults, or somebody, gave."""
    return frozenset({*(PRESETS[preset].options if preset in PRESETS else ()), *options})


def _with_preset(data: Any) -> Any:
    """Put the values of the preset beneath the options that are given."""
    if not isinstance(data, Mapping):
        return data
    values, given = preset_values(data.get("preset", RECOMMENDED)), data.get("options", {})
    return {**data, "options": {**values, **given}} if isinstance(given, Mapping) else data


def _check_reference(index: Any, time_points: int) -> None:
    """Refuse a reference that is not the index of a time point."""
    check_whole("reference_time_point", index, 0)
    if index >= time_points:
        raise InvalidInput(
            f"reference_time_point is {index}; allowed: 0 to {time_points - 1} (there are {time_points} time points)."
        )


def _path_from(case_folder: Path, folder: Path, path: Path) -> str:
    """A path for a file in `folder`; relative if it lies below it or was relative to the case's."""
    if folder == case_folder and path.is_relative_to(case_folder):
        return path.relative_to(case_folder).as_posix()
    absolute, base = path.absolute(), folder.absolute()
    below = absolute.is_relative_to(base)
    return (absolute.relative_to(base) if below else absolute).as_posix()
