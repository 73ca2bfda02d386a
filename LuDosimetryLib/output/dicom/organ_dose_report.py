"""The organ doses as a structured report (DICOM PS3.16, TID 1500): all that ``organs.csv`` has."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...base.wording import warnings_in_short
from ...case.dose_methods import DOSE_METHODS
from ...organs.biological_effect import response_of
from ...organs.quantities import FAMILIES, QUANTITIES, SCHEME, Code, Family, OrganDose
from ...organs.uncertainty.budget import PART_LABELS
from ...report.page import RESEARCH_USE
from ...result.result import ResultData
from ...voi.terminology import terminology_of
from .result_study import MANUFACTURER, MODEL, SERIAL_NUMBER, ResultStudy
from .wording import method_in_words, method_parameters, series_description

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

ALPHA_BETA = Code("alpha-beta", SCHEME, "Ratio alpha/beta of the linear-quadratic model")
REPAIR_HALF_TIME = Code("130091", "DCM", "Half-time for Tissue Repair")
WARNING = Code("warning", SCHEME, "Warning of the calculation")
COMMENT = Code("121106", "DCM", "Comment")
_PROCEDURE = Code("dosimetry", SCHEME, "Absorbed dose of radionuclide therapy")

_UNIT_MEANINGS = {
    "Gy": "Gray",
    "mL": "milliliter",
    "g": "gram",
    "h": "hour",
    "%": "Percent",
    "1": "no units",
    "MBq.h": "Megabecquerel hour",
    "Gy/GBq": "Gray per gigabecquerel",
}
_LONGEST_MEANING = 64

Measured = tuple[Code, str, float]
"""Concept, unit (UCUM) and value of a measurement."""


def measured(organ: OrganDose, result: ResultData) -> Iterator[Measured]:
    """
    Every value of an organ, and the tissue parameters that its BED rests on.

    Parameters
    ----------
    organ : OrganDose
    result : ResultData
        Whose organ it is.
    """
    for quantity in QUANTITIES:
        value = quantity.of(organ)
        if value is not None and not quantity.in_family:
            yield quantity.code, quantity.ucum or quantity.unit, value
    for family in FAMILIES:
        for key, value in family.of(organ).items():
            yield family_code(family, key), family.unit, value
    response = response_of(organ.name, result.asked.options.radiobiology)
    if organ.BED_Gy is not None and response is not None:
        yield ALPHA_BETA, "Gy", response.alpha_beta_Gy
        yield REPAIR_HALF_TIME, "h", response.repair_half_time_h


def family_code(family: Family, key: str) -> Code:
    """Concept of a quantity for one dose method, or for one part of the uncertainty."""
    label = DOSE_METHODS[key].label if key in DOSE_METHODS else PART_LABELS.get(key, key)
    meaning = f"{family.code.meaning}: {label}"[:_LONGEST_MEANING]
    return Code(f"{family.code.value}-{key.replace('_', '-')}", SCHEME, meaning)


def organ_dose_report(
    result: ResultData, study: ResultStudy, segmentation: "Dataset", dose: "Dataset"
) -> "Dataset":
    """
    Make the report: a group of measurements for each organ, which refers to its segment.

    Every group names the dose method, integration and tail; comments of the whole report say how
    the dose was made and that it is for research use only, and list the warnings in short.
    """
    from highdicom.sr import (
        Comprehensive3DSR,
        DeviceObserverIdentifyingAttributes,
        MeasurementReport,
        ObservationContext,
        ObserverContext,
    )
    from pydicom.sr.codedict import codes
    from pydicom.uid import generate_uid

    observer = ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=generate_uid(prefix=None),
            manufacturer_name=MANUFACTURER,
            model_name=MODEL,
            serial_number=SERIAL_NUMBER,
        ),
    )
    segments = list(result.vois)
    report = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=observer),
        procedure_reported=_concept(_PROCEDURE),
        imaging_measurements=[
            _group(segments.index(organ.name) + 1, organ, result, study.version, segmentation)
            for organ in result.organs
        ],
        title=codes.DCM.ImagingMeasurementReport,
    )
    report[0].ContentSequence.extend(_remarks(result))
    dataset = Comprehensive3DSR(
        evidence=[segmentation, dose],
        content=report[0],
        is_complete=True,
        is_final=False,
        **study.series_arguments("report"),
    )
    study.stamp(dataset, series_description(f"Organ doses, {result.dose_method}"))
    study.name_private_scheme(dataset)
    for keyword in ("FrameOfReferenceUID", "PositionReferenceIndicator"):
        delattr(dataset, keyword)
    return dataset


def _remarks(result: ResultData) -> list[Any]:
    """Comments that say how the dose was made, and the warnings."""
    from highdicom.sr import RelationshipTypeValues, TextContentItem

    texts = [(COMMENT, RESEARCH_USE), (COMMENT, method_in_words(result))]
    texts += [(WARNING, text) for text in warnings_in_short(result.warnings)]
    return [
        TextContentItem(_concept(code), text, RelationshipTypeValues.CONTAINS)
        for code, text in texts
    ]


def _concept(code: Code) -> Any:
    from highdicom.sr import CodedConcept

    return CodedConcept(code.value, code.scheme, code.meaning)


def _group(
    number: int, organ: OrganDose, result: ResultData, version: str, segmentation: "Dataset"
) -> Any:
    from highdicom.sr import (
        AlgorithmIdentification,
        CodedConcept,
        Measurement,
        ReferencedSegment,
        SourceImageForSegmentation,
        TrackingIdentifier,
        VolumetricROIMeasurementsAndQualitativeEvaluations,
    )
    from pydicom.uid import generate_uid

    method = result.dose_method
    label = DOSE_METHODS[method].label if method in DOSE_METHODS else method
    scheme, value, meaning = terminology_of(organ.name)[1]
    measurements = [
        Measurement(
            name=_concept(code),
            value=float(f"{amount:.9g}"),
            unit=CodedConcept(unit, "UCUM", _UNIT_MEANINGS[unit]),
            derivation=None if code.derivation is None else _concept(code.derivation),
        )
        for code, unit, amount in measured(organ, result)
    ]
    source = SourceImageForSegmentation(
        referenced_sop_class_uid=segmentation.SOPClassUID,
        referenced_sop_instance_uid=segmentation.SOPInstanceUID,
    )
    return VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid=generate_uid(prefix=None), identifier=organ.name
        ),
        referenced_segment=ReferencedSegment(
            sop_class_uid=segmentation.SOPClassUID,
            sop_instance_uid=segmentation.SOPInstanceUID,
            segment_number=number,
            source_images=[source],
        ),
        finding_type=CodedConcept(value, scheme, meaning),
        method=_concept(Code(method, SCHEME, label)),
        algorithm_id=AlgorithmIdentification(
            name=MODEL,
            version=version or "unknown",
            parameters=[f"{key}={value}" for key, value in method_parameters(result).items()],
        ),
        measurements=measurements,
    )
