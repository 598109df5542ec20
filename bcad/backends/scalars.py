"""Elementwise operations on single numbers of the kernel form: real, integer, bool and complex."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Kind, Node
from bcad.ops import Elementwise

from .complexes import ComplexScalars, Unsupported
from .emitter import Emitter
from .kernel import BOOL, F32, F64, INT, Expr, Number, Pair, scalar_of
from .scalar_loops import by_loop

# Functions of floats that the vector math library has, by NumPy's name.
VECTOR = (
    "arccos arccosh arcsin arcsinh arctan arctan2 arctanh cbrt cos cosh digamma erf erfc exp exp2 expit expm1 gammaln hypot log "
    "log10 log1p log2 pow sin sinh tan tanh"
).split()
DIRECT = {  # functions of floats that LLVM has itself
    "sqrt": "sqrt", "fabs": "fabs", "absolute": "fabs", "abs": "fabs", "floor": "floor", "ceil": "ceil",
    "trunc": "trunc", "rint": "rint", "copysign": "copysign", "maximum": "maximum", "minimum": "minimum",
    "fmax": "fmax", "fmin": "fmin", "fmod": "fmod", "nextafter": "nextafter",
}
# Other names for the same: those of `math` and of templates.
SYNONYMS = {
    "power": "pow", "float_power": "pow", "acos": "arccos", "asin": "arcsin", "atan": "arctan", "atan2": "arctan2",
    "acosh": "arccosh", "asinh": "arcsinh", "atanh": "arctanh", "max": "maximum", "min": "minimum",
}
_ARITHMETIC = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.FloorDiv: "floordiv",
               ast.Mod: "mod", ast.Pow: "pow", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor",
               ast.LShift: "shl", ast.RShift: "shr"}
_COMPARE = {ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne"}


def is_float(t: str) -> bool:
    return t[0] == "f"


def needs(dtype: Any) -> str:
    """The scalar type of a dtype, or Unsupported."""
    found = scalar_of(dtype)
    if found is None:
        raise Unsupported(f"dtype {dtype} is not compiled")
    return found


class Scalars(ComplexScalars):
    """Arithmetic on Numbers, through an Emitter."""

    def __init__(self, emitter: Emitter) -> None:
        self.e = emitter

    # -- conversions -------------------------------------------------------------------------
    def cast(self, x: Number, source: Any, target: Any) -> Number:
        """`x` of dtype `source` as one of dtype `target`."""
        if source == target:
            return x
        to = needs(target)
        if target.kind == "c":
            if isinstance(x, Pair):
                return Pair(self.convert(x.re, to), self.convert(x.im, to))
            return Pair(self.convert(x, to), self.e.const(0.0, to))
        if isinstance(x, Pair):
            if target.kind == "b":
                return self.binary("or", self.truth(x.re), self.truth(x.im))
            x = x.re
        return self.convert(x, to)

    def convert(self, x: Expr, to: str) -> Expr:
        if x.type == to:
            return x
        if to == BOOL:
            return self.truth(x)
        if x.op == "const" and (is_float(to) or not is_float(x.type) or abs(x.data) < 2.0**31):
            return self.e.const(float(x.data) if is_float(to) else _wrap(int(x.data), to), to)
        return self.e.emit("cast", x, type=to)

    def truth(self, x: Number) -> Expr:
        if isinstance(x, Pair):
            return self.binary("or", self.truth(x.re), self.truth(x.im))
        if x.type == BOOL:
            return x
        return self.e.emit("ne", x, self.e.const(0.0 if is_float(x.type) else 0, x.type), type=BOOL)

    def literal(self, value: Any, dtype: Any) -> Number:
        t = needs(dtype)
        if dtype.kind == "c":
            return Pair(self.e.const(float(value.real), t), self.e.const(float(value.imag), t))
        if dtype.kind == "f":
            return self.e.const(float(value), t)
        if dtype.kind == "b":
            return self.e.const(bool(value), t)
        if not -(2**63) <= int(value) < 2**64:
            raise Unsupported("an integer of more than 64 bits")
        return self.e.const(int(value), t)

    # -- operations on numbers of one type -----------------------------------------------------
    def unary(self, op: str, x: Number) -> Number:
        if isinstance(x, Pair):
            return self.complex_unary(op, x)
        return self.e.emit(op, x, type=x.type)

    def binary(self, op: str, a: Expr, b: Expr) -> Expr:
        return self.e.emit(op, a, b, type=a.type)

    def arithmetic(self, op: str, a: Number, b: Number) -> Number:
        if isinstance(a, Pair) or isinstance(b, Pair):
            return self.complex_binary(op, self.pair(a), self.pair(b))
        if op == "pow":
            return self.power(a, b)
        if a.type == BOOL:
            op = {"add": "or", "mul": "and"}.get(op, op)
        return self.binary(op, a, b)

    def pair(self, x: Number) -> Pair:
        return x if isinstance(x, Pair) else Pair(x, self.e.const(0.0, x.type))

    def compare(self, op: str, a: Number, b: Number) -> Expr:
        if isinstance(a, Pair) or isinstance(b, Pair):
            a, b = self.pair(a), self.pair(b)
            if op not in ("eq", "ne"):
                return self.complex_order(op, a, b)
            return self.binary("and" if op == "eq" else "or", self.compare(op, a.re, b.re), self.compare(op, a.im, b.im))
        return self.e.emit(op, a, b, type=BOOL)

    def select(self, condition: Expr, a: Number, b: Number) -> Number:
        if isinstance(a, Pair) or isinstance(b, Pair):
            a, b = self.pair(a), self.pair(b)
            return Pair(self._select(condition, a.re, b.re), self._select(condition, a.im, b.im))
        return self._select(condition, a, b)

    def _select(self, condition: Expr, a: Expr, b: Expr) -> Expr:
        return a if a is b else self.e.emit("select", condition, a, b, type=a.type)

    def power(self, a: Expr, b: Expr) -> Expr:
        if not is_float(a.type):
            if b.op == "const" and 0 <= b.data <= 4:
                result = self.e.const(1, a.type)
                for _ in range(b.data):
                    result = self.binary("mul", result, a)
                return result
            raise Unsupported("a power of integers")
        if b.op == "const" and b.data in (1.0, 2.0):
            return a if b.data == 1.0 else self.binary("mul", a, a)
        return self.e.emit("call", a, b, type=a.type, data="pow")

    def call(self, name: str, *args: Number) -> Number:
        """A function by NumPy's name."""
        name = SYNONYMS.get(name, name)
        if any(isinstance(a, Pair) for a in args):
            return self.complex_call(name, *args)
        x = args[0]
        assert isinstance(x, Expr)
        special = getattr(self, f"fn_{name}", None)
        if special is not None:
            return special(*args)
        if not is_float(x.type):
            return self.integer_call(name, *args)
        if name in DIRECT:
            return self.e.emit(DIRECT[name], *args, type=x.type)
        if name in VECTOR:
            return self.e.emit("call", *args, type=x.type, data=name)
        return self.special_call(name, *args)  # type: ignore[arg-type]

    def special_call(self, name: str, *args: Expr) -> Number:
        """A function of real numbers from SciPy, computed in double precision."""
        from . import special_functions

        routine = special_functions.routine(name, len(args)) if all(is_float(a.type) for a in args) else None
        if routine is None:
            raise Unsupported(f"{name} is not compiled")
        found = self.e.emit("special", *(self.convert(a, F64) for a in args), type=F64, data=routine)
        return self.convert(found, args[0].type)

    def integer_call(self, name: str, *args: Any) -> Number:
        x = args[0]
        if name in ("maximum", "minimum", "fmax", "fmin"):
            less = self.compare("lt", args[0], args[1])
            return self.select(less, args[1], args[0]) if name.endswith("max") or name == "maximum" else self.select(
                less, args[0], args[1])
        if name in ("absolute", "abs"):
            if x.type == BOOL or x.type[0] == "u":
                return x
            return self.select(self.compare("lt", x, self.e.const(0, x.type)), self.unary("neg", x), x)
        if name in ("floor", "ceil", "trunc", "rint"):
            return x
        raise Unsupported(f"{name} of integers is not compiled")

    # -- functions with a body of their own ------------------------------------------------------
    def fn_sign(self, x: Expr) -> Number:
        one, zero = self.like(x, 1), self.like(x, 0)
        positive, negative = self.compare("gt", x, zero), self.compare("lt", x, zero)
        rest = self.select(self.compare("eq", x, zero), zero, x)  # nan stays nan
        return self.select(positive, one, self.select(negative, self.like(x, -1), rest))

    def like(self, x: Expr, value: int) -> Expr:
        return self.e.const(float(value) if is_float(x.type) else value, x.type)

    def fn_square(self, x: Expr) -> Number:
        return self.binary("mul", x, x)

    def fn_positive(self, x: Expr) -> Number:
        return x

    def fn_conjugate(self, x: Expr) -> Number:
        return x

    fn_conj = fn_real = fn_positive

    def fn_imag(self, x: Expr) -> Number:
        return self.like(x, 0)

    def fn_reciprocal(self, x: Expr) -> Number:
        if not is_float(x.type):
            raise Unsupported("reciprocal of integers")
        return self.binary("div", self.like(x, 1), x)

    def fn_isnan(self, x: Expr) -> Number:
        return self.compare("ne", x, x) if is_float(x.type) else self.e.const(False, BOOL)

    def fn_isfinite(self, x: Expr) -> Number:
        if not is_float(x.type):
            return self.e.const(True, BOOL)
        return self.compare("lt", self.e.emit("fabs", x, type=x.type), self.e.const(float("inf"), x.type))

    def fn_isinf(self, x: Expr) -> Number:
        if not is_float(x.type):
            return self.e.const(False, BOOL)
        return self.compare("eq", self.e.emit("fabs", x, type=x.type), self.e.const(float("inf"), x.type))

    def fn_signbit(self, x: Expr) -> Number:
        one = self.e.emit("copysign", self.like(x, 1), x, type=x.type) if is_float(x.type) else x
        return self.compare("lt", one, self.like(x, 0))

    def fn_logical_not(self, x: Expr) -> Number:
        return self.e.emit("not", self.truth(x), type=BOOL)

    def fn_logical_and(self, a: Expr, b: Expr) -> Number:
        return self.binary("and", self.truth(a), self.truth(b))

    def fn_logical_or(self, a: Expr, b: Expr) -> Number:
        return self.binary("or", self.truth(a), self.truth(b))

    def fn_logical_xor(self, a: Expr, b: Expr) -> Number:
        return self.binary("xor", self.truth(a), self.truth(b))

    def fn_deg2rad(self, x: Expr) -> Number:
        return self.binary("mul", x, self.e.const(np.pi / 180.0, x.type))

    def fn_rad2deg(self, x: Expr) -> Number:
        return self.binary("mul", x, self.e.const(180.0 / np.pi, x.type))

    fn_radians, fn_degrees = fn_deg2rad, fn_rad2deg

    def fn_heaviside(self, x: Expr, h: Expr) -> Number:
        step = self.select(self.compare("lt", x, self.like(x, 0)), self.like(x, 0), self.like(x, 1))
        step = self.select(self.compare("eq", x, self.like(x, 0)), h, step)
        return self.select(self.compare("ne", x, x), x, step)

    def fn_logaddexp(self, a: Expr, b: Expr) -> Number:
        """NumPy's: the larger plus ``log1p(exp(-distance))``."""
        return self._add_exponentials(a, b, "exp", 1.0)

    def fn_logaddexp2(self, a: Expr, b: Expr) -> Number:
        return self._add_exponentials(a, b, "exp2", 1 / np.log(2))

    def _add_exponentials(self, a: Expr, b: Expr, power: str, scale: float) -> Number:
        B = self.binary
        distance = self.e.emit("fabs", B("sub", a, b), type=a.type)
        rest: Any = self.call("log1p", self.call(power, self.unary("neg", distance)))
        total = B("add", self.e.emit("maximum", a, b, type=a.type), B("mul", rest, self.e.const(scale, a.type)))
        equal = B("add", a, self.e.const(np.log(2) * scale, a.type))  # of two infinities too
        return self.select(self.compare("eq", a, b), equal, total)

    def fn_sinc(self, x: Expr) -> Number:
        angle = self.binary("mul", self.e.const(np.pi, x.type), x)
        zero = self.compare("eq", x, self.like(x, 0))
        safe = self._select(zero, self.like(x, 1), angle)
        return self._select(zero, self.like(x, 1), self.binary("div", self.call("sin", safe), safe))  # type: ignore[arg-type]


