"""A calculation as asked for with nodes of the scene, and its job folder."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.case.case import Case
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.case.parts import WATER, Calibration, Segmentation
from LuDosimetryLib.case.parts import TimePoint as CaseTimePoint
from LuDosimetryLib.case.presets import RECOMMENDED, preset_values
from LuDosimetryLib.dose.residual.model import read_model
from LuDosimetryLib.jobs.job_folder import CASE

from .segmentation_export import export_segmentation, segment_ids, segment_names
from .volume_export import check_volume, export_volume

_SEGMENTATION_FILE = "organs.seg.nrrd"


@dataclass(frozen=True)
class Scan:
    """
    One SPECT/CT scan.

    Attributes
    ----------
    spect, ct : vtkMRMLScalarVolumeNode or None
    hours : float
        After administration [h].
    unit : {"Bq/mL", "Bq", "counts"}
    BqPerCount : float
        Activity of one count [Bq].
    """

    spect: Any
    ct: Any = None
    hours: float = 0.0
    unit: str = "Bq/mL"
    BqPerCount: float = 0.0


@dataclass(frozen=True)
class Request:
    """
    A calculation.

    Attributes
    ----------
    scans : tuple of Scan
        In any order.
    reference : int
        Index of the scan on whose grid everything is calculated.
    water : bool
        Whether there is no CT, and the patient is taken as water within the outline on the SPECT.
    segmentation : vtkMRMLSegmentationNode or None
    segments : tuple of str
        IDs of segments that count; all if empty.
    differences : str
        Further volumes of interest, as "rest = liver - tumour 1; ...".
    administered_MBq : float
        0 if it is not known.
    patient_id : str
    preset : str
        Name of a preset of options.
    options : dict
        Options as in a case file; they override those of the preset.
    """

    scans: tuple[Scan, ...]
    reference: int = 0
    water: bool = False
    segmentation: Any = None
    segments: tuple[str, ...] = ()
    differences: str = ""
    administered_MBq: float = 0.0
    patient_id: str = ""
    preset: str = RECOMMENDED
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, parameters: Any) -> "Request":
        """What a parameter node asks for."""
        statistical = "monte-carlo" in (parameters.doseMethod, *parameters.compareWith)
        return cls(
            scans=tuple(
                Scan(point.spect, point.ct, point.hours, point.unit, point.BqPerCount)
                for point in parameters.timePoints
            ),
            reference=parameters.referenceTimePoint,
            water=parameters.water,
            segmentation=parameters.segmentation,
            segments=tuple(parameters.segmentIDs),
            differences=parameters.differences,
            administered_MBq=parameters.administeredActivity,
            patient_id=parameters.patientID,
            preset=parameters.preset,
            options=further_options(parameters.furtherOptions)
            | {
                "registration": parameters.registration,
                "integration": parameters.integration,
                "tail": parameters.tail,
                "dose_method": parameters.doseMethod,
                "media": parameters.media,
                "device": parameters.device,
                "seed": parameters.seed,
                "uncertainty_percent": (parameters.uncertaintyPercent or None)
                if statistical
                else None,
                "compare_with": [
                    name for name in parameters.compareWith if name != parameters.doseMethod
                ],
            },
        )

    def missing(self) -> list[str]:
        """What must still be chosen or entered, each in a few words."""
        if not self.scans:
            return [_("add at least one time point")]
        lacking = []
        for number, scan in enumerate(self.scans, start=1):
            if scan.spect is None:
                lacking.append(_("choose the SPECT of time point {n}").format(n=number))
            if not scan.hours > 0.0:
                lacking.append(
                    _("enter the hours after administration of time point {n}").format(n=number)
                )
            if scan.unit == "counts" and not scan.BqPerCount > 0.0:
                lacking.append(_("enter the Bq per count of time point {n}").format(n=number))
        hours = [scan.hours for scan in self.scans if scan.hours > 0.0]
        if len(set(hours)) < len(hours):
            lacking.append(_("give every time point its own time"))
        spects = [scan.spect.GetID() for scan in self.scans if scan.spect is not None]
        if len(set(spects)) < len(spects):
            lacking.append(_("choose a SPECT for one time point only"))
        without_ct = all(scan.ct is None for scan in self.scans)
        if without_ct and not self.water:
            lacking.append(_("choose a CT for at least one time point, or tick No CT"))
        if self.water and not without_ct:
            lacking.append(_("choose no CT for any time point, or untick No CT"))
        return lacking

    def nodes(self) -> list[Any]:
        """Every node that goes in, each once."""
        nodes = [node for scan in self.scans for node in (scan.spect, scan.ct)]
        nodes.append(self.segmentation)
        return list({node.GetID(): node for node in nodes if node is not None}.values())

    def check(self) -> None:
        """
        Refuse what cannot be calculated, as far as the scene tells.

        Raises
        ------
        InvalidInput
            One sentence.
        """
        lacking = self.missing()
        if lacking:
            raise InvalidInput(_("To run: {what}.").format(what="; ".join(lacking)))
        for number, scan in enumerate(self.scans, start=1):
            check_volume(scan.spect, _("SPECT of time point {n}").format(n=number))
            if scan.ct is not None:
                check_volume(scan.ct, _("CT of time point {n}").format(n=number))
        node = self.segmentation
        if node is not None and node.GetSegmentation().GetNumberOfSegments() == 0:
            raise InvalidInput(
                _(
                    "the segmentation {name} has no segments; add some in the module Segment Editor, or choose none."
                ).format(name=node.GetName())
            )
        self._differences()
        options = self.case_options()
        if options.model is not None and "unet" in (options.dose_method, *options.compare_with):
            read_model(options.model)

    def case_options(self) -> Options:
        """Make the options of the case: those of the preset, and those that were given."""
        options = Options.from_dict(preset_values(self.preset) | self.options)
        if options.model is None:
            return options
        return replace(options, model=options.model.expanduser().absolute())

    def write_job(self, folder: Path) -> Iterator[str]:
        """
        Write the files of the job, in steps; what is written stands in what the steps give.

        Raises
        ------
        InvalidInput
        """
        ordered = sorted(range(len(self.scans)), key=lambda n: self.scans[n].hours)
        files: dict[str, str] = {}
        points = []
        for number, n in enumerate(ordered, start=1):
            scan = self.scans[n]
            for node, name in ((scan.spect, f"spect_{number}"), (scan.ct, f"ct_{number}")):
                if node is None or node.GetID() in files:
                    continue
                files[node.GetID()] = f"{name}.nrrd"
                said = _("copying {name}").format(name=node.GetName())
                yield said
                for _piece in export_volume(node, folder / f"{name}.nrrd"):
                    yield said
            points.append(self._time_point(n, files, folder))
        segmentation = None
        if self.segmentation is not None:
            said = _("copying {name}").format(name=self.segmentation.GetName())
            yield said
            for _piece in export_segmentation(
                self.segmentation, self._segment_ids(), folder / _SEGMENTATION_FILE
            ):
                yield said
            segmentation = Segmentation(
                folder / _SEGMENTATION_FILE,
                segment_names(self.segmentation, self._segment_ids()),
                self._differences(),
            )
        case = Case(
            time_points=tuple(points),
            patient_id=self.patient_id,
            administered_activity_MBq=self.administered_MBq or None,
            reference_time_point=ordered.index(self._reference),
            segmentation=segmentation,
            preset=self.preset,
            options=self.case_options(),
            folder=folder,
        )
        case.write(folder / CASE)

    def _time_point(self, n: int, files: dict[str, str], folder: Path) -> CaseTimePoint:
        scan = self.scans[n]
        ct = None if scan.ct is None else folder / files[scan.ct.GetID()]
        if self.water and n == self._reference:
            ct = WATER
        return CaseTimePoint(
            hours=scan.hours,
            spect=folder / files[scan.spect.GetID()],
            ct=ct,
            unit=scan.unit,
            calibration=Calibration(Bq_per_count=scan.BqPerCount)
            if scan.unit == "counts"
            else None,
        )

    @property
    def _reference(self) -> int:
        return min(self.reference, len(self.scans) - 1)

    def _segment_ids(self) -> Sequence[str]:
        return segment_ids(self.segmentation, self.segments)

    def _differences(self) -> dict[str, list[str]]:
        if self.segmentation is None:
            return {}
        names = segment_names(self.segmentation, self._segment_ids()).values()
        return read_differences(self.differences, list(names))


def further_options(text: str) -> dict[str, Any]:
    """
    Options of a case file, as JSON.

    Raises
    ------
    InvalidInput
        For what is no JSON object; what is in it is checked with the case.
    """
    try:
        options = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise InvalidInput(
            _("further options: this is no JSON ({error}).").format(error=error)
        ) from None
    if not isinstance(options, dict):
        raise InvalidInput(
            _(
                'further options: expected a JSON object such as {{"histories": 1000000}}, but found {text}.'
            ).format(text=text)
        )
    return options


def read_differences(text: str, names: Sequence[str]) -> dict[str, list[str]]:
    """
    Read "rest = liver - tumour 1 - tumour 2; ...".

    Parameters
    ----------
    text : str
    names : sequence of str
        Of the segments; they may hold " - " themselves.

    Raises
    ------
    InvalidInput
        For what is not of this form, or names another segment.
    """
    differences: dict[str, list[str]] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, rest = (piece.strip() for piece in part.partition("="))
        parts = _parts(rest, names)
        if not (name and equals and parts is not None and len(parts) > 1):
            raise InvalidInput(
                _(
                    'differences: "{part}" is not of the form "rest = liver - tumour 1" with segments that count: {names}.'
                ).format(part=part, names=", ".join(names))
            )
        differences[name] = parts
    return differences


def _parts(text: str, names: Sequence[str]) -> list[str] | None:
    """The segments of "a - b - c"; None if it is none of such."""
    for name in sorted(names, key=len, reverse=True):
        if text == name:
            return [name]
        if text.startswith(name):
            rest = text[len(name) :].lstrip()
            if rest.startswith("-"):
                others = _parts(rest[1:].strip(), names)
                if others is not None:
                    return [name, *others]
    return None
