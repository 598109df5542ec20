"""How each op is written in NumPy: operators, functions, and the few that read better otherwise."""

from __future__ import annotations

import builtins
import cmath
import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Kind, Node, constant_op
from bcad.ops import Elementwise, Op, Reduction

from .expression import CONDITIONAL, Notation, Text, is_number
from .number_text import RAISING

Writer = Callable[[Notation, Node], Text]
WRITERS: dict[str, Writer] = {}


def writes(*names: str) -> Callable[[Writer], Writer]:
    """Declare how the ops called `names` are written."""

    def enter(writer: Writer) -> Writer:
        for name in names:
            WRITERS[name] = writer
        return writer

    return enter


def write(notation: Notation, node: Node) -> Text:
    """The text of `node`; when it is to be run, of the very kind that its type says."""
    text, kind = _plain(notation, node)
    if not node.outputs:
        return text
    type_ = node.outputs[0].type
    if node.op.name == "as_kind" or kind is getattr(type_, "kind", None):
        return text
    if not notation.exact or not isinstance(type_, ArrayType) or type_.shape:
        return text
    return to_kind(notation, text, type_)


def to_kind(notation: Notation, text: Text, type_: ArrayType) -> Text:
    """`text` as a Python number, a NumPy scalar or an array of no dimensions."""
    if type_.kind is Kind.PYTHON:
        return notation.call(type_.python_type.__name__, text)
    if type_.kind is Kind.ARRAY:
        return notation.call(f"{notation.prefix}asarray", text)
    return notation.call(f"{notation.prefix}{_scalar_name(type_.dtype)}", text)


def _scalar_name(dtype: np.dtype[Any]) -> str:
    return "bool_" if dtype.kind == "b" else dtype.name


def _plain(notation: Notation, node: Node) -> tuple[Text, Kind | None]:
    """The text and the kind of number that running it gives (None: not known)."""
    op = node.op
    if op.name in WRITERS:
        return WRITERS[op.name](notation, node), _KINDS.get(op.name)
    if isinstance(op, Elementwise):
        return _elementwise(notation, node, op)
    function = numpy_name(op, notation.prefix)
    if function is None:
        return bound_call(notation, node), None
    return notation.call(function, *node.inputs, **shown(notation, node)), None


# What NumPy takes for granted, by keyword.
_DEFAULTS = {"keepdims": False, "endpoint": True, "offset": 0, "reverse": False, "complete": False, "batch": 0, "unit": False}


def shown(notation: Notation, node: Node) -> dict[str, Any]:
    """The attributes of a node that are written: for a reader, those that NumPy would not assume."""
    if notation.exact:
        return node.attrs
    attrs = {k: v for k, v in node.attrs.items() if not (k in _DEFAULTS and v == _DEFAULTS[k])}
    ndim = len(getattr(node.inputs[0].type, "shape", ())) if node.inputs else 0
    axis = attrs.get("axis")
    if axis == 0 and ndim == 1 or isinstance(axis, tuple) and len(axis) == ndim:
        del attrs["axis"]
    elif isinstance(axis, tuple) and len(axis) == 1:
        attrs["axis"] = axis[0]
    return attrs


def _elementwise(notation: Notation, node: Node, op: Elementwise) -> tuple[Text, Kind | None]:
    operands = [notation.of(v) for v in node.inputs]
    python = op.python is not None and all(map(is_number, node.inputs))
    if notation.prefix and not notation.exact and not python and op.name in RAISING and not node.output.shape:
        operands = _one_of_numpy(notation, node, operands)
    natural = Kind.PYTHON if python else Kind.SCALAR
    has_own_attrs = bool(node.attrs)
    if op.infix is not None and not has_own_attrs and (op.python is not None or not notation.exact or not all(
        map(is_number, node.inputs)
    )):
        return notation.infix(op.infix, operands), natural
    if python and notation.exact and not has_own_attrs:
        return notation.call(python_name(notation, op.python), *operands), natural
    called = _math_name(notation, node, op) if python and notation.prefix and not has_own_attrs else None
    if called is not None:
        return notation.call(called, *operands), natural
    function = numpy_name(op, notation.prefix)
    if function is None:
        return bound_call(notation, node), None
    return notation.call(function, *operands, **node.attrs), natural


