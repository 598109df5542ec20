"""Python's own functions on traced values: float, int, type, len, str, print and their kin."""

from __future__ import annotations

import itertools
import math
import operator
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Kind, Value
from interpreter import evaluate

from ..captures import containers, foreign, questions
from ..captures.outer import MIRRORS
from ..iterators import combine, generator_forms, ranges
from ..iterators.generators import frame_of
from ..iterators.sequences import RangeTracer
from ..lists import keyed, new_lists, virtual
from ..operations.items import is_integral
from ..places import is_trusted, stepped
from ..regions import choices
from ..tracers import ArrayTracer, ChoiceTracer, NumberTracer, ScalarTracer, SizeTracer, Tracer, has_traced
from . import calls, meanings, written_out
from .handlers import Handler, handles

if TYPE_CHECKING:
    from ..session import Session

_NUMERIC = (ArrayTracer, NumberTracer, ScalarTracer, SizeTracer)
_CONTAINERS = (list, tuple, dict, set, frozenset, deque, OrderedDict, defaultdict, *MIRRORS)


def _to_python(cls: type) -> Handler:
    def convert(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if len(args) == 2 and cls is complex:
            real, imag = (meanings.as_kind(ops.one_number(session.value(x), cls), Kind.PYTHON, complex) for x in args)
            return session.wrap(ops.BY_NAME["add"](real, ops.BY_NAME["multiply"](imag, 1j)))
        (x,) = args
        if type(x) is SizeTracer and cls is int:
            return x
        if not isinstance(x, (*_NUMERIC, np.ndarray)):
            raise session.leak(x, f"{cls.__name__}() of it")
        value = ops.one_number(session.value(x), cls)
        if value.type.is_complex and cls in (int, float):
            if isinstance(x, ArrayTracer):
                raise TypeError(f"{cls.__name__}() argument must be a string or a real number, not 'complex'")
            value = _real_part(value, cls)
        return session.wrap(meanings.as_kind(value, Kind.PYTHON, cls))

    return convert


def _real_part(value: Value, cls: type) -> Value:
    """What NumPy's complex numbers, not Python's, are to ``float()``."""
    if value.type.kind is Kind.PYTHON:
        raise TypeError(f"{cls.__name__}() argument must be a string or a real number, not 'complex'")
    part: Value = ops.BY_NAME["real"](value)
    return part


for _cls in (float, complex, int):
    handles(_cls)(_to_python(_cls))


@handles(bool, always=True)
def _bool(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if len(args) != 1:
        return NotImplemented
    (x,) = args
    if type(x) in _CONTAINERS or isinstance(x, tuple) and hasattr(x, "_fields"):  # NumPy's bool() would ask for what is in it
        return operator.ne(evaluate(len, (x,), {}, session.domain), 0)
    if not isinstance(x, Tracer) and type(x) not in (np.ndarray, RangeTracer):
        return NotImplemented
    if type(x) is SizeTracer or not session.domain.undecided(x):
        return session.domain.truth(frame, x)
    return session.wrap(session.as_bool(ops.one_number(session.value(x), bool)))


@handles(operator.index)
def _index(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    (x,) = args
    if type(x) is SizeTracer or (type(x) is NumberTracer and x._type().dtype.kind == "i"):
        return x
    if isinstance(x, _NUMERIC) and x._type().dtype.kind in ("iub" if type(x) is NumberTracer else "iu"):
        return session.wrap(meanings.as_kind(ops.one_number(session.value(x), int), Kind.PYTHON, int))
    raise TypeError(f"'{x.__class__.__name__}' object cannot be interpreted as an integer")


def _to_scalar(cls: Any) -> Handler:
    def convert(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        value = session.value(args[0])
        if value.ndim:
            if value.dtype == cls and isinstance(args[0], (ArrayTracer, np.ndarray)):
                return meanings.as_cell(session, args[0])  # no copy is made
            return session.wrap(ops.BY_NAME["astype"](value, dtype=np.dtype(cls)))
        if value.type.is_complex and np.dtype(cls).kind in "fiu":
            value = _real_part(value, cls)
        return session.wrap(meanings.as_kind(value, Kind.SCALAR, cls))

    return convert


for _scalar in {t for t in np.sctypeDict.values() if np.dtype(t).kind in "biufc"}:
    handles(_scalar)(_to_scalar(_scalar))


@handles(type, always=True)
def _type(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if len(args) != 1 or not (isinstance(args[0], (Tracer, RangeTracer)) or type(args[0]) in MIRRORS):
        return NotImplemented
    if type(args[0]) is ChoiceTracer:
        classes = {option.__class__ for option in args[0]._options}
        return classes.pop() if len(classes) == 1 else type_of_option(session, args[0])
    return args[0].__class__


def type_of_option(session: Session, choice: ChoiceTracer) -> Any:
    """The class of what a choice is for this call."""
    option = choices.decide(session, choice)
    return type_of_option(session, option) if type(option) is ChoiceTracer else option.__class__


@handles(isinstance, always=True)
def _isinstance(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if type(args[0]) is ChoiceTracer:
        return choices.has_class(session, args[0], args[1])
    if isinstance(args[0], (Tracer, np.ndarray)) or type(args[0]) in MIRRORS:
        return isinstance(args[0], args[1])
    if frame is not None and not is_trusted(frame.globals) and len(args) == 2 and type(args[1]) is not type:
        return questions.ask(session, isinstance, args, {})  # classes may be registered with an abstract one
    return NotImplemented


@handles(len, always=True)
def _len(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    x = args[0] if args else None
    told = isinstance(x, Tracer) or type(x) in (np.ndarray, RangeTracer, *MIRRORS) or foreign.is_foreign(session, x)
    return session.domain.length(x) if told or containers.is_outer(session, x) else NotImplemented


def _as_statement(code: Any) -> Handler:
    """An operator as a function: what the statement does."""

    def act(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return NotImplemented if kwargs else evaluate(code, args, {}, session.domain)

    return act


for _symbol, _name in {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "@": "matmul", "&": "and",
                       "|": "or", "^": "xor", "<<": "lshift", ">>": "rshift"}.items():
    handles(getattr(operator, f"i{_name}"), always=True)(_as_statement(written_out.BINARY[f"{_symbol}="]))
handles(operator.iconcat, always=True)(_as_statement(written_out.BINARY["+="]))
handles(operator.setitem, always=True)(_as_statement(written_out.set_item))
handles(operator.delitem, always=True)(_as_statement(written_out.delete_item))


@handles(hash)
def _hash(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if isinstance(args[0], np.ndarray):
        raise TypeError("unhashable type: 'numpy.ndarray'")
    if not is_integral(args[0]):
        raise session.leak(args[0], "hash() of a number that calls cannot be held to")
    return hash(session.decide_int(args[0], "hash()"))


@handles(iter)
def _iter(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return session.domain.iterate(frame, args[0]) if len(args) == 1 else NotImplemented


@handles(sum)
def _sum(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``sum(array)`` adds its rows, left to right."""
    start = args[1] if len(args) > 1 else kwargs.get("start", 0)
    if not isinstance(args[0], np.ndarray):
        return NotImplemented
    type_ = session.value(args[0]).type
    if not type_.ndim:
        raise TypeError("iteration over a 0-d array")
    if session.assumptions.equal(type_.shape[0], 0):
        return start
    dtype = type_.dtype if type_.dtype.kind in "iu" else None  # rows are added to rows
    total = calls.call_traced(session, np.sum, (args[0],), {"axis": 0, "dtype": dtype})
    return total if type(start) is int and start == 0 else operator.add(start, total)


def _drains(fn: Callable[..., Any]) -> None:
    """Let `fn`, which uses up iterables in C, get lists of what iterators give in interpreted code."""

    def drain(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not any(hasattr(type(x), "__next__") for x in args):
            return NotImplemented
        lists = [evaluate(list, (x,), {}, session.domain) if hasattr(type(x), "__next__") else x for x in args]
        return evaluate(fn, tuple(lists), kwargs, session.domain)

    handles(fn, always=True)(drain)


for _name in ("fsum", "dist", "sumprod"):
    if hasattr(math, _name):
        _drains(getattr(math, _name))


@handles(np.fromiter, always=True)
def _fromiter(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The array of a list of what the iterable gives, made in interpreted code."""
    return evaluate(_from_items, args, {k: v for k, v in kwargs.items() if k != "like"}, session.domain)


@stepped
def _from_items(iter: Any, dtype: Any, count: int = -1) -> Any:
    items = list(iter if count < 0 else itertools.islice(iter, count))
    if len(items) < count:
        raise ValueError(f"iterator too short: Expected {count} but iterator had only {len(items)} items.")
    return np.array(items, dtype=dtype)


@handles(range, always=True)
def _range(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if not has_traced(args):
        return NotImplemented
    return ranges.make_range(session, tuple(choices.settled(session, args)))


@handles(zip, always=True)
def _zip(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return ranges.make_zip(session, args, strict=bool(kwargs.get("strict")))


@handles(itertools.product, always=True)
def _product(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return combine.make_product(session, args) if not kwargs else NotImplemented


@handles(map, always=True)
def _map(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return combine.make_map(session, args[0], args[1:]) if len(args) > 1 and not kwargs else NotImplemented


@handles(itertools.pairwise, always=True)
def _pairwise(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return combine.make_pairwise(session, args) if len(args) == 1 else NotImplemented


@handles(itertools.islice, always=True)
def _islice(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    found = combine.make_islice(session, args)
    return generator_forms.part(session, args) if found is NotImplemented and args and not kwargs else found


@handles(next, always=True)
def _next(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return generator_forms.first(session, args)


@handles(np.ndindex, always=True)
def _ndindex(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return combine.make_ndindex(session, args) if args and not kwargs else NotImplemented


@handles(np.ndenumerate, always=True)
def _ndenumerate(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return combine.make_ndenumerate(session, args[0]) if len(args) == 1 else NotImplemented


@handles(enumerate, always=True)
def _enumerate(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return ranges.make_enumerate(session, args, **kwargs) if args else NotImplemented


@handles(reversed, always=True)
def _reversed(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if type(args[0]) is ChoiceTracer:  # C code would ask it for its length at each step
        return evaluate(reversed, (choices.settle(session, args[0]),), {}, session.domain)
    if virtual.has_middle(session, args[0]):
        return new_lists.backwards(session, args[0])
    return ranges.make_reversed(session, args)


@handles(list, always=True)
def _list(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return new_lists.listed(session, args[0]) if len(args) == 1 and not kwargs else NotImplemented


@handles(dict, always=True)
def _dict(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return keyed.as_dict(session, args[0]) if session.keyed and len(args) == 1 and not kwargs else NotImplemented


@handles(sorted, always=True)
def _sorted(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return new_lists.ordered(session, args[0], kwargs) if len(args) == 1 else NotImplemented


def _extreme(function: Any) -> Handler:
    def of_generator(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if len(args) != 1 or frame_of(args[0]) is None:
            return NotImplemented
        return evaluate(function, (new_lists.listed(session, args[0]),), kwargs, session.domain)

    return of_generator


for _function in (min, max):
    handles(_function, always=True)(_extreme(_function))


def _as_generator(function: Any) -> Handler:
    return lambda session, frame, args, kwargs: generator_forms.form(session, function, args, kwargs)


for _function in generator_forms.FORMS:
    handles(_function, always=True)(_as_generator(_function))


# -- questions about types and memory -----------------------------------------------------------------
@handles(np.result_type, always=True)
def _result_type(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return np.result_type(*(_typed(session, x) for x in args))


def _typed(session: Session, x: Any) -> Any:
    if type(x) is SizeTracer:
        return 0
    if not isinstance(x, Tracer):
        return x
    type_ = session.value(x).type
    return type_.python_type(0) if type_.kind is Kind.PYTHON else type_.dtype


@handles(np.shares_memory, np.may_share_memory, always=True)
def _shares_memory(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    roots = [meanings.as_cell(session, x) for x in args[:2]]
    if not all(isinstance(x, ArrayTracer) for x in roots):
        return False
    return roots[0]._root() is roots[1]._root()


@handles(ops.told_apart, always=True)
def _told_apart(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    session.kinds_matter += 1
    try:
        return evaluate(args[0], args[1:], kwargs, session.domain)
    finally:
        session.kinds_matter -= 1


@handles(globals, always=True)
def _globals(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return NotImplemented if args or kwargs or is_trusted(frame.globals) else session.captures.namespace(frame.globals)


@handles(id, always=True)
def _id(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Which of several objects it is, is held to."""
    return id(choices.decide(session, args[0])) if len(args) == 1 and type(args[0]) is ChoiceTracer else NotImplemented
