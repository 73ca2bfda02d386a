"""One DICOM file: its header, its structure, and what it can be used for."""
