"""bcad's own branch-free vector math: scalar functions that LLVM vectorises in the caller's loop.

Each function is written once, in the builder's Python, and comes out as LLVM IR text for float64 and float32
(`ir_definition`, `ir_module`) or as something numba-jitted code can call (`numba_function`). At most 2 ulp from the exact value;
nan, infinities, signed zeros, subnormals and overflow as NumPy has them.

For whoever pastes the text into a module:

- ``fmuladd`` occurs inside polynomials and ``fma`` in error terms: fast where the machine has FMA, right everywhere;
- sin, cos and tan call a scalar routine for huge arguments through masked vector variants. A function with a loop
  around them should carry ``alignstack(64)``: vectors spilled there otherwise straddle cache lines (30 % slower);
- `accuracy` and `loops` measure (they need mpmath and llvmlite), `fit` computes `coefficients`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import exponentials, gamma, logarithms, powers, special, trigonometry  # noqa: F401  (they register)
from .library import APART, DTYPES, FUNCTIONS, module_text, symbol_of
from .rare import call_attributes

__all__ = ["names", "arity", "symbol", "apart", "ir_definition", "ir_module", "module_text", "numba_function"]


def names() -> list[str]:
    """The available functions, by their NumPy or SciPy name."""
    return sorted(name for name, fn in FUNCTIONS.items() if not fn.rare)


def arity(name: str) -> int:
    """How many arguments `name` takes."""
    return FUNCTIONS[name].arity


def symbol(name: str, dtype: Any) -> str:
    """The LLVM symbol of `name` for ``"float64"`` or ``"float32"``, without the ``@``."""
    if name not in FUNCTIONS:
        raise KeyError(f"no vector function {name!r}; there are: {', '.join(names())}")
    if str(dtype) not in DTYPES:
        raise KeyError(f"no vector math for dtype {dtype}; there is: {', '.join(DTYPES)}")
    return symbol_of(name, DTYPES[str(dtype)])


def apart(name: str, dtype: Any) -> tuple[str, str]:
    """The symbol of `name` as a function that is called, not copied; the attributes of calls in loops."""
    found = symbol(name, dtype) + APART
    return found, call_attributes(found, DTYPES[str(dtype)], masked=False, arity=arity(name))


def ir_definition(name: str, dtype: Any) -> str:
    """LLVM IR text defining one function with all it calls.

    Parameters
    ----------
    name : str
        One of `names()`.
    dtype : str or numpy.dtype
        float64 or float32.

    Returns
    -------
    str
        A text that parses as a module. Definitions are ``linkonce_odr``, so that several such modules
        link together; to put several functions in one text use `ir_module`.
    """
    return ir_module([(name, dtype)])


def ir_module(names_dtypes: Iterable[tuple[str, Any]]) -> str:
    """LLVM IR text defining several functions, shared helpers and declarations once.

    Examples
    --------
    >>> text = ir_module([("sin", "float64"), ("cos", "float64"), ("sin", "float64")])
    >>> text.count("@bcad_sin_f64(double %x0)")
    1
    """
    return module_text(list(dict.fromkeys(symbol(n, d) for n, d in names_dtypes)))


def numba_function(name: str, dtype: Any) -> Any:
    """A numba intrinsic computing `name`, to be called from jitted code; loops around it vectorise."""
    from .bridge import intrinsic_of
    return intrinsic_of(name, symbol(name, dtype))
