"""Deques, OrderedDicts, defaultdicts and other containers from outside: what they hold is read at each call, wherever it is used."""

from __future__ import annotations

import contextlib
import io
from collections import OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import bcad

Triple = namedtuple("Triple", "a b c")
H: Any = None


@dataclass
class Record:
    a: float
    b: float
    c: float


CARRIED = {  # how it is made of three numbers, what an iteration does with v, how it is read
    "deque": (lambda a: deque(a, maxlen=3), "g = g + deque([v])", "sum(g)"),
    "deque made": (lambda a: deque(a, maxlen=3), "g = deque([*g, v], 3)", "sum(g)"),
    "list": (list, "g = [*g[1:], v]", "sum(g)"),
    "tuple": (tuple, "g = (*g[1:], v)", "sum(g)"),
    "dict": (lambda a: dict(zip("abc", a, strict=True)), "g = {**g, 'b': v}", "sum(g.values())"),
    "ordered": (lambda a: OrderedDict(zip("abc", a, strict=True)), "g = OrderedDict(g, b=v)", "sum(g.values())"),
    "default": (lambda a: defaultdict(float, zip("abc", a, strict=True)), "g = g | {'b': v}", "sum(g.values())"),
    "named": (lambda a: Triple(*a), "g = g._replace(b=v)", "sum(g)"),
    "dataclass": (lambda a: Record(*a), "g = Record(g.a, v, g.c)", "g.a + g.b + g.c"),
    "nested": (lambda a: [deque(a, maxlen=3), {"z": a[0]}], "g = [g[0] + deque([v]), g[1]]", "sum(g[0]) + g[1]['z']"),
    "arrays": (lambda a: deque([np.array([t, t]) for t in a], 3), "g = g + deque([np.array([v, v])])", "sum(w.sum() for w in g)"),
}
PLACES = {
    "for": "for v in x:\n  {s}",
    "if for": "if c > 0:\n  for v in x:\n    {s}",
    "for if": "for v in x:\n  if c > 0:\n    {s}",
    "for traced if": "for v in x:\n  if v > 0.3:\n    {s}",
    "while": "i = 0\nwhile i < len(x):\n  v = x[i]\n  i += 1\n  {s}",
    "if": "if x[0] > 1:\n  v = x[0]\n  {s}",
}


def made(body: str, head: str = "g = H") -> dict[str, Any]:
    """A namespace with ``f(x, c)`` of these statements."""
    names: dict[str, Any] = dict(globals())
    lines = [*head.split("\n"), *body.split("\n")]
    exec("def f(x, c):\n" + "".join(f"  {line}\n" for line in lines), names)
    return names


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", CARRIED)
def test_what_a_loop_carries_is_that_of_now(kind: str, place: str) -> None:
    make, step, read = CARRIED[kind]
    for first in (-1.0, 1.0):
        names = made(PLACES[place].replace("{s}", step) + f"\nreturn {read}")
        f, traced = names["f"], bcad.Function(names["f"])
        for k in (0, *range(4)):
            x, c = np.array([k + 0.5, 0.1, 0.4][: 2 + k % 2]), first * (-1.0) ** k
            numbers = [np.float64(n + k) for n in (1.0, 2.0, 7.0)]
            names["H"] = make(numbers)
            expected = f(x, c)
            names["H"] = make(numbers)
            np.testing.assert_allclose(traced(x, c), expected, rtol=1e-12)


USED = {
    "deque": """
H
[H, x]
{'h': H}
copy.copy(H)
print(H)
print([H], x[0])
f"{H}"
str(H) + repr(H)
H == deque([1.0, 2.0, 7.0])
2.0 in H
max(H) * x[0]
sorted(H)
heapq.nlargest(2, H)
np.array(H)
[*H, x[0]]
list(itertools.islice(H, 1, 3))
round(math.dist(H, x), 9)
(lambda a, b, c: a + b * c)(*H)
[v for v in H if v > 1.5]
bool(H)
'%s' % (H,)
'{}'.format(H)""",
    "mapping": """
H
[H, x]
dict(H)
{**H}
list(H.items())
copy.deepcopy(H)
print(H)
f"{H}"
'%(a)s' % H
'{a}'.format(**H)
'{a}'.format_map(H)
max(H, key=H.get)
H == {'a': 1.0, 'b': 2.0, 'c': 7.0}
7.0 in H.values()
H | {'z': 1.0}
[v for k, v in H.items() if v > 1.5]
bool(H)""",
}
KINDS = {"deque": ("deque", deque), "bounded": ("deque", lambda a: deque(a, 3)), "named": ("deque", lambda a: Triple(*a)),
         "ordered": ("mapping", CARRIED["ordered"][0]), "default": ("mapping", CARRIED["default"][0])}
