"""
Private elements of cameras' makers that tell what the standard's own leave out.

Only those whose meaning is public: names as in the private dictionaries of pydicom and GDCM.
"""

import math
from dataclasses import dataclass

from .header import Header


@dataclass(frozen=True)
class PrivateElement:
    """
    An element of a private block.

    Attributes
    ----------
    name, creator : str
    group, offset : int
        The element is (group,xxoffset), where xx is the creator's block.
    """

    name: str
    creator: str
    group: int
    offset: int

    def __str__(self) -> str:
        return f"{self.name} ({self.group:04X},xx{self.offset:02X}) of {self.creator}"

    def text(self, header: Header) -> str:
        """The value as text; empty if absent."""
        value = header.private(self.creator, self.group, self.offset)
        if isinstance(value, bytes):
            value = value.decode("ascii", "replace")
        return "" if value is None else str(value).strip().strip("\0")

    def number(self, header: Header) -> float | None:
        """The value as a finite number; None if absent or anything else."""
        try:
            number = float(self.text(header))
        except ValueError:
            return None
        return number if math.isfinite(number) else None


_SIEMENS = "SIEMENS MED NM"
SIEMENS_UNITS = PrivateElement("Units", _SIEMENS, 0x0057, 0x03)
SIEMENS_DECAY_CORRECTION = PrivateElement("Decay correction", _SIEMENS, 0x0057, 0x04)
SIEMENS_INTERCEPT = PrivateElement("Rescale intercept", _SIEMENS, 0x0057, 0x06)
SIEMENS_SLOPE = PrivateElement("Rescale Slope", _SIEMENS, 0x0057, 0x07)

_GE = "GEMS_GENIE_1"
GE_PIXEL_SCALE = PrivateElement("Pixel Scale", _GE, 0x0011, 0x3B)
"""
Counts = Pixel Scale * stored value + Pixel Offset in reconstructions of Xeleris, which fill 16 bits.
In headers that users have published, the display window is that of the scaled values: its width is
Pixel Scale times the greatest stored value.
"""
GE_PIXEL_OFFSET = PrivateElement("Pixel Offset", _GE, 0x0011, 0x3C)

PHILIPS_ACTIVITY = PrivateElement(
    "Activity Concentration Scale Factor", "Philips PET Private Group", 0x7053, 0x09
)
"""Factor from rescaled counts (Units CNTS) to Bq/mL (QIBA, vendor-neutral SUV)."""
