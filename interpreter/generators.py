"""Drivers: real generator, coroutine and async generator objects that run one of our frames."""
from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from functools import partial
from types import CoroutineType, FunctionType
from typing import Any

from .attributes import get_attribute
from .errors import GeneratorLost
from .evaluate import FAILED, RETURNED, YIELDED, catch, enter, handle, leave, run
from .frame import Frame
from .lookup import MISSING, find, is_instance
from .operators import call_special
from .thread import current_thread
from .tracebacks import clean, extend_context
from .versions import cannot_await, no_iterator

GENERATOR, COROUTINE, ITERABLE_COROUTINE, ASYNC_GENERATOR = 0x20, 0x80, 0x100, 0x200


class Wrapped:
    """A value that an async generator yields, as opposed to what it awaits."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def make_generator(frame: Frame) -> Any:
    """The object that a call of the frame's function returns."""
    made: Any
    raw = frame.code.raw
    if frame.code.flags & ASYNC_GENERATOR:
        made = _drive_async_generator(frame)
    elif frame.code.flags & COROUTINE:
        made = _drive_coroutine(frame)
    elif frame.code.flags & ITERABLE_COROUTINE:
        made = _drive_iterable_coroutine(frame)
    else:
        made = _drive(frame)
    if frame.thread.journal is not None:
        frame.thread.journal.suspended(made, frame)
    function = frame.function
    made.__name__ = raw.co_name if function is None else function.__name__
    made.__qualname__ = raw.co_qualname if function is None else function.__qualname__
    return made


def _drive(frame: Frame) -> Generator[Any, Any, Any]:
    outcome = resume(frame, None)
    while outcome != RETURNED:
        thrown = None
        try:
            if outcome == YIELDED:
                frame.stack.append((yield _taken(frame)))
            else:                           # a compiled loop: it yields itself
                outcome = yield from _taken(frame)
                if outcome == RETURNED:
                    break
                if outcome == FAILED:
                    thrown = _taken(frame)
        except BaseException as error:      # goes on outside: nothing must run in this handler
            thrown = error
        if thrown is None:
            outcome = _run_on(frame, run)
            continue
        closing = is_instance(thrown, GeneratorExit)
        frame.result = None
        try:
            outcome = throw(frame, thrown)
        finally:
            thrown = None       # it may be on its way out: its traceback would hold it, and the frame
        if closing and outcome == YIELDED and frame.code.flags & COROUTINE:
            # a generator's own close() checks this, but would name the driver's kind
            raise RuntimeError("coroutine ignored GeneratorExit")
    return _taken(frame)


def _taken(frame: Frame) -> Any:
    value, frame.result = frame.result, None
    return value


_drive_iterable_coroutine = FunctionType(
    _drive.__code__.replace(co_flags=_drive.__code__.co_flags | ITERABLE_COROUTINE), globals())


class _Awaited:
    """Lets ``await`` run a driver."""

    __slots__ = ("frame",)

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    def __await__(self) -> Generator[Any, Any, Any]:
        return _drive(self.frame)


async def _drive_coroutine(frame: Frame) -> Any:
    return await _Awaited(frame)


