"""The parts of a case: time points with their calibration, and the segmentation."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from ..base.checks import check_choice, check_number, check_text, check_unique, shown
from ..base.errors import InvalidInput
from .json_fields import LEFT_OUT_IF_NONE, expecting, or_word

WATER = Path("water")
"""In place of a CT: there is none, and the patient is taken as water within the outline that the SPECT shows."""

UNITS = ("Bq/mL", "Bq", "counts")

LATEST_H = 1000.0
"""Later no scan shows anything of an administration; a larger number is in minutes or seconds."""


@dataclass(frozen=True)
class Calibration:
    """
    Conversion of counts to activity: either `Bq_per_count`, or `cps_per_MBq` with `duration_s`.

    Both hold for counts free of dead time; `dead_time_factor` corrects the counts of the scan.

    Attributes
    ----------
    Bq_per_count : float or None
        Activity of one count in the scan [Bq].
    cps_per_MBq : float or None
        Sensitivity of the camera [counts per second and MBq].
    duration_s : float or None
        Duration of the scan [s].
    dead_time_factor : float or None
        Ratio of the true to the observed count rate, at least 1; None for 1.
    """

    Bq_per_count: float | None = field(default=None, metadata=LEFT_OUT_IF_NONE)
    cps_per_MBq: float | None = field(default=None, metadata=LEFT_OUT_IF_NONE)
    duration_s: float | None = field(default=None, metadata=LEFT_OUT_IF_NONE)
    dead_time_factor: float | None = field(default=None, metadata=LEFT_OUT_IF_NONE)

    def __post_init__(self) -> None:
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        given = {name: value for name, value in given.items() if value is not None}
        dead_time_factor = given.pop("dead_time_factor", 1.0)
        if set(given) not in ({"Bq_per_count"}, {"cps_per_MBq", "duration_s"}):
            raise InvalidInput(
                f"{' with '.join(given) or 'nothing'} is given; allowed: Bq_per_count alone, or "
                "cps_per_MBq with duration_s."
            )
        for name, value in given.items():
            check_number(name, value)
        check_number("dead_time_factor", dead_time_factor)
        if dead_time_factor < 1.0:
            raise InvalidInput(
                f"dead_time_factor is {dead_time_factor:g}; it must be at least 1: true over observed count rate."
            )

    @property
    def activity_per_count_Bq(self) -> float:
        """Activity of one observed count in the scan [Bq]."""
        lost = self.dead_time_factor or 1.0
        if self.Bq_per_count is not None:
            return lost * self.Bq_per_count
        assert self.cps_per_MBq is not None
        assert self.duration_s is not None
        return lost * 1e6 / (self.cps_per_MBq * self.duration_s)


@dataclass(frozen=True)
class TimePoint:
    """
    One SPECT/CT scan.

    Attributes
    ----------
    hours : float
        Time of the scan after administration [h].
    spect : Path
        SPECT image; the activity is that at the time of the scan.
    ct : Path or None
        CT in HU. One CT for all time points is allowed: that of the reference time point, or else
        the first there is. `WATER` (in the file ``"water"``) where there is no CT at all.
    unit : {"Bq/mL", "Bq", "counts"}
        Unit of the SPECT voxels; "Bq" and "counts" are per voxel.
    calibration : Calibration or None
        Required for counts, and allowed for them alone.
    """

    hours: float
    spect: Path
    ct: Path | None = field(default=None, metadata=or_word(WATER.name))
    unit: str = "Bq/mL"
    calibration: Calibration | None = None

    def __post_init__(self) -> None:
        check_number("hours", self.hours)
        if self.hours > LATEST_H:
            raise InvalidInput(
                f"hours is {self.hours:g}; allowed: up to {LATEST_H:g} h after the administration: check that it is not in "
                "minutes or seconds."
            )
        object.__setattr__(self, "hours", float(self.hours))
        check_choice("unit", self.unit, UNITS)
        if self.unit == "counts" and self.calibration is None:
            raise InvalidInput(
                'unit is "counts" but there is no calibration; give {"Bq_per_count": ...} or '
                '{"cps_per_MBq": ..., "duration_s": ...}.'
            )
        if self.unit != "counts" and self.calibration is not None:
            raise InvalidInput(
                f'unit is "{self.unit}" but there is a calibration, which only counts need; '
                'set unit to "counts" or calibration to null.'
            )


CLASS_LISTS = (
    "totalsegmentator",
    "totalsegmentator-v2",
    "totalsegmentator-v1",
    "totalsegmentator-mr",
)
"""Classes by which labels can be named; the first takes the file's own names, else those of version 2."""


@dataclass(frozen=True)
class Segmentation:
    """
    Volumes of interest.

    Attributes
    ----------
    file : Path
        A label image, a Slicer segmentation (``.seg.nrrd``, overlapping segments too), or a folder of
        TotalSegmentator with one mask a class.
    labels : dict of str to str, or str
        Label value (label image), or segment ID, name or label value (``.seg.nrrd``), to the
        name of the volume of interest. Empty: every label or segment under its own name. One of
        `CLASS_LISTS`: the classes of TotalSegmentator that are there, under its names.
    differences : dict of str to list of str
        Further volumes of interest: a name to [the volume, those taken away from it], for
        example ``{"liver without tumours": ["liver", "tumour 1", "tumour 2"]}``.
    """

    file: Path
    labels: Mapping[str, str] | str = field(default_factory=dict)
    differences: Mapping[str, list[str]] = field(
        default_factory=dict,
        metadata=expecting('a JSON object, for example {"rest": ["liver", "tumour"]}'),
    )

    def __post_init__(self) -> None:
        if isinstance(self.labels, str):
            check_choice("labels", self.labels, CLASS_LISTS)
        elif not isinstance(self.labels, Mapping):
            raise InvalidInput(
                f'labels is {shown(self.labels)}; it must be a JSON object, for example {{"1": "liver"}}, or '
                f"{CLASS_LISTS[0]!r}."
            )
        for name in self.names.values():
            check_text("a name in labels", name)
        check_unique("labels", list(self.names.values()))
        for name, parts in self.differences.items():
            check_text("a name in differences", name)
            if (
                not isinstance(parts, list)
                or len(parts) < 2
                or not all(isinstance(part, str) for part in parts)
            ):
                raise InvalidInput(
                    f"differences[{name!r}] must be a list of the volume and those taken away from it, "
                    'for example ["liver", "tumour 1"].'
                )

    @property
    def names(self) -> Mapping[str, str]:
        """Names of the volumes of interest by label, as far as the case gives them."""
        return {} if isinstance(self.labels, str) else self.labels

    @property
    def class_list(self) -> str | None:
        """The list of classes that names the labels, of which any may be absent."""
        return self.labels if isinstance(self.labels, str) else None
