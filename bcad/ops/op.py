"""Op: what an operation is, declared once; the registry by name, by NumPy function and by method.

A derivative rule is written with ops applied to Values, as one would write NumPy::

    def jvp(self, y, a, b, da, db): ...     # outputs, inputs, tangents -> tangent
    def vjp(self, g, y, a, b): ...          # cotangent, outputs, inputs -> a cotangent per input

A tangent or cotangent that is structurally zero is a `Zero`; it vanishes in products and
sums without a trace, so rules need not test for it.  `None` as a cotangent means zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.errors import NotDeclared
from bcad.ir import ArrayType, Builder, Type, Value

from .samples import Sample

BY_NAME: dict[str, Any] = {}  # name -> Op; Any, since rules call ops of every family


class Zero:
    """A tangent or cotangent that is zero whatever the inputs are."""

    __slots__ = ("type",)

    def __init__(self, type_: Type) -> None:
        assert isinstance(type_, ArrayType)
        self.type = type_

    @property
    def shape(self) -> tuple[Any, ...]:
        return self.type.shape

    @property
    def ndim(self) -> int:
        return self.type.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.type.dtype

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def __repr__(self) -> str:
        return f"Zero({self.type})"


for _name in "add radd sub rsub mul rmul truediv rtruediv matmul rmatmul neg getitem".split():
    setattr(Zero, f"__{_name}__", Value.__dict__[f"__{_name}__"])


class Op:
    """An operation on Values.

    Attributes
    ----------
    name : str
        NumPy's own name where there is one.
    numpy : callable
        The function it stands for, and its reference meaning.
    effect : bool
        Whether it must run once, in program order (print, a random draw).
    multiple : bool
        Whether it has several results; then `type_rule` gives a tuple and results are tuples.
    differentiable : bool
        False is *declared* non-differentiable: its derivative is zero (``floor``, ``argmax``).
    linear : tuple of int
        The inputs in each of which it is linear, the others held: a `Zero` there gives `Zero`.
    samples : list of Sample
        Inputs on which the tests check everything that is declared.
    """

    name: str
    numpy: Any = None
    effect = False
    multiple = False
    regional = False
    differentiable = True
    linear: tuple[int, ...] = ()
    samples: Sequence[Sample] = ()

    def __init_subclass__(cls) -> None:
        for name in ("numpy", "python"):  # a plain function must not become a method
            if hasattr(type(cls.__dict__.get(name)), "__get__"):
                setattr(cls, name, staticmethod(cls.__dict__[name]))

    def type_rule(self, *inputs: Any, **attrs: Any) -> Type | tuple[Type, ...]:
        """The types of the results, from the inputs' types; refuses what NumPy refuses."""
        raise NotImplementedError

    def evaluate(self, *inputs: Any, **attrs: Any) -> Any:
        """The reference meaning on concrete values."""
        return self.numpy(*inputs, **attrs)

    def jvp(self, y: Any, *inputs_and_tangents: Any, **attrs: Any) -> Any:
        """The tangent of the result (a tuple if `multiple`)."""
        raise NotDeclared(self.name, "jvp rule", Builder.place())

    def vjp(self, g: Any, y: Any, *inputs: Any, **attrs: Any) -> tuple[Any, ...]:
        """A cotangent (or None) for each input."""
        raise NotDeclared(self.name, "vjp rule", Builder.place())

    def __call__(self, *inputs: Any, **attrs: Any) -> Any:
        """Emit a node into the current Builder."""
        if any(type(x) is Zero for x in inputs):
            return self.with_zeros(inputs, attrs)
        return Builder.current().emit(self, *inputs, **attrs)

    def with_zeros(self, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        """The result when some inputs are `Zero`."""
        if any(type(inputs[k]) is Zero for k in self.linear if k < len(inputs)):
            return self._zero_result(inputs, attrs)
        return self(*(materialize(x) for x in inputs), **attrs)

    def _zero_result(self, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        builder = Builder.current()
        types = [x.type if type(x) is Zero else builder.as_value(x).type for x in inputs]
        result = self.type_rule(*types, **attrs)
        return tuple(map(Zero, result)) if isinstance(result, tuple) else Zero(result)

    def __repr__(self) -> str:
        return f"<Op {self.name}>"


def define(cls: type[Op]) -> Any:
    """Class decorator: the one instance of an Op class, entered in the registry."""
    op = cls()
    if not hasattr(op, "name"):
        op.name = _snake(cls.__name__)
    return register(op)


def register(op: Any) -> Any:
    """Enter `op` by its name; each name is declared once."""
    if op.name in BY_NAME:
        raise ValueError(f"op {op.name!r} is declared twice")
    BY_NAME[op.name] = op
    return op


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name).strip("_")


def materialize(x: Any) -> Any:
    """An array of zeros for a `Zero`; anything else as it is."""
    if type(x) is not Zero:
        return x
    full: Any = BY_NAME["full"]
    return full(np.zeros((), x.dtype)[()], shape=x.shape, dtype=x.dtype)


# -- the functions and methods that users call ---------------------------------------------
class Registry(dict[Any, Callable[..., Any]]):
    """A table by function; `late` is asked for functions of modules that bcad does not import itself."""

    late: Callable[[Any], Callable[..., Any] | None] | None = None

    def get(self, function: Any, default: Any = None) -> Any:
        found = super().get(function)
        if found is None and self.late is not None:
            found = self.late(function)
        return default if found is None else found

    def __missing__(self, function: Any) -> Callable[..., Any]:
        found = self.get(function)
        if found is None:
            raise KeyError(function)
        return found


FUNCTIONS: Registry = Registry()  # np.sum, math.sin, operator.add ... -> meaning
METHODS: dict[str, Callable[..., Any]] = {}  # ndarray methods
PROPERTIES: dict[str, Callable[[Any], Any]] = {}  # ndarray attributes that are computed
DERIVED: Registry = Registry()  # NumPy function -> plain NumPy code to interpret


def implements(
    *functions: Any, method: str | None = None, attribute: str | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare what calling a NumPy function, method or attribute on Values means.

    The decorated function takes the call's own arguments, Values in place of arrays and
    numbers (also inside lists), and emits ops.
    """

    def enter(meaning: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            FUNCTIONS[function] = meaning
        if method is not None:
            METHODS[method] = meaning
        if attribute is not None:
            PROPERTIES[attribute] = meaning
        return meaning

    return enter


def derived(
    *functions: Any, samples: Sequence[Sample] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a NumPy function by plain NumPy code, which the evaluator steps into."""

    def enter(code: Callable[..., Any]) -> Callable[..., Any]:
        code.samples = samples  # type: ignore[attr-defined]
        for function in functions:
            DERIVED[function] = code
        return code

    return enter


PARTS: set[Any] = set()  # codes of functions that plain NumPy code calls


def part_of_derived(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function that derived code calls: it is stepped into as that is."""
    PARTS.add(function.__code__)
    return function
