"""Random expressions as source text: numbers, flags, indices and arrays of known dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

SCALAR_FUNCTIONS = ("np.sin", "np.cos", "np.tanh", "math.sin", "np.arctan", "np.square", "math.tanh", "abs", "np.exp2")
ARRAY_FUNCTIONS = ("np.sin", "np.cos", "np.tanh", "np.arctan", "np.abs", "np.square", "np.negative", "np.exp2")
CONSTANTS = ("0.5", "1.5", "-0.75", "2.0", "0.25", "1.0", "0.1")


@dataclass(frozen=True)
class Kind:
    """What a variable holds: ``tag`` F (float), I (int), B (bool), A (float array), Z (int array), L (list of floats).

    ``dims`` are names of lengths; of an int they say which axis it is a valid index of.
    """

    tag: str
    dims: tuple[str, ...] = ()


class Expressions:
    """Makes expressions over the variables in scope.

    Attributes
    ----------
    variables : dict of str to Kind
        What may be read here.
    lengths : dict of str to str
        For each dimension an expression of its length.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.variables: dict[str, Kind] = {}
        self.lengths: dict[str, str] = {}
        self.helpers: list[str] = []

    # -- choosing ----------------------------------------------------------------------------
    def chance(self, p: float) -> bool:
        return self.random.random() < p

    def pick(self, *options):
        return self.random.choice(options)

    def named(self, tag: str, dims: tuple[str, ...] | None = None) -> list[str]:
        """The variables of a kind."""
        return [v for v, k in self.variables.items() if k.tag == tag and (dims is None or k.dims == dims)]

    def shapes(self) -> list[tuple[str, ...]]:
        return sorted({k.dims for k in self.variables.values() if k.tag == "A"})

    # -- numbers -------------------------------------------------------------------------------
    def number(self, depth: int = 2) -> str:
        """A float."""
        if depth <= 0 or self.chance(0.15):
            return self._leaf()
        makers = [self._leaf, self._item, lambda: self._sum(depth), lambda: self._call(depth), lambda: self._ternary(depth),
                  lambda: self._helper(depth), self._from_list, lambda: self._extreme(depth), lambda: self._integral()]
        weights = [2, 4, 7, 4, 1, 2, 1, 1, 1]
        return self.random.choices(makers, weights)[0]()

    def _leaf(self) -> str:
        names = self.named("F")
        return self.pick(*names) if names and self.chance(0.75) else self.pick(*CONSTANTS)

    def _item(self) -> str:
        shapes = [d for d in self.shapes() if 0 < len(d) <= 2]
        if not shapes:
            return self._leaf()
        dims = self.pick(*shapes)
        array = self.pick(*self.named("A", dims))
        if self.chance(0.3):
            reduced = self.pick("np.sum({})", "{}.sum()", "np.max({})", "np.prod(np.cos({}))", "np.dot({0}, {0})", "np.min({})",
                                "np.mean({})", "np.linalg.norm({})")
            return reduced.format(array if "dot" not in reduced or len(dims) == 1 else f"{array}.ravel()")
        return f"{array}[{', '.join(self.index(d) for d in dims)}]"

    def _sum(self, depth: int) -> str:
        a, b = self.number(depth - 1), self.number(depth - 1)
        form = self.random.choices(
            ["{} + {}", "{} - {}", "{} * {}", "{} / (1.5 + np.cos({}))", "{} / {}", "0.5 * {} * {}", "{} ** 2 + {}",
             "{} % (1.2 + abs({}))"],
            [5, 4, 5, 2, 0.3, 2, 1, 0.3],
        )[0]
        return f"({form.format(a, b)})"

    def _call(self, depth: int) -> str:
        form = self.pick(*SCALAR_FUNCTIONS, "np.sqrt(1.0 + {}**2)", "np.exp(-{}**2)", "np.log(1.5 + np.sin({}))", "math.exp(-abs({}))",
                         "float({})")
        return form.format(self.number(depth - 1)) if "{" in form else f"{form}({self.number(depth - 1)})"

    def _ternary(self, depth: int) -> str:
        return f"({self.number(depth - 1)} if {self.flag(1)} else {self.number(depth - 1)})"

    def _helper(self, depth: int) -> str:
        if not self.helpers:
            return self._leaf()
        return f"{self.pick(*self.helpers)}({self.number(depth - 1)}, {self.number(0)})"

    def _from_list(self) -> str:
        names = self.named("L")
        return self.pick("sum({})", "len({}) * 0.1", "np.sum(np.array({}))").format(self.pick(*names)) if names else self._leaf()

    def _extreme(self, depth: int) -> str:
        return f"{self.pick('max', 'min', 'np.maximum', 'np.hypot')}({self.number(depth - 1)}, {self.number(0)})"

    def _integral(self) -> str:
        return f"{self.integer()} * 0.25"

    # -- integers, indices, flags --------------------------------------------------------------
    def integer(self) -> str:
        """A small int, not negative."""
        names = self.named("I")
        base = self.pick(*names) if names and self.chance(0.7) else self.pick("1", "2", "3", *self.lengths.values())
        return self.random.choices([base, f"({base} + 1)", f"{base} % 3", f"{base} // 2"], [6, 1, 1, 1])[0]

    def index(self, dim: str) -> str:
        """An index of an axis, mostly valid."""
        good = [v for v, k in self.variables.items() if k.tag == "I" and k.dims == (dim,)]
        if good and self.chance(0.75):
            name = self.pick(*good)
            return self.random.choices([name, f"{name} - 1", f"-1 - {name}"], [8, 2, 1])[0]
        return self.random.choices(["0", "-1", f"{self.integer()} % {self.lengths[dim]}"], [3, 3, 2])[0]

    def flag(self, depth: int = 1) -> str:
        """A condition."""
        names = self.named("B")
        if names and self.chance(0.2):
            return self.pick(*names)
        form = self.random.choices(
            ["{f} > {c}", "{f} < {f2}", "{i} > 1", "{b} and {b2}", "not {b}", "{c} < {f} < 1.5", "{b} or {b2}", "{i} % 2 == 0"],
            [8, 4, 2, 1, 0.5, 1, 0.5, 1],
        )[0]
        if depth <= 0 and "{b" in form:
            form = "{f} > {c}"
        return form.format(
            f=self.number(1), f2=self.number(1), c=self.pick("0.2", "-0.1", "0.4", "0.0"), i=self.integer(),
            b=f"({self.flag(depth - 1)})" if "{b" in form else "", b2=f"({self.flag(depth - 1)})" if "{b2" in form else "",
        )

    # -- arrays ----------------------------------------------------------------------------------
    def array(self, dims: tuple[str, ...], depth: int = 2) -> str:
        """A float array; mostly a new one."""
        names = self.named("A", dims)
        if not names:
            return self._made(dims)
        if depth <= 0 or self.chance(0.15):
            return self.pick(*names)
        makers = [lambda: self._elementwise(dims, depth), lambda: self._array_call(dims, depth), lambda: self._choice(dims, depth),
                  lambda: self._moved(dims, depth), lambda: self._made(dims)]
        return self.random.choices(makers, [6, 4, 2, 3, 1])[0]()

    def _elementwise(self, dims: tuple[str, ...], depth: int) -> str:
        a = self.array(dims, depth - 1)
        b = self.number(1) if self.chance(0.4) else self.array(dims, depth - 1)
        if len(dims) == 2 and self.chance(0.3):
            b = self.array(dims[1:], 0)
        return f"({self.pick('{} + {}', '{} - {}', '{} * {}', '{} / (1.5 + np.cos({}))', '0.5 * {} - {}').format(a, b)})"

    def _array_call(self, dims: tuple[str, ...], depth: int) -> str:
        inner = self.array(dims, depth - 1)
        form = self.pick(*ARRAY_FUNCTIONS, "np.exp(-{}**2)", "np.sqrt(1.0 + {}**2)", "np.clip({}, -0.9, 0.8)")
        return form.format(inner) if "{" in form else f"{form}({inner})"

    def _choice(self, dims: tuple[str, ...], depth: int) -> str:
        a, b, c = (self.array(dims, depth - 1) for _ in range(3))
        return self.pick(f"np.where({a} > {self.pick('0.1', '0.0', '-0.3')}, {b}, {c})", f"np.maximum({a}, {self.number(0)})",
                         f"np.minimum({a}, {b})", f"np.where({self.flag(0)}, {a}, {b})")

    def _moved(self, dims: tuple[str, ...], depth: int) -> str:
        a = self.array(dims, depth - 1)
        if len(dims) == 2:
            return self.pick(f"{a}[::-1]", f"{a}.copy()", f"np.roll({a}, 1, axis=0)", f"np.flip({a}, 1)", f"{a} @ np.eye({self.lengths[dims[1]]})",
                             f"{a}.T.copy().T")
        forms = ["{}[::-1]", "np.cumsum({})", "np.roll({}, 1)", "{}.copy()", "np.array([v * 0.5 for v in {}])", "np.sort({})",
                 "np.concatenate([{0}[1:], {0}[:1]])", "np.array(list({}))", "np.flip({})"]
        forms += [f"{{}}[{z}]" for z in self.named("Z", dims)]
        for matrix in [v for v, k in self.variables.items() if k.tag == "A" and len(k.dims) == 2]:
            rows, columns = self.variables[matrix].dims
            if rows == dims[0]:
                forms += [f"{matrix}[:, {self.index(columns)}]", f"{matrix}.sum(axis=1)", f"({matrix} @ {self.array((columns,), 0)})"]
            if columns == dims[0]:
                forms += [f"{matrix}[{self.index(rows)}]", f"np.sum({matrix}, axis=0)", f"np.max({matrix}, axis=0)"]
        return self.pick(*forms).format(a)

    def _made(self, dims: tuple[str, ...]) -> str:
        shape = ", ".join(self.lengths[d] for d in dims)
        shape = f"({shape},)" if len(dims) == 1 else f"({shape})"
        return self.pick(f"np.zeros({shape})", f"np.ones({shape})", f"np.full({shape}, {self.number(1)})", f"np.zeros({shape})")
