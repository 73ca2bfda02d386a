"""Calculations in separate processes: on this machine, and on a dask.distributed scheduler."""