# -- ops ---------------------------------------------------------------------------------------------
@functools.cache
def template(text: str) -> ast.expr:
    """The syntax tree of an op's scalar expression; its arguments are ``_0``, ``_1``, ..."""
    return ast.parse(text.format(*(f"_{k}" for k in range(8))), mode="eval").body


def operand_dtypes(op: Elementwise, types: Sequence[ArrayType]) -> list[Any]:
    """The dtypes in which NumPy computes: what each operand is converted to first."""
    if op.name in ("where", "mask"):
        result = op.type_rule(*types).dtype
        return [np.dtype(bool), *[result] * (len(types) - 1)]
    if isinstance(op.numpy, np.ufunc) and op.numpy.signature is None:
        truth: Any = int if op.type_rule(*types).dtype.kind != "b" else np.dtype(bool)  # Python counts with its bools
        weak: list[Any] = [{"b": truth, "i": int, "f": float, "c": complex}[t.dtype.kind]
                           if t.kind is Kind.PYTHON else t.dtype for t in types]
        if all(t.kind is Kind.PYTHON for t in types):
            weak = [np.dtype(np.int64) if w is int else t.dtype for w, t in zip(weak, types, strict=True)]
        try:
            return list(op.numpy.resolve_dtypes((*weak, *(None,) * op.numpy.nout))[: len(types)])
        except TypeError as error:
            raise Unsupported(f"{op.name}: {error}") from None
    result = op.type_rule(*types).dtype
    keep = "b" if result.kind != "c" else "bc"  # a part of a complex number is taken, not converted
    return [t.dtype if result.kind != "b" and t.dtype.kind in keep or _narrows(t.dtype, result) else result for t in types]


