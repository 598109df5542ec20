"""Whether a program raises what Python raises, at the same line, after the same effects, at calls in several orders."""

from __future__ import annotations

import contextlib
import io
import itertools
import traceback
import warnings
from typing import Any, NamedTuple

import numpy as np

import bcad
from interpreter import LocatedError

from .programs import ARGUMENTS, Program

_names = itertools.count()


class Outcome(NamedTuple):
    """What a call gave or raised, and left behind; `refusal` is ours."""

    value: str
    error: str
    message: str
    line: str
    effects: str
    refusal: str = ""


def outcome(fn: Any, names: dict[str, Any], arguments: tuple[tuple[float, ...], int]) -> Outcome:
    """Of one call of `fn`, made of ``names["f"]``."""
    names["reset"]()
    names["random"].seed(3)
    shown, value, error, message, line = io.StringIO(), "", "", "", ""
    with contextlib.redirect_stdout(shown), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            value = _rounded(fn(np.array(arguments[0]), arguments[1]))
        except LocatedError as refused:
            return Outcome("", "", "", "", "", str(refused).split("\n")[0])
        except Exception as raised:
            error = _chain(raised)
            message = _rounded(raised.args)
            line = _line(raised, names["__name__"])
    effects = f"{_rounded(names['OUT'])} {_rounded(names['G'])} {_rounded(vars(names['KEEP']))} {shown.getvalue()!r}"
    return Outcome(value, error, message, line, effects)


def _chain(error: BaseException | None) -> str:
    """Its class and those of its causes; in which handler it was raised is not told apart."""
    return f"{type(error).__name__}{' from ' + _chain(error.__cause__) if error.__cause__ else ''}" if error else ""


def _line(error: BaseException, module: str) -> str:
    """The innermost line of the program in the traceback."""
    lines = [f.line or "" for f in traceback.extract_tb(error.__traceback__) if f.filename == module]
    return lines[-1] if lines else ""


def _rounded(x: Any) -> str:
    if isinstance(x, (list, tuple)):
        return f"{type(x).__name__}({', '.join(map(_rounded, x))})"
    if isinstance(x, dict):
        return f"dict({', '.join(f'{k}: {_rounded(v)}' for k, v in x.items())})"
    if isinstance(x, (float, np.ndarray)):
        return f"{type(x).__name__} {np.array2string(np.asarray(x) + 0.0, precision=9)}"
    return f"{type(x).__name__} {x!r}"


def difference(program: Program, mode: str, backend: str, order: int = 1) -> tuple[str, str]:
    """How a program differs from Python's, and why it was refused; empty where it does not, or was not."""
    name = f"<raised {next(_names)}>"
    plain, ours = program.module(name), program.module(name)
    with bcad.options.set(backend=backend):
        function, both = bcad.Function(ours["f"]), bcad.value_and_grad(ours["f"])
        traced = function if mode == "value" else lambda *args: both(*args)[0]
        return _differs(plain, ours, traced, order)


def _differs(plain: dict[str, Any], ours: dict[str, Any], traced: Any, order: int) -> tuple[str, str]:
    for arguments in ARGUMENTS[::order]:
        expected = outcome(plain["f"], plain, arguments)
        given = outcome(traced, ours, arguments)
        if given.refusal:
            return "", given.refusal
        for what, a, b in zip(Outcome._fields, given, expected, strict=True):
            if a != b:
                return f"{what} at {arguments}: {a or given.error + given.message} instead of {b or expected.error + expected.message}", ""
    return "", ""
