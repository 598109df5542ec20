"""The two products that all others come down to: matmul of stacks of matrices, and einsum.

A cotangent acts bilinearly (no conjugation), so both vjp rules are products with transposes,
which a BLAS takes as flags.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Kind, Size, Value

from .arguments import astype, counting, zeros
from .cotangents import to_cotangent
from .index_template import Part
from .op import BY_NAME, Op, Zero, define
from .samples import Sample, complexes, reals
from .shape import permute, stretch, swap_last
from .shapes import ShapeError, broadcast, promote, require_equal


class Bilinear(Op):
    """Linear in each of its arrays; complex results of real arrays lose their imaginary part in vjp."""

    linear = (0, 1)

    def jvp(self, y: Value, *rest: Any, **attrs: Any) -> Any:
        n = len(rest) // 2
        inputs, tangents = rest[:n], rest[n:]
        total: Any = Zero(y.type)
        for k, tangent in enumerate(tangents):
            if type(tangent) is not Zero:
                total = BY_NAME["add"](total, self(*inputs[:k], tangent, *inputs[k + 1 :], **attrs))
        return total if type(total) is Zero else astype(total, y.dtype)


@define
class Matmul(Bilinear):
    """``a @ b`` of matrices in the last two axes, or of vectors; the rest broadcasts."""

    numpy = np.matmul
    samples = (
        Sample(reals(2, 3), reals(3, 4)),
        Sample(reals(3), reals(3)),
        Sample(reals(2, 3), reals(3)),
        Sample(reals(3), reals(3, 2)),
        Sample(reals(2, 1, 2, 3), reals(4, 3, 2)),
        Sample(reals(3), reals(2, 3, 2)),
        Sample(reals(2, 2, 3), reals(3)),
        Sample(complexes(2, 2), reals(2, 3)),
        Sample(reals(2, 0), reals(0, 3)),
    )

    def type_rule(self, a: ArrayType, b: ArrayType) -> ArrayType:
        if a.ndim == 0 or b.ndim == 0:
            raise ShapeError("matmul: Input operand does not have enough dimensions (a number is not a matrix)")
        contracted = b.shape[0] if b.ndim == 1 else b.shape[-2]
        require_equal("the last axis of the first factor", a.shape[-1], "the first of the second", contracted)
        rows = a.shape[-2:-1]
        columns = b.shape[-1:] if b.ndim > 1 else ()
        shape = (*broadcast(a.shape[:-2], b.shape[:-2]), *rows, *columns)
        return ArrayType(promote(a, b), shape, Kind.ARRAY if shape else Kind.SCALAR)

    def vjp(self, g: Any, y: Value, a: Value, b: Value) -> tuple[Any, Any]:
        return (
            to_cotangent(self._left(g, a, b), a) if a.type.differentiable else None,
            to_cotangent(self._right(g, a, b), b) if b.type.differentiable else None,
        )

    def _left(self, g: Any, a: Value, b: Value) -> Any:
        """``g @ b.T``"""
        if type(g) is Zero:
            return Zero(a.type)
        if b.ndim == 1:
            return g * b if a.ndim == 1 else column(g) * b
        return self(g, swap_last(b)) if a.ndim > 1 else self(b, column(g))[..., 0]

    def _right(self, g: Any, a: Value, b: Value) -> Any:
        """``a.T @ g``"""
        if type(g) is Zero:
            return Zero(b.type)
        if a.ndim == 1:
            return g * a if b.ndim == 1 else BY_NAME["reshape"](a, shape=(*a.shape, 1)) * row(g)
        if b.ndim == 1:
            return self(swap_last(a), column(g))[..., 0] if a.ndim > 2 else self(g, a)
        return self(swap_last(a), g)


def column(g: Any) -> Any:
    """Vectors as matrices of one column."""
    return BY_NAME["reshape"](g, shape=(*g.shape, 1))


def row(g: Any) -> Any:
    """Vectors as matrices of one row."""
    return BY_NAME["reshape"](g, shape=(*g.shape[:-1], 1, g.shape[-1]))


@define
class Einsum(Bilinear):
    """``einsum(subscripts, *arrays)`` with explicit output and no ellipsis: ``"ij,jk->ik"``.

    The subscripts may be any characters but ``,-> ``.  In a cotangent for one operand, an index
    that only this operand has is stretched, one that repeats in it goes to a diagonal.
    """

    linear: Any = tuple(range(32))
    samples = (
        Sample(reals(2, 3), reals(3, 4), subscripts="ij,jk->ik"),
        Sample(reals(3, 3), subscripts="ii->i"),
        Sample(reals(3, 3), subscripts="ii->"),
        Sample(reals(2, 3), reals(2), subscripts="ij,k->j"),
        Sample(reals(2, 2, 3), reals(3, 2), subscripts="iij,ji->ij"),
        Sample(reals(2, 3), reals(3), reals(2, 3), subscripts="ij,j,ij->"),
        Sample(complexes(2), reals(2), subscripts="i,j->ji"),
        Sample(reals(1, 3), reals(2, 3), subscripts="ij,ij->ij"),
    )

    def type_rule(self, *arrays: ArrayType, subscripts: str) -> ArrayType:
        terms, output = parse(subscripts)
        if len(terms) != len(arrays):
            raise ShapeError(f"einsum: {len(terms)} subscripts for {len(arrays)} operands")
        sizes = index_sizes(terms, [a.shape for a in arrays])
        if missing := set(output) - set(sizes):
            raise ShapeError(f"einsum: output subscripts {missing} are in no operand")
        shape = tuple(sizes[c] for c in output)
        return ArrayType(np.result_type(*(a.dtype for a in arrays)), shape, Kind.ARRAY if shape else Kind.SCALAR)

    def evaluate(self, *arrays: Any, subscripts: str) -> Any:
        y = np.einsum(subscripts, *arrays, optimize=len(arrays) > 2)
        return np.asarray(y)[()]

    def vjp(self, g: Any, y: Value, *arrays: Value, subscripts: str) -> tuple[Any, ...]:
        terms, output = parse(subscripts)
        sizes = index_sizes(terms, [a.shape for a in arrays])
        back: list[Any] = []
        for k, x in enumerate(arrays):
            if not x.type.differentiable:
                back.append(None)
                continue
            others = [(t, a) for j, (t, a) in enumerate(zip(terms, arrays, strict=True)) if j != k]
            back.append(to_cotangent(self._pull(g, output, others, terms[k], sizes), x))
        return tuple(back)

    def _pull(self, g: Any, output: str, others: list[tuple[str, Value]], term: str, sizes: dict[str, Size]) -> Any:
        if type(g) is Zero:
            return Zero(g.type.with_shape(tuple(sizes[c] for c in term)))
        distinct = "".join(dict.fromkeys(term))
        seen = set(output).union(*(t for t, _ in others))
        kept = "".join(c for c in distinct if c in seen)
        subscripts = ",".join([output, *(t for t, _ in others)]) + "->" + kept
        part = contract(subscripts, g, *(a for _, a in others))
        shape = tuple(sizes[c] for c in distinct)
        if kept != distinct:
            part = BY_NAME["reshape"](part, shape=tuple(sizes[c] if c in seen else 1 for c in distinct))
        part = stretch(part, shape)
        return spread(part, distinct, term, sizes) if distinct != term else part


def contract(subscripts: str, *arrays: Any) -> Value:
    """An einsum of the explicit form; one operand that is only rearranged is a view, as NumPy's."""
    terms, output = parse(subscripts)
    if len(arrays) == 1 and terms[0] == output * 2 and len(output) == 1:
        return BY_NAME["diagonal"](arrays[0], offset=0)
    if len(arrays) == 1 and len(set(terms[0])) == len(terms[0]) and set(terms[0]) == set(output):
        return permute(arrays[0], [terms[0].index(c) for c in output])
    return BY_NAME["einsum"](*arrays, subscripts=subscripts)


