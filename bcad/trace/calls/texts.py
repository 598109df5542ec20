"""Functions that make text of values: str, format, print, and those of NumPy and the standard library that only look."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from interpreter import evaluate

from .. import active
from ..effects.effects import Call
from ..effects.frozen import varies
from ..effects.text import TextTracer, is_written_in_python, written
from ..tracers import SizeTracer
from ..tree import flatten
from .answering import Answer, answers
from .handlers import Handler, handles

if TYPE_CHECKING:
    from ..session import Session


def _writes(conversion: str) -> Any:
    """The handler of ``str``, ``repr`` and ``ascii``."""

    def write(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if len(args) != 1 or kwargs:
            return NotImplemented
        if conversion == "s" and isinstance(args[0], TextTracer):
            return args[0]
        return session.domain.format(frame, args[0], conversion, "")

    return write


handles(str, always=True)(_writes("s"))
handles(repr, always=True)(_writes("r"))
handles(ascii, always=True)(_writes("a"))


@handles(format, always=True)
def _format(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return session.domain.format(frame, args[0], "", *(args[1:] or ("",)))


@handles(print, always=True)
def _print(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    shown = [evaluate(str, (x,), {}, session.domain) if is_written_in_python(x, "s") and varies(session, x) else x for x in args]
    session.effect(Call(session, print, tuple(shown), kwargs))


# -- functions that make text of numbers and containers, and do nothing else -----------------------------
def _later(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Let each run make the text."""
    known = tuple(session.decide_int(x, "a number in a text") if type(x) is SizeTracer else x for x in args)
    if not varies(session, (known, kwargs)):
        return NotImplemented if all(a is b for a, b in zip(known, args, strict=True)) else fn(*known, **kwargs)
    if any(map(callable, flatten((args, kwargs))[0])):
        return NotImplemented
    return written(session, lambda args, kwargs: fn(*args, **kwargs), args, kwargs)


def _handler(fn: Any) -> Handler:
    return lambda session, frame, args, kwargs: _later(session, fn, args, kwargs)


for _function in (np.array2string, np.array_str, np.array_repr, hex, bin, oct, chr, *(
    getattr(kind, name) for kind in (int, float, complex) for name in ("__repr__", "__format__"))):
    handles(_function, always=True)(_handler(_function))


def _answered(module: str, name: str) -> Answer:
    """The answer of a function of a library."""

    def answer(*args: Any, **kwargs: Any) -> Any:
        session = active.current_session()
        assert session is not None
        return _later(session, getattr(sys.modules[module], name), args, kwargs)

    return answer


for _module, _names in {"numpy": ("format_float_positional", "format_float_scientific"), "json": ("dumps",), "pprint": ("pformat",)}.items():
    for _name in _names:
        answers(_module, _name)(_answered(_module, _name))
