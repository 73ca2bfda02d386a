"""
Interface between a calculating process and the one that starts it.

A job folder asks for one calculation by one of three files; the process reports in lines of JSON.
"""

PREFIX = "LUDOSIMETRY "
"""Start of every line of JSON that the calculating process writes to stdout."""
CASE = "case.json"
"""A case to calculate, with its images; the result goes into the folder `RESULT`."""
COMPARISON = "comparison.json"
"""Paths of the images to compare; the comparison goes into the folder `RESULT`."""
REQUEST = "request.json"
"""
A case that lies elsewhere, with its result folder.

``{"case": PATH, "options": {NAME: VALUE, ...}, "output": PATH}`` with absolute paths; the options
replace those of the case.
"""
RESULT = "result"
