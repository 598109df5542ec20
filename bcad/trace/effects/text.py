"""Text with traced numbers in it: written out with plain numbers when an effect shows it."""

from __future__ import annotations

import contextlib
import operator
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad.ir import Kind
from interpreter import evaluate

from ..tracers import ArrayTracer, NumberTracer, ScalarTracer, SizeTracer, Tracer, has_traced
from ..tree import children_of, rebuild_like
from .frozen import frozen, varies

if TYPE_CHECKING:
    from ..session import Session

_CONVERSIONS: dict[str, Callable[[Any], Any]] = {"": lambda x: x, "s": str, "r": repr, "a": ascii}
_SHOWN_AS_THEY_ARE = frozenset((str, bytes, bool, int, float, complex, slice, type(None), np.ndarray))
_PLAIN_CONTAINERS = frozenset((list, tuple, dict, OrderedDict, deque))
_METHODS = frozenset((  # from text to text
    "strip", "lstrip", "rstrip", "upper", "lower", "ljust", "rjust", "center", "replace", "title", "zfill", "capitalize", "swapcase",
    "casefold", "expandtabs", "removeprefix", "removesuffix", "format", "__str__", "__repr__", "__format__",
))


class TextTracer(Tracer):
    """A string that a run writes: ``"".join(f(value) for each part)``.

    Attributes
    ----------
    _parts : tuple
        Strings, and pairs of a function and a traced value that it makes a string of.
    """

    __slots__ = ("_parts",)

    def __init__(self, session: Session, parts: Sequence[Any]) -> None:
        self._session = session
        self._parts = tuple(parts)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return str

    def _what(self) -> Any:
        return "text"

    def _values(self) -> list[Any]:
        """The traced values in it, in order."""
        return [part[1] for part in self._parts if type(part) is not str]

    def _template(self) -> tuple[Any, ...]:
        """What stands around these, and how each is written."""
        return tuple(part if type(part) is str else part[0] for part in self._parts)

    def _filled(self, values: Iterable[Any]) -> TextTracer:
        """The same text with other values."""
        left = iter(values)
        return TextTracer(self._session, [part if type(part) is str else (part[0], next(left)) for part in self._parts])

    def _written(self, values: Iterable[Any]) -> str:
        """The string, with these plain numbers."""
        left = iter(values)
        return "".join(part if type(part) is str else part[0](next(left)) for part in self._parts)

    def attribute(self, name: str) -> Any:
        """A method that a replay can apply to the finished text."""
        if name not in _METHODS:
            raise self._session.leak(self, f"str.{name} of text with traced numbers")
        return lambda *args, **kwargs: written(self._session, lambda text, args, kwargs: getattr(text, name)(*args, **kwargs), self, args, kwargs)

    def item(self, key: Any) -> Any:
        """A part of it; one character might not be there."""
        if type(key) is not slice or has_traced(key):
            raise self._session.leak(self, "one character of text with traced numbers")
        return written(self._session, operator.getitem, self, key)


def written(session: Session, function: Callable[..., str], *given: Any) -> TextTracer:
    """The text that `function` makes of what it is given, as that is now; what it raises for all such numbers is raised at once."""
    shown = frozen(session, given)
    with contextlib.suppress(_Unknown):
        function(*_stand_in(shown))
    return TextTracer(session, [(session.settings.kept(lambda values: function(*values)), shown)])


class _Unknown(Exception):
    """Nothing can stand for it in a trial."""


def _stand_in(x: Any) -> Any:
    """`x` with ones in place of its traced numbers."""
    if isinstance(x, TextTracer):
        return finish(x, _stand_in)
    if isinstance(x, (ArrayTracer, ScalarTracer, NumberTracer)):
        type_ = x._type()
        ones = np.ones([n if isinstance(n, int) else 2 for n in type_.shape], type_.dtype)
        return ones if type_.kind is Kind.ARRAY else type_.python_type(ones[()])
    if isinstance(x, SizeTracer):
        return 2
    if type(x) in _PLAIN_CONTAINERS:
        keys, children, extra = children_of(x)  # type: ignore[misc]
        return rebuild_like(x, keys, list(map(_stand_in, children)), extra)
    if type(x) in _SHOWN_AS_THEY_ARE:
        return x
    raise _Unknown


def format_value(session: Session, value: Any, conversion: str, spec: str) -> Any:
    """A replacement field of an f-string, or ``str(value)``."""
    convert = _CONVERSIONS[conversion]
    if type(value) is SizeTracer:
        return format(convert(session.decide_int(value, "a number in a text")), spec)
    if not isinstance(value, Tracer) and (is_written_in_python(value, conversion) or not varies(session, value)):
        return NotImplemented
    return written(session, lambda x: format(convert(x), spec), value)


def is_written_in_python(value: Any, conversion: str = "") -> bool:
    """Whether the text of `value` is what Python code of its class makes: that is stepped into."""
    if isinstance(value, Tracer):
        return False
    cls: Any = type(value)
    name = {"": "__format__", "s": "__str__"}.get(conversion, "__repr__")
    if name == "__format__" and cls.__format__ is object.__format__:
        name = "__str__"
    if name == "__str__" and cls.__str__ is object.__str__:
        name = "__repr__"
    return type(getattr(cls, name)) is FunctionType


def message_of(error: BaseException) -> str:
    """What an exception says, for reports of our own; just its name where only a run or code of its class can tell."""
    return type(error).__name__ if has_traced(error.args) or is_written_in_python(error, "s") else str(error)


def percent(session: Session, template: str, values: Any) -> Any:
    """``template % values``; NotImplemented: as Python does it."""
    if not varies(session, (template, values)):
        return NotImplemented
    return written(session, operator.mod, template, values)


def method(session: Session, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``template.format(...)``, ``", ".join(...)``; NotImplemented: as Python does it."""
    if fn.__name__ == "join" and len(args) == 1 and not isinstance(args[0], (str, list, tuple, set, dict)):
        args = (evaluate(list, args, {}, session.domain),)
        if not varies(session, args):
            return fn(*args)
    if not varies(session, (args, kwargs)):
        return NotImplemented
    if fn.__name__ not in ("format", "join", "format_map"):
        raise session.error(f"str.{fn.__name__}() of text with traced numbers in it")
    return written(session, lambda args, kwargs: fn(*args, **kwargs), args, kwargs)


def binary(session: Session, symbol: str, left: Any, right: Any) -> Any:
    """Texts one after another; a template filled in."""
    if symbol in ("+", "+=") and isinstance(left, str) and isinstance(right, str):
        return concatenate(session, left, right)
    if symbol in ("%", "%=") and isinstance(left, str):
        return percent(session, left, right)
    if symbol in ("*", "*=") and {type(left), type(right)} == {TextTracer, int}:
        return written(session, operator.mul, left, right)
    raise session.leak(left, f"text with traced numbers in it is an operand of {symbol}")


def concatenate(session: Session, *pieces: Any) -> TextTracer:
    """Texts one after another."""
    parts: list[Any] = []
    for piece in pieces:
        parts += piece._parts if isinstance(piece, TextTracer) else [piece]
    return TextTracer(session, parts)


def finish(text: TextTracer, plain: Callable[[Any], Any]) -> str:
    """The string, where ``plain(value)`` gives the number for a traced value."""
    pieces = []
    for part in text._parts:
        if type(part) is str:
            pieces.append(part)
        else:
            function, value = part
            pieces.append(function(plain(value)))
    return "".join(pieces)
