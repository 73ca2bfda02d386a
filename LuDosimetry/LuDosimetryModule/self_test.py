"""Self test, run from Slicer's developer menu and by its test runner."""

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

from .logic import LuDosimetryLogic
from .sample import load_sample


class LuDosimetryTest(ScriptedLoadableModuleTest):
    """Self test: the sample case up to its dose."""

    def setUp(self) -> None:
        """Start with an empty scene."""
        slicer.mrmlScene.Clear()

    def test_SampleCase(self) -> None:
        """Check kidney doses of the sample case, and that the next run updates the same nodes."""
        logic = LuDosimetryLogic()
        parameters = logic.getParameterNode()
        self.delayDisplay("Making the sample case")
        load_sample(parameters)
        parameters.doseMethod = "single-vsv"
        parameters.compareWith = ["local"]
        self.delayDisplay("Calculating")
        outputs = logic.run(parameters)
        organs = outputs["table.organs"]
        doses = {
            organs.GetCellText(row, 0): float(organs.GetCellText(row, 1))
            for row in range(organs.GetNumberOfRows())
        }
        assert doses["left kidney"] > 4.0
        assert doses["left kidney"] < 7.0
        assert doses["urinary bladder"] < doses["spleen"]
        nodes = slicer.mrmlScene.GetNumberOfNodes()
        parameters.dose = outputs.dose
        again = logic.run(parameters)
        assert again.dose.GetID() == outputs.dose.GetID()
        assert slicer.mrmlScene.GetNumberOfNodes() == nodes
        logic.removeResultFolders()
        self.delayDisplay("Test passed")