class _Relay:
    """Hands what an async generator awaits to whoever runs it, and brings back the answer."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __await__(self) -> Generator[Any, Any, Any]:
        return (yield self.value)


async def _drive_async_generator(frame: Frame) -> AsyncGenerator[Any, Any]:
    outcome = resume(frame, None)
    while outcome == YIELDED:
        value, thrown, sent = _taken(frame), None, None
        try:
            if type(value) is Wrapped:
                sent = yield value.value
            else:
                sent = await _Relay(value)
        except BaseException as error:
            thrown = error
        try:
            outcome = resume(frame, sent) if thrown is None else throw(frame, thrown)
        finally:
            thrown = None


# --- compiled loops -----------------------------------------------------------------------------
def link(frame: Frame) -> int:
    """Have the frame run in this thread, called by whoever resumes the generator; what `unlink` needs."""
    thread = current_thread()
    outermost = not thread.depth and enter(thread)
    frame.thread = thread
    frame.back = thread.frame
    thread.frame = frame
    thread.depth += 1
    if thread.depth > thread.limit:
        unlink(frame, 2 if outermost else 1)
        raise RecursionError("maximum recursion depth exceeded")
    return 2 if outermost else 1


def unlink(frame: Frame, linked: int) -> int:
    """Undo `link`."""
    thread = frame.thread
    thread.depth -= 1
    thread.frame = frame.back
    frame.back = None               # a suspended frame must not keep its last caller alive
    if linked == 2:
        leave(thread)
    return 0


# --- running a suspended frame ------------------------------------------------------------------
def resume(frame: Frame, value: Any) -> int:
    """Run on with `value` as the result of the yield."""
    frame.stack.append(value)
    return _run_on(frame, run)


def stop_error(frame: Frame, error: BaseException) -> BaseException:
    """A RuntimeError in place of an exception that would look like the end of the frame."""
    flags = frame.code.flags
    kind = "async generator" if flags & ASYNC_GENERATOR else \
        "coroutine" if flags & COROUTINE else "generator"
    if is_instance(error, StopIteration):
        return RuntimeError(f"{kind} raised StopIteration")
    if is_instance(error, StopAsyncIteration) and flags & ASYNC_GENERATOR:
        return RuntimeError("async generator raised StopAsyncIteration")
    return error


def throw(frame: Frame, error: BaseException) -> int:
    """Run on with `error` raised at the yield; a delegate gets it first."""
    run_on = _close_frame if is_instance(error, GeneratorExit) else _run_on
    action = partial(_throw, error)
    try:
        return run_on(frame, action)
    except BaseException as raised:
        clean(raised)           # our frames hold the exception that their traceback shows
        raise
    finally:
        del error, action


def _close_frame(frame: Frame, action: Callable[[Frame], int]) -> int:
    """Raise GeneratorExit in the frame, under the journal that it was made under.

    It is mostly the garbage collector who asks, at any time: under another journal the effects of
    a ``finally`` would be undone with what that journal covers.
    """
    if frame.abandoned:
        return RETURNED
    thread = current_thread()
    journal = thread.journal
    if journal is not None:
        thread.journal = journal.owner(frame)
    try:
        return _run_on(frame, action)
    finally:
        thread.journal = journal


def _run_on(frame: Frame, action: Callable[[Frame], int]) -> int:
    thread = current_thread()
    frame.thread = thread
    outer = thread.frame
    frame.back = outer
    journal = thread.journal
    if frame.abandoned or journal is not None and journal.owner(frame) is not journal:
        raise GeneratorLost("a generator made in another branch or loop, or before this one, cannot be "
                            "advanced here", location=frame.location(), calls=frame.calls(),
                            hint="make the generator where it is used up, or use a list")
    outermost = not thread.depth and enter(thread)
    if frame.watched or journal is not None:
        frame.watch()
    try:
        return action(frame)
    except (StopIteration, StopAsyncIteration) as error:    # only 3.11 lets them out of the frame
        replacement = stop_error(frame, error)
        if replacement is error:
            raise
        raise replacement from error
    finally:
        if outermost:
            leave(thread)
        frame.back = None               # a suspended frame must not keep its last caller alive


def _throw(error: BaseException, frame: Frame) -> int:
    instruction = frame.instruction
    if instruction.opcode != "YIELD_VALUE" or not instruction.arg:
        return _raise_inside(frame, error)
    thread, outer = frame.thread, frame.thread.frame
    thread.frame = frame
    failure: BaseException | None = None
    try:
        done, value = _delegate(frame, frame.stack[-1], error)
    except BaseException as raised:
        failure = raised
    finally:
        thread.frame = outer
    if failure is not None:
        return _raise_inside(frame, failure)
    if not done:
        frame.result = value
        return YIELDED
    frame.stack[-1] = value             # the delegate is exhausted: go on behind the SEND
    frame.pc = _send_of(frame).target
    return run(frame)


def _delegate(frame: Frame, receiver: Any, error: BaseException) -> tuple[bool, Any]:
    """Close or throw into the sub-iterator; whether it is done, and its value."""
    if isinstance(error, GeneratorExit):
        _close(frame, receiver)
        raise error
    throw_into = _method(frame, receiver, "throw")
    if throw_into is MISSING:
        raise error
    from .calls import call_value
    try:
        return False, call_value(frame, throw_into, (error,))
    except StopIteration as stop:
        return True, stop.value


def _close(frame: Frame, receiver: Any) -> None:
    from .calls import call_value
    close = _method(frame, receiver, "close")
    if close is not MISSING:
        call_value(frame, close, ())


def _method(frame: Frame, receiver: Any, name: str) -> Any:
    try:
        return get_attribute(frame, receiver, name)
    except AttributeError:
        return MISSING


def _send_of(frame: Frame) -> Any:
    """The SEND that the jump behind a delegating yield goes back to."""
    instructions = frame.code.instructions
    return instructions[instructions[frame.pc].target or 0]


def _raise_inside(frame: Frame, error: BaseException) -> int:
    """Raise `error` at the frame's current instruction."""
    extend_context(frame, error)
    entry = catch(frame, error)
    if entry is None:
        raise error
    handle(frame, entry, error)
    return run(frame)


# --- delegation and awaiting --------------------------------------------------------------------
def send(frame: Frame, receiver: Any, value: Any) -> tuple[bool, Any]:
    """One step of a delegate: (False, what it yields) or (True, what it returned)."""
    from .calls import call_value
    try:
        if value is None and find(type(receiver), "send") is MISSING:
            step = find(type(receiver), "__next__")
            if step is MISSING:
                raise TypeError(f"{type(receiver).__name__!r} object is not an iterator")
            return False, call_special(frame, step, receiver)
        return False, call_value(frame, get_attribute(frame, receiver, "send"), (value,))
    except StopIteration as stop:
        return True, stop.value


def awaitable(frame: Frame, value: Any, context: str = "") -> Any:
    """The iterator behind ``await value``."""
    kind = type(value)
    flags = getattr(getattr(value, "gi_code", None), "co_flags", 0)
    if hasattr(value, "cr_code") and kind.__name__ == "coroutine" or flags & ITERABLE_COROUTINE:
        return value
    method = find(kind, "__await__")
    if method is MISSING or method is None:
        if context:
            raise TypeError(f"'async with' received an object from {context} that does not "
                            f"implement __await__: {kind.__name__}")
        raise TypeError(cannot_await(kind))
    iterator = call_special(frame, method, value)
    if hasattr(iterator, "cr_code") and type(iterator).__name__ == "coroutine" or getattr(
            getattr(iterator, "gi_code", None), "co_flags", 0) & ITERABLE_COROUTINE:
        raise TypeError(no_iterator(kind, "__await__", CoroutineType))
    if find(type(iterator), "__next__") is MISSING:
        raise TypeError(no_iterator(kind, "__await__", type(iterator)))
    return iterator


__all__ = ["Wrapped", "awaitable", "make_generator", "send", "stop_error"]
