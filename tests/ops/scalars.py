"""Runs the scalar expression of an elementwise op, element by element, with NumPy's functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bcad.ir import type_of

NAMES: dict[str, Any] = {name: getattr(np, name) for name in dir(np) if isinstance(getattr(np, name), np.ufunc)}
NAMES.update(min=min, max=max, pow=pow, abs=abs, bool=bool, conj=np.conjugate, math=math)


def run_scalar(op: Any, args: list[Any]) -> Any:
    """The value of the op's scalar expression on inputs cast to the loop's dtypes."""
    names = [f"x{k}" for k in range(len(args))]
    types = [type_of(a) for a in args]
    code = compile(op.expression(*types).format(*names), op.name, "eval")
    dtypes = op.loop_dtypes(*types)
    arrays = np.broadcast_arrays(*(np.asarray(a).astype(d) for a, d in zip(args, dtypes, strict=True)))
    out = op.type_rule(*types)
    result = np.empty(arrays[0].shape, out.dtype)
    for index in np.ndindex(result.shape):
        result[index] = eval(code, {**special(), **NAMES, **_parts(op)}, dict(zip(names, (a[index] for a in arrays), strict=True)))
    return result


def _parts(op: Any) -> dict[str, Any]:
    """One result of a function with several has no name of its own in SciPy."""
    return {op.name: op.evaluate} if getattr(op, "which", None) is not None else {}


def special() -> dict[str, Any]:
    import scipy.special

    from bcad.ops import shape_derivatives

    return {name: f for module in (shape_derivatives, scipy.special) for name, f in vars(module).items() if not name.startswith("_")}
