"""Array programs: NumPy over dtypes, ranks, layouts, views and writes, grown a statement at a time from those that NumPy accepts."""

from __future__ import annotations

import string
from random import Random
from typing import Any

import numpy as np

from . import catalogue
from .cases import Case
from .running import bounded, quiet
from .statements import indent

Lines = list[str]
SIZES = ((2, 3), (3, 2), (3, 3), (2, 2), (4, 1), (1, 3))
OTHER_SIZES = ((1, 1), (0, 2), (2, 0), (1, 4), (5, 2), (3, 3))
PARAMETERS = ("x", "y", "w", "i", "b")
LARGEST = 64  # elements of a variable
KINDS = {"f": "f", "g": "f", "i": "iu", "m": "b", "a": "fiub", "b": "fiub", "c": "fiub"}
PRELUDE = "import math\nimport numpy as np\n\n"


def make_array_case(seed: int, mode: str) -> Case:
    """The case with this number; its value is a tuple of results, or one number where it is differentiated."""
    with quiet():
        return _Grower(Random(seed), mode).case()


class _Grower:
    def __init__(self, random: Random, mode: str) -> None:
        self.random, self.mode = random, mode
        self.sizes = random.choice(SIZES)
        self.rank3 = random.random() < 0.15
        self.args = self.arguments(self.sizes)
        self.outside = f"G = {self.array(self.sizes[1:])}"
        self.lines: Lines = []
        self.names: dict[str, Any] = {}
        self.count = 0

    # -- data --------------------------------------------------------------------------------------
    def array(self, shape: tuple[int, ...], kind: str = "f") -> str:
        size = int(np.prod(shape))
        if kind == "b":
            flat = [self.random.random() < 0.5 for _ in range(size)]
        elif kind == "i":
            flat = [self.random.randint(0, 3) for _ in range(size)]
        else:
            flat = [round(self.random.uniform(-1.5, 1.5), 3) for _ in range(size)]
        dtype = {"b": "bool", "i": "np.int64", "f": "float"}[kind]
        return f"np.array({flat}, dtype={dtype}).reshape({shape})"

    def arguments(self, sizes: tuple[int, int]) -> list[str]:
        n, m = sizes
        first = (n, m, 2) if self.rank3 else (n, m)
        return [self.array(first), self.array((m,)), self.array((n, 1)), self.array((n,), "i"), self.array((n, m), "b")]

    def relaid(self, args: list[str]) -> list[str]:
        """The same shapes and dtypes in another layout."""
        x = self.random.choice(("np.asfortranarray({})", "np.repeat({}, 2, axis=0)[::2]", "{}[::-1]", "np.array({})[..., ::-1]"))
        return [x.format(args[0]), f"np.repeat({args[1]}, 2)[::2]", *args[2:]]

    def retyped(self, args: list[str]) -> list[str]:
        dtype = self.random.choice(("np.float32", "np.int64", "bool", "np.int32", "np.float16"))
        k = self.random.randrange(3)
        return [f"{a}.astype({dtype})" if j == k else a for j, a in enumerate(args)]

    # -- growing ----------------------------------------------------------------------------------
    def case(self) -> Case:
        self.run(self.lines)
        for _ in range(self.random.randint(3, 11)):
            self.step()
        calls = [("", self.args), ("", self.arguments(self.sizes))]
        calls.append((f"G = {self.array(self.sizes[1:])}\n", self.relaid(self.arguments(self.sizes))))
        calls.append(("", self.arguments(self.random.choice(OTHER_SIZES))))
        if self.mode == "value":
            calls.append(("", self.retyped(self.arguments(self.sizes))))
        self.random.shuffle(calls)
        texts = tuple((update, f"({', '.join(args)},)") for update, args in calls)
        return Case(self.source(), texts, (0, 1))

    def source(self) -> str:
        body = [*self.lines, f"return {self.result()}"]
        return "\n".join([PRELUDE + self.outside, "", "", f"def f({', '.join(PARAMETERS)}):", *indent(body), ""])

    def result(self) -> str:
        """All variables: what is not used could not be seen to fail."""
        made = [v for v in self.names if v != "G"]
        if self.mode == "value":
            return ", ".join(made)
        weighed = [f"np.sum({v} * {self.random.choice(catalogue.FLOATS)})" for v in made if self.kind(v) in "fiub"]
        return " + ".join([*weighed, *[f"np.sum(np.sin({v}))" for v in made[-1:] if self.kind(v) == "f"]])

    def step(self) -> None:
        for _ in range(8):
            lines = self.statement()
            if self.run([*self.lines, *lines]):
                self.lines += lines
                return

    def statement(self) -> Lines:
        chance = self.random.random()
        if chance < 0.14:
            return [f"if {self.filled(catalogue.TESTS)}:", *indent(self.changes()), *(["else:", *indent(self.changes())] if chance < 0.08 else [])]
        if chance < 0.24:
            return [f"for t in range({self.random.choice(('len(x)', '2', 'x.shape[1]', 'y.size', '3'))}):", *indent(self.changes())]
        return [self.change() if chance < 0.5 else self.made()]

    def changes(self) -> Lines:
        return [self.change() for _ in range(self.random.choice((1, 1, 2, 3)))]

    def change(self) -> str:
        """A write into an array, or a new value of a variable."""
        if self.random.random() < 0.6:
            return self.filled(catalogue.WRITES)
        return f"{self.random.choice(sorted(self.names))} = {self.expression()}"

    def made(self) -> str:
        self.count += 1
        return f"v{self.count} = {self.expression()}"

    def expression(self) -> str:
        families = (catalogue.ONE, catalogue.TWO, catalogue.REDUCED, catalogue.MOVED, catalogue.MADE, catalogue.NUMBERS)
        return self.filled(self.random.choices(families, (4, 6, 4, 6, 1.5, 1.5))[0])

    def filled(self, templates: list[str]) -> str:
        template = self.random.choice(templates)
        fields = {field for _, field, _, _ in string.Formatter().parse(template) if field}
        return template.format(**{field: self.operand(field) for field in sorted(fields)})

    def operand(self, field: str) -> str:
        if field in KINDS:
            fit = [v for v in self.names if self.kind(v) in KINDS[field]]
            recent = [v for v in fit if v.startswith("v")][-3:]
            return self.random.choice(recent if recent and self.random.random() < 0.6 else fit or ["x"])
        return self.random.choice({"k": ("0", "1", "2"), "r": catalogue.FLOATS, "ax": ("0", "1", "-1", "0"), "dt": catalogue.DTYPES}[field])

    def kind(self, name: str) -> str:
        return np.asarray(self.names[name]).dtype.kind

    def run(self, lines: Lines) -> bool:
        """Whether NumPy runs these statements to usable results; if so, the variables are those afterwards."""
        names: dict[str, Any] = {}
        exec(PRELUDE + self.outside, names)
        hidden = set(names)
        names |= dict(zip(PARAMETERS, eval(f"({', '.join(self.args)},)", names), strict=True))
        try:
            with bounded(1.0):
                exec("\n".join(lines), names)
        except Exception:
            return False
        found = {v: x for v, x in names.items() if v not in hidden and v not in ("t", "p", "q", "v")} | {"G": names["G"]}
        if not all(self.usable(x) for x in found.values()):
            return False
        self.names = found
        return True

    def usable(self, x: Any) -> bool:
        if not isinstance(x, (np.ndarray, np.generic, bool, int, float, complex)) or np.size(x) > LARGEST or np.ndim(x) > 4:
            return False
        a = np.asarray(x)
        if a.dtype.kind not in ("fiub" if self.mode != "value" else "fiubc") or a.size == 0:
            return a.dtype.kind in "fiubc" and self.random.random() < 0.1
        return bool(np.all(np.abs(a.astype(complex)) < 1e4)) or self.random.random() < 0.05
