"""`@parameterPack`: a group of fields that a parameter node keeps as one value."""

import typing
from typing import Any

import slicer

from .annotations import Default, IsInstance, NotNone, bare, first
from .kept import Kept
from .stored_types import kept_type


def isParameterPack(kind: Any) -> bool:
    """Whether a class or object is a pack."""
    return bool(getattr(kind, "_is_parameterPack", False))


class Field:
    """One field of a pack or wrapper."""

    def __init__(self, owner: type, name: str, annotated: Any) -> None:
        kept, rest = kept_type(annotated)
        self.name, self.annotated, self.kept = name, annotated, kept
        explicit = Default(owner.__dict__[name]) if name in owner.__dict__ else None
        self.default = explicit or first(rest, Default) or Default(generator=kept.default)


def fields_of(owner: type) -> dict[str, Field]:
    """The fields that the annotations of a class declare, in their order."""
    hints = typing.get_type_hints(owner, include_extras=True)
    return {name: Field(owner, name, kind) for name, kind in hints.items()}


def nestedParameterNames(pack: Any) -> list[str]:
    """Dotted names of all fields, packs in packs included."""
    names: list[str] = []
    for name, field in bare(pack).allParameters.items():
        kind = bare(field.annotated)
        inner = (
            [f"{name}.{n}" for n in nestedParameterNames(kind)] if isParameterPack(kind) else None
        )
        names += inner or [name]
    return names


def _value_name(name: str) -> str:
    return f"_pack_value_{name}"


def _plain_init(self: Any, *arguments: Any, **keywords: Any) -> None:
    fields = list(self.allParameters.values())
    if len(arguments) > len(fields):
        raise IndexError("more arguments than the pack has fields")
    given = {f.name: a for f, a in zip(fields, arguments, strict=False)}
    for name, value in keywords.items():
        if name not in self.allParameters:
            raise TypeError(f"__init__() got an unexpected keyword argument '{name}'")
        if name in given:
            raise TypeError(f"__init__() got multiple values for argument '{name}'")
        given[name] = value
    for field in fields:
        value = given.get(field.name, field.default.value)
        field.kept.validate(value)
        object.__setattr__(self, _value_name(field.name), value)


def _property(field: Field) -> property:
    def put(self: Any, value: Any) -> None:
        field.kept.validate(value)
        object.__setattr__(self, _value_name(field.name), value)
        self._changed()

    return property(lambda self: getattr(self, _value_name(field.name)), put)


def _same(self: Any, other: object) -> bool:
    if not isParameterPack(other) or self.allParameters is not other.allParameters:  # type: ignore[attr-defined]
        return False
    return all(getattr(self, n) == getattr(other, n) for n in self.allParameters)


def _text(self: Any) -> str:
    fields = ", ".join(f"{n}={getattr(self, n)!r}" for n in self.allParameters)
    return f"{type(self).__name__}({fields})"


def _get_value(self: Any, name: str) -> Any:
    top, _, rest = name.partition(".")
    if top not in self.allParameters:
        raise ValueError(f"{self} has no member '{top}'")
    return _get_value(getattr(self, top), rest) if rest else getattr(self, top)


def _set_value(self: Any, name: str, value: Any) -> None:
    top, _, rest = name.partition(".")
    if top not in self.allParameters:
        raise ValueError(f"{self} has no member '{top}'")
    if rest:
        _set_value(getattr(self, top), rest, value)
    else:
        setattr(self, top, value)


def parameterPack(cls: type | None = None) -> Any:
    """Class decorator."""
    return _make(cls) if cls is not None else _make


