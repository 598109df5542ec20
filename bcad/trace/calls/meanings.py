"""What library functions mean: operations that are emitted, arrays that they write to, views that they give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Kind, Node, Value
from interpreter import LocatedError

from ..operations import failing, items, views
from ..operations.raises import may_be_caught
from ..refusals import shapes_do_not_fit
from ..regions import sizes
from ..tracers import ArrayTracer, ScalarTracer

if TYPE_CHECKING:
    from ..session import Session


def call_meaning(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `fn`, which has a meaning, gives; ``out=`` is written to, views stay views."""
    meaning = ops.FUNCTIONS[fn]
    args, kwargs, out = ops.take_out(fn, args, kwargs)
    if out is not None:
        return into(session, fn, meaning, args, kwargs, out)
    result = session.wrap(emit(session, meaning, args, kwargs))
    return views.of_call(session, fn, result, args, kwargs) if fn in views.VIEW_FUNCTIONS else result


def as_cell(session: Session, x: Any) -> Any:
    """The cell of an array; anything else as it is."""
    return session.captures.cell(x) if type(x) is np.ndarray and x.dtype.kind in "biufc" else x


def into(session: Session, fn: Any, meaning: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> Any:
    """A call with ``out=``, one array or a tuple of them: they are written to."""
    outputs = out if isinstance(out, tuple) else (out,)
    cells = [None if x is None else items.writable(session, x) for x in outputs]
    if len({id(c._root()) for c in cells if c is not None}) < len([c for c in cells if c is not None]):
        raise session.error("several out= arrays share memory", why="which result stays is up to the loops of NumPy")
    if fn in ops.CONTIGUOUS and not all(c is None or views.lies(c, "C", c) for c in cells):
        raise ValueError("output array is not acceptable (must have the right datatype, number of dimensions, and be a C-Array)")
    given = tuple(cells) if isinstance(out, tuple) else cells[0]
    found = emit(session, _storing(fn, meaning), (given, *args), kwargs)
    results = found if isinstance(out, tuple) else (found,)
    for cell, value in zip(cells, results, strict=True):
        if cell is not None:
            items.write(session, cell, value)
    left = tuple(session.wrap(v) if x is None else x for x, v in zip(outputs, results, strict=True))
    return left if isinstance(out, tuple) else out


def _storing(fn: Any, meaning: Any) -> Any:
    return lambda out, *args, **kwargs: ops.storing(fn, meaning)(out, *args, **kwargs)  # what it refuses has a place in the program


def emit(session: Session, meaning: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Call a meaning with Values; ints that must be known are held to their value."""
    values = [session.unwrap(a) for a in args]
    named = {k: session.unwrap(v) for k, v in kwargs.items()}
    for _ in range(32):
        start = len(session.builder.nodes)
        try:
            result = meaning(*values, **named)
            note_failing(session, session.builder.nodes[start:])
            return result
        except ops.NotConcrete as error:
            if sizes.measure(session, error.value):
                continue
            found = session.decide_ints(error.value, "an integer that decides a shape")
            replaced = [_replace(v, error.value, found) for v in values]
            renamed = {k: _replace(v, error.value, found) for k, v in named.items()}
            if all(map(_same, replaced, values)) and all(map(_same, renamed.values(), named.values())):
                if error.value in session.assumptions.numbers:
                    raise session.error(str(error)) from None
                session.assumptions.numbers[error.value] = found  # one that the meaning computed
            values, named = replaced, renamed
        except LocatedError:
            raise
        except ops.ShapeError as error:
            if may_be_caught(session):
                raise ValueError(str(error)) from None
            raise shapes_do_not_fit(session, error, (*values, *named.values())) from None
        except ops.Uncomputable as error:
            raise session.error(
                str(error), why="what is traced are numbers: strings and objects have no place beside them",
                hint="keep them in a list, or in an array of their own",
            ) from None
        except NotImplementedError as error:
            raise session.error(str(error) or f"{meaning!r} is not supported for these arguments") from error
    raise session.error("too many integers decide a shape here")


def note_failing(session: Session, nodes: Sequence[Node]) -> None:
    """What NumPy may raise in a call of the program's is raised, whether or not the result is read."""
    found = [node for node in nodes if failing.may_fail(node)]
    session.failing.update(found)
    if found and may_be_caught(session):
        for node in found:
            failing.settle(session, node)


def _same(a: Any, b: Any) -> bool:
    return a is b


def _replace(x: Any, value: Value, known: int) -> Any:
    """`x` with `known` in place of `value`."""
    if x is value:
        return known
    if isinstance(x, (list, tuple)) and not hasattr(x, "_fields"):
        replaced = [_replace(item, value, known) for item in x]
        return x if all(map(_same, replaced, x)) else type(x)(replaced)
    if type(x) is slice:
        parts = [_replace(p, value, known) for p in (x.start, x.stop, x.step)]
        return x if all(map(_same, parts, (x.start, x.stop, x.step))) else slice(*parts)
    return x


def mutate(session: Session, meaning: Any, target: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Let the array `target` become what a mutating function makes of it; methods of a NumPy scalar write to a copy."""
    if type(target) is ScalarTracer and meaning in ops.MUTATING_METHODS.values():
        target = ArrayTracer(session, as_kind(target._value, Kind.ARRAY, target._type().dtype))
    cell = items.writable(session, as_cell(session, target))
    value = emit(session, meaning, (cell, *args), kwargs)
    return NotImplemented if value is NotImplemented else items.write(session, cell, value)


def as_kind(value: Value, kind: Kind, dtype: Any) -> Any:
    """`value`, a number, as another kind of number."""
    if value.type.kind is kind and value.type.dtype == np.dtype(dtype):
        return value
    return ops.BY_NAME["as_kind"](value, kind=kind, dtype=np.dtype(dtype))
