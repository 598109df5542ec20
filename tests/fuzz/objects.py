"""Random statements about objects: local dicts, instances and tuples, strings that steer, draws, arrays of ints, match."""

from __future__ import annotations

from random import Random

from .expressions import Kind
from .statements import Lines, Statements, indent

PRELUDE = """

class Pair:
    def __init__(self, a, v):
        self.a, self.v = a, v

    def size(self, k=1.0):
        return self.a * k + np.sum(self.v)

    def grown(self, by):
        return Pair(self.a + by, self.v * 0.5)


RNG = np.random.default_rng(3)
NAME = "sine"
WAYS = {"sine": np.sin, "tanh": np.tanh, "plain": plain}
"""
NAMES = ("sine", "tanh", "plain")


class Objects(Statements):
    """Adds them to the statements there are; `draws` and `strings` say whether random numbers and names are used."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.draws = self.strings = False

    def statement(self, depth: int) -> Lines:
        if self.variables and self.chance(0.12):
            makers = [self.dict_of_both, self.instance, self.pair, self.whole_numbers, self.matched]
            makers += [self.drawn] if self.draws else []
            makers += [self.by_name, self.steered] if self.strings else []
            return self.pick(*makers)(depth)
        return super().statement(depth)

    def _vector(self) -> str:
        return self.array(self.pick(*[d for d in self.shapes() if len(d) == 1] or [("n",)]), 1)

    def dict_of_both(self, depth: int) -> Lines:
        name = self.fresh("d")
        dims = self.pick(*[d for d in self.shapes() if len(d) == 1])
        lines = [f"{name} = {{'a': {self.number(1)}, 'v': {self.array(dims, 1)}}}"]
        self.variables |= {f"{name}['a']": Kind("F"), f"{name}['v']": Kind("A", dims)}
        return [*lines, *([f"{name}['v'] = {name}['v'] * 0.5", f"{name}['a'] += {self.number(1)}"] if self.chance(0.5) else [])]

    def instance(self, depth: int) -> Lines:
        name = self.fresh("p")
        dims = self.pick(*[d for d in self.shapes() if len(d) == 1])
        lines = [f"{name} = Pair({self.number(1)}, {self.array(dims, 1)})"]
        if self.chance(0.4):
            lines += [f"{name} = {name}.grown({self.number(1)})"]
        self.variables |= {f"{name}.a": Kind("F"), f"{name}.v": Kind("A", dims), f"{name}.size()": Kind("F")}
        self.fixed.add(f"{name}.size()")
        return lines

    def pair(self, depth: int) -> Lines:
        a, b = self.fresh("s"), self.fresh("s")
        lines = [f"{a}, {b} = {self.number(1)}, {self.number(1)}"]
        self.variables |= {a: Kind("F"), b: Kind("F")}
        return [*lines, f"{a}, *_, {b} = ({b}, {self.number(0)}, {a})"] if self.chance(0.3) else lines

    def whole_numbers(self, depth: int) -> Lines:
        """An int array that floats are written to."""
        z, s = self.fresh("z"), self.fresh("s")
        n = self.lengths[next(iter(self.lengths))]
        lines = [f"{z} = np.arange({n} + 1)", f"{z}[{self.pick('0', '-1')}] {self.pick('=', '+=')} {self.integer()}"]
        if self.chance(0.5):
            lines += [f"{z}[:1] = {self.number(1)} * 3.0"]
        self.variables[s] = Kind("F")
        return [*lines, f"{s} = {z}[{self.pick('0', '-1')}] * {self.number(1)} + {z}.sum() // 2"]

    def matched(self, depth: int) -> Lines:
        changing = [v for v in self.named("F") if v not in self.fixed]
        if not changing:
            return self.define(depth)
        s = self.pick(*changing)
        return [f"match {self.integer()} % 3:", "    case 0:", *indent(indent([f"{s} = {self.number(1)}"])),
                f"    case 1 if {self.flag(0)}:", *indent(indent([f"{s} *= 0.5"])), "    case other:", *indent(indent([f"{s} += other * 0.25"]))]

    def drawn(self, depth: int) -> Lines:
        name = self.fresh("s")
        lines = [f"{name} = {self.pick('RNG.normal()', 'RNG.uniform(-1.0, 1.0)', 'RNG.random() - 0.5', 'np.sum(RNG.normal(size=2))')} * {self.number(1)}"]
        self.variables[name] = Kind("F")
        return lines

    def by_name(self, depth: int) -> Lines:
        name = self.fresh("s")
        lines = [f"{name} = WAYS[NAME]({self.number(1)})"]
        self.variables[name] = Kind("F")
        return lines

    def steered(self, depth: int) -> Lines:
        changing = [v for v in self.named("F") if v not in self.fixed]
        if not changing:
            return self.define(depth)
        test = self.pick("NAME == 'sine'", "NAME.startswith('p')", "len(NAME) > 4", "f'{NAME}!' in ('tanh!', 'plain!')", "NAME[0] < 'r'")
        return [f"if {test}:", *indent([f"{self.pick(*changing)} = {self.number(1)}"])]
