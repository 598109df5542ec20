"""Calls of NumPy functions as a reader writes them, where the op's attributes are not the function's keywords."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bcad.ir import Node

from .expression import ATOM, Notation, Text
from .notation import bound_call, writes

Reading = Callable[[Notation, Node], Text]


def reads(*names: str) -> Callable[[Reading], Reading]:
    """Declare how ops are written for a reader; what is to be run calls the ops themselves."""

    def enter(reading: Reading) -> Reading:
        writes(*names)(lambda n, node: bound_call(n, node) if n.exact else reading(n, node))
        return reading

    return enter


def _call(notation: Notation, function: str, /, *args: Any, **keywords: Any) -> Text:
    return notation.call(f"{notation.prefix}{function}", *args, **{k: v for k, v in keywords.items() if v is not None})


def _axis(node: Node, position: int = 0) -> int | None:
    """The axis, if it is not the only one."""
    ndim = len(getattr(node.inputs[position].type, "shape", ()))
    axis = int(node.attrs["axis"])
    return None if ndim == 1 else axis


@reads("eye")
def _eye(n: Notation, node: Node) -> Text:
    rows, columns, k = (node.attrs[key] for key in ("n", "m", "k"))
    sizes = [n.size(rows)] if rows == columns else [n.size(rows), n.size(columns)]
    dtype = None if node.outputs[0].type.dtype == float else Text(n.dtype(node.outputs[0].type.dtype))
    return _call(n, "eye", *sizes, k=None if isinstance(k, int) and k == 0 else n.size(k), dtype=dtype)


@reads("tri")
def _tri(n: Notation, node: Node) -> Text:
    rows, columns, k = (node.attrs[key] for key in ("rows", "columns", "offset"))
    sizes = [n.size(rows)] if rows == columns else [n.size(rows), n.size(columns)]
    return _call(n, "tri", *sizes, k=k or None, dtype=Text("bool"))


@reads("arange")
def _arange(n: Notation, node: Node) -> Text:
    start, step, length = (node.attrs[key] for key in ("start", "step", "length"))
    if isinstance(start, int) and isinstance(step, int) and step == 1:
        stop = length + start
        text = _call(n, "arange", *([n.size(stop)] if start == 0 else [n.size(start), n.size(stop)]))
    else:
        text = _call(n, "arange", n.size(start), n.size(start + step * length), n.size(step))
    dtype = node.attrs["dtype"]
    return text if dtype == np.dtype(int) else Text(f"{text}.astype({n.dtype(dtype)})")


@reads("linspace")
def _linspace(n: Notation, node: Node) -> Text:
    endpoint = None if node.attrs["endpoint"] else False
    return _call(n, "linspace", *node.inputs, n.size(node.attrs["num"]), endpoint=endpoint)


@reads("cumsum", "cumprod", "cummax", "cummin")
def _scan(n: Notation, node: Node) -> Text:
    (x,), name, axis = node.inputs, node.op.name, _axis(node)
    function = {"cummax": "maximum.accumulate", "cummin": "minimum.accumulate"}.get(name, name)
    axis = 0 if axis is None and "." in function else axis
    if not node.attrs["reverse"]:
        return _call(n, function, x, axis=axis)
    turned = "[::-1]" if not axis else f"[{':, ' * axis}::-1]"
    inner = _call(n, function, Text(f"{n.of(x).at(ATOM)}{turned}"), axis=axis)
    return Text(f"{inner}{turned}")


@reads("fft", "rfft", "irfft")
def _fft(n: Notation, node: Node) -> Text:
    (x,), attrs = node.inputs, dict(node.attrs)
    name = f"i{node.op.name}" if attrs.get("inverse") else node.op.name
    norm = None if attrs.get("norm") == "backward" else attrs.get("norm")
    size = n.size(attrs["n"]) if "n" in attrs else None
    ndim = len(x.shape)
    axis = None if attrs["axis"] == ndim - 1 else attrs["axis"]
    return _call(n, f"fft.{name}", x, **{"n": size}, axis=axis, norm=norm)


@reads("shift")
def _shift(n: Notation, node: Node) -> Text:
    (x,), by, fill = node.inputs, node.attrs["by"], node.attrs["fill"]
    if len(x.shape) != 1 or x.shape[0] == 0:
        return bound_call(n, node)
    text = n.of(x).at(ATOM)
    return Text(f"{n.prefix}append({fill}, {text}[:-1])" if by == 1 else f"{n.prefix}append({text}[1:], {fill})")


@reads("modf_fraction", "modf_whole", "frexp_mantissa", "frexp_exponent")
def _one_of_two(n: Notation, node: Node) -> Text:
    op: Any = node.op
    return Text(f"{_call(n, op.whole.__name__, *node.inputs)}[{op.which}]")


@reads("stop_gradient")
def _stop_gradient(n: Notation, node: Node) -> Text:
    return n.of(node.inputs[0])


@reads("where")
def _where(n: Notation, node: Node) -> Text:
    return _call(n, "where", *node.inputs)


@reads("norm")
def _norm(n: Notation, node: Node) -> Text:
    (x, *rest), attrs = node.inputs, dict(node.attrs)
    axis = attrs.pop("axis", None)
    if axis is not None and len(axis) != len(x.shape):
        attrs["axis"] = axis[0] if len(axis) == 1 else tuple(axis)
    if not attrs.get("keepdims"):
        attrs.pop("keepdims", None)
    return n.call(f"{n.prefix}linalg.norm", x, *rest, **attrs)


@writes("host", "host_effect")
def _host(n: Notation, node: Node) -> Text:
    """A call that CPython makes, as its function says it is written."""
    call = node.attrs["fn"].value
    operands = [n.of(v).text for v in node.inputs]
    if hasattr(call, "text"):
        return Text(call.text(operands, n.object))
    return Text(f"{n.object(call)}({', '.join(operands)})")
