"""
The module "177Lu Dosimetry" of 3D Slicer.

What is calculated lies in LuDosimetryLib, which knows no Slicer; the parts of the module, from
scene to job folder and back, lie in LuDosimetryModule. This file tells Slicer what there is.
"""

import importlib.util
import sys
from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

if hasattr(slicer.modules, "LuDosimetryInstance"):
    # a reload of the module is one of its packages, too
    for _name in list(sys.modules):
        if _name.partition(".")[0] in ("LuDosimetryLib", "LuDosimetryModule"):
            del sys.modules[_name]

if importlib.util.find_spec("LuDosimetryLib") is None:
    # a source checkout: the library stands beside the module's folder
    sys.path.append(str(Path(__file__).resolve().parents[1]))

from LuDosimetryModule.logic import LuDosimetryLogic
from LuDosimetryModule.sample import register
from LuDosimetryModule.self_test import LuDosimetryTest
from LuDosimetryModule.widget import LuDosimetryWidget

__all__ = ["LuDosimetry", "LuDosimetryLogic", "LuDosimetryTest", "LuDosimetryWidget"]

_HOMEPAGE = "https://github.com/LuDosimetry/LuDosimetry"


class LuDosimetry(ScriptedLoadableModule):
    """Entry of the module in Slicer's module selector."""

    def __init__(self, parent) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("177Lu Dosimetry")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Nuclear Medicine")]
        parent.dependencies = []
        parent.contributors = ["LuDosimetry contributors"]
        parent.helpText = _(
            "Absorbed dose of 177Lu radiopharmaceutical therapy, voxel by voxel, from sequential SPECT/CT: "
            "time-integrated activity, voxel S values of 20 media or Monte Carlo, organ doses and dose-volume histograms. "
            "For research use only. More in the {link_start}documentation{link_end}."
        ).format(link_start=f'<a href="{_HOMEPAGE}">', link_end="</a>")
        parent.acknowledgementText = _(
            "The method is that of Kim et al., Voxel-Based Internal Dosimetry for 177Lu-Labeled Radiopharmaceutical "
            "Therapy Using Deep Residual Learning, Nucl Med Mol Imaging 2022. The sample CT and other data are credited in "
            "the file NOTICE."
        )
        slicer.app.connect("startupCompleted()", self._register_sample)

    def _register_sample(self) -> None:
        register(self.resourcePath("Icons/LuDosimetry.png"))
