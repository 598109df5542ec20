"""Settings of the whole process, changed for good or inside a ``with`` block."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Options:
    """How bcad compiles and checks.

    Attributes
    ----------
    backend : str
        'auto' (NumPy first, numba when it pays), 'numpy' or 'numba'.
    specialisations : int
        How many a function keeps before the least recently used is dropped.
    parallel : bool
        Whether threads share the loops of what is compiled from now on, unless a function says otherwise.
    threads : int
        How many threads share a loop, the calling one included: as many as the process may run on at most.
    progress : bool
        Whether the logger says, as a warning, what takes more than a second to compile.
    trace_limit : int
        How many operations a traced program may have, all loops that cannot be kept unrolled.
    check_finite : bool
        Whether the first NaN or infinity is an error that names its line.
    """

    def __init__(self) -> None:
        self.backend = os.environ.get("BCAD_BACKEND", "auto")
        self.specialisations = 16
        self.parallel = False
        self.threads = _processors()
        self.progress = True
        self.trace_limit = 200_000
        self.check_finite = False

    @contextmanager
    def set(self, **changes: Any) -> Iterator[Options]:
        """Change settings inside a ``with`` block.

        Examples
        --------
        >>> with options.set(backend="numpy"):
        ...     options.backend
        'numpy'
        """
        before = {name: getattr(self, name) for name in changes}
        vars(self).update(changes)
        try:
            yield self
        finally:
            vars(self).update(before)


_LEGACY = frozenset("borrowable context escape_on_error force_floatX ignore infer_updates use_cache".split())


def accept_legacy(given: dict[str, Any]) -> None:
    """Take options of PyAutoDiff's that nothing needs here; refuse others.

    Raises
    ------
    TypeError
        If an option is none of those.
    """
    unknown = set(given) - _LEGACY
    if unknown:
        raise TypeError(f"unknown options: {', '.join(sorted(unknown))}")


options = Options()
