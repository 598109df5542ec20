"""Systems with band matrices, by LAPACK; the band of a transposed matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Node

from .kernel import INT, Expr, Fail, Library
from .lower_linalg import SINGULAR, at_least_one, routine, transposed
from .scalars import Unsupported
from .scope import Scope
from .specials import special


@special("band_transpose")
def _band_transpose(scope: Scope, node: Node, step: int) -> None:
    """Row r of the result is row ``-1 - r`` of the band, moved along by ``r - below``; zeros where there is nothing."""
    (ab,), e, s = node.inputs, scope.e, scope.s
    source, target = scope.memory(ab), scope.room_for(node.output)
    rows, n = scope.sizes(ab.shape)
    zero = s.literal(ab.dtype.type(0), ab.dtype)
    with e.loop(e.int(0), rows) as r, e.loop(e.int(0), n) as j:
        k = e.sub(e.add(j, r), e.int(node.attrs["below"]))
        inside = s.binary("and", s.compare("ge", k, e.int(0)), s.compare("lt", k, n))
        row = e.sub(e.sub(rows, e.int(1)), r)
        found = e.load(source, e.add(e.mul(row, n), s._select(inside, k, e.int(0))))
        e.store(target, e.add(e.mul(r, n), j), s.select(inside, found, zero))
    scope.bind(node.output, scope.rewritten(target))


@special("solve_banded")
def _solve_banded(scope: Scope, node: Node, step: int) -> None:
    (ab, b), e, out = node.inputs, scope.e, node.output
    below, above = node.attrs["below"], node.attrs["above"]
    if ab.dtype != b.dtype or ab.dtype.kind != "f":
        raise Unsupported(f"solve_banded of {ab.dtype} and {b.dtype}")
    name = routine(ab.dtype, "gbsv")
    source, right, target = scope.memory(ab), scope.memory(b), scope.room_for(out)
    n, r = scope.sizes(b.shape)
    rows, lead = below + above + 1, e.int(2 * below + above + 1)  # there is room for what pivoting brings up
    band, columns = _scratch(scope, ab.dtype, n, lead), _scratch(scope, ab.dtype, r, n)
    pivots = _scratch(scope, np.dtype(np.int32), n)
    with e.loop(e.int(0), n) as j:
        with e.loop(e.int(0), e.int(below)) as i:
            e.store(band, e.add(e.mul(j, lead), i), e.const(0.0, band.type))
        with e.loop(e.int(0), e.int(rows)) as i:
            e.store(band, e.add(e.mul(j, lead), e.add(i, e.int(below))), e.load(source, e.add(e.mul(i, n), j)))
    transposed(scope, columns, e.int(0), right, e.int(0), n, r)
    status = e.variable("status", INT)
    e.library(Library(name, (
        ("int", n), ("int", e.int(below)), ("int", e.int(above)), ("int", r), ("buffer", band, None), ("int", lead),
        ("buffer", pivots, None), ("buffer", columns, None), ("int", at_least_one(scope, n)),
    ), status))
    e.append(Fail(scope.s.compare("ne", e.get(status), e.int(0)), scope.function.message(SINGULAR)))
    target.mutable = True
    transposed(scope, target, e.int(0), columns, e.int(0), r, n)
    scope.bind(out, scope.rewritten(target))
    scope.function.kernel.summary.append(f"{name} {ab.type}")


def _scratch(scope: Scope, dtype: Any, *shape: Expr) -> Any:
    made = scope.allocate(dtype, shape)
    made.mutable = True
    return made
