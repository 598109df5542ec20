"""Where something stands in the user's source, and the exception family that can say so."""
from __future__ import annotations

import linecache
import os
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Location:
    """One stretch of the user's source: the place of an instruction.

    Parameters
    ----------
    file : str
        As the code object names it.
    line, end_line : int or None
        First and last line, counted from 1; None where the compiler gave none.
    column, end_column : int or None
        Byte offsets in the first and last line, counted from 0.
    function : str
        Name of the function the source belongs to.
    """

    file: str
    line: int | None
    end_line: int | None
    column: int | None
    end_column: int | None
    function: str

    def source_line(self) -> str:
        """The text of the first line, stripped; empty if the file cannot be read."""
        return self._raw_line().strip()

    def caret(self) -> str:
        """Three lines for a message: where, the source, and carets below it."""
        head = f"  {self}"
        source = self.source_line()
        if not source:
            return head
        lines = [head, f"    {source}"]
        start, width = self._caret_span()
        if width:
            lines.append("    " + " " * start + "^" * width)
        return "\n".join(lines)

    def __str__(self) -> str:
        return f"{short_path(self.file)}:{self.line}, in {self.function}"

    def _raw_line(self) -> str:
        return linecache.getline(self.file, self.line).rstrip("\n") if self.line else ""

    def _caret_span(self) -> tuple[int, int]:
        raw = self._raw_line()
        if self.column is None or self.end_column is None:
            return 0, 0
        data = raw.encode()
        start = len(data[:self.column].decode(errors="replace"))
        end = len(raw) if self.end_line != self.line else \
            len(data[:self.end_column].decode(errors="replace"))
        indent = len(raw) - len(raw.lstrip())
        return max(start - indent, 0), end - max(start, indent)


def short_path(file: str) -> str:
    """`file` relative to the current folder where it lies below it."""
    if not os.path.isabs(file):
        return file
    try:
        relative = os.path.relpath(file)
    except (OSError, ValueError):       # no current folder, or another drive
        return file
    return file if relative.startswith(os.pardir) else relative


class LocatedError(Exception):
    """What went wrong, where in the user's source, why, and what to do about it.

    Parameters
    ----------
    what : str
        One line: the fact.
    location : Location, optional
        The instruction that met it.
    why : str, optional
        The law that was broken.
    hint : str, optional
        What to try.
    calls : sequence of Location
        The interpreted callers, innermost first.

    Examples
    --------
    >>> print(LocatedError("x is open", why="nobody closed it", hint="close it"))
    x is open
    Why: nobody closed it
    Try: close it
    """

    def __init__(self, what: str, *, location: Location | None = None, why: str | None = None,
                 hint: str | None = None, calls: Sequence[Location] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.location = location
        self.why = why
        self.hint = hint
        self.calls = tuple(calls)

    def __str__(self) -> str:
        lines = [self.what]
        if self.location is not None:
            lines.append(self.location.caret())
        lines += [f"  called from {call}" for call in self.calls]
        if self.why:
            lines.append(f"Why: {self.why}")
        if self.hint:
            lines.append(f"Try: {self.hint}")
        return "\n".join(lines)

    def __reduce__(self):
        state = dict(location=self.location, why=self.why, hint=self.hint, calls=self.calls)
        return _rebuild, (type(self), self.what, state)


def _rebuild(kind: type[LocatedError], what: str, state: dict) -> LocatedError:
    return kind(what, **state)


class Unsupported(LocatedError, NotImplementedError):
    """Something the evaluator (or a domain) cannot do; never a wrong result instead."""


class Passing(BaseException):
    """Raised by the evaluator or a domain for ends of its own: a program's handler is run, but does not end it."""


class GeneratorLost(Unsupported, Passing):
    """A generator cannot be advanced here, and the attempt has ended it: what is undone does not bring it back."""
