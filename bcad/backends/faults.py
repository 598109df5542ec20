"""Where Python raises on its own numbers: compiled code notes it, and the run is given up for NumPy to repeat."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from bcad.ir import ArrayType, Builder, Graph, Kind, Node
from bcad.ops import Elementwise

from .kernel import INT, Expr, Number

_WHOLE = frozenset(("add", "subtract", "multiply", "power", "left_shift", "right_shift"))
_LARGE = 2.0**62  # products beyond this, computed in floats, may not fit
_FITS = 62


def note_faults(scope: Any, node: Node, values: Sequence[Number], result: Number) -> None:
    """Remember that the run is in trouble where this elementwise node is not what Python gives."""
    if node.output.type.kind is not Kind.PYTHON:
        return
    if isinstance(result, Expr) and result.type == INT and node.op.name in _WHOLE:
        _note_overflow(scope, node.op.name, *values, result)  # type: ignore[arg-type, call-arg]
    if getattr(node.op, "raises", None) is None:
        return
    graph = _fault(node.op, tuple(v.type for v in node.inputs), node.output.type)  # type: ignore[arg-type]
    if graph is not None:
        scope.trouble(_flag(scope, graph, [result, *values]))


@functools.lru_cache(maxsize=512)
def _fault(op: Elementwise, types: tuple[ArrayType, ...], result: ArrayType) -> Graph | None:
    """The flag that `op` raises, as a graph of its result and operands."""
    with Builder(name="fault") as b:
        y, *inputs = [b.input(t) for t in (result, *types)]
        flag = op.fault(y, *inputs)
        return None if flag is None else b.build([flag])


def _flag(scope: Any, graph: Graph, values: Sequence[Number]) -> Expr:
    from .scope import Scope

    inner = Scope(scope.function, graph, scope)
    inner.env.update(zip(graph.inputs, values, strict=True))
    return inner.s.truth(inner.element(graph.outputs[0], ()))


def note_unfit(scope: Any, node: Node, x: Number) -> None:
    """``int(x)`` of a float that is not finite, or larger than compiled integers."""
    target = node.output.type
    if target.kind is Kind.PYTHON and target.dtype.kind == "i" and isinstance(x, Expr) and x.type[0] == "f":
        fits = scope.s.compare("lt", scope.e.emit("fabs", x, type=x.type), scope.e.const(2.0**63, x.type))
        scope.trouble(scope.e.emit("not", fits, type="b1"))


# -- integers without bounds --------------------------------------------------------------------------
def _note_overflow(scope: Any, op: str, a: Expr, b: Expr, result: Expr) -> None:
    s, e = scope.s, scope.e
    a, b = s.convert(a, INT), s.convert(b, INT)
    if op in ("left_shift", "right_shift"):  # a machine shifts by fewer bits than it has
        scope.trouble(s.compare("lt", b, e.int(0)))
        scope.trouble(s.compare("gt", b, e.int(63)))
    if op == "right_shift":
        return
    if op in ("power", "left_shift"):
        _note_growth(scope, op, a, b)
        return
    bits = bits_of(a), bits_of(b)
    if (sum(bits) if op == "multiply" else max(bits) + 1) <= _FITS:
        return
    if op == "multiply":
        product = s.binary("mul", s.convert(a, "f64"), s.convert(b, "f64"))
        scope.trouble(s.compare("gt", e.emit("fabs", product, type="f64"), e.const(_LARGE, "f64")))
        return
    left = s.binary("xor", a, b if op == "subtract" else result)
    scope.trouble(s.compare("lt", s.binary("and", left, s.binary("xor", b if op == "add" else a, result)), e.int(0)))


def _note_growth(scope: Any, op: str, a: Expr, b: Expr) -> None:
    """A power (its exponent is a small constant) or a shift that may not fit: computed in floats, too."""
    s, e = scope.s, scope.e
    size = s.convert(a, "f64")
    if op == "left_shift":
        size = s.binary("mul", size, s.call("exp2", s.convert(b, "f64")))
    elif bits_of(a) * b.data <= _FITS:
        return
    else:
        base = size
        for _ in range(b.data - 1):
            size = s.binary("mul", size, base)
    scope.trouble(s.compare("ge", e.emit("fabs", size, type="f64"), e.const(_LARGE, "f64")))


def bits_of(x: Expr, depth: int = 12) -> int:
    """An upper bound of the bits of an integer's magnitude, as far as its form shows; 64 if it does not."""
    if x.op == "const":
        return int(x.data).bit_length()
    if x.op in ("length", "index"):
        return 40  # no memory holds more elements
    if x.type != INT:
        return 64
    if not depth:
        return 64
    if x.op == "cast":
        return _bits_of_cast(x.args[0])
    bits = [bits_of(a, depth - 1) for a in x.args]
    if x.op in ("add", "sub", "iadd", "isub"):
        return min(max(bits) + 1, 64)
    if x.op in ("mul", "imul"):
        return min(sum(bits), 64)
    if x.op == "select":
        return max(bits[1:])
    if x.op in ("udiv", "floordiv", "neg"):
        return bits[0]
    if x.op in ("urem", "mod"):
        return bits[1]
    return 64


def _bits_of_cast(x: Expr) -> int:
    return int(x.type[1:]) if x.type[0] in "biu" else 64
