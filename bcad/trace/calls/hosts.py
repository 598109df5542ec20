"""C functions: containers keep tracers, functions of plain data run at each call, the rest is refused."""

from __future__ import annotations

import builtins
import collections
import copyreg
import functools
import itertools
import operator
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from types import (
    BuiltinFunctionType,
    MappingProxyType,
    MethodDescriptorType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import ArrayType, Literal, Value, type_of
from interpreter import Unsupported, evaluate
from interpreter import call as interpret

from ..captures import questions
from ..captures.outer import OuterDict, OuterList
from ..places import called_function
from ..tracers import ArrayTracer, Tracer, has_traced
from ..tree import Tree, flatten
from . import written_out
from .host_text import NameOf, Written, call_text

if TYPE_CHECKING:
    from ..session import Session

_CONTAINERS = (list, dict, set, frozenset, tuple, collections.deque, collections.defaultdict)
_WRITERS = frozenset(("__repr__", "__str__", "__format__"))  # they show what they are given
_BOUND = (BuiltinFunctionType, MethodWrapperType)
_UNBOUND = (MethodDescriptorType, WrapperDescriptorType)
_KEEPERS = frozenset((
    *_CONTAINERS, zip, enumerate, reversed, slice, range, map, filter, property, staticmethod, classmethod, super,
    collections.OrderedDict, MappingProxyType, functools.partial, operator.itemgetter, operator.attrgetter, iter, next, id, callable,
    object, object.__new__, object.__setattr__, object.__init__, setattr, delattr, isinstance, issubclass,
    itertools.chain, itertools.islice, itertools.cycle, itertools.repeat, itertools.tee, itertools.product,
    itertools.permutations, itertools.combinations, itertools.combinations_with_replacement, itertools.zip_longest,
    itertools.count, itertools.pairwise, itertools.chain.from_iterable, operator.is_, operator.is_not,
    copyreg.__newobj__, builtins.vars, len, type,  # type: ignore[attr-defined]
))


def keeps_tracers(fn: Any) -> bool:
    """Whether C code only moves values about: methods of containers, iterators, object creation."""
    try:
        if fn in _KEEPERS:
            return True
    except TypeError:
        return False
    if getattr(fn, "__name__", "") in _WRITERS:
        return False
    if is_container_method(fn):
        return True
    if isinstance(fn, (operator.itemgetter, operator.attrgetter)):
        return True
    if type(fn) in _UNBOUND:
        return issubclass(fn.__objclass__, (*_CONTAINERS, BaseException)) or fn.__objclass__ is object
    if isinstance(fn, type) and issubclass(fn, (BaseException, tuple, list, dict)):
        return True
    return type(fn) is BuiltinFunctionType and getattr(fn, "__name__", "") == "__new__"


def is_container_method(fn: Any) -> bool:
    """Whether `fn` is a bound method of a list, dict, iterator or generator."""
    if type(fn) not in _BOUND:
        return False
    owner = fn.__self__
    if isinstance(owner, (ModuleType, type, Tracer)) or owner is None:
        return False
    return isinstance(owner, _CONTAINERS) or hasattr(type(owner), "__next__") or type(fn) is MethodWrapperType


def unknown(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A C function without a meaning, applied to traced values."""
    name = getattr(fn, "__qualname__", None) or getattr(fn, "__name__", None) or type(fn).__qualname__
    if isinstance(getattr(fn, "__self__", None), Tracer):
        raise _refusal(session, name, "it is a method of a traced value")
    nested = any(has_traced(x) and not isinstance(x, Tracer) for x in (*args, *kwargs.values()))
    if nested and not questions.only_asks(fn):  # it may write into what it is given
        raise _refusal(session, name, "traced values stand inside one of its arguments")
    args, kwargs = _unmirrored(args), _unmirrored(kwargs)
    for leaf in flatten((args, kwargs))[0]:
        if not isinstance(leaf, Tracer) and has_traced(leaf):
            raise _refusal(session, name, f"its argument, a {type(leaf).__name__}, holds traced values")
    values = [session.value(x) for x in traced_leaves((args, kwargs))]
    active = [v for v in values if session.example.is_active(v)]
    if active and not _gives_integers(session, fn, args, kwargs, values):
        raise _refusal(session, name, f"its argument {active[0].type} depends on what is differentiated")
    values = [ops.BY_NAME["stop_gradient"](v) if v in active else v for v in values]
    return run_at_each_call(session, fn, args, kwargs, values)


def _gives_integers(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], values: list[Value]) -> bool:
    """Whether a C function's results are ints and bools alone, as at ``linear_sum_assignment(cost)``: their derivative is zero."""
    if isinstance(fn, type) or getattr(fn, "__self__", None) is not None and not isinstance(fn.__self__, ModuleType):
        return False  # an object of the user's may remember what it is given
    given = copies_of([session.concrete(v, f"the result of {getattr(fn, '__name__', fn)}()") for v in values])
    before = copies_of(given)
    try:
        with np.errstate(all="ignore"), session.journal():
            found = HostFunction(fn, args, kwargs).plainly(*given)
    except Exception:
        return False
    leaves = [type_of(x) for x in flatten(found)[0]]
    integers = all(isinstance(t, ArrayType) and t.dtype.kind in "iub" for t in leaves)
    return bool(leaves) and integers and not changed_among(before, given)


def _unmirrored(nest: Any) -> Any:
    """Nested arguments with plain lists and dicts in place of mirrors."""
    if type(nest) in (dict, OuterDict):
        return {key: _unmirrored(item) for key, item in nest.items()}
    if type(nest) in (list, OuterList):
        return [_unmirrored(item) for item in nest]
    return tuple(map(_unmirrored, nest)) if type(nest) is tuple else nest


def traced_leaves(nest: Any) -> list[Any]:
    """The traced values of nested arguments, in order."""
    return [x for x in flatten(nest)[0] if isinstance(x, Tracer)]


def _refusal(session: Session, name: str, why: str) -> Unsupported:
    caller = called_function(session.frame)
    through = f", which {caller}() calls," if caller is not None and caller != name else ""
    return session.error(
        f"{name}(){through} is written in C and has no meaning on traced values", why=why,
        hint=f"use a NumPy function that bcad knows, or give {caller or name} a rule: bcad.register or bcad.primitive",
    )


def run_at_each_call(
    session: Session, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], values: list[Value],
    *, effect: bool = False,
) -> Any:
    """A host node: CPython calls `fn` with plain values whenever the graph runs.

    With `effect` it does so just once a run and in program order, whether or not its result is used; what it
    writes while its example is computed is undone.  Without, arrays that it writes to are further results.
    """
    call = HostFunction(fn, args, kwargs)
    concrete = [session.concrete(v, f"the result of {call}") for v in values]
    given = concrete if effect else copies_of(concrete)
    with np.errstate(all="ignore"), session.journal() if effect else nullcontext():
        example = interpret(call.plainly, *given) if effect else call.plainly(*given)
    leaves, call.result = flatten(example)
    types = tuple(result_type(session, r) for r in leaves)
    if not effect:
        arrays = tuple(k for k, x in enumerate(concrete) if isinstance(x, np.ndarray))
        call.written = arrays if example is None else changed_among(concrete, given)  # what gives nothing is there to write
        call.kinds = tuple(map(_kind_of, leaves))
        leaves += [given[k] for k in call.written]
        types += tuple(values[k].type for k in call.written)
    op = ops.host_effect if effect else ops.host
    if effect and example is None:
        op(*values, fn=Literal(Silent(call)), types=())
        return None
    if effect and any(not isinstance(type_of(x), ArrayType) for x in leaves):
        raise session.error(f"{call} gives a {type(example).__name__}", why="a call at each run gives numbers and arrays, or None",
                            hint="let it return a number, or do with its result what is to be done")
    outputs = op(*values, fn=Literal(call), types=types)
    for output, result in zip(outputs, leaves, strict=True):
        session.example.values[output] = result
    count = len(leaves) - len(call.written)
    for k, output in zip(call.written, outputs[count:], strict=True):
        _write(session, call, traced_leaves((args, kwargs))[k], session.wrap(output))
    return call.result.unflatten([session.wrap(o) for o in outputs[:count]])


def _write(session: Session, call: HostFunction, target: Any, content: Any) -> None:
    """Let an array hold what a call has written to it."""
    if not isinstance(target, ArrayTracer):
        raise _refusal(session, repr(call), "it writes to what it is given")
    evaluate(written_out.set_item, (target, Ellipsis, content), {}, session.domain)


def copies_of(values: Sequence[Any]) -> list[Any]:
    """The values, with arrays that may be written to."""
    return [x.copy() if isinstance(x, np.ndarray) else x for x in values]


def changed_among(before: Sequence[Any], after: Sequence[Any]) -> tuple[int, ...]:
    """The positions of arrays that hold other bits than before."""
    pairs = enumerate(zip(before, after, strict=True))
    return tuple(k for k, (a, b) in pairs if isinstance(a, np.ndarray) and a.tobytes() != b.tobytes())


def result_type(session: Session, example: Any) -> Any:
    """The type of a host call's result: lengths that only a run can tell are fresh sizes."""
    type_ = type_of(example)
    if not isinstance(type_, ArrayType) or not type_.shape:
        return type_
    shape = []
    for length in type_.shape:
        size = ops.fresh_size("h")
        session.sizes[str(size)] = length  # type: ignore[assignment]
        shape.append(size)
    return type_.with_shape(tuple(shape))


class HostFunction:
    """A call with the traced arguments left open; its result is given leaf by leaf, if it is nested.

    Attributes
    ----------
    result : Tree or None
        How the result was nested while tracing; a run that gives another nesting is abandoned.
    kinds : tuple or None
        Of which class, dtype and rank its parts were while tracing; a run that gives others is abandoned.
    written : tuple of int
        Which of the traced arguments are arrays that it wrote to while tracing; these come after the result.
    """

    def __init__(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.fn = fn
        leaves, self.tree = flatten((args, kwargs))
        self.leaves = [None if isinstance(x, Tracer) else x for x in leaves]
        self.places = [k for k, x in enumerate(leaves) if isinstance(x, Tracer)]
        self.result: Tree | None = None
        self.kinds: tuple[Any, ...] | None = None
        self.written: tuple[int, ...] = ()

    def plainly(self, *values: Any) -> Any:
        """The result as `fn` gives it."""
        args, kwargs = self._given(values)
        return self.fn(*args, **kwargs)

    def _given(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with `values` where they were left open."""
        leaves = list(self.leaves)
        for place, value in zip(self.places, values, strict=False):
            leaves[place] = value
        return self.tree.unflatten(leaves)

    def text(self, operands: Sequence[str], name: NameOf) -> str:
        """The call as an expression; `name` says what an object without a literal is called."""
        return call_text(self.fn, *self._given([Written(x) for x in operands]), name)

    def __call__(self, *values: Any) -> Any:
        given = copies_of(values)
        found = self.plainly(*given)
        changed = changed_among(values, given)
        if not set(changed) <= set(self.written):
            raise ops.CheckFailed(f"{self} writes to an array that it left alone when it was traced")
        if self.kinds is None and not self.written and (self.result is None or self.result.cls is None):
            return found
        leaves, tree = flatten(found)
        if tree != self.result:
            raise ops.CheckFailed(f"the result of {self} is nested in another way")
        if self.kinds is not None and self.kinds != tuple(map(_kind_of, leaves)):
            raise ops.CheckFailed(f"the result of {self} is of another kind")
        leaves += [given[k] for k in self.written]
        return leaves[0] if len(leaves) == 1 else tuple(leaves)

    def __repr__(self) -> str:
        return f"{getattr(self.fn, '__name__', self.fn)}()"


def _kind_of(x: Any) -> Any:
    """What the type of a host call's result tells of it."""
    return (type(x), x.dtype, x.ndim) if isinstance(x, np.ndarray) else type(x)


class Silent:
    """A call that gives None, which traced code has relied on."""

    def __init__(self, call: HostFunction) -> None:
        self.call = call

    def text(self, operands: Sequence[str], name: NameOf) -> str:
        return self.call.text(operands, name)

    def __call__(self, *values: Any) -> None:
        found = self.call.plainly(*values)
        if found is not None:
            raise ops.CheckFailed(f"{self.call} gave None when it was traced")
