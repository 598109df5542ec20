"""Loops printed as vectors: eight turns at once, the last ones under a mask.

For the long loops of `bcad.backends.strips`: LLVM need not find out how to vectorise them, and there is no
second copy of the body for the turns that are left over.
"""

from __future__ import annotations

from typing import Any

from . import kernel as k
from .kernel import BOOL, INT, Expr
from .numba_llvm_types import item_size, literal, llvm_type, memory_type

LANES = 8  # numbers in a vector, of every type; LLVM takes several registers where they are short

_FLOATS = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
_BITS = {"and", "or", "xor"}
_COMPARE = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}
_INTRINSIC = {"sqrt": "sqrt", "fabs": "fabs", "floor": "floor", "ceil": "ceil", "trunc": "trunc", "rint": "rint",
              "copysign": "copysign", "maximum": "maximum", "minimum": "minimum", "fmax": "maxnum", "fmin": "minnum"}
START = {"add": -0.0, "mul": 1.0}  # of an accumulator; what the others start at does not matter twice


class Turns:
    """What is what in the body of a loop that is to be printed as vectors: indices, and all the rest.

    Attributes
    ----------
    indices : set of Expr
        Integers that grow by one from turn to turn, as scalars: those of the first lane.
    fits : bool
        Whether the loop can be printed so.
    """

    def __init__(self, loop: k.For) -> None:
        self.inside = {s for s in loop.body.statements if isinstance(s, Expr)}
        self.indices = {loop.index}
        self.fits = all(map(self._fits, loop.body.statements))

    def _fits(self, s: Any) -> bool:
        if isinstance(s, k.Accumulate):
            t = s.variable.type
            return s.free and (t[0] == "f" or t == BOOL) and self._data(s.value)
        if isinstance(s, k.Store):
            return s.index in self.indices and self._data(s.value)
        if not isinstance(s, Expr):
            return False
        if s.op == "load":
            return s.args[0] in self.indices
        if s.op in ("iadd", "isub") and s.args[0] in self.indices | self._unchanging(s.args[0]):
            if (s.args[0] in self.indices) == (s.args[1] in self.indices) or (s.op == "isub" and s.args[1] in self.indices):
                return False
            self.indices.add(s)
            return all(a in self.indices or a not in self.inside for a in s.args)
        return self._computed(s) and all(map(self._data, s.args))

    def _unchanging(self, x: Expr) -> set[Expr]:
        return set() if x in self.inside else {x}

    def _data(self, x: Expr) -> bool:
        return x not in self.indices

    @staticmethod
    def _computed(s: Expr) -> bool:
        """Whether an operation is among those that are printed here."""
        kind = s.args[0].type[0] if s.args else ""
        if s.op in _FLOATS or s.op in _INTRINSIC or s.op in ("call", "called"):
            return s.type[0] == "f"
        if s.op in _BITS or s.op == "not":
            return s.type == BOOL
        if s.op in _COMPARE:
            return kind == "f"
        if s.op == "cast":
            return s.type[0] == "f" and kind in "fib"
        return (s.op == "neg" and s.type[0] == "f") or s.op == "select"


