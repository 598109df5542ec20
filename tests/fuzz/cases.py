"""A case: a module's source, the calls of its function ``f``, and what changes outside between them; all of it text."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .containers import PRELUDE as CONTAINERS
from .containers import STATE as CONTAINER_STATE
from .containers import Containers
from .expressions import Kind
from .objects import NAMES
from .objects import PRELUDE as OBJECTS
from .statements import indent

PRELUDE = """import heapq
import math
from collections import OrderedDict, defaultdict, deque

import numpy as np


class Thing:
    rate = 0.5

    @property
    def slope(self):
        return self.c * self.rate


def plain(v):
    return v * 0.5


def bent(v):
    return v * v - 0.25


def closure(z):
    def get():
        return z

    def put(new):
        nonlocal z
        z = new

    return get, put


THING = Thing()
LOG = []
COUNT = 0
BUF = np.array([0.25, -0.5])
CELL, put_cell = closure(0.35)
WIN = deque([0.5, -0.25], maxlen=3)
ORDER = OrderedDict(a=0.5, b=-0.75)
HOOK = plain
"""
STATE = ("C0", "K0", "G0", "P0", "BUF", "LOG", "COUNT", "CFG", "THING", "WIN", "ORDER", "RNG", "NAME", *CONTAINER_STATE)


@dataclass(frozen=True)
class Case:
    """A program and its calls.

    Attributes
    ----------
    source : str
        Defines ``f`` and everything that it reads.
    calls : tuple of (str, str)
        Statements to run first, and the arguments of the call.
    wrt : tuple of int
        The arguments with respect to which it is differentiated.
    """

    source: str
    calls: tuple[tuple[str, str], ...]
    wrt: tuple[int, ...] = (0,)

    def __str__(self) -> str:
        calls = "\n".join(f"# {update.strip() or 'nothing changes'.strip()!r} f{args}" for update, args in self.calls)
        return f"{self.source}\n{calls}\n"


def make_case(seed: int) -> Case:
    """The case with this number."""
    return _Maker(Random(seed)).case()


class _Maker:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.g = Containers(random)
        self.second = random.choice(("scalar", "vector", "matrix", "vector"))
        self.dtype = "float32" if random.random() < 0.06 else "float64"
        self.uses = {name: random.random() < 0.45 for name in ("C0", "K0", "G0", "CFG", "THING", "CELL", "P0", "effects")}
        self.uses |= {name: random.random() < 0.15 for name in ("WIN", "ORDER", "HOOK", "SLOPE")}
        self.g.share = random.choices((0.0, 0.15, 0.5, 0.9), (4, 2, 3, 3))[0]

    def case(self) -> Case:
        n, m = self._size(), self._size()
        first = self._globals(n)
        helpers = self._helpers()
        self.g.draws, self.g.strings = self.random.random() < 0.25, self.random.random() < 0.4
        body = self._function()
        source = f"{PRELUDE}{OBJECTS}{CONTAINERS}{first}\n\n{helpers}def f(x, y, k):\n" + "\n".join(indent(body)) + "\n"
        calls = [("", self._arguments(n, m))]
        for _ in range(2):
            update = ""
            if self.random.random() < 0.4:
                n, m = self._size(), self._size()
                update = self._globals(n)
            update += self._changes(n)
            calls.append((update, self._arguments(n, m)))
        return Case(source, tuple(calls), (0, 1) if self.random.random() < 0.5 else (0,))

    # -- outside ------------------------------------------------------------------------------
    def _size(self) -> int:
        return self.random.choices((0, 1, 2, 3, 4, 5), (0.6, 1.5, 2, 4, 3, 3))[0]

    def _numbers(self, n: int) -> str:
        return f"np.array([{', '.join(repr(round(self.random.uniform(-1.2, 1.2), 3)) for _ in range(n))}], dtype=np.{self.dtype})"

    def _positions(self, n: int) -> str:
        return f"np.array([{', '.join(str(self.random.randrange(max(n, 1))) for _ in range(n))}], dtype=np.int64)"

    def _globals(self, n: int) -> str:
        return (
            f"C0 = {self._number()}\nK0 = {self.random.randint(0, 3)}\nG0 = {self._numbers(n)}\nP0 = {self._positions(n)}\n"
            f"CFG = {{'a': {self._number()}, 'v': {self._numbers(n)}, 'mode': {self.random.randint(0, 2)}, 'log': {self._list()}}}\n"
            f"THING.items = {self._list()}\nOUT[:] = {self._list()}\n"
            f"THING.w = {self._numbers(n)}\nTHING.c = {self._number()}\nTHING.n = {self.random.randint(0, 2)}\n"
        )

    def _number(self) -> str:
        return repr(round(self.random.uniform(-1.5, 1.5), 3))

    def _list(self) -> str:
        return f"[{', '.join(self._number() for _ in range(self.random.choice((0, 0, 1, 3))))}]"

    def _changes(self, n: int) -> str:
        """What may happen between two calls."""
        options = [
            f"C0 = {self._number()}\n", f"C0 = np.float64({self._number()})\n", f"K0 = {self.random.randint(0, 3)}\n",
            f"G0 = {self._numbers(n)}\n", f"G0[:1] = {self._number()}\n", f"CFG['a'] = {self._number()}\n", f"CFG['mode'] = {self.random.randint(0, 2)}\n",
            f"CFG['v'] = {self._numbers(n)}\n", f"CFG['v'] *= {self._number()}\n", f"THING.w = {self._numbers(n)}\n", f"THING.c = {self._number()}\n",
            f"THING.n = {self.random.randint(0, 2)}\n", f"put_cell({self._number()})\n", "BUF[0] = 0.75\n", f"P0 = {self._positions(n)}\n",
            f"WIN.append({self._number()})\n", f"if WIN: WIN[0] = {self._number()}\n", "WIN.rotate()\n", "WIN.clear(); WIN.append(0.125)\n", f"ORDER['a'] = {self._number()}\n",
            "ORDER.move_to_end('a')\n", f"ORDER['c'] = {self._number()}\n", "HOOK = bent\n", "HOOK = plain\n", "plain.__code__ = bent.__code__\n",
            f"Thing.rate = {self._number()}\n", "THING.w = G0\n", "CFG['v'] = THING.w\n", "G0 = np.asfortranarray(G0)[::-1]\n",
            "LOG.append(0.5)\n", "LOG.clear()\n", "BUF = BUF.copy()\n", "C0 = 1\n", f"THING.w[:] = {self._number()}\n",
            f"NAME = {self.random.choice(NAMES)!r}\n", f"RNG = np.random.default_rng({self.random.randint(0, 9)})\n", "RNG.normal()\n",
        ]
        of_containers = [
            "OUT.clear()\n", f"OUT = {self._list()}\n", f"OUT.append({self._number()})\n", f"OUT[:1] = [{self._number()}]\n", "THING.items = OUT\n", "CFG['log'] = THING.items\n",
            f"THING.items = {self._list()}\n", "THING.items = CFG['log']\n", f"CFG['log'] = {self._list()}\n", f"BAG.extend({self._list()})\n", "BAG = deque(maxlen=2)\n", "TABLE.clear()\n",
            f"TABLE[1] = {self._number()}\n", f"TABLE['a'] = {self._number()}\n", "TABLE = {}\n", "SEEN.clear()\n", "SEEN.add(1)\n", "GROUPS.clear()\n", f"GROUPS[1].append({self._number()})\n",
            "KEEPER = Keeper()\n", "KEEPER.items = OUT\n", f"KEEPER.add({self._number()})\n", "OUT.append(1)\n", "OUT = [np.float64(0.5), 2]\n", "push = (lambda h, v: h.append(-v))\n",
        ]
        changes = self.random.sample(options, self.random.choice((0, 0, 1, 2, 4)))
        if self.g.share:
            changes += self.random.sample(of_containers, self.random.choice((0, 0, 1, 2, 4)))
        return "".join(changes)

    def _arguments(self, n: int, m: int) -> str:
        x = self._numbers(n)
        y = {"scalar": self._number(), "vector": self._numbers(n),
             "matrix": f"np.array([{', '.join(repr(round(self.random.uniform(-1, 1), 3)) for _ in range(n * m))}]).reshape({n}, {m})"}[self.second]
        return f"({x}, {y}, {self.random.randint(0, 4)})"

    # -- inside -------------------------------------------------------------------------------
    def _helpers(self) -> str:
        g, text = self.g, ""
        for name in ("h1", "h2")[: self.random.choice((0, 1, 2))]:
            outer = dict(g.variables), dict(g.lengths), set(g.fixed)
            g.variables = {"p": Kind("F"), "q": Kind("F"), "v": Kind("A", ("two",))}
            g.lengths = {"two": "2"}
            self._containers()
            body = ["v = np.array([p, q])"]
            for _ in range(self.random.randint(0, 3)):
                body += g.statement(2)
            text += f"def {name}(p, q):\n" + "\n".join(indent([*body, f"return {g.result()}"])) + "\n\n\n"
            g.variables, g.lengths, g.fixed = outer
            g.helpers.append(name)
        return text

    def _function(self) -> list[str]:
        g = self.g
        g.variables = {"x": Kind("A", ("n",)), "k": Kind("I")}
        g.lengths = {"n": self.random.choice(("len(x)", "x.shape[0]"))}
        g.variables["y"] = {"scalar": Kind("F"), "vector": Kind("A", ("n",)), "matrix": Kind("A", ("n", "m"))}[self.second]
        if self.second == "matrix":
            g.lengths["m"] = "y.shape[1]"
        self._captures()
        lines = ["global COUNT"] if self.uses["effects"] else []
        lines += [self.random.choice(("a0 = x.copy()", "a0 = x * 0.5", "a0 = np.zeros(len(x))", "a0 = x")), "s0 = 0.25"]
        g.variables |= {"a0": Kind("A", ("n",)), "s0": Kind("F")}
        short = g.share > 0.3 and self.random.random() < 0.6  # what goes wrong there needs no shrinking
        for _ in range(self.random.randint(1, 3) if short else self.random.randint(2, 7)):
            lines += g.statement(2 if short else 3)
        return [*lines, f"return {g.result()}"]

    def _captures(self) -> None:
        g, uses = self.g, self.uses
        found = {"C0": {"C0": Kind("F")}, "K0": {"K0": Kind("I")}, "G0": {"G0": Kind("A", ("n",))}, "P0": {"P0": Kind("Z", ("n",))},
                 "CFG": {"CFG['a']": Kind("F"), "CFG['v']": Kind("A", ("n",)), "CFG['mode']": Kind("I")},
                 "THING": {"THING.w": Kind("A", ("n",)), "THING.c": Kind("F"), "THING.n": Kind("I")}, "CELL": {"CELL()": Kind("F")},
                 "WIN": {"sum(WIN)": Kind("F")}, "ORDER": {"sum(ORDER.values())": Kind("F"), "ORDER['a']": Kind("F")},
                 "HOOK": {"HOOK(C0)": Kind("F")}, "SLOPE": {"THING.slope": Kind("F")}}
        for name, variables in found.items():
            if uses[name]:
                g.variables |= variables
                g.fixed |= {v for v in variables if v != "THING.c" and self.random.random() < 0.85}
        g.fixed |= {"CELL()", "C0", "K0", "P0", "G0", "sum(WIN)", "sum(ORDER.values())", "HOOK(C0)", "THING.slope"} & g.variables.keys()
        self._containers()
        if uses["effects"]:
            g.effects = [lambda: f"BUF[{self.random.choice('01')}] {self.random.choice(('=', '+='))} {g.number(1)}", lambda: f"LOG.append({g.number(1)})",
                         lambda: "COUNT += 1", lambda: f"THING.last = {g.number(1)}", lambda: f"WIN.append({g.number(1)})", lambda: f"ORDER['b'] = {g.number(1)}", lambda: f"CFG['last'] = {g.number(1)}",
                         lambda: f"{self._some_number()} = BUF[{self.random.choice('01')}] * 0.5"]

    def _containers(self) -> None:
        """Which containers from outside may be read and changed here."""
        if self.g.share:
            found = {name: kind for name, kind in self.g.captured().items() if self.random.random() < 0.35}
            self.g.variables |= found
            self.g.global_names |= {name for name in found if name.isidentifier()}

    def _some_number(self) -> str:
        names = [v for v in self.g.named("F") if v not in self.g.fixed]
        return self.random.choice(names) if names else "_"
