"""Deques, dicts of other kinds and subclasses of list from outside: changed by the call, between calls, and read back."""

from __future__ import annotations

import itertools
import linecache
from typing import Any

import pytest

from bcad import Function

PRELUDE = """
from collections import *
import numpy as np
class L(list): pass
class T: kept = None
OUT = [.5, -.25]
"""
LONG, SHORT = "np.array([.1, -.2, .3, .4, .5])", "np.array([.5, .1, .7])"
_names = itertools.count()


def _world(source: str) -> dict[str, Any]:
    name = f"<containers {next(_names)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    names: dict[str, Any] = {"__name__": name}
    exec(compile(source, name, "exec"), names)
    return names


def agree(first: str, body: str, calls: list[tuple[str, str]], seen: str = "list(BAG)") -> None:
    """Each call, and what is `seen` after it, is what CPython makes of it, in a world of its own."""
    lines = "\n".join("    " + line for line in body.splitlines())
    plain, traced = (_world(f"{PRELUDE}\nBAG = {first}\ndef f(x):\n{lines}\n") for _ in range(2))
    function = Function(traced["f"], backend="numpy")
    for change, x in calls:
        for world in (plain, traced):
            exec(change, world)
        expected, found = plain["f"](eval(x, plain)), function(eval(x, traced))
        assert repr(found) == repr(expected)
        assert repr(eval(seen, traced)) == repr(eval(seen, plain))


SEQUENCES = ["deque([2, 2, 2])", "deque([2, 2, 2], maxlen=3)", "L([2, 2, 2])"]
CHANGES = [("", LONG), ("BAG.clear(); BAG.extend([1, 2, 3])", SHORT), ("BAG[0] = 2.5", SHORT), ("BAG.clear(); BAG.extend([2, 1, 2])", LONG), ("BAG.append(.5)", LONG)]


@pytest.mark.parametrize("first", SEQUENCES)
@pytest.mark.parametrize(
    "body",
    [
        "del BAG[0]; s = 0", "BAG[0] = x[0]; s = BAG[-1]", "BAG[-1] = x[0]; s = BAG[0]", "BAG.append(2); BAG.append(x[0]); s = BAG[-1]",
        "BAG.append(x[0]); s = BAG[0]", "BAG.append(1); s = BAG[3 % len(BAG)]", "BAG.append(1); BAG[-1] += x[0]; s = len(BAG)", "BAG.append(x[0]); s = len(BAG)",
        "BAG.append(1); BAG.pop(); s = sum(BAG)", "BAG.insert(1, 2) if len(BAG) < 3 else None; s = BAG[1]", "BAG[0], BAG[1] = BAG[1], BAG[0]; s = 0",
        "z = BAG; z += [x[0], 2]; s = sum(z)", "s = sum(BAG + type(BAG)([.5]))", "s = sum(BAG * 2)", "BAG.clear(); BAG.append(2); s = 0",
        "s = BAG[len(x) % len(BAG)]", "s = 1.0 if BAG == [2, 2, 2] else 0.5", "s = sum(sorted(BAG)[:2])",
        "z = BAG\nfor j in range(len(x)): z.append(x[j])\ns = z[0] + len(z)", "z = BAG\nif x[0] > .2:\n    for j in range(len(x)): z.append(x[j])\ns = sum(z)",
        "z = BAG\nif x[0] > .2: z.append(x[0])\ns = z[-1]",
    ],
)  # fmt: skip
def test_sequences(first, body):
    agree(first, f"{body}\nreturn x.sum() + s", CHANGES)


def test_another_bound():
    agree("deque(maxlen=2)", "BAG.append(x[0])\nreturn sum(BAG)", [("", LONG), ("BAG = deque([1.0, 2.0])", LONG), ("BAG = deque([1.0, 2.0], maxlen=1)", LONG)])


