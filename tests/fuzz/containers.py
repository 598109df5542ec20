"""Random statements about containers, local and captured: changed in loops and branches, aliased, handed on, read in every way."""

from __future__ import annotations

from random import Random

from .expressions import Kind
from .objects import Objects
from .statements import Lines, indent

PRELUDE = """
OUT = []
BAG = deque()
TABLE = {}
SEEN = set()
GROUPS = defaultdict(list)


class Keeper:
    def __init__(self):
        self.items, self.total = [], 0.0

    def add(self, v):
        self.items.append(v)
        self.total += v
        return self

    def mean(self):
        return self.total / (1 + len(self.items))


KEEPER = Keeper()


def push(h, v):
    h.append(v)
    return h


def scale(h, by):
    for i in range(len(h)):
        h[i] = h[i] * by
    return len(h)


def drain(h):
    t = 0.0
    while h:
        t = 0.5 * t + h.pop()
    return t


def stamp(d, k, v):
    d[k] = d.get(k, 0.0) + v
    return d[k]


def halves(h):
    for v in h:
        yield v * 0.5


def outs(most):
    for k, v in enumerate(OUT):
        if k == most:
            return
        yield v + k


def last(h, otherwise):
    try:
        return h[-1]
    except IndexError:
        return otherwise


"""
STATE = ("OUT", "BAG", "TABLE", "SEEN", "GROUPS", "KEEPER")


