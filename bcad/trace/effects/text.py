"""Text with traced numbers in it: written out with plain numbers when an effect shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any

from interpreter import evaluate

from ..tracers import SizeTracer, Tracer, has_traced
from .frozen import frozen, varies

if TYPE_CHECKING:
    from ..session import Session

_CONVERSIONS: dict[str, Callable[[Any], Any]] = {"": lambda x: x, "s": str, "r": repr, "a": ascii}
_METHODS = frozenset((  # from text to text
    "strip", "lstrip", "rstrip", "upper", "lower", "ljust", "rjust", "center", "replace", "title", "zfill", "capitalize", "swapcase",
    "casefold", "expandtabs", "removeprefix", "removesuffix", "__str__", "__repr__", "__format__",
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

    def attribute(self, name: str) -> Any:
        """A method that a replay can apply to the finished text."""
        if name not in _METHODS:
            raise self._session.leak(self, f"str.{name} of text with traced numbers")
        return lambda *args, **kwargs: mapped(self, lambda s: getattr(s, name)(*args, **kwargs))


def mapped(text: TextTracer, function: Callable[[str], str]) -> TextTracer:
    """`function` of the finished text."""
    return TextTracer(text._session, [(function, text)])


def format_value(session: Session, value: Any, conversion: str, spec: str) -> Any:
    """A replacement field of an f-string, or ``str(value)``."""
    convert = _CONVERSIONS[conversion]
    if type(value) is SizeTracer:
        return format(convert(session.decide_int(value, "a number in a text")), spec)
    if not isinstance(value, Tracer) and (is_written_in_python(value) or not varies(session, value)):
        return NotImplemented
    return TextTracer(session, [(session.settings.kept(lambda x: format(convert(x), spec)), frozen(session, value))])


def is_written_in_python(value: Any) -> bool:
    """Whether the text of `value` is what Python code of its class makes: that is stepped into."""
    cls = type(value)
    return not isinstance(value, Tracer) and any(
        type(vars(base).get(name)) is FunctionType for base in cls.__mro__ for name in ("__str__", "__repr__", "__format__"))


def message_of(error: BaseException) -> str:
    """What an exception says, for reports of our own; just its name where only a run or code of its class can tell."""
    return type(error).__name__ if has_traced(error.args) or is_written_in_python(error) else str(error)


def percent(session: Session, template: str, values: Any) -> Any:
    """``template % values``; NotImplemented: as Python does it."""
    if not varies(session, values):
        return NotImplemented
    return TextTracer(session, [(session.settings.kept(lambda x: template % x), frozen(session, values))])


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
    return TextTracer(session, [(session.settings.kept(lambda given: fn(*given[0], **given[1])), frozen(session, (args, kwargs)))])


def binary(session: Session, symbol: str, left: Any, right: Any) -> Any:
    """Texts one after another; a template filled in."""
    if symbol in ("+", "+=") and isinstance(left, str) and isinstance(right, str):
        return concatenate(session, left, right)
    if symbol in ("%", "%="):
        return percent(session, left, right)
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
