"""Nodes of a result, which its dose volume refers to and the next run updates."""

from collections.abc import Iterable
from typing import Any

import slicer

_ROLE = "LuDosimetry."
RESULT_ATTRIBUTE = "LuDosimetry.Result"
"""Attribute of a dose volume that belongs to a result."""


class Outputs:
    """
    Nodes of one result.

    Parameters
    ----------
    dose : vtkMRMLScalarVolumeNode
        Dose volume, which refers to all other nodes by role.
    """

    def __init__(self, dose: Any) -> None:
        self.dose = dose

    def __getitem__(self, role: str) -> Any:
        """Return the node of a role, or None."""
        return self.dose if role == "dose" else self.dose.GetNodeReference(_ROLE + role)

    def get_or_add(self, role: str, kind: str, name: str) -> tuple[Any, bool]:
        """
        Return the node of a role, and whether it was just made.

        Parameters
        ----------
        role : str
        kind : str
            Class of the node.
        name : str
        """
        node = self[role]
        if node is not None and node.IsA(kind):
            node.SetName(name)
            return node, False
        node = slicer.mrmlScene.AddNewNodeByClass(kind, name)
        self.dose.SetNodeReferenceID(_ROLE + role, node.GetID())
        return node, True

    def roles(self, prefix: str = "") -> list[str]:
        """List the roles that have a node."""
        names: list[str] = []
        self.dose.GetNodeReferenceRoles(names)
        found = [n.removeprefix(_ROLE) for n in names if n.startswith(_ROLE)]
        return [role for role in found if role.startswith(prefix) and self[role] is not None]

    def remove_all_but(self, prefix: str, keep: Iterable[str]) -> None:
        """Remove nodes of roles with a prefix that no longer belong to the result."""
        kept = set(keep)
        for role in self.roles(prefix):
            if role not in kept:
                node = self[role]
                self.dose.SetNodeReferenceID(_ROLE + role, None)
                slicer.mrmlScene.RemoveNode(node)
