"""Both kidneys together, where a segmentation has them apart."""

import re
from collections.abc import Iterable, Mapping

from ..image.arrays import Mask

__all__ = ["KIDNEYS", "apart", "with_kidneys_together"]

KIDNEYS = "kidneys"
"""Name of the volume of interest that is added."""

_SIDES = {
    "left": {"left", "l", "lt"},
    "right": {"right", "r", "rt"},
}
_ORGAN = {"kidney", "kidneys"}
_BOTH = {"both", "total", "all", "together", "bilateral", "and"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def with_kidneys_together(vois: Mapping[str, Mask]) -> dict[str, Mask]:
    """
    Add the union of the kidneys after them, where there are exactly a left and a right one.

    Limits and published doses are of both kidneys together. Names are taken as people write them:
    "left kidney", "Kidney_L", "KidneyRight". Nothing is added where a volume holds both already,
    or where the names leave open which kidneys are meant.

    Parameters
    ----------
    vois : mapping of str to ndarray of bool, shape (k, j, i)

    Returns
    -------
    dict of str to ndarray of bool, shape (k, j, i)
        The volumes in their order.
    """
    pair = _pair(vois)
    if pair is None:
        return dict(vois)
    first, last = pair
    found: dict[str, Mask] = {}
    for name, mask in vois.items():
        found[name] = mask
        if name == last:
            found[KIDNEYS] = vois[first] | vois[last]
    return found


def apart(names: Iterable[str]) -> list[str]:
    """Names without that of both kidneys where each has its own, so that statistics count none twice."""
    every = list(names)
    others = [name for name in every if name != KIDNEYS]
    return every if _pair(others) is None else others


def _pair(names: Iterable[str]) -> tuple[str, str] | None:
    """Names of the only left and the only right kidney, in their order; None without both."""
    of_side: dict[str, list[str]] = {side: [] for side in _SIDES}
    order = list(names)
    for name in order:
        words = {word.casefold() for word in _WORD.findall(name)}
        if not words & _ORGAN:
            continue
        rest = words - _ORGAN
        sides = [side for side, spellings in _SIDES.items() if rest & spellings]
        if len(sides) == 1 and rest <= _SIDES[sides[0]]:
            of_side[sides[0]].append(name)
        elif rest <= _BOTH.union(*_SIDES.values()):
            return None  # one for both
    if any(len(found) != 1 for found in of_side.values()):
        return None
    first, last = sorted((of_side["left"][0], of_side["right"][0]), key=order.index)
    return first, last
