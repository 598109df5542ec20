"""The floating-point number next to another (C's nextafter), in LLVM IR by the order of the bits."""

from __future__ import annotations

from typing import Any

from .kernel import Expr
from .numba_llvm_types import literal, llvm_type


class Neighbours:
    """The part of a printer that prints ``nextafter``."""

    value: Any
    ref: Any
    intrinsic: Any

    def op_nextafter(self, x: Expr) -> str:
        """From a towards b: one step of the bits, away from zero if both directions agree."""
        a, b, t, v = self.ref(x.args[0]), self.ref(x.args[1]), llvm_type(x.type), self.value
        i = "i64" if t == "double" else "i32"
        zero = literal(0.0, x.type)
        away = v(f"icmp eq i1 {v(f'fcmp olt {t} {a}, {b}')}, {v(f'fcmp ogt {t} {a}, {zero}')}")
        bits = v(f"add {i} {v(f'bitcast {t} {a} to {i}')}, {v(f'select i1 {away}, {i} 1, {i} -1')}")
        moved = v(f"bitcast {i} {bits} to {t}")
        least = self.intrinsic("copysign", x.type, [v(f"bitcast {i} 1 to {t}"), b])
        moved = v(f"select i1 {v(f'fcmp oeq {t} {a}, {zero}')}, {t} {least}, {t} {moved}")
        moved = v(f"select i1 {v(f'fcmp oeq {t} {a}, {b}')}, {t} {b}, {t} {moved}")
        return str(v(f"select i1 {v(f'fcmp uno {t} {a}, {b}')}, {t} {v(f'fadd {t} {a}, {b}')}, {t} {moved}"))
