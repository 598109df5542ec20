"""A small expression builder that writes the body of one scalar function as LLVM IR text."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from .coefficients import TABLES


@dataclass(frozen=True)
class Format:
    """One IEEE 754 binary format and how LLVM spells it."""

    llvm: str
    integer: str
    suffix: str          # of overloaded LLVM intrinsics
    mantissa: int        # explicit bits
    bias: int

    @property
    def width(self) -> int:
        return int(self.integer[1:])


DOUBLE = Format("double", "i64", "f64", 52, 1023)
SINGLE = Format("float", "i32", "f32", 23, 127)


def across(lanes: int, t: str) -> str:
    """The type of so many numbers of type `t`."""
    return t if lanes == 1 else f"<{lanes} x {t}>"


class Value:
    """One SSA value: a float ("f"), an integer ("i") or a bit ("b") of the builder's format."""

    __slots__ = ("to", "kind", "text")

    def __init__(self, to: Builder, kind: str, text: str):
        self.to, self.kind, self.text = to, kind, text

    def __add__(self, other):
        return self.to.binary("add", self, other)

    def __radd__(self, other):
        return self.to.binary("add", other, self)

    def __sub__(self, other):
        return self.to.binary("sub", self, other)

    def __rsub__(self, other):
        return self.to.binary("sub", other, self)

    def __mul__(self, other):
        return self.to.binary("mul", self, other)

    def __rmul__(self, other):
        return self.to.binary("mul", other, self)

    def __truediv__(self, other):
        return self.to.binary("div", self, other)

    def __rtruediv__(self, other):
        return self.to.binary("div", other, self)

    def __neg__(self):
        return self.to.negate(self)

    def __and__(self, other):
        return self.to.binary("and", self, other)

    def __or__(self, other):
        return self.to.binary("or", self, other)

    def __xor__(self, other):
        return self.to.binary("xor", self, other)

    def __lshift__(self, count):
        return self.to.binary("shl", self, count)

    def __rshift__(self, count):
        """Logical shift: zeros enter (AVX2 has no arithmetic 64-bit shift)."""
        return self.to.binary("lshr", self, count)

    def __lt__(self, other):
        return self.to.compare("olt", self, other)

    def __le__(self, other):
        return self.to.compare("ole", self, other)

    def __gt__(self, other):
        return self.to.compare("ogt", self, other)

    def __ge__(self, other):
        return self.to.compare("oge", self, other)

    def equals(self, other):
        return self.to.compare("oeq", self, other)


Polynomial = Callable[[Value], Value]