def _make(cls: Any) -> Any:
    fields = fields_of(cls)
    if not fields:
        raise ValueError("a parameterPack needs at least one field")
    for reserved in ("allParameters", "getValue", "setValue", "dataType"):
        if hasattr(cls, reserved) or reserved in fields:
            raise ValueError(f"Cannot use reserved name '{reserved}' in a parameterPack")
    for field in fields.values():
        try:
            field.kept.validate(field.default.value)
        except (ValueError, TypeError) as error:
            raise ValueError(f"the default of {field.name} is not allowed: {error}") from error
        setattr(cls, field.name, _property(field))
    cls.allParameters = fields
    cls._is_parameterPack = True
    cls._changed = lambda _self: None
    own_init = cls.__dict__.get("__init__")
    if own_init is None:
        cls.__init__ = _plain_init
    else:

        def init(self: Any, *arguments: Any, **keywords: Any) -> None:
            _plain_init(self)
            own_init(self, *arguments, **keywords)

        cls.__init__ = init
    for name, function in (("__eq__", _same), ("__repr__", _text), ("__str__", _text)):
        if name not in cls.__dict__:
            setattr(cls, name, function)
    cls.getValue, cls.setValue = _get_value, _set_value
    cls.dataType = staticmethod(lambda name: data_type(cls, name))
    return cls


def data_type(owner: Any, name: str) -> Any:
    """The annotated type of a field by its dotted name."""
    top, _, rest = name.partition(".")
    if top not in owner.allParameters:
        raise ValueError(f"{owner} has no member '{top}'")
    annotated = owner.allParameters[top].annotated
    return bare(annotated).dataType(rest) if rest else annotated


_observed: dict[type, type] = {}


def _observed_class(pack: Any) -> Any:
    """A pack whose changes are kept in the node at once, and which takes no new attributes."""
    if pack in _observed:
        return _observed[pack]

    class ObservedParameterPack(pack):  # type: ignore[misc, valid-type]
        def __init__(self, node: Any, kept: Kept, name: str, values: dict[str, Any]) -> None:
            object.__setattr__(self, "_origin", None)
            for field, value in values.items():
                object.__setattr__(self, _value_name(field), value)
            object.__setattr__(self, "_origin", (node, kept, name))

        def __setattr__(self, name: str, value: Any) -> None:
            if not hasattr(self, name):
                raise AttributeError(
                    f"{pack.__name__} has no attribute '{name}', and takes no new one"
                )
            super().__setattr__(name, value)

        def _changed(self) -> None:
            if self._origin is None:
                return
            node, kept, name = self._origin
            try:
                kept.write(node, name, self)
            finally:
                for field in self.allParameters.values():
                    kept_value = field.kept.read(node, f"{name}.{field.name}")
                    object.__setattr__(self, _value_name(field.name), kept_value)

    ObservedParameterPack.__name__ = pack.__name__
    _observed[pack] = ObservedParameterPack
    return ObservedParameterPack


class PackKept(Kept):
    """A pack: every field under `name.field`."""

    def __init__(self, pack: Any) -> None:
        self.pack = pack
        self.rules = (NotNone(), IsInstance(pack))
        self.fields: list[Field] = list(pack.allParameters.values())
        self.cached = all(field.kept.cached for field in self.fields)

    def default(self) -> Any:
        """The pack with its defaults."""
        return self.pack()

    def has(self, node: Any, name: str) -> bool:
        """Whether the first field is kept."""
        return self.fields[0].kept.has(node, f"{name}.{self.fields[0].name}")

    def write(self, node: Any, name: str, value: Any) -> None:
        """All fields."""
        with slicer.util.NodeModify(node):
            for field in self.fields:
                field.kept.put(
                    node, f"{name}.{field.name}", getattr(value, _value_name(field.name))
                )

    def read(self, node: Any, name: str) -> Any:
        """The pack; changes of it are kept at once."""
        values = {f.name: f.kept.read(node, f"{name}.{f.name}") for f in self.fields}
        return _observed_class(self.pack)(node, self, name, values)

    def remove(self, node: Any, name: str) -> None:
        """Forget all fields."""
        for field in self.fields:
            field.kept.remove(node, f"{name}.{field.name}")
