"""JSON objects to dataclasses and back, by the types of their fields."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin

from ..base.checks import check_known, check_text, shown
from ..base.errors import InvalidInput

T = TypeVar("T")

NOT_IN_FILE: Mapping[str, Any] = {"in_file": False}
"""Metadata of a field that has no key in the file."""
LEFT_OUT_IF_NONE: Mapping[str, Any] = {"left_out_if_none": True}
"""Metadata of a field that is written only if it has a value."""


def or_word(word: str) -> Mapping[str, Any]:
    """Metadata of a path for which a word may stand, which is kept as `Path` of that word."""
    return {"word": word}


def expecting(phrase: str) -> Mapping[str, Any]:
    """Metadata of a list or an object: what a message says that it must be."""
    return {"expected": phrase}


@contextmanager
def within(where: str) -> Iterator[None]:
    """Put the place in the file, or the file, before what is refused."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error}") from None


def read_json(content: bytes, name: str) -> Any:
    """
    Parse a JSON file in which no key occurs twice in one object.

    Parameters
    ----------
    content : bytes
        UTF-8, with or without a byte order mark.
    name : str
        What messages call the file.

    Raises
    ------
    InvalidInput
        One sentence with the place in the file.
    """
    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_without_repetition)
    except UnicodeDecodeError:
        raise InvalidInput(f"{name} is not UTF-8 text; expected JSON.") from None
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error}") from None
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"{name} is not valid JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from None
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, deep nesting
        raise InvalidInput(f"{name} is not valid JSON: {error}.") from None


def read_object(kind: type[T], data: Any, folder: Path = Path()) -> T:
    """
    Make a dataclass of a JSON object.

    Parameters
    ----------
    kind : type
        Dataclass; it checks its values itself.
    data : object
        As parsed; values that are of the wanted dataclass already are taken as they are.
    folder : Path
        Folder to which paths are relative.

    Raises
    ------
    InvalidInput
        One sentence with the key, for a key that is unknown, missing or of another kind.
    """
    return kind(**read_values(kind, data, folder))


def read_values(
    kind: type, data: Any, folder: Path = Path(), extra: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Read the arguments of a dataclass from a JSON object that may have `extra` keys too."""
    if not isinstance(data, Mapping):
        raise InvalidInput(f"this is {shown(data)}; expected a JSON object.")
    known = _in_file(kind)
    for key in data:
        check_known(str(key), [*extra, *(f.name for f in known)])
    for f in known:
        if f.default is MISSING and f.default_factory is MISSING and f.name not in data:
            raise InvalidInput(f"the key {f.name!r} is missing.")
    return {
        f.name: Path(data[f.name])
        if data[f.name] is not None and data[f.name] == f.metadata.get("word")
        else _value(f.name, f.type, data[f.name], f.metadata.get("expected", ""), folder)
        for f in known
        if f.name in data
    }


def json_object(instance: Any, path: Callable[[Path], str] = str) -> dict[str, Any]:
    """
    Make a JSON object of a dataclass; `read_object` makes the dataclass of it again.

    Parameters
    ----------
    instance : object
    path : callable
        Writes a path.
    """
    values = ((f, getattr(instance, f.name)) for f in _in_file(type(instance)))
    return {
        f.name: value.name
        if f.metadata.get("word") and _is_word(f, value)
        else json_of(value, path)
        for f, value in values
        if not (value is None and f.metadata.get("left_out_if_none"))
    }


def json_of(value: Any, path: Callable[[Path], str] = str) -> Any:
    """Make what JSON can hold of a value; see `json_object`."""
    if is_dataclass(value):
        return json_object(value, path)
    if isinstance(value, Path):
        return path(value)
    if isinstance(value, list | tuple):
        return [json_of(entry, path) for entry in value]
    if isinstance(value, Mapping):
        return {key: json_of(entry, path) for key, entry in value.items()}
    return value


def without_none(kind: Any) -> tuple[Any, bool]:
    """Split ``X | None`` into X and whether None is allowed."""
    if isinstance(kind, UnionType) and NoneType in get_args(kind):
        (inner,) = (arg for arg in get_args(kind) if arg is not NoneType)
        return inner, True
    return kind, False


def _is_word(field: Field[Any], value: Any) -> bool:
    return bool(value == Path(field.metadata["word"]))


def _in_file(kind: type) -> list[Field[Any]]:
    return [f for f in fields(kind) if f.metadata.get("in_file", True)]


def _value(name: str, kind: Any, value: Any, expected: str, folder: Path) -> Any:
    """Read what a field of some type is to hold; `expected` is what a list or an object must be."""
    kind, optional = without_none(kind)
    if value is None and optional:
        return None
    if get_origin(kind) is tuple:
        return _list(name, get_args(kind), value, expected, folder)
    if get_origin(kind) is Mapping:
        if not isinstance(value, Mapping):
            raise _unexpected(name, value, expected or "a JSON object")
        of = get_args(kind)[1]
        return {k: _value(f"{name}[{shown(k)}]", of, v, "", folder) for k, v in value.items()}
    if kind is Path:
        check_text(name, value)
        return folder / str(value)
    if is_dataclass(kind) and isinstance(kind, type) and not isinstance(value, kind):
        with within(name):
            return read_object(kind, value, folder)
    return value


def _list(
    name: str, kinds: tuple[Any, ...], value: Any, expected: str, folder: Path
) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise _unexpected(name, value, expected or "a list")
    if kinds[-1] is not Ellipsis:
        return tuple(value)
    return tuple(_value(f"{name}[{n}]", kinds[0], v, "", folder) for n, v in enumerate(value))


def _unexpected(name: str, value: Any, expected: str) -> InvalidInput:
    return InvalidInput(f"{name} is {shown(value)}; it must be {expected}.")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        key = next(key for key in keys if keys.count(key) > 1)
        raise InvalidInput(f"the key {shown(key)} occurs twice in one JSON object; keep one.")
    return found