class LanePrinter:
    """Prints one loop; `body` is the printer of the function that it stands in."""

    def __init__(self, body: Any, loop: k.For) -> None:
        self.body, self.loop = body, loop
        self.turns = Turns(loop)
        self.splats: dict[Expr, str] = {}
        self.sums: dict[k.Variable, str] = {}
        self.ops: dict[k.Variable, str] = {}  # by which each of them grows
        self.lanes = LANES
        self.mask = ""  # which of the lanes are turns; if none is told, all

    def wide(self, t: str) -> str:
        """The type of a vector of scalars."""
        return f"<{self.lanes} x {llvm_type(t)}>"

    def run(self) -> None:
        """The whole loop, what comes before and after it included."""
        body, loop = self.body, self.loop
        for s in loop.body.statements:
            self._prepare(s)
        head, inner, end = body.label("lanes"), body.label("body"), body.label("end")
        slot = f"%i{body.count}"
        body.entry.append(f"  {slot} = alloca i64")
        stop = body.ref(loop.stop)
        body.add(f"store i64 {body.ref(loop.start)}, ptr {slot}")
        body.add(f"br label %{head}")
        body.start(head)
        loop.index.name = body.value(f"load i64, ptr {slot}")
        body.add(f"br i1 {body.value(f'icmp slt i64 {loop.index.name}, {stop}')}, label %{inner}, label %{end}")
        body.start(inner)
        self.mask = self._mask(stop)
        again = body._parallel(loop)
        for s in loop.body.statements:
            self._statement(s)
        body.group = ""
        body.add(f"store i64 {body.value(f'add nsw i64 {loop.index.name}, {self.lanes}')}, ptr {slot}")
        body.add(f"br label %{head}{again}")
        body.start(end)
        for variable, sums in self.sums.items():
            self._combine(variable, sums)

    def _mask(self, stop: str) -> str:
        """Which of the lanes are turns of the loop."""
        left = self.body.value(f"sub i64 {stop}, {self.loop.index.name}")
        count = self._spread(left, INT)
        lanes = ", ".join(f"i64 {n}" for n in range(self.lanes))
        return str(self.body.value(f"icmp slt {self.wide(INT)} <{lanes}>, {count}"))

    # -- before the loop -------------------------------------------------------------------------------
    def _prepare(self, s: Any) -> None:
        """What a statement reads from outside the loop, in all lanes; where it adds up."""
        if isinstance(s, k.Accumulate) and s.variable not in self.sums:
            self.sums[s.variable] = self._accumulator(s)
        self._spread_operands(s)

    def _spread_operands(self, s: Any) -> None:
        if isinstance(s, (k.Accumulate, k.Store)):
            read: tuple[Expr, ...] = (s.value,)
        else:
            read = () if s.op == "load" or s in self.turns.indices else s.args
        for x in read:
            if x not in self.turns.inside and x not in self.splats:
                self.splats[x] = self._everywhere(x)

    def _everywhere(self, x: Expr) -> str:
        if x.op == "const":
            return f"splat ({llvm_type(x.type)} {literal(x.data, x.type)})"
        return self._spread(self.body.ref(x), x.type)

    def _spread(self, name: str, t: str) -> str:
        """A vector with a number in all lanes."""
        one = self.body.value(f"insertelement {self.wide(t)} poison, {llvm_type(t)} {name}, i64 0")
        return str(self.body.value(f"shufflevector {self.wide(t)} {one}, {self.wide(t)} poison, <{self.lanes} x i32> zeroinitializer"))

    def _accumulator(self, s: k.Accumulate) -> str:
        t, slot = s.variable.type, f"%lanes_{self.body.label('')}"
        self.body.entry.append(f"  {slot} = alloca {self.wide(t)}")
        start = f"splat ({llvm_type(t)} {literal(START[s.op], t)})" if s.op in START else self._spread(
            self.body.value(f"load {llvm_type(t)}, ptr %{s.variable.name}"), t)
        self.body.add(f"store {self.wide(t)} {start}, ptr {slot}")
        self.ops[s.variable] = s.op
        return slot

    def _combine(self, variable: k.Variable, sums: str) -> None:
        """Put together what the lanes have added up."""
        body, t = self.body, variable.type
        found = body.value(f"load {self.wide(t)}, ptr {sums}")
        before = body.value(f"load {llvm_type(t)}, ptr %{variable.name}")
        total = self._reduced(self.ops[variable], t, before, found)  # if it is no sum, each lane started with what there was
        body.add(f"store {llvm_type(t)} {total}, ptr %{variable.name}")

    def _reduced(self, op: str, t: str, before: str, found: str) -> str:
        """All lanes as one number: of sums and products, what there was before is part."""
        body = self.body
        if op in START:
            name, of = f"llvm.vector.reduce.f{op}.v{self.lanes}{t}", [f"{llvm_type(t)} {before}", f"{self.wide(t)} {found}"]
        else:
            kind = {"maximum": "fmaximum", "minimum": "fminimum"}.get(op, op) if t != BOOL else _truth(op)
            name, of = f"llvm.vector.reduce.{kind}.v{self.lanes}{t if t != BOOL else 'i1'}", [f"{self.wide(t)} {found}"]
        body.called.declares.add(f"declare {llvm_type(t)} @{name}({', '.join(x.rpartition(' ')[0] for x in of)})")
        flags = "reassoc " if op in START else ""
        return str(body.value(f"call {flags}{llvm_type(t)} @{name}({', '.join(of)})"))

    # -- in the loop -----------------------------------------------------------------------------------
    def ref(self, x: Expr) -> str:
        return self.splats[x] if x in self.splats else str(x.name)

    def _statement(self, s: Any) -> None:
        if isinstance(s, k.Store):
            self._store(s)
        elif isinstance(s, k.Accumulate):
            self._accumulate(s)
        elif s in self.turns.indices:
            self.body.expression(s)
        else:
            s.name = self._load(s) if s.op == "load" else self._expression(s)

    def _load(self, x: Expr) -> str:
        body, buffer = self.body, x.data
        address, marks = body.address(buffer, x.args[0]), body.marks(buffer)
        t = f"<{self.lanes} x {memory_type(buffer.type)}>"
        if buffer.padded or not self.mask:
            found = body.value(f"load {t}, ptr {address}, align {item_size(buffer)}{marks}")
        else:
            found = self._masked_load(t, address, buffer, marks)
        return str(body.value(f"icmp ne {t} {found}, zeroinitializer")) if buffer.type == BOOL else found

    def _masked_load(self, t: str, address: str, buffer: k.Buffer, marks: str) -> str:
        """Lanes that are no turns get ones: nothing is divided by zero there."""
        scalar = memory_type(buffer.type)
        suffix = f"v{self.lanes}{_suffix(scalar)}.p0"
        bits = f"<{self.lanes} x i1>"
        self.body.called.declares.add(f"declare {t} @llvm.masked.load.{suffix}(ptr, {bits}, {t})")
        one = "1" if scalar[0] == "i" else literal(1.0, buffer.type)
        given = f"ptr align {item_size(buffer)} {address}, {bits} {self.mask}, {t} splat ({scalar} {one})"
        return str(self.body.value(f"call {t} @llvm.masked.load.{suffix}({given}){marks}"))

    def _store(self, s: k.Store) -> None:
        body, buffer = self.body, s.buffer
        address, marks = body.address(buffer, s.index), body.marks(buffer)
        scalar = memory_type(buffer.type)
        t, value = f"<{self.lanes} x {scalar}>", self.ref(s.value)
        if buffer.type == BOOL:
            value = body.value(f"zext {self.wide(BOOL)} {value} to {t}")
        if buffer.padded or not self.mask:
            body.add(f"store {t} {value}, ptr {address}, align {item_size(buffer)}{marks}")
            return
        suffix, bits = f"v{self.lanes}{_suffix(scalar)}.p0", f"<{self.lanes} x i1>"
        body.called.declares.add(f"declare void @llvm.masked.store.{suffix}({t}, ptr, {bits})")
        given = f"{t} {value}, ptr align {item_size(buffer)} {address}, {bits} {self.mask}"
        body.add(f"call void @llvm.masked.store.{suffix}({given}){marks}")

    def _accumulate(self, s: k.Accumulate) -> None:
        body, t, slot = self.body, s.variable.type, self.sums[s.variable]
        before = body.value(f"load {self.wide(t)}, ptr {slot}")
        flags = "reassoc contract " if s.op in START else ""
        after = body.value(self._operation(s.op, t, [before, self.ref(s.value)], flags))
        kept = body.value(f"select <{self.lanes} x i1> {self.mask}, {self.wide(t)} {after}, {self.wide(t)} {before}")
        body.add(f"store {self.wide(t)} {kept}, ptr {slot}")

    def _operation(self, op: str, t: str, args: list[str], flags: str = "") -> str:
        """An operation on vectors of one type."""
        if op in _FLOATS and t[0] == "f":
            return f"{_FLOATS[op]} {flags}{self.wide(t)} {', '.join(args)}"
        if op in _BITS:
            return f"{op} {self.wide(t)} {', '.join(args)}"
        if t == BOOL:  # the greatest of truths
            return f"{_truth(op)} {self.wide(t)} {', '.join(args)}"
        name = f"llvm.{_INTRINSIC[op]}.v{self.lanes}{t}"
        self.body.called.declares.add(f"declare {self.wide(t)} @{name}({', '.join([self.wide(t)] * len(args))})")
        return f"call {self.wide(t)} @{name}({', '.join(f'{self.wide(t)} {a}' for a in args)})"

    def _expression(self, x: Expr) -> str:
        from . import vecmath

        body, t, args = self.body, self.wide(x.type), list(map(self.ref, x.args))
        if x.op in ("call", "called"):
            symbol, _ = vecmath.apart(x.data, {"f64": "float64", "f32": "float32"}[x.type])
            body.called.functions.add(symbol)
            return str(body.value(f"call {t} @{symbol}_v{self.lanes}({', '.join(f'{t} {a}' for a in args)})"))
        if x.op == "select":
            return str(body.value(f"select {self.wide(BOOL)} {args[0]}, {t} {args[1]}, {t} {args[2]}"))
        if x.op in _COMPARE:
            return str(body.value(f"fcmp {_COMPARE[x.op]} {self.wide(x.args[0].type)} {args[0]}, {args[1]}"))
        if x.op == "neg":
            return str(body.value(f"fneg {t} {args[0]}"))
        if x.op == "not":
            return str(body.value(f"xor {t} {args[0]}, splat (i1 true)"))
        if x.op == "cast":
            return self._cast(x.args[0].type, x.type, args[0])
        return str(body.value(self._operation(x.op, x.type, args)))

    def _cast(self, source: str, target: str, value: str) -> str:
        if source == target:
            return value
        if source[0] == "f":
            how = "fpext" if target == "f64" else "fptrunc"
        else:
            how = "sitofp" if source[0] == "i" else "uitofp"
        return str(self.body.value(f"{how} {self.wide(source)} {value} to {self.wide(target)}"))


def _truth(op: str) -> str:
    """A reduction of truths as an operation on bits."""
    return {"maximum": "or", "fmax": "or", "minimum": "and", "fmin": "and"}.get(op, op)


def _suffix(t: str) -> str:
    """How the names of intrinsics spell a type in memory."""
    return {"double": "f64", "float": "f32"}.get(t, t)
