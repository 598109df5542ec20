"""Arithmetic of complex numbers in the kernel form: pairs of real scalars."""

from __future__ import annotations

from typing import Any

from bcad.ir import Node

from .kernel import BOOL, Number, Pair


class Unsupported(Exception):
    """What cannot be compiled; the message is the reason that the report gives."""

    node: Node | None = None  # of the outermost graph


class ComplexScalars:
    """What `Scalars` does with pairs, by its own operations on real numbers."""

    e: Any
    binary: Any
    compare: Any
    call: Any
    truth: Any
    like: Any
    pair: Any
    _select: Any

    def complex_unary(self, op: str, x: Pair) -> Number:
        if op != "neg":
            raise Unsupported(f"{op} of complex numbers")
        return Pair(self.e.emit("neg", x.re, type=x.re.type), self.e.emit("neg", x.im, type=x.im.type))

    def complex_binary(self, op: str, a: Pair, b: Pair) -> Pair:
        B = self.binary
        if op in ("add", "sub"):
            return Pair(B(op, a.re, b.re), B(op, a.im, b.im))
        if op == "mul":
            return Pair(B("sub", B("mul", a.re, b.re), B("mul", a.im, b.im)),
                        B("add", B("mul", a.re, b.im), B("mul", a.im, b.re)))
        if op == "div":
            return self.smith(a, b)
        raise Unsupported(f"{op} of complex numbers")

    def smith(self, a: Pair, b: Pair) -> Pair:
        """Division by Smith's method, as NumPy does it (Smith 1962, Algorithm 116)."""
        B = self.binary
        size_re, size_im = (self.e.emit("fabs", p, type=p.type) for p in (b.re, b.im))
        wide = self.compare("ge", size_re, size_im)
        big, small = self._select(wide, b.re, b.im), self._select(wide, b.im, b.re)
        zero = self.binary("and", self.compare("eq", b.re, self.like(b.re, 0)), self.compare("eq", b.im, self.like(b.re, 0)))
        ratio = B("div", small, big)
        scale = B("div", self.like(b.re, 1), B("add", big, B("mul", small, ratio)))
        one_re = self._select(wide, B("add", a.re, B("mul", a.im, ratio)), B("add", B("mul", a.re, ratio), a.im))
        one_im = self._select(wide, B("sub", a.im, B("mul", a.re, ratio)), B("sub", B("mul", a.im, ratio), a.re))
        return Pair(self._select(zero, B("div", a.re, size_re), B("mul", one_re, scale)),
                    self._select(zero, B("div", a.im, size_re), B("mul", one_im, scale)))

    def complex_call(self, name: str, *args: Number) -> Number:
        x = self.pair(args[0])
        if name in ("conjugate", "conj"):
            return Pair(x.re, self.e.emit("neg", x.im, type=x.im.type))
        if name in ("real", "imag"):
            return x.re if name == "real" else x.im
        if name in ("absolute", "abs"):
            return self.call("hypot", x.re, x.im)
        if name == "angle":
            return self.call("arctan2", x.im, x.re)
        if name == "positive":
            return x
        if name == "square":
            return self.complex_binary("mul", x, x)
        if name in ("isnan", "isinf"):
            return self.binary("or", self.call(name, x.re), self.call(name, x.im))  # type: ignore[arg-type]
        if name == "isfinite":
            return self.binary("and", self.call(name, x.re), self.call(name, x.im))  # type: ignore[arg-type]
        if name == "logical_not":
            return self.e.emit("not", self.truth(x), type=BOOL)
        raise Unsupported(f"{name} of complex numbers is not compiled")
