"""Whether the values of a CT are in HU, judged by where air, fat and soft tissue lie."""

from dataclasses import dataclass

import numpy as np

from ..base.errors import InvalidInput
from ..base.log import Log
from ..image.arrays import Array

__all__ = ["check_hounsfield"]

_EXPECTED = "expected CT numbers in HU, about -1000 for air and 0 for water"
_LEAST, _GREATEST = -10000.0, 50000.0
_SMALL_SCALE = 5.0
"""Greatest size of a value in a map of density or attenuation, or of HU divided by 1000."""
_SAMPLED = 1 << 18
"""Voxels from which the distribution is judged."""
_NO_AIR = 0.01
"""Part of the voxels that are air below which a CT shows no air around a patient."""
_MUCH_AIR = 0.2
_AIR_BELOW, _AIR_EXPECTED_BELOW = -600.0, -820.0
_NOTHING_BELOW = -1300.0
"""Value below which there is only padding, of one value."""
_TOO_LOW = 0.02
_SOME_GAS = 2e-4
_SOFT_LITTLE, _SOFT_NONE = 0.5, 0.1
"""Parts of the body that are fat or soft tissue, below which a CT is doubtful, and is refused."""
_LEAST_BODY = 1e-3
_DENSE = 0.4
"""Part of the body that is as dense as bone from which it cannot be bone."""
_OFFSET_TISSUE = 0.03
_PILE = 0.05
"""Part of the voxels at exactly the least value from which a CT without air is cut off there."""
_FAT_ABOVE = -130.0
_MANY_VALUES = 32
"""Different values that a made-up phantom hardly has, and a CT always."""


@dataclass(frozen=True)
class _Distribution:
    """The values of a CT, sampled; parts are of all voxels, or of the body, denser than -500 HU."""

    values: Array
    least: float
    greatest: float

    @classmethod
    def of(cls, hu: Array) -> "_Distribution":
        flat = hu.reshape(-1)
        step = max(1, flat.size // _SAMPLED) | 1  # odd, so that it meets all columns
        return cls(flat[::step], float(hu.min()), float(hu.max()))

    def part(self, above: float, below: float) -> float:
        """Part of the voxels between two values."""
        return float(((self.values > above) & (self.values < below)).mean())

    def of_body(self, above: float, below: float) -> float:
        """Part of the body between two values."""
        return self.part(above, below) / max(self.part(-500.0, np.inf), 1e-9)

    @property
    def air(self) -> float:
        return self.part(-np.inf, -700.0)

    @property
    def without_air(self) -> bool:
        return self.air < _NO_AIR

    @property
    def scale_shown(self) -> bool:
        """Whether some gas lies where it belongs."""
        return self.part(-1100.0, -900.0) > _SOME_GAS

    @property
    def too_low(self) -> float:
        """Part of the voxels lower than air and no padding."""
        return float(((self.values < _NOTHING_BELOW) & (self.values != self.least)).mean())

    @property
    def offset(self) -> bool:
        """Whether more voxels lie where an offset of 1000 or 1024 puts soft tissue than below, where bone lies."""
        shifted = self.part(850.0, 1200.0)
        return shifted > _OFFSET_TISSUE and shifted > self.part(200.0, 800.0)

    @property
    def cut_off(self) -> bool:
        """Whether air ends at a value that is none of air, as a display window leaves it."""
        pile = float((self.values == self.least).mean())
        if not (self.without_air and pile > _PILE):
            return False
        return self.least < _FAT_ABOVE or np.unique(self.values).size >= _MANY_VALUES


def check_hounsfield(hu: Array, where: str, log: Log) -> None:
    """
    Refuse a CT that cannot be in HU, and warn where that cannot be decided.

    Air, where there is any, lies near -1000 HU, and most of what is denser than lung is fat or
    soft tissue, between -200 and 200 HU.

    Parameters
    ----------
    hu : ndarray
    where : str
        What and where it is, for messages.
    log : Log
        Receives the warnings.

    Raises
    ------
    InvalidInput
        For values far outside the scale, an offset of 1000 or 1024, HU multiplied or divided, the
        grey levels of a display window, a map of density or attenuation, and an empty image.
    """
    found = _Distribution.of(hu)
    least, greatest = found.least, found.greatest
    span = f"{where} has values from {least:g} to {greatest:g}"
    if least < _LEAST or greatest > _GREATEST:
        raise InvalidInput(f"{span}; {_EXPECTED}.")
    if least == greatest:
        _check_even(least, where, log)
        return
    if max(abs(least), abs(greatest)) <= _SMALL_SCALE:
        raise InvalidInput(
            f"{span}, like a map of density or attenuation or HU divided by 1000; {_EXPECTED}."
        )
    if found.without_air and found.offset:
        raise InvalidInput(
            f"{span}, no air and much near 1000, like HU with an offset of 1000 or 1024; {_EXPECTED}: subtract the "
            "offset (RescaleIntercept)."
        )
    if found.cut_off:
        raise InvalidInput(
            f"{span} and no air, but {100 * _PILE:g} % or more at {least:g}, like the grey levels of a display window; "
            f"{_EXPECTED}: export the CT without a window."
        )
    if found.too_low > _TOO_LOW:
        raise InvalidInput(
            f"{span}, {100 * found.too_low:.0f} % of them below {_NOTHING_BELOW:g}, which is less than air; {_EXPECTED}: check its "
            "scale (RescaleSlope and RescaleIntercept)."
        )
    if found.part(-500.0, np.inf) < _LEAST_BODY:  # refused where the patient is looked for
        return
    dense, soft = found.of_body(300.0, 1200.0), found.of_body(-200.0, 200.0)
    if (dense > _DENSE and found.offset) or soft < _SOFT_NONE:
        raise InvalidInput(
            f"{span}; of what is denser than lung, {100 * soft:.0f} % is fat or soft tissue (-200 to 200 HU) and "
            f"{100 * dense:.0f} % as dense as bone, which no patient is; {_EXPECTED}: check its scale (RescaleSlope and "
            "RescaleIntercept)."
        )
    _remark_on(found, soft, span, log)


def _check_even(value: float, where: str, log: Log) -> None:
    """Refuse or warn of a CT with one value."""
    if value == 0.0:
        raise InvalidInput(
            f'{where} is 0 everywhere, an empty image; give the CT, or "water" as ct where there is none.'
        )
    log.remark(f"{where} is {value:g} everywhere: whether that is in HU cannot be checked.")


def _remark_on(found: _Distribution, soft: float, span: str, log: Log) -> None:
    """Warn of what is unusual and not impossible."""
    if found.without_air and not found.scale_shown:
        log.remark(
            f"{span} and hardly any air, so that its scale cannot be checked: make sure that it is in HU."
        )
    elif found.offset and not found.without_air:
        log.remark(f"{span} and much near 1000: make sure that it is in HU, without an offset.")
    elif soft < _SOFT_LITTLE:
        log.remark(
            f"{span}; only {100 * soft:.0f} % of what is denser than lung is fat or soft tissue (-200 to 200 HU): make sure "
            "that it is in HU."
        )
    if found.air > _MUCH_AIR and found.part(-1200.0, -820.0) < _NO_AIR:
        log.remark(f"{span}, but nothing near -1000 as air: make sure that it is in HU.")
    elif found.air > _MUCH_AIR:
        among = found.values[(found.values > -1500.0) & (found.values < _AIR_BELOW)]
        typical = float(np.median(among)) if among.size else -1000.0
        if typical > _AIR_EXPECTED_BELOW:
            log.remark(
                f"{span}, and its air lies near {typical:.0f} instead of -1000: make sure that it is in HU."
            )
