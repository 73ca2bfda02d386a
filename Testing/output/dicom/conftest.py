"""The studies that the tests of DICOM import write."""

from ...dicom.conftest import imported, same_doses, study  # noqa: F401
