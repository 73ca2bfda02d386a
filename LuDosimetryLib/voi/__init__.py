"""Volumes of interest (VOIs): reading and writing segmentations, terminology."""
