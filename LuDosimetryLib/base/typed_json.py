"""JSON values, checked against the types of a dataclass."""

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from .checks import shown
from .errors import InvalidInput

T = TypeVar("T")
_LONGEST_KEY = 40
_NAMES = {str: "a text", int: "a whole number", bool: "true or false"}


def read_as(kind: type[T], data: Any, where: str) -> T:
    """
    Read JSON data as a type.

    Parameters
    ----------
    kind : type
        A dataclass, of whose attributes those without a default must be given and of which others
        may be missing; keys that it does not know are ignored. Or any type of such an attribute:
        text, numbers, true or false, lists, tuples, mappings with texts as keys, and unions with None.
    data : object
        As `json` reads it.
    where : str
        What the data is, for messages; for example ``"organs[2]"``.

    Raises
    ------
    InvalidInput
        If the data is not of that type; a number must be finite and a text valid Unicode.
    """
    return cast(T, _read(kind, data, where))


def without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """
    Make an object of JSON, as ``object_pairs_hook`` of `json`.

    Raises
    ------
    InvalidInput
        If a key occurs twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise InvalidInput(f"the key {shown(twice)} occurs twice in one JSON object; keep one.")
    return found


def _read(kind: Any, data: Any, where: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return data
    if origin in (Union, UnionType):
        return None if data is None else _read(inner[0], data, where)
    if origin in (list, tuple):
        return _sequence(origin, inner, data, where)
    if origin in (dict, Mapping):
        return _mapping(inner[1], data, where)
    return _dataclass(kind, data, where) if is_dataclass(kind) else _plain(kind, data, where)


def _mapping(inner: Any, data: Any, where: str) -> dict[str, Any]:
    values = {}
    for key, value in _object(data, where).items():
        values[_plain(str, key, f"a key of {where}")] = _read(inner, value, _joined(where, key))
    return values


def _dataclass(kind: Any, data: Any, where: str) -> Any:
    given, types = _object(data, where), get_type_hints(kind)
    values = {}
    for field in fields(kind):
        if field.name in given:
            place = _joined(where, field.name)
            values[field.name] = _read(types[field.name], given[field.name], place)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise InvalidInput(f"{_joined(where, field.name)} is missing.")
    try:
        return kind(**values)
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error}") from None


def _joined(where: str, key: str) -> str:
    if not (key.isprintable() and len(key) < _LONGEST_KEY):
        return f"{where}[{shown(key)}]"
    return f"{where}.{key}" if where else key


def _object(data: Any, where: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise InvalidInput(f"{where or 'this'} is {shown(data)}; it must be a JSON object.")
    return data


def _sequence(origin: Any, inner: tuple[Any, ...], data: Any, where: str) -> Any:
    if not isinstance(data, list):
        raise InvalidInput(f"{where} is {shown(data)}; it must be a list.")
    kinds = inner if origin is tuple and Ellipsis not in inner else (inner[0],) * len(data)
    if len(kinds) != len(data):
        raise InvalidInput(f"{where} has {len(data)} entries; it must have {len(kinds)}.")
    entries = zip(kinds, data, strict=True)
    return origin(_read(kind, entry, f"{where}[{n}]") for n, (kind, entry) in enumerate(entries))


def _plain(kind: type, data: Any, where: str) -> Any:
    if kind is float:
        return _number(data, where)
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        raise InvalidInput(f"{where} is {shown(data)}; it must be {_NAMES[kind]}.")
    if isinstance(data, str) and not _is_unicode(data):
        raise InvalidInput(f"{where} is {shown(data)}, which is no valid Unicode text.")
    return data


def _is_unicode(text: str) -> bool:
    """Whether a text has no half of a surrogate pair, which JSON can hold and nothing can print."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number(data: Any, where: str) -> float:
    if isinstance(data, int | float) and not isinstance(data, bool):
        try:
            number = float(data)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise InvalidInput(f"{where} is {shown(data)}; it must be a finite number.")
