"""The members of Slicer's and CTK's classes that a panel may use, as found in Slicer 5.12.

Properties are values, methods are called, signals are connected to; what is not here the module
does not use, even where the headers have more. Members inherited from Qt's classes are not listed.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Listed:
    """Members of one class."""

    properties: str = ""
    methods: str = ""
    signals: tuple[str, ...] = ()


LISTED = {
    "qMRMLWidget": Listed(
        methods="mrmlScene setMRMLScene", signals=("mrmlSceneChanged(vtkMRMLScene*)",)
    ),
    "qMRMLNodeComboBox": Listed(
        properties="""currentNodeID nodeTypes showHidden showChildNodeTypes baseName noneEnabled
        addEnabled removeEnabled editEnabled renameEnabled selectNodeUponCreation noneDisplay""",
        methods="""mrmlScene setMRMLScene addAttribute removeAttribute nodeCount nodeFromIndex
        currentNode setCurrentNode setCurrentNodeID setCurrentNodeIndex addNode removeCurrentNode""",
        signals=(
            "currentNodeChanged(vtkMRMLNode*)",
            "currentNodeChanged(bool)",
            "currentNodeIDChanged(QString)",
            "nodeActivated(vtkMRMLNode*)",
            "nodeAddedByUser(vtkMRMLNode*)",
        ),
    ),
    "qMRMLSegmentsTableView": Listed(
        properties="""selectionMode headerVisible visibilityColumnVisible colorColumnVisible
        opacityColumnVisible statusColumnVisible layerColumnVisible readOnly filterBarVisible
        textFilter segmentCount""",
        methods="""segmentationNode setSegmentationNode mrmlScene setMRMLScene selectedSegmentIDs
        setSelectedSegmentIDs clearSelection displayedSegmentIDs""",
        signals=("selectionChanged(QItemSelection,QItemSelection)",),
    ),
    "qMRMLSegmentSelectorWidget": Listed(
        properties="noneEnabled multiSelection segmentationNodeSelectorVisible horizontalLayout",
        methods="""currentNode currentNodeID currentSegmentID selectedSegmentIDs segmentIDs
        setCurrentNode setCurrentSegmentID setSelectedSegmentIDs""",
        signals=(
            "currentNodeChanged(vtkMRMLNode*)",
            "currentSegmentChanged(QString)",
            "segmentSelectionChanged(QStringList)",
        ),
    ),
    "qMRMLTableView": Listed(
        properties="transposed firstRowLocked firstColumnLocked",
        methods="mrmlTableNode setMRMLTableNode setMRMLScene mrmlScene",
        signals=("selectionChanged()",),
    ),
    "ctkCollapsibleButton": Listed(
        properties="collapsed collapsedHeight flat contentsLineWidth",
        signals=("contentsCollapsed(bool)",),
    ),
    "ctkSliderWidget": Listed(
        properties="value minimum maximum decimals singleStep suffix",
        signals=("valueChanged(double)",),
    ),
    "ctkDoubleSpinBox": Listed(
        properties="value minimum maximum decimals suffix", signals=("valueChanged(double)",)
    ),
    "ctkPathLineEdit": Listed(
        properties="currentPath filters nameFilters", signals=("currentPathChanged(QString)",)
    ),
    "ctkComboBox": Listed(),
    "ctkCheckBox": Listed(),
    "qSlicerApplication": Listed(
        properties="temporaryPath slicerHome majorVersion minorVersion",
        methods="""testingEnabled processEvents applicationLogic moduleLogic moduleManager
        layoutManager settings setOverrideCursor restoreOverrideCursor""",
        signals=("startupCompleted()",),
    ),
    "LayoutManager": Listed(
        methods="""setLayout sliceViewNames sliceWidget threeDWidget tableWidget plotWidget
        resetSliceViews"""
    ),
}
