"""What the sections of the panel share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Panel:
    """
    The panel as its sections see it.

    Attributes
    ----------
    ui : object
        The widgets by name.
    report_error : callable
        Of a sentence for the user.
    parameters : LuDosimetryParameterNode or None
        What is shown; None while the module is not.
    """

    ui: Any
    report_error: Callable[[str], None]
    parameters: Any = None

    def set_parameter(self, name: str, value: Any) -> None:
        """Set a parameter, if any are shown."""
        if self.parameters is not None:
            setattr(self.parameters, name, value)
