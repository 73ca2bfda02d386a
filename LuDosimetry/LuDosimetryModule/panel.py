"""State that the sections of the panel share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Panel:
    """
    Panel as its sections see it.

    Attributes
    ----------
    ui : object
        Widgets by name.
    report_error : callable
        Shows a sentence to the user.
    parameters : LuDosimetryParameterNode or None
        Parameters that are shown; None while the module is hidden.
    """

    ui: Any
    report_error: Callable[[str], None]
    parameters: Any = None

    def set_parameter(self, name: str, value: Any) -> None:
        """Set a parameter, if any are shown."""
        if self.parameters is not None:
            setattr(self.parameters, name, value)
