"""Sample case in the module Sample Data; the library writes it, so that nothing is downloaded."""

from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.lab.phantom.sample import write_sample

from .case_loading import LoadedCase, fill_parameters, load_case
from .logic import LuDosimetryLogic

SAMPLE_NAME = "177Lu SPECT/CT"
CATEGORY = "Nuclear Medicine"
_FOLDER = "LuDosimetry-sample"


def register(thumbnail: str) -> None:
    """Add the sample case to the module Sample Data."""
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName=SAMPLE_NAME,
        uris="file:///LuDosimetry",  # required, but not used
        fileNames="case.json",
        nodeNames=SAMPLE_NAME,
        loadFiles=False,
        thumbnailFileName=thumbnail,
        customDownloader=lambda _source: load_sample(),
    )


def load_sample(parameters: Any = None) -> LoadedCase:
    """
    Write the sample case into Slicer's folder for temporary files and load it.

    Parameters
    ----------
    parameters : LuDosimetryParameterNode, optional
        Receives the settings of the case; by default the parameters of the module.
    """
    folder = Path(slicer.app.temporaryPath) / _FOLDER
    slicer.util.showStatusMessage(_("Making the 177Lu sample case"), 3000)
    with slicer.util.WaitCursor():
        file = folder / "case.json"
        if not file.exists():
            file = write_sample(folder, Log(lambda _fraction, _message: slicer.app.processEvents()))
        loaded = load_case(file)
    if parameters is None:
        parameters = LuDosimetryLogic().getParameterNode()
    fill_parameters(loaded, parameters)
    return loaded
