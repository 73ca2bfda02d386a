"""Grids, volumes, resampling, and image files."""
