"""Tracers: what stands on the value stack, and in the user's containers, for a traced value.

Evaluated code never runs their methods: the evaluator asks `GraphDomain` wherever a tracer is an
operand.  Their operators and NumPy protocols are a safety net for C code that holds one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad.ir import ArrayType, Builder, Dim, Value

if TYPE_CHECKING:
    from .operations.views import Step
    from .regions.blends import Numbers
    from .session import Session


class Tracer:
    """A value that the graph computes; `_session` is the trace that it belongs to."""

    __slots__ = ("_session", "__weakref__")
    _session: Session

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__array_") and name != "__array_priority__":
            raise AttributeError(name)
        return self._session.domain.getattr(None, self, name)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise self._session.leak(self, "foreign code asked for its numbers as an array")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        fn = ufunc if method == "__call__" else getattr(ufunc, method)
        return self._session.domain.call_traced(None, fn, inputs, kwargs)

    def __array_function__(self, fn: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        return self._session.domain.call_traced(None, fn, args, kwargs)

    def __bool__(self) -> bool:
        return self._session.decide(self, "the truth of a value")

    def __int__(self) -> int:
        return self._session.decide_int(self, "int()")

    __index__ = __int__

    def __float__(self) -> float:
        raise self._session.leak(self, "foreign code asked for a float")

    def __complex__(self) -> complex:
        raise self._session.leak(self, "foreign code asked for a complex number")

    def __hash__(self) -> int:
        raise self._session.leak(self, "a hash depends on its value")

    def __len__(self) -> int:
        return self._session.decide_int(self._session.domain.length(self), "len()")

    def __iter__(self) -> Any:
        return iter(self._session.domain.elements(None, self))

    def __getitem__(self, key: Any) -> Any:
        return self._session.domain.getitem(None, self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._session.domain.setitem(None, self, key, value)

    def __format__(self, spec: str) -> str:
        return self._session.domain.format(None, self, "", spec)

    def __repr__(self) -> str:
        """While tracing, C code that asks is about to make text of the program's that a run would not correct."""
        if self._session.alive:
            raise self._session.leak(self, "C code asked for its text")
        return f"<{type(self).__name__} of {self._what()}>"

    def __reduce__(self) -> Any:
        raise self._session.leak(self, "it was pickled or copied by foreign code")

    def _what(self) -> Any:
        return "?"


class ValueTracer(Tracer):
    """A number: immutable."""

    __slots__ = ("_value",)

    def __init__(self, session: Session, value: Value) -> None:
        self._session = session
        self._value = value

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return self._type().python_type

    def __hash__(self) -> int:
        """An int in a set or as a key is held to its number."""
        if self._type().dtype.kind not in "biu":
            return Tracer.__hash__(self)
        return hash(self._session.decide_int(self, "hash()"))

    def _type(self) -> ArrayType:
        type_ = self._value.type
        assert isinstance(type_, ArrayType)
        return type_

    def _read(self) -> Value:
        return self._value

    def _what(self) -> Any:
        return self._value.type


class ScalarTracer(ValueTracer):
    """An ``np.float64`` or its kin."""

    __slots__ = ()


class NumberTracer(ValueTracer):
    """A Python bool, int, float or complex."""

    __slots__ = ()


class ObjectTracer(ValueTracer):
    """A Python object that the graph carries but does not look into."""

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return self._value.type.cls


class ChoiceTracer(Tracer):
    """Now one object, now another: the option that a traced int says (see `choices`).

    Attributes
    ----------
    _which : Value
        The number of the option.
    _numbers : Numbers or None
        Where the options are kinds of one number: which ones (see `blends`).
    _number : Value or None
        That number.
    """

    __slots__ = ("_which", "_given", "_numbers", "_number")

    def __init__(
        self, session: Session, which: Value, options: tuple[Any, ...] = (), numbers: Numbers | None = None, number: Value | None = None,
    ) -> None:
        self._session = session
        self._which = which
        self._given = options
        self._numbers = numbers
        self._number = number

    @property
    def _options(self) -> tuple[Any, ...]:
        """Python objects, tracers among them."""
        if self._numbers is None:
            return self._given
        from .operations.kinds import options_of

        return options_of(self)

    def _read(self) -> Value:
        from .operations.kinds import one_value
        from .regions.choices import settle

        known = one_value(self)
        return self._session.value(settle(self._session, self)) if known is None else known

    def __bool__(self) -> bool:
        return self._session.domain.truth(None, self)

    def __hash__(self) -> int:
        from .regions.choices import decide

        return hash(decide(self._session, self))

    def _what(self) -> Any:
        return " or ".join(str(x._what()) if isinstance(x, Tracer) else repr(x) for x in self._options)


class SizeTracer(Tracer):
    """A Python int that is a size: ``x.shape[0]``, ``len(x) - 1``."""

    __slots__ = ("_size",)

    def __init__(self, session: Session, size: Dim) -> None:
        self._session = session
        self._size = size

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return int

    def _what(self) -> Any:
        return self._size

    def __repr__(self) -> str:
        """A size in a text is held to its number."""
        if self._session.alive:
            return repr(self._session.decide_int(self, "a number in a text"))
        return Tracer.__repr__(self)

    def __hash__(self) -> int:
        """A size in a set or as a key is held to its number."""
        return hash(self._session.decide_int(self, "hash()"))


