"""A result as DICOM objects."""
