"""An operation on a choice: it is done with each option in an arm of its own, and what that leaves is merged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from interpreter import Frame, Outcome, Unsupported, evaluate

from ..calls import written_out
from ..operations.raises import may_be_caught
from ..tracers import ChoiceTracer
from . import choices
from .arms import Arm, run_arm, speculation
from .branches import check_raise
from .merging import merge_results
from .states import Abandon, Lengthens

if TYPE_CHECKING:
    from ..session import Session

Perform = Callable[[Any], Any]


def apply(session: Session, fn: Callable[..., Any], *args: Any) -> Any:
    """``fn(*args)``, with each option of the choices among `args`."""
    only = (0,) if fn is setattr else range(len(args))
    for k in only:
        if type(args[k]) is ChoiceTracer:
            return each(session, args[k], lambda option: apply(session, fn, *args[:k], option, *args[k + 1:]))
    return evaluate(fn, args, {}, session.domain)


def store_item(session: Session, owner: Any, key: Any, value: Any) -> None:
    """``owner[key] = value``, with each option of the owner and of the key."""
    if type(owner) is ChoiceTracer:
        each(session, owner, lambda option: store_item(session, option, key, value))
    elif type(key) is ChoiceTracer:
        each(session, key, lambda option: store_item(session, owner, option, value))
    else:
        evaluate(written_out.set_item, (owner, key, value), {}, session.domain)


def call(session: Session, fn: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """A call, with each option of the choices among the arguments."""
    for k, x in enumerate(args):
        if type(x) is ChoiceTracer:
            return each(session, x, lambda option: call(session, fn, [*args[:k], option, *args[k + 1:]], kwargs))
    for name, x in kwargs.items():
        if type(x) is ChoiceTracer:
            return each(session, x, lambda option: call(session, fn, args, {**kwargs, name: option}))
    return evaluate(fn, tuple(args), kwargs, session.domain)


def among(values: Sequence[Any]) -> bool:
    """Whether a choice is among values."""
    return any(type(x) is ChoiceTracer for x in values)


def each(session: Session, choice: ChoiceTracer, perform: Perform) -> Any:
    """What `perform` makes of the object that a choice is."""
    option = choices.certain(session, choice, inert=())
    if option is not choices.UNCERTAIN:
        return perform(option)
    frame = session.frame
    while frame is not None and frame.code.hidden:
        frame = frame.back
    if frame is None:
        return perform(choices.decide(session, choice))
    key = (frame.code.raw, max(frame.pc - 1, 0))
    if key not in session.avoid:
        try:
            with speculation(session, frame):
                return _split(session, frame, choice, range(len(choice._options)), perform, key)
        except (Abandon, Unsupported) as reason:
            if isinstance(reason, Lengthens) and session.bodies:
                raise
            session.reasons[key] = str(reason)
            session.frame = frame
    return perform(choices.decide(session, choice))


def _split(
    session: Session, frame: Frame, choice: ChoiceTracer, numbers: Sequence[int], perform: Perform, key: Any
) -> Any:
    """The same of one of the options with these numbers."""
    first, *others = numbers
    if not others:
        with choices.numbered(session, choice, first):
            return perform(choices.bound(choice._options[first]))
    predicate = session.as_bool(ops.FUNCTIONS[np.equal](choice._which, first))
    arms = []
    for way, some in enumerate(([first], others)):
        with choices.knowing(session, predicate, way == 0):
            arms.append(_arm(session, frame, lambda: _split(session, frame, choice, some, perform, key), way))
    if any(arm.kind == "raised" for arm in arms):
        if may_be_caught(session):
            raise Abandon("it raises an exception that may be caught")
        check_raise(session, frame, predicate, arms)
        return _split(session, frame, choice, others if arms[0].kind == "raised" else [first], perform, key)
    return merge_results(session, frame, predicate, arms, key)


def _arm(session: Session, frame: Frame, action: Callable[[], Any], way: int) -> Arm:
    def run(fork: Frame) -> Outcome:
        try:
            return Outcome("returned", value=action())
        except Exception as error:
            return Outcome("raised", exception=error)

    return run_arm(session, frame, frame.pc, frozenset(), None, ("then", "else")[way], run=run, live=set())