class ArrayTracer(Tracer):
    """An ndarray: a cell that holds the current Value, or a view of another cell.

    Attributes
    ----------
    _value : Value
        What it holds; of a view, what it held when `_seen` was its base's Value.
    _base : ArrayTracer or None
        The array a view looks into.
    _step : Step or None
        How a view is computed from its base, and written back.
    _born : Value
        What it held when it was made.
    _writeable : bool
    _is_flat : bool
        Whether it is ``x.flat``.
    """

    __slots__ = ("_value", "_born", "_base", "_step", "_seen", "_writeable", "_is_flat", "_home", "_sharing")

    def __init__(
        self, session: Session, value: Value, base: ArrayTracer | None = None, step: Step | None = None
    ) -> None:
        self._session = session
        self._value = self._born = value
        self._base = base
        self._step = step
        self._seen = base._read() if base is not None else None
        self._writeable = True
        self._is_flat = False
        self._home = Builder.current()  # where it was made
        self._sharing: list[Any] = []

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return np.ndarray

    @property
    def _shared(self) -> Any:
        """The branch or loop after which it may be one of several arrays; that stays known when the run of a region is undone."""
        return self._sharing[0] if self._sharing else None

    @_shared.setter
    def _shared(self, region: Any) -> None:
        self._sharing[:] = [region]

    def _type(self) -> ArrayType:
        type_ = self._value.type
        assert isinstance(type_, ArrayType)
        return type_

    def _read(self) -> Value:
        """The Value it holds now."""
        if self._base is not None:
            assert self._step is not None
            current = self._base._read()
            if current is self._seen:
                return self._value
            value = self._step.forward(current)
            if value.scope is not current.scope:  # seen from inside a region: not for later
                return value
            self._value, self._seen = value, current
        return self._value

    def _write(self, value: Value) -> None:
        """Hold `value` from now on; a view writes through to its base."""
        self._session.touch(self)
        if self._base is None:
            self._value = value
            return
        assert self._step is not None
        self._base._write(self._step.backward(self._base._read(), value))

    def _root(self) -> ArrayTracer:
        """The array that owns the memory."""
        cell = self
        while cell._base is not None:
            cell = cell._base
        return cell

    def _what(self) -> Any:
        return self._value.type


class Method:
    """A method of a tracer, bound: ``x.sum``."""

    __slots__ = ("owner", "name")

    def __init__(self, owner: Tracer, name: str) -> None:
        self.owner = owner
        self.name = name

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def __self__(self) -> Any:
        return self.owner

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.owner._session.domain.call_traced(None, self, args, kwargs)


NUMBERS: tuple[type, ...] = (ScalarTracer, NumberTracer)
TRACERS: frozenset[type] = frozenset((ArrayTracer, ScalarTracer, NumberTracer, SizeTracer, ObjectTracer, ChoiceTracer))
_NUMERIC = frozenset((ArrayTracer, ScalarTracer, NumberTracer, SizeTracer, bool, int, float, complex, np.ndarray))


def is_number_like(x: Any) -> bool:
    """Whether `x` is a number or array, traced or not."""
    return type(x) in _NUMERIC or issubclass(type(x), np.generic) or type(x) is ChoiceTracer and x._numbers is not None


def is_traced(x: Any) -> bool:
    """Whether `x` itself is a tracer."""
    return type(x) in TRACERS


def has_traced(x: Any, depth: int = 4) -> bool:
    """Whether a tracer stands in `x`, also inside plain containers."""
    kind = type(x)
    if kind in TRACERS or issubclass(kind, Tracer):  # text made of numbers, too
        return True
    if depth and isinstance(x, (list, tuple, set, frozenset, deque)):
        return any(has_traced(item, depth - 1) for item in x)
    if depth and isinstance(x, dict):
        return any(has_traced(item, depth - 1) for item in x.values())
    return kind is slice and (is_traced(x.start) or is_traced(x.stop) or is_traced(x.step))


def _forward(symbol: str) -> Callable[[Any, Any], Any]:
    return lambda self, other: self._session.domain.binary(None, symbol, self, other)


def _reflected(symbol: str) -> Callable[[Any, Any], Any]:
    return lambda self, other: self._session.domain.binary(None, symbol, other, self)


def _comparison(symbol: str) -> Callable[[Any, Any], Any]:
    return lambda self, other: self._session.domain.compare(None, symbol, self, other)


_BINARY = {"+": "add", "-": "sub", "*": "mul", "@": "matmul", "/": "truediv", "//": "floordiv",
           "%": "mod", "**": "pow", "<<": "lshift", ">>": "rshift", "&": "and", "|": "or", "^": "xor"}
for _symbol, _name in _BINARY.items():
    setattr(Tracer, f"__{_name}__", _forward(_symbol))
    setattr(Tracer, f"__r{_name}__", _reflected(_symbol))
    setattr(ArrayTracer, f"__i{_name}__", _forward(_symbol + "="))
for _symbol, _name in {"<": "lt", "<=": "le", "==": "eq", "!=": "ne", ">": "gt", ">=": "ge"}.items():
    setattr(Tracer, f"__{_name}__", _comparison(_symbol))
for _symbol, _name in {"-": "neg", "+": "pos", "~": "invert"}.items():
    setattr(Tracer, f"__{_name}__", lambda self, _s=_symbol: self._session.domain.unary(None, _s, self))
Tracer.__abs__ = lambda self: self._session.domain.call_traced(None, abs, (self,), {})  # type: ignore[attr-defined]
Tracer.__round__ = (  # type: ignore[attr-defined]
    lambda self, *n: self._session.domain.call_traced(None, round, (self, *n), {}))
Tracer.__divmod__ = (  # type: ignore[operator]
    lambda self, other: self._session.domain.call_traced(None, divmod, (self, other), {}))
Tracer.__hash__ = Tracer.__dict__["__hash__"]  # type: ignore[method-assign]
