"""Frame: the explicit state of one running function; it can be forked, run in part, abandoned."""
from __future__ import annotations

import copy
import gc
from collections import deque
from collections.abc import Callable, Collection, Iterator
from operator import length_hint
from types import AsyncGeneratorType, CoroutineType, FunctionType, GeneratorType
from typing import Any, NamedTuple

from .code import UNBOUND, Code, Instruction
from .domain import Domain
from .errors import Location, Unsupported
from .iterators import TableIterator
from .thread import Thread

_NATIVE: tuple[Any, ...] = (
    iter([]), iter(()), iter(range(0)), iter(range(1 << 70)), reversed([]), reversed(()),
    iter(""), iter("é"), iter(b""), iter(bytearray()), iter(set()), iter(deque()), reversed(deque()))
_COPIED = frozenset((TableIterator, *map(type, _NATIVE)))
_OF_DICT: dict[type, Callable[[dict], Iterator[Any]]] = {
    type(make({})): make for make in (
        lambda d: iter(dict.keys(d)), lambda d: iter(dict.values(d)), lambda d: iter(dict.items(d)),
        lambda d: reversed(dict.keys(d)), lambda d: reversed(dict.values(d)), lambda d: reversed(dict.items(d)))}
_COMPOSED = (enumerate, zip, map, filter, reversed)
FORKED = frozenset((*_COPIED, *_OF_DICT, *_COMPOSED))      # a fork has copies of these
_new = object.__new__
_AT_FIRST: dict[str, Any] = {"names": None, "arrived": -1, "lasti": None, "locals_view": None, "abandoned": False,
                             "handled": None, "consumer": None, "called": None}
_FROM_FUNCTION = {"globals": "__globals__", "builtins": "__builtins__"}
_SUSPENDED = (GeneratorType, CoroutineType, AsyncGeneratorType)


class Outcome(NamedTuple):
    """How `Frame.run_until` ended: 'reached' a stop, 'returned' or 'raised'."""

    kind: str
    value: Any = None
    exception: BaseException | None = None
    pc: int | None = None


class Elsewhere(BaseException):
    """Raised by a domain that has moved a frame, the one it is asked by or a caller: there evaluation goes on."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame


class Frame:
    """One running function.

    Attributes
    ----------
    code : Code
    function : FunctionType or None
        None for a class body, a module or exec'd text.
    globals, builtins : dict
    names : mapping or None
        Local namespace of a class body or of exec'd text.
    slots : list
        Locals, cells and free variables; `UNBOUND` where there is no value.
    stack : list
        The value stack.
    pc : int
        Index of the next instruction; while one is executed it is the one after it.
    handled : BaseException or None
        The exception being handled here; where there is none, it is the caller's that ``sys.exception()`` gives.
    domain : Domain
    back : Frame or None
        The interpreted caller.
    """

    __slots__ = ("code", "function", "globals", "builtins", "names", "slots", "stack", "pc",
                 "handled", "domain", "back", "thread", "steps", "watched", "result", "arrived",
                 "lasti", "locals_view", "abandoned", "consumer", "called", "__weakref__")

    watched: bool               # whether the domain or a journal is told of loads, stores, calls
    steps: list
    result: Any                 # what the frame returns or yields, once it has
    names: Any
    handled: Any
    arrived: int                # loop header reached by its own back edge
    lasti: int | None           # where a re-raised exception was first raised
    locals_view: dict | None    # what locals() gave out
    abandoned: bool             # of generators: made under a journal that was rolled back
    consumer: Any               # of generators that are run on their own: called where they yield, pushes what is sent
    called: Any                 # where watched: what the last CALL has called, whose result is what that pushes

    def __init__(self, code: Code, function: FunctionType | None, globals: dict[str, Any],
                 builtins: dict[str, Any], slots: list, domain: Domain, back: Frame | None,
                 thread: Thread, names: Any = None) -> None:
        self.code = code
        self.function = function
        self.globals = globals
        self.builtins = builtins
        self.names = names
        self.slots = slots
        self.stack: list = []
        self.pc = 0
        self.domain = domain
        self.back = back
        self.thread = thread
        self.watch()

    def __getattr__(self, name: str) -> Any:
        """A field that few frames use, and has its first value until somebody asks."""
        if name in _AT_FIRST:
            value = _AT_FIRST[name]
        elif name in _FROM_FUNCTION:
            value = getattr(self.function, _FROM_FUNCTION[name])
        else:
            raise AttributeError(f"a frame has no {name!r}", name=name, obj=self)
        setattr(self, name, value)
        return value

    def watch(self) -> None:
        """Decide anew whether the domain and the journal are told of loads, stores, calls."""
        domain = self.domain
        self.watched = domain.observes or bool(domain.types) or self.thread.journal is not None
        self.steps = self.code.watched_steps if domain.observes else self.code.fast_steps

    # --- the value stack ----------------------------------------------------------------------
    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        return self.stack.pop()

    def popn(self, count: int) -> list:
        """The topmost `count` values, the deepest first."""
        if not count:
            return []
        values = self.stack[-count:]
        del self.stack[-count:]
        return values

    # --- position -----------------------------------------------------------------------------
    @property
    def instruction(self) -> Instruction:
        """The instruction being executed."""
        return self.code.instructions[max(self.pc - 1, 0)]

    def jump(self, target: int) -> None:
        """Go on at `target`; a jump backwards counts as the loop's own back edge."""
        if target < self.pc:
            self.arrived = target
        self.pc = target

    def location(self, pc: int | None = None) -> Location:
        """The user's source of the current instruction (or of the one at `pc`)."""
        frame: Frame = self
        while frame.code.hidden and frame.back is not None:
            frame, pc = frame.back, None
        return frame.code.location(max(frame.pc - 1, 0) if pc is None else pc)

    def callers(self) -> Iterator[Frame]:
        """The interpreted frames outside this one, innermost first, without our own helpers."""
        frame = self.back
        if self.code.hidden and frame is not None:
            frame = frame.back
        while frame is not None:
            if not frame.code.hidden:
                yield frame
            frame = frame.back

    def calls(self) -> tuple[Location, ...]:
        """Where the interpreted callers stand, innermost first."""
        return tuple(frame.location() for frame in self.callers())

    # --- speculation --------------------------------------------------------------------------
    def fork(self) -> Frame:
        """A copy of this frame that runs on its own.

        Slots and stack are copied; native iterators on the stack are copied too, and the one that a generator expression
        goes over, so that both frames see every item. Objects are shared: guard their contents with a `Journal`.

        Raises
        ------
        Unsupported
            If an iterator on the stack cannot be copied (a generator).
        """
        other = copy.copy(self)
        memo: dict[int, Any] = {}
        other.stack = [copy_iterator(self, value, memo) for value in self.stack]
        if self.code.slot_names[:1] == (".0",) and not isinstance(self.slots[0], _SUSPENDED):
            copy_iterator(self, self.slots[0], memo)    # what a generator expression has not begun with
        other.slots = [memo.get(id(value), value) for value in self.slots]
        other.arrived = -1
        return other

    def run_until(self, stops: Collection[int]) -> Outcome:
        """Run this frame until it arrives at a pc in `stops`, returns or raises.

        At least one instruction is run; callee frames run to completion inside.
        """
        from .evaluate import run_until
        return run_until(self, frozenset(stops))

    def throw(self, error: BaseException) -> bool:
        """Raise `error` at the current instruction; whether a handler of this frame is where it goes on."""
        from .evaluate import catch, handle
        entry = catch(self, error)
        if entry is None:
            return False
        handle(self, entry, error)
        return True

    def live_values(self) -> dict[str, Any]:
        """The bound slots by name, cells opened."""
        from .names import slot_values
        return slot_values(self)

    def __repr__(self) -> str:
        return f"<Frame {self.code.raw.co_qualname} at {self.pc}>"


