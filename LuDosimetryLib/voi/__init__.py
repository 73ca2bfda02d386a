"""Volumes of interest: reading and writing segmentations."""
