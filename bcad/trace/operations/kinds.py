"""Kinds: what is done with a number that is of several kinds - Python's int on one way, NumPy's float64 on another.

It is a choice (see `choices`) of kinds of one value (see `blends`).  Where an operation gives for that value what it
gives for each kind it is done once, with the value; anything else is done with each kind on a way of its own.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bcad import ops
from bcad.ir import ArrayType, Builder, Kind, Literal, Value, type_of
from interpreter import evaluate

from ..builder import constant_of, is_constant
from ..calls import written_out
from ..captures.guards import GuardMiss
from ..regions import choices
from ..regions.blends import EXACT, Bounds, Numbers, grouped, has_guests, hull, numbers_of
from ..tracers import ArrayTracer, ChoiceTracer, NumberTracer, ScalarTracer, SizeTracer, Tracer
from .raises import DIVISIONS, may_be_caught

if TYPE_CHECKING:
    from ..session import Session

_BINARY: dict[str, Callable[..., Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "@": operator.matmul, "&": operator.and_, "|": operator.or_,
    "^": operator.xor, "<<": operator.lshift, ">>": operator.rshift,
    "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge,
}
_IN_PLACE: dict[str, Callable[..., Any]] = {
    "+=": operator.iadd, "-=": operator.isub, "*=": operator.imul, "/=": operator.itruediv, "//=": operator.ifloordiv,
    "%=": operator.imod, "**=": operator.ipow,
}
_UNARY: dict[str, Callable[..., Any]] = {"-": operator.neg, "+": operator.pos, "~": operator.invert}
_SYMBOLS = {function: symbol for symbol, function in _BINARY.items()}
_MATH_OF_FLOATS = frozenset(
    getattr(math, name) for name in (
        "sqrt exp expm1 log log10 log2 log1p sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh hypot pow "
        "fabs floor ceil trunc copysign fmod erf erfc gamma lgamma isnan isinf isfinite degrees radians"
    ).split()
)
_DTYPES = frozenset("?lqdD")  # beside narrower ones it matters whether a number is Python's


# -- one number ------------------------------------------------------------------------------------------
def of_several(session: Session, numbers: Numbers, number: Value, which: Value) -> Any:
    """What traced code sees of a number of several kinds."""
    if is_constant(which):
        return session.wrap(narrow(number, numbers.types[constant_of(which)]))
    return ChoiceTracer(session, which, numbers=numbers, number=number)


def options_of(number: ChoiceTracer) -> tuple[Any, ...]:
    """What it is, of each kind."""
    assert number._numbers is not None and number._number is not None
    value = Builder.current().as_value(number._number)
    return tuple(number._session.wrap(narrow(value, t)) for t in number._numbers.types)


def narrow(value: Value, type_: ArrayType) -> Value:
    """The one value as a number of this kind."""
    if value.type == type_:
        return value
    if value.dtype.kind == "c" and not type_.is_complex:
        value = ops.PROPERTIES["real"](value)
    return ops.BY_NAME["as_kind"](value, kind=type_.kind, dtype=type_.dtype)


def one_value(number: ChoiceTracer) -> Value | None:
    """What NumPy's functions make of it, whichever kind it is; None where that depends."""
    if number._numbers is None or has_guests(number._numbers.types):
        return None
    assert number._number is not None
    return Builder.current().as_value(number._number)


def is_real(x: Any) -> bool:
    """Whether `x` is a number of several kinds, none of which is complex."""
    return type(x) is ChoiceTracer and x._numbers is not None and not x._numbers.type.is_complex


def whole(session: Session, number: ChoiceTracer) -> Any:
    """The one value, as a number."""
    assert number._number is not None
    return session.wrap(Builder.current().as_value(number._number))


def after_iterations(session: Session, kind: int, entry: Value, count: Value) -> Value:
    """The kind of a number that every iteration leaves of the known `kind`: without any it is what it was."""
    none = ops.FUNCTIONS[np.equal](count, 0)
    found = ops.FUNCTIONS[np.where](none, entry, kind)
    return ops.BY_NAME["as_kind"](found, kind=Kind.PYTHON, dtype=np.dtype(int))


# -- operations ------------------------------------------------------------------------------------------
def binary(session: Session, symbol: str, left: Any, right: Any) -> Any:
    """``left symbol right``, comparisons too; NotImplemented where each kind is for itself."""
    in_place = isinstance(left, np.ndarray)
    function = _IN_PLACE.get(symbol) if in_place else _BINARY.get(symbol.removesuffix("=") if symbol not in _BINARY else symbol)
    if function is None:
        return NotImplemented
    return _apply(session, function, (left, right), lambda *found: evaluate(written_out.BINARY[symbol], found, {}, session.domain))


