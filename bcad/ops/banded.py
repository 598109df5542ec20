"""Banded systems: ``ab[above + i - j, j] == a[i, j]``, as LAPACK stores them."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import ArrayType, Value

from .arguments import astype, counting, zeros
from .index_template import Part
from .layout import LinearMap
from .matrices import MatrixOp, conj
from .op import BY_NAME, Zero, define
from .samples import Sample, reals
from .shape import to_shape
from .shapes import promote, require_equal


@define
class BandTranspose(LinearMap):
    """The band of the transposed matrix: row r, column j holds what was in row ``-1 - r``, column ``j + r - below``."""

    samples = (Sample(reals(4, 5), below=2, above=1),)

    def type_rule(self, ab: ArrayType, *, below: int, above: int) -> ArrayType:
        require_equal("the rows of a band", ab.shape[0], "below + above + 1", below + above + 1)
        return ab

    def evaluate(self, ab: Any, *, below: int, above: int) -> Any:
        y = np.zeros_like(ab)
        n = ab.shape[1]
        for r in range(len(ab)):
            shift = r - below  # the transposed has `below` diagonals above
            inside = slice(max(-shift, 0), n - max(shift, 0))
            y[r, inside] = ab[len(ab) - 1 - r, max(shift, 0) : n + min(shift, 0)]
        return y

    def vjp(self, g: Any, y: Value, ab: Value, *, below: int, above: int) -> tuple[Any]:
        return (self(g, below=above, above=below),)


def dominant(rng: np.random.Generator) -> Any:
    """A band with one diagonal above, two below, and a large main one."""
    return rng.uniform(-1, 1, (4, 5)) + np.array([[0], [5], [0], [0]])


@define
class SolveBanded(MatrixOp):
    """``a @ x == b`` for a with `below` diagonals below and `above` above the main one."""

    linear = (1,)
    samples = (Sample(dominant, reals(5, 2), below=2, above=1),)

    def type_rule(self, ab: ArrayType, b: ArrayType, *, below: int, above: int) -> ArrayType:
        require_equal("the columns of the band", ab.shape[1], "the rows of b", b.shape[0])
        require_equal("the rows of the band", ab.shape[0], "below + above + 1", below + above + 1)
        return ArrayType(promote(ab, b), b.shape)

    def evaluate(self, ab: Any, b: Any, *, below: int, above: int) -> Any:
        from scipy.linalg import solve_banded

        return solve_banded((below, above), ab, b, check_finite=False)

    def jvp(self, x: Value, ab: Value, b: Value, dab: Any, db: Any, *, below: int, above: int) -> Any:
        right = db
        if type(dab) is not Zero:
            right = BY_NAME["subtract"](right, band_product(dab, x, below, above))
        return astype(self(ab, right, below=below, above=above), x.dtype)

    def pull(self, G: Any, x: Any, *inputs: Value, **attrs: Any) -> tuple[Any, Any]:
        below, above = attrs["below"], attrs["above"]
        back = conj(BY_NAME["band_transpose"](inputs[0], below=below, above=above))
        w = self(back, G, below=above, above=below)
        return -band_outer(w, conj(x), below, above), w


def _rows(n: Any, below: int, above: int) -> tuple[Value, Value]:
    """For each place of the band the row ``i = j + r - above`` of the matrix, and whether it exists."""
    r = to_shape(counting(below + above + 1), (below + above + 1, 1))
    i = BY_NAME["add"](r - above, counting(n))
    inside = BY_NAME["logical_and"](i >= 0, i < n)
    return BY_NAME["where"](inside, i, 0), inside


def band_outer(w: Value, x: Value, below: int, above: int) -> Value:
    """The band of ``w @ x.T``."""
    i, inside = _rows(x.shape[0], below, above)
    products = BY_NAME["sum"](w[i] * x, axis=(2,), keepdims=False)
    return BY_NAME["where"](inside, products, products.dtype.type(0))


def band_product(ab: Value, x: Value, below: int, above: int) -> Value:
    """``a @ x`` from the band of a."""
    i, inside = _rows(x.shape[0], below, above)
    terms = BY_NAME["where"](inside, ab, ab.dtype.type(0))
    terms = to_shape(terms, (*terms.shape, 1)) * x
    return BY_NAME["index_add"](zeros(x.shape, terms.dtype), terms, i, index=(Part.ARRAY,))


