"""Derivatives of your own: primitive with defvjp and defjvp, custom_vjp, custom_jvp; stop_gradient, checkpoint."""

from __future__ import annotations

import functools
import inspect
import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from bcad.errors import StructureError
from bcad.ir import ArrayType, Builder, Kind, Literal
from bcad.ops import BY_NAME
from bcad.pickling import ByName
from bcad.rules import Rules, captured_by, widened
from bcad.seeds import leaf_value
from bcad.trace import (
    InnerProgram,
    flatten,
    host_call,
    inside,
    is_traced,
    leaf_type,
    map_leaves,
    stepped,
    trace_inside,
    wrap,
)

Fn = Callable[..., Any]
_DEPTH = 3  # a rule that calls its own primitive is unrolled for that many orders
_state = threading.local()


class Primitive(ByName):
    """A function that is not looked into; its derivative is what you declare.

    Calling it runs `fn` with plain arrays, at every call also of compiled code.

    Parameters
    ----------
    fn : callable
        Of positional arguments with derivatives; keyword arguments have none.
    opaque : bool
        Whether `fn` is run by CPython instead of being traced.
    """

    def __init__(self, fn: Fn, opaque: bool = True) -> None:
        self.fn = fn
        self.opaque = opaque
        self.vjps: Callable[[int], Fn | None] = _undeclared
        self.jvps: Callable[[int], Fn | None] = _undeclared
        functools.update_wrapper(self, fn, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if inside() and is_traced(kwargs):
            args, kwargs = self._positional(args, kwargs)
        if inside() and is_traced(args):
            return _Call(self, args, kwargs).emit()
        return self.fn(*args, **kwargs)

    def _positional(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The call with what may be positional so: rules count positions."""
        try:
            bound = inspect.signature(self.fn).bind(*args, **kwargs)
        except (TypeError, ValueError):  # nothing is known of it, or the call is wrong and will say so
            return args, kwargs
        return bound.args, bound.kwargs

    def looked_into(self) -> AbstractContextManager[None]:
        """Around tracing the function itself."""
        return nullcontext()

    def __repr__(self) -> str:
        return f"<primitive {getattr(self.fn, '__name__', self.fn)}>"


def _undeclared(argnum: int) -> None:
    """No rule."""


def primitive(fn: Fn) -> Primitive:
    """Make `fn` a primitive: run by CPython, differentiated by rules (`defvjp`, `defjvp`).

    Examples
    --------
    >>> import numpy as np
    >>> @primitive
    ... def double(x):
    ...     return x + x
    >>> defvjp(double, lambda ans, x: lambda g: 2 * g)
    """
    return fn if isinstance(fn, Primitive) else Primitive(fn)


def defvjp(fn: Primitive, *makers: Fn | None, argnums: Iterable[int] | None = None) -> None:
    """Declare cotangents: for each argument ``maker(ans, *args, **kwargs) -> (g -> cotangent)``.

    None declares a zero.  Rules written in NumPy are differentiable themselves.
    """
    table = dict(zip(argnums if argnums is not None else itertools.count(), makers, strict=False))
    fn.vjps = lambda argnum: _staged(table, argnum)


def _staged(table: dict[int, Fn | None], argnum: int) -> Fn | None:
    if argnum not in table:
        return None
    maker = table[argnum]
    if maker is None:
        return _zero

    @stepped
    def pull(g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
        return maker(ans, *args, **kwargs)(g)

    return pull


def _zero(*_: Any) -> None:
    """The rule of an argument without influence."""


def defvjp_argnum(fn: Primitive, maker: Fn) -> None:
    """Declare cotangents by one function: ``maker(argnum, ans, args, kwargs) -> (g -> cotangent)``."""

    def rule(argnum: int) -> Fn:
        @stepped
        def pull(g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
            return maker(argnum, ans, args, kwargs)(g)

        return pull

    fn.vjps = rule


def defvjp_argnums(fn: Primitive, maker: Fn) -> None:
    """Declare cotangents together: ``maker(argnums, ans, args, kwargs) -> (g -> sequence)``."""

    def rule(argnum: int) -> Fn:
        @stepped
        def pull(g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
            return maker((argnum,), ans, args, kwargs)(g)[0]

        return pull

    fn.vjps = rule


def defjvp(fn: Primitive, *pushes: Fn | str | None, argnums: Iterable[int] | None = None) -> None:
    """Declare tangents: for each argument ``push(g, ans, *args, **kwargs)``; "same" if linear in it."""
    table = dict(zip(argnums if argnums is not None else itertools.count(), pushes, strict=False))

    def rule(argnum: int) -> Fn | None:
        if argnum not in table:
            return None
        push = table[argnum]
        if push is None:
            return _zero
        if push == "same":
            return _linear(fn, argnum)
        chosen: Any = push

        @stepped
        def tangent(g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
            return chosen(g, ans, *args, **kwargs)

        return tangent

    fn.jvps = rule


def _linear(fn: Primitive, argnum: int) -> Fn:
    @stepped
    def tangent(g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
        return fn(*args[:argnum], g, *args[argnum + 1 :], **kwargs)

    return tangent


def def_linear(fn: Primitive) -> None:
    """Declare that `fn` is linear in each argument separately."""
    fn.jvps = lambda argnum: _linear(fn, argnum)


def defjvp_argnum(fn: Primitive, push: Fn) -> None:
    """Declare tangents by one function: ``push(argnum, g, ans, args, kwargs)``."""

    def rule(argnum: int) -> Fn:
        @stepped
        def tangent(g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
            return push(argnum, g, ans, args, kwargs)

        return tangent

    fn.jvps = rule


def defjvp_argnums(fn: Primitive, push: Fn) -> None:
    """Declare tangents together: ``push(argnums, gs, ans, args, kwargs)``."""

    def rule(argnum: int) -> Fn:
        @stepped
        def tangent(g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
            return push((argnum,), (g,), ans, args, kwargs)

        return tangent

    fn.jvps = rule


class _Call:
    """One call of a primitive in traced code: a node with the graphs of its rules."""

    def __init__(self, primitive: Primitive, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        self.primitive = primitive
        self.args, self.kwargs = tuple(args), kwargs
        self.primal = self._primal()
        self.positions = [path[1] for path in self.primal.arguments if path[0] == 0]
        if len(set(self.positions)) < len(self.positions):
            raise StructureError(f"an argument of {primitive} is a container", hint="pass arrays one by one")

    def emit(self) -> Any:
        stand_in = self.primal.inline()  # of the types of the result; dead code afterwards
        rules = Rules()
        if _depth() < _DEPTH:
            self._declare(rules.vjps, self.primitive.vjps, stand_in, stand_in)
            for position in self.positions:
                self._declare(rules.jvps, self.primitive.jvps, stand_in, self.args[position], [position])
        extras = captured_by(rules)
        outer = [*self.primal.inputs, *extras]
        rules.finish(self.primal, outer, len(self.positions))
        outputs = BY_NAME["custom"](*outer, regions=(widened(self.primal.graph, extras),), rule=Literal(rules))
        return self.primal.finish(outputs)

    def _primal(self) -> InnerProgram:
        if not self.primitive.opaque:
            with self.primitive.looked_into():
                return trace_inside(self.primitive.fn, self.args, self.kwargs)
        fn, kwargs = self.primitive.fn, self.kwargs

        def call(*args: Any) -> Any:
            return host_call(fn, args, kwargs)

        return trace_inside(call, self.args)

    def _declare(
        self, table: dict[int, InnerProgram], rule_of: Callable[[int], Fn | None], ans: Any, seed: Any,
        positions: Sequence[int] | None = None,
    ) -> None:
        """Trace the rule for each argument; `seed` stands for the cotangent or tangent."""
        for position in self.positions if positions is None else positions:
            rule = rule_of(position)
            if rule is None or not leaf_type(self.args[position]).differentiable:
                continue
            with _deeper():
                table[position] = trace_inside(_spread(rule, self.kwargs), (_as_tangent(seed), ans, *self.args))


def _as_tangent(thing: Any) -> Any:
    """`thing` with the types of its tangent: a Python number has a NumPy scalar."""
    return map_leaves(_tangent_leaf, thing)


def _tangent_leaf(leaf: Any) -> Any:
    type_ = leaf_type(leaf)
    if not isinstance(type_, ArrayType) or not type_.differentiable or type_.kind is not Kind.PYTHON:
        return leaf
    value = Builder.current().as_value(leaf_value(leaf))
    return wrap(BY_NAME["as_kind"](value, kind=Kind.SCALAR, dtype=type_.dtype))


def _spread(rule: Fn, kwargs: dict[str, Any]) -> Fn:
    @stepped
    def spread(g: Any, ans: Any, *args: Any) -> Any:
        return rule(g, ans, args, kwargs)

    return spread


def _depth() -> int:
    return getattr(_state, "depth", 0)


class _deeper:
    """Counts how many rules are being traced inside one another."""

    def __enter__(self) -> None:
        _state.depth = _depth() + 1

    def __exit__(self, *_: Any) -> None:
        _state.depth -= 1


class CustomVjp(Primitive):
    """A traced function with its own reverse rule, as JAX's ``custom_vjp``: see `custom_vjp`."""

    def __init__(self, fn: Fn) -> None:
        super().__init__(fn, opaque=False)

    def defvjp(self, fwd: Fn, bwd: Fn) -> None:
        """``fwd(*args) -> (value, residuals)``; ``bwd(residuals, g) -> cotangents`` of all arguments."""

        def rule(argnum: int) -> Fn:
            @stepped
            def pull(g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
                return bwd(fwd(*args, **kwargs)[1], g)[argnum]

            return pull

        self.vjps = rule


def custom_vjp(fn: Fn) -> CustomVjp:
    """A function whose reverse rule you give: ``f.defvjp(fwd, bwd)``; also inside traced code.

    Examples
    --------
    >>> @custom_vjp
    ... def clipped(x):
    ...     return x
    >>> clipped.defvjp(lambda x: (x, None), lambda _, g: (np.clip(g, -1, 1),))
    """
    return CustomVjp(fn)


class CustomJvp(Primitive):
    """A traced function with its own forward rule, as JAX's ``custom_jvp``: see `custom_jvp`."""

    def __init__(self, fn: Fn) -> None:
        super().__init__(fn, opaque=False)

    def defjvp(self, push: Fn) -> Fn:
        """``push(primals, tangents) -> (value, tangent)``; zero tangents are arrays of zeros."""
        import numpy as np

        def rule(argnum: int) -> Fn:
            @stepped
            def tangent(g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
                tangents = tuple(g if k == argnum else np.zeros_like(x) for k, x in enumerate(args))
                return push(args, tangents)[1]

            return tangent

        self.jvps = rule
        return push


def custom_jvp(fn: Fn) -> CustomJvp:
    """A function whose forward rule you give: ``@f.defjvp``; also inside traced code."""
    return CustomJvp(fn)


def stop_gradient(x: Any) -> Any:
    """`x` itself, through which no derivative passes; containers leaf by leaf."""
    if not inside():
        return x
    leaves, tree = flatten(x)
    return tree.unflatten([_stopped(leaf) for leaf in leaves])


def _stopped(leaf: Any) -> Any:
    if not is_traced(leaf) or leaf_type(leaf) is None or not leaf_type(leaf).differentiable:
        return leaf
    return wrap(BY_NAME["stop_gradient"](leaf._read()))


class Checkpointed(ByName):
    """See `checkpoint`."""

    def __init__(self, fn: Fn) -> None:
        self.fn = fn
        functools.update_wrapper(self, fn, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not inside():
            return self.fn(*args, **kwargs)
        program = trace_inside(self.fn, args, kwargs)
        outputs = BY_NAME["checkpoint"](*program.inputs, regions=(program.graph,), segments=True)
        return program.finish(outputs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else functools.partial(self, instance)


def checkpoint(fn: Fn) -> Fn:
    """`fn`, whose intermediate values are computed again in the reverse pass instead of being kept."""
    return Checkpointed(fn)
