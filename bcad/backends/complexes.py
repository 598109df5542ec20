"""Arithmetic of complex numbers in the kernel form: pairs of real scalars."""

from __future__ import annotations

import math
from typing import Any

from bcad.ir import Node

from . import complex_functions
from .kernel import BOOL, F64, Expr, Number, Pair

SMALL = 100  # whole exponents below are powers by multiplication, as in NumPy


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
    convert: Any
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
        if op == "pow":
            return self.complex_power(a, b)
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

    def complex_order(self, op: str, a: Pair, b: Pair) -> Expr:
        """NumPy's order: by the real parts, then by the imaginary ones; nothing is less or greater than NaN."""
        if op in ("gt", "ge"):
            return self.complex_order({"gt": "lt", "ge": "le"}[op], b, a)
        numbers = self.binary("and", self.compare("eq", a.im, a.im), self.compare("eq", b.im, b.im))
        first = self.binary("and", self.compare("lt", a.re, b.re), numbers)
        second = self.binary("and", self.compare("eq", a.re, b.re), self.compare(op, a.im, b.im))
        found: Expr = self.binary("or", first, second)
        return found

    # -- functions of the C library ------------------------------------------------------------------
    def complex_library(self, name: str, *args: Pair) -> Pair:
        """A function by its address, computed in double precision."""
        found = complex_functions.routine(name)
        if found is None:
            raise Unsupported(f"{name} of complex numbers is not compiled")
        parts = [self.convert(part, F64) for x in args for part in (x.re, x.im)]
        re, im = (self.e.emit("complex", *parts, type=F64, data=(found, k)) for k in (0, 1))
        t = args[0].re.type
        return Pair(self.convert(re, t), self.convert(im, t))

    def complex_power(self, a: Pair, b: Pair) -> Pair:
        """NumPy's (npy_cpow): small whole exponents by multiplication, zero apart, C's function for the rest."""
        zero, nan = self.like(a.re, 0), self.e.const(float("nan"), a.re.type)
        is_zero = self.binary("and", self.compare("eq", a.re, zero), self.compare("eq", a.im, zero))
        if b.re.op == b.im.op == "const" and b.im.data == 0 and 0 <= b.re.data < SMALL and b.re.data == int(b.re.data):
            if b.re.data == 0:
                return Pair(self.like(a.re, 1), zero)
            return self._choose(is_zero, Pair(zero, zero), self._repeated(a, int(b.re.data)))
        negative = self.compare("lt", b.re, zero)
        real = self.compare("eq", b.im, zero)
        whole = self.binary("and", real, self.compare("eq", self.e.emit("trunc", b.re, type=b.re.type), b.re))
        size = self.e.emit("fabs", b.re, type=b.re.type)
        small = self.binary("and", whole, self.compare("lt", size, self.like(a.re, SMALL)))
        found = self._choose(small, self._whole_power(a, size, negative), self.complex_library("pow", a, b))
        of_zero = self._choose(self.compare("gt", b.re, zero), Pair(zero, zero), Pair(nan, nan))
        found = self._choose(is_zero, of_zero, found)
        to_zero = self.binary("and", self.compare("eq", b.re, zero), real)
        return self._choose(to_zero, Pair(self.like(a.re, 1), zero), found)

    def _repeated(self, a: Pair, n: int) -> Pair:
        """``a**n`` by multiplication, in NumPy's order."""
        if n <= 3:
            return a if n == 1 else self.complex_binary("mul", a, self._repeated(a, n - 1))
        found, power = Pair(self.like(a.re, 1), self.like(a.re, 0)), a
        while True:
            if n & 1:
                found = self.complex_binary("mul", found, power)
            n >>= 1
            if not n:
                return found
            power = self.complex_binary("mul", power, power)

    def _whole_power(self, a: Pair, size: Expr, negative: Expr) -> Pair:
        """The same for an exponent that is known when it runs: `size`, less than `SMALL`, and its sign."""
        n = self.convert(size, "i64")
        found, power = Pair(self.like(a.re, 1), self.like(a.re, 0)), a
        for bit in range(SMALL.bit_length()):
            odd = self.truth(self.binary("and", n, self.e.const(1 << bit, "i64")))
            found = self._choose(odd, self.complex_binary("mul", found, power), found)
            power = self.complex_binary("mul", power, power)
        inverse = self.smith(Pair(self.like(a.re, 1), self.like(a.re, 0)), found)
        found = self._choose(negative, inverse, found)
        for few in (1, 2, 3):
            found = self._choose(self._is(size, few, negative), self._repeated(a, few), found)
        return found

    def _is(self, size: Expr, few: int, negative: Expr) -> Expr:
        positive = self.e.emit("not", negative, type=BOOL)
        found: Expr = self.binary("and", positive, self.compare("eq", size, self.like(size, few)))
        return found

    def _choose(self, condition: Expr, a: Pair, b: Pair) -> Pair:
        return Pair(self._select(condition, a.re, b.re), self._select(condition, a.im, b.im))

    def complex_sign(self, x: Pair) -> Pair:
        """``x / abs(x)``; along the axis of an infinite part, NaN for two of them."""
        zero, nan = self.like(x.re, 0), self.e.const(float("nan"), x.re.type)
        size = self.call("hypot", x.re, x.im)
        endless_re, endless_im = self.call("isinf", x.re), self.call("isinf", x.im)
        parts = []
        for own, other_endless in ((x.re, endless_im), (x.im, endless_re)):
            plain = self._select(self.compare("eq", size, zero), zero, self.binary("div", own, size))
            along = self._select(other_endless, zero, self.call("sign", own))
            parts.append(self._select(self.call("isinf", size), along, plain))
        both = self.binary("and", endless_re, endless_im)
        return Pair(*(self._select(both, nan, part) for part in parts))

    def complex_derived(self, name: str, x: Pair) -> Pair | None:
        """A function that NumPy makes of others."""
        B, t = self.binary, x.re.type
        if name in ("log2", "log10"):
            scale = self.e.const(1 / math.log(int(name[3:])), t)
            found = self.complex_library("log", x)
            return Pair(B("mul", found.re, scale), B("mul", found.im, scale))
        if name == "exp2":
            scale = self.e.const(math.log(2), t)
            return self.complex_library("exp", Pair(B("mul", x.re, scale), B("mul", x.im, scale)))
        if name == "log1p":
            more = B("add", x.re, self.like(x.re, 1))
            return Pair(self.call("log", self.call("hypot", more, x.im)), self.call("arctan2", x.im, more))
        if name == "expm1":
            half = self.call("sin", B("mul", x.im, self.e.const(0.5, t)))
            lost = B("mul", B("mul", self.like(x.re, 2), half), half)
            return Pair(B("sub", B("mul", self.call("expm1", x.re), self.call("cos", x.im)), lost),
                        B("mul", self.call("exp", x.re), self.call("sin", x.im)))
        if name == "reciprocal":
            flat = self.compare("le", self.e.emit("fabs", x.im, type=t), self.e.emit("fabs", x.re, type=t))
            ratio = self._select(flat, B("div", x.im, x.re), B("div", x.re, x.im))
            size = self._select(flat, B("add", x.re, B("mul", x.im, ratio)), B("add", B("mul", x.re, ratio), x.im))
            one, minus = self.like(x.re, 1), self.like(x.re, -1)
            return Pair(B("div", self._select(flat, one, ratio), size),
                        B("div", self._select(flat, self.e.emit("neg", ratio, type=t), minus), size))
        return self.complex_sign(x) if name == "sign" else None

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
            return self.binary("or", self.call(name, x.re), self.call(name, x.im))
        if name == "isfinite":
            return self.binary("and", self.call(name, x.re), self.call(name, x.im))
        if name == "logical_not":
            return self.e.emit("not", self.truth(x), type=BOOL)
        if name == "pow":
            return self.complex_power(x, self.pair(args[1]))
        made = self.complex_derived(name, x)
        return self.complex_library(name, x) if made is None else made
