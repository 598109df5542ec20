"""Domain: what operations on values mean; the only seam between the evaluator and its users."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .code import Instruction
    from .frame import Frame


class Domain:
    """What the evaluator asks about values; this base answers as Python would.

    The operation hooks (`binary` ... `convert`) are asked only where the exact type of an operand
    (or key, or stored value) is in `types`. Returning NotImplemented means "go on as Python
    would". Hooks that observe (`call` for every call, `identical`, `loaded`, `missing`, `stored`, `loop`)
    are asked
    only if `observes`.

    Attributes
    ----------
    types : frozenset of type
        Exact types of the values this domain gives a meaning of its own to.
    observes : bool
        Whether it wants to see calls, loads, stores and loops that touch no such value.
    """

    types: frozenset[type] = frozenset()
    observes: bool = False

    # --- operations with a value of `types` ---------------------------------------------------
    def binary(self, frame: Frame, symbol: str, left: Any, right: Any) -> Any:
        """``left symbol right``; `symbol` is '+' or, in place, '+='."""
        return NotImplemented

    def unary(self, frame: Frame, symbol: str, value: Any) -> Any:
        """`symbol` is '-', '+', '~' or 'not'; 'not' must not decide an undecided value."""
        return NotImplemented

    def compare(self, frame: Frame, symbol: str, left: Any, right: Any) -> Any:
        """`symbol` is one of '<', '<=', '==', '!=', '>', '>='."""
        return NotImplemented

    def identical(self, frame: Frame, left: Any, right: Any) -> Any:
        """``left is right``, also where a jump asks whether a value is None; of any two objects if `observes`."""
        return NotImplemented

    def contains(self, frame: Frame, item: Any, container: Any) -> Any:
        """``item in container``."""
        return NotImplemented

    def getattr(self, frame: Frame, owner: Any, name: str) -> Any:
        return NotImplemented

    def setattr(self, frame: Frame, owner: Any, name: str, value: Any) -> Any:
        """Anything but NotImplemented means: done."""
        return NotImplemented

    def delattr(self, frame: Frame, owner: Any, name: str) -> Any:
        return NotImplemented

    def getitem(self, frame: Frame, owner: Any, key: Any) -> Any:
        """``owner[key]``; ``owner[a:b]`` asks with a slice."""
        return NotImplemented

    def setitem(self, frame: Frame, owner: Any, key: Any, value: Any) -> Any:
        """Anything but NotImplemented means: done."""
        return NotImplemented

    def delitem(self, frame: Frame, owner: Any, key: Any) -> Any:
        return NotImplemented

    def extend(self, frame: Frame, target: list, iterable: Any) -> Any:
        """``[*target, *iterable]`` in place; anything but NotImplemented means: done."""
        return NotImplemented

    def format(self, frame: Frame, value: Any, conversion: str, spec: str) -> Any:
        """A replacement field of an f-string; `conversion` is '', 's', 'r' or 'a'."""
        return NotImplemented

    def convert(self, frame: Frame, kind: str, value: Any) -> Any:
        """An implicit need for an 'int', 'float', 'index', 'bool', 'len', 'hash' or 'str'."""
        return NotImplemented

    def key(self, frame: Frame, value: Any) -> Any:
        """What stands in a dict as a key, or in a set, for a value that a display or comprehension puts there."""
        return value

    # --- control flow -------------------------------------------------------------------------
    def undecided(self, value: Any) -> bool:
        """Whether a value of `types`, met as a condition, has no known truth."""
        return False

    def truth(self, frame: Frame, value: Any) -> bool:
        """The truth of a value of `types` that is not undecided."""
        return bool(value)

    def branch(self, frame: Frame, condition: Any, instruction: Instruction) -> None:
        """Go on after a conditional jump on an undecided condition.

        The condition is popped already, `frame.pc` is the way where the jump is not taken and
        `instruction.target` the other; `instruction.jumps_if` says which truth jumps. On return
        the frame must stand where evaluation goes on (`frame.jump`).
        """
        raise NotImplementedError("this domain calls values undecided but has no branch()")

    def iterate(self, frame: Frame, value: Any) -> Any:
        """``iter(value)``; the iterator may be of a type in `types`."""
        return NotImplemented

    def next(self, frame: Frame, iterator: Any) -> Any:
        """The next item of an iterator in `types`, or raise StopIteration."""
        return next(iterator)

    def loop(self, frame: Frame, header: int) -> bool:
        """Whether the domain itself ran the loop that starts at `header` and moved the frame.

        Asked on arriving at `header` (``frame.pc == header``) from outside the loop, with the
        iterator of a ``for`` on top of the stack.
        """
        return False

    # --- calls --------------------------------------------------------------------------------
    def call(self, frame: Frame, fn: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Asked before a call: every one if `observes`, else with a `fn` or argument in `types`."""
        return NotImplemented

    def enter(self, frame: Frame, fn: Any, args: tuple, kwargs: dict[str, Any]) -> bool:
        """Whether to step into the Python function `fn` (else it runs natively)."""
        return True

    def native(self, frame: Frame, fn: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Run a leaf: a callable the evaluator cannot step into."""
        return fn(*args, **kwargs)

    # --- observation --------------------------------------------------------------------------
    def loaded(self, frame: Frame, kind: str, owner: Any, key: Any, value: Any) -> Any:
        """The value to use for one just read.

        `kind` is 'global', 'builtin', 'closure' (`owner` is the cell), 'attr', 'item',
        'default' (`owner` is the function) or 'name'.
        """
        return value

    def missing(self, frame: Frame, owner: Any, key: Any) -> None:
        """``owner.key`` has raised AttributeError, or ``owner[key]`` a LookupError."""

    def stored(self, frame: Frame, kind: str, owner: Any, key: Any, value: Any) -> None:
        """About to write: 'global', 'closure', 'attr', 'item' or 'name'; an attribute is deleted where `value` is MISSING."""


class PlainDomain(Domain):
    """Python itself: no traced values, nothing observed."""
