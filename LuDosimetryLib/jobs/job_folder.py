"""What the background process and the one that starts it agree on: names in the job folder, lines on stdout."""

PREFIX = "LUDOSIMETRY "
"""Begins every line of JSON that the background process writes on stdout."""
CASE = "case.json"
COMPARISON = "comparison.json"
RESULT = "result"
