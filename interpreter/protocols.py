"""Builtins that only run a protocol (getattr, len, iter, str, operator.add ...): stepped into."""
from __future__ import annotations

import math
import operator
from collections.abc import Callable
from types import FunctionType
from typing import Any

from . import attributes, operators
from .calls import METHODS, SIMPLE, call_native, interpreted_callable
from .formatting import format_value, representation, text
from .frame import Frame
from .lookup import MISSING, find, is_class, is_native, python_method
from .natives import intercept
from .operators import COMPARISONS, OPERATIONS, call_special
from .trampoline import Trampoline


def _simple(function: Any, count: int, step: Callable) -> None:
    """Run `step` for calls of `function` with `count` plain arguments, else `function` itself."""
    if function not in (repr, str, format):             # a container's asks its items'
        SIMPLE.add(id(function))

    @intercept(function)
    def run(frame: Frame, args: tuple, kwargs: dict) -> Any:
        if len(args) != count or kwargs or is_native(type(args[0])) and (
                count < 2 or is_native(type(args[1]))):
            return call_native(frame, function, args, kwargs)
        return step(frame, *args)


# --- attributes ---------------------------------------------------------------------------------
@intercept(getattr)
def _getattr(frame: Frame, args: tuple, kwargs: dict) -> Any:
    if not 2 <= len(args) <= 3 or kwargs or not isinstance(args[1], str):
        return call_native(frame, getattr, args, kwargs)
    try:
        return attributes.get_attribute(frame, args[0], args[1])
    except AttributeError:
        if len(args) == 2:
            raise
    return args[2]


@intercept(hasattr)
def _hasattr(frame: Frame, args: tuple, kwargs: dict) -> Any:
    if len(args) != 2 or kwargs or not isinstance(args[1], str):
        return call_native(frame, hasattr, args, kwargs)
    try:
        attributes.get_attribute(frame, args[0], args[1])
    except AttributeError:
        return False
    return True


@intercept(setattr)
def _setattr(frame: Frame, args: tuple, kwargs: dict) -> None:
    if len(args) != 3 or kwargs or not isinstance(args[1], str):
        return call_native(frame, setattr, args, kwargs)
    return attributes.set_attribute(frame, *args)


@intercept(delattr)
def _delattr(frame: Frame, args: tuple, kwargs: dict) -> None:
    if len(args) != 2 or kwargs or not isinstance(args[1], str):
        return call_native(frame, delattr, args, kwargs)
    return attributes.del_attribute(frame, *args)


# --- iteration and size -------------------------------------------------------------------------
@intercept(iter)
def _iter(frame: Frame, args: tuple, kwargs: dict) -> Any:
    if len(args) == 1 and not kwargs:
        return operators.iterate(frame, args[0])
    if len(args) == 2 and interpreted_callable(args[0]):
        args = (Trampoline(args[0], frame.domain), args[1])
    return call_native(frame, iter, args, kwargs)


@intercept(next)
def _next(frame: Frame, args: tuple, kwargs: dict) -> Any:
    if not args or kwargs or is_native(type(args[0])) or \
            python_method(type(args[0]), "__next__") is None:
        return call_native(frame, next, args, kwargs)
    value = operators.next_value(frame, args[0], MISSING) if len(args) == 2 else \
        call_special(frame, find(type(args[0]), "__next__"), args[0])
    return args[1] if value is MISSING else value


_simple(len, 1, operators.length)
_simple(bool, 1, operators.truth)


# --- text and numbers ---------------------------------------------------------------------------
_simple(str, 1, text)
_simple(repr, 1, representation)
_simple(format, 1, lambda frame, value: format_value(frame, value, "", ""))
_simple(format, 2, lambda frame, value, spec: format_value(frame, value, "", spec)
        if isinstance(spec, str) else call_native(frame, format, (value, spec), None))


