"""Products as users call them: dot, inner, outer, vdot, tensordot, einsum, kron, cross, convolve."""

from __future__ import annotations

import operator
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.ir import Size, Value, assumptions, minimum, product

from .arguments import as_array, as_int, astype, counting
from .convert import cast, strong
from .index import getitem
from .join import pad, stack
from .op import BY_NAME, FUNCTIONS, METHODS, implements
from .products_op import contract, index_sizes
from .shape import atleast_1d, flip, moveaxis, permute, ravel, stretch, to_shape
from .shapes import broadcast, normalize_axis, require_equal

_matmul = BY_NAME["matmul"]


@implements(np.matmul, operator.matmul)
def matmul(x1: Any, x2: Any, /) -> Value:
    """``x1 @ x2``."""
    return _matmul(as_array(x1), as_array(x2))


@implements(np.dot, method="dot")
def dot(a: Any, b: Any) -> Value:
    """The last axis of `a` with the last but one of `b`; the other axes of both stay."""
    a, b = as_array(a), as_array(b)
    if a.ndim == 0 or b.ndim == 0:
        return BY_NAME["multiply"](strong(a), strong(b))
    if b.ndim <= 2:
        return _matmul(a, b)
    if a.ndim == 1:
        return _matmul(a, b)
    return tensordot(a, b, ((a.ndim - 1,), (b.ndim - 2,)))


@implements(np.vdot)
def vdot(a: Any, b: Any, /) -> Value:
    """``sum(conj(a) * b)``."""
    return _matmul(conj(ravel(a)), ravel(b))


def conj(x: Any) -> Any:
    """The complex conjugate; a real array as it is."""
    return BY_NAME["conjugate"](x) if x.dtype.kind == "c" else x


@implements(np.inner)
def inner(a: Any, b: Any, /) -> Value:
    """The last axis of `a` with the last of `b`."""
    a, b = as_array(a), as_array(b)
    if a.ndim == 0 or b.ndim == 0:
        return BY_NAME["multiply"](strong(a), strong(b))
    if b.ndim == 1:
        return _matmul(a, b)
    return tensordot(a, b, ((a.ndim - 1,), (b.ndim - 1,)))


@implements(np.outer)
def outer(a: Any, b: Any) -> Value:
    a, b = ravel(a), ravel(b)
    return BY_NAME["multiply"](to_shape(a, (*a.shape, 1)), b)


@implements(np.linalg.outer)
def linalg_outer(x1: Any, x2: Any, /) -> Value:
    if as_array(x1).ndim != 1 or as_array(x2).ndim != 1:
        raise ValueError("Input arrays must be one-dimensional")
    return outer(x1, x2)


