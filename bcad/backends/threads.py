"""The threads that share loops of compiled code; they wait while there is nothing to do."""

from __future__ import annotations

import ctypes
import os
import queue
import threading
from collections.abc import Callable

from bcad.options import options

_SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)  # calls through ctypes give up the interpreter's lock


class _Job:
    """One loop: every thread that joins takes chunks until there is none left."""

    def __init__(self, take_chunks: Callable[[int], None], record: int) -> None:
        self._take_chunks, self._record = take_chunks, record
        self._busy = 0
        self._open = True
        self._changed = threading.Condition(threading.Lock())

    def join(self) -> None:
        """Help, unless all is done already: then the record is gone."""
        with self._changed:
            if not self._open:
                return
            self._busy += 1
        self._take_chunks(self._record)
        with self._changed:
            self._busy -= 1
            self._changed.notify()

    def finish(self) -> None:
        """Wait for those who help; whatever interrupts the waiting is raised when they are done."""
        interrupted: BaseException | None = None
        while True:
            try:
                with self._changed:
                    self._open = False
                    while self._busy:
                        self._changed.wait()
                break
            except BaseException as error:  # the record is on the caller's stack: nobody may use it later
                interrupted = error
        if interrupted is not None:
            raise interrupted


class _Pool:
    """Threads that join jobs, made when they are first wanted."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._count = 0

    def ask(self, job: _Job, helpers: int) -> None:
        """Have up to `helpers` threads join."""
        with self._lock:
            while self._count < helpers:
                threading.Thread(target=self._work, name="bcad", daemon=True).start()
                self._count += 1
        for _ in range(helpers):
            self._jobs.put(job)

    def _work(self) -> None:
        while True:
            self._jobs.get().join()


_pool = _Pool()


def _forget() -> None:
    """In the child of a fork there are no threads but the one that forked."""
    global _pool
    _pool = _Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def share(function: int, record: int) -> None:
    """Run a compiled loop, given by the addresses of its function and of its record, in several threads."""
    take_chunks = _SIGNATURE(function)
    job = _Job(take_chunks, record)
    helpers = max(options.threads, 1) - 1
    if helpers:
        _pool.ask(job, helpers)
    try:
        take_chunks(record)
    finally:
        job.finish()