def _one_of_numpy(notation: Notation, node: Node, operands: list[Text]) -> list[Text]:
    """Where a constant is all that makes an operation NumPy's, it is written as NumPy's: Python would raise."""
    plain = [is_number(v) or v.node is not None and v.node.op is constant_op for v in node.inputs]
    if not all(plain):
        return operands
    return [x if is_number(v) else to_kind(notation, x, v.type) for v, x in zip(node.inputs, operands, strict=True)]


def python_name(notation: Notation, function: Any) -> str:
    """``math.sin``, ``abs``; else a name bound to the function."""
    name = getattr(function, "__name__", "")
    module = getattr(function, "__module__", "")
    if module == "math":
        return f"math.{name}"
    if module == "builtins" and getattr(builtins, name, None) is function:
        return name
    return notation.named_constant(function, "python_").text


def _math_name(notation: Notation, node: Node, op: Elementwise) -> str | None:
    """``math.sin`` in a module of its own; None where Python has no such function."""
    name = getattr(op.python, "__name__", "")
    complexes = any(getattr(v.type, "is_complex", False) for v in node.inputs)
    module = builtins if op.python is abs else cmath if complexes else math
    if not hasattr(module, name):
        return None
    if module is builtins:
        return name
    notation.helpers[module.__name__] = f"import {module.__name__}"
    return f"{module.__name__}.{name}"


# A class whose `evaluate` is one of these calls `op.numpy` with the attributes as keywords.
_DIRECT = {Op.evaluate, Elementwise.evaluate, Reduction.evaluate}


def numpy_name(op: Any, prefix: str) -> str | None:
    """``np.linalg.solve``; None if calling `op.numpy` is not what the op does."""
    if op.numpy is None or type(op).evaluate not in _DIRECT:
        return None
    path = _path_of(op.numpy)
    if path is None:
        return None
    return f"{prefix}{path}" if prefix else {"absolute": "abs"}.get(path, path)


@functools.lru_cache(maxsize=1024)
def _path_of(function: Any) -> str | None:
    name = getattr(function, "__name__", "")
    for path, module in (("", np), ("linalg.", np.linalg), ("fft.", np.fft)):
        if getattr(module, name, None) is function:
            return path + name
    return None


def exact_attributes(notation: Notation, attrs: dict[str, Any]) -> dict[str, Any]:
    """Attributes as the op itself takes them: a dtype stays one."""
    return {
        name: Text(f"{notation.prefix}dtype({value.str!r})") if isinstance(value, np.dtype) else value
        for name, value in attrs.items()
    }


def bound_call(notation: Notation, node: Node) -> Text:
    """A call of the op itself, where NumPy has no function that does the same."""
    if not notation.exact:
        name = node.op.name
        if notation.prefix:
            return helper_call(notation, node)
        if name in ("max", "min") and len(node.inputs) == 1:
            return notation.call(name, *node.inputs, **shown(notation, node))
        path = _path_of(getattr(node.op, "numpy", None)) or (f"linalg.{name}" if hasattr(np.linalg, name) else name)
        return notation.call(path, *node.inputs, **shown(notation, node))
    known = {id(v): k for k, v in notation.constants.items()}
    name = known.get(id(node.op)) or notation.names._unique(f"{node.op.name}_op")
    notation.constants[name] = node.op
    return notation.call(f"{name}.evaluate", *node.inputs, **exact_attributes(notation, node.attrs))


def helper_call(notation: Notation, node: Node) -> Text:
    """A call of a function that the text must bring along: what the op computes, or SciPy's own."""
    name = node.op.name
    if type(node.op).__module__.endswith("special_op") and not node.attrs:
        notation.helpers["special"] = "from scipy import special"
        name = {"hurwitz_zeta": "zeta"}.get(name) or node.op.attribute  # type: ignore[attr-defined]
        call, which = notation.call(f"special.{name}", *node.inputs), getattr(node.op, "which", None)
        return call if which is None else Text(f"{call}[{which}]")
    notation.helpers[f"_{name}"] = node.op
    return notation.call(f"_{name}", *node.inputs, **exact_attributes(notation, node.attrs))