class Builder:
    """Collects the instructions, intrinsics and helpers of one function.

    Parameters
    ----------
    fmt : Format
        The format the arithmetic is done in.
    goal : str
        Which coefficients and how much compensation: "double" (53 bits), "short"
        (double arithmetic for a float32 result) or "single" (float32 arithmetic).
    lanes : int
        How many numbers each value holds: vectors, if more than one.
    """

    def __init__(self, fmt: Format, goal: str, lanes: int = 1):
        self.fmt, self.goal, self.lanes = fmt, goal, lanes
        self.exact = goal == "double"        # whether low parts (double-double) are worth carrying
        self.lines: list[str] = []
        self.declares: set[str] = set()
        self.helpers: set[str] = set()
        self.block = "entry"
        self._count = 0

    # -- writing -------------------------------------------------------------------------------

    def emit(self, kind: str, instruction: str) -> Value:
        name = f"%v{self._count}"
        self._count += 1
        self.lines.append(f"  {name} = {instruction}")
        return Value(self, kind, name)

    def type_of(self, kind: str) -> str:
        return across(self.lanes, {"f": self.fmt.llvm, "i": self.fmt.integer, "b": "i1"}[kind])

    def _same(self, kind: str, t: str, text: str) -> Value:
        """A constant, the same in all lanes."""
        return Value(self, kind, text if self.lanes == 1 else f"splat ({t} {text})")

    def const(self, number: float | int | str) -> Value:
        """A float constant, rounded to the format (LLVM writes float32 with the bits of a double)."""
        if isinstance(number, str):
            number = float.fromhex(number)
        number = float(number)
        if self.fmt is SINGLE and abs(number) < 3.5e38:
            number = struct.unpack("<f", struct.pack("<f", number))[0]
        return self._same("f", self.fmt.llvm, f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}")

    def int(self, number: int) -> Value:
        return self._same("i", self.fmt.integer, str(number))

    def _pair(self, a, b) -> tuple[Value, Value]:
        kind = next((v.kind for v in (a, b) if isinstance(v, Value)), "f")
        wrap = self.const if kind == "f" else self.int
        return (a if isinstance(a, Value) else wrap(a)), (b if isinstance(b, Value) else wrap(b))

    def binary(self, op: str, a, b) -> Value:
        a, b = self._pair(a, b)
        prefix = "f" if a.kind == "f" else ""
        return self.emit(a.kind, f"{prefix}{op} {self.type_of(a.kind)} {a.text}, {b.text}")

    def compare(self, predicate: str, a, b) -> Value:
        a, b = self._pair(a, b)
        if a.kind == "f":
            return self.emit("b", f"fcmp {predicate} {self.type_of('f')} {a.text}, {b.text}")
        signed = {"olt": "slt", "ole": "sle", "ogt": "sgt", "oge": "sge", "oeq": "eq"}[predicate]
        return self.emit("b", f"icmp {signed} {self.type_of('i')} {a.text}, {b.text}")

    def negate(self, a: Value) -> Value:
        if a.kind == "f":
            return self.emit("f", f"fneg {self.type_of('f')} {a.text}")
        return self.binary("xor", a, self._same("b", "i1", "true")) if a.kind == "b" else 0 - a

    def intrinsic(self, name: str, *args) -> Value:
        args = [a if isinstance(a, Value) else self.const(a) for a in args]  # type: ignore[assignment]
        suffix = self.fmt.suffix if self.lanes == 1 else f"v{self.lanes}{self.fmt.suffix}"
        symbol, t = f"llvm.{name}.{suffix}", self.type_of("f")
        self.declares.add(f"declare {t} @{symbol}({', '.join([t] * len(args))})")
        return self.emit("f", f"call {t} @{symbol}({', '.join(f'{t} {a.text}' for a in args)})")

    # -- arithmetic ----------------------------------------------------------------------------

    def fma(self, a, b, c) -> Value:
        """``a*b + c`` rounded once; for error terms, never for speed."""
        return self.intrinsic("fma", a, b, c)

    def muladd(self, a, b, c) -> Value:
        """``a*b + c``, fused where the machine can; only for polynomials and corrections."""
        return self.intrinsic("fmuladd", a, b, c)

    def abs(self, a) -> Value:
        return self.intrinsic("fabs", a)

    def sqrt(self, a) -> Value:
        return self.intrinsic("sqrt", a)

    def floor(self, a) -> Value:
        return self.intrinsic("floor", a)

    def copysign(self, magnitude, sign) -> Value:
        return self.intrinsic("copysign", magnitude, sign)

    def select(self, condition: Value, a, b) -> Value:
        a, b = self._pair(a, b)
        t = self.type_of(a.kind)
        return self.emit(a.kind, f"select {self.type_of('b')} {condition.text}, {t} {a.text}, {t} {b.text}")

    def at_most(self, limit: float, a: Value) -> Value:
        """``min(limit, a)`` where a nan stays nan (the operand order of minpd)."""
        return self.select(self.const(limit) < a, limit, a)

    def at_least(self, limit: float, a: Value) -> Value:
        return self.select(self.const(limit) > a, limit, a)

    def unordered(self, a: Value, b: Value) -> Value:
        return self.compare("uno", a, b)

    def bits(self, a: Value) -> Value:
        return self.emit("i", f"bitcast {self.type_of('f')} {a.text} to {self.type_of('i')}")

    def from_bits(self, a: Value) -> Value:
        return self.emit("f", f"bitcast {self.type_of('i')} {a.text} to {self.type_of('f')}")

    def sign_bit(self, a: Value) -> Value:
        return self.bits(a) & -(1 << (self.fmt.width - 1))

    # -- building blocks -----------------------------------------------------------------------

    def nearest(self, a: Value) -> tuple[Value, Value]:
        """The nearest integer as a float, and an integer whose low bits are it.

        Adding ``1.5 * 2**mantissa`` leaves the integer in the low bits; unlike fptosi this has
        packed forms before AVX-512. Good for ``|a| < 2**(mantissa - 1)``.
        """
        magic = 1.5 * 2.0**self.fmt.mantissa
        shifted = a + magic
        return shifted - magic, self.bits(shifted)

    def power_of_two(self, n: Value) -> Value:
        """``2.0**n`` for an integer value whose low bits hold a normal exponent n."""
        return self.from_bits((n + self.fmt.bias) << self.fmt.mantissa)

    def table(self, name: str) -> list[str]:
        return TABLES[f"{name}/{self.goal}"]

    def polynomial(self, name: str, x: Value) -> Value:
        """The fitted polynomial `name` at x, by Horner's rule."""
        return self._horner(self.table(name), x)

    def two_part_polynomial(self, name: str, x: Value) -> tuple[Value, Value]:
        """The polynomial as high + low; its table holds the first coefficient in two parts."""
        first, first_low, *rest = self.table(name)
        high, low = self.two_sum(self.const(first), x * self._horner(rest, x))
        return high, low + self.const(first_low)

    def _horner(self, coefficients: list[str], x: Value) -> Value:
        total = self.const(coefficients[-1])
        for c in reversed(coefficients[:-1]):
            total = self.muladd(total, x, c)
        return total

    def parts(self, name: str) -> list[Value]:
        """A constant as an unevaluated sum, leading part first."""
        return [self.const(c) for c in self.table(name)]

    def fast_two_sum(self, a, b) -> tuple[Value, Value]:
        """``a + b`` and its rounding error, for ``|a| >= |b|`` or a == 0 (Dekker 1971)."""
        total = a + b
        return total, (a - total) + b

    def two_sum(self, a, b) -> tuple[Value, Value]:
        """``a + b`` and its rounding error (Knuth, TAOCP 2, 4.2.2)."""
        total = a + b
        other = total - a
        return total, (a - (total - other)) + (b - other)

    def two_product(self, a, b) -> tuple[Value, Value]:
        product = a * b
        return product, self.fma(a, b, -product)

    def divide(self, a: Value, a_low, b: Value, b_low=None) -> tuple[Value, Value]:
        """``(a + a_low) / (b + b_low)`` as a quotient and its correction, for one division."""
        inverse = 1 / b
        quotient = a * inverse
        rest = self.fma(-quotient, b, a)
        if a_low is not None:
            rest = rest + a_low
        if b_low is not None:
            rest = self.muladd(-quotient, b_low, rest)
        return quotient, rest * inverse

    def rarely(self, condition: Value, helper: str, x: Value, usual: Value) -> Value:
        """`helper(x)` where the condition holds, else `usual`.

        The loop vectoriser accepts the call because the helper names masked vector variants
        (LLVM's Vector Function ABI), which return at once when no lane asks.
        """
        from .rare import call_attributes

        self.helpers.add(helper)
        if self.lanes > 1:
            t, bits = self.type_of("f"), self.type_of("b")
            found = self.emit("f", f"call {t} @{helper}_v{self.lanes}({t} {x.text}, {bits} {condition.text})")
            return self.select(condition, found, usual)
        n, t = self._count, self.fmt.llvm
        self._count += 1
        before, self.block = self.block, f"done{n}"
        self.lines += [f"  br i1 {condition.text}, label %rare{n}, label %done{n}", f"rare{n}:",
                       f"  %r{n} = call {t} @{helper}({t} {x.text}) {call_attributes(helper, self.fmt)}",
                       f"  br label %done{n}", f"done{n}:"]
        return self.emit("f", f"phi {t} [ {usual.text}, %{before} ], [ %r{n}, %rare{n} ]")
