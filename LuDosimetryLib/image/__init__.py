"""Images: array types, grids, volumes, resampling, reading and writing."""