def make_frame(code: Code, function: FunctionType, slots: list, back: Frame) -> Frame:
    """The frame of a call from `back`: what ``Frame(...)`` makes, with less ado."""
    frame: Frame = _new(Frame)
    frame.code = code
    frame.function = function
    frame.slots = slots
    frame.stack = []
    frame.pc = 0
    frame.domain = back.domain
    frame.back = back
    frame.thread = thread = back.thread
    if code.names_globals:
        frame.globals = function.__globals__
        frame.builtins = function.__builtins__  # type: ignore[attr-defined, unused-ignore]
    if back.watched or thread.journal is not None:
        frame.watch()
    else:
        frame.watched = False
        frame.steps = code._fast or code.fast_steps
    return frame


def current_exception(frame: Frame | None) -> BaseException | None:
    """The exception being handled where `frame` stands: its own, or that of who called or resumed it."""
    while frame is not None and frame.handled is None:
        frame = frame.back
    return None if frame is None else frame.handled


def copy_iterator(frame: Frame, value: Any, memo: dict[int, Any]) -> Any:
    """A copy of a native iterator that advances on its own; any other value itself."""
    kind = type(value)
    if kind in FORKED:
        if id(value) not in memo:
            memo[id(value)] = copy.copy(value) if kind in _COPIED else \
                _copy_of_dict(frame, value) if kind in _OF_DICT else _copy_composed(frame, value, memo)
        return memo[id(value)]
    if isinstance(value, _SUSPENDED):
        raise Unsupported(f"a running {kind.__name__} cannot be forked", location=frame.location(),
                          calls=frame.calls(), hint="iterate over a list or a range instead")
    return value


def _copy_of_dict(frame: Frame, value: Any) -> Iterator[Any]:
    """An iterator that stands at the same key and, unlike ``copy.copy``, sees what is written to the dict."""
    owner = next((x for x in gc.get_referents(value) if isinstance(x, dict)), None)
    if owner is None:                               # it is at its end
        return iter(())
    made = _OF_DICT[type(value)](owner)
    for _ in range(dict.__len__(owner) - length_hint(value)):
        next(made)
    if not unmoved(made, value):
        raise Unsupported("keys of a dict change while it is iterated over", location=frame.location(), calls=frame.calls())
    return made


def unmoved(a: Any, b: Any) -> bool:
    """Whether two native iterators will give the same."""
    if type(a) is not type(b) or not hasattr(type(a), "__next__"):
        return False
    try:
        return _same_state(a.__reduce__(), b.__reduce__())
    except (AttributeError, TypeError, RuntimeError):   # it cannot tell; a dict has another size now
        return False


def _same_state(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if type(a) in (tuple, list):
        return len(a) == len(b) and all(map(_same_state, a, b))
    return a == b if type(a) in (int, range, str) else unmoved(a, b)


def _copy_composed(frame: Frame, value: Any, memo: dict[int, Any]) -> Any:
    """zip, enumerate and the like share the iterators inside unless these are copied as well."""
    make, args, *state = value.__reduce__()
    inner = [copy_iterator(frame, arg, memo) for arg in args]
    result = make(*inner)
    if state and hasattr(result, "__setstate__"):
        result.__setstate__(state[0])
    return result


__all__ = ["Elsewhere", "Frame", "Outcome", "UNBOUND", "unmoved"]
