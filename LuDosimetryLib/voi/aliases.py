"""Which volumes of interest a name stands for: "kidney" for "Left kidney", "kidneys" and "kidney_left"."""

import re
from collections.abc import Iterable

_NOT_MEANT = {
    "kidney": ("cyst",),
    "bladder": ("gallbladder", "gall bladder"),
    "liver": ("vessel",),
    "lung": ("vessel", "trachea"),
    "spine": ("spinal cord",),
}
"""Words that make something else of a name that holds an organ's, as classes of TotalSegmentator have it."""
_OTHER_NAMES = {
    "bowel": ("small bowel", "colon", "duodenum"),
    "spine": ("vertebra", "sacrum"),
    "thyroid": ("thyroid gland",),
    "adrenal": ("adrenal gland",),
}
"""Names of the parts of what the key calls by one word."""


def stands_for(key: str, name: str) -> bool:
    """
    Whether a name of an organ is meant for a volume of interest.

    It is if the volume's name holds it, or its singular, or that of a part of it. Upper and lower
    case, blanks, hyphens and underscores are the same.

    Parameters
    ----------
    key : str
        Name of an organ, for example the key "kidney" of limits or tissue parameters.
    name : str
        Name of the volume of interest.
    """
    words, wanted = _plain(name), _plain(key)
    for word in {wanted, wanted.removesuffix("s")} - {""}:
        if word in words or any(part in words for part in _OTHER_NAMES.get(word, ())):
            return not any(
                other in words and other not in wanted for other in _NOT_MEANT.get(word, ())
            )
    return False


def best_of(keys: Iterable[str], name: str) -> str | None:
    """The key that is meant for a volume of interest: the longest; None if there is none."""
    meant = [key for key in keys if stands_for(key, name)]
    return max(meant, key=len) if meant else None


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text).strip().casefold()
