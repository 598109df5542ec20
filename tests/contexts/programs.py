"""Programs made of three parts: an object, what is done to it, and the branches and loops in which that is done."""

from __future__ import annotations

import itertools
import linecache
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

_HEAD = '''\
from collections import defaultdict, deque, namedtuple
from dataclasses import dataclass, replace
import copy
import heapq

import numpy as np


class P:
    cls = 0.5

    def __init__(self, a, lst=None):
        self.a = a
        self.lst = [a] if lst is None else lst

    def add(self, v):
        self.a = self.a + v
        return self

    @property
    def twice(self):
        return self.a * 2

    @twice.setter
    def twice(self, v):
        self.a = v / 2


@dataclass
class Q:
    a: float
    b: float = 1.0


class E(Exception):
    pass


NT = namedtuple("NT", "a b")


def mk(v):
    def get():
        return v

    def add(w):
        nonlocal v
        v = v + w

    return get, add


class CM:
    def __enter__(self):
        return 1

    def __exit__(self, *a):
        return False


'''


class Thing(NamedTuple):
    """An object: how it is made, what may be done to it (with `v`), and how it is read."""

    made: str
    steps: tuple[str, ...]
    reads: tuple[str, ...]


def _thing(made: str, steps: str, reads: str) -> Thing:
    return Thing(made, tuple(steps.strip().split("\n")), tuple(reads.strip().split("\n")))


THINGS = {
    "list": _thing("h = [x[0], 1.5]", """
h.append(v)
h[-1] += v
h[0] = v * h[0]
h.insert(0, v)
h.pop()
h.extend([v, 2 * v])
h += [v]
h = h + [v]
h.clear(); h.append(v)
h.reverse()
h.sort()
del h[0]; h.append(v)
h[:] = [v, h[0]]
h[0], h[-1] = h[-1], h[0]
h = [w * v for w in h]
g = h; g.append(v)
h.append(h[0]); h[0] = v
heapq.heappush(h, v)
h *= 2; h[-1] = v
h.append(v) if v > 0.3 else None
h.remove(h[0]); h.append(v)""", """
sum(h) * len(h)
h[0] + 3 * h[-1]
np.sum(np.array(h) * np.arange(len(h)))"""),
    "dict": _thing("h = {'a': x[0], 2: 1.5}", """
h['a'] += v
h['b'] = v
h.setdefault('b', v)
h['a'] = h.pop('a') * v
h.update(a=v, c=2.0)
h[2] = v
h = {**h, 'z': v}
h[len(h)] = v
h['a'], h[2] = h[2], h['a']
h.pop('zz', None); h['b'] = h.get('b', 0.0) + v
h |= {'q': v}""", """
sum(h.values()) * len(h)
h['a'] + 3 * list(h.values())[-1]
sum(w * i for i, (k, w) in enumerate(h.items()))"""),
    "deque": _thing("h = deque([x[0], 1.5], maxlen=3)", """
h.append(v)
h.appendleft(v)
h[-1] += v
h.rotate(1); h[0] = v
h.popleft(); h.append(v)
h.extend([v, 2 * v])
h += [v]
g = h; g += (v, h[0])
h *= 2; h[-1] = v
h.extendleft([v]); h.reverse()
h.remove(h[0]); h.append(v)
h = h + deque([v])
h.clear(); h.append(v)""", """
sum(h) * len(h)
h[0] + 3 * h[-1]"""),
    "tuple": _thing("h = (x[0], 1.5)", """
h = h + (v,)
h = (v,) + h[1:]
h = (h[1], h[0] * v)
h += (v,)""", """
sum(h) * len(h)
h[0] + 3 * h[-1]"""),
    "instance": _thing("h = P(x[0])", """
h.a += v
h.lst.append(v)
h.b = v; h.a += h.b
h = P(v)
h.add(v).add(2.0)
h.lst = h.lst + [v]
h.twice = v
h.lst[-1] += h.a; h.a = v
P.cls = v; h.a += P.cls
g = copy.copy(h); g.a += v; h.lst = g.lst; h.a = g.a
g = h; g.a *= v
h = P(h.a + v, h.lst)
h.lst = [v]; h.lst.append(h.a)""", """
h.a + 3 * sum(h.lst) * len(h.lst)
h.twice + h.lst[-1] + h.cls"""),
    "dataclass": _thing("h = Q(x[0])", """
h = replace(h, a=h.a + v)
h.b = v * h.a
h.a, h.b = h.b, h.a * v
g = h; h = Q(v, g.a)""", "h.a + 3 * h.b"),
    "namedtuple": _thing("h = NT(x[0], 1.5)", """
h = h._replace(a=h.a * v)
h = NT(h.b, v)""", "h.a + 3 * h.b"),
    "array": _thing("h = np.array([x[0], 1.5])", """
h[0] += v
h *= v
h = h * v
h = np.append(h, v)
h = np.concatenate([h, [v]])
h.sort()
h[h > 0.5] = v
g = h[1:]; g += v
h[::-1][0] = v
h, g = h[::-1], h; h = h * v
h = h[:1] * v + h
np.add.at(h, [0, 0], v)
h.fill(v)
h = np.array([v, h[0]])""", """
h.sum() * h.shape[0]
h[0] + 3 * h[-1]"""),
    "closure": _thing("get, add = mk(x[0])", """
add(v)
add(get() * v)
get, add = mk(v)""", "get() * 3"),
    "lists in a list": _thing("h = [[x[0]], [1.5]]", """
h[0].append(v)
h.append([v])
h[-1][0] += v
h[0] = h[1]; h[0][0] = v
h[0], h[1] = h[1], h[0]; h[0][0] *= v
h[1] = [v, v]
h = [list(r) for r in h]; h[0][0] += v""", """
sum(h[0]) + 3 * sum(h[-1]) * len(h)
h[0][0] * 2 + h[-1][-1]"""),
    "lists in a dict": _thing("h = {'a': [x[0]]}", """
h['a'].append(v)
h.setdefault('b', [1.0]).append(v)
h['a'][0] += v
h['a'] = h['a'] + [v]""", """
sum(sum(w) for w in h.values())
h['a'][-1] * len(h)"""),
    "instances in a list": _thing("h = [P(x[0]), P(1.5)]", """
h[0].a += v
h.append(P(v))
h[0], h[1] = h[1], h[0]; h[0].a += v
h[1] = h[0]; h[1].a *= v
h[-1].lst.append(v)""", """
h[0].a + 3 * h[-1].a + len(h)
sum(p.a + sum(p.lst) for p in h)"""),
    "None or a number": _thing("h = None", """
h = v
h = v if h is None else h + v
h = h or v""", "(0.0 if h is None else h) * 2"),
    "flag and counter": _thing("h, k = True, 0", """
h = not h; k += 1
h = h and v > 0.3; k += 2
k += 1; h = k > 2
k = k * 2 + 1""", "(x[0] if h else x[1]) * k"),
    "number": _thing("h = x[0]", """
h += v
h = h * v + 1
h = v
h = -h
h = max(h, v)
h = abs(h) - v
h = h ** 2
h, g = v, h; h = h - g
h = float(h) + v
h = h / v""", "h * 2"),
    "defaultdict": _thing("h = defaultdict(float, a=x[0])", """
h['a'] += v
h['b'] += v
h[len(h)] += v""", "sum(h.values()) * len(h)"),
    "set": _thing("h = {1}", """
h.add(2)
h.add(len(h) * 3)
h = {7}
h |= {5, 6}
h.discard(1)""", "x[0] * len(h) + (1.0 if 1 in h else 0.0)"),
    "text": _thing("h = 'ab'", """
h += 'c'
h = h[1:] + 'dd'
h = h * 2""", "x[0] * len(h)"),
    "iterator": _thing("it, h = iter(list(x) + [1.0 * k for k in range(60)]), 0.0", """
h += next(it) * v
h += sum([next(it), next(it)])""", "h * 2 + next(it)"),
}

