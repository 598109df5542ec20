"""What the frames of the program can reach: the containers and instances that are there at a point of it."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from types import CellType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any

import numpy as np

from interpreter import EMPTY, UNBOUND, Frame

from ..captures.stored import own_attributes
from ..tracers import ChoiceTracer, Tracer
from .states import cell_value, is_machinery

_ATOMS = frozenset((type(None), bool, int, float, complex, str, bytes, type(UNBOUND), type(EMPTY), np.float64, type, ModuleType))
_CONTAINERS = (list, tuple, dict, set, frozenset, deque)


def reachable(frame: Frame, live: set[int] | None = None, outside: Iterable[Any] = ()) -> dict[int, int]:
    """By identity how many hold each container or instance that the frames of the program can reach.

    Parameters
    ----------
    live : set of int, optional
        The slots of `frame` that matter.
    outside : iterable, optional
        What the call has put into objects from outside, which code reaches by their names.
    """
    found: dict[int, int] = {}
    stack = [*outside, *frame.stack]
    stack += frame.slots if live is None else (frame.slots[k] for k in live)
    stack += (x for caller in frames_from(frame.back) for x in (*caller.slots, *caller.stack))
    while stack:
        x = stack.pop()
        if type(x) in _ATOMS:
            continue
        known = found.get(id(x))
        if known is not None:
            found[id(x)] = known + 1
            continue
        held = _held_by(x)
        if held is not None:
            found[id(x)] = 1
            stack += held
    return found


def frames_from(frame: Frame | None) -> Iterator[Frame]:
    """A frame and its callers, our own helpers among them."""
    while frame is not None:
        yield frame
        frame = frame.back


def live_values(frame: Frame) -> list[Any]:
    """What a frame may still read: variables that it reads before it sets them, and its stack."""
    code = frame.code
    live = code.cfg.live_at(frame.pc) if frame.pc < code.cfg.exit else set()
    return [*(frame.slots[k] for k in live if k < len(frame.slots)), *frame.stack]


def within(stack: list[Any]) -> Iterator[Any]:
    """Some objects, and what they hold: containers, cells, instances, functions."""
    seen: set[int] = set()
    while stack:
        x = stack.pop()
        if type(x) in _ATOMS or id(x) in seen or issubclass(type(x), type):
            continue
        seen.add(id(x))
        yield x
        stack += _held_by(x) or ()


def is_gone_through(frame: Frame | None, items: Any) -> bool:
    """Whether an iterator that the program may still ask goes through the very items that a list holds."""
    stack = [x for f in frames_from(frame) for x in live_values(f)]
    for x in within(stack):
        gone_through = _gone_through_by(x)
        if any(y is items for y in gone_through):
            return True
        stack += gone_through
    return False


def _gone_through_by(x: Any) -> Any:
    """What an iterator of C code, one of ours or a generator takes its items from."""
    cls = type(x)
    if cls is GeneratorType:
        frame = x.gi_frame and x.gi_frame.f_locals.get("frame")
        return [*frame.slots, *frame.stack] if isinstance(frame, Frame) else ()
    if hasattr(cls, "goes_through"):
        return x.goes_through()
    return gc.get_referents(x) if hasattr(cls, "__next__") and not is_machinery(cls.__module__) else ()


def _held_by(x: Any) -> Any:
    """What a container, an instance or a function holds; None for anything else."""
    cls: Any = type(x)
    if cls is ChoiceTracer:
        return x._options
    if issubclass(cls, _CONTAINERS):
        return list(dict.values(x)) if issubclass(cls, dict) else list(cls.__iter__(x))
    if cls is CellType:
        return (cell_value(x),)
    if cls is FunctionType:
        return None if is_machinery(x.__module__) else (*(x.__closure__ or ()), *(x.__defaults__ or ()))
    if cls is MethodType:
        return (x.__self__,)
    if cls is partial:
        return (x.func, *x.args, *x.keywords.values())
    if issubclass(cls, (Tracer, type, ModuleType)):
        return None
    if is_machinery(cls.__module__):
        return x.goes_through() if hasattr(cls, "goes_through") else None
    if issubclass(cls, BaseException):
        return (*x.args, *own_attributes(x).values())
    return own_attributes(x).values() or None
