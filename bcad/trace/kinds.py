"""Kinds: numbers that are Python's on one way of the program and NumPy's on another.

They are NumPy scalars in the graph; a flag beside them says whether Python's own number stands there, which
raises where NumPy's gives inf or nan, has fewer attributes and is printed otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Kind, Literal, Value

from .builder import constant_of, is_constant
from .raises import DIVISIONS, may_be_caught
from .tracers import NumberTracer, ScalarTracer, SizeTracer

if TYPE_CHECKING:
    from .session import Session

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