def _narrows(source: Any, result: Any) -> bool:
    return bool(source.kind == "c" and result.kind != "c") or bool(result.kind == "b")


def apply(s: Scalars, node: Node, args: Sequence[Number]) -> Number:
    """The result of an elementwise node for single numbers."""
    op = node.op
    assert isinstance(op, Elementwise)
    if node.attrs:
        raise Unsupported(f"{op.name} with {', '.join(node.attrs)}")
    types: list[Any] = [v.type for v in node.inputs]
    dtypes = operand_dtypes(op, types)
    values = [s.cast(a, t.dtype, d) for a, t, d in zip(args, types, dtypes, strict=True)]
    if op.name in _OTHERWISE_IN_PYTHON and any(isinstance(v, Pair) for v in values) and node.outputs[0].type.kind is Kind.PYTHON:
        raise Unsupported(f"{op.name} of Python's complex numbers")  # cmath rounds and raises in its own way
    try:
        if op.name in _NAMED or op.scalar is None:
            result = s.call(op.name, *values)
        else:
            result = _Interpreter(s, values, op.name).run(template(op.scalar))
    except Unsupported:
        return by_loop(s, node, args)
    computed = _dtype_of(result, dtypes)
    return s.cast(result, computed, node.outputs[0].type.dtype)