def spread(part: Value, distinct: str, term: str, sizes: dict[str, Size]) -> Value:
    """Put an array over distinct indices on the diagonals of one whose indices repeat."""
    n = len(distinct)
    places = {c: BY_NAME["reshape"](counting(sizes[c]), shape=(1,) * k + (sizes[c],) + (1,) * (n - k - 1))
              for k, c in enumerate(distinct)}  # fmt: skip
    target = zeros(tuple(sizes[c] for c in term), part.dtype)
    return BY_NAME["index_add"](target, part, *(places[c] for c in term), index=(Part.ARRAY,) * len(term))


def parse(subscripts: str) -> tuple[list[str], str]:
    """``"ij,jk->ik"`` as ``(["ij", "jk"], "ik")``."""
    inputs, output = subscripts.split("->")
    return inputs.split(","), output


def index_sizes(terms: Sequence[str], shapes: Sequence[Sequence[Size]]) -> dict[str, Size]:
    """The size of each index; 1 stretches as in broadcasting."""
    sizes: dict[str, Size] = {}
    for term, shape in zip(terms, shapes, strict=True):
        if len(term) != len(shape):
            raise ShapeError(f"einsum: subscripts {term!r} for an operand with {len(shape)} axes")
        for c, size in zip(term, shape, strict=True):
            sizes[c] = broadcast((sizes[c],), (size,))[0] if c in sizes else size
    return sizes
