"""What bcad makes of one function: differentiated as differences say, zero, refused, or wrong."""

from __future__ import annotations

import contextlib
import copy
import io
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import bcad


class Verdict(NamedTuple):
    """`status` is one of STATUSES; `why` the first line of an error."""

    status: str
    why: str = ""


STATUSES = {
    "yes": "differentiated: the gradient agrees with differences",
    "zero": "its derivative is zero, or its result is no float: evaluated, derivative zero",
    "partly": "differentiated in some arguments, refused in others (orders and parameters)",
    "no": "refused with an error",
    "WRONG": "a wrong derivative",
    "?": "not asked: no arguments were found for which SciPy or NumPy answers with finite numbers",
}


def number(result: Any) -> Any:
    """One real number made of all real and imaginary parts of a result."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, (tuple, list)):
        total: Any = 0.0
        for k, part in enumerate(result):
            total = total + (k + 1) * number(part)
        return total
    if result is None or isinstance(result, (str, bool, int)) or not hasattr(result, "dtype") and not isinstance(result, (float, complex)):
        return 0.0
    a = np.asarray(result)
    if a.dtype.kind not in "fc":
        return 0.0
    weights = np.cos(np.arange(a.size) + 0.3).reshape(a.shape)
    if a.dtype.kind == "c":
        return np.sum(a.real * weights) + 0.7 * np.sum(a.imag * weights)
    return np.sum(a * weights)


Place = tuple[int, ...]


def places(args: Sequence[Any], prefix: Place = ()) -> list[Place]:
    """Where floats stand in the arguments, also inside lists and tuples."""
    found: list[Place] = []
    for k, a in enumerate(args):
        if isinstance(a, (np.ndarray, float)) and np.asarray(a).dtype.kind == "f":
            found.append((*prefix, k))
        elif isinstance(a, (list, tuple)):
            found += places(a, (*prefix, k))
    return found


def at(args: Any, place: Place) -> Any:
    for k in place:
        args = args[k]
    return args


def put(args: Any, place: Place, x: Any) -> Any:
    """`args` with `x` at `place`."""
    if not place:
        return x
    parts = [put(a, place[1:], x) if k == place[0] else a for k, a in enumerate(args)]
    return parts if isinstance(args, list) else tuple(parts)


def as_function(f: Callable[..., Any], args: tuple[Any, ...], wanted: Sequence[Place]) -> Callable[..., Any]:
    """The number that `f` and its changed first argument make, as a function of the floats among `args`."""

    def fn(*xs: Any) -> Any:
        full = args
        for place, x in zip(wanted, xs):
            full = put(full, place, x * 1.0)  # a copy: some functions write into it
        result = f(*full)
        return number(full[0]) if result is None else number(result)

    fn.__name__ = getattr(f, "__name__", "fn")
    return fn


def difference(fn: Callable[..., Any], xs: Sequence[Any]) -> list[Any]:
    """The gradients by Richardson's extrapolation."""
    gradients = []
    for k, x in enumerate(xs):
        x = np.asarray(x, float)
        g = np.zeros(x.shape)
        for i in np.ndindex(*x.shape):

            def central(h: float) -> float:
                total = 0.0
                for sign in (1, -1):
                    y = x.copy()
                    y[i] += sign * h
                    ys = [*xs[:k], y if x.ndim else float(y), *xs[k + 1 :]]
                    total += sign * float(fn(*copy.deepcopy(ys)))
                return total / (2 * h)

            a, b, c = central(1e-3), central(5e-4), central(2.5e-4)
            p, q = (4 * b - a) / 3, (4 * c - b) / 3
            g[i] = (16 * q - p) / 15
        gradients.append(g)
    return gradients


class Call(NamedTuple):
    """A call of a function with arguments for which it answers."""

    fn: Callable[..., Any]
    xs: list[Any]
    expected: list[Any]

    @property
    def varies(self) -> bool:
        return any(np.any(np.abs(g) > 1e-9) for g in self.expected)


def find_call(f: Callable[..., Any], candidates: Sequence[tuple[Any, ...]]) -> Call | None:
    """The first call whose result varies with its arguments, else the first that works."""
    works = None
    for args in candidates:
        wanted = places(args)
        fn = as_function(f, args, wanted)
        xs = [copy.deepcopy(at(args, p)) for p in wanted]
        try:
            expected = difference(fn, xs)
            value = float(fn(*copy.deepcopy(xs)))
        except Exception:  # whatever a library raises for arguments that are not meant for it
            continue
        if not np.isfinite(value) or not all(np.all(np.isfinite(g)) for g in expected):
            continue
        call = Call(fn, xs, expected)
        if call.varies:
            return call
        works = works or call
    return works


def probe(f: Callable[..., Any], candidates: Sequence[tuple[Any, ...]]) -> Verdict:
    """What bcad makes of `f`."""
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        call = find_call(f, candidates)
        if call is None:
            return Verdict("?")
        if not call.xs:
            return Verdict("zero")
        verdict = differentiate(call, range(len(call.xs)))
        if verdict.status != "no" or len(call.xs) == 1:
            return verdict
        single = [differentiate(call, [k]) for k in range(len(call.xs))]
        if any(v.status == "WRONG" for v in single):
            return next(v for v in single if v.status == "WRONG")
        good = [str(k) for k, v in enumerate(single) if v.status != "no"]
        return Verdict("partly", f"in argument {' and '.join(good)} of {len(call.xs)}") if good else verdict


def differentiate(call: Call, wanted: Sequence[int]) -> Verdict:
    """Whether the gradient in some of the arguments is that of the differences."""
    try:
        found = bcad.grad(call.fn, argnums=tuple(wanted))(*copy.deepcopy(call.xs))
    except Exception as error:  # the page says which
        return Verdict("no", f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
    for g, k in zip(found, wanted, strict=True):
        e = call.expected[k]
        if not np.allclose(g, e, rtol=1e-5, atol=1e-7 * (1 + np.max(np.abs(e), initial=0))):
            return Verdict("WRONG", f"{np.ravel(g)[:3]}, differences {np.ravel(e)[:3]}")
    return Verdict("yes" if call.varies else "zero")
