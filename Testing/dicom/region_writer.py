"""Volumes of interest of a study, written as SEG and RTSTRUCT."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from LuDosimetryLib.image.grid import Grid

from .study_writer import StudyWriter, right_handed


class RegionWriter(StudyWriter):
    """Writes SEG and RTSTRUCT too."""

    def seg(self, name: str, labels: np.ndarray, names: dict[int, str], grid: Grid) -> Path:
        _, positions, orientation = right_handed(labels, grid)
        ds = self.base("1.2.840.10008.5.1.4.1.1.66.4", "SEG", generate_uid())
        ds.SegmentationType = "BINARY"
        ds.SegmentSequence = []
        frames, groups = [], []
        for value, label in names.items():
            item = Dataset()
            item.SegmentNumber, item.SegmentLabel = value, label
            ds.SegmentSequence.append(item)
            for k in np.flatnonzero((labels == value).any(axis=(1, 2))):
                group, plane, segment = Dataset(), Dataset(), Dataset()
                plane.ImagePositionPatient = [f"{x:.10g}" for x in positions[k]]
                segment.ReferencedSegmentNumber = value
                group.PlanePositionSequence = [plane]
                group.SegmentIdentificationSequence = [segment]
                groups.append(group)
                frames.append(labels[k] == value)
        shared, measures, plane = Dataset(), Dataset(), Dataset()
        measures.PixelSpacing = list(grid.spacing_mm[1:])
        measures.SpacingBetweenSlices = measures.SliceThickness = grid.spacing_mm[0]
        plane.ImageOrientationPatient = [f"{x:.10g}" for x in orientation]
        shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [plane]
        ds.SharedFunctionalGroupsSequence = [shared]
        ds.PerFrameFunctionalGroupsSequence = groups
        ds.NumberOfFrames, ds.Rows, ds.Columns = len(frames), *labels.shape[1:]
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.BitsAllocated = ds.BitsStored = 1
        ds.HighBit = ds.PixelRepresentation = 0
        bits = np.packbits(np.array(frames).reshape(-1), bitorder="little").tobytes()
        ds.PixelData = bits + b"\0" * (len(bits) % 2)
        ds["PixelData"].VR = "OB"
        return self.save(ds, name, "explicit")

    def rtstruct(
        self, name: str, labels: np.ndarray, names: dict[int, str], grid: Grid, ct_uid: str
    ) -> Path:
        """Each row of voxels as a thin rectangle of its own: exact, however the shape."""
        ds = self.base("1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT", generate_uid())
        del ds.FrameOfReferenceUID
        series, study, frame = Dataset(), Dataset(), Dataset()
        series.SeriesInstanceUID = ct_uid
        study.RTReferencedSeriesSequence = [series]
        frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = self.frame_uid, [study]
        ds.ReferencedFrameOfReferenceSequence = [frame]
        ds.StructureSetROISequence, ds.ROIContourSequence = [], []
        for value, label in names.items():
            roi, structure = Dataset(), Dataset()
            roi.ROINumber, roi.ROIName = value, label
            structure.ReferencedROINumber, structure.ContourSequence = value, []
            for k, j in zip(*np.nonzero((labels == value).any(axis=2)), strict=True):
                at = np.flatnonzero(labels[k, j] == value)
                a, b = at.min() - 0.5, at.max() + 0.5
                assert len(at) == b - a
                corners = np.array([(a, j - 0.4), (b, j - 0.4), (b, j + 0.4), (a, j + 0.4)])
                points = grid.positions(np.column_stack([corners, np.full(4, k)]).T).T
                contour = Dataset()
                contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", 4
                contour.ContourData = [f"{x:.8g}" for x in points.reshape(-1)]
                structure.ContourSequence.append(contour)
            ds.StructureSetROISequence.append(roi)
            ds.ROIContourSequence.append(structure)
        return self.save(ds, name)
