"""The organ doses as a structured report (DICOM PS3.16, TID 1500)."""

from typing import TYPE_CHECKING, Any

from ...voi.terminology import terminology_of
from .result_study import MANUFACTURER, MODEL, SERIAL_NUMBER, ResultStudy

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from ...organs.organ_dose import OrganDose
    from ...result.result import Result

SCHEME = "99LUDOSIMETRY"

# attribute of OrganDose: code value, scheme and meaning; unit (UCUM)
QUANTITIES = {
    "mean_dose_Gy": (("mean-dose", SCHEME, "Mass-weighted mean absorbed dose"), "Gy"),
    "std_dose_Gy": (("sd-dose", SCHEME, "Standard deviation of the absorbed dose"), "Gy"),
    "min_dose_Gy": (("min-dose", SCHEME, "Minimum absorbed dose"), "Gy"),
    "max_dose_Gy": (("max-dose", SCHEME, "Maximum absorbed dose"), "Gy"),
    "D98_Gy": (("D98", SCHEME, "Least absorbed dose of 98 % of the volume"), "Gy"),
    "D50_Gy": (("D50", SCHEME, "Least absorbed dose of 50 % of the volume"), "Gy"),
    "D2_Gy": (("D2", SCHEME, "Least absorbed dose of 2 % of the volume"), "Gy"),
    "volume_mL": (("118565006", "SCT", "Volume"), "mL"),
    "mass_g": (("mass", SCHEME, "Mass by CT density"), "g"),
    "tia_MBq_h": (("tia", SCHEME, "Time-integrated activity"), "MBq.h"),
}
_UNIT_MEANINGS = {
    "Gy": "Gray",
    "mL": "milliliter",
    "g": "gram",
    "MBq.h": "Megabecquerel hour",
}


def organ_dose_report(
    result: "Result", study: ResultStudy, segmentation: "Dataset", dose: "Dataset"
) -> "Dataset":
    """One group of measurements for each volume of interest, which refers to its segment."""
    from highdicom.sr import (
        CodedConcept,
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
    report = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=observer),
        procedure_reported=CodedConcept(
            "dosimetry", SCHEME, "Absorbed dose of radionuclide therapy"
        ),
        imaging_measurements=[
            _group(n, organ, segmentation, result.dose_method)
            for n, organ in enumerate(result.organs, start=1)
        ],
        title=codes.DCM.ImagingMeasurementReport,
    )
    arguments = study.series_arguments("report")
    dataset = Comprehensive3DSR(
        evidence=[segmentation, dose],
        content=report[0],
        is_complete=True,
        is_final=False,
        **arguments,
    )
    study.stamp(dataset, f"Organ doses, {result.dose_method}")
    for keyword in ("FrameOfReferenceUID", "PositionReferenceIndicator"):
        delattr(dataset, keyword)
    return dataset


def _group(number: int, organ: "OrganDose", segmentation: "Dataset", method: str) -> Any:
    from highdicom.sr import (
        CodedConcept,
        Measurement,
        ReferencedSegment,
        SourceImageForSegmentation,
        TrackingIdentifier,
        VolumetricROIMeasurementsAndQualitativeEvaluations,
    )
    from pydicom.uid import generate_uid

    scheme, value, meaning = terminology_of(organ.name)[1]
    measurements = []
    for attribute, (name, unit) in QUANTITIES.items():
        measurements.append(
            Measurement(
                name=CodedConcept(*name),
                value=float(f"{getattr(organ, attribute):.9g}"),
                unit=CodedConcept(unit, "UCUM", _UNIT_MEANINGS[unit]),
            )
        )
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
        measurements=measurements,
    )
