"""Short description of how the dose was calculated, for the DICOM objects of a result."""

from ...case.option import options_of
from ...case.options import Options
from ...report.how_calculated import how_calculated
from ...report.page import RESEARCH_USE
from ...result.result import ResultData

_LONGEST_NAME = 64
"""Characters of a DICOM description (LO)."""
_LONGEST_TEXT = 1024
"""Characters of a DICOM short text (ST)."""
_IN_SHORT = ("integration", "tail")


def series_description(what: str) -> str:
    """Description of a series; that it is for research use is never cut off."""
    end = "; research use only"
    return what[: _LONGEST_NAME - len(end)] + end


def method_parameters(result: ResultData) -> dict[str, str]:
    """Dose method, integration and, where it has a part, the tail."""
    options = Options.from_dict(result.case.get("options") or {})
    chosen = {"dose_method": result.dose_method}
    for declared in options_of(Options):
        if declared.name in _IN_SHORT and declared.applies(options):
            chosen[declared.name] = str(getattr(options, declared.name))
    return chosen


def method_in_short(result: ResultData) -> str:
    """Dose method, integration and tail on a line of at most 64 characters."""
    words = [
        f"{value} {name}" if name == "tail" else value
        for name, value in method_parameters(result).items()
    ]
    return f"Research use only: {', '.join(words)}"[:_LONGEST_NAME]


def method_in_words(result: ResultData) -> str:
    """How the dose was made, as in the report."""
    asked = result.asked
    rows = how_calculated(result.case, result.dose_method)
    sentences = [
        RESEARCH_USE,
        f"Nuclide: {asked.nuclide}." if asked.nuclide else "",
        ""
        if asked.administered_activity_MBq is None
        else f"Administered activity: {asked.administered_activity_MBq:g} MBq.",
        *(f"{row.label}: {row.value}." for row in rows),
    ]
    if any(organ.standard_uncertainty_Gy is not None for organ in result.organs):
        sentences.append("Uncertainties are standard uncertainties (one standard deviation).")
    return " ".join(filter(None, sentences))[:_LONGEST_TEXT]