def unary(session: Session, symbol: str, value: Any) -> Any:
    """``symbol value`` likewise."""
    return _apply(session, _UNARY[symbol], (value,), lambda x: evaluate(written_out.UNARY[symbol], (x,), {}, session.domain))


def call(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``fn(*args, **kwargs)`` likewise."""
    if fn in (float, bool, int, np.float64) and len(args) == 1 and not kwargs:
        return evaluate(fn, (whole(session, args[0]),), {}, session.domain) if is_real(args[0]) else NotImplemented
    if fn in _SYMBOLS and len(args) == 2:
        return binary(session, _SYMBOLS[fn], *args)
    if (isinstance(fn, np.ufunc) or fn is abs) and not kwargs:
        return _apply(session, fn, args, lambda *found: evaluate(fn, found, {}, session.domain))
    if fn in _MATH_OF_FLOATS and all(is_real(x) or type(x) is not ChoiceTracer for x in args):
        return evaluate(fn, tuple(whole(session, x) if type(x) is ChoiceTracer else x for x in args), kwargs, session.domain)
    return NotImplemented


def as_numpy(session: Session, args: Sequence[Any]) -> list[Any] | None:
    """Arguments with NumPy's number in place of those that are now that, now Python's; None where it matters which."""
    found = [_as_numpy(session, x) for x in args]
    return None if any(x is _MATTERS for x in found) else found


_MATTERS = object()


def _as_numpy(session: Session, x: Any) -> Any:
    if type(x) is ChoiceTracer:
        value = one_value(x)
        return _MATTERS if value is None else session.wrap(value)
    if type(x) in (list, tuple):
        from ..lists import virtual

        virtual.look(session, x)
        items = [_as_numpy(session, item) for item in x]
        return _MATTERS if any(item is _MATTERS for item in items) else type(x)(items)
    dtype = _dtype_of(x)
    return x if dtype is None or dtype.char in _DTYPES else _MATTERS


def _dtype_of(x: Any) -> Any:
    if isinstance(x, (ArrayTracer, NumberTracer, ScalarTracer)):
        return x._type().dtype
    return x.dtype if issubclass(type(x), (np.ndarray, np.generic)) else x if isinstance(x, np.dtype) else None


class _Operand(NamedTuple):
    """What an operand may be: of these types, within these bounds; `sample` is one of each type."""

    types: tuple[ArrayType, ...]
    bounds: tuple[Bounds | None, ...]
    samples: tuple[Any, ...]
    type: ArrayType
    which: Value | None


def _apply(session: Session, function: Callable[..., Any], operands: Sequence[Any], perform: Callable[..., Any]) -> Any:
    """What `perform` makes of the operands, each as one value; NotImplemented where the kinds have to be told apart."""
    operands = [_here(session, x) for x in operands]
    if not any(type(x) is ChoiceTracer for x in operands):
        return perform(*operands)
    described = [_described(x) for x in operands]
    if None in described:
        return NotImplemented
    found = _results(function, described)  # type: ignore[arg-type]
    if found is None:
        return NotImplemented
    expected, python = found.expected, found.python
    made = perform(*(whole(session, x) if type(x) is ChoiceTracer else x for x in operands))
    types = found.numbers.types
    raises = any(python) and expected.kind is not Kind.PYTHON and not isinstance(function, np.ufunc)
    if len(types) == 1 and not raises:
        return made
    which = _combined(described)  # type: ignore[arg-type]
    if raises and _raises_here(session, made, session.as_bool(choices.renumbered(which, list(map(int, python))))):
        return perform(*(choices.decide(session, x) if type(x) is ChoiceTracer else x for x in operands))
    if len(types) == 1 or not isinstance(made, Tracer):
        return made
    return of_several(session, found.numbers, session.value(made), choices.renumbered(which, [types.index(t) for t in found.each]))


def _here(session: Session, x: Any) -> Any:
    """An operand, as the kind that it is known to be on the way being run."""
    if type(x) is not ChoiceTracer or x._numbers is None:
        return x
    known = choices.number_here(session, x._which)
    return x if known is None else x._options[known]


def _described(x: Any) -> _Operand | None:
    """None for anything but numbers and arrays of the usual dtypes."""
    if type(x) is ChoiceTracer:
        numbers = x._numbers
        if numbers is None or any(t.dtype.char not in _DTYPES for t in numbers.types):
            return None
        return _Operand(numbers.types, tuple(map(numbers.bounds_of, numbers.types)), tuple(map(_sample, numbers.types)), numbers.type, x._which)
    if type(x) in (bool, int, float, complex) or issubclass(type(x), np.generic) and x.dtype.char in _DTYPES:
        numbers = numbers_of(x)
        return _Operand(numbers.types, (numbers.bounds,), (x,), numbers.types[0], None)
    if type(x) is SizeTracer:
        type_: Any = type_of(1)
        return _Operand((type_,), ((-EXACT, EXACT),), (1,), type_, None)
    if isinstance(x, (ArrayTracer, NumberTracer, ScalarTracer)):
        type_ = x._type()
    elif type(x) is np.ndarray:
        type_ = type_of(x)
    else:
        return None
    return _Operand((type_,), (None,), (_sample(type_),), type_, None) if type_.dtype.char in _DTYPES else None


def _sample(type_: ArrayType) -> Any:
    return np.ones((1,) * type_.ndim, type_.dtype) if type_.kind is Kind.ARRAY else type_.python_type(1)


class _Results(NamedTuple):
    """What an operation gives, for all combinations of its operands' kinds.

    Attributes
    ----------
    numbers : Numbers
        What the result may be.
    expected : ArrayType
        The type of the one value for all.
    python : list of bool
        For each combination whether all operands are Python's.
    each : list of ArrayType
        For each combination the type of its result.
    """

    numbers: Numbers
    expected: ArrayType
    python: list[bool]
    each: list[ArrayType]


def _results(function: Callable[..., Any], operands: Sequence[_Operand]) -> _Results | None:
    """None where one value cannot stand for the results of all kinds."""
    try:
        with np.errstate(all="ignore"):
            expected: Any = type_of(function(*(_sample(x.type) if len(x.types) > 1 else _fresh(x.samples[0]) for x in operands)))
            each, python, bounds = [], [], []
            for kinds in _combinations(operands):
                made: Any = type_of(function(*(_fresh(x.samples[k]) for x, k in zip(operands, kinds, strict=True))))
                each.append(made)
                python.append(all(x.types[k].kind is Kind.PYTHON for x, k in zip(operands, kinds, strict=True)))
                bounds.append(_bounds(function, operands, kinds, made, expected))
    except (ArithmeticError, TypeError, ValueError):
        return None
    if not all(isinstance(t, ArrayType) for t in each) or _LOST in bounds:
        return None
    if expected.kind is Kind.ARRAY:
        return _Results(Numbers((expected,), None), expected, [False], each) if all(t.dtype == expected.dtype for t in each) else None
    found: dict[ArrayType, Bounds | None] = {}
    for type_, own in zip(each, bounds, strict=True):
        found[type_] = hull(found[type_], own) if type_ in found else own
    numbers = grouped(Numbers((t,), own) for t, own in found.items())
    return _Results(numbers[0], expected, python, each) if len(numbers) == 1 and numbers[0].type == expected else None


def _fresh(sample: Any) -> Any:
    """A sample that may be written to."""
    return sample.copy() if isinstance(sample, np.ndarray) else sample


def _combinations(operands: Sequence[_Operand]) -> list[tuple[int, ...]]:
    """All kinds that the operands may be of; a number that stands there twice is of one kind."""
    several = list({x.which: x for x in operands if x.which is not None}.values())
    order = [next((k for k, other in enumerate(several) if other.which is x.which), None) for x in operands]
    return [tuple(0 if k is None else kinds[k] for k in order) for kinds in itertools.product(*(range(len(x.types)) for x in several))]


def _combined(operands: Sequence[_Operand]) -> Value:
    """The number of the combination of kinds."""
    several = list({x.which: x for x in operands if x.which is not None}.values())
    found: Any = several[0].which
    for x in several[1:]:
        scaled = ops.FUNCTIONS[operator.mul](found, len(x.types))
        found = ops.FUNCTIONS[operator.add](scaled, x.which)
    return Builder.current().as_value(found)


_LOST = (math.nan, math.nan)


def _bounds(
    function: Callable[..., Any], operands: Sequence[_Operand], kinds: Sequence[int], made: ArrayType, expected: ArrayType
) -> Bounds | None:
    """Between what the result of this combination is; `_LOST` where the one value does not stand for it."""
    chosen = [(x.types[k], x.bounds[k]) for x, k in zip(operands, kinds, strict=True)]
    if function is operator.pow and made.kind is Kind.PYTHON and made.dtype.kind == "i":
        exponent = chosen[1][1]
        if exponent is None or exponent[0] != exponent[1]:
            return _LOST  # of a negative one it is a float
    if all(type_.dtype == x.type.dtype for (type_, _), x in zip(chosen, operands, strict=True)):
        return None if made.dtype == expected.dtype else _LOST
    if any(type_.dtype.kind == "i" and type_.kind is not Kind.ARRAY and bounds is None for type_, bounds in chosen):
        return _LOST  # Python's own arithmetic is exact
    if made.dtype == expected.dtype:
        return None
    found = _of_guests(function, [bounds for _, bounds in chosen], made.dtype.kind == "i" and expected.dtype.kind == "f")
    return found if found is not None and max(map(abs, found)) <= EXACT else _LOST


def _of_guests(function: Callable[..., Any], bounds: Sequence[Bounds | None], ints_in_floats: bool) -> Bounds | None:
    """Bounds of what guests give, where that stands in the one value as it is: an int has no negative zero."""
    known = [x for x in bounds if x is not None]
    if len(known) < len(bounds):
        return None
    (low, high), *others = known
    if function in (operator.pos, abs):
        return (low, high) if function is operator.pos else (0.0, max(abs(low), abs(high)))
    if function in (operator.add, operator.sub):
        ((a, b),) = others
        return (low + a, high + b) if function is operator.add else (low - b, high - a)
    if function is operator.neg:
        return None if low <= 0 <= high else (-high, -low)
    if function is operator.mul:
        ((a, b),) = others
        ends = (low * a, low * b, high * a, high * b)
        return None if min(ends) <= 0 <= max(ends) and (low < 0 or a < 0) else (min(ends), max(ends))
    if ints_in_floats and others and others[0][0] == others[0][1] and low >= 0:
        number = others[0][0]
        if function is operator.pow and 0 <= number <= 64:
            return low**number, high**number
        if function in (operator.floordiv, operator.mod) and number > 0:
            return (low // number, high // number) if function is operator.floordiv else (0.0, number - 1)
    return None


def _raises_here(session: Session, result: Any, python: Value) -> bool:
    """Whether Python's operator raises in this call (or gives another kind of number); a later run in which it does is given up."""
    node = session.value(result).node
    raises: Any = getattr(node.op, "raises", None) if node is not None else None
    if node is None or raises is None:
        return False
    divisor = node.inputs[-1]
    if node.op.name in DIVISIONS and is_constant(divisor) and constant_of(divisor) != 0:
        return False
    flag = session.as_bool(ops.BY_NAME["logical_and"](python, raises(node.output, *node.inputs)))
    if may_be_caught(session):
        return session.decide(session.wrap(flag), "whether an exception that may be caught is raised")
    if session.example.known(flag) and session.concrete(flag):
        return True
    error = GuardMiss if node.op.name == "power" else ArithmeticError  # which may be a complex number
    ops.check(flag, message=Literal(f"{node.op.name} of Python's numbers raises"), error=Literal(error))
    return False


# -- powers ----------------------------------------------------------------------------------------------
def operands_of_power(session: Session, base: Any, exponent: Any) -> tuple[Any, Any]:
    """Those of ``base ** exponent``: floats where both are Python's ints and the exponent is negative."""
    if not (_is_python_int(base) and _is_python_int(exponent)):
        return base, exponent
    negative = exponent < 0 if not isinstance(exponent, Tracer) else session.domain.compare(session.frame, "<", exponent, 0)
    if isinstance(negative, Tracer):
        flag = session.value(negative)
        if session.example.known(flag):
            negative = session.decide(negative, "the sign of an exponent")
        else:  # in a loop: taken not to be
            session.suppose_not(flag, "an exponent is negative")
            negative = False
    if not negative:
        return base, exponent
    as_float = (ops.BY_NAME["as_kind"](session.value(x), kind=Kind.PYTHON, dtype=np.dtype(float)) for x in (base, exponent))
    return session.wrap(next(as_float)), session.wrap(next(as_float))


def _is_python_int(x: Any) -> bool:
    if type(x) is NumberTracer:
        return x._type().dtype.kind in "bi"
    return type(x) in (bool, int, SizeTracer)