class Containers(Objects):
    """Adds them to the statements there are.

    Attributes
    ----------
    share : float
        How many of the statements are about containers.
    """

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.share = 0.0
        self.going = 0  # how many iterations over containers are under way: nothing is made longer then
        self.global_names: set[str] = set()

    def statement(self, depth: int) -> Lines:
        if self.chance(self.share):
            makers = [(self.change, 7), (self.start, 1.5), (self.read, 2.5), (self.again, 0.8), (self.alias, 0.8), (self.safely, 0.8)]
            if depth > 0:
                makers += [(self.changed_in_region, 3.0), (self.walk, 1.5)]
            return self.random.choices([m for m, _ in makers], [w for _, w in makers])[0](depth)
        return super().statement(depth)

    # -- what there is -----------------------------------------------------------------------------
    def captured(self) -> dict[str, Kind]:
        """The containers from outside."""
        return {"OUT": Kind("L"), "THING.items": Kind("L"), "CFG['log']": Kind("L"), "BAG": Kind("Q"), "WIN": Kind("Q"), "TABLE": Kind("M"),
                "SEEN": Kind("S"), "GROUPS": Kind("G"), "KEEPER.items": Kind("L"), "KEEPER": Kind("K")}

    def containers(self, tags: str) -> list[str]:
        return [v for v, k in self.variables.items() if k.tag in tags]

    def start(self, depth: int) -> Lines:
        """A new local container."""
        tag = self.random.choices("LQMSTRGK", [6, 2, 2, 1, 1, 2, 1, 1])[0]
        name, a = self.fresh({"L": "h", "Q": "q", "M": "m", "S": "u", "T": "t", "R": "rows", "G": "g", "K": "kp"}[tag]), self._vector()
        dims: tuple[str, ...] = ()
        if tag == "R":
            dims = self.pick(*[d for d in self.shapes() if len(d) == 1] or [("n",)])
        entry = self.entry
        text = {
            "L": lambda: self.pick("[]", "[]", f"[{entry()}]", f"[{entry()}, {entry()}]", f"list({a})", f"[v * 0.5 for v in {a}]", "[0.0] * 3", f"[{entry()}] * {self.integer()}"),
            "Q": lambda: self.pick("deque()", "deque(maxlen=2)", f"deque([{entry()}], maxlen=3)", f"deque({a})"),
            "M": lambda: self.pick("{}", f"{{0: {entry()}}}", f"{{1: {entry()}, 'a': {entry()}}}", f"{{i: v for i, v in enumerate({a})}}"),
            "S": lambda: self.pick("set()", f"{{{self.integer()}}}"), "T": lambda: self.pick("()", f"({entry()},)"),
            "R": lambda: self.pick("[]", f"[{self.array(dims, 1)}]"), "G": lambda: "defaultdict(list)", "K": lambda: "Keeper()",
        }[tag]()
        self.variables[name] = Kind(tag, dims)
        return [f"{name} = {text}"]

    def entry(self) -> str:
        """A number of any kind."""
        return self.random.choices([self.number(1), self.number(0), f"float({self.number(0)})", self.integer(), self.pick(*"0123"), f"({self.flag(0)})", "np.float64(0.25)"],
                                   [8, 4, 1, 1, 1, 0.3, 0.5])[0]

    def key(self) -> str:
        return self.random.choices([self.integer(), f"{self.integer()} % 2", "'a'", self.pick(*"012"), f"{self.number(0)} > 0.2"], [4, 2, 1, 2, 0.7])[0]

    # -- changes -----------------------------------------------------------------------------------
    def change(self, depth: int) -> Lines:
        names = self.containers("LQMSTRGK")
        if not names:
            return self.start(depth)
        name = self.pick(*names)
        forms = getattr(self, f"_change_{self.variables[name].tag}")(name)
        if self.going:
            forms = [(f, w) for f, w in forms if f.startswith((f"{name}[", f"if {name}: {name}[")) and "[:]" not in f and "[1:" not in f] or [("pass", 1)]
            if self.variables[name].tag in "MGS":
                return ["pass"]
        return self.random.choices([f for f, _ in forms], [w for _, w in forms])[0].split("\n")

    def _ends(self, h: str) -> list[tuple[str, float]]:
        e = self.entry
        return [(f"{h}.append({e()})", 9), (f"{h}.extend([{e()}, {e()}])", 1), (f"{h}.extend({self._vector()})", 0.7), (f"{h} += [{e()}]" if h.isidentifier() and h not in self.global_names else f"{h}.extend([{e()}])", 0.8),
                (f"if {h}: {h}.pop()", 1.5), (f"if len({h}) > 2: {h}.clear()", 0.4), (f"{h}.clear()", 0.4), (f"if {h}: {h}[-1] {self.pick('=', '+=', '*=')} {e()}", 2),
                (f"if {h}: {h}[0] {self.pick('=', '+=')} {h}[-1] * 0.5", 1), (f"{h}.insert(0, {e()})", 0.5), (f"{h}.reverse()", 0.3), (f"{h}.pop()", 0.2),
                (f"{h}[0] = {e()}", 0.2), (f"push({h}, {e()})", 1.5), (f"scale({h}, {self.pick('0.5', '-0.75', self.number(0))})", 0.5),
                (f"if len({h}) > 1: {h}[0], {h}[1] = {h}[1], {h}[0]", 0.4), (f"if {h}: {h}[{self.integer()} % len({h})] = {e()}", 0.8), (f"if {h}: del {h}[0]", 0.4)]

    def _change_L(self, h: str) -> list[tuple[str, float]]:
        e = self.entry
        forms = [*self._ends(h), (f"{h}[:] = [{e()}, {e()}]", 0.4), (f"{h}[1:] = [{e()}]", 0.3), (f"{h}[:] = [v * 0.5 for v in {h}]", 0.4), (f"if {h}: {h}.pop(0)", 0.7), (f"{h}.sort()", 0.3),
                 (f"del {h}[:]", 0.2), (f"del {h}[2:]", 0.3), (f"heapq.heappush({h}, {e()})", 0.2)]
        if h not in self.global_names:
            forms += [(f"{h} = {self.pick('{0}[::-1]', '{0}[1:]', '[v + 0.1 for v in {0}]', 'list({0})', 'sorted({0})', '{0}[:2] + [{1}]', '[{1}]', '[]', '[*{0}]').format(h, e())}", 1.5)]
        return forms

    def _change_Q(self, q: str) -> list[tuple[str, float]]:
        e = self.entry
        return [*self._ends(q), (f"{q}.appendleft({e()})", 2), (f"if {q}: {q}.popleft()", 2), (f"{q}.rotate({self.pick('1', '-1', '2')})", 0.6)]

    def _change_M(self, m: str) -> list[tuple[str, float]]:
        e, k = self.entry, self.key()
        return [(f"{m}[{k}] = {e()}", 5), (f"{m}[{k}] = {m}.get({k}, 0.0) + {e()}", 2), (f"stamp({m}, {k}, {e()})", 1.5), (f"{m}.setdefault({k}, {e()})", 1), (f"{m}.pop({k}, None)", 0.8),
                (f"if {k} in {m}: {m}[{k}] *= {e()}", 1), (f"{m}.update({{{k}: {e()}}})", 0.7), (f"{m}.clear()", 0.3), (f"{m}[{k}] += {e()}", 0.2), (f"if {k} in {m}: del {m}[{k}]", 0.4)]

    def _change_S(self, u: str) -> list[tuple[str, float]]:
        return [(f"{u}.add({self.integer()})", 4), (f"{u}.discard({self.integer()})", 1), (f"{u} |= {{{self.integer()}}}" if u not in self.global_names else f"{u}.update([{self.integer()}])", 0.5)]

    def _change_T(self, t: str) -> list[tuple[str, float]]:
        return [(f"{t} = {t} + ({self.entry()},)", 3), (f"{t} += ({self.entry()}, {self.entry()})", 1), (f"{t} = {t}[1:]", 0.5), (f"{t} = (*{t}, {self.entry()})", 1)]

    def _change_R(self, r: str) -> list[tuple[str, float]]:
        dims = self.variables[r].dims
        arrays = [a for a in self.named("A", dims) if a not in self.fixed]
        forms = [(f"{r}.append({self.array(dims, 1)})", 4), (f"{r}.append({self.pick(*self.named('A', dims))})", 3), (f"if {r}: {r}[-1] = {self.array(dims, 1)}", 1), (f"if {r}: {r}.pop()", 0.8),
                 (f"{r} = [r * 0.5 for r in {r}]", 0.4), (f"{r} = {r}[1:]", 0.4)]
        return forms + [(f"{r}.append({a}.copy())", 1) for a in arrays[:1]]

    def _change_G(self, g: str) -> list[tuple[str, float]]:
        return [(f"{g}[{self.key()}].append({self.entry()})", 4), (f"{g}.clear()", 0.2), (f"{g}[{self.key()}] = [{self.entry()}]", 0.4), (f"{g}.setdefault({self.key()}, []).append({self.entry()})", 0.7)]

    def _change_K(self, k: str) -> list[tuple[str, float]]:
        return [(f"{k}.add({self.entry()})", 4), (f"{k}.add({self.entry()}).add({self.entry()})", 0.5), (f"{k}.total = {self.number(1)}", 0.5), (f"{k}.items = []", 0.3), (f"{k}.items.clear()", 0.3)]

    # -- reads -------------------------------------------------------------------------------------
    def _from_list(self) -> str:
        names = self.containers("LQMSTRGK")
        if not names or (self.share == 0 and self.chance(0.5)):
            return super()._from_list()
        return self.reading(self.pick(*names))

    def reading(self, h: str) -> str:
        """A number that tells something of a container."""
        kind, c = self.variables[h], self.pick("0.5", "-0.25", "1.0")
        any_order = ["sum({h})", "len({h}) * 0.1", "max({h}, default={c})", "min({h}, default=0.0)", "sum(v * v for v in {h})", "sum([v * 0.5 for v in {h} if v > 0])", "sum(sorted({h})[:2])",
                     "(0.3 if {h} else 0.7)", "sum(i * v for i, v in enumerate({h}))", "sum(map(abs, {h}))", "(1.5 if 0.5 in {h} else 0.25)", "sum(v > 0.1 for v in {h}) * 0.5", "sum(halves({h}))",
                     "sum(list({h}))", "sum([*{h}, {c}])", "(0.5 if any(v > 0.3 for v in {h}) else 0.1)", "sum(tuple({h}))"]
        ordered = [*any_order, "({h}[-1] if {h} else {c})", "({h}[0] if len({h}) else {c})", "({h}[{i} % len({h})] if {h} else {c})", "last({h}, {c})", "float(np.sum(np.array({h})))",
                   "np.sum(np.cumsum(np.array({h}, dtype=float)))", "sum(a * b for a, b in zip({h}, [0.5, -1.0, 0.25]))", "sum(v * 0.5 ** i for i, v in enumerate(reversed({h})))", "{h}[-1]"]
        sliced = [*ordered, "sum({h}[1:])", "sum({h}[-2:])", "sum({h}[::-1][:2])", "{h}.count({c}) * 0.5", "sum({h} + [{c}])"]
        mapped = ["sum({h}.values())", "len({h}) * 0.1", "{h}.get({k}, {c})", "({h}[{k}] if {k} in {h} else {c})", "sum(v * 0.5 for v in {h}.values())", "sum(v for k, v in {h}.items() if k != {k})",
                  "sum({h}[k] for k in {h})", "max({h}.values(), default={c})", "sum(dict({h}).values())", "(0.5 if {h} else 0.25)"]
        forms = {
            "L": [*sliced, "sum(outs({i}))"] if h == "OUT" else sliced, "Q": ordered, "T": [*ordered, "sum({h}[1:])"], "M": mapped,
            "S": ["len({h}) * 0.1", "sum({h}) * 0.1", "(0.5 if {i} in {h} else 0.25)", "sum(sorted({h})) * 0.5"],
            "R": ["sum(np.sum(r) for r in {h})", "np.sum(np.array({h}))", "len({h}) * 0.1", "(np.sum({h}[-1]) if {h} else {c})", "np.sum(sum({h}))", "sum(r[0] for r in {h} if len(r))", "(np.max({h}[0]) if {h} and len({h}[0]) else {c})"],
            "G": ["sum(sum(v) for v in {h}.values())", "len({h}) * 0.1", "sum(map(len, {h}.values())) * 0.5", "sum({h}[{k}])", "({h}[{k}][-1] if {h}.get({k}) else {c})"],
            "K": ["{h}.mean()", "{h}.total", "sum({h}.items)", "len({h}.items) * 0.5"],
        }[kind.tag]
        text = self.pick(*forms).format(h=h, c=c, i=self.integer(), k=self.key())
        return f"float({text})" if self.chance(0.1) else text

    def read(self, depth: int) -> Lines:
        names = self.containers("LQMSTRGK")
        if not names:
            return self.start(depth)
        changing = [v for v in self.named("F") if v not in self.fixed]
        text = self.reading(self.pick(*names))
        if changing and self.chance(0.6):
            s = self.pick(*changing)
            return [f"{s} = {self.pick(text, f'{s} * 0.5 + {text}')}"]
        vectors = [a for a in self.named("A") if a not in self.fixed and len(self.variables[a].dims) == 1]
        if vectors and self.chance(0.4):
            a = self.pick(*vectors)
            return [f"{a}[{self.index(self.variables[a].dims[0])}] {self.pick('=', '+=')} {text}"]
        name = self.fresh("s")
        self.variables[name] = Kind("F")
        return [f"{name} = {text}"]

    # -- where they are changed --------------------------------------------------------------------
    def changed_in_region(self, depth: int) -> Lines:
        """A container changed in a loop in a branch or the other way round, and then read."""
        names = self.containers("LQMRG")
        if not names:
            return self.start(depth)
        name = self.pick(*names)
        for_loop, branch = self._around_loop, self._around_branch
        layers = self.pick([for_loop], [branch], [branch, for_loop], [for_loop, branch], [branch, for_loop, branch], [for_loop, branch, for_loop], [branch, branch, for_loop])
        before, fixed, loops = dict(self.variables), set(self.fixed), self.loops
        headers = [layer() for layer in layers]
        body: Lines = []
        for _ in range(self.random.randint(1, 2)):
            body += self._change_of(name)
            if self.chance(0.4):
                body += self.read(0)
            if self.chance(0.2):
                body += super().statement(0)
        if self.loops and self.chance(0.15):
            body += self.leave(0)
        self.loops = loops
        for header in reversed(headers):
            body = [header, *indent(body)]
            if header.startswith("if") and self.chance(0.3):
                body += ["else:", *indent(self._change_of(name))]
        self.variables, self.fixed = before, fixed
        return body + (self._read_of(name) if self.chance(0.8) else [])

    def _change_of(self, name: str) -> Lines:
        forms = getattr(self, f"_change_{self.variables[name].tag}")(name) if not self.going else [("pass", 1)]
        return self.random.choices([f for f, _ in forms], [w for _, w in forms])[0].split("\n")

    def _read_of(self, name: str) -> Lines:
        s = self.fresh("s")
        text = self.reading(name)
        self.variables[s] = Kind("F")
        return [f"{s} = {text}"]

    def _around_loop(self) -> str:
        self.loops += 1
        return self._header()

    def _around_branch(self) -> str:
        return f"if {self.flag()}:"

    def walk(self, depth: int) -> Lines:
        """A loop over a container."""
        names = self.containers("LQTMR")
        if not names:
            return self.start(depth)
        h = self.pick(*names)
        kind, v, i = self.variables[h], self.fresh("e"), self.fresh("j")
        before, fixed = dict(self.variables), set(self.fixed)
        copied = self.chance(0.4)
        source = f"list({h})" if copied and kind.tag != "M" else h
        if kind.tag == "M":
            header = self.pick(f"for {v} in {h}.values():", f"for _, {v} in {h}.items():", f"for {v} in list({h}.values()):")
            copied = "list(" in header
        else:
            header = self.pick(f"for {v} in {source}:", f"for {i}, {v} in enumerate({source}):", f"for {v}, _ in zip({source}, range(3)):")
        self.variables[v] = Kind("A", kind.dims) if kind.tag == "R" else Kind("F")
        if i in header:
            self.variables[i] = Kind("I")
        self.fixed.add(v)
        self.loops, self.going = self.loops + 1, self.going + (not copied)
        body = self.block(self.random.randint(1, 2), depth - 1)
        self.loops, self.going = self.loops - 1, self.going - (not copied)
        self.variables, self.fixed = before, fixed
        return [header, *indent(body)]

    def alias(self, depth: int) -> Lines:
        """Another name for a container, or another container under its name."""
        names = self.containers("LQMRGK")
        if not names:
            return self.start(depth)
        h = self.pick(*names)
        same = [g for g in self.containers(self.variables[h].tag) if g != h and g not in self.global_names and self.variables[g] == self.variables[h]]
        if same and self.chance(0.5):
            g = self.pick(*same)
            return [self.pick(f"{g} = {h}", f"{g} = {h} if {self.flag(0)} else {g}", f"{g}, {h} = {h}, {g}" if h not in self.global_names else f"{g} = {h}")]
        if self.variables[h].tag == "L" and h not in ("THING.items", "KEEPER.items") and self.chance(0.25) and "THING.items" in self.variables:
            return [f"THING.items = {h}"]
        name = self.fresh("z")
        self.variables[name] = self.variables[h]
        return [f"{name} = {h}"]

    def again(self, depth: int) -> Lines:
        """An attribute that holds a container gets a new one, or a number is kept in an attribute."""
        forms = [f"{owner} = {self.pick('[]', f'[{self.entry()}]', f'list({self._vector()})')}" for owner in ("THING.items", "CFG['log']", "KEEPER.items") if owner in self.variables]
        forms += [f"THING.c {self.pick('=', '+=')} {self.number(1)}"] if "THING.c" in self.variables else []
        forms += [f"KEEPER.total += {self.number(1)}"] if "KEEPER" in self.variables else []
        return [self.pick(*forms)] if forms and not self.going else self.start(depth)

    def safely(self, depth: int) -> Lines:
        """What may raise, caught; also in loops."""
        names = self.containers("LQM")
        if not names or self.going:
            return self.start(depth)
        h = self.pick(*names)
        changing = [v for v in self.named("F") if v not in self.fixed]
        if not changing:
            return self.start(depth)
        s = self.pick(*changing)
        risk = f"{s} += {h}[{self.key()}]" if self.variables[h].tag == "M" else self.pick(f"{s} += {h}.pop()", f"{s} = {h}[{self.integer()}]", f"{h}[{self.integer()}] = {self.entry()}")
        body = [*(self._change_of(h) if self.chance(0.4) else []), risk, *(self._change_of(h) if self.chance(0.4) else [])]
        lines = ["try:", *indent(body), self.pick("except (IndexError, KeyError):", "except LookupError:", "except Exception:"), *indent(self._change_of(h) if self.chance(0.6) else [f"{s} -= 0.25"])]
        if self.chance(0.25):
            lines += ["else:", *indent([f"{s} *= 0.5"])]
        if self.chance(0.25):
            lines += ["finally:", *indent(self._change_of(h))]
        return lines

    def result(self) -> str:
        read = [self.reading(h) for h in self.containers("LQMSTRGK") if self.chance(0.6)]
        return " + ".join([super().result(), *read])
