"""Expressions of numbers in LLVM IR: arithmetic, comparisons, casts, mathematical functions."""

from __future__ import annotations

import struct
from typing import Any

from .kernel import BOOL, INT, Expr
from .numba_called import Called
from .numba_llvm_division import Division
from .numba_llvm_neighbours import Neighbours
from .numba_llvm_types import SUFFIX, llvm_type, memory_type
from .numpy_loops import DATA

_COMPARE = {"lt": ("olt", "slt", "ult"), "le": ("ole", "sle", "ule"), "gt": ("ogt", "sgt", "ugt"),
            "ge": ("oge", "sge", "uge"), "eq": ("oeq", "eq", "eq"), "ne": ("une", "ne", "ne")}
_INTRINSIC = {"sqrt": "sqrt", "fabs": "fabs", "floor": "floor", "ceil": "ceil", "trunc": "trunc", "rint": "rint",
              "copysign": "copysign", "maximum": "maximum", "minimum": "minimum", "fmax": "maxnum", "fmin": "minnum"}
_PLAIN = {"add": ("fadd", "add"), "sub": ("fsub", "sub"), "mul": ("fmul", "mul"), "div": ("fdiv", "sdiv"),
          "fmod": ("frem", "srem"), "and": ("", "and"), "or": ("", "or"), "xor": ("", "xor"), "iadd": ("", "add nsw"),
          "isub": ("", "sub nsw"), "imul": ("", "mul nsw")}

INLINED = 8  # functions of numbers whose code is copied to where they are called, outside of loops: more take long