# Where the step is done; {step} stands for its statements, {read} for how the object is read.
CONTEXTS = {
    "plain": "v = x[1]\n{step}",
    "if": "v = x[1]\nif c > 0:\n    {step}",
    "if else": "v = x[1]\nif c > 0:\n    {step}\nelse:\n    v = x[0] * 2\n    {step}\n    {step}",
    "for": "for v in x:\n    {step}",
    "for in if": "if c > 0:\n    for v in x:\n        {step}",
    "if in for": "for v in x:\n    if v > 0.3:\n        {step}",
    "for with break": "for v in x:\n    {step}\n    if v > 0.6:\n        break",
    "for with continue": "for v in x:\n    if v < 0.3:\n        continue\n    {step}",
    "for in for": "for w in x:\n    for v in x[1:]:\n        {step}",
    "for in if, else": "if c > 0:\n    for v in x:\n        {step}\nelse:\n    v = x[0] + 1\n    {step}",
    "if else in for": "for v in x:\n    if v > 0.3:\n        {step}\n    else:\n        v = v + 1.0\n        {step}\n        {step}",
    "while": "i = 0\nwhile i < x.shape[0] and x[i] < 0.9:\n    v = x[i]\n    {step}\n    i += 1",
    "try": "v = x[1]\ntry:\n    {step}\n    if c > 0:\n        raise E\n    {step}\nexcept E:\n    {step}",
    "try in for": "for v in x:\n    try:\n        if v > 0.6:\n            raise E\n        {step}\n    except E:\n        v = v * 2\n        {step}",
    "if in with": "v = x[1]\nwith CM():\n    if c > 0:\n        {step}",
    "if in if in for": "for v in x:\n    if c > 0:\n        if v > 0.3:\n            {step}",
    "for in if in if": "if c > -1:\n    if c > 0:\n        for v in x:\n            {step}\n    else:\n        v = x[0]\n        {step}",
    "if in for in if": "if c > 0:\n    for v in x:\n        if v > 0.3:\n            {step}",
    "for, for": "for v in x:\n    {step}\nfor v in x[::-1]:\n    {step}",
    "return in for": "for v in x:\n    {step}\n    if v > 0.6:\n        return {read}",
}