AROUND = {"plain": "return {e}", "branch": "r = 0.0\nif c > 0:\n  r = {e}\nreturn r", "traced": "r = 0.0\nif x[0] > 1:\n  r = {e}\nreturn r",
          "loop": "r = 0.0\nfor w in x[:2]:\n  r = {e}\nreturn r"}


def shown(f: Any, *args: Any) -> str:
    """What a call gives and prints, or the error; a refusal is not compared."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            return repr(f(*args)) + out.getvalue()
        except bcad.BcadError:
            pytest.skip("refused")
        except Exception as error:
            return type(error).__name__


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize(("kind", "use"), [(kind, use) for kind, (uses, _) in KINDS.items() for use in USED[uses].strip().split("\n")])
def test_what_is_done_with_it_is_done_with_that_of_now(kind: str, use: str, around: str) -> None:
    names = made(AROUND[around].replace("{e}", use), "pass")
    f, traced = names["f"], bcad.Function(names["f"])
    for k, numbers in enumerate(([1.0, 2.0, 7.0], [3.0, 2.0, 9.0], [0.5, 8.0, 7.0], [1.0, 2.0, 7.0])):
        x, c = np.array([0.5 + k, 0.1, 0.4]), (1.0, 1.0, -1.0, 1.0)[k]
        names["H"] = KINDS[kind][1](numbers)
        expected = shown(f, x, c)
        names["H"] = KINDS[kind][1](numbers)
        assert shown(traced, x, c) == expected


LEFT = {
    "array": "for w in x[:2]:\n  r = x[x > w]\nreturn r.sum()",
    "list": "for w in x[:2]:\n  r = [v for v in x if v > w]\nreturn sum(r)",
    "number before": "r = 0.0\nfor w in x[:2]:\n  r = [v for v in x if v > 0.5]\nreturn sum(r)",
    "empty before": "r = []\nfor w in x[:2]:\n  r = [v for v in x if v > 0.5]\nreturn sum(r) + len(r)",
    "array before": "r = np.zeros(0)\nfor w in x[:2]:\n  r = x[x > 0.5]\nreturn r.sum()",
}


@pytest.mark.parametrize("left", LEFT)
def test_a_length_that_each_iteration_tells(left: str) -> None:
    names = made(LEFT[left], "pass")
    traced = bcad.Function(names["f"])
    for x in (np.ones(3), np.array([0.1, 1.2, 0.3]), np.array([2.0, 3.0, 0.1])):
        assert traced(x, 1.0) == names["f"](x, 1.0)


def deleted_from_one_of_two(x: Any, c: float) -> Any:
    for _ in range(2):
        if H["a"] < c:
            H["log"] = H["log"][:2]
    del H["log"][2:]
    return x[0] + sum(H["log"])


def test_items_are_deleted_from_what_a_branch_has_chosen() -> None:
    names = globals()
    traced = bcad.Function(deleted_from_one_of_two)
    for c in (2.0, -2.0, 2.0):
        names["H"] = {"a": 1.0, "log": [1.0, 2.0, 3.0, 4.0]}
        assert traced(np.ones(2), c) == 4.0
        assert names["H"]["log"] == [1.0, 2.0]


def item_set_while_gone_through(x: Any, k: int) -> Any:
    for _, v in enumerate(H):
        H[k % len(H)] = v
    return sum(H) + x[0]


def test_an_item_of_a_deque_is_set_while_it_is_gone_through() -> None:
    names = globals()
    traced = bcad.Function(item_set_while_gone_through)
    for k in (3, 2, 0, 5, 1):
        found = []
        for f in (item_set_while_gone_through, traced):
            names["H"] = deque([0.5, 0.25], 5)
            found.append((shown(f, np.ones(2), k), list(names["H"])))
        assert found[0] == found[1]
