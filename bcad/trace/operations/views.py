"""Views: which results are views of an array, how they read through to it and write back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad import ops
from bcad.ir import Dim, Value

from ..tracers import ArrayTracer

VIEW_METHODS = frozenset(
    "reshape ravel transpose T mT swapaxes squeeze diagonal real imag conj conjugate view __getitem__".split()
)
VIEW_FUNCTIONS: frozenset[Callable[..., Any]] = frozenset((
    np.reshape, np.ravel, np.transpose, np.permute_dims, np.swapaxes, np.moveaxis, np.rollaxis, np.squeeze,
    np.expand_dims, np.atleast_1d, np.atleast_2d, np.atleast_3d, np.broadcast_to, np.broadcast_arrays,
    np.diagonal, np.real, np.imag, np.flip, np.fliplr, np.flipud, np.rot90, np.split, np.array_split,
    np.vsplit, np.hsplit, np.dsplit, np.array, np.asarray, np.asanyarray, np.asarray_chkfinite, np.ascontiguousarray, np.asfortranarray,
    np.matrix_transpose, np.linalg.matrix_transpose, np.linalg.diagonal, np.diag, np.unstack, np.einsum, np.ix_,
    np.lib.stride_tricks.sliding_window_view,
))
_ORDERS: dict[Callable[..., Any], str] = {  # what gives an array as it is, if it lies in memory as asked for
    np.array: "K", np.asarray: "K", np.asanyarray: "K", np.asarray_chkfinite: "K", np.ascontiguousarray: "C", np.asfortranarray: "F",
}
IDENTITIES = frozenset((*_ORDERS, np.atleast_1d, np.atleast_2d, np.atleast_3d, np.broadcast_arrays, "conj", "conjugate"))
_NEEDS_ORDER = frozenset((np.reshape, np.ravel, "reshape", "ravel"))
_READ_ONLY = frozenset((
    np.broadcast_to, np.broadcast_arrays, np.diagonal, np.linalg.diagonal, np.diag, "diagonal", np.lib.stride_tricks.sliding_window_view,
))
_MANY = frozenset((np.atleast_1d, np.atleast_2d, np.atleast_3d, np.broadcast_arrays, np.ix_))  # each argument has a result of its own
_IMAGINARY = frozenset((np.imag, "imag"))


class Step:
    """The ops that lead from an array to its view."""

    __slots__ = ("path",)

    def __init__(self, path: Sequence[tuple[Any, tuple[Value, ...], dict[str, Any]]]) -> None:
        self.path = tuple(path)

    def forward(self, base: Value) -> Value:
        """The view of `base`."""
        for op, rest, attrs in self.path:
            base = op(base, *rest, **attrs)
        return base

    def backward(self, base: Value, new: Value) -> Value:
        """What `base` becomes when its view becomes `new`."""
        stages = [base]
        for op, rest, attrs in self.path[:-1]:
            stages.append(op(stages[-1], *rest, **attrs))
        for (op, rest, attrs), stage in zip(reversed(self.path), reversed(stages), strict=False):
            new = write_back(op, stage, new, rest, attrs)
        return new


def write_back(op: Any, base: Value, new: Value, rest: tuple[Value, ...], attrs: dict[str, Any]) -> Value:
    """What `base` becomes when ``op(base)``, a view of it, becomes `new`."""
    if op.name == "diagonal":
        return _with_diagonal(base, new, **attrs)
    if op.name not in ("real", "imag"):
        return op.view_write(base, new, *rest, **attrs)
    real, imag, multiply, add = (ops.BY_NAME[name] for name in ("real", "imag", "multiply", "add"))
    parts = (new, imag(base)) if op.name == "real" else (real(base), new)
    return ops.BY_NAME["astype"](add(parts[0], multiply(parts[1], 1j)), dtype=base.dtype)


def _with_diagonal(base: Value, new: Value, offset: int) -> Value:
    """`base` with other diagonals in its last two axes."""
    placed = {"offset": offset, "rows": base.shape[-2], "columns": base.shape[-1]}
    make, equal = ops.BY_NAME["make_diagonal"], ops.BY_NAME["equal"]
    return ops.BY_NAME["where"](make(equal(new, new), **placed), make(new, **placed), base)


def step_between(base: Value, view: Value, gathered: bool = False) -> Step | None:
    """How `view` was computed from `base` (of a region: from what stands for it there), if by views alone.

    `gathered`: also by picking elements, which can be done again but not written through.
    """
    path = []
    if view.scope is not None:
        base = view.scope.as_value(base)  # type: ignore[attr-defined]
    while view is not base:
        node = view.node
        if node is None or not (getattr(node.op, "is_view", False) or node.op.name in _READ_AGAIN or gathered and node.op.name == "gather"):
            return None
        path.append((node.op, node.inputs[1:], node.attrs))
        view = node.inputs[0]
    return Step(path[::-1])


_READ_AGAIN = frozenset(("real", "imag", "diagonal", "broadcast_to"))  # computed anew when the base has changed


def as_view(function: Any, base: Any, result: Any, order: str = "C") -> Any:
    """`result` of a view-making call on the array `base`: views instead of arrays of their own."""
    if not isinstance(result, ArrayTracer) or not isinstance(base, ArrayTracer):
        return result
    if function in _IMAGINARY and base._type().dtype.kind != "c":
        result._writeable = False  # zeros that NumPy makes
        return result
    step = step_between(base._read(), result._value, function is np.lib.stride_tricks.sliding_window_view)
    if step is None or (function in _NEEDS_ORDER and not _is_view(function, base, result, order)):
        return result
    if not step.path and function in IDENTITIES:
        return base
    view = ArrayTracer(base._session, result._value, base, step)
    view._writeable = base._writeable and function not in _READ_ONLY
    return view


def of_call(session: Any, function: Any, result: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The result of a function of `VIEW_FUNCTIONS`: each array in it is a view of the argument that it shows."""
    if isinstance(result, (tuple, list)):
        return type(result)(of_call(session, function, part, args, kwargs) for part in result)
    order = kwargs.get("order") or (args[1] if function is np.ravel and len(args) > 1 else args[2] if function is np.reshape and len(args) > 2 else "C")
    for base in (*args, *kwargs.values()):
        base = session.captures.cell(base) if type(base) is np.ndarray and base.dtype.kind in "biufc" else base
        if isinstance(base, ArrayTracer):
            if copies(function, base, result, args, kwargs):
                return result
            view = as_view(function, base, result, str(order).upper())
            if view is not result or function not in _MANY:
                return view
    return result


