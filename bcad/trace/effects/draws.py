"""Random draws: ordered nodes that draw from the same stream as plain NumPy, at every call."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import ArrayType, Literal, Size, type_of
from interpreter import evaluate

from ..calls.hosts import HostFunction, result_type, traced_leaves
from ..places import stepped
from ..tracers import ArrayTracer, NumberTracer, ScalarTracer, SizeTracer, Tracer

if TYPE_CHECKING:
    from ..session import Session

_LINE = {  # families x = location + scale*unit: the names of both, and the method that draws the unit
    "normal": ("loc", "scale", "standard_normal"), "uniform": ("low", "high", "random"), "exponential": (None, "scale", "exponential"),
    "rayleigh": (None, "scale", "rayleigh"), "laplace": ("loc", "scale", "laplace"), "logistic": ("loc", "scale", "logistic"),
    "gumbel": ("loc", "scale", "gumbel"),
}


def draw(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """One draw; location, scale and what is drawn from stay outside of it, so that they have derivatives."""
    args = tuple(_standing(session, x) for x in args)
    kwargs = {name: _standing(session, x) for name, x in kwargs.items()}
    if not traced_leaves((args, kwargs)):
        return _drawn(session, fn, args, kwargs, ())
    kind: Any = type(fn.__self__)
    bound = _signature(kind, fn.__name__).bind(fn.__self__, *args, **kwargs)
    for name in ("size", "args"):  # rand(*args), randn(*args)
        if name in bound.arguments:
            bound.arguments[name] = _known_shape(session, bound.arguments[name])
    _, *values = bound.arguments.values()
    given = dict(zip(list(bound.arguments)[1:], values, strict=True))
    if fn.__name__ == "choice" and _is_array(given["a"]):
        return _chosen(session, fn, **given)
    if fn.__name__ in ("permutation", "shuffle") and _is_array(given["x"]):
        return _picked(session, fn, **given)
    if (fn.__name__ in _LINE or fn.__name__ == "lognormal") and any(_moves(x) for x in values):
        return _moved(session, fn, given)
    return _drawn(session, fn, bound.args[1:], bound.kwargs, _sizes(given))


def _standing(session: Session, x: Any) -> Any:
    """An array from outside as the call has it."""
    return session.captures.cell(x) if type(x) is np.ndarray and id(x) in session.captures.cells else x


def _drawn(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], sizes: Sequence[Size] | None) -> Any:
    """A draw made by CPython at each run with that run's parameters; `sizes` are the first of its shape, None: as a run tells."""
    traced = traced_leaves((args, kwargs))
    values = [session.value(x) for x in traced]
    if any(session.example.is_active(v) for v in values):
        raise session.error(
            f"{fn.__name__} with a traced parameter has no derivative",
            hint="draw standard_normal() or random() and transform it, or wrap the parameter in bcad.stop_gradient",
        )
    call = HostFunction(fn, args, kwargs)
    concrete = [session.concrete(v, f"a parameter of {fn.__name__}") for v in values]
    session.save_stream(fn.__self__)
    example = call.plainly(*concrete)
    type_: Any = type_of(example)
    if isinstance(type_, ArrayType) and type_.shape:
        if sizes is None:
            type_ = result_type(session, example)
        elif sizes:
            type_ = type_.with_shape((*sizes, *type_.shape[len(sizes):]))
    (output,) = ops.host_effect(*values, fn=Literal(call), types=(type_,))
    session.example.values[output] = example
    return session.wrap(output)


def _sizes(given: dict[str, Any]) -> Sequence[Size] | None:
    """The first sizes of what is drawn; None if parameters that are arrays decide about them."""
    if any(_is_array(x) for x in given.values()):
        return None
    size = given["args"] if "args" in given else given.get("x", given.get("size"))  # permutation(x)
    items = size if isinstance(size, (tuple, list)) else () if size is None else (size,)
    return [x._size if type(x) is SizeTracer else x for x in items]


@cache
def _signature(kind: type, name: str) -> inspect.Signature:
    return inspect.signature(getattr(kind, name))


def _known_shape(session: Session, size: Any) -> Any:
    """How many numbers are drawn: sizes stay, of other traced ints this call's are held to."""
    if isinstance(size, (tuple, list)):
        return tuple(_known_shape(session, x) for x in size)
    if type(size) in (NumberTracer, ScalarTracer) and size._type().dtype.kind in "iu":
        return session.decide_int(size, "the shape of a random draw")
    return size


def _is_array(x: Any) -> bool:
    """Whether something is an array of one or more axes, traced or not."""
    return isinstance(x, (ArrayTracer, np.ndarray)) and x.ndim > 0


def _moves(x: Any) -> bool:
    return isinstance(x, Tracer) and type(x) is not SizeTracer


# -- families that are moved and stretched ----------------------------------------------------------
def _moved(session: Session, fn: Any, given: dict[str, Any]) -> Any:
    """``normal(loc, scale)`` as ``loc + scale*standard_normal()``."""
    if fn.__name__ == "lognormal":
        named = {"loc": given.get("mean", 0.0), "scale": given.get("sigma", 1.0), "size": given.get("size")}
        return evaluate(np.exp, (_moved(session, fn.__self__.normal, named),), {}, session.domain)
    first_name: Any
    first_name, second_name, unit_name = _LINE[fn.__name__]
    first, second = given.get(first_name, 0.0), given.get(second_name, 1.0)
    size = given.get("size")
    if size is None:
        size = _common_shape(session, (first, second))
    stream = fn.__self__
    unit_of = getattr(stream, unit_name) if unit_name != "random" or hasattr(stream, "bit_generator") else stream.random_sample
    unit = draw(session, unit_of, (), {"size": size})
    width = second if fn.__name__ != "uniform" else second - first
    return width * unit if first_name is None else first + width * unit


def _common_shape(session: Session, parameters: Sequence[Any]) -> Any:
    """The shape that parameters have together; None for that of numbers."""
    shapes = [session.domain.getattr(None, p, "shape") if isinstance(p, Tracer) else np.shape(p) for p in parameters]
    shapes = [s for s in shapes if isinstance(s, tuple) and s]
    if len(shapes) == 2:
        return np.broadcast_shapes(*(np.shape(session.concrete(session.value(p))) for p in parameters))
    return shapes[0] if shapes else None


# -- items of arrays --------------------------------------------------------------------------------
def _picked(session: Session, fn: Any, x: Any, axis: Any = 0) -> Any:
    """``permutation(array)``, and ``shuffle(array)``, by the order that is drawn for its items."""
    order = draw(session, fn.__self__.permutation, (_length(session, x, axis),), {})
    return evaluate(_put_in_order if fn.__name__ == "shuffle" else np.take, (x, order, axis), {}, session.domain)


def _chosen(session: Session, fn: Any, a: Any, size: Any = None, replace: Any = True, p: Any = None, axis: Any = 0, **kwargs: Any) -> Any:
    """``choice(array)`` by the places that are drawn."""
    places = draw(session, fn, (_length(session, a, axis), size, replace, p), kwargs)
    return evaluate(np.take, (a, places, axis), {}, session.domain)


def _length(session: Session, x: Any, axis: Any) -> Any:
    return evaluate(np.shape, (x,), {}, session.domain)[axis]


@stepped
def _put_in_order(x: Any, order: Any, axis: Any) -> None:
    x[...] = np.take(x, order, axis)
