"""Random statements as source text: assignments, writes, views, branches, loops, helpers, accumulators, effects."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from .expressions import Expressions, Kind

Lines = list[str]


def indent(lines: Lines) -> Lines:
    return ["    " + line for line in lines]


class Statements(Expressions):
    """Makes blocks of statements; names that a block alone assigns are not read after it."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.counter = 0
        self.loops = 0  # how many loops are around
        self.in_function = False
        self.effects: list[Callable[[], str]] = []
        self.fixed: set[str] = set()  # never rebound: arguments of loops, captures

    def fresh(self, letter: str) -> str:
        self.counter += 1
        return f"{letter}{self.counter}"

    def block(self, size: int, depth: int) -> Lines:
        """Some statements; what they define is forgotten at the end."""
        before = dict(self.variables)
        lines: Lines = []
        for _ in range(size):
            lines += self.statement(depth)
        self.variables = before
        return lines or ["pass"]

    def statement(self, depth: int) -> Lines:
        makers = [
            (self.define, 5), (self.rebind, 4), (self.augment, 4), (self.write, 6), (self.view, 2.5), (self.append, 1.5),
            (self.swap, 0.7), (self.effect, 1.0), (self.attempt, 0.4),
        ]
        if depth > 0:
            makers += [(self.branch, 3), (self.for_loop, 4), (self.while_loop, 1)]
        if self.loops:
            makers += [(self.leave, 0.8)]
        made = self.random.choices([m for m, _ in makers], [w for _, w in makers])[0]
        return made(depth)

    # -- names ---------------------------------------------------------------------------------
    def define(self, depth: int) -> Lines:
        tag = self.random.choices("FAIBL", [4, 5, 0.7, 1, 1])[0]
        name = self.fresh({"F": "s", "A": "a", "I": "i", "B": "b", "L": "l"}[tag])
        if tag == "A":
            dims = self.pick(*self.shapes())
            line = f"{name} = {self.array(dims)}"
            self.variables[name] = Kind("A", dims)
            return [line]
        text = {"F": self.number, "I": self.integer, "B": self.flag, "L": lambda: f"[{self.number(1)}]"}[tag]()
        self.variables[name] = Kind(tag)
        return [f"{name} = {text}"]

    def _changeable(self, tags: str) -> list[str]:
        return [v for v, k in self.variables.items() if k.tag in tags and v not in self.fixed and not k.tag == "I"]

    def rebind(self, depth: int) -> Lines:
        names = self._changeable("FAB")
        if not names:
            return self.define(depth)
        name = self.pick(*names)
        kind = self.variables[name]
        if kind.tag == "F":
            return [f"{name} = {self.number()}"]
        return [f"{name} = {self.flag() if kind.tag == 'B' else self.array(kind.dims)}"]

    def augment(self, depth: int) -> Lines:
        names = self._changeable("FA")
        if not names:
            return self.define(depth)
        name = self.pick(*names)
        kind = self.variables[name]
        if kind.tag == "F":
            return [f"{name} {self.pick('+=', '-=', '*=', '+=')} {self.number()}"]
        value = self.number(1) if self.chance(0.4) else self.array(kind.dims, 1)
        return [f"{name} {self.pick('+=', '-=', '*=')} {value}"]

    def swap(self, depth: int) -> Lines:
        arrays = [v for v in self._changeable("A")]
        pairs = [(a, b) for a in arrays for b in arrays if a < b and self.variables[a] == self.variables[b]]
        if pairs and self.chance(0.6):
            a, b = self.pick(*pairs)
            return [f"{a}, {b} = {b}, {a}"] if self.chance(0.6) else [f"{a} = {b}"]
        numbers = self._changeable("F")
        if len(numbers) < 2:
            return self.define(depth)
        a, b = self.random.sample(numbers, 2)
        return [f"{a}, {b} = {b}, {self.pick(a, self.number(1))}"]

    # -- writes ----------------------------------------------------------------------------------
    def write(self, depth: int) -> Lines:
        names = [v for v, k in self.variables.items() if k.tag == "A" and k.dims and v not in self.fixed]
        if not names:
            return self.define(depth)
        name = self.pick(*names)
        return [self._write_matrix(name) if len(self.variables[name].dims) == 2 else self._write_vector(name)]

    def _write_vector(self, a: str) -> str:
        (dim,) = dims = self.variables[a].dims
        i, j, op = self.index(dim), self.index(dim), self.pick("=", "+=", "*=")
        forms = [
            (f"{a}[{i}] = {self.number()}", 6), (f"{a}[{i}] {op} {self.number(1)}", 4), (f"{a}[1:] {op} 0.5 * {a}[:-1]", 1),
            (f"{a}[:] = {self.array(dims, 1)}", 1), (f"{a}[::2] {op} {self.number(1)}", 1), (f"{a}[{i}], {a}[{j}] = {a}[{j}], {a}[{i}]", 1),
            (f"{a}[{a} > {self.pick('0.1', '0.4')}] {self.pick('=', '*=')} {self.number(1)}", 1), (f"{a}.fill({self.number(1)})", 0.4),
            (f"np.{self.pick('sin', 'tanh')}({self.array(dims, 1)}, out={a})", 0.6), (f"{a}[{i}:] = {self.number(1)}", 0.8),
            (f"{a}[:{i}] {op} {self.number(1)}", 0.6), (f"{a}[{i}:{i} + 1] = {self.number(1)}", 0.4), (f"{a}[...] {op} {self.number(1)}", 0.3),
        ]
        forms += [(f"{a}[{z}] {op} {self.array(dims, 1)}", 0.7) for z in self.named("Z", dims)]
        forms += [(f"np.add.at({a}, {z}, {self.array(dims, 1)})", 0.4) for z in self.named("Z", dims)]
        return self.random.choices([f for f, _ in forms], [w for _, w in forms])[0]

    def _write_matrix(self, a: str) -> str:
        rows, columns = self.variables[a].dims
        i, j, op = self.index(rows), self.index(columns), self.pick("=", "+=", "*=")
        return self.pick(
            f"{a}[{i}, {j}] {op} {self.number()}", f"{a}[{i}] {op} {self.array((columns,), 1)}", f"{a}[:, {j}] {op} {self.number(1)}",
            f"{a}.T[{j}] = {self.array((rows,), 1)}", f"{a}[{a} > 0.3] {self.pick('=', '*=')} 0.5", f"{a}.reshape(-1)[0] = {self.number(1)}",
            f"{a}[{i}][{j}] {op} {self.number(1)}", f"{a}[{i}, :] = {a}[{self.index(rows)}, :]", f"{a}[1:, {j}] {op} {a}[:-1, {j}]",
        )

    def view(self, depth: int) -> Lines:
        """A name for a part of an array (or all of it)."""
        shapes = [d for d in self.shapes() if d]
        dims = self.pick(*shapes)
        a, name = self.pick(*self.named("A", dims)), self.fresh("w")
        if a in self.fixed and self.chance(0.5):
            a = self.pick(*self.named("A", dims))
        if len(dims) == 2:
            text, kind = self.pick((f"{a}[{self.index(dims[0])}]", dims[1:]), (f"{a}.T", dims[::-1]), (f"{a}[:, {self.index(dims[1])}]", dims[:1]),
                                   (f"{a}[::-1]", dims), (a, dims))
        else:
            text, kind = self.pick((a, dims), (f"{a}[::-1]", dims), (f"{a}[:]", dims), (f"{a}.reshape(-1)", dims))
        self.variables[name] = Kind("A", kind)
        if a in self.fixed:
            self.fixed.add(name)
        return [f"{name} = {text}"]

    def append(self, depth: int) -> Lines:
        names = self.named("L")
        return [f"{self.pick(*names)}.append({self.number()})"] if names else self.define(depth)

    def effect(self, depth: int) -> Lines:
        return [self.pick(*self.effects)()] if self.effects else self.define(depth)

    # -- control -----------------------------------------------------------------------------------
    def branch(self, depth: int) -> Lines:
        lines = [f"if {self.flag()}:", *indent(self.block(self.random.randint(1, 2), depth - 1))]
        if self.chance(0.25):
            lines += [f"elif {self.flag()}:", *indent(self.block(1, depth - 1))]
        if self.chance(0.5):
            lines += ["else:", *indent(self.block(self.random.randint(1, 2), depth - 1))]
        return lines

    def for_loop(self, depth: int) -> Lines:
        before, fixed = dict(self.variables), set(self.fixed)
        header = self._header()
        self.loops += 1
        size = self.random.randint(1, 3)
        body = self.block(size, depth - 1)
        self.loops -= 1
        self.variables, self.fixed = before, fixed
        lines = [header, *indent(body)]
        if self.chance(0.08):
            lines += ["else:", *indent(self.block(1, depth - 1))]
        return lines

    def _header(self) -> str:
        dim = self.pick(*self.lengths)
        n, i = self.lengths[dim], self.fresh("j")
        vectors = self.named("A", (dim,))
        indices = [v for v, k in self.variables.items() if k.tag == "I" and k.dims == (dim,)]
        forms: list[tuple[str, float, dict[str, Kind]]] = [
            (f"for {i} in range({n}):", 6, {i: Kind("I", (dim,))}), (f"for {i} in range(1, {n}):", 3, {i: Kind("I", (dim,))}),
            (f"for {i} in range({n} - 1, -1, -1):", 1.5, {i: Kind("I", (dim,))}), (f"for {i} in reversed(range({n})):", 1, {i: Kind("I", (dim,))}),
            (f"for {i} in range({self.integer()}):", 3, {i: Kind("I")}), (f"for {i} in range(0, {n}, 2):", 1, {i: Kind("I", (dim,))}),
        ]
        forms += [(f"for {i} in range({k}):", 3, {i: Kind("I", (dim,))}) for k in indices]
        forms += [(f"for {i} in range({k} + 1, {n}):", 2, {i: Kind("I", (dim,))}) for k in indices]
        if vectors:
            v, a, b = self.fresh("e"), self.pick(*vectors), self.pick(*vectors)
            forms += [
                (f"for {v} in {a}:", 2, {v: Kind("F")}), (f"for {i}, {v} in enumerate({a}):", 3, {i: Kind("I", (dim,)), v: Kind("F")}),
                (f"for {i}, {v} in zip(range({n}), {a}):", 1, {i: Kind("I", (dim,)), v: Kind("F")}),
                (f"for {v}, {v}b in zip({a}, {b}):", 1.5, {v: Kind("F"), f"{v}b": Kind("F")}), (f"for {v} in reversed({a}):", 0.7, {v: Kind("F")}),
            ]
        matrices = [m for m, k in self.variables.items() if k.tag == "A" and len(k.dims) == 2]
        if matrices:
            m, v = self.pick(*matrices), self.fresh("r")
            forms += [(f"for {v} in {m}:", 2, {v: Kind("A", self.variables[m].dims[1:])})]
        text, _, made = self.random.choices(forms, [w for _, w, _ in forms])[0]
        self.variables.update(made)
        self.fixed |= {v for v, k in made.items() if k.tag == "F"}
        return text

    def while_loop(self, depth: int) -> Lines:
        count, n = self.fresh("c"), self.pick("3", "5", "7")
        changing = [v for v in self.named("F") if v not in self.fixed]
        if not changing:
            return self.for_loop(depth)
        s = self.pick(*changing)
        condition = self.pick(f"abs({s}) < 1.5", f"{s} > 0.05", f"{s}**2 < 2.0")
        self.variables[count] = Kind("I")
        self.loops += 1
        body = self.block(self.random.randint(0, 2), depth - 1)
        self.loops -= 1
        change = self.pick(f"{s} = {s} * 0.6 + {self.number(1)}", f"{s} *= 0.7", f"{s} += 0.3")
        lines = [f"{count} = 0", f"while {condition} and {count} < {n}:", *indent([f"{count} += 1", *[b for b in body if b != "pass"], change])]
        return lines

    def leave(self, depth: int) -> Lines:
        return [f"if {self.flag(0)}:", "    " + self.random.choices(["break", "continue", f"return {self.result()}"], [4, 4, 1.5])[0]]

    def attempt(self, depth: int) -> Lines:
        body = self.block(1, 0)
        handler = self.pick("except ZeroDivisionError:", "except (IndexError, ValueError):", "except ArithmeticError:")
        extra = []
        numbers = [v for v in self.named("F") if v not in self.fixed]
        if numbers:
            s = self.pick(*numbers)
            extra = [f"{s} = {self.pick('{0} / (1 if {0} > 0.3 else 0)', '{0} / 2', 'math.sqrt({0})').format(s)}"]
        return ["try:", *indent([*body, *extra]), handler, *indent(self.block(1, 0))]

    # -- the end -------------------------------------------------------------------------------------
    def result(self) -> str:
        """A scalar that depends on much of what is in scope."""
        terms = []
        for name, kind in self.variables.items():
            if self.chance(0.75):
                if kind.tag == "F":
                    terms.append(f"np.sin({name})" if self.chance(0.5) else name)
                elif kind.tag == "A":
                    terms.append(f"np.sum({name} * {self.pick('0.5', name, '1.5')})")
                elif kind.tag == "L":
                    terms.append(self.pick(f"sum({name})", f"np.sum(np.array({name}))"))
        return " + ".join(terms) or "0.5"
