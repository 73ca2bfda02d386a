"""The time-integrated activity as a DICOM parametric map."""

from typing import TYPE_CHECKING

import numpy as np

from ...organs.quantities import SCHEME
from ...result.result import ResultData
from .organ_segmentation import plane_sequences, without_stand_in
from .planes import Planes
from .result_study import ResultStudy
from .wording import series_description

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def tia_map(result: ResultData, study: ResultStudy, planes: Planes) -> "Dataset":
    """Make the map: time-integrated activity [MBq h/mL] as 32-bit floating-point values."""
    from highdicom.pm import ParametricMap, RealWorldValueMapping
    from pydicom.sr.coding import Code

    values = np.ascontiguousarray(planes.stacked(result.tia), np.float32)
    most = max(float(values.max()), 1e-6)
    mapping = RealWorldValueMapping(
        lut_label="TIA",
        lut_explanation="Time-integrated activity",
        unit=Code("MBq.h/mL", "UCUM", "Megabecquerel hour per milliliter"),
        value_range=(float(values.min()), most),
        slope=1.0,
        intercept=0.0,
        quantity_definition=Code("time-integrated-activity", SCHEME, "TIA concentration"),
    )
    positions, orientation, measures = plane_sequences(planes)
    dataset = ParametricMap(
        source_images=[study.stand_in(planes, result.grid.shape)],
        pixel_array=values,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        window_center=0.5 * most,
        window_width=most,
        plane_positions=positions,
        plane_orientation=orientation,
        pixel_measures=measures,
        content_label="TIA",
        content_description="Time-integrated activity",
        **study.series_arguments("map"),
    )
    dataset.Laterality = ""
    study.stamp(dataset, series_description("Time-integrated activity [MBq h/mL]"))
    study.name_private_scheme(dataset)
    without_stand_in(dataset)
    study.refer_to_sources(dataset)
    return dataset
