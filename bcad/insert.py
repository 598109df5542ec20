"""insert_grad_of: code of the user's that looks at a cotangent, or changes it, in the middle of a program."""

from __future__ import annotations

import sys
from types import FrameType, TracebackType
from typing import Any

from bcad.errors import Unsupported
from bcad.ir import Builder, Graph, Literal, Type, Value
from bcad.ops import BY_NAME, tangent_type
from bcad.rules import Rules, captured_by, widened
from bcad.seeds import conform
from bcad.trace import Aside, InnerProgram, inside, is_traced, leaf_type


class insert_grad_of:
    """``with insert_grad_of(x) as g:`` a block that is run in the reverse pass, `g` being the cotangent of `x`.

    What the block assigns to `g` is what goes on to `x`. It may compute with what the function has
    computed before, branch, print, and call anything by `escaped_call`. Where the function is called
    plainly, and in forward mode, the block is skipped.

    Parameters
    ----------
    x : number or array held by a variable of the function

    Raises
    ------
    Unsupported
        If the block returns, or writes to something outside it.

    Examples
    --------
    >>> from bcad import grad
    >>> def f(x):
    ...     y = x**2
    ...     with insert_grad_of(y) as g:
    ...         g = np.clip(g, -1.0, 1.0)
    ...     return np.sum(y**2)
    >>> f(np.array([0.5, 3.0]))
    np.float64(81.0625)
    >>> grad(f)(np.array([0.5, 3.0]))
    array([0.5, 6. ])
    """

    def __init__(self, x: Any) -> None:
        self._x = x
        self._aside: Aside | None = None
        self._skip: _Skip | None = None

    def __enter__(self) -> Any:
        if inside():
            return self._begin()
        self._skip = _Skip(sys._getframe(1))
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if self._skip is not None:
            return self._skip.is_over(error)
        assert self._aside is not None
        if kind is not None:
            self._aside.close()
        else:
            self._end(self._aside)
        return False

    # -- in traced code ------------------------------------------------------------------------
    def _begin(self) -> Any:
        self._aside = aside = Aside()
        if aside.session.aside:
            raise aside.session.error("insert_grad_of stands in the block of another",
                                      hint="write one with statement behind the other")
        type_ = leaf_type(self._x)
        if type_ is None or not type_.differentiable:
            raise aside.session.error(
                f"insert_grad_of needs a real or complex number or array, not {type(self._x).__name__}")
        self._value: Value = aside.session.value(self._x)
        self._active = aside.holds(self._x)
        if not self._active and is_traced(self._x):
            raise aside.session.error("insert_grad_of needs a number that a variable of the function holds",
                                      hint="assign it to a variable before")
        return aside.begin(self._value, tangent_type(self._value.type), type(self).__exit__)

    def _end(self, aside: Aside) -> None:
        changed = conform(aside.final(), self._value.type)
        graph = aside.end(changed)
        if self._active:
            aside.replace(self._x, _marked(self._value, graph, aside.outer))


def _marked(value: Value, pull: Graph, outer: list[Value]) -> Value:
    """`value` with a node behind it whose cotangent is what the graph `pull` makes of it."""
    rules = Rules()
    rules.vjps[0] = InnerProgram(pull, [value, *outer], {(0, 0): 0}, 1, tuple)
    rules.jvps[0] = InnerProgram(_identity(tangent_type(value.type)), [value], {(0, 0): 0}, 1, tuple)
    extras = captured_by(rules)
    primal = InnerProgram(_identity(value.type), [value], {(0, 0): 0}, 1, tuple)
    inputs = [value, *extras]
    rules.finish(primal, inputs, 1)
    (result,) = BY_NAME["custom"](*inputs, regions=(widened(primal.graph, extras),), rule=Literal(rules))
    return result


def _identity(type_: Type) -> Graph:
    with Builder(name="identity") as builder:
        return builder.build([builder.input(type_)])


# -- in plain Python --------------------------------------------------------------------------------
class _Skipped(BaseException):
    """Ends the block before its first line."""


class _Skip:
    """Lets CPython skip the block of a with statement: its first instruction raises what ``__exit__`` swallows."""

    def __init__(self, frame: FrameType) -> None:
        if (frame.f_globals.get("__name__") or "").partition(".")[0] == "interpreter":
            raise Unsupported("insert_grad_of is evaluated without being differentiated",
                              hint="call the function itself, or bcad.Function of it")
        self._frame, self._error = frame, _Skipped()
        self._before = sys.gettrace(), frame.f_trace, frame.f_trace_opcodes
        frame.f_trace, frame.f_trace_opcodes = self._raise, True
        sys.settrace(lambda *_: None)

    def _raise(self, frame: FrameType, event: str, argument: Any) -> Any:
        self._restore()
        raise self._error

    def _restore(self) -> None:
        tracer, self._frame.f_trace, self._frame.f_trace_opcodes = self._before
        sys.settrace(tracer)

    def is_over(self, error: BaseException | None) -> bool:
        """Whether the block ended by being skipped."""
        self._restore()
        return error is self._error