class _Answer:
    """Gives C code the answer of a special method that has been stepped into, to be checked."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def _answer(self) -> Any:
        return self.value

    __int__ = __index__ = __hash__ = __trunc__ = _answer


class _FloatAnswer(_Answer):
    __float__ = _Answer._answer


class _ComplexAnswer(_Answer):
    __complex__ = _Answer._answer


def _number(function: Any, names: tuple[str, ...], answer: type[_Answer]) -> None:
    """`function` asks for the first special method of `names` that there is."""
    def step(frame: Frame, value: Any) -> Any:
        for name in names:
            method = find(type(value), name)
            if type(method) is FunctionType:
                result = call_special(frame, method, value)
                return result if type(result) is function else function(answer(result))
            if method is not MISSING:
                break
        return call_native(frame, function, (value,), None)

    _simple(function, 1, step)


_number(int, ("__int__", "__index__"), _Answer)
_number(float, ("__float__",), _FloatAnswer)
_number(complex, ("__complex__",), _ComplexAnswer)
_number(hash, ("__hash__",), _Answer)
_number(operator.index, ("__index__",), _Answer)


def _unary_method(function: Any, name: str) -> None:
    def step(frame: Frame, value: Any) -> Any:
        method = python_method(type(value), name)
        return function(value) if method is None else call_special(frame, method, value)

    _simple(function, 1, step)


for _function, _name in ((abs, "__abs__"), (math.floor, "__floor__"), (math.ceil, "__ceil__"),
                         (math.trunc, "__trunc__"), (round, "__round__")):
    _unary_method(_function, _name)


@intercept(isinstance)
def _isinstance(frame: Frame, args: tuple, kwargs: dict) -> Any:
    return _class_check(frame, isinstance, "__instancecheck__", args, kwargs)


@intercept(issubclass)
def _issubclass(frame: Frame, args: tuple, kwargs: dict) -> Any:
    return _class_check(frame, issubclass, "__subclasscheck__", args, kwargs)


def _class_check(frame: Frame, function: Any, name: str, args: tuple, kwargs: dict) -> Any:
    """ABCMeta's own check is C behind a line of Python; only other hooks are stepped into."""
    if len(args) == 2 and not kwargs:
        meta = type(args[1])
        hook = None if meta is type else python_method(meta, name)
        exact = function is isinstance and type(args[0]) is args[1]
        if hook is not None and hook.__module__ != "abc" and not exact:
            return operators.truth(frame, call_special(frame, hook, args[1], args[0]))
    return call_native(frame, function, args, kwargs)


# --- the operator module ------------------------------------------------------------------------
def _binary(operation: operators.Operation, run: Callable) -> None:
    _simple(operation.native, 2, lambda frame, left, right: run(frame, operation, left, right))


for _operation in OPERATIONS.values():
    _binary(_operation, operators.binary)
for _operation in COMPARISONS.values():
    _binary(_operation, operators.compare)
for _symbol, (_, _native) in operators.UNARY.items():
    _simple(_native, 1, lambda frame, value, s=_symbol: operators.unary(frame, s, value))
_simple(operator.getitem, 2, attributes.get_item)
_simple(operator.delitem, 2, attributes.del_item)
_simple(operator.contains, 2, lambda frame, box, item: operators.contains(frame, item, box))
_simple(operator.truth, 1, operators.truth)
_simple(operator.not_, 1, operators.invert)


# --- what object itself does --------------------------------------------------------------------
def _object_method(frame: Frame, method: Any, args: tuple, kwargs: dict) -> Any:
    """``object.__getattribute__`` and its like, as ``super().__setattr__(...)`` reaches them."""
    owner = getattr(method, "__self__", MISSING)
    name = method.__name__
    native = getattr(object, name)
    values = args if owner is MISSING else (owner, *args)
    same = method is native or owner is not MISSING and method == native.__get__(owner)
    step: Any = _OBJECT.get(name)
    if same and not kwargs and len(values) == step[1] and isinstance(values[1], str) \
            and not is_class(values[0]):
        if frame.domain.observes and name != "__getattribute__":
            frame.domain.stored(frame, "attr", values[0], values[1], values[2] if len(values) > 2 else MISSING)
        return step[0](frame, *values)
    if name != "__getattribute__" and len(values) > 1:
        attributes.note_class(*values[:2])
    return call_native(frame, method, args, kwargs)


_OBJECT: dict[str, tuple[Any, int]] = {"__getattribute__": (attributes.generic_get, 2),
           "__setattr__": (attributes.generic_set, 3),
           "__delattr__": (attributes.generic_del, 2)}
METHODS.update(dict.fromkeys(_OBJECT, _object_method))
