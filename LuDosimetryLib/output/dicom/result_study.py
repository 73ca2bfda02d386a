"""The study that the objects of a result belong to: that of the source, or a new one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...dicom.source import PATIENT_KEYWORDS, STUDY_KEYWORDS, SourceSeries
from ...organs.quantities import SCHEME
from ...result.result import ResultData
from .planes import Planes, decimals

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MANUFACTURER = "LuDosimetry"
MODEL = "LuDosimetryLib"
SERIAL_NUMBER = "1"
_NEW_STUDY = "LuDosimetry: new study, the case does not come from DICOM"
_SERIES_NUMBERS = {"dose": 9001, "segmentation": 9002, "report": 9003, "map": 9004}
_BY_REFERENCE = ("spect", "ct")


@dataclass(frozen=True)
class ResultStudy:
    """
    Patient, study and frame of reference of a result's objects, and the series they refer to.

    Attributes
    ----------
    patient, study : dict of str to str
    frame_of_reference : str
    series : list of SourceSeries
    made : datetime
    version : str
        Version of this library.
    """

    patient: dict[str, str]
    study: dict[str, str]
    frame_of_reference: str
    series: list[SourceSeries]
    made: datetime
    version: str
    is_new: bool = False
    _uids: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, result: ResultData) -> "ResultStudy":
        """Take the study of a result's source, or a new one with generated UIDs."""
        from pydicom.uid import generate_uid

        made = datetime.now()
        version = str(result.provenance.get("version", ""))
        if result.dicom is None:
            name = result.asked.patient_id
            study = {k: "" for k in STUDY_KEYWORDS} | {
                "StudyInstanceUID": str(generate_uid(prefix=None)),
                "StudyDate": f"{made:%Y%m%d}",
                "StudyTime": f"{made:%H%M%S}",
            }
            patient = {k: "" for k in PATIENT_KEYWORDS} | {"PatientID": name[:64]}
            frame = str(generate_uid(prefix=None))
            return cls(patient, study, frame, [], made, version, True)
        source = result.dicom
        frame = source.frame_of_reference or str(generate_uid(prefix=None))
        return cls(
            {k: source.patient.get(k, "") for k in PATIENT_KEYWORDS},
            {k: source.study.get(k, "") for k in STUDY_KEYWORDS},
            frame,
            source.series,
            made,
            version,
        )

    def series_arguments(self, kind: str) -> dict[str, Any]:
        """Series and equipment, as highdicom's objects take them."""
        from pydicom.uid import generate_uid

        return {
            "series_instance_uid": generate_uid(prefix=None),
            "series_number": _SERIES_NUMBERS[kind],
            "sop_instance_uid": generate_uid(prefix=None),
            "instance_number": 1,
            "manufacturer": MANUFACTURER,
            "manufacturer_model_name": MODEL,
            "software_versions": self.version,
            "device_serial_number": SERIAL_NUMBER,
        }

    def stamp(self, dataset: "Dataset", description: str) -> None:
        """Set patient, study, series description and frame of reference of an object."""
        for keyword, value in {**self.patient, **self.study}.items():
            setattr(dataset, keyword, value)
        if self.is_new:
            dataset.StudyDescription = _NEW_STUDY
        dataset.SeriesDescription = description[:64]
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.FrameOfReferenceUID = self.frame_of_reference
        dataset.PositionReferenceIndicator = ""

    def name_private_scheme(self, dataset: "Dataset") -> None:
        """Identify the private codes of an object."""
        from pydicom.dataset import Dataset

        scheme = Dataset()
        scheme.CodingSchemeDesignator = SCHEME
        scheme.CodingSchemeName = "LuDosimetry private codes"
        scheme.CodingSchemeResponsibleOrganization = MANUFACTURER
        dataset.CodingSchemeIdentificationSequence = [scheme]

    def stand_in(self, planes: Planes, shape: tuple[int, int, int]) -> "Dataset":
        """
        Make an image of the study on a grid, from which highdicom copies patient, study and geometry.

        It is written nowhere; `refer_to_sources` removes references to it again.
        """
        from pydicom.dataset import Dataset, FileMetaDataset
        from pydicom.uid import ExplicitVRLittleEndian, generate_uid

        image = Dataset()
        self.stamp(image, "")
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID = "1.2.840.10008.5.1.4.1.1.128"
        image.SOPInstanceUID = generate_uid(prefix=None)
        image.SeriesInstanceUID = generate_uid(prefix=None)
        image.Modality = "PT"
        image.Rows, image.Columns = shape[1:]
        image.PixelSpacing = decimals(planes.pixel_spacing)
        image.SliceThickness = decimals([planes.spacing_mm])[0]
        image.ImageOrientationPatient = decimals(planes.orientation)
        # away from every plane, so that no plane is taken for the image itself
        image.ImagePositionPatient = decimals(planes.positions[0] + 1e4)
        return image

    def refer_to_sources(self, dataset: "Dataset") -> None:
        """Refer to the scans and CTs that an object was made from (Common Instance Reference)."""
        in_this_study: list[Dataset] = []
        others: dict[str, list[Dataset]] = {}
        for series in self._image_series():
            item = _series_item(series)
            if series.study == self.study["StudyInstanceUID"]:
                in_this_study.append(item)
            else:
                others.setdefault(series.study, []).append(item)
        _set(dataset, "ReferencedSeriesSequence", in_this_study)
        _set(
            dataset,
            "StudiesContainingOtherReferencedInstancesSequence",
            map(_study_item, others.items()),
        )
        images = [
            _instance(pair)
            for s in self._image_series()
            if s.role == "spect"
            for pair in s.instances
        ]
        _set(dataset, "SourceImageSequence", images)

    def _image_series(self) -> list[SourceSeries]:
        """Series of images, each once, though a CT may serve several time points."""
        chosen: dict[str, SourceSeries] = {}
        for series in self.series:
            if series.role in _BY_REFERENCE:
                chosen.setdefault(series.series, series)
        return list(chosen.values())


def _set(dataset: "Dataset", keyword: str, items: Iterable["Dataset"]) -> None:
    """Set a sequence; remove it if it has no items."""
    from pydicom.sequence import Sequence

    given = list(items)
    if given:
        setattr(dataset, keyword, Sequence(given))
    elif keyword in dataset:
        delattr(dataset, keyword)


def _instance(pair: list[str]) -> "Dataset":
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = pair
    return item


def _series_item(series: SourceSeries) -> "Dataset":
    from pydicom.dataset import Dataset

    item = Dataset()
    item.SeriesInstanceUID = series.series
    item.ReferencedInstanceSequence = [_instance(pair) for pair in series.instances]
    return item


def _study_item(entry: tuple[str, list["Dataset"]]) -> "Dataset":
    from pydicom.dataset import Dataset

    item = Dataset()
    item.StudyInstanceUID, item.ReferencedSeriesSequence = entry
    return item
