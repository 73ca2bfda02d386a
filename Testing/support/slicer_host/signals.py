"""Signals as PythonQt has them: `obj.connect("clicked(bool)", f)` and `obj.clicked.connect(f)`.

Real Slicer prints when a signal does not exist and when a slot raises; here the first raises and
the second fails the test.
"""

import types
from collections.abc import Callable
from typing import Any

from PySide6 import QtCore

from . import failures, members
from .plain import raw

Slot = Callable[..., Any]

# wrappers of objects that have connections, so that Python does not forget them
_kept: dict[int, tuple[QtCore.QObject, dict[str, list[tuple[Slot, Slot]]]]] = {}


def forget_all() -> None:
    """Drop the book of connections, at the end of a test."""
    _kept.clear()


def to_python(value: Any) -> Any:
    """A value from Qt as PythonQt hands it over: lists are tuples."""
    return tuple(to_python(v) for v in value) if isinstance(value, list) else value


def argument_count(slot: Slot) -> int | None:
    """How many arguments of a signal PythonQt passes to a slot; None for all of them.

    Defaults count: they are overwritten by the arguments of the signal.
    """
    function = slot.__func__ if isinstance(slot, types.MethodType) else slot
    if not isinstance(function, types.FunctionType):
        return None
    code = function.__code__
    if code.co_flags & 0x04:  # *args
        return None
    return code.co_argcount - isinstance(slot, types.MethodType)


def guarded(slot: Slot, where: str) -> Slot:
    """`slot` as a signal calls it: arguments cut to what it takes, exceptions kept for the test."""
    count = argument_count(slot)

    def call(*arguments: Any) -> None:
        try:
            slot(*(to_python(a) for a in (arguments if count is None else arguments[:count])))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            failures.record(error, f"a slot of {where}")

    return call


def _book(sender: QtCore.QObject) -> dict[str, list[tuple[Slot, Slot]]]:
    return _kept.setdefault(id(sender), (sender, {}))[1]


def _signature(sender: QtCore.QObject, signal: str) -> str:
    """The signal of the sender with this signature, or an error that names the nearest ones."""
    if not isinstance(signal, str) or "(" not in signal:
        raise TypeError(f"a signal is named with its arguments, as 'clicked(bool)', not {signal!r}")
    wanted = bytes(QtCore.QMetaObject.normalizedSignature(signal).data()).decode()
    if wanted in members.signals_of(type(sender)):
        return wanted
    name = wanted.split("(")[0]
    for known in members.signatures_named(type(sender), name):
        if known.replace("const", "").replace("&", "") == wanted.replace("const", ""):
            return known
    close = members.signatures_named(type(sender), name) or members.signals_of(type(sender))
    raise AttributeError(
        f"{type(sender).__name__} has no signal {signal!r}; it has {', '.join(close)}"
    )


def connect(sender: QtCore.QObject, signal: str, *receiver: Any) -> bool:
    """`sender.connect("signal(args)", callable)` or `(…, receiver, "slot(args)")`."""
    signature = _signature(sender, signal)
    slot = _slot(*receiver)
    where = f"{type(sender).__name__}.{signature}"
    call = guarded(slot, where)
    _book(sender).setdefault(signature, []).append((slot, call))
    if _is_standin_signal(sender, signature):
        return True
    name, arguments = signature.rstrip(")").split("(")
    bound = raw(sender, name)
    if not arguments:
        no_arguments = call

        def call_without(*_ignored: Any) -> None:
            no_arguments()

        _book(sender)[signature][-1] = (slot, call_without)
        call = call_without
    native(bound, signature).connect(call)
    return True


def native(bound: Any, signature: str) -> Any:
    """The signal of PySide for a signature."""
    wanted = signature.split("(")[1].rstrip(")")
    if not wanted:
        return bound
    try:
        return bound[wanted]
    except (KeyError, TypeError, IndexError, RuntimeError):
        return bound


def disconnect(sender: QtCore.QObject, signal: str, *receiver: Any) -> bool:
    """Undo `connect` with the same arguments; with no slot, everything the signal has."""
    signature = _signature(sender, signal)
    slot = _slot(*receiver) if receiver else None
    book = _book(sender).get(signature, [])
    found = [entry for entry in book if slot is None or entry[0] == slot]
    if not found and slot is not None:
        raise RuntimeError(
            f"{type(sender).__name__}.{signature}: {slot} is not connected, so nothing to disconnect"
        )
    for entry in found:
        book.remove(entry)
        if not _is_standin_signal(sender, signature):
            bound = raw(sender, signature.split("(")[0])
            native(bound, signature).disconnect(entry[1])
    return bool(found)


def _slot(*receiver: Any) -> Slot:
    match receiver:
        case (slot,) if callable(slot):
            return slot  # type: ignore[no-any-return]
        case (QtCore.QObject() as target, str(text)) if "(" in text:
            found: Slot = getattr(target, text.split("(")[0])
            if not callable(found):
                raise AttributeError(f"{type(target).__name__} has no slot {text!r}")
            return found
    raise TypeError(f"a slot is a callable, or an object and 'slot(args)', not {receiver!r}")


def _is_standin_signal(sender: QtCore.QObject, signature: str) -> bool:
    return any(
        signature in base.__dict__[members.PATCHED]["signals"]
        for base in type(sender).__mro__
        if members.PATCHED in base.__dict__
    )


def emit(sender: QtCore.QObject, signature: str, *arguments: Any) -> None:
    """Emit a signal of a stand-in."""
    if sender.signalsBlocked():
        return
    for _slot, call in list(_book(sender).get(signature, [])):
        call(*arguments)


class BoundSignal:
    """`widget.clicked`: what PythonQt gives for the name of a signal."""

    def __init__(self, sender: QtCore.QObject, name: str) -> None:
        self._sender = sender
        self._signatures = members.signatures_named(type(sender), name)

    def connect(self, *receiver: Any) -> bool:
        """Connect the only signal of this name; with overloads only slots without arguments."""
        slot = _slot(*receiver)
        longest = self._signatures[0]
        others = [s for s in self._signatures if not longest.startswith(s.rstrip(")"))]
        if others and argument_count(slot) != 0:
            raise TypeError(
                f"the signal has overloads ({', '.join(self._signatures)}): "
                f"use connect('signature', slot)"
            )
        return connect(self._sender, self._signatures[0], slot)

    def disconnect(self, *receiver: Any) -> bool:
        """Undo `connect`."""
        return disconnect(self._sender, self._signatures[0], *receiver)

    def emit(self, *arguments: Any) -> None:
        """Emit the signal."""
        signature = self._signatures[0]
        if _is_standin_signal(self._sender, signature):
            emit(self._sender, signature, *arguments)
        else:
            bound = raw(self._sender, signature.split("(")[0])
            bound.emit(*arguments)

    __call__ = emit