class Scalars(Division, Neighbours):
    """The part of a printer that prints expressions."""

    load: Any
    called: Called
    library: dict[str, int]
    results: dict[Expr, str]
    table: Any
    label: Any
    add: Any
    entry: list[str]
    loops: int
    straight: int

    def expression(self, x: Expr) -> None:
        method = getattr(self, f"op_{x.op}", None)
        if method is not None:
            x.name = method(x)
        elif x.op in _PLAIN or x.op in ("maximum", "minimum", "fmax", "fmin"):
            x.name = self.value(self.binary(x.op, x.type, self.ref(x.args[0]), self.ref(x.args[1])))
        elif x.op in _COMPARE:
            x.name = self.compare(x)
        elif x.op in _INTRINSIC:
            x.name = self.intrinsic(_INTRINSIC[x.op], x.type, [self.ref(a) for a in x.args])
        else:
            raise AssertionError(f"no LLVM for {x.op}")

    def binary(self, op: str, t: str, a: str, b: str, flags: str = "") -> str:
        if op in ("maximum", "minimum", "fmax", "fmin"):
            return self.extremum(op, t, a, b)
        instruction = _PLAIN[op][0 if t[0] == "f" else 1]
        if t[0] == "u" and instruction in ("sdiv", "srem"):
            instruction = "u" + instruction[1:]
        return f"{instruction} {flags}{llvm_type(t)} {a}, {b}"

    def extremum(self, op: str, t: str, a: str, b: str) -> str:
        if t[0] == "f":
            return self._intrinsic_call(_INTRINSIC[op], t, [a, b])
        kind = "u" if t[0] in "ub" else "s"
        return self._intrinsic_call(f"{kind}{'max' if 'max' in op else 'min'}", t, [a, b])

    def compare(self, x: Expr) -> str:
        t = x.args[0].type
        which = _COMPARE[x.op][0 if t[0] == "f" else 1 if t[0] == "i" else 2]
        instruction = "fcmp" if t[0] == "f" else "icmp"
        return self.value(f"{instruction} {which} {llvm_type(t)} {self.ref(x.args[0])}, {self.ref(x.args[1])}")

    def intrinsic(self, name: str, t: str, args: list[str]) -> str:
        return self.value(self._intrinsic_call(name, t, args))

    def _intrinsic_call(self, name: str, t: str, args: list[str]) -> str:
        lt = llvm_type(t)
        suffix = SUFFIX.get(t, lt)
        self.called.declares.add(f"declare {lt} @llvm.{name}.{suffix}({', '.join([lt] * len(args))})")
        return f"call {lt} @llvm.{name}.{suffix}({', '.join(f'{lt} {a}' for a in args)})"

    def op_input(self, x: Expr) -> str:
        position, _, _, part = x.data
        return f"%in{position}_{part}"

    def op_length(self, x: Expr) -> str:
        return f"%in{x.data[0]}_dim{x.data[1]}"

    def op_load(self, x: Expr) -> str:
        return self.load(x)

    def op_get(self, x: Expr) -> str:
        return self.value(f"load {llvm_type(x.type)}, ptr %{x.data.name}")

    def op_select(self, x: Expr) -> str:
        t = llvm_type(x.type)
        c, a, b = map(self.ref, x.args)
        return self.value(f"select i1 {c}, {t} {a}, {t} {b}")

    def op_neg(self, x: Expr) -> str:
        (a,) = map(self.ref, x.args)
        t = llvm_type(x.type)
        return self.value(f"fneg {t} {a}" if x.type[0] == "f" else f"sub {t} 0, {a}")

    def op_not(self, x: Expr) -> str:
        return self.value(f"xor i1 {self.ref(x.args[0])}, true")

    def op_invert(self, x: Expr) -> str:
        t = llvm_type(x.type)
        return self.value(f"xor {t} {self.ref(x.args[0])}, {'true' if t == 'i1' else '-1'}")

    def op_call(self, x: Expr) -> str:
        from . import vecmath

        dtype, t = {"f64": "float64", "f32": "float32"}[x.type], llvm_type(x.type)
        args = ", ".join(f"{t} {self.ref(a)}" for a in x.args)
        symbol, attributes = vecmath.symbol(x.data, dtype), ""
        if x.op == "called":
            symbol, attributes = vecmath.apart(x.data, dtype)
        elif not self.loops:
            self.straight += 1
            attributes = "noinline" if self.straight > INLINED else ""
        self.called.functions.add(symbol)
        self.called.in_loops |= self.loops > 0
        return self.value(f"call {t} @{symbol}({args}) {attributes}")

    op_called = op_call

    def op_special(self, x: Expr) -> str:
        """A function of doubles by its address; the last argument is Cython's."""
        position = self.library.setdefault(x.data, len(self.library))
        args = ", ".join(f"double {self.ref(a)}" for a in x.args)
        return self.value(f"call double %routine{position}({args}, i32 0)")

    def op_complex(self, x: Expr) -> str:
        """One part of what a function of complex numbers gives; LLVM makes one call of those for both."""
        routine, part = x.data
        position = self.library.setdefault(routine, len(self.library))
        args = ", ".join(f"double {self.ref(a)}" for a in x.args)
        both = self.value(f"call {{ double, double }} %routine{position}({args}) nounwind willreturn memory(none)")
        return self.value(f"extractvalue {{ double, double }} {both}, {part}")

    def op_loop(self, x: Expr) -> str:
        """The first part of what the loop of a ufunc gives for single numbers, which are handed over in memory."""
        loop, given = x.data, iter(x.args)
        places = []
        for t in loop.inputs:
            slot = self._slot(t, [self.ref(next(given)) for _ in range(t.parts)])
            places.append(slot)
        results = [self._slot(t, []) for t in loop.outputs]
        table = self.table("ptr", places + results)
        dimension, steps = self.table("i64", ["1"]), self.table("i64", ["0"] * (len(places) + len(results)))
        function, data = (self.library.setdefault(n, len(self.library)) for n in (loop.routine, loop.routine + DATA))
        self.add(f"call void %routine{function}(ptr {table}, ptr {dimension}, ptr {steps}, ptr %routine{data})")
        self.results[x] = results[loop.which]
        return self._part(results[loop.which], x.type, 0)

    def op_result(self, x: Expr) -> str:
        """Another part of what a loop has given."""
        return self._part(self.results[x.args[0]], x.type, 1)

    def _slot(self, t: Any, parts: list[str]) -> str:
        name = f"%number_{self.label('')}"
        scalar = memory_type(t.scalar)
        self.entry.append(f"  {name} = alloca [{t.parts} x {scalar}], align 16")
        for n, part in enumerate(parts):
            stored = self.value(f"zext i1 {part} to i8") if t.scalar == BOOL else part
            self.add(f"store {scalar} {stored}, ptr {self.value(f'getelementptr {scalar}, ptr {name}, i64 {n}')}")
        return name

    def _part(self, slot: str, t: str, n: int) -> str:
        place = self.value(f"getelementptr {memory_type(t)}, ptr {slot}, i64 {n}")
        found = self.value(f"load {memory_type(t)}, ptr {place}")
        return self.value(f"icmp ne i8 {found}, 0") if t == BOOL else found

    def op_udiv(self, x: Expr) -> str:
        return self._unsigned(x, "udiv")

    def op_urem(self, x: Expr) -> str:
        return self._unsigned(x, "urem")

    def _unsigned(self, x: Expr, instruction: str) -> str:
        a, b = x.args
        divisor = self.ref(b)
        if b.op != "const":  # it may be computed although the loop around it never runs
            divisor = self.value(self._intrinsic_call("umax", INT, [divisor, "1"]))
        return self.value(f"{instruction} i64 {self.ref(a)}, {divisor}")

    def op_shl(self, x: Expr) -> str:
        return self._shift(x, "shl", "0")

    def op_shr(self, x: Expr) -> str:
        if x.type[0] != "i":
            return self._shift(x, "lshr", "0")
        sign = self.value(f"ashr {llvm_type(x.type)} {self.ref(x.args[0])}, {int(x.type[1:]) - 1}")
        return self._shift(x, "ashr", sign)

    def _shift(self, x: Expr, how: str, emptied: str) -> str:
        """A shift, also by more bits than there are (NumPy's meaning; a machine has its own)."""
        a, b = x.args
        t, bits = llvm_type(x.type), int(x.type[1:])
        if b.op == "const" and 0 <= b.data < bits:
            return self.value(f"{how} {t} {self.ref(a)}, {self.ref(b)}")
        within = self.value(f"icmp ult {t} {self.ref(b)}, {bits}")
        by = self.value(f"select i1 {within}, {t} {self.ref(b)}, {t} 0")
        shifted = self.value(f"{how} {t} {self.ref(a)}, {by}")
        return self.value(f"select i1 {within}, {t} {shifted}, {t} {emptied}")

    def op_cast(self, x: Expr) -> str:
        a = x.args[0]
        source, target, lt, lf = a.type, x.type, llvm_type(x.type), llvm_type(a.type)
        if source[0] == "f" and target[0] == "f":
            return self.value(f"{'fpext' if target == 'f64' else 'fptrunc'} {lf} {self.ref(a)} to {lt}")
        if source[0] == "f":
            return self.truncated(self.ref(a), source, target)
        if target[0] == "f":
            return self.value(f"{'sitofp' if source[0] == 'i' else 'uitofp'} {lf} {self.ref(a)} to {lt}")
        bits, wanted = int(source[1:]), int(target[1:])
        if bits == wanted:
            return self.ref(a)
        how = "trunc" if wanted < bits else "sext" if source[0] == "i" else "zext"
        return self.value(f"{how} {lf} {self.ref(a)} to {lt}")

    def truncated(self, a: str, source: str, target: str) -> str:
        """A float as an integer as compiled C has it: of what does not fit, the lower bits of the least signed integer."""
        lf, bits = llvm_type(source), 32 if target in ("i8", "u8", "i16", "u16", "i32") else 64
        if target != "u64":
            whole = self._signed(a, source, bits)
            return whole if target in ("i32", "i64") else self.value(f"trunc i{bits} {whole} to {llvm_type(target)}")
        half = _power_of_two(63)
        small = self.value(f"fcmp ult {lf} {a}, {half}")
        rest = self.value(f"fsub {lf} {a}, {half}")
        whole = self._signed(self.value(f"select i1 {small}, {lf} {a}, {lf} {rest}"), source, 64)
        upper = self.value(f"xor i64 {whole}, {-(2**63)}")
        return self.value(f"select i1 {small}, i64 {whole}, i64 {upper}")

    def _signed(self, a: str, source: str, bits: int) -> str:
        lf, limit = llvm_type(source), _power_of_two(bits - 1)
        size = self.intrinsic("fabs", source, [a])
        fits = self.value(f"fcmp olt {lf} {size}, {limit}")
        inside = self.value(f"select i1 {fits}, {lf} {a}, {lf} {_power_of_two(bits - 1, -1)}")
        return self.value(f"fptosi {lf} {inside} to i{bits}")


def _power_of_two(n: int, sign: int = 1) -> str:
    """A constant of any float type: LLVM writes both as the bits of a double."""
    return "0x" + struct.pack(">d", sign * 2.0**n).hex()
