"""What is decided of a traced value for this call, and how later calls are held to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Builder, Graph, Kind, Literal, Size, Value, evaluate_size, symbols
from interpreter import Location

from .captures.guards import Guard, GuardMiss, Guards, HasClass, IsObject, SizeRelation
from .captures.sources import Pinned
from .effects.text import message_of
from .example import Example, NoExample
from .operations.raises import may_be_caught
from .tracers import ArrayTracer, SizeTracer, Tracer

if TYPE_CHECKING:
    from .assume import TraceAssumptions


class Deciding:
    """That part of a Session.

    Attributes
    ----------
    bodies : list
        The loops whose bodies are being made.
    supposing : set
        Loops that a run may refute.
    """

    assumptions: TraceAssumptions
    error: Callable[..., Any]
    location: Callable[[], Location | None]
    wrap: Callable[[Any], Any]
    unwrap: Callable[[Any], Any]
    fix: Callable[[Value], None]

    def __init__(self, sizes: dict[str, int], expand: Callable[[Graph], Graph] | None) -> None:
        self.sizes = sizes
        self.example = Example(sizes, expand)
        self.guards = Guards()
        self.bodies: list[Any] = []
        self.supposing: set[Any] = set()

    def size_example(self, size: Size) -> int:
        """The number that a size is at the example."""
        try:
            return evaluate_size(size, self.sizes)
        except KeyError as error:
            symbol = error.args[0]
        try:
            self.example.bind(symbol)
        except NoExample:
            raise self.error(
                f"the size {size} must be known while tracing", why="a loop or branch that is kept as such makes it"
            ) from None
        return self.size_example(size)

    def size_or_none(self, size: Size) -> int | None:
        """The same, or None if it differs from one iteration of a loop to the next."""
        for name in symbols(size) - self.sizes.keys():
            try:
                self.example.bind(name)
            except NoExample:
                return None
        return evaluate_size(size, self.sizes)

    def guard(self, guard: Guard) -> None:
        """Rely on a fact about later calls."""
        if isinstance(guard, (IsObject, HasClass)) and isinstance(guard.where, Pinned):
            return  # that never changes
        object.__setattr__(guard, "location", self.location())
        self.guards.add(guard)

    def rely_on(self, a: Size, symbol: str, b: Size) -> None:
        """Hold later calls to a relation of sizes; one of sizes that only a run can tell is a check."""
        if not any("_" in name for size in (a, b) for name in symbols(size)):
            self.guard(SizeRelation(a, symbol, b))
            return
        broken = {"==": np.not_equal, "!=": np.equal, "<": np.greater_equal, ">=": np.less}[symbol]
        self._check(ops.FUNCTIONS[broken](Builder.current().size(a), Builder.current().size(b)), f"{a} {symbol} {b}")

    def suppose(self, a: Size, symbol: str, b: Size) -> None:
        """Take a relation of sizes for granted in the loop whose body is being made; it is given up if a run refutes it."""
        self.rely_on(a, symbol, b)
        self.supposing.update(self.bodies[-1:])

    def would_raise(self, broken: Any, error: Exception) -> None:
        """An operation raises where a flag is set: such a run is Python's, its exception the true one.

        What the program may catch is raised if this call raises it, and later calls are held to that.
        """
        if broken is False:
            return
        if broken is True:
            raise error
        flag = self.unwrap(broken)
        if not may_be_caught(self):  # type: ignore[arg-type]
            self.hold(flag, message_of(error))
            self.supposing.update(self.bodies[-1:])
        elif not self.example.known(flag):
            self.suppose_not(flag, message_of(error))
        elif self.decide(broken, message_of(error)):
            raise error

    def suppose_not(self, broken: Value, message: str) -> None:
        """A flag is not set, which is taken for granted in the loop whose body is being made."""
        if self.example.known(broken) and bool(np.asarray(self.concrete(broken))):
            raise self.error(message, hint="test for it before, so that this is not reached with such values")
        self.hold(broken, message)
        self.supposing.update(self.bodies[-1:])

    def is_static(self, x: Any) -> bool:
        """Whether a tracer depends on nothing that changes from call to call."""
        return type(x) is not SizeTracer and self.example.is_static(x._read())

    def decide(self, x: Any, why: str) -> bool:
        """The truth of `x` for this call; later calls are held to it."""
        if not isinstance(x, Tracer):  # it was known, and has been folded
            return bool(x)
        if type(x) is SizeTracer:
            return not self.assumptions.equal(x._size, 0)
        value = self.unwrap(x)
        if isinstance(x, ArrayTracer):
            self.require_one_element(x)
        truth = bool(np.asarray(self.concrete(value, why)).item())
        if not self.example.is_static(value):
            flag = self.as_bool(value)
            self._check(ops.BY_NAME["logical_not"](flag) if truth else flag, f"its truth was {truth}")
        return truth

    def decide_int(self, x: Any, why: str) -> int:
        """The int that `x` is for this call; later calls are held to it."""
        if not isinstance(x, Tracer):
            return int(x)
        if type(x) is SizeTracer:
            number = self.size_example(x._size)
            if not isinstance(self.assumptions.canonical(x._size), int):
                self.rely_on(x._size, "==", number)
            return number
        value = self.unwrap(x)
        if value.type.dtype.kind not in "biu":
            raise TypeError(f"'{value.type.python_type.__name__}' object cannot be interpreted as an integer")
        self.fix(value)
        found = int(self.concrete(value, why))
        if not self.example.is_static(value):
            self._check(ops.FUNCTIONS[np.not_equal](value, found), f"{why} must be {found}")
        return found

    def hold(self, broken: Value, message: str) -> None:
        """Trace again where a run finds `broken` true."""
        self._check(self.as_bool(broken), message)

    def _check(self, flag: Value, message: str) -> None:
        ops.check(flag, message=Literal(message), error=Literal(GuardMiss))

    def as_bool(self, value: Value) -> Value:
        """``bool(value)`` as a Value."""
        if value.type.kind is Kind.PYTHON and value.type.dtype.kind == "b":
            return value
        return ops.BY_NAME["as_kind"](value, kind=Kind.PYTHON, dtype=np.dtype(bool))

    def decide_ints(self, value: Value, why: str) -> Any:
        """The int that a Value is, or the list of ints, for this call; later calls are held to it."""
        if not value.ndim:
            return self.decide_int(self.wrap(value), why)
        if value.dtype.kind not in "iu":
            raise TypeError(f"{value.dtype.name!r} object cannot be interpreted as an integer")
        self.fix(value)
        found = np.asarray(self.concrete(value, why))
        if not self.example.is_static(value):
            differs = ops.FUNCTIONS[np.any](ops.FUNCTIONS[np.not_equal](value, found))
            self._check(self.as_bool(differs), f"{why} must be {found}")
        return found.tolist()

    def require_one_element(self, x: ArrayTracer) -> None:
        """NumPy's refusal to call an array of several elements true or false."""
        size = x._type().size
        if not self.assumptions.equal(size, 1):
            raise ValueError(
                "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()"
            )

    def concrete(self, value: Value, why: str = "its value") -> Any:
        """What `value` is at the example."""
        try:
            with np.errstate(all="ignore"):
                return self.example.of(value)
        except NoExample:
            raise self.error(
                f"{why} must be known while tracing", why="it is computed inside a loop or branch that is kept as such"
            ) from None
