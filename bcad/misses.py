"""Why a function was traced again: the guards that failed, the ints that keep changing, and when that is too often."""

from __future__ import annotations

import collections
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.log import log
from bcad.options import options
from bcad.trace import Guard, HasValue, Missing, flatten, read

_KEPT = 12  # reasons that are remembered
_SECOND = 2  # the miss from which an int is an input


class Misses:
    """The guards that made a function be traced again.

    Attributes
    ----------
    symbolic : frozenset of Source
        Places of ints that have changed twice: they are inputs from now on.
    """

    def __init__(self) -> None:
        self.symbolic: frozenset[Any] = frozenset()
        self.refused: frozenset[Any] = frozenset()  # places of ints that tracing must know
        self._reasons: collections.deque[str] = collections.deque(maxlen=_KEPT)
        self._ints: collections.Counter[Any] = collections.Counter()
        self._traces = 0
        self._warned = False

    def note(self, name: str, failed: Sequence[Guard | None], args: Any, kwargs: Any) -> None:
        """A call is about to be traced; `failed` has for each specialisation what did not hold (None: the run said so)."""
        self._traces += 1
        if not failed:
            return
        leaves = flatten((tuple(args), kwargs))[0]
        reason = _reason(failed[0], leaves)  # of the latest trace, which is the most like this call
        log.info("%s is traced again: %s", name, reason)
        self._reasons.append(f"trace {self._traces}: {reason}")
        changed = {g.source for g in failed if isinstance(g, HasValue) and type(g.value) is int and g.source is not None}
        self._ints.update(changed)
        self.symbolic |= {place for place in changed if self._ints[place] >= _SECOND} - self.refused

    def refuse(self, places: frozenset[Any]) -> None:
        """These ints cannot be inputs: each of their values has a specialisation of its own."""
        self.refused |= places
        self.symbolic -= places

    def dropped(self, name: str, depth: int) -> None:
        """A specialisation is dropped because there are too many: said once."""
        log.warning("%s has more than %d specialisations: the oldest is dropped", name, options.specialisations)
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"{name} has been traced {self._traces} times, and only the {options.specialisations} latest traces are kept"
                f" (options.specialisations). The last reasons:\n  " + "\n  ".join(list(self._reasons)[-3:]),
                RuntimeWarning, stacklevel=depth + 1,
            )

    def __str__(self) -> str:
        return "\n".join(f"  {reason}" for reason in self._reasons)


def _reason(guard: Guard | None, leaves: Sequence[Any]) -> str:
    """What did not hold, what is there now, and where tracing had relied on it."""
    if guard is None:
        return "a run met a decision that its trace had taken the other way"
    where = f" ({guard.location})" if guard.location is not None else ""
    return f"not {guard}{_now(guard, leaves)}{where}"


def _now(guard: Guard, leaves: Sequence[Any]) -> str:
    if guard.source is None:
        return ""
    try:
        value = read(guard.source, leaves)
    except Missing as error:
        return f", {error}"
    if isinstance(value, np.ndarray):
        return f": now {value.dtype}{list(value.shape)}"
    if not isinstance(value, (bool, int, float, complex, str, bytes, np.generic, slice, range, type(None))):
        return f": now a {type(value).__name__}"  # whose own code a report must not run
    text = repr(value)
    return f": now {text if len(text) < 60 else text[:57] + '...'}"