POINTS = [
    (np.array([0.4, 0.7, 0.25]), 1.0), (np.array([0.4, 0.7, 0.25]), -0.5), (np.array([0.73, 0.2, 0.5, 0.37]), 1.0),
    (np.array([0.2, 0.73]), 1.0), (np.array([0.4, 0.7, 0.25]), -2.0),
]
_numbers = itertools.count()


@dataclass(frozen=True)
class Program:
    """One program, by the names of its parts; `str()` of it is its text."""

    thing: str
    step: str
    read: str
    context: str

    def __str__(self) -> str:
        body = "\n    ".join([THINGS[self.thing].made, *self.lines()])
        return f"def f(x, c):\n    {body}\n"

    def lines(self) -> list[str]:
        """What is done with the object."""
        lines = []
        for line in CONTEXTS[self.context].split("\n"):
            indent = line[: len(line) - len(line.lstrip())]
            body = self.step.split("; ") if line.strip() == "{step}" else [line.strip().replace("{read}", self.read)]
            lines += [indent + statement for statement in body]
        return [*lines, f"return {self.read}"]

    def world(self) -> tuple[Callable[..., Any], Callable[[], Any]]:
        """The program in a module of its own, and a function that tells what the object is outside of it."""
        text, name = _HEAD + str(self), f"<context {next(_numbers)}>"
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        names: dict[str, Any] = {"__name__": __name__}
        exec(compile(text, name, "exec"), names)
        return names["f"], names.get("state", lambda: None)


class Way(NamedTuple):
    """How a function finds an object that was made outside: what is written instead of the name, and the text around it."""

    name: str
    text: str


_WAYS = {
    "global": Way("h", "{made}\ndef f(x, c):\n    global {names}\n    {body}\ndef state(): return ({names},)\n"),
    "alias": Way("h", "{made}\nH = h\ndef f(x, c):\n    h = H\n    {body}\ndef state(): return H\n"),
    "attribute": Way("S.h", "class S: pass\n{made}\ndef f(x, c):\n    {body}\ndef state(): return S.h\n"),
    "item": Way("S['k']", "S = {{'k': None}}\n{made}\ndef f(x, c):\n    {body}\ndef state(): return S\n"),
    "default": Way("h", "{made}\ndef f(x, c, h=h):\n    {body}\ndef state(): return f.__defaults__\n"),
    "closure": Way("h", "def outer():\n    {made}\n    def f(x, c):\n        nonlocal {names}\n        {inner}\n"
                        "    def state():\n        return ({names},)\n    return f, state\nf, state = outer()\n"),
}
_MUTABLE = ("list", "dict", "deque", "instance", "dataclass", "array", "lists in a list", "lists in a dict", "instances in a list", "defaultdict", "set")
_DOUBLES = ("h *= 2; h[-1] = v", "h = h * 2", "h = h ** 2")  # what is left outside would not end to grow


@dataclass(frozen=True)
class Captured(Program):
    """One whose object was made outside of the function, which may leave something else there."""

    way: str

    def __str__(self) -> str:
        way, made = _WAYS[self.way], THINGS[self.thing].made.replace("list(x)", "[0.3, 0.6]").replace("x[0]", "0.65")
        names = made.split(" = ")[0]
        lines = [re.sub(r"\bh\b", way.name, line) for line in (made, *self.lines())]
        return way.text.format(made=lines[0], names=names, body="\n    ".join(lines[1:]), inner="\n        ".join(lines[1:]))


def captured() -> Iterator[Captured]:
    """Of those about 11,600: each object, step, way and context, the ways to read in turn."""
    for number, (name, context) in enumerate(itertools.product(THINGS, CONTEXTS)):
        thing = THINGS[name]
        single = thing.made.startswith("h =")
        for k, (step, way) in enumerate(itertools.product(thing.steps, _WAYS)):
            if step in _DOUBLES:
                continue
            read = thing.reads[(number + k) % len(thing.reads)]
            if way in ("global", "closure") or single and (way in ("attribute", "item") or name in _MUTABLE):
                yield Captured(name, step, read, context, way)


def programs() -> Iterator[Program]:
    """All of them: about 4,800."""
    for name, thing in THINGS.items():
        for step, read, context in itertools.product(thing.steps, thing.reads, CONTEXTS):
            yield Program(name, step, read, context)
