"""The evaluator's loop: step, return, yield, raise; and the entry points `call`, `evaluate`."""
from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from threading import Lock
from typing import Any

from .code import Code, Handler
from .decode import decode
from .domain import Domain, PlainDomain
from .errors import Unsupported
from .frame import Elsewhere, Frame, Outcome
from .thread import Thread, current_thread
from .tracebacks import clean, extend_context, record, record_again, seen

RETURNED, YIELDED = 1, 2            # what a handler returns to stop the loop
ENTERS_LOOP = 3                     # the same where a generator goes on in a compiled loop, which is `frame.result`
WENT_ON, FAILED = 4, 5              # what that returns: it goes on at `frame.pc`; `frame.result` was raised at it
HOST_FRAMES = 10                    # at most so many of our frames an interpreted call
SPARE_FRAMES = 400
_RERAISING = frozenset(("RERAISE", "CLEANUP_THROW", "END_ASYNC_FOR"))
_PLAIN = PlainDomain()


def call(fn: Callable, /, *args: Any, **kwargs: Any) -> Any:
    """Evaluate ``fn(*args, **kwargs)`` instruction by instruction.

    Parameters
    ----------
    fn : callable
        A Python function is interpreted, with every Python function that it calls; what is
        written in C runs natively.

    Returns
    -------
    object
        What ``fn(*args, **kwargs)`` returns.

    Examples
    --------
    >>> call(lambda x, *, y: x * y, 6, y=7)
    42
    """
    try:
        return evaluate(fn, args, kwargs, _PLAIN)
    except BaseException as error:
        clean(error)
        raise               # bare: adds no entry for this frame


def evaluate(fn: Callable, args: tuple = (), kwargs: dict[str, Any] | None = None,
             domain: Domain = _PLAIN) -> Any:
    """Evaluate ``fn(*args, **kwargs)`` under `domain`.

    Parameters
    ----------
    fn, args, kwargs
        The call.
    domain : Domain
        What operations on its values mean.

    Returns
    -------
    object
        The result, possibly one of the domain's values.
    """
    from .calls import call_value
    thread = current_thread()
    outermost = enter(thread)
    try:
        return call_value(_root_frame(domain, thread), fn, tuple(args), kwargs or None)
    except BaseException as error:
        clean(error)
        raise
    finally:
        if outermost:
            leave(thread)


def run(frame: Frame, body: Callable[[Frame, list, list], int | None] | None = None) -> int:
    """Run the frame until it returns or yields; says which, the value is `frame.result`.

    `body`, where given, is run first: it does the same, or stops anywhere in between.
    """
    thread = frame.thread
    back = thread.frame
    thread.frame = frame
    thread.depth += 1
    stack = frame.stack
    try:
        if thread.depth > thread.limit:
            raise RecursionError("maximum recursion depth exceeded")
        while True:
            try:
                if body is not None:
                    first, body = body, None
                    if ended := first(frame, stack, frame.slots):
                        return ended
                steps, pc = frame.steps, frame.pc
                while True:
                    handler, arg = steps[pc]
                    frame.pc = pc + 1
                    if ended := handler(frame, stack, arg):
                        return ended
                    pc = frame.pc       # last: a test that jumps back is outside of `try` for CPython 3.14
            except Elsewhere as moved:
                if moved.frame is not frame:
                    raise
                continue
            except BaseException as error:
                caught: BaseException | None
                entry, caught = catch(frame, error), error
                if entry is None:
                    raise
            handle(frame, entry, caught)        # not in our own handler: objects may die here
            caught = None
    finally:
        thread.depth -= 1
        thread.frame = back


def run_until(frame: Frame, stops: frozenset[int]) -> Outcome:
    """Run one frame up to its arrival at one of `stops` (see `Frame.run_until`)."""
    thread = frame.thread
    back = thread.frame
    thread.frame = frame
    frame.watch()
    frame.arrived = frame.pc            # a loop that starts here is under way already
    try:
        return _run_until(frame, stops)
    finally:
        thread.frame = back
        frame.watch()


