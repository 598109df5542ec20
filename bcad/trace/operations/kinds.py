"""Kinds: numbers that are Python's on one way of the program and NumPy's on another.

They are NumPy scalars in the graph; a flag beside them says whether Python's own number stands there, which
raises where NumPy's gives inf or nan, has fewer attributes and is printed otherwise.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Kind, Literal, Value

from ..builder import constant_of, is_constant
from ..tracers import NumberTracer, ScalarTracer, SizeTracer, Tracer
from .raises import DIVISIONS, may_be_caught

if TYPE_CHECKING:
    from ..session import Session

OPERATORS: frozenset[Any] = frozenset((
    abs, operator.abs, operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod,
    operator.pow, operator.neg, operator.pos,
))
_PYTHON = frozenset((bool, int, float, complex, NumberTracer, SizeTracer))


def noted(session: Session, result: Any, operands: Sequence[Any]) -> Any:
    """`result` of one of Python's operators: a Python number where all its operands are."""
    if type(result) is not ScalarTracer:
        return result
    flag: Value | None = None
    for x in operands:
        if type(x) is ScalarTracer and x._python is not None:
            flag = x._python if flag is None or flag is x._python else ops.BY_NAME["logical_and"](flag, x._python)
        elif type(x) not in _PYTHON:
            return result
    if flag is not None:
        result._python = session.as_bool(flag)
        _raise_as_python(session, result)
    return result


def _raise_as_python(session: Session, result: ScalarTracer) -> None:
    """Give up a run in which Python's operator raises; where user code may catch it, hold calls to what happens here."""
    node, python = result._value.node, result._python
    raises: Any = getattr(node.op, "raises", None) if node is not None else None
    if node is None or raises is None:
        return
    divisor = node.inputs[-1]
    if node.op.name in DIVISIONS and is_constant(divisor) and constant_of(divisor) != 0:
        return
    flag = session.as_bool(ops.BY_NAME["logical_and"](python, raises(result._value, *node.inputs)))
    if not may_be_caught(session):
        ops.check(flag, message=Literal(f"{node.op.name} of Python's numbers raises"), error=Literal(ArithmeticError))
    elif session.decide(session.wrap(flag), "whether an exception that may be caught is raised"):
        op: Any = node.op
        op.python(*(np.asarray(session.concrete(v)).item() for v in node.inputs))


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


def settled(session: Session, x: Any) -> Any:
    """`x` as the one kind of number that it is at this call; later calls are held to it."""
    if type(x) is not ScalarTracer or x._python is None:
        return x
    if session.decide(session.wrap(x._python), "whether a number is Python's or NumPy's"):
        return session.wrap(as_python(x._value))
    return session.wrap(x._value)


def as_python(value: Value) -> Value:
    """A NumPy scalar as Python's number."""
    return ops.BY_NAME["as_kind"](value, kind=Kind.PYTHON, dtype=value.dtype)  # type: ignore[no-any-return]


def after_iterations(session: Session, flag: bool, entry: Value, count: Value) -> Value:
    """The flag of a number that every iteration leaves with the known `flag`: without any it is what it was."""
    none = ops.FUNCTIONS[np.equal](count, 0)
    if flag:
        return session.as_bool(ops.BY_NAME["logical_or"](ops.BY_NAME["logical_not"](none), entry))
    return session.as_bool(ops.BY_NAME["logical_and"](none, entry))
