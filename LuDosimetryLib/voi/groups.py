"""Groups of volumes of interest, in the order in which 177Lu dosimetry reports them."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from .aliases import stands_for

__all__ = ["FEW", "MOST_TOGETHER", "Arrangement", "Group", "arranged"]

FEW = 12
"""Up to this number, all volumes of interest are shown in the order of the case."""
MOST_TOGETHER = 10
"""Most tumours that are shown by default, and most curves in a figure: the number of colours."""

_AT_RISK, _TUMOURS, _OTHER_VOLUMES = "Organs at risk", "Tumours", "Other volumes"

_ORGANS_AT_RISK = (
    ("kidney",),
    ("parotid", "submandibular", "sublingual", "salivary", "lacrimal"),
    ("liver",),
    ("spleen",),
    ("marrow",),
    ("bladder",),
)
_TUMOUR = re.compile(
    r"\b(tumou?rs?|tu|lesions?|metastas[ei]s|mets?|gtv|itv|ctv|ptv|cancer|carcinoma)(?=$|[\s\d])"
)
_TAKEN_AWAY = re.compile(r"\b(without|minus|excluding|excl|except|no|non|free of)\b.*")
_KNOWN_GROUPS = (
    (
        "Vessels",
        re.compile(r"\b(aorta|vena|veins?|artery|arteries|trunk|vessels?)\b"),
    ),
    (
        "Bones and muscles",
        re.compile(
            r"\b(vertebrae?|intervertebral|spine|sacrum|ribs?|sternum|costal|humer(us|i)|scapulae?"
            r"|clavicul?ae?|clavicles?|femurs?|femora|hips?|skull|bones?|skeleton"
            r"|glute(us|i|al)|autochthon|iliopsoas|muscles?)\b"
        ),
    ),
    (
        "Other organs",
        re.compile(
            r"\b(pancreas|adrenals?|thyroid|pituitary|prostate|stomach|(small )?bowel|duodenum|colon|gallbladder"
            r"|gall bladder|(o)?esophagus|trachea|lungs?|heart|atrial|brain|spinal cord|face|kidney cyst|uterus"
            r"|ovar(y|ies)|test[ei]s|intestines?)\b"
        ),
    ),
)
_ORDER = (_AT_RISK, _TUMOURS, _OTHER_VOLUMES, "Other organs", "Vessels", "Bones and muscles")


@dataclass(frozen=True)
class Group:
    """
    Volumes of interest that a report shows together.

    Attributes
    ----------
    title : str
        Empty where there is a single group.
    shown : tuple of str
        Names of the volumes that are shown unfolded.
    folded : tuple of str
        Names of the other volumes.
    largest : bool
        Whether `shown` holds the largest volumes of the group, not those that a user chose.
    """

    title: str
    shown: tuple[str, ...]
    folded: tuple[str, ...] = ()
    largest: bool = False

    @property
    def heading(self) -> str:
        """The title, with the number of volumes shown unless all are."""
        if not self.title or not self.folded:
            return self.title
        largest = " largest" if self.largest else ""
        count = len(self.shown)
        return f"{self.title} ({count}{largest} of {count + len(self.folded)})"


@dataclass(frozen=True)
class Arrangement:
    """
    The order of volumes of interest in a report, and which of them are shown unfolded.

    Attributes
    ----------
    groups : tuple of Group
    """

    groups: tuple[Group, ...]

    @property
    def shown(self) -> list[str]:
        """Names of the unfolded volumes, which figures show too."""
        return [name for group in self.groups for name in group.shown]

    @property
    def folded(self) -> list[str]:
        """Names of the folded volumes."""
        return [name for group in self.groups for name in group.folded]

    @property
    def places(self) -> dict[str, int]:
        """Places of the unfolded volumes by name; they decide colours and line styles."""
        return {name: n for n, name in enumerate(self.shown)}

    @property
    def together(self) -> list[tuple[str, list[str]]]:
        """Title and names of the volumes that share a figure, no more than can be distinguished."""
        parts = []
        for group in self.groups:
            most = MOST_TOGETHER if group.title else FEW
            for start in range(0, len(group.shown), most):
                parts.append((group.heading, list(group.shown[start : start + most])))
        return parts


def arranged(
    names: Iterable[str],
    chosen: Iterable[str] = (),
    volumes_mL: Mapping[str, float] | None = None,
    always: Collection[str] = (),
) -> Arrangement:
    """
    Arrange volumes of interest for a report.

    Up to `FEW` volumes keep the order of the case. If there are more, the organs at risk come first,
    then tumours, volumes with unknown names, and last the organs, vessels, bones and muscles that
    177Lu dosimetry seldom reports, which are folded. A large group shows its largest volumes.

    Parameters
    ----------
    names : iterable of str
        In the order of the case.
    chosen : iterable of str
        Names, or words of names as in `stands_for`, of the volumes to show; empty for the default.
    volumes_mL : mapping of str to float, optional
        Volume [mL] by name; without it a large group shows its first volumes.
    always : collection of str
        Names of volumes that are shown in any case.

    Examples
    --------
    >>> [(g.title, g.shown) for g in arranged(["liver", "left kidney"]).groups]
    [('', ('liver', 'left kidney'))]
    >>> many = ["rib 1", "liver", *(f"tumour {n}" for n in range(9)), "aorta", "left kidney"]
    >>> [(g.title, len(g.shown), len(g.folded)) for g in arranged(many).groups]
    [('Organs at risk', 2, 0), ('Tumours', 9, 0), ('Vessels', 0, 1), ('Bones and muscles', 0, 1)]
    """
    every, keys = list(names), list(chosen)
    wanted = {name for name in every if name in keys}
    for key in keys:
        if key not in wanted:
            wanted |= {name for name in every if stands_for(key, name)}
    if len(every) <= FEW:
        shown = tuple(name for name in every if not wanted or name in wanted or name in always)
        return Arrangement((Group("", shown, tuple(n for n in every if n not in shown)),))
    members: dict[str, list[str]] = {title: [] for title in _ORDER}
    for name in sorted(every, key=_rank):
        members[_group_of(name)].append(name)
    found = []
    for title, inside in members.items():
        if wanted:
            shown = tuple(name for name in inside if name in wanted)
        else:
            shown = _usual(title, inside, volumes_mL or {})
        if further := [name for name in inside if name in always and name not in shown]:
            shown = tuple(name for name in inside if name in shown or name in further)
        if inside:
            rest = tuple(n for n in inside if n not in shown)
            found.append(
                Group(title, shown, rest, largest=bool(volumes_mL) and not wanted and not further)
            )
    if not any(group.shown for group in found):
        first = found[0]
        shown = _largest(list(first.folded), volumes_mL or {})
        rest = tuple(n for n in first.folded if n not in shown)
        found[0] = Group(first.title, shown, rest, largest=bool(volumes_mL))
    return Arrangement(tuple(found))


def _usual(title: str, names: list[str], volumes_mL: Mapping[str, float]) -> tuple[str, ...]:
    """Names of a group that are shown by default."""
    if title == _AT_RISK:
        return tuple(names)
    # what a user drew under a name of no organ was drawn for a reason
    return _largest(names, volumes_mL) if title in (_TUMOURS, _OTHER_VOLUMES) else ()


def _largest(names: list[str], volumes_mL: Mapping[str, float]) -> tuple[str, ...]:
    """Names of the largest volumes, in their order."""
    by_size = sorted(names, key=lambda name: -volumes_mL.get(name, 0.0))[:MOST_TOGETHER]
    return tuple(name for name in names if name in by_size)


def _group_of(name: str) -> str:
    words = _plain(name)
    if _TUMOUR.search(_TAKEN_AWAY.sub("", words)):
        return _TUMOURS
    if _rank(name) < len(_ORGANS_AT_RISK):
        return _AT_RISK
    return next(
        (title for title, pattern in _KNOWN_GROUPS if pattern.search(words)), _OTHER_VOLUMES
    )


def _rank(name: str) -> int:
    """Place of an organ at risk among them; their number for all else."""
    for n, keys in enumerate(_ORGANS_AT_RISK):
        if any(stands_for(key, name) for key in keys):
            return n
    return len(_ORGANS_AT_RISK)


def _plain(name: str) -> str:
    """A name in small letters with blanks between its words."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|[\s_\-.,()]+", " ", name)
    return apart.strip().casefold()