# -- the special cases -------------------------------------------------------------------------
@writes("mask")
def _mask(n: Notation, node: Node) -> Text:
    return n.call(f"{n.prefix}where", node.inputs[0], node.inputs[1], Text(_zero(n, node)))


def _zero(n: Notation, node: Node) -> str:
    dtype = node.inputs[1].type.dtype
    return "0.0" if n.exact and dtype.kind in "fc" else "0"


@writes("reshape")
def _reshape(n: Notation, node: Node) -> Text:
    shape, source = node.attrs["shape"], node.inputs[0]
    if not n.exact and len(source.shape) == 1 == len(shape):
        return n.of(source)  # the same size, written differently
    if not n.exact and len(source.shape) == 1 and len(shape) == 2 and 1 in shape and source.shape[0] in shape:
        return Text(f"{n.of(source).at(14)}[{':, None' if shape[1] == 1 else 'None, :'}]")
    if isinstance(node.inputs[0].type, ArrayType) and node.inputs[0].type.kind is not Kind.ARRAY:
        return n.call(f"{n.prefix}reshape", node.inputs[0], Text(n.attribute(tuple(shape))))
    x = n.of(node.inputs[0]).at(14)
    inner = ", ".join(n.attribute(s) for s in shape) if shape else "()"
    return Text(f"{x}.reshape({inner})")


@writes("transpose")
def _transpose(n: Notation, node: Node) -> Text:
    axes, x = tuple(node.attrs["axes"]), n.of(node.inputs[0])
    if axes == (1, 0):
        return Text(f"{x.at(14)}.T")
    return Text(f"{x.at(14)}.transpose({', '.join(map(str, axes))})")


@writes("astype")
def _astype(n: Notation, node: Node) -> Text:
    (x,), dtype = node.inputs, node.attrs["dtype"]
    text = n.of(x)
    if not n.exact and (not n.prefix and not _narrows(x.type.dtype, dtype) or x.type.dtype == dtype):
        return text
    if x.type.is_complex and dtype.kind in "fiu":
        text = Text(f"{n.prefix}real({text})")
    if isinstance(x.type, ArrayType) and x.type.kind is Kind.ARRAY:
        return Text(f"{text.at(14)}.astype({n.dtype(dtype)})")
    return n.call(f"{n.prefix}{_scalar_name(dtype)}", text)


def _narrows(source: Any, dtype: Any) -> bool:
    """Whether a cast changes numbers: a reader must see it."""
    order = "biufc"
    return order.index(dtype.kind) < order.index(source.kind) and not (source.kind in "iu" and dtype.kind in "iu")


@writes("as_kind")
def _as_kind(n: Notation, node: Node) -> Text:
    (x,), kind, dtype = node.inputs, node.attrs["kind"], node.attrs["dtype"]
    if not n.exact and not n.prefix and not _narrows(x.type.dtype, dtype) or node.output in n.unwritten:
        return n.of(x)
    if not n.exact and not n.prefix:
        return n.call(ArrayType(dtype, (), Kind.PYTHON).python_type.__name__, x)
    if kind is Kind.PYTHON:
        return n.call(ArrayType(dtype, (), kind).python_type.__name__, x)
    if kind is Kind.SCALAR:
        return n.call(f"{n.prefix}{_scalar_name(dtype)}", x)
    return n.call(f"{n.prefix}asarray", x, Text(n.dtype(dtype)))


@writes("full")
def _full(n: Notation, node: Node) -> Text:
    (fill,), shape, dtype = node.inputs, node.attrs["shape"], node.attrs["dtype"]
    if not n.exact and (not n.prefix or not tuple(shape)):
        return stretched(n, n.of(fill), shape)
    return _filled(n, n.of(fill), shape, dtype)