@pytest.mark.parametrize("cls", ["dict", "OrderedDict", "defaultdict"])
@pytest.mark.parametrize(
    "body",
    [
        "return x.sum() + BAG[len(x) - 1]", "BAG[len(x) - 1] += x[0]\nreturn sum(BAG.values())", "BAG[len(x) - 1] = .5\nreturn sum(BAG.values())",
        "BAG.pop(len(x) - 1)\nreturn sum(BAG.values())", "v = BAG.pop(2)\nBAG[2] = v * x[0]\nBAG[9] = BAG.pop(4)\nBAG[4] = 1.0\nreturn list(BAG.values())[0]",
        "BAG.clear()\nBAG[2] = 1\nBAG[4] = x[0]\nreturn list(BAG.values())[0]", "if x[0] > .2:\n    BAG[4] = BAG.pop(4)\nelse:\n    BAG[7] = x[0]\nreturn list(BAG.values())[0]",
    ],
)  # fmt: skip
def test_dicts(cls, body):
    agree(f"{cls}({{4: .5, 2: .7, 1: .9}})" if cls != "defaultdict" else "defaultdict(float, {4: .5, 2: .7, 1: .9})", body,
          [("", LONG), ("BAG[4] = .75", LONG), ("BAG[2] = 3.0", SHORT), ("BAG[4] = BAG[2] = .25", LONG), ("BAG[2] = .5", SHORT)], "list(BAG.items())")


@pytest.mark.parametrize("body", ["BAG.move_to_end(2)\nBAG.move_to_end(1, last=False)\nreturn list(BAG.values())[0]", "BAG['q'] = x[0]\nBAG.move_to_end('q', last=False)\nreturn BAG.popitem()[1]",
                                  "del BAG[4]\nreturn sum(BAG.values())"])
def test_order(body):
    agree("OrderedDict({4: .5, 2: .7, 1: .9})", body, [("", LONG), ("BAG[4] = .75; BAG[2] = 1.5", LONG), ("BAG[4] = .25; BAG[1] = .5", SHORT)], "list(BAG.items())")


@pytest.mark.parametrize(
    "body",
    [
        "return {len(x): x[0]}", "return {len(x), 3}", "d = {}; d.setdefault(len(x), 1.0); return d", "d = {}; d.update({len(x): 1.0}); return d", "return dict([(len(x), .5)])",
        "return dict(zip([len(x)], [x[0]]))", "s = set(); s.add(len(x)); return s", "return set([len(x), 3])", "return frozenset([len(x), 3])", "s = {1}; s |= {len(x)}; return s",
        "return {**{len(x): 1.0}}", "return {x.shape: 1.0}", "d = defaultdict(list); d[x.shape].append(.5); return dict(d)", "return {len(x): {len(x): x[0]}}", "return [{len(x) % 2}]",
        "return dict.fromkeys([len(x)], .5)", "return {n: x[0] for n in (len(x), 3)}", "return dict(BAG)", "return {n for n in x.shape}", "BAG[len(x)] = 1; return x[0]",
        "BAG.setdefault(x.shape, []).append(x[0]); return x[0]", "BAG.update({len(x): x[0]}); return x[0]", "T.kept = {len(x): x[0]}; return x[0]", "T.kept = {len(x)}; return x[0]", "T.kept = {x.shape}; return x[0]",
    ],
)  # fmt: skip
def test_no_traced_number_is_left_in_a_key(body):
    agree("defaultdict(list)", body, [("", LONG), ("", SHORT), ("", LONG)], "(sorted(BAG.items(), key=str), T.kept)")


def test_a_default_that_is_made_on_a_way_not_taken():
    agree("0.5", "g = defaultdict(list)\nif BAG > x[0]:\n    for e in x: g[2].append(e)\nreturn len(g)", [("", LONG), ("BAG = -1.0", LONG), ("BAG = 2.0", SHORT)], "BAG")


def test_length_of_a_captured_set():
    agree("{1, 2}", "for v in x: OUT.append(v)\nreturn x.sum() + len(BAG)", [("", LONG), ("BAG.add(5)", SHORT)])


def test_sorted_list_that_the_call_appended_to():
    agree("[.75, .25]", "BAG.append(x[0])\nreturn sum(sorted(BAG)[:2])", [("", LONG), ("BAG[0] = -1.0", LONG), ("BAG.clear()", SHORT)])


@pytest.mark.parametrize("first", ["{}", "OrderedDict()", "defaultdict(float)", "set()"])
def test_a_key_that_turns_out_to_change_is_found(first):
    found = "if C in BAG: BAG.discard(C)" if first == "set()" else "if C in BAG: BAG[C] *= x[0]"
    put = "BAG.add(1)" if first == "set()" else "BAG[1] = .5"
    agree(first, f"{found}\nreturn x.sum() + len(BAG)", [("C = 0", LONG), (f"C = 2; {put}", LONG), ("C = 1", LONG), ("C = 3", LONG)], "str(BAG)")
