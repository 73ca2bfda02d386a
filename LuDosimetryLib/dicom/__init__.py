"""DICOM: NM, PT, CT, SEG and RTSTRUCT in; RTDOSE, SEG, SR and parametric map out."""
