"""Choices: a variable that holds now one Python object, now another - None or a number, 'running' or 'done'.

Where two ways of the program leave things that have no common type, the graph carries which of
them it is, as an int, beside the numbers that each option has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Builder, Kind, Literal, Value
from interpreter import EMPTY, UNBOUND, evaluate

from ..builder import constant_of, is_constant
from ..calls import written_out
from ..captures.outer import LISTS, OuterList
from ..operations.raises import may_be_caught
from ..tracers import ChoiceTracer, NumberTracer, ScalarTracer, Tracer, is_number_like

if TYPE_CHECKING:
    from interpreter import Frame

    from ..session import Session

class Refined:
    """What a condition tells of the variables it asked about, on each of its two ways."""

    __slots__ = ("original", "ways")

    def __init__(self, original: Any, ways: tuple[Any, Any]) -> None:
        self.original, self.ways = original, ways


# -- asking ------------------------------------------------------------------------------------------
def truth(session: Session, choice: ChoiceTracer) -> Any:
    """``bool(choice)``: True, False, or a traced bool."""
    if choice._number is not None:
        return session.wrap(session.as_bool(Builder.current().as_value(choice._number)))
    return _of_each(session, choice, lambda x: _truth_of(session, x))


def _truth_of(session: Session, x: Any) -> Any:
    if type(x) is ChoiceTracer:
        return truth(session, x)
    if isinstance(x, Tracer):
        return session.wrap(session.as_bool(session.value(x)))
    return evaluate(bool, (x,), {}, session.domain)


def identical(session: Session, choice: ChoiceTracer, other: Any) -> Any:
    """``choice is other``."""
    if other is choice:
        return True
    return _of_each(session, choice, lambda x: session.domain.identical(session.frame, x, other) if (
        type(other) is ChoiceTracer) else _is(session, x, other))


def _is(session: Session, x: Any, other: Any) -> Any:
    found = session.domain.identical(session.frame, x, other)
    return x is other if found is NotImplemented else found


def equal(session: Session, choice: ChoiceTracer, other: Any, symbol: str) -> Any:
    """``choice == other`` or ``choice != other``."""
    if type(other) is ChoiceTracer:
        other = settle(session, other)

    def each(x: Any) -> Any:
        if is_number_like(x) and is_number_like(other):
            return session.domain.compare(session.frame, symbol, x, other)
        if isinstance(x, Tracer) or isinstance(other, Tracer):  # a number beside something else
            return symbol == "!="
        return evaluate(written_out.BINARY[symbol], (x, other), {}, session.domain)

    return _of_each(session, choice, each)


def has_class(session: Session, choice: ChoiceTracer, classes: Any) -> Any:
    """``isinstance(choice, classes)``."""
    return _of_each(session, choice, lambda x: has_class(session, x, classes) if type(x) is ChoiceTracer else isinstance(x, classes))


def _of_each(session: Session, choice: ChoiceTracer, ask: Callable[[Any], Any]) -> Any:
    """What `ask` gives for the option that it is: options are asked each on its own."""
    known = number_here(session, choice._which)
    if known is not None:
        return ask(bound(choice._options[known]))
    if _require_bound(session, choice):
        return ask(next(x for x in choice._options if not _is_unbound(x)))
    answers = [False if _is_unbound(option) else ask(option) for option in choice._options]
    if all(type(a) in (bool, np.bool_) for a in answers):
        if all(bool(a) == bool(answers[0]) for a in answers):
            return bool(answers[0])
        return _known_answers(session, choice, [bool(a) for a in answers])
    if any(getattr(session.value(a), "ndim", 0) for a in answers):
        return ask(settle(session, choice))
    result: Any = False
    for k, answer in enumerate(answers):
        here = ops.FUNCTIONS[np.equal](choice._which, k)
        both = ops.FUNCTIONS[np.logical_and](here, session.value(answer))
        result = ops.FUNCTIONS[np.logical_or](session.value(result), both)
    return session.wrap(session.as_bool(result))


def _known_answers(session: Session, choice: ChoiceTracer, answers: Sequence[bool]) -> Any:
    """A traced bool, and what it tells of the choice when it is asked for in a condition."""
    yes = [k for k, answer in enumerate(answers) if answer]
    no = [k for k, answer in enumerate(answers) if not answer]
    few, flip = (yes, False) if len(yes) <= len(no) else (no, True)
    flag: Any = None
    for k in few:
        here = ops.FUNCTIONS[np.equal](choice._which, k)
        flag = here if flag is None else ops.FUNCTIONS[np.logical_or](flag, here)
    made = session.wrap(session.as_bool(ops.BY_NAME["logical_not"](flag) if flip else flag))
    if isinstance(made, Tracer) and (len(yes) == 1 or len(no) == 1):
        narrow = tuple(choice._options[ks[0]] if len(ks) == 1 else choice for ks in (yes, no))
        session.refined[id(made)] = made, Refined(choice, narrow)  # type: ignore[arg-type]
    return made


# -- using -------------------------------------------------------------------------------------------
def settle(session: Session, x: Any) -> Any:
    """The option that an operation is about to use.

    If one option alone is a number or array it must be that one: with another the operation would
    raise in Python, so a run with another is given up. Else the example decides, under a guard.
    """
    if type(x) is not ChoiceTracer:
        return x
    option = certain(session, x)
    return decide(session, x) if option is UNCERTAIN else option


def certain(session: Session, x: ChoiceTracer, inert: type | tuple[type, ...] = str) -> Any:
    """The same, or UNCERTAIN where the example would have to decide; beside None it cannot be of the `inert` types."""
    known = number_here(session, x._which)
    if known is not None:
        return bound(x._options[known])
    if _require_bound(session, x):
        return next(option for option in x._options if not _is_unbound(option))
    numbers = [k for k, option in enumerate(x._options) if is_number_like(option)]
    others_are_inert = all(option is None or isinstance(option, inert) or _is_unbound(option) for k, option in enumerate(x._options) if k not in numbers)
    if len(numbers) == 1 and others_are_inert:
        k = numbers[0]
        if session.example.known(x._which) and session.concrete(x._which) != k:
            return x._options[session.concrete(x._which)]
        ops.check(ops.FUNCTIONS[np.not_equal](x._which, k), message=Literal("a number was expected"), error=Literal(TypeError))
        return x._options[k]
    return UNCERTAIN


UNCERTAIN = object()


def decide(session: Session, x: ChoiceTracer) -> Any:
    """The option that it is for this call; later calls are held to it."""
    known = number_here(session, x._which)
    if known is not None:
        return bound(x._options[known])
    _require_bound(session, x)
    return x._options[session.decide_int(session.wrap(x._which), "which of several objects it is")]


def _is_unbound(option: Any) -> bool:
    return option is UNBOUND or option is EMPTY


def bound(option: Any) -> Any:
    """An option that is about to be used."""
    if _is_unbound(option):
        raise UnboundLocalError("a variable is read that this way has not set")
    return option


def _require_bound(session: Session, choice: ChoiceTracer) -> bool:
    """Give up a run that reads a variable which its way has not set; whether one option is left then."""
    unset = [k for k, option in enumerate(choice._options) if _is_unbound(option)]
    if not unset:
        return False
    (k,) = unset
    if session.example.known(choice._which) and session.concrete(choice._which) == k:
        bound(choice._options[k])
    flag = ops.FUNCTIONS[np.equal](choice._which, k)
    if may_be_caught(session):
        if session.decide(session.wrap(session.as_bool(flag)), "whether a variable is set"):
            bound(choice._options[k])
        return len(choice._options) == 2
    ops.check(flag, message=Literal("a variable is read that was not set"), error=Literal(UnboundLocalError))
    return len(choice._options) == 2


def settled(session: Session, values: Sequence[Any]) -> list[Any]:
    """Values, and what stands in lists and tuples of them, without choices."""
    return [_settled(session, x) for x in values]


def _settled(session: Session, x: Any) -> Any:
    if type(x) is ChoiceTracer:
        return settle(session, x)
    if _holds(x):
        from ..lists import virtual

        if type(x) is OuterList:
            x.fill()
        virtual.look(session, x)  # what a loop has put between its items is no item yet
        if type(x) is tuple:
            return tuple(_settled(session, item) for item in x)
        _settle_items(session, x)
    return x


def _settle_items(session: Session, x: list[Any]) -> None:
    """Put the options that are used into a list itself: what it is given to may write to it, or keep it."""
    for k, item in enumerate(list.__iter__(x)):
        option = _settled(session, item)
        if option is not item:
            session.touch(x)
            if type(x) is OuterList:
                session.captures.stored("item", x._original, k)
            list.__setitem__(x, k, option)


def among(values: Any) -> bool:
    """Whether a choice is among values, or in a list or tuple of them."""
    return any(type(x) is ChoiceTracer or _holds(x) for x in values)


def _holds(x: Any) -> bool:
    return type(x) in (*LISTS, tuple) and any(type(item) is ChoiceTracer for item in x)


# -- what a condition tells ------------------------------------------------------------------------------
def refinements(session: Session, condition: Any) -> list[Refined]:
    """What holds on the two ways of a branch (true, false) on `condition`."""
    found = []
    kind = type(condition)
    if kind in (NumberTracer, ScalarTracer) and condition._type().dtype.kind == "b":
        cls = bool if condition._type().kind is Kind.PYTHON else np.bool_
        found.append(Refined(condition, (cls(True), cls(False))))
    told = session.refined.get(id(condition))
    if told is not None and told[0] is condition:
        found.append(told[1])
    return found


@contextmanager
def knowing(session: Session, flag: Value | None, truth: bool) -> Iterator[None]:
    """On a way of a branch its flag is known, and so are the flags it was made of."""
    before = session.facts
    session.facts = dict(before)
    while flag is not None:
        session.facts[flag] = truth
        name = flag.node.op.name if flag.node is not None else ""
        truth = not truth if name == "logical_not" else truth
        flag = flag.node.inputs[0] if flag.node is not None and name in ("logical_not", "as_kind") else None
    try:
        yield
    finally:
        session.facts = before


@contextmanager
def numbered(session: Session, choice: ChoiceTracer, number: int) -> Iterator[None]:
    """Where an operation is done with one option of a choice, it is known which that is."""
    before = session.numbers
    session.numbers = {**before, choice._which: number}
    try:
        yield
    finally:
        session.numbers = before


def number_here(session: Session, which: Value) -> int | None:
    """The number of the option, if the ways taken to get here tell it."""
    if which in session.numbers:
        return session.numbers[which]
    node = which.node
    if node is None:
        return None
    if is_constant(which):
        return int(constant_of(which))
    if node.op.name == "as_kind":
        return number_here(session, node.inputs[0])
    if node.op.name == "getitem" and len(node.inputs) == 2 and is_constant(node.inputs[0]):  # see `renumbered`
        place = number_here(session, node.inputs[1])
        return None if place is None else int(constant_of(node.inputs[0])[place])
    if node.op.name != "cond":
        return None
    truth = _truth_here(session, node.inputs[0])
    if truth is None:
        return None
    region = node.regions[0 if truth else 1]
    found = region.outputs[node.outputs.index(which)]
    return int(constant_of(found)) if is_constant(found) else None


def _truth_here(session: Session, flag: Value) -> bool | None:
    """What is known of a flag on the way being run."""
    turned = False
    while flag not in session.facts:
        name = flag.node.op.name if flag.node is not None else ""
        if name not in ("logical_not", "as_kind"):
            return None
        turned ^= name == "logical_not"
        flag = flag.node.inputs[0]  # type: ignore[union-attr]
    return session.facts[flag] ^ turned


def refine(fork: Frame, known: Sequence[Refined], way: int) -> None:
    """Put what is known on a way into the slots and the stack of a forked frame."""
    for fact in known:
        for places in (fork.slots, fork.stack):
            for k, x in enumerate(places):
                if x is fact.original:
                    places[k] = fact.ways[way]


def forget(fork: Frame, slots: Sequence[Any], known: Sequence[Refined], way: int) -> None:
    """Let slots that hold what was refined, untouched, hold what they held before."""
    for fact in known:
        for k, x in enumerate(slots):
            if x is fact.original and fork.slots[k] is fact.ways[way]:
                fork.slots[k] = x


# -- as Values ---------------------------------------------------------------------------------------------
def which(index: int) -> Value:
    """The Value of an option's number."""
    return Builder.current().constant(index)


def renumbered(old: Value, places: Sequence[int]) -> Value:
    """The number of an option in a longer list, from that in a shorter one."""
    if list(places) == list(range(len(places))):
        return Builder.current().as_value(old)
    table = np.asarray(places)
    found = ops.METHODS["__getitem__"](table, old)
    return ops.BY_NAME["as_kind"](found, kind=Kind.PYTHON, dtype=np.dtype(np.int64))


def options_of(x: Any) -> Iterator[Any]:
    """The options of a choice; the object itself if it is none."""
    if type(x) is ChoiceTracer:
        yield from x._options
    else:
        yield x
