"""The header of a DICOM file: values that are checked, and refusals that name file and tag."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..base.checks import shown
from ..base.errors import InvalidInput
from .availability import quiet


@dataclass(frozen=True)
class Header:
    """
    A data set, or one item of a sequence.

    Attributes
    ----------
    path : Path
        Path of the file.
    dataset : Dataset
        From pydicom, or the `FrameAttributes` of a frame.
    given : mapping of str to value
        By keyword: what the user supplies; it takes the place of what the file says.
    within : str
        The sequence it is an item of.
    frame : int or None
        The frame of an enhanced multi-frame file that this is the header of.
    series : str
        By which ``--supply`` can name the series; empty outside of an import.
    """

    path: Path
    dataset: Any
    given: Mapping[str, Any] = field(default_factory=dict)
    within: str = ""
    frame: int | None = None
    series: str = ""

    def supplied(self, given: Mapping[str, Any], series: str = "") -> "Header":
        """The same header with what the user supplies."""
        return replace(self, given=given, series=series)

    def get(self, keyword: str) -> Any:
        """The value, a list where there are several; None if absent or empty."""
        if keyword in self.given:
            return self.given[keyword]
        try:
            with quiet():
                value = self.dataset.get(keyword)
                if value is None or isinstance(value, bytes | str | int | float):
                    return None if value in ("", b"") else value
                if hasattr(value, "__len__") and not hasattr(value, "components"):
                    return list(value) or None
                return value if str(value) else None
        except Exception as error:  # pydicom raises what its converters happen to meet
            raise self.refused(keyword, f"cannot be read ({type(error).__name__})") from None

    def text(self, keyword: str) -> str:
        """The value as text; empty if absent."""
        value = self.get(keyword)
        return "" if value is None else str(value).strip().strip("\0")

    def texts(self, keyword: str) -> list[str]:
        """The values as texts; none if absent."""
        value = self.get(keyword)
        values = value if isinstance(value, list) else [] if value is None else [value]
        return [str(v).strip() for v in values]

    def numbers(self, keyword: str, count: int | None = None) -> list[float] | None:
        """Finite numbers; None if absent."""
        value = self.get(keyword)
        if value is None:
            return None
        try:
            numbers = [float(v) for v in (value if isinstance(value, list) else [value])]
        except (TypeError, ValueError, OverflowError):
            raise self.refused(keyword, "is no number") from None
        if not all(map(math.isfinite, numbers)) or (count is not None and len(numbers) != count):
            wanted = "finite numbers" if count is None else f"{count} finite numbers"
            raise self.refused(keyword, f"is {shown(numbers)}; expected {wanted}")
        return numbers

    def number(self, keyword: str) -> float | None:
        """One finite number; None if absent."""
        numbers = self.numbers(keyword, 1)
        return None if numbers is None else numbers[0]

    def needed_numbers(self, keyword: str, count: int) -> list[float]:
        """Finite numbers that must be there."""
        numbers = self.numbers(keyword, count)
        if numbers is None:
            raise self.lacking(keyword)
        return numbers

    def needed_whole(self, keyword: str, least: int = 1, most: int = 1 << 16) -> int:
        """A whole number that must be there."""
        number = self.needed_numbers(keyword, 1)[0]
        if not (number.is_integer() and least <= number <= most):
            raise self.refused(
                keyword, f"is {number:g}; expected a whole number from {least} to {most}"
            )
        return int(number)

    def items(self, keyword: str) -> list["Header"]:
        """The items of a sequence; none if absent."""
        try:
            with quiet():
                sequence = self.dataset.get(keyword) or []
                return [self._item(item, keyword) for item in sequence]
        except Exception as error:
            raise self.refused(keyword, f"cannot be read ({type(error).__name__})") from None

    def _item(self, item: Any, sequence: str) -> "Header":
        return Header(self.path, item, self.given, sequence, series=self.series)

    def within_items(self, keyword: str) -> list["Header"]:
        """The items of a sequence that stands within another, however deep."""
        from pydicom.dataset import Dataset

        found: list[Header] = []
        if not isinstance(self.dataset, Dataset):
            return found
        try:
            with quiet():
                outer = [e for e in self.dataset if e.VR == "SQ" and e.keyword]
                for element in outer:
                    for item in element.value or []:
                        within = self._item(item, element.keyword)
                        found += within.items(keyword) + within.within_items(keyword)
        except InvalidInput:
            raise
        except Exception as error:
            raise self.refused(keyword, f"cannot be read ({type(error).__name__})") from None
        return found

    def first_item(self, keyword: str) -> "Header | None":
        """The first item of a sequence, if any."""
        items = self.items(keyword)
        return items[0] if items else None

    def private(self, creator: str, group: int, offset: int) -> Any:
        """A private element of a creator's block; None if absent or empty."""
        try:
            with quiet():
                value = self.dataset.private_block(group, creator)[offset].value
        except KeyError:
            return None
        except Exception as error:
            raise InvalidInput(
                f"{self.path}: ({group:04X},xx{offset:02X}) of {creator} cannot be read ({type(error).__name__})."
            ) from None
        return None if value in ("", b"") else value

    def refused(self, keyword: str, why: str) -> InvalidInput:
        """One sentence with file and tag."""
        return InvalidInput(f"{self.path}: {self._place(keyword)} {why}.")

    def lacking(self, keyword: str, remedy: str = "") -> InvalidInput:
        """One sentence that asks for what is missing."""
        remedy = remedy or self.remedy(f'"header": {{"{keyword}": ...}}')
        return self.refused(keyword, f"is missing; give {remedy} with --supply FILE.json")

    def remedy(self, entry: str) -> str:
        """What ``--supply`` needs for an entry of this series, for example ``"hours": ...``."""
        return f'{{"series": {{"{self.series}": {{{entry}}}}}}}' if self.series else entry

    def _place(self, keyword: str) -> str:
        inside = f" of {name_and_tag(self.within)}" if self.within else ""
        return name_and_tag(keyword) + inside


def name_and_tag(keyword: str) -> str:
    """An attribute as "PixelSpacing (0028,0030)"."""
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword)
    return keyword if tag is None else f"{keyword} ({int(tag) >> 16:04X},{int(tag) & 0xFFFF:04X})"