def _filled(n: Notation, text: Text, shape: Any, dtype: np.dtype[Any]) -> Text:
    """A new array of one number, of a dtype that the number may not have."""
    tail = "" if dtype == np.float64 else f", {n.dtype(dtype)}"
    for literal, function in (("0.0", "zeros"), ("1.0", "ones")):
        if text.text in (literal, f"np.{dtype.name}({literal})", literal[0]) and dtype.kind != "b":
            return Text(f"{n.prefix}{function}({n.shape(shape)}{tail})")
    return Text(f"{n.prefix}full({n.shape(shape)}, {text}, {n.dtype(dtype)})")


def stretched(n: Notation, number: Text, shape: Any) -> Text:
    """One number as an array, for a reader."""
    if not tuple(shape):
        return number
    short = {"0": "zeros", "1": "ones"}.get(number.text)
    if number.text.lstrip("-").isdigit():
        number = Text(f"{number}.0", number.level)  # else full() makes an array of ints
    return Text(f"{n.prefix}{short}({n.shape(shape)})" if short else f"{n.prefix}full({n.shape(shape)}, {number})")


@writes("broadcast_to")
def _broadcast_to(n: Notation, node: Node) -> Text:
    if not n.exact and not node.inputs[0].shape:
        text, shape = n.of(node.inputs[0]), node.attrs["shape"]
        return _filled(n, text, shape, node.output.dtype) if n.prefix and tuple(shape) else stretched(n, text, shape)
    return n.call(f"{n.prefix}broadcast_to", node.inputs[0], Text(n.shape(node.attrs["shape"])))


@writes("sum", "prod", "max", "min", "any", "all", "mean")
def _reduction(n: Notation, node: Node) -> Text:
    (x, *rest), attrs = node.inputs, dict(node.attrs)
    axis = attrs.pop("axis")
    function = numpy_name(node.op, n.prefix) if not rest else None
    if function is None:
        return bound_call(n, node)
    arguments: dict[str, Any] = {}
    if axis is not None and len(axis) != x.ndim or not axis and x.ndim:
        arguments["axis"] = axis[0] if len(axis) == 1 else tuple(axis)
    if attrs.pop("keepdims", False):
        arguments["keepdims"] = True
    return n.call(function, x, **arguments, **attrs)


@writes("matmul")
def _matmul(n: Notation, node: Node) -> Text:
    return n.infix("{0} @ {1}", [n.of(v) for v in node.inputs])


@writes("pi")
def _pi(n: Notation, node: Node) -> Text:
    return Text(f"{n.prefix}pi")


@writes("make_diagonal", "diagonal")
def _diagonal(n: Notation, node: Node) -> Text:
    (x,), attrs = node.inputs, node.attrs
    square = node.op.name == "diagonal" or attrs["rows"] == attrs["columns"]
    if n.exact or attrs["offset"] or not square or len(x.shape) != (2 if node.op.name == "diagonal" else 1):
        return bound_call(n, node)
    return n.call(f"{n.prefix}diag", x)


@writes("identity")
def _identity(n: Notation, node: Node) -> Text:
    rows, columns = (n.argument(n.size(node.attrs[k])) for k in ("rows", "columns"))
    return Text(f"{n.prefix}eye({rows})" if rows == columns else f"{n.prefix}eye({rows}, {columns})")


@writes("cond")
def _cond(n: Notation, node: Node) -> Text:
    arms = [f"{arm.name}({', '.join(map(n.argument, node.inputs[1:]))})" for arm in node.regions]
    return Text(f"{arms[0]} if {n.argument(node.inputs[0])} else {arms[1]}", CONDITIONAL)


# The kind of a result of no dimensions, for the writers above; others are asked of nobody and converted.
_KINDS: dict[str, Kind] = {"sum": Kind.SCALAR, "prod": Kind.SCALAR, "max": Kind.SCALAR, "min": Kind.SCALAR}
_KINDS.update(reshape=Kind.ARRAY, full=Kind.ARRAY, where=Kind.ARRAY, mask=Kind.ARRAY, any=Kind.SCALAR, all=Kind.SCALAR)