# Ops whose meaning on floats is better known here than a Python expression can say.
_NAMED = {*VECTOR, *DIRECT, *SYNONYMS, "sign", "square", "reciprocal", "isnan", "isfinite", "isinf", "signbit", "conjugate",
          "real", "imag", "logical_not", "logical_and", "logical_or", "logical_xor", "deg2rad", "rad2deg", "heaviside",
          "positive", "angle"} - {"power", "float_power", "fmod"}
_OTHERWISE_IN_PYTHON = {*VECTOR, *SYNONYMS, "sqrt"}
_KIND_DTYPE = {F32: np.dtype(np.float32), F64: np.dtype(float), INT: np.dtype(np.int64), BOOL: np.dtype(bool)}


def _dtype_of(x: Number, dtypes: Sequence[Any]) -> Any:
    if isinstance(x, Pair):
        return np.dtype(np.complex64 if x.re.type == F32 else complex)
    if x.type in _KIND_DTYPE:
        return _KIND_DTYPE[x.type]
    return np.dtype(f"{x.type[0]}{int(x.type[1:]) // 8}")


class _Interpreter:
    """Emits a scalar template."""

    def __init__(self, s: Scalars, values: Sequence[Number], name: str) -> None:
        self.s, self.values, self.name = s, values, name

    def run(self, tree: ast.expr) -> Number:
        method: Callable[[Any], Number] | None = getattr(self, type(tree).__name__, None)
        if method is None:
            raise Unsupported(f"{self.name}: {ast.dump(tree)}")
        return method(tree)

    def Name(self, tree: ast.Name) -> Number:
        if tree.id[0] == "_":
            return self.values[int(tree.id[1:])]
        value = {"pi": np.pi, "inf": np.inf, "nan": np.nan, "e": np.e}[tree.id]
        return self.number(value)

    def number(self, value: Any) -> Number:
        like = self.values[-1]
        t = like.re.type if isinstance(like, Pair) else like.type
        if isinstance(value, bool):
            return self.s.e.const(value, BOOL)
        return self.s.e.const(float(value) if is_float(t) else value, t if is_float(t) or isinstance(value, int) else "f64")

    def Constant(self, tree: ast.Constant) -> Number:
        return self.number(tree.value)

    def BinOp(self, tree: ast.BinOp) -> Number:
        return self.s.arithmetic(_ARITHMETIC[type(tree.op)], self.run(tree.left), self.run(tree.right))

    def UnaryOp(self, tree: ast.UnaryOp) -> Number:
        x = self.run(tree.operand)
        if isinstance(tree.op, ast.Not):
            return self.s.e.emit("not", self.s.truth(x), type=BOOL)
        if isinstance(tree.op, ast.UAdd):
            return x
        return self.s.unary("neg" if isinstance(tree.op, ast.USub) else "invert", x)

    def Compare(self, tree: ast.Compare) -> Number:
        return self.s.compare(_COMPARE[type(tree.ops[0])], self.run(tree.left), self.run(tree.comparators[0]))

    def BoolOp(self, tree: ast.BoolOp) -> Number:
        op = "and" if isinstance(tree.op, ast.And) else "or"
        parts = [self.s.truth(self.run(v)) for v in tree.values]
        return functools.reduce(lambda a, b: self.s.binary(op, a, b), parts)

    def IfExp(self, tree: ast.IfExp) -> Number:
        condition = self.s.truth(self.run(tree.test))
        return self.s.select(condition, self.run(tree.body), self.run(tree.orelse))

    def Call(self, tree: ast.Call) -> Number:
        assert isinstance(tree.func, (ast.Name, ast.Attribute))
        name = tree.func.id if isinstance(tree.func, ast.Name) else tree.func.attr
        return self.s.call(name, *map(self.run, tree.args))


def _wrap(value: int, type_: str) -> int:
    bits = int(type_[1:])
    value &= (1 << bits) - 1
    return value - (1 << bits) if type_[0] == "i" and value >= 1 << (bits - 1) else value
