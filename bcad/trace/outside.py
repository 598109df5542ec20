"""C code that deals with the world outside: clocks, files, loggers; done at every call, never while tracing."""

from __future__ import annotations

import io
import logging
import os
import time
import warnings
from typing import TYPE_CHECKING, Any

from bcad import ops
from bcad.ir import Literal, type_of

from .effects import Call
from .hosts import HostFunction
from .states import Abandon

if TYPE_CHECKING:
    from .session import Session

CLOCKS = frozenset((
    time.time, time.time_ns, time.perf_counter, time.perf_counter_ns, time.monotonic, time.monotonic_ns,
    time.process_time, time.process_time_ns, time.thread_time,
))
_DEFERRED = frozenset((breakpoint, time.sleep, os.remove, os.mkdir, os.makedirs, os.rename, os.system, os.unlink))
_WRITERS = frozenset(("write", "writelines", "flush", "close", "truncate"))
_QUESTIONS = frozenset(("isatty", "fileno", "writable", "readable", "seekable", "__enter__"))
_LOGGERS = frozenset(
    getattr(owner, name) for owner in (logging.Logger, logging)
    for name in "debug info warning error critical exception log".split()
)


def calls_outside(fn: Any) -> bool:
    """Whether a function is one of those that this module knows by name."""
    return fn in CLOCKS or fn in _DEFERRED or fn in _LOGGERS or fn is warnings.warn


def run(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A call of such a function."""
    if fn in CLOCKS:
        return _clock(session, fn)
    session.effect(Call(session, fn, args, kwargs))
    return None


def _clock(session: Session, fn: Any) -> Any:
    example = fn()
    (output,) = ops.host_effect(fn=Literal(HostFunction(fn, (), {})), types=(type_of(example),))
    session.example.values[output] = example
    return session.wrap(output)


def is_file(fn: Any) -> bool:
    """Whether `fn` is a method of an open file."""
    return isinstance(getattr(fn, "__self__", None), io.IOBase)


def file_method(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Writes are made after each run; reads would move the file while tracing."""
    name = fn.__name__
    if name in _WRITERS:
        session.effect(Call(session, fn, args, kwargs))
        return len(args[0]) if name == "write" and isinstance(args[0], (str, bytes)) and type(args[0]) is str else None
    if name in _QUESTIONS:
        return fn(*args, **kwargs)
    raise session.error(
        f"{name}() of a file cannot be traced", why="it moves the file's position, which tracing must not do",
        hint="read the data before, and pass it as an argument",
    )


def refuse_while_speculating(session: Session, fn: Any) -> None:
    """Inside a part of the program that may be undone, only C code without consequences is run."""
    module = getattr(fn, "__module__", None)
    if session.speculating and module in ("io", "_io", "os", "posix", "nt", "socket", "subprocess", "shutil"):
        raise Abandon(f"it calls {module}.{getattr(fn, '__name__', fn)}")


def opens_for_writing(fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether ``open`` would change a file."""
    if fn is not open:
        return False
    mode = kwargs.get("mode", args[1] if len(args) > 1 else "r")
    return isinstance(mode, str) and any(letter in mode for letter in "wax+")