@implements(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Value:
    """Sums over pairs of axes, as one matrix product."""
    a, b = as_array(a), as_array(b)
    if np.ndim(axes) == 0 and not isinstance(axes, (tuple, list)):
        count = as_int(axes)
        pairs = (list(range(a.ndim - count, a.ndim)), list(range(count)))
    else:
        pairs = tuple(list(p) if np.ndim(p) else [p] for p in axes)  # type: ignore[assignment]
    first, second = ([normalize_axis(as_int(k), x.ndim) for k in p] for x, p in zip((a, b), pairs, strict=True))
    if len(first) != len(second):
        raise ValueError("shape-mismatch for sum")
    for i, j in zip(first, second, strict=True):
        require_equal(f"axis {i} of the first array", a.shape[i], f"axis {j} of the second", b.shape[j])
    kept = [k for k in range(a.ndim) if k not in first], [k for k in range(b.ndim) if k not in second]
    left, right = permute(a, kept[0] + first), permute(b, second + kept[1])
    rows, columns = (tuple(x.shape[k] for k in ks) for x, ks in zip((a, b), kept, strict=True))
    middle = product(a.shape[k] for k in first)
    y = _matmul(to_shape(left, (product(rows), middle)), to_shape(right, (middle, product(columns))))
    return BY_NAME["reshape"](y, shape=rows + columns) if len(rows) != 1 or len(columns) != 1 else y


# -- einsum ---------------------------------------------------------------------------------------
@implements(np.einsum)
def einsum(*operands: Any, optimize: Any = False, dtype: Any = None, casting: str = "safe", order: str = "K") -> Value:
    """Both call forms; the implicit output is made explicit, an ellipsis gets letters of its own."""
    subscripts, arrays = _operands(operands)
    terms, output = explicit(subscripts, [x.ndim for x in arrays])
    if dtype is not None:
        arrays = [astype(x, dtype) for x in arrays]
    index_sizes(terms, [x.shape for x in arrays])
    y = contract(",".join(terms) + "->" + output, *arrays)
    return y


def _operands(operands: Sequence[Any]) -> tuple[str, list[Value]]:
    if isinstance(operands[0], str):
        return operands[0].replace(" ", ""), [as_array(x) for x in operands[1:]]
    arrays = [as_array(x) for x in operands[: len(operands) // 2 * 2 : 2]]
    terms = [_letters(s) for s in operands[1::2]]
    subscripts = ",".join(terms)
    if len(operands) % 2:
        subscripts += "->" + _letters(operands[-1])
    return subscripts, arrays


def _letters(sublist: Any) -> str:
    return "".join("..." if s is Ellipsis else string.ascii_letters[as_int(s)] for s in sublist)


def explicit(subscripts: str, ndims: Sequence[int]) -> tuple[list[str], str]:
    """Terms and output without ellipsis; the implicit output has the indices that occur once, sorted."""
    inputs, arrow, output = subscripts.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ndims):
        raise ValueError("more operands provided to einstein sum function than specified in the subscripts string"
                         if len(terms) < len(ndims) else "fewer operands provided to einsum than specified")
    unused = [c for c in string.ascii_letters if c not in subscripts]
    widths = [n - len(t.replace("...", "")) for t, n in zip(terms, ndims, strict=True)]
    if any(w < 0 or (w and "..." not in t) for t, w in zip(terms, widths, strict=True)):
        raise ValueError("einstein sum subscripts string does not fit the number of axes of an operand")
    rest = "".join(unused[: max([w for t, w in zip(terms, widths, strict=True) if "..." in t], default=0)])
    if not arrow:
        once = sorted(c for c in set(inputs) - set(",.") if inputs.count(c) == 1)
        output = ("..." if "..." in inputs else "") + "".join(once)
    terms = [t.replace("...", rest[len(rest) - w :]) for t, w in zip(terms, widths, strict=True)]
    return terms, output.replace("...", rest)


# -- products made of those -----------------------------------------------------------------------
@implements(np.kron)
def kron(a: Any, b: Any) -> Value:
    """Each element of `a` times all of `b`."""
    a, b = strong(as_array(a)), strong(as_array(b))
    ndim = max(a.ndim, b.ndim)
    if not ndim:
        return BY_NAME["multiply"](a, b)
    m, n = ((1,) * (ndim - x.ndim) + tuple(x.shape) for x in (a, b))
    left = to_shape(a, [s for size in m for s in (size, 1)])
    right = to_shape(b, [s for size in n for s in (1, size)])
    return to_shape(BY_NAME["multiply"](left, right), [i * j for i, j in zip(m, n, strict=True)])


@implements(np.cross, np.linalg.cross)
def cross(a: Any, b: Any, axisa: Any = -1, axisb: Any = -1, axisc: Any = -1, axis: Any = None) -> Value:
    """The vector product of 3-vectors (2-vectors have a zero third component)."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(a, axisa, -1), moveaxis(b, axisb, -1)
    batch = broadcast(a.shape[:-1], b.shape[:-1])
    u, v = ([x[..., k] for k in range(_two_or_three(x.shape[-1]))] for x in (a, b))
    if len(u) == len(v) == 2:
        return stretch(u[0] * v[1] - u[1] * v[0], batch)
    u, v = ([*w, None] if len(w) == 2 else w for w in (u, v))
    parts = [_minor(u, v, (k + 1) % 3, (k + 2) % 3) for k in range(3)]
    return moveaxis(stack([stretch(p, batch) for p in parts], -1), -1, axisc)


def _two_or_three(size: Size) -> int:
    for n in (3, 2):
        if assumptions().equal(size, n):
            return n
    raise ValueError("incompatible dimensions for cross product (dimension must be 2 or 3)")


def _minor(u: list[Any], v: list[Any], i: int, j: int) -> Value:
    """``u[i] * v[j] - u[j] * v[i]``, where None is zero."""
    left = None if u[i] is None or v[j] is None else u[i] * v[j]
    right = None if u[j] is None or v[i] is None else u[j] * v[i]
    return left if right is None else -right if left is None else left - right  # type: ignore[return-value]


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Value:
    """``y[k] = sum(a[i] * v[k - i])``, as a product with windows of `a`."""
    a, v = _vector(atleast_1d(a)), _vector(atleast_1d(v))
    n, m = a.shape[0], v.shape[0]
    if isinstance(n, int) and isinstance(m, int) and m > n:
        a, v, n, m = v, a, m, n
    if n == 0 or m == 0:
        raise ValueError("a cannot be empty" if n == 0 else "v cannot be empty")
    y = _matmul(_windows(pad(a, (m - 1, m - 1)), n + m - 1, m), flip(v))
    return _trim(y, n, m, mode)


def _vector(x: Any) -> Value:
    x = as_array(x)
    if x.ndim != 1:
        raise ValueError("object too deep for desired array" if x.ndim else "object of too small depth for desired array")
    return x


def _windows(x: Value, count: Size, width: Size) -> Value:
    """The matrix with rows ``x[k : k + width]``."""
    rows = to_shape(counting(count), (count, 1))
    return getitem(x, BY_NAME["add"](rows, counting(width)))


def _trim(y: Value, n: Size, m: Size, mode: str) -> Value:
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"mode must be one of 'valid', 'same', or 'full' (got {mode!r})")
    if mode == "full":
        return y
    smaller = minimum(n, m)
    if mode == "valid":
        return y[slice(smaller - 1, n + m - smaller)]
    start = (smaller - 1) // 2
    return y[slice(start, start + n + m - smaller)]


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Value:
    """``c[k] = sum(a[n + k] * conj(v[n]))``."""
    a, v = _vector(a), _vector(v)
    n, m = a.shape[0], v.shape[0]
    if mode != "full" and assumptions().less(n, m):
        return flip(convolve(flip(a), conj(v), mode)) if mode == "valid" else _same_of_shorter(a, v)
    return convolve(a, flip(conj(v)), mode)


def _same_of_shorter(a: Value, v: Value) -> Value:
    """NumPy correlates the longer with the shorter and reverses the result."""
    return flip(convolve(v if v.dtype.kind != "c" else conj(v), flip(a), "same"))


# -- products of vectors in stacks (NumPy 2) ------------------------------------------------------
def _at_least(x: Value, ndim: int, name: str, k: int) -> Value:
    if x.ndim < ndim:
        raise ValueError(f"{name}: Input operand {k} does not have enough dimensions (has {x.ndim}, requires {ndim})")
    return x


def vecdot(x1: Any, x2: Any, /, *, axis: Any = -1) -> Value:
    a, b = (moveaxis(_at_least(as_array(x), 1, "vecdot", k), axis, -1) for k, x in enumerate((x1, x2)))
    require_equal("the last axis of the first array", a.shape[-1], "that of the second", b.shape[-1])  # 1 is not stretched
    y = BY_NAME["multiply"](conj(a), b)
    return cast(BY_NAME["sum"](y, axis=(y.ndim - 1,), keepdims=False), y.dtype)


def matvec(x1: Any, x2: Any, /) -> Value:
    a, b = _at_least(as_array(x1), 2, "matvec", 0), _at_least(as_array(x2), 1, "matvec", 1)
    return _matmul(a, to_shape(b, (*b.shape, 1)))[..., 0]


def vecmat(x1: Any, x2: Any, /) -> Value:
    a, b = conj(_at_least(as_array(x1), 1, "vecmat", 0)), _at_least(as_array(x2), 2, "vecmat", 1)
    return _matmul(to_shape(a, (*a.shape[:-1], 1, a.shape[-1])), b)[..., 0, :]


for _name, _meaning in (("vecdot", vecdot), ("matvec", matvec), ("vecmat", vecmat)):
    if hasattr(np, _name):
        FUNCTIONS[getattr(np, _name)] = _meaning
FUNCTIONS.update({np.linalg.vecdot: vecdot, np.linalg.matmul: matmul, np.linalg.tensordot: tensordot})
METHODS["__matmul__"] = matmul
Value.operators.update(__matmul__=matmul, __rmatmul__=lambda a, b: matmul(b, a))
