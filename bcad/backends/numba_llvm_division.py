"""Floor division and remainder as NumPy computes them, in LLVM IR; nothing here traps."""

from __future__ import annotations

from typing import Any

from .kernel import Expr
from .numba_llvm_types import literal, llvm_type


class Division:
    """The part of a printer that prints ``//`` and ``%``."""

    value: Any
    ref: Any
    intrinsic: Any

    def op_floordiv(self, x: Expr) -> str:
        return self._divmod(x)[0]

    def op_mod(self, x: Expr) -> str:
        return self._divmod(x)[1]

    def _divmod(self, x: Expr) -> tuple[str, str]:
        if x.type[0] == "f":
            return self._float_divmod(x)
        a, b, t, v = self.ref(x.args[0]), self.ref(x.args[1]), llvm_type(x.type), self.value
        unsigned = x.type[0] in "ub"
        zero = v(f"icmp eq {t} {b}, 0")
        odd = zero if unsigned else v(f"or i1 {zero}, {v(f'icmp eq {t} {b}, -1')}")
        safe = v(f"select i1 {odd}, {t} 1, {t} {b}")
        kind = "u" if unsigned else "s"
        q, r = v(f"{kind}div {t} {a}, {safe}"), v(f"{kind}rem {t} {a}, {safe}")
        if not unsigned:
            differ = v(f"icmp slt {t} {v(f'xor {t} {r}, {safe}')}, 0")
            both = v(f"and i1 {differ}, {v(f'icmp ne {t} {r}, 0')}")
            q = v(f"select i1 {both}, {t} {v(f'sub {t} {q}, 1')}, {t} {q}")
            r = v(f"select i1 {both}, {t} {v(f'add {t} {r}, {safe}')}, {t} {r}")
            minus = v(f"select i1 {zero}, {t} 0, {t} {v(f'sub {t} 0, {a}')}")
            q = v(f"select i1 {odd}, {t} {minus}, {t} {q}")
        else:
            q = v(f"select i1 {zero}, {t} 0, {t} {q}")
        return q, v(f"select i1 {odd}, {t} 0, {t} {r}")

    def _float_divmod(self, x: Expr) -> tuple[str, str]:
        """NumPy's ``divmod`` of floats (npy_divmod)."""
        a, b, t, v = self.ref(x.args[0]), self.ref(x.args[1]), llvm_type(x.type), self.value
        zero = literal(0.0, x.type)
        m = v(f"frem {t} {a}, {b}")
        d = v(f"fdiv {t} {v(f'fsub {t} {a}, {m}')}, {b}")
        nonzero = v(f"fcmp one {t} {m}, {zero}")
        differ = v(f"xor i1 {v(f'fcmp olt {t} {b}, {zero}')}, {v(f'fcmp olt {t} {m}, {zero}')}")
        fix = v(f"and i1 {nonzero}, {differ}")
        signed = self.intrinsic("copysign", x.type, [zero, b])
        is_zero = v(f"fcmp oeq {t} {m}, {zero}")
        m2 = v(f"select i1 {fix}, {t} {v(f'fadd {t} {m}, {b}')}, {t} {m}")
        m2 = v(f"select i1 {is_zero}, {t} {signed}, {t} {m2}")
        d = v(f"select i1 {fix}, {t} {v(f'fsub {t} {d}, {literal(1.0, x.type)}')}, {t} {d}")
        low = self.intrinsic("floor", x.type, [d])
        over = v(f"fcmp ogt {t} {v(f'fsub {t} {d}, {low}')}, {literal(0.5, x.type)}")
        q = v(f"select i1 {over}, {t} {v(f'fadd {t} {low}, {literal(1.0, x.type)}')}, {t} {low}")
        ratio = v(f"fdiv {t} {a}, {b}")
        tiny = self.intrinsic("copysign", x.type, [zero, ratio])
        q = v(f"select i1 {v(f'fcmp oeq {t} {d}, {zero}')}, {t} {tiny}, {t} {q}")
        by_zero = v(f"fcmp oeq {t} {b}, {zero}")
        return v(f"select i1 {by_zero}, {t} {ratio}, {t} {q}"), v(f"select i1 {by_zero}, {t} {m}, {t} {m2}")