def _run_until(frame: Frame, stops: frozenset[int]) -> Outcome:
    stack, first = frame.stack, True
    code = frame.code
    steps = code.watched_steps if frame.domain.observes else code.steps
    while True:
        try:
            while first or frame.pc not in stops:
                first = False
                pc = frame.pc
                handler, arg = steps[pc]
                frame.pc = pc + 1
                ended = handler(frame, stack, arg)
                if ended == RETURNED:
                    return Outcome("returned", frame.result)
                if ended:
                    if frame.consumer is None:
                        raise Unsupported("a yield inside a part of a function that is run on its own",
                                          location=frame.location(), calls=frame.calls())
                    frame.consumer(frame)
            return Outcome("reached", pc=frame.pc)
        except Elsewhere as moved:
            if moved.frame is not frame:
                raise
            continue
        except BaseException as error:
            entry, caught = catch(frame, error), error
            if entry is None:
                return Outcome("raised", exception=error, pc=frame.pc - 1)
        handle(frame, entry, caught)


def catch(frame: Frame, error: BaseException) -> Handler | None:
    """Put the frame into the traceback of `error`; the handler that is in force, if any."""
    code = frame.code
    pc = min(max(frame.pc - 1, 0), len(code.opcodes) - 1)
    opcode = code.opcodes[pc]
    reraised = opcode in _RERAISING or opcode == "RAISE_VARARGS" and code.steps[pc][1] == 0
    if not reraised and opcode != "RAISE_VARARGS" and not seen(error):
        extend_context(frame, error)
    entry = code.handler_at(pc)
    if not reraised:
        record(frame, error, pc)
    elif entry is None:
        record_again(frame, error, pc if frame.lasti is None else frame.lasti)
    else:
        clean(error)                    # the frame is in the traceback since the first time
    return entry


def handle(frame: Frame, entry: Handler, error: BaseException) -> None:
    """Go on in an exception handler."""
    pc = max(frame.pc - 1, 0) if frame.lasti is None else frame.lasti
    frame.lasti = None
    del frame.stack[entry.depth:]
    if entry.lasti:
        frame.stack.append(pc)
    frame.stack.append(error)
    frame.pc = entry.target


# --- entering -----------------------------------------------------------------------------------
_running = 0
_user_limit = 0
_lock = Lock()


def user_recursion_limit() -> int:
    """The limit the program knows of; the host's own is higher while we run."""
    return _user_limit if _running else sys.getrecursionlimit()


def set_user_recursion_limit(limit: int) -> None:
    """``sys.setrecursionlimit`` as the program means it."""
    global _user_limit
    sys.setrecursionlimit(limit)            # CPython's own checks
    with _lock:
        _user_limit = limit
        if _running:
            sys.setrecursionlimit(_host_limit(limit))
    current_thread().limit = limit


def _host_limit(limit: int) -> int:
    return limit * HOST_FRAMES + SPARE_FRAMES


def enter(thread: Thread) -> bool:
    """Raise the host's recursion limit when interpreted code starts to run; ours is the user's.

    True if this was the outermost entry of the thread, which has to `leave`.
    """
    global _running, _user_limit
    if thread.depth:
        return False
    with _lock:
        if not _running:
            _user_limit = sys.getrecursionlimit()
            sys.setrecursionlimit(_host_limit(_user_limit))
        _running += 1
        thread.limit = _user_limit
    thread.depth = 1
    return True


def leave(thread: Thread) -> None:
    """Undo `enter`."""
    global _running
    thread.depth = 0
    with _lock:
        _running -= 1
        if not _running:
            _restore_limit()


def _restore_limit() -> None:
    try:
        sys.setrecursionlimit(_user_limit)
    except RecursionError:          # the host stands deeper than the limit: it stays raised
        pass


def _entry() -> None:
    """The code of root frames: where calls from outside start."""


_ENTRY: Code | None = None


def _root_frame(domain: Domain, thread: Thread) -> Frame:
    global _ENTRY
    if _ENTRY is None:
        _ENTRY = decode(_entry.__code__)
        _ENTRY.hidden = True
    return Frame(_ENTRY, None, globals(), vars(builtins), [], domain, thread.frame,
                 thread)
