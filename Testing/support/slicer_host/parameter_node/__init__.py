"""`slicer.parameterNodeWrapper`: typed fields on a vtkMRMLScriptedModuleNode, bound to widgets.

Written to behave as Slicer's, and to write the same texts into the node; with SLICER_SOURCE set
the genuine package is used in its place.
"""

from .annotations import (
    Choice,
    Decimals,
    Default,
    Exclude,
    IsInstance,
    Maximum,
    Minimum,
    NotNone,
    RangeBounds,
    SingleStep,
    Validator,
    WithinRange,
)  # fmt: skip
from .pack import isParameterPack, nestedParameterNames, parameterPack
from .wrapper import (
    SlicerParameterNamePropertyName,
    findChildWidgetForParameter,
    isParameterNodeWrapper,
    parameterNodeWrapper,
)

__all__ = [
    "Choice", "Decimals", "Default", "Exclude", "IsInstance", "Maximum", "Minimum", "NotNone",
    "RangeBounds", "SingleStep", "SlicerParameterNamePropertyName", "Validator", "WithinRange",
    "findChildWidgetForParameter", "isParameterNodeWrapper", "isParameterPack",
    "nestedParameterNames", "parameterNodeWrapper", "parameterPack",
]  # fmt: skip