def copies(function: Any, base: Any, result: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    """Whether a function that takes an array as it is, if it can, is asked for a copy."""
    if function not in _ORDERS or not isinstance(base, ArrayTracer):
        return False
    copy = kwargs.get("copy", function is np.array)
    if copy is np._CopyMode.ALWAYS or type(copy) is not np._CopyMode and copy:
        return True
    order = args[2] if len(args) > 2 else kwargs.get("order")
    return not lies(base, str(order or _ORDERS[function]).upper(), result)


def lies(base: ArrayTracer, order: str, result: Any) -> bool:
    """Whether an array lies in memory in an order of NumPy's; that it stays so is a guard of who writes to it or to `result`."""
    captures, root = base._session.captures, base._root()
    if order == "K":
        return True
    if order in "AC" and is_contiguous(base) and captures.is_contiguous(root):
        captures.depend(root, root, result)
        return True
    example = _layout(root, base)
    if example is None:
        captures.unclear.update({id(root): root, id(result): result})
        return False
    captures.depend(root, root, result)
    by_rows, by_columns = example.flags.c_contiguous, example.flags.f_contiguous
    return by_columns if order == "F" else by_rows or order == "A" and by_columns


def _is_view(function: Any, base: ArrayTracer, result: ArrayTracer, order: str) -> bool:
    """Whether NumPy's reshape would be a view here; that it stays so is a guard of who writes."""
    captures, root = base._session.captures, base._root()
    if order != "F" and is_contiguous(base) and captures.is_contiguous(root):
        captures.depend(root, root)
        return True
    example = _layout(root, base)
    if example is None:
        captures.unclear.update({id(root): root, id(result): result})
        return False
    captures.depend(root, root, result)
    shape = tuple(map(base._session.size_example, result._type().shape))
    moved: Any = example
    flat = moved.ravel(order) if function in (np.ravel, "ravel") else moved.reshape(shape, order=order)
    return np.shares_memory(flat, example)


def _layout(root: ArrayTracer, view: ArrayTracer) -> np.ndarray | None:
    """An array that lies in memory as `view` does; None if another call's may lie differently."""
    session = root._session
    base = session.captures.original(root)
    if base is None:
        base = np.empty(tuple(map(session.size_example, root._type().shape)), root._type().dtype)
    path = []
    while view is not root:
        assert view._base is not None and view._step is not None
        path.append(view._step)
        view = view._base
    for step in reversed(path):
        for op, rest, attrs in step.path:
            if rest:
                return None
            base = op.evaluate(base, **{k: _plain(session, v) for k, v in attrs.items()})
    return base


def _plain(session: Any, attribute: Any) -> Any:
    """An attribute of an op with numbers in place of sizes."""
    if isinstance(attribute, Dim):
        return session.size_example(attribute)
    if isinstance(attribute, (tuple, list)):
        return tuple(_plain(session, part) for part in attribute)
    if isinstance(attribute, slice):
        return slice(*(_plain(session, part) for part in (attribute.start, attribute.stop, attribute.step)))
    return attribute


def is_contiguous(cell: ArrayTracer) -> bool:
    """Whether a reshape of `cell` is a view: its elements lie in C order without gaps."""
    while cell._base is not None:
        assert cell._step is not None
        for op, _, attrs in cell._step.path:
            if op is ops.BY_NAME["reshape"]:
                continue
            if op is not ops.BY_NAME["getitem"] or not _keeps_order(attrs["index"]):
                return False
        cell = cell._base
    return True


def _keeps_order(index: Sequence[Any]) -> bool:
    """Leading integers, then at most one plain slice, then full ones: a stretch of memory."""
    seen_slice = False
    for part in index:
        if part is None or part is Ellipsis or part == slice(None):
            seen_slice = seen_slice or part is not None
        elif isinstance(part, slice):
            if seen_slice or part.step not in (None, 1):
                return False
            seen_slice = True
        elif seen_slice:
            return False
    return True
