"""Dual numbers in plain Python and NumPy: a second opinion on derivatives that shares nothing with bcad.

A program of the fuzzer is run by CPython with `numpy` and `math` below in place of the real ones.  Arrays are pairs of
ndarrays of one shape; a view of the pair is a pair of views, so writes and aliases are NumPy's own.
"""

from __future__ import annotations

import math
import types
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

import numpy as np

kinks: list[str] = []  # where a function was not differentiable: conventions differ there


class Dual:
    """A number and its tangent."""

    __array_priority__ = 1000
    __array_ufunc__ = None

    def __init__(self, v: Any, t: Any = 0.0) -> None:
        self.v, self.t = v, t

    def __bool__(self) -> bool:
        return bool(self.v)

    def __float__(self) -> float:
        raise TypeError("float() of a dual number drops its tangent")

    def __abs__(self) -> Any:
        return absolute(self)

    def __neg__(self) -> Any:
        return made(-self.v, -self.t)

    def __pos__(self) -> Any:
        return self

    def __hash__(self) -> int:
        return hash(self.v)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.v!r}, {self.t!r})"


class DualArray(Dual):
    """An array and its tangent."""

    def __init__(self, v: np.ndarray, t: Any = None) -> None:
        self.v = v
        self.t = np.zeros(v.shape) if t is None else t

    def __len__(self) -> int:
        return len(self.v)

    def __iter__(self) -> Any:
        return (self[k] for k in range(len(self.v)))

    def __getitem__(self, key: Any) -> Any:
        return made(self.v[plain(key)], self.t[plain(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        v, t = parts(value)
        key = plain(key)
        if v is not value and isinstance(v, np.ndarray):
            v, t = v.copy(), np.array(t)
        self.v[key] = v
        self.t[key] = t if self.v.dtype.kind == "f" else 0.0

    def fill(self, value: Any) -> None:
        self[...] = value

    def sum(self, axis: Any = None) -> Any:
        return made(self.v.sum(axis=axis), self.t.sum(axis=axis))

    def copy(self) -> Any:
        return made(self.v.copy(), self.t.copy())

    def ravel(self) -> Any:
        return made(self.v.ravel(), self.t.ravel())

    def reshape(self, *shape: Any) -> Any:
        return made(self.v.reshape(*shape), self.t.reshape(*shape))

    @property
    def T(self) -> Any:
        return made(self.v.T, self.t.T)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.v.shape

    def __matmul__(self, other: Any) -> Any:
        a, b = parts(self), parts(other)
        return made(a[0] @ b[0], a[1] @ b[0] + a[0] @ np.broadcast_to(b[1], np.shape(b[0])))


def parts(x: Any) -> tuple[Any, Any]:
    if isinstance(x, (list, tuple, deque)):
        x = array(x)
    return (x.v, x.t) if isinstance(x, Dual) else (x, 0.0)


def plain(x: Any) -> Any:
    """Values alone, in tuples and slices too."""
    if isinstance(x, tuple):
        return tuple(map(plain, x))
    return x.v if isinstance(x, Dual) else x


def made(v: Any, t: Any) -> Any:
    """A dual number or array; integers and flags have no tangent."""
    if isinstance(v, np.ndarray):
        if v.dtype.kind != "f":
            return v
        same = isinstance(t, np.ndarray) and t.shape == v.shape
        return DualArray(v, t if same else np.array(np.broadcast_to(t, v.shape)))
    return Dual(v, t) if isinstance(v, (float, np.floating)) else v


def lift(x: Any, known: dict[int, Any] | None = None) -> Any:
    """`x` with zero tangents, containers and plain objects too; `known` has what something was lifted to before."""
    known = {} if known is None else known
    if id(x) not in known:
        known[id(x)] = _lifted(x, known)
    return known[id(x)]


def _lifted(x: Any, known: dict[int, Any]) -> Any:
    if isinstance(x, np.ndarray) and x.dtype.kind == "f":
        return DualArray(x)
    if isinstance(x, deque):
        return deque((lift(item, known) for item in x), x.maxlen)
    if isinstance(x, (list, tuple)):
        return type(x)(lift(item, known) for item in x)
    if isinstance(x, defaultdict):
        return defaultdict(x.default_factory, {k: lift(v, known) for k, v in x.items()})
    return type(x)((k, lift(v, known)) for k, v in x.items()) if isinstance(x, dict) else x


# -- arithmetic ----------------------------------------------------------------------------------
def _power_tangent(z: Any, a: Any, b: Any, ta: Any, tb: Any) -> Any:
    base = np.where(np.equal(b, 0), 0.0, b * np.where(np.equal(b, 0), 1.0, np.asarray(a) ** (np.asarray(b) - 1.0))) * ta
    return base + (z * np.log(a) * tb if np.any(tb) else 0.0)


_TANGENTS: dict[str, Callable[..., Any]] = {
    "add": lambda z, a, b, ta, tb: ta + tb,
    "sub": lambda z, a, b, ta, tb: ta - tb,
    "mul": lambda z, a, b, ta, tb: ta * b + a * tb,
    "truediv": lambda z, a, b, ta, tb: (ta - z * tb) / np.asarray(b),
    "pow": _power_tangent,
    "mod": lambda z, a, b, ta, tb: ta - np.floor_divide(a, b) * tb,
    "floordiv": lambda z, a, b, ta, tb: 0.0,
}


def _install() -> None:
    import operator

    for name, tangent in _TANGENTS.items():
        def forward(self: Any, other: Any, op: Any = getattr(operator, name), tangent: Any = tangent) -> Any:
            return _binary(op, tangent, self, other)

        def reflected(self: Any, other: Any, op: Any = getattr(operator, name), tangent: Any = tangent) -> Any:
            return _binary(op, tangent, other, self)

        def in_place(self: Any, other: Any, op: Any = getattr(operator, name), tangent: Any = tangent) -> Any:
            self[...] = _binary(op, tangent, self, other)
            return self

        setattr(Dual, f"__{name}__", forward)
        setattr(Dual, f"__r{name}__", reflected)
        setattr(DualArray, f"__i{name}__", in_place)
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        def compare(self: Any, other: Any, op: Any = getattr(operator, name)) -> Any:
            return op(self.v, plain(other))

        setattr(Dual, f"__{name}__", compare)


def _binary(op: Any, tangent: Any, x: Any, y: Any) -> Any:
    (a, ta), (b, tb) = parts(x), parts(y)
    z = op(a, b)
    with np.errstate(all="ignore"):
        return made(z, tangent(z, a, b, np.asarray(ta, float)[()], np.asarray(tb, float)[()]))


_install()


# -- functions -----------------------------------------------------------------------------------
_PARTIALS: dict[str, Callable[[Any, Any], Any]] = {
    "sin": lambda x, y: np.cos(x), "cos": lambda x, y: -np.sin(x), "tanh": lambda x, y: 1 - y * y, "arctan": lambda x, y: 1 / (1 + x * x),
    "square": lambda x, y: 2 * x, "negative": lambda x, y: -1.0, "exp": lambda x, y: y, "exp2": lambda x, y: y * math.log(2),
    "log": lambda x, y: 1 / np.asarray(x), "sqrt": lambda x, y: 0.5 / np.asarray(y),
}


def _unary(name: str, function: Any) -> Any:
    partial = _PARTIALS[name]

    def call(x: Any, out: Any = None) -> Any:
        v, t = parts(x)
        y = function(v)
        with np.errstate(all="ignore"):
            result = made(y, partial(np.asarray(v, float)[()], y) * t)
        if out is None:
            return result
        out[...] = result
        return out

    return call


def absolute(x: Any) -> Any:
    v, t = parts(x)
    if np.any(np.equal(v, 0) & np.not_equal(t, 0)):
        kinks.append("abs")
    return made(abs(v), np.sign(v) * t)


def chosen(mask: Any, x: Any, y: Any, value: Any) -> Any:
    (a, ta), (b, tb) = parts(x), parts(y)
    if np.any(np.equal(a, b) & np.not_equal(ta, tb)):
        kinks.append("a tie")
    return made(value, np.where(mask, ta, tb)[()])


def maximum(x: Any, y: Any) -> Any:
    a, b = plain(x), plain(y)
    return chosen(np.greater(a, b), x, y, np.maximum(a, b))


def minimum(x: Any, y: Any) -> Any:
    a, b = plain(x), plain(y)
    return chosen(np.less(a, b), x, y, np.minimum(a, b))


def where(mask: Any, x: Any, y: Any) -> Any:
    (a, ta), (b, tb) = parts(x), parts(y)
    return made(np.where(plain(mask), a, b), np.where(plain(mask), ta, tb))


def clip(x: Any, low: float, high: float) -> Any:
    v, t = parts(x)
    if np.any((np.equal(v, low) | np.equal(v, high)) & np.not_equal(t, 0)):
        kinks.append("clip")
    return made(np.clip(v, low, high), np.where((v > low) & (v < high), t, 0.0)[()])


def hypot(x: Any, y: Any) -> Any:
    (a, ta), (b, tb) = parts(x), parts(y)
    z = np.hypot(a, b)
    if np.any(z == 0):
        kinks.append("hypot")
    return made(z, (a * ta + b * tb) / np.where(z == 0, 1.0, z)[()])


def norm(x: Any) -> Any:
    v, t = parts(x)
    z = np.linalg.norm(v)
    if z == 0:
        kinks.append("norm")
    return made(z, np.sum(v * t) / (z or 1.0))


def _extreme(reduce: Any) -> Any:
    def call(x: Any, axis: Any = None) -> Any:
        v, t = parts(x)
        y = reduce(v, axis=axis)
        hit = np.equal(v, y if axis is None else np.expand_dims(y, axis))
        tangent = np.where(hit, t, 0.0).sum(axis=axis) / hit.sum(axis=axis)
        spread = np.where(hit, t, -np.inf).max(axis=axis) - np.where(hit, t, np.inf).min(axis=axis)
        if np.any(spread > 0):
            kinks.append("a tie of a maximum")
        return made(y, tangent)

    return call


def prod(x: Any) -> Any:
    v, t = parts(x)
    total = 0.0
    for k in range(v.size):
        total = total + np.prod(np.delete(v.ravel(), k)) * t.ravel()[k]
    return made(np.prod(v), total)


def array(items: Any, dtype: Any = None) -> Any:
    if isinstance(items, Dual):
        return items.copy()
    if not any(isinstance(x, Dual) for x in items):
        return lift(np.array(items, None if dtype is None else float))
    return made(np.array([parts(x)[0] for x in items]), np.array([np.broadcast_to(parts(x)[1], np.shape(parts(x)[0])) for x in items]))


def sort(x: Any) -> Any:
    order = np.argsort(x.v, kind="stable")
    if np.any(np.diff(x.v[order]) == 0):
        kinks.append("equal numbers sorted")
    return made(x.v[order], x.t[order])


def _both(function: Any) -> Any:
    """A linear function that moves or adds elements."""

    def call(x: Any, *rest: Any, **options: Any) -> Any:
        v, t = parts(x)
        return made(function(v, *rest, **options), function(np.array(np.broadcast_to(t, np.shape(v))), *rest, **options))

    return call


def concatenate(arrays: Any) -> Any:
    return made(np.concatenate([a.v for a in arrays]), np.concatenate([a.t for a in arrays]))


def full(shape: Any, value: Any) -> Any:
    v, t = parts(value)
    return made(np.full(shape, v), np.full(shape, float(t)))


def add_at(a: Any, index: Any, values: Any) -> None:
    v, t = parts(values)
    np.add.at(a.v, index, v)
    np.add.at(a.t, index, t)


def dot(x: Any, y: Any) -> Any:
    return (x * y).sum()


def to_float(x: Any) -> Any:
    v, t = parts(x)
    return made(float(v), float(t))


def _namespace() -> tuple[Any, Any]:
    table = {name: _unary(name, getattr(np, name)) for name in _PARTIALS}
    table |= {name: _both(getattr(np, name)) for name in ("sum", "mean", "cumsum", "roll", "flip")}
    table |= {"abs": absolute, "maximum": maximum, "minimum": minimum, "where": where, "clip": clip, "hypot": hypot, "array": array,
              "sort": sort, "concatenate": concatenate, "full": full, "prod": prod, "dot": dot, "eye": np.eye, "int64": np.int64, "random": np.random,
              "arange": lambda *bounds: DualArray(np.arange(*bounds)),
              "float32": np.float32, "float64": np.float64}
    table |= {"max": _extreme(np.max), "min": _extreme(np.min), "linalg": types.SimpleNamespace(norm=norm),
              "add": types.SimpleNamespace(at=add_at)}
    table |= {name: (lambda *a, f=getattr(np, name), **k: lift(f(*a, **k))) for name in ("zeros", "ones", "linspace")}
    functions = {name: _unary(name, getattr(math, name)) for name in ("sin", "tanh", "exp", "sqrt", "log", "cos")}
    return types.SimpleNamespace(**table), types.SimpleNamespace(**functions)


numpy, dual_math = _namespace()
