"""Lists and dicts that write every change of themselves back into the parameter node."""

from collections.abc import Iterator, MutableMapping, MutableSequence
from typing import Any


class ObservedList(MutableSequence[Any]):
    """A list of the parameter node; adding and multiplying only in place, as in Slicer."""

    def __init__(self, node: Any, kept: Any, name: str, values: list[Any]) -> None:
        self._node, self._kept, self._name, self._list = node, kept, name, values

    def _save(self) -> None:
        try:
            self._kept.put(self._node, self._name, self._list)
        finally:
            self._list = self._kept.read(self._node, self._name)._list

    def __repr__(self) -> str:
        return f"ObservedList({self._list})"

    def __eq__(self, other: object) -> bool:
        return self._list == (other._list if isinstance(other, ObservedList) else other)

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self._list)

    def __getitem__(self, index: Any) -> Any:
        return self._list[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._list[index] = value
        self._save()

    def __delitem__(self, index: Any) -> None:
        del self._list[index]
        self._save()

    def insert(self, index: int, value: Any) -> None:
        """Put an element before the index."""
        self._list.insert(index, value)
        self._save()

    def __iadd__(self, other: Any) -> "ObservedList":
        self._list += list(other)
        self._save()
        return self

    def extend(self, values: Any) -> None:
        """Add several at once."""
        self._list.extend(values)
        self._save()

    def clear(self) -> None:
        """Empty the list."""
        self._list.clear()
        self._save()

    def sort(self, **how: Any) -> None:
        """Sort in place."""
        self._list.sort(**how)
        self._save()

    def reverse(self) -> None:
        """Turn around in place."""
        self._list.reverse()
        self._save()

    def __add__(self, _other: Any) -> Any:
        raise NotImplementedError("a list of the parameter node is added to only in place (+=)")

    __radd__ = __add__


class ObservedDict(MutableMapping[Any, Any]):
    """A dict of the parameter node."""

    def __init__(self, node: Any, kept: Any, name: str, values: dict[Any, Any]) -> None:
        self._node, self._kept, self._name, self._dict = node, kept, name, values

    def _save(self) -> None:
        try:
            self._kept.put(self._node, self._name, self._dict)
        finally:
            self._dict = self._kept.read(self._node, self._name)._dict

    def __repr__(self) -> str:
        return f"ObservedDict({self._dict})"

    def __len__(self) -> int:
        return len(self._dict)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._dict)

    def __getitem__(self, key: Any) -> Any:
        return self._dict[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._dict[key] = value
        self._save()

    def __delitem__(self, key: Any) -> None:
        del self._dict[key]
        self._save()

    def get(self, key: Any) -> Any:  # type: ignore[override]
        """The value or None; Slicer's takes no default."""
        return self._dict.get(key)

    def pop(self, key: Any) -> Any:  # type: ignore[override]
        """Take a value out; Slicer's takes no default."""
        value = self._dict.pop(key)
        self._save()
        return value
