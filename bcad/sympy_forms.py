"""Graphs evaluated with SymPy's expressions in place of numbers; arrays are object arrays of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from bcad.errors import Unsupported
from bcad.ir import ArrayType, Graph, Node, Value, constant_op, dim_op, resolve
from bcad.ops import Elementwise, Part, Span, operands_of

_LARGEST = 10_000  # elements of an array of expressions
_LONGEST = 1_000  # iterations of a loop that is written out


def evaluate_symbolically(graph: Graph, args: Sequence[Any], sizes: dict[str, int]) -> list[Any]:
    """The outputs of `graph` for expressions, or arrays of them.

    Raises
    ------
    Unsupported
        For an operation without a closed form, and a loop whose length depends on values.
    """
    values: dict[Value, Any] = {}
    for value, arg in zip(graph.inputs, args, strict=True):
        values[value] = arg
    for node in graph.nodes:
        results = _node(node, [values[v] for v in node.inputs], sizes)
        for value, result in zip(node.outputs, results, strict=True):
            values[value] = result
    return [values[v] for v in graph.outputs]


def _node(node: Node, inputs: list[Any], sizes: dict[str, int]) -> list[Any]:
    name = node.op.name
    if node.op is constant_op:
        return [_exact(node.attrs["value"].value)]
    if node.op is dim_op:
        return [resolve(node.attrs["size"], sizes)]
    if name == "cond":
        return _cond(node, inputs, sizes)
    if name == "loop":
        return _loop(node, inputs, sizes)
    if name == "check":
        return []
    if name == "slogdet":
        return _log_determinant(inputs[0])
    if node.regions:
        raise Unsupported(f"{name} has no closed form", location=node.location)
    attrs = {k: resolve(a, sizes) for k, a in node.attrs.items()}
    if isinstance(node.op, Elementwise):
        return [_elementwise(node, inputs)]
    if name in ("astype", "as_kind") and node.inputs[0].dtype.kind == "b" and attrs["dtype"].kind != "b":
        return [_counted(inputs[0])]
    special = _STRUCTURAL.get(name)
    if special is not None:
        return [special(*inputs, **attrs)]
    if name in _BY_NUMPY:
        result = node.op.evaluate(*(np.asarray(x, object) if np.ndim(x) else x for x in inputs), **attrs)
        return [result[()] if isinstance(result, np.ndarray) and not result.shape else result]
    raise Unsupported(f"{name} has no closed form", location=node.location)


def _exact(value: Any) -> Any:
    """A float that is a small fraction as that fraction; others as they are."""
    import sympy

    if isinstance(value, np.ndarray):
        return np.frompyfunc(_exact, 1, 1)(value) if value.shape else _exact(value[()])
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and np.isfinite(value):
        fraction = sympy.Rational(value)
        if abs(fraction.q) <= 1024:
            return fraction
        return sympy.nsimplify(value, [sympy.pi, sympy.sqrt(2 * sympy.pi), sympy.sqrt(sympy.pi)], tolerance=1e-15) if (
            0.1 < abs(value) < 10 and _is_pi(value)
        ) else sympy.Float(value, 17)
    return value


def _is_pi(value: float) -> bool:
    known = [np.pi, 1 / np.pi, np.sqrt(np.pi), 1 / np.sqrt(np.pi), np.sqrt(2 * np.pi), 1 / np.sqrt(2 * np.pi), 2 / np.sqrt(np.pi)]
    return any(abs(abs(value) - k) < 1e-15 * k for k in known)


def _functions() -> dict[str, Callable[..., Any]]:
    import sympy as s

    table: dict[str, Callable[..., Any]] = {
        "add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b,
        "divide": lambda a, b: s.sympify(a) / b, "power": lambda a, b: s.sympify(a) ** b, "negative": lambda a: -a,
        "positive": lambda a: a, "square": lambda a: a**2, "reciprocal": lambda a: 1 / s.sympify(a), "absolute": s.Abs,
        "fabs": s.Abs, "log10": lambda a: s.log(a, 10), "log2": lambda a: s.log(a, 2), "log1p": lambda a: s.log(1 + a),
        "expm1": lambda a: s.exp(a) - 1, "exp2": lambda a: 2 ** s.sympify(a), "cbrt": lambda a: s.cbrt(a),
        "arcsin": s.asin, "arccos": s.acos, "arctan": s.atan, "arctan2": s.atan2, "arcsinh": s.asinh,
        "arccosh": s.acosh, "arctanh": s.atanh, "maximum": s.Max, "minimum": s.Min, "sign": s.sign,
        "hypot": lambda a, b: s.sqrt(a**2 + b**2), "logaddexp": lambda a, b: s.log(s.exp(a) + s.exp(b)),
        "less": s.Lt, "less_equal": s.Le, "greater": s.Gt, "greater_equal": s.Ge, "equal": s.Eq, "not_equal": s.Ne,
        "logical_and": s.And, "logical_or": s.Or, "logical_not": s.Not, "floor_divide": lambda a, b: s.floor(s.sympify(a) / b),
        "where": lambda c, a, b: s.Piecewise((a, c), (b, True)), "mask": lambda c, a: s.Piecewise((a, c), (0, True)),
        "conjugate": s.conjugate, "clip": lambda x, a, b: s.Min(s.Max(x, a), b), "heaviside": s.Heaviside,
        "gammaln": s.loggamma, "remainder": lambda a, b: s.Mod(a, b),
    }  # fmt: skip
    for name in "exp log sin cos tan sinh cosh tanh sqrt floor gamma loggamma digamma erf erfc beta".split():
        table.setdefault(name, getattr(s, name, None) or getattr(s, "ceiling"))
    table["ceil"] = s.ceiling
    table["ndtr"] = lambda x: (1 + s.erf(x / s.sqrt(2))) / 2
    return table


def _counted(x: Any) -> Any:
    """Conditions as the numbers 1 and 0."""
    import sympy

    if isinstance(x, np.ndarray):
        return np.frompyfunc(_counted, 1, 1)(x)
    return int(x) if x in (True, False) else sympy.Piecewise((1, x), (0, True))


def _elementwise(node: Node, inputs: list[Any]) -> Any:
    function = _functions().get(node.op.name)
    if function is None:
        raise Unsupported(f"{node.op.name} has no closed form", location=node.location)
    if not any(np.ndim(x) for x in inputs):
        return function(*inputs)
    result = np.frompyfunc(function, len(inputs), 1)(*inputs)
    return np.asarray(result, object)


def _cond(node: Node, inputs: list[Any], sizes: dict[str, int]) -> list[Any]:
    import sympy

    then, other = (evaluate_symbolically(arm, inputs[1:], sizes) for arm in node.regions)
    condition = inputs[0]

    def choose(a: Any, b: Any) -> Any:
        return a if a is b or a == b else sympy.Piecewise((a, condition), (b, True))

    if condition in (True, False, sympy.true, sympy.false):
        return then if condition else other
    return [np.frompyfunc(choose, 2, 1)(a, b) if np.ndim(a) else choose(a, b) for a, b in zip(then, other, strict=True)]


def _loop(node: Node, inputs: list[Any], sizes: dict[str, int]) -> list[Any]:
    carries, counted = node.attrs["carries"], node.attrs.get("counted", True)
    trip = inputs[0] if counted else _LONGEST
    if getattr(trip, "free_symbols", None) or trip > _LONGEST:
        raise Unsupported("the length of this loop depends on values", location=node.location)
    state = inputs[int(counted) : int(counted) + carries]
    constants = inputs[int(counted) + carries :]
    assert len(operands_of(node)) == carries + len(constants)
    stacks: list[list[Any]] = [[] for _ in range(node.attrs.get("stacks", 0))]
    index = 0
    while index < trip:
        if len(node.regions) > 1:
            (test,) = evaluate_symbolically(node.regions[1], [index, *state, *constants], sizes)
            if test not in (True, False) and getattr(test, "free_symbols", None):
                raise Unsupported("how long this loop runs depends on values", location=node.location)
            if not test:
                break
        results = evaluate_symbolically(node.regions[0], [index, *state, *constants], sizes)
        state = results[:carries]
        for stack, element in zip(stacks, results[carries:], strict=True):
            stack.append(element)
        index += 1
    if node.attrs.get("ragged"):
        raise Unsupported("loops of varying length in a loop have no closed form", location=node.location)
    return [*state, *(np.array(stack, object) for stack in stacks), index]


def _full(fill: Any, *, shape: Sequence[int], **_: Any) -> Any:
    array = np.empty(shape, object)
    array[...] = fill
    return array if shape else fill


def _reduced(fold: Callable[[Any, Any], Any], start: Any) -> Callable[..., Any]:
    def reduce(x: Any, *, axis: Sequence[int], keepdims: bool) -> Any:
        result = np.asarray(x, object)
        for k in sorted(axis, reverse=True):
            moved = np.moveaxis(result, k, 0)
            total = moved[0] if len(moved) else start
            for item in moved[1:]:
                total = fold(total, item)
            result = np.expand_dims(np.asarray(total, object), k) if keepdims else np.asarray(total, object)
        return result if result.shape else result[()]

    return reduce


def _mean(x: Any, *, axis: Sequence[int], keepdims: bool) -> Any:
    import sympy

    count = int(np.prod([np.shape(x)[k] for k in axis]))
    return _reduced(lambda a, b: a + b, 0)(x, axis=axis, keepdims=keepdims) * sympy.Rational(1, count)


def _extreme(name: str, x: Any, *, axis: Sequence[int], keepdims: bool) -> Any:
    import sympy

    fold = getattr(sympy, name)
    start = sympy.oo if name == "Min" else -sympy.oo
    return _reduced(lambda a, b: fold(a, b), start)(x, axis=axis, keepdims=keepdims)


def _matrix(function: Callable[[Any], Any]) -> Callable[..., Any]:
    def apply(x: Any, **_: Any) -> Any:
        import sympy

        result = function(sympy.Matrix(x))
        return np.array(result.tolist(), object) if isinstance(result, sympy.MatrixBase) else result

    return apply


def _log_determinant(x: Any) -> list[Any]:
    import sympy

    determinant = sympy.Matrix(x).det()
    return [sympy.sign(determinant), sympy.log(sympy.Abs(determinant))]


def _solve(a: Any, b: Any, **_: Any) -> Any:
    import sympy

    return np.array(sympy.Matrix(a).LUsolve(sympy.Matrix(b)).tolist(), object)


def _written(base: Any, value: Any, *arrays: Any, index: Any, add: bool) -> Any:
    result = np.array(base, object)
    where = _index(index, iter(arrays))
    if add:
        np.add.at(result, where, value)
    else:
        result[where] = value
    return result


def _index(index: Any, arrays: Iterator[Any]) -> tuple[Any, ...]:
    """An index template with its inputs in their places."""
    parts: list[Any] = []
    for part in index:
        if isinstance(part, Span):
            start, stop = (next(arrays) if b is Part.ARRAY else b for b in (part.start, part.stop))
            parts.append(slice(start, stop, part.step))
        else:
            parts.append(next(arrays) if part is Part.ARRAY else part)
    return tuple(parts)


_STRUCTURAL: dict[str, Callable[..., Any]] = {
    "astype": lambda x, **_: x, "as_kind": lambda x, **_: x, "full": _full, "real": lambda x: x,
    "sum": _reduced(lambda a, b: a + b, 0), "prod": _reduced(lambda a, b: a * b, 1), "mean": _mean,
    "max": lambda x, **attrs: _extreme("Max", x, **attrs), "min": lambda x, **attrs: _extreme("Min", x, **attrs),
    "matmul": lambda a, b: np.asarray(np.dot(a, b), object)[()] if max(np.ndim(a), np.ndim(b)) < 3 else np.matmul(a, b),
    "inv": _matrix(lambda m: m.inv()), "det": _matrix(lambda m: m.det()), "solve": _solve,
    "stack": lambda *xs, axis=0, **_: np.stack([np.asarray(x, object) for x in xs], axis),
    "set_item": lambda *a, index: _written(*a, index=index, add=False),
    "index_add": lambda *a, index: _written(*a, index=index, add=True),
}  # fmt: skip
_BY_NUMPY = frozenset(
    "reshape transpose broadcast_to getitem gather concatenate diagonal cumsum make_diagonal arange eye tri".split()
)


def symbols_for(name: str, type_: ArrayType, shape: Sequence[int]) -> Any:
    """Real symbols for an argument: ``x``, or an array of ``x_0, x_1``."""
    import sympy

    if not shape:
        return sympy.Symbol(name, real=True)
    if int(np.prod(shape)) > _LARGEST:
        raise Unsupported(f"{name} has too many elements for an expression each")
    array = np.empty(shape, object)
    for index in np.ndindex(*shape):
        array[index] = sympy.Symbol("_".join([name, *map(str, index)]), real=True)
    return array
