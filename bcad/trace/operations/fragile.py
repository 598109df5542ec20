"""Operations that fail for some numbers: whether one does is asked before, where a handler may catch what it raises.

Factorisations of matrices, and ints made of floats that are none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import ArrayType, Kind, Literal, Value

from .raises import may_be_caught

if TYPE_CHECKING:
    from ..session import Session

_FLAG = ArrayType(np.dtype(bool), (), Kind.PYTHON)


def _breaks(factorise: Callable[[Any], Any], a: np.ndarray) -> bool:
    """Whether NumPy raises for a stack of matrices."""
    try:
        factorise(a)
    except np.linalg.LinAlgError:
        return True
    return False


def _raised(factorise: Callable[[Any], Any], a: np.ndarray) -> BaseException:
    """What NumPy raises for a matrix with which it does."""
    try:
        factorise(a)
    except np.linalg.LinAlgError as error:
        return error.with_traceback(None)
    raise AssertionError("it did not raise")


_FAIL: dict[str, tuple[Callable[[Any], Any], np.ndarray]] = {  # what fails as an op does, and a matrix for which it does
    "cholesky": (np.linalg.cholesky, -np.eye(1)), "inv": (np.linalg.inv, np.zeros((1, 1))), "solve": (np.linalg.inv, np.zeros((1, 1))),
}


def made_safe(session: Session, name: str, inputs: Sequence[Value]) -> tuple[Value, ...]:
    """Operands for which a factorisation does not raise: the identity in place of what it would.

    Where the handler is another way of the program both are followed (see `caught`); else it is settled by this call.
    """
    from ..regions.caught import Fault, is_branch

    if not may_be_caught(session, np.linalg.LinAlgError):
        return tuple(inputs)
    a, *others = inputs
    factorise, failing = _FAIL[name]
    (flag,) = ops.host(a, fn=Literal(partial(_breaks, factorise)), types=(_FLAG,))
    if is_branch(session):
        assert session.frame is not None
        session.faults.append(Fault(session.frame, session.builder, flag, partial(_raised, factorise, failing)))
    elif session.decide(session.wrap(flag), "whether a factorisation breaks down"):
        raise _raised(factorise, failing)
    one = ops.FUNCTIONS[np.eye](a.shape[-1], dtype=a.dtype)
    return (ops.FUNCTIONS[np.where](flag, one, a), *others)


def settle_integer(session: Session, x: Value) -> None:
    """Raise what ``int(x)`` raises for nan and infinity."""
    if may_be_caught(session, ValueError, OverflowError):
        session.would_raise(session.wrap(ops.FUNCTIONS[np.isnan](x)), ValueError("cannot convert float NaN to integer"))
        session.would_raise(session.wrap(ops.FUNCTIONS[np.isinf](x)), OverflowError("cannot convert float infinity to integer"))
