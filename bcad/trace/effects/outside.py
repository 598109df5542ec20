"""C code that deals with the world outside: clocks, files, loggers; done at every call, never while tracing."""

from __future__ import annotations

import functools
import glob
import io
import logging
import os
import pathlib
import shutil
import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Literal, type_of

from ..calls.hosts import HostFunction
from ..captures.anew import ask_anew
from ..regions.states import Abandon
from .effects import Call

if TYPE_CHECKING:
    from ..session import Session

CLOCKS = frozenset((
    time.time, time.time_ns, time.perf_counter, time.perf_counter_ns, time.monotonic, time.monotonic_ns,
    time.process_time, time.process_time_ns, time.thread_time,
))
_DEFERRED = frozenset((
    breakpoint, time.sleep, os.remove, os.mkdir, os.makedirs, os.rename, os.replace, os.rmdir, os.system, os.unlink,
    os.putenv, os.unsetenv, np.save, np.savetxt, np.savez, np.savez_compressed,
    *(getattr(pathlib.Path, name) for name in "write_text write_bytes touch mkdir rmdir unlink".split()),
))
_COUNTING = frozenset((pathlib.Path.write_text, pathlib.Path.write_bytes))
_ASKED = frozenset((  # what they say may be otherwise at the next call
    *(getattr(os.path, name) for name in
      "exists lexists isfile isdir islink ismount getsize getmtime getatime getctime samefile".split()),
    os.listdir, os.stat, os.lstat, os.access, os.cpu_count, glob.glob, shutil.which, shutil.disk_usage,
    *(getattr(pathlib.Path, name) for name in
      "exists is_file is_dir is_symlink stat read_text read_bytes iterdir glob rglob".split()),
    np.load, np.loadtxt, np.genfromtxt, np.fromfile,
))
_ACTS = frozenset(  # the modules and names of C code with consequences that tracing can neither undo nor put off
    [("_posixsubprocess", "fork_exec"), ("_winapi", "CreateProcess"), ("_thread", "start_new_thread"),
     ("_thread", "start_joinable_thread"), ("_socket", "socket"), ("_sqlite3", "connect"), ("mmap", "mmap"),
     *(("_signal", name) for name in "alarm setitimer signal raise_signal pthread_kill".split()),
     *((os.name, name) for name in
       "fork forkpty posix_spawn posix_spawnp execv execve kill killpg abort _exit open write read pipe dup dup2 truncate "
       "ftruncate chmod chown link symlink utime umask nice wait waitpid urandom getrandom chdir".split())]
)
_WRITERS = frozenset(("write", "writelines", "flush", "close", "truncate"))
_QUESTIONS = frozenset(("isatty", "fileno", "writable", "readable", "seekable", "__enter__"))
_LOGGERS = frozenset(
    getattr(owner, name) for owner in (logging.Logger, logging)
    for name in "debug info warning error critical exception log".split()
)


class Deed(Call):
    """A call that changes what there is outside."""


def calls_outside(fn: Any) -> bool:
    """Whether a function is one of those that this module knows by name."""
    return fn in CLOCKS or fn in _DEFERRED or fn in _LOGGERS or fn is warnings.warn


def is_asked(fn: Any) -> bool:
    """Whether a function says what the file system holds."""
    return fn in _ASKED


def ask(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What such a function says, read anew at each call, before what the call itself does to files."""
    if any(isinstance(site.call, Deed) for site in session.tape.sites):
        raise session.error(f"{fn.__name__}() looks at files after this function has changed some",
                            why="changes are made after a run, questions asked before it", hint="ask first, or outside")
    return ask_anew(session, fn, args, kwargs)


def refuse_acts(session: Session, fn: Any) -> None:
    """Refuse C code that starts processes, opens sockets, sets signals: tracing must not do so, later calls would have to."""
    if (getattr(fn, "__module__", None), getattr(fn, "__name__", None)) in _ACTS:
        raise session.error(f"{fn.__module__}.{fn.__name__}() cannot be traced",
                            why="it acts on the system, at once and for good: every call would have to do so, tracing must not",
                            hint="call it before or after the function that is differentiated")


def run(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A call of such a function."""
    if fn in CLOCKS:
        return _clock(session, fn)
    if fn is warnings.warn:
        message, *rest = args or (kwargs.pop("message"),)
        warn = session.settings.warning(session, message, *rest, **{k: v for k, v in kwargs.items() if k != "skip_file_prefixes"})
        session.effect(Call(session, warn, (message,), {}))
        return None
    effect = Deed if fn in _DEFERRED else Call
    if args and isinstance(args[0], pathlib.PurePath):
        session.effect(effect(session, functools.partial(_at_path, fn, type(args[0])), (str(args[0]), *args[1:]), kwargs))
    else:
        session.effect(effect(session, fn, args, kwargs))
    if fn in _COUNTING:
        if type(args[1]) not in (str, bytes):
            raise session.error("how much is written depends on traced numbers", hint="write it outside")
        return len(args[1])
    return None


def _at_path(fn: Any, kind: type[pathlib.PurePath], name: str, *args: Any, **kwargs: Any) -> None:
    """A path that was made while tracing is made again: what it held has been undone."""
    fn(kind(name), *args, **kwargs)


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
